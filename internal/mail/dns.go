package mail

import (
	"fmt"
	"net/netip"
)

// The response codes that parts of strictmx tell apart (RFC 1035 section 4.1.1).
const (
	NoError  = "NOERROR"
	NXDomain = "NXDOMAIN"
	ServFail = "SERVFAIL"
	Refused  = "REFUSED"
)

// A Question is one query that the DNS server answered, or chose not to.
type Question struct {
	Asker string `json:"asker"` // "mta", "client", or the name of a receiver
	Name  string `json:"name"`  // with final dot, in the case it was asked in
	Type  string `json:"type"`  // "PTR", "TYPE65280"
	RCode string `json:"rcode"` // of the answer as sent; "TIMEOUT" if none was sent
}

// A Record is one resource record of the types that checks read.
type Record struct {
	Name string     // owner, with final dot, lower case
	Type string     // "A", "AAAA", "PTR", "MX", "TXT", "CNAME", "SOA", ...
	TTL  uint32     // seconds
	Addr netip.Addr // A and AAAA, else zero
	Pref uint16     // MX preference, else 0
	// Text is the target name with final dot for PTR, MX, CNAME and NS; the
	// character strings joined without blanks for TXT (RFC 7208 section 3.3);
	// else the record data in presentation form.
	Text string
}

// An Answer is what a resolver found: records of the asked type at the end of any
// CNAME chain. NOERROR without records means that the name exists and has none of
// that type (NODATA); NXDOMAIN that the name does not exist.
type Answer struct {
	RCode   string // NOERROR or NXDOMAIN
	Records []Record
}

// A LookupError is a lookup that gave no answer to rely on: no reply, SERVFAIL,
// REFUSED, a reply that cannot be read, a CNAME loop. Every check counts it as a
// temporary error.
type LookupError struct {
	Name, Type string
	RCode      string // "SERVFAIL", "TIMEOUT", ...
	Detail     string // more words; may be empty
}

func (e *LookupError) Error() string {
	s := fmt.Sprintf("lookup of %s %s: %s", e.Name, e.Type, e.RCode)
	if e.Detail != "" {
		s += " (" + e.Detail + ")"
	}
	return s
}
