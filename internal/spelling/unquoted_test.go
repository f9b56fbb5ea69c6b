package spelling

import (
	"strings"
	"testing"
)

func TestUnquoted(t *testing.T) {
	for _, tt := range []struct{ yaml, want string }{
		{"reply: 550 no: way", "quote the text of reply, which has a colon and a blank in it"},
		{"  - reply: 550 no:\r", "quote the text of reply, which has a colon and a blank in it"},
		{"  reply: 550 no\n    sir: way", ""}, // a key that is too far in
		{"  reply: 550 no\n    my way: no", "quote the text of reply, which has a colon and a blank in it"},
		{"  reply: 550 no\n  my way: no", ""},
		{"reply: 550 see https://example.net/a", ""},
		{"reply: 550 no # because: x", ""},
		{`reply: "550 no: way`, ""},
		{"reply: |", ""},
		{"reply:", ""},
		{"550 no: way", ""},
		{"reply: {client} has: no PTR", "quote the text of reply, which begins with {"},
		{"reply: [203.0.113.1] no", "quote the text of reply, which begins with ["},
		{"title: @home", "quote the text of title, which begins with @"},
		{"dialogue: {banner: 220 {host}}", "quote the text of dialogue, which has { in it"},
		{"dialogue: {banner: {a: [b, {c: d}]}}", ""},
		{"domains: [gmail.com}", ""},
		{"limits: {a: b} # {c} d", ""},
		{"", ""},
	} {
		if got := Unquoted("a: b\n"+tt.yaml+"\nc: d\n", 2); got != tt.want {
			t.Errorf("Unquoted(%q) = %q, want %q", tt.yaml, got, tt.want)
		}
	}
	for _, line := range []int{-1, 0, 5} {
		if got := Unquoted("a: b: c\n", line); got != "" {
			t.Errorf("Unquoted in line %d of one = %q", line, got)
		}
	}
}

// What Unquoted names is a key of the line.
func FuzzUnquoted(f *testing.F) {
	f.Add("reply: 550 no: way", 1)
	f.Add("a: {b} c\nd: [e {\n", 2)
	f.Fuzz(func(t *testing.T, src string, line int) {
		hint := Unquoted(src, line)
		if hint == "" {
			return
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(hint, "quote the text of "), ",")
		if !strings.Contains(strings.Split(src, "\n")[line-1], name+":") {
			t.Errorf("Unquoted(%q, %d) = %q", src, line, hint)
		}
	})
}
