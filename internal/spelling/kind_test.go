package spelling

import (
	"testing"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

func TestKind(t *testing.T) {
	for text, want := range map[string]string{
		"a: 1": "keys and values", "[1]": "a list", "true": "true or false", "1.5": "a number", "word": "a text", "|\n  word": "a text",
		"&a b": "an anchor or alias", "!tag x": "a tag", "~": "nothing",
	} {
		f, err := parser.ParseBytes([]byte(text), 0)
		if err != nil || len(f.Docs) != 1 {
			t.Fatalf("%q: %v", text, err)
		}
		if got := Kind(f.Docs[0].Body); got != want {
			t.Errorf("Kind of %q = %q, want %q", text, got, want)
		}
	}
	if got := Kind(ast.Node(nil)); got != "nothing" {
		t.Errorf("Kind of nil = %q", got)
	}
}

// A text or number is as it is written, and a number with a leading zero is unclear.
func TestScalar(t *testing.T) {
	for src, want := range map[string]struct {
		text        string
		unclear, ok bool
	}{
		"one":       {"one", false, true},
		"'007'":     {"007", false, true},
		"007":       {"007", true, true},
		"08":        {"08", true, true},
		"1.50":      {"1.50", false, true},
		"0x1F":      {"0x1F", false, true},
		"0":         {"0", false, true},
		"|\n  a\n":  {"a\n", false, true},
		"[a]":       {},
		"true":      {},
		"{a: b}":    {},
		"!!str one": {},
	} {
		f, err := parser.ParseBytes([]byte(src), 0)
		if err != nil {
			t.Fatalf("%q: %v", src, err)
		}
		text, unclear, ok := Scalar(f.Docs[0].Body)
		if text != want.text || unclear != want.unclear || ok != want.ok {
			t.Errorf("Scalar(%q) = %q, %v, %v, want %+v", src, text, unclear, ok, want)
		}
	}
}
