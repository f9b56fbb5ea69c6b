package profile

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"strictmx/internal/spelling"
)

// Keywords of the EHLO reply, from the registry of RFC 5321 section 2.2.2 (IANA, SMTP
// Service Extensions). Those of the first list have no parameters.
var (
	bareKeywords = []string{
		"PIPELINING", "STARTTLS", "8BITMIME", "SMTPUTF8", "CHUNKING", "BINARYMIME", "ENHANCEDSTATUSCODES", "DSN",
		"VRFY", "EXPN", "HELP", "ETRN", "REQUIRETLS", "CHECKPOINT",
	}
	otherKeywords = []string{
		"SIZE", "AUTH", "DELIVERBY", "LIMITS", "BURL", "FUTURERELEASE", "MT-PRIORITY", "MTRK", "NO-SOLICITING", "RRVS",
		"ATRN", "SUBMITTER", "CONPERM", "CONNEG", "UTF8SMTP", "SEND", "SOML", "SAML", "TURN", "VERB", "ONEX",
	}
)

// readExtension reads a line of the EHLO reply after the first. A server can have a
// keyword that no other has, but hardly one that is a slip away from a known one.
func (t *table) readExtension(n ast.Node) string {
	s, ok := t.r.scalar(n)
	if !ok {
		return s
	}
	word, _, more := strings.Cut(s, " ")
	switch near := nearKeyword(word); {
	case !ehloLine.MatchString(s):
		t.r.problem(n, "extension %q: want a keyword and parameters (RFC 5321 section 4.1.1.1)", s)
	case sizeWord.MatchString(s) && !sizeLine.MatchString(s):
		t.r.problem(n, "extension %q: want SIZE and a number of octets, or SIZE alone (RFC 1870 section 4)", s)
	case more && slices.Contains(bareKeywords, keyword(s)):
		t.r.problem(n, "extension %q: %s has no parameters: give each extension an entry of its own", s, keyword(s))
	case near != "":
		t.r.problem(n, "extension %q: did you mean %s? a keyword of the server's own begins with X", s, near)
	}
	return s
}

// maxShort is the length up to which words that differ in more than one letter are
// others: TIME is no slip of SIZE.
const maxShort = 5

// nearKeyword is the known keyword that a word probably was meant to be, or nothing.
// Those that begin with X are a server's own (RFC 5321 section 2.2.2).
func nearKeyword(word string) string {
	known := slices.Concat(bareKeywords, otherKeywords)
	word = strings.ToUpper(word)
	if strings.HasPrefix(word, "X") || slices.Contains(known, word) {
		return ""
	}
	near := spelling.Nearest(word, known)
	if min(len(word), len(near)) <= maxShort && spelling.Mistakes(word, near) > 1 {
		return ""
	}
	return near
}
