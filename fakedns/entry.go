package fakedns

import "strings"

// An entry is one line of a master file, or several joined by parentheses (RFC
// 1035 section 5.1).
type entry struct {
	line     int    // of its first character, from 1
	raw      string // the text, comments and line ends included
	tokens   []token
	indented bool   // starts with a blank: the owner is left out
	comment  string // the text after the semicolon, if there is nothing else
	wrong    string // why it cannot be read
}

// A token is a word or a quoted string.
type token struct {
	text   string // as written, without the quotes
	quoted bool
	off    int // lines below the first one of the entry
}

// entries splits a master file. Blank lines give no entry. After an entry that
// cannot be read it goes on with the next line.
func entries(text string) []entry {
	var all []entry
	text = strings.TrimPrefix(text, "\ufeff")
	for line := 1; text != ""; {
		e, size := scanEntry(text)
		e.line = line
		e.raw = text[:size]
		line += strings.Count(e.raw, "\n")
		text = text[size:]
		if len(e.tokens) > 0 || e.comment != "" || e.wrong != "" {
			all = append(all, e)
		}
	}
	return all
}

// A scanner reads one entry.
type scanner struct {
	s     string
	pos   int
	start int // of the word being read, or -1
	depth int // of parentheses
	lines int // read before this one
	entry
}

// scanEntry reads the first entry of s, which is not empty, and tells its size.
func scanEntry(s string) (entry, int) {
	sc := scanner{s: s, start: -1}
	sc.indented = s[0] == ' ' || s[0] == '\t'
	for sc.pos < len(s) {
		if done := sc.step(); done {
			return sc.entry, sc.pos
		}
	}
	sc.endWord()
	if sc.depth > 0 {
		sc.wrong = "parenthesis is not closed"
	}
	return sc.entry, sc.pos
}

// step reads one character, or a whole string or comment. It tells whether the
// entry is complete.
func (sc *scanner) step() (done bool) {
	c := sc.s[sc.pos]
	switch c {
	case '"':
		sc.endWord()
		return sc.quote()
	case ';':
		sc.endWord()
		rest, _, _ := strings.Cut(sc.s[sc.pos+1:], "\n")
		if len(sc.tokens) == 0 && sc.depth == 0 {
			sc.comment = strings.TrimSpace(rest)
		}
		sc.pos += 1 + len(rest)
		return false
	case '\\':
		if sc.start < 0 {
			sc.start = sc.pos
		}
		if sc.pos+1 < len(sc.s) && sc.s[sc.pos+1] != '\n' {
			sc.pos++
		}
	case '(', ')', ' ', '\t', '\r', '\n':
		sc.endWord()
		switch {
		case c == '(':
			sc.depth++
		case c == ')' && sc.depth == 0:
			return sc.fail("parenthesis is not opened")
		case c == ')':
			sc.depth--
		case c == '\n':
			sc.lines++
		}
	default:
		if sc.start < 0 {
			sc.start = sc.pos
		}
	}
	sc.pos++
	return c == '\n' && sc.depth == 0
}

// quote reads a string in quotes, which ends on the line it begins on.
func (sc *scanner) quote() (done bool) {
	for i := sc.pos + 1; i < len(sc.s) && sc.s[i] != '\n'; i++ {
		switch sc.s[i] {
		case '\\':
			if i+1 < len(sc.s) && sc.s[i+1] != '\n' {
				i++
			}
		case '"':
			sc.tokens = append(sc.tokens, token{sc.s[sc.pos+1 : i], true, sc.lines})
			sc.pos = i + 1
			return false
		}
	}
	return sc.fail("quotation mark is not closed on its line")
}

func (sc *scanner) endWord() {
	if sc.start >= 0 {
		sc.tokens = append(sc.tokens, token{text: sc.s[sc.start:sc.pos], off: sc.lines})
		sc.start = -1
	}
}

// fail gives the entry up and goes to the end of the line.
func (sc *scanner) fail(why string) (done bool) {
	sc.wrong = why
	if i := strings.IndexByte(sc.s[sc.pos:], '\n'); i >= 0 {
		sc.pos += i + 1
	} else {
		sc.pos = len(sc.s)
	}
	return true
}

// octets counts what a character string holds once its escapes are undone (RFC
// 1035 section 5.1).
func octets(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			i++
			if i+2 < len(s) && digit(s[i]) && digit(s[i+1]) && digit(s[i+2]) {
				i += 2
			}
		}
		n++
	}
	return n
}

func digit(c byte) bool { return c >= '0' && c <= '9' }
