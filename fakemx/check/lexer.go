package check

import "strings"

// A lexer reads the body of a structured header field (RFC 5322 section 3.2) from
// left to right, without going back more than once and without recursion.
type lexer struct {
	rest []byte
	bad  string // why it cannot be read on; else empty
}

// fail keeps the first fault and ends the text.
func (l *lexer) fail(why string) {
	if l.bad == "" {
		l.bad = why
	}
	l.rest = nil
}

// peek is the next octet, or 0 at the end.
func (l *lexer) peek() byte {
	if len(l.rest) == 0 {
		return 0
	}
	return l.rest[0]
}

// take takes the octet if it is next.
func (l *lexer) take(c byte) bool {
	if len(l.rest) == 0 || l.rest[0] != c {
		return false
	}
	l.rest = l.rest[1:]
	return true
}

// cfws skips white space, line ends of folds, and comments, which may be in each
// other (section 3.2.2).
func (l *lexer) cfws() {
	depth := 0
	for len(l.rest) > 0 {
		switch c := l.rest[0]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
		case c == '(':
			depth++
		case depth == 0:
			return
		case c == ')':
			depth--
		case c == '\\' && len(l.rest) > 1:
			l.rest = l.rest[1:]
		}
		l.rest = l.rest[1:]
	}
	if depth > 0 {
		l.fail("a comment does not end")
	}
}

// atom takes atext (section 3.2.3), to which UTF-8 belongs (RFC 6532 section 3.2).
func (l *lexer) atom() string {
	n := 0
	for n < len(l.rest) && atext(l.rest[n]) {
		n++
	}
	s := l.rest[:n]
	l.rest = l.rest[n:]
	return string(s)
}

func atext(c byte) bool {
	return c >= 0x80 || letter(c) || digit(c) || strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func digit(c byte) bool { return c >= '0' && c <= '9' }

// quoted takes a quoted string that is next (section 3.2.4), and tells whether there
// was one.
func (l *lexer) quoted() bool {
	if !l.take('"') {
		return false
	}
	for len(l.rest) > 0 {
		c := l.rest[0]
		l.rest = l.rest[1:]
		switch {
		case c == '"':
			return true
		case c == '\\' && len(l.rest) > 0:
			l.rest = l.rest[1:]
		}
	}
	l.fail("a quoted string does not end")
	return false
}

// word takes an atom or a quoted string.
func (l *lexer) word() bool { return l.quoted() || l.atom() != "" }

// literal takes what follows the opening bracket of a domain literal (section 3.4.1).
func (l *lexer) literal() {
	for !l.take(']') {
		switch c := l.peek(); {
		case len(l.rest) == 0, c == '[', c == '\\':
			l.fail("a domain in square brackets does not end")
			return
		default:
			l.take(c)
		}
	}
}
