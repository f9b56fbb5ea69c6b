package check

import (
	"strings"

	"strictmx/fakemx/check/spf"
)

// asciiName writes the labels of a name that are in Unicode as A-labels (RFC 5890
// section 2.3.2.1), the form in which DNS has them.
func asciiName(s string) string { return spf.ToASCII(s) }

// canBeAsked tells whether a name without final dot fits into a DNS question: labels
// of 1 to 63 octets, 253 in all (RFC 1035 section 2.3.4), and nothing but visible
// ASCII without the backslash, which is special in names as text (section 5.1).
func canBeAsked(name string) bool {
	if len(name) > 253 {
		return false
	}
	for l := range strings.SplitSeq(name, ".") {
		if l == "" || len(l) > 63 {
			return false
		}
	}
	return !strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' })
}

// mailboxDomain is what comes after the last @, as [plainDomain] writes it; empty
// for the null sender and for what has no domain.
func mailboxDomain(addr string) string {
	_, domain := cutMailbox(addr)
	return plainDomain(domain)
}

// plainDomain is in A-labels and lower case, without final dot.
func plainDomain(name string) string {
	return strings.ToLower(strings.TrimSuffix(asciiName(name), "."))
}

// cutMailbox cuts a path at its last @: a quoted local part may have others. What
// has none is a local part, as <postmaster> is.
func cutMailbox(path string) (local, domain string) {
	i := strings.LastIndexByte(path, '@')
	if i < 0 {
		return path, ""
	}
	return path[:i], path[i+1:]
}
