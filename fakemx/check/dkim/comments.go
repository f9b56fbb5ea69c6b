package dkim

import "strings"

// WithoutComments writes blanks in the place of comments (RFC 5322 section 3.2.2) that
// stand around the instance at the beginning of a field of ARC (RFC 8617 section 4.2.1),
// and so keeps what follows in its place. What does not begin with an instance is
// returned as it is.
func WithoutComments(s string) string {
	end := 0
	for _, word := range []string{"", "i", "=", "0123456789"} {
		at := end
		switch word {
		case "":
		case "i", "=":
			if !strings.HasPrefix(s[end:], word) {
				return s
			}
			at++
		default:
			at = len(s) - len(strings.TrimLeft(s[end:], word))
			if at == end {
				return s
			}
		}
		end = at + comments(s[at:])
	}
	if end < len(s) && s[end] != ';' {
		return s
	}
	out := []byte(s)
	for depth, quoted, i := 0, false, 0; i < end; i++ {
		c := out[i]
		switch {
		case quoted:
			quoted = false
		case c == '\\' && depth > 0:
			quoted = true
		case c == '(':
			depth++
		case c == ')':
			depth--
		case depth == 0:
			continue
		}
		out[i] = ' '
	}
	return string(out)
}

// comments is how long the white space and comments are with which a text begins; a
// comment that does not end is none.
func comments(s string) int {
	depth, end := 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '(':
			depth++
		case depth == 0 && strings.IndexByte(foldingSpace, c) < 0:
			return end
		case c == '\\' && depth > 0:
			i++
		case c == ')' && depth > 0:
			depth--
		}
		if depth == 0 {
			end = i + 1
		}
	}
	return min(end, len(s))
}
