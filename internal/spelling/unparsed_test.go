package spelling

import (
	"errors"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"
)

func TestUnparsed(t *testing.T) {
	const look = "look at the indentation of this line and the one before it, and for quotes, brackets or braces that are open before it"
	for _, tt := range []struct{ yaml, want string }{
		{"a: b\n  c: d\n", look},
		{"- a: b\n   c: d\n", look},
		{"- a: b\n  c: d\n e: f\n", look},
		{"a: {b: c}}\nd: e\n", "quote the text of a, which begins with {"},
		{"a: \"b\nc: d\n", look},
		{"a: {b: c\n\n\nd: e\n", "look for the end of the { in line 11"},
		{"a: b\nc: [d, e\nf: g\n", "look for the end of the [ in line 12"},
		{"a: {b: [c, d}\ne: f\n", look},
		{"a: {b:\n  [c, d,\n  e: f\ng: h\n", "look for the end of the [ in line 12"},
		{"a: {b: \"}\", c: d # }\ne: f\n", "look for the end of the { in line 11"},
		{"a: |\n  {\nb: c: d\n", "quote the text of b, which has a colon and a blank in it"},
		{"a: {b: c\nd: e: f\n", "look for the end of the { in line 11, or quote the text of d, which has a colon and a blank in it"},
	} {
		_, err := parser.ParseBytes([]byte(tt.yaml), 0)
		var se *yaml.SyntaxError
		if !errors.As(err, &se) {
			t.Errorf("%q: %v", tt.yaml, err)
			continue
		}
		if got := Unparsed(tt.yaml, se.Token.Position.Line, 11); got != tt.want {
			t.Errorf("Unparsed(%q, %d) = %q, want %q", tt.yaml, se.Token.Position.Line, got, tt.want)
		}
	}
}

// Whatever is parsed, the bracket that is named is in a line before.
func FuzzUnparsed(f *testing.F) {
	f.Add("a: {b: c\nd: [e\n", 2)
	f.Add("\"", 1)
	f.Fuzz(func(t *testing.T, src string, line int) {
		if open := opened(src, line); open != nil && (open.Position.Line >= line || !strings.Contains("{[", open.Value)) {
			t.Errorf("opened(%q, %d) = %v", src, line, open)
		}
		if Unparsed(src, line, 1) == "" {
			t.Errorf("Unparsed(%q, %d) says nothing", src, line)
		}
	})
}
