package dmarc

// The limits of one message. A walk asks at most 8 questions (RFC 9989 section
// 4.10), and there is one for each author domain and for each identifier that
// stands below the organizational domain of the author.
const (
	// maxAuthors is how many author domains of one message are judged. RFC 9989
	// section 11.5 asks for a limit, without a number.
	maxAuthors = 10

	// maxHeader is the length in octets of the largest header that is looked at for
	// From fields.
	maxHeader = 1 << 20

	// maxFrom is the length in octets of the longest From field that is read.
	maxFrom = 64 << 10

	// maxRecord is the length in octets of the longest record that is read.
	maxRecord = 8 << 10

	// maxURIs is how many reporting URIs of a tag are read. RFC 7489 section 6.2
	// lets a receiver limit them to two.
	maxURIs = 32

	// maxFaults is how many faults of a record are kept.
	maxFaults = 20

	// maxQueries is how many names a walk asks for (RFC 9989 section 4.10), and
	// maxLabels how many labels the second of them may have.
	maxQueries = 8
	maxLabels  = maxQueries - 1

	// maxName is the length in octets of the longest DNS name (RFC 1035 section
	// 2.3.4, without the final dot), and maxLabel that of one label.
	maxName  = 253
	maxLabel = 63

	// maxShown is how many octets of foreign text a step or a reason shows.
	maxShown = 256
)

// brief cuts foreign text.
func brief(s string) string {
	if len(s) <= maxShown {
		return s
	}
	return s[:maxShown] + "..."
}
