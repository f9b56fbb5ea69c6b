package fakemx

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A transcript has at most maxLines lines. What a longer session said after its
// first keepLines is cut out from the middle.
const (
	maxLines  = 4096
	keepLines = 64
)

// A transcript is what was said, "S: " before each line of the server and "C: "
// before those of the client.
type transcript struct {
	lines []string
	cut   int // lines left out after keepLines
}

func (t *transcript) add(who, line string) {
	if len(t.lines) >= maxLines {
		drop := maxLines / 2
		t.lines = slices.Delete(t.lines, keepLines, keepLines+drop)
		t.cut += drop
	}
	t.lines = append(t.lines, who+visible(line))
}

func (t *transcript) server(lines []string) {
	for _, l := range lines {
		t.add("S: ", l)
	}
}

func (t *transcript) client(line string) { t.add("C: ", line) }

// note is for what is no line: "[1234 octets of content]".
func (t *transcript) note(who, format string, args ...any) {
	t.add(who, "["+fmt.Sprintf(format, args...)+"]")
}

// with is a copy, with a reply that is about to be written.
func (t *transcript) with(reply []string) []string {
	out := make([]string, 0, len(t.lines)+len(reply)+1)
	first := min(keepLines, len(t.lines))
	out = append(out, t.lines[:first]...)
	if t.cut > 0 {
		out = append(out, fmt.Sprintf("[%d lines left out]", t.cut))
	}
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
