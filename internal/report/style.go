package report

import (
	"fmt"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"

	"strictmx/internal/verdict"
)

// A Style says how text is set. The zero value is plain, and as wide as it must be.
type Style struct {
	Color bool
	Width int // columns at which long text is broken; 0: never
}

// StyleFor is the style for a file: that of a terminal or, for anything else, plain
// with lines of 100 columns. Colour is off where NO_COLOR is set to anything
// (https://no-color.org), and on dumb terminals.
func StyleFor(f *os.File) Style {
	s := Style{Width: 100}
	if !term.IsTerminal(int(f.Fd())) {
		return s
	}
	s.Color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	if w, _, err := term.GetSize(int(f.Fd())); err == nil && w >= 60 {
		s.Width = w
	}
	return s
}

// The select graphic rendition codes of ECMA-48.
const (
	bold   = "1"
	faint  = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

// paint colours text that is already clean.
func (s Style) paint(code, text string) string {
	if !s.Color || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// word is how a result is called, in its colour, padded to eight columns.
func (s Style) word(r verdict.Result) string {
	word, color := "ERROR", red
	switch r {
	case verdict.Pass:
		word, color = "ok", green
	case verdict.Mismatched:
		word, color = "MISMATCH", red
	case verdict.Unproven:
		word, color = "UNPROVEN", yellow
	case verdict.Skipped:
		word, color = "skipped", faint
	}
	return s.paint(color, fmt.Sprintf("%-8s", word))
}

// Clean makes control characters, bytes that are no UTF-8, and characters that
// change the direction of text visible, so that what a server said cannot do
// anything to a terminal.
func Clean(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n <= 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u{%x}`, r)
		}
		s = s[n:]
	}
	return b.String()
}

// wrap breaks clean text at blanks so that no line is longer than the style's width
// where that can be, and begins all lines with the first or next indent.
func (s Style) wrap(first, next, text string) []string {
	if s.Width <= 0 || utf8.RuneCountInString(first)+utf8.RuneCountInString(text) <= s.Width {
		return []string{first + text}
	}
	var out []string
	current, empty := first, true
	for word := range strings.SplitSeq(text, " ") {
		if !empty && utf8.RuneCountInString(current)+1+utf8.RuneCountInString(word) > s.Width {
			out = append(out, current)
			current, empty = next, true
		}
		if !empty {
			current += " "
		}
		current, empty = current+word, false
	}
	return append(out, current)
}
