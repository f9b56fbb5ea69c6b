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
