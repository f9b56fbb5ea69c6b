package dmarc

import (
	"fmt"
	"strings"

	"strictmx/fakemx/check/address"
	"strictmx/internal/mail"
)

// An AuthorFault is why no author domain can be taken from a message.
type AuthorFault struct {
	// Value is "none" if the From field is well-formed and has no domain, such as an
	// empty group, and else "permerror".
	Value  string
	Reason string // lower case
}

func (f *AuthorFault) Error() string { return f.Reason }

func noAuthor(value, format string, args ...any) *AuthorFault {
	return &AuthorFault{value, fmt.Sprintf(format, args...)}
}

// Authors are the domains of the From field, as A-labels in lower case, each once,
// in the order of the field. There is at least one if there is no fault.
//
// DMARC is for messages with one well-formed From field (RFC 9989 sections 4.2 and
// 4.4; RFC 7489 section 6.6.1 says that others are typically rejected). A field with
// an address that has no domain name has no author domain to rely on, even if
// another address of the field has one. A group without members has no meaningful
// domain, and such messages are left alone (RFC 7489 section 6.6.1).
func Authors(content []byte) ([]string, *AuthorFault) {
	fields, whole := named(content, "from")
	switch {
	case !whole:
		return nil, noAuthor(mail.PermError, "the header is longer than %d octets", maxHeader)
	case len(fields) == 0:
		return nil, noAuthor(mail.PermError, "the message has no From field")
	case len(fields) > 1:
		return nil, noAuthor(mail.PermError, "the message has %d From fields, and DMARC is for one", len(fields))
	case len(fields[0]) > maxFrom:
		return nil, noAuthor(mail.PermError, "the From field is longer than %d octets", maxFrom)
	}
	list, err := address.Domains(fields[0])
	if err != nil {
		return nil, noAuthor(mail.PermError, "the From field is malformed: %v", err)
	}
	var domains []string
	seen := make(map[string]bool)
	for _, a := range list {
		switch {
		case strings.HasPrefix(a, "["):
			return nil, noAuthor(mail.None, "the From field has the address literal %s, and no domain", brief(a))
		case a == "":
			return nil, noAuthor(mail.PermError, "the From field has an address without a domain")
		}
		d, err := domainName(a)
		if err != nil {
			return nil, noAuthor(mail.PermError, "the domain %q of the From field is none: %v", brief(a), err)
		}
		if !seen[d] {
			seen[d] = true
			domains = append(domains, d)
		}
	}
	if len(domains) == 0 {
		return nil, noAuthor(mail.None, "the From field has no address")
	}
	return domains, nil
}
