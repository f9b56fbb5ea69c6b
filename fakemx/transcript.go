package fakemx

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A transcript has at most keepLines lines of the session's beginning, as many of the
// transaction's, and moreLines of what came last. The lines between are counted.
const (
	keepLines = 64
	moreLines = 384
)

// A transcript is what was said, "S: " before each line of the server and "C: "
// before those of the client: how the session began, and the transaction at hand.
// Earlier transactions are left out, so that a session of many messages has no more
// to tell of each than one of few.
type transcript struct {
	off     bool     // nobody wants it
	opening []string // up to the first MAIL
	lines   []string // from the last one on
	begun   bool     // there was a MAIL
	cut     int      // lines left out between the two
	within  int      // lines left out of lines, after keepLines
}

// mail is told of before a MAIL that begins a transaction.
func (t *transcript) mail() {
	t.begun = true
	t.cut += len(t.lines) + t.within
	t.lines, t.within = t.lines[:0], 0
}

func (t *transcript) add(who, line string) {
	if t.off {
		return
	}
	line = who + visible(line)
	if !t.begun && len(t.opening) < keepLines {
		t.opening = append(t.opening, line)
		return
	}
	if len(t.lines) >= keepLines+moreLines {
		drop := moreLines / 2
		t.lines = slices.Delete(t.lines, keepLines, keepLines+drop)
		t.within += drop
	}
	t.lines = append(t.lines, line)
}

func (t *transcript) server(lines []string) {
	for _, l := range lines {
		t.add("S: ", l)
	}
}

func (t *transcript) client(line string) { t.add("C: ", line) }

// note is for what is no line: "[1234 octets of content]".
func (t *transcript) note(who, format string, args ...any) {
	if t.off {
		return
	}
	t.add(who, "["+fmt.Sprintf(format, args...)+"]")
}

// with is a copy, with a reply that is about to be written.
func (t *transcript) with(reply []string) []string {
	if t.off {
		return nil
	}
	out := make([]string, 0, len(t.opening)+len(t.lines)+len(reply)+2)
	out = append(out, t.opening...)
	leave := func(n int) {
		if n > 0 {
			out = append(out, fmt.Sprintf("[%d lines left out]", n))
		}
	}
	leave(t.cut)
	first := min(keepLines, len(t.lines))
	out = append(out, t.lines[:first]...)
	leave(t.within)
	out = append(out, t.lines[first:]...)
	for _, l := range reply {
		out = append(out, "S: "+visible(l))
	}
	return out
}

// visible writes control characters and octets that are not UTF-8 as \x00: a
// transcript goes to terminals and into XML.
func visible(s string) string {
	plain := true
	for i := range len(s) {
		plain = plain && s[i] >= ' ' && s[i] < 0x7f
	}
	if plain {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"), r < ' ', r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r >= 0x80 && r < 0xa0:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
