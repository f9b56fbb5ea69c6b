package dkim

import "time"

// The limits of one message. With them the work is linear in the message's size,
// times the signatures that are judged, and asks at most one DNS question for each.
const (
	// DefaultSignatures is how many signatures of a message are judged unless the
	// query says otherwise. RFC 6376 section 6.1 lets a verifier limit the number.
	DefaultSignatures = 10

	// maxHeader is the length in octets of the largest header that is judged; what
	// comes later is not looked at. Postfix keeps 102400 octets of it
	// (header_size_limit).
	maxHeader = 1 << 20

	// maxFields is how many fields of a header are read: one of a mebibyte could
	// have a quarter of a million, each with a hundred octets of account.
	maxFields = 10_000

	// maxSignature is the length in octets of the longest signature field that is
	// judged.
	maxSignature = 32 << 10

	// maxName is the length in octets of the longest DNS name (RFC 1035 section
	// 2.3.4, without the final dot), and maxLabel that of one label.
	maxName  = 253
	maxLabel = 63

	// maxRecord is the length in octets of the longest key record that is read. No
	// DNS message holds a longer one.
	maxRecord = 65535

	// minRSA and maxRSA bound an RSA key, in bits. Shorter ones are not valid, and
	// longer ones than 4096 need not be verified (RFC 8301 section 3.2).
	minRSA = 1024
	maxRSA = 8192

	// signerRSA is the length in bits that signers should use at least (RFC 8301
	// section 3.2).
	signerRSA = 2048

	// maxAhead is how far a time stamp may be in the future before the signature
	// is ignored, which RFC 6376 section 3.5 allows. It lets clocks differ.
	maxAhead = 5 * time.Minute
)
