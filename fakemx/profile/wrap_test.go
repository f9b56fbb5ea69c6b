package profile

import (
	"slices"
	"strings"
	"testing"
)

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		about, text string
		first, rest int
		want        []string
	}{
		{"short", "one two", 10, 10, []string{"one two"}},
		{"empty", "", 10, 10, []string{""}},
		{"the break takes the blank", "one two three", 7, 7, []string{"one two", "three"}},
		{"a second blank stays", "one two  three", 7, 7, []string{"one two", " three"}},
		{"first line of its own width", "one two three four", 13, 5, []string{"one two three", "four"}},
		{"a full stop too many", "one two. three", 7, 7, []string{"one two", ". three"}},
		{"a full stop too many after a blank", "one two . three", 8, 8, []string{"one two", ". three"}},
		{"a domain is cut before its dot", "one example.net two", 11, 11, []string{"one example", ".net two"}},
		{"other marks stay with the word", "one two, three", 7, 7, []string{"one", "two,", "three"}},
		{"a long word is cut", "abcdefghij", 4, 4, []string{"abcd", "efgh", "ij"}},
		{"a long word after others", "one abcdefghij", 6, 6, []string{"one", "abcdef", "ghij"}},
		{"given breaks", "one\n two\n\nthree", 20, 20, []string{"one", " two", "", "three"}},
		{"address on its own line", "see http://a.example/ for more", 40, 40, []string{"see", "http://a.example/ for more"}},
		{"address after two blanks", "see  http://a.example/ now", 40, 40, []string{"see", " http://a.example/ now"}},
		{"address first", "http://a.example/ now", 40, 40, []string{"http://a.example/ now"}},
		{"address is not cut", "see https://a.example/long for more", 12, 12, []string{"see", "https://a.example/long", "for more"}},
		{"address in a word", "(http://a.example/)", 40, 40, []string{"(http://a.example/)"}},
		{"columns are characters", "äöü äöü", 3, 3, []string{"äöü", "äöü"}},
		{"no limit", "one two\nthree", 0, 0, []string{"one two", "three"}},
		// The domain of 20 columns whose cut a log of 2024 shows.
		{
			"observed cut", "authentication. Please contact the administrator of xxxxxxxxxxxxxxxx.net domain", 68, 68,
			[]string{"authentication. Please contact the administrator of xxxxxxxxxxxxxxxx", ".net domain"},
		},
	} {
		if got := wrap(tt.text, tt.first, tt.rest); !slices.Equal(got, tt.want) {
			t.Errorf("%s: wrap(%q, %d, %d) = %q, want %q", tt.about, tt.text, tt.first, tt.rest, got, tt.want)
		}
	}
}

// FuzzWrap: the breaks add and lose nothing but blanks, and no line is over its
// width unless a web address is.
func FuzzWrap(f *testing.F) {
	f.Add("[2001:db8::1      12] Our system has detected that this message is likely unsolicited mail.", 69, 69)
	f.Add("Please visit  https://support.google.com/mail/?p=ipv6_authentication_error for more information.", 68, 40)
	f.Add("a.b. .c\n\n  http://x http://yyyyyyyyyyyyyyyyyyyy", 3, 2)
	f.Fuzz(func(t *testing.T, text string, first, rest int) {
		first, rest = 1+abs(first)%100, 1+abs(rest)%100
		text = strings.ToValidUTF8(text, "?")
		lines := wrap(text, first, rest)
		if got, want := bare(strings.Join(lines, "")), bare(text); got != want {
			t.Errorf("wrap(%q, %d, %d) says %q, want %q", text, first, rest, got, want)
		}
		for i, l := range lines {
			width := rest
			if i == 0 {
				width = first
			}
			if n := len([]rune(l)); n > width && addressEnd([]rune(l)) != n {
				t.Errorf("wrap(%q, %d, %d): line %d %q has %d columns, want at most %d", text, first, rest, i+1, l, n, width)
			}
		}
	})
}

func abs(n int) int {
	if n < 0 {
		n = -(n + 1)
	}
	return n
}

// bare is a text without blanks and line ends.
func bare(s string) string { return strings.NewReplacer(" ", "", "\n", "").Replace(s) }
