package spf

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The letters that may stand in a macro, RFC 7208 section 7.2.
const (
	domainLetters  = "slodiphv"
	explainLetters = domainLetters + "crt" // only in the text that exp names
)

// delimiters are the characters at which a macro's value can be split, RFC 7208
// section 7.1.
const delimiters = ".-+,/_="

// A macroString is a parsed macro-string of RFC 7208 section 7.1.
type macroString []part

// A part is a run of literal characters or one macro-expand.
type part struct {
	literal string // if letter is 0
	letter  byte   // lower case; or '%', '_', '-' for %%, %_, %-
	escape  bool   // the letter was upper case: URL escape the value
	digits  int    // how many right-hand parts to keep; 0 is all of them
	reverse bool
	delims  string // "" is "."
}

// parseMacroString reads a macro-string whose macros use the letters given.
// Blanks may stand between literals only in an explain-string.
func parseMacroString(s, letters string, blanks bool) (macroString, error) {
	var m macroString
	for s != "" {
		if s[0] != '%' {
			n := strings.IndexByte(s, '%')
			if n < 0 {
				n = len(s)
			}
			if i := strings.IndexFunc(s[:n], func(r rune) bool {
				return r < ' ' || r > '~' || r == ' ' && !blanks
			}); i >= 0 {
				return nil, fmt.Errorf("want only visible ASCII characters, not %q", s[i])
			}
			m, s = append(m, part{literal: s[:n]}), s[n:]
			continue
		}
		p, rest, err := parseMacro(s, letters)
		if err != nil {
			return nil, err
		}
		m, s = append(m, p), rest
	}
	return m, nil
}

// parseMacro reads the macro-expand at the start of s, and returns what follows.
func parseMacro(s, letters string) (part, string, error) {
	if len(s) < 2 || strings.IndexByte("{%_-", s[1]) < 0 {
		return part{}, "", errors.New("want {, %, _ or - after a percent sign")
	}
	if s[1] != '{' {
		return part{letter: s[1]}, s[2:], nil
	}
	end := strings.IndexByte(s, '}')
	if end < 3 {
		return part{}, "", fmt.Errorf("want a macro letter and a closing brace in %s", brief(s))
	}
	text, body, rest := s[:end+1], s[2:end], s[end+1:]
	p := part{letter: lower(body[0]), escape: body[0] != lower(body[0])}
	switch {
	case strings.IndexByte(letters, p.letter) >= 0:
	case strings.IndexByte(explainLetters, p.letter) >= 0:
		return part{}, "", fmt.Errorf("macro %s is allowed only in the text of an explanation", brief(text))
	default:
		return part{}, "", fmt.Errorf("macro %s has no known letter; want one of %s", brief(text), letters)
	}
	body = body[1:]
	n := 0
	for n < len(body) && isDigit(body[n]) {
		n++
	}
	if n > 0 {
		if p.digits = saturate(body[:n]); p.digits == 0 {
			return part{}, "", fmt.Errorf("macro %s keeps no part; want a number above zero", brief(text))
		}
	}
	if body = body[n:]; body != "" && lower(body[0]) == 'r' {
		p.reverse, body = true, body[1:]
	}
	if strings.Trim(body, delimiters) != "" {
		return part{}, "", fmt.Errorf("macro %s: want digits, r and delimiters out of %s after the letter", brief(text), delimiters)
	}
	p.delims = body
	return p, rest, nil
}

// saturate reads digits; what is too large stands for all parts anyway.
func saturate(digits string) int {
	n, err := strconv.ParseUint(digits, 10, 31)
	if err != nil {
		return math.MaxInt32
	}
	return int(n)
}

// String writes the macro-string so that it reads back the same.
func (m macroString) String() string {
	var b strings.Builder
	for _, p := range m {
		switch {
		case p.letter == 0:
			b.WriteString(p.literal)
		case strings.IndexByte("%_-", p.letter) >= 0:
			b.WriteString("%" + string(p.letter))
		default:
			b.WriteString("%{")
			if p.escape {
				b.WriteByte(p.letter - 'a' + 'A')
			} else {
				b.WriteByte(p.letter)
			}
			if p.digits > 0 {
				b.WriteString(strconv.Itoa(p.digits))
			}
			if p.reverse {
				b.WriteByte('r')
			}
			b.WriteString(p.delims + "}")
		}
	}
	return b.String()
}

// uses tells whether one of the letters stands in a macro.
func (m macroString) uses(letters string) bool {
	for _, p := range m {
		if p.letter != 0 && strings.IndexByte(letters, p.letter) >= 0 {
			return true
		}
	}
	return false
}

// expand writes the string with the value of each letter put in its place, RFC
// 7208 section 7.3. It calls value only for the letters that occur.
func (m macroString) expand(value func(letter byte) string) string {
	var b strings.Builder
	for _, p := range m {
		switch p.letter {
		case 0:
			b.WriteString(p.literal)
		case '%':
			b.WriteByte('%')
		case '_':
			b.WriteByte(' ')
		case '-':
			b.WriteString("%20")
		default:
			s := p.transform(value(p.letter))
			if p.escape {
				s = urlEscape(s)
			}
			b.WriteString(s)
		}
	}
	return b.String()
}

// transform splits, reverses and cuts a value. Empty parts count like others, as
// the section says; without any transformer the value stays as it is.
func (p part) transform(s string) string {
	if p.digits == 0 && !p.reverse && p.delims == "" {
		return s
	}
	delims := p.delims
	if delims == "" {
		delims = "."
	}
	var parts []string
	for {
		i := strings.IndexAny(s, delims)
		if i < 0 {
			parts = append(parts, s)
			break
		}
		parts, s = append(parts, s[:i]), s[i+1:]
	}
	if p.reverse {
		for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
			parts[i], parts[j] = parts[j], parts[i]
		}
	}
	if p.digits > 0 && p.digits < len(parts) {
		parts = parts[len(parts)-p.digits:]
	}
	return strings.Join(parts, ".")
}

// urlEscape escapes all but the unreserved characters of RFC 3986 section 2.3.
func urlEscape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; isAlpha(c) || isDigit(c) || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// The classes of RFC 5234 appendix B.1. Records are ASCII, so bytes do.

func isAlpha(c byte) bool { return 'a' <= lower(c) && lower(c) <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c - 'A' + 'a'
	}
	return c
}
