package spelling

import (
	"fmt"
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	known := []string{"servfail", "refused", "timeout", "nxdomain", "to", "A", "AAAA"}
	for word, want := range map[string]string{
		"servfial":               "servfail", // neighbours swapped
		"SERVFAIL":               "servfail",
		"timout":                 "timeout",
		"nxdomian":               "nxdomain",
		"quite-another-word":     "",
		"":                       "",
		"x":                      "", // every letter would be a mistake
		"ot":                     "to",
		strings.Repeat("z", 999): "",
	} {
		if got := Nearest(word, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestList(t *testing.T) {
	for want, words := range map[string][]string{
		"":                    nil,
		"client":              {"client"},
		"blank, client, helo": {"blank", "client", "client", "helo"},
		"dns, postfix, a":     {"dns", "postfix", "a", "dns"},
	} {
		if got := List(words); got != want {
			t.Errorf("List(%q) = %q, want %q", words, got, want)
		}
	}
}

// A suggestion is a known word, and a known word is its own.
func FuzzNearest(f *testing.F) {
	f.Add("gmial", "gmail", "godaddy")
	f.Fuzz(func(t *testing.T, word, a, b string) {
		switch got := Nearest(word, []string{a, b}); got {
		case "", a, b:
		default:
			t.Errorf("Nearest(%q, %q, %q) = %q", word, a, b, got)
		}
		if word != "" && len(word) <= maxWord && !strings.EqualFold(Nearest(word, []string{a, word}), word) {
			t.Errorf("%q is not the nearest to itself", word)
		}
	})
}

func ExampleNearest() {
	fmt.Println(Nearest("gmial", []string{"gmail", "gmx", "yahoo"}))
	// Output: gmail
}

func TestWanted(t *testing.T) {
	for _, tt := range []struct {
		word  string
		known []string
		want  string
	}{
		{"gmial", []string{"gmail", "yahoo"}, "did you mean gmail?"},
		{"zebra", []string{"gmail", "yahoo", "gmail"}, "want one of gmail, yahoo"},
		{"zebra", nil, "there are none"},
	} {
		if got := Wanted(tt.word, tt.known); got != tt.want {
			t.Errorf("Wanted(%q, %q) = %q, want %q", tt.word, tt.known, got, tt.want)
		}
	}
}
