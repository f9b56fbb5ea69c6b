package dmarc

import (
	"strings"
	"testing"
)

func BenchmarkEvaluate(b *testing.B) {
	w := newWorld(b, "example.com: v=DMARC1; p=reject; sp=quarantine; rua=mailto:d@example.com")
	q := vector{from: "a.b.example.com", spf: "c.example.com", dkim: "example.net example.com"}
	for _, way := range []Discovery{Tree, PSL} {
		b.Run(string(way), func(b *testing.B) {
			for b.Loop() {
				Evaluate(b.Context(), w, q.query(way))
			}
		})
	}
}

// What costs most: a From field as long as may be.
func BenchmarkAuthors(b *testing.B) {
	for name, field := range map[string]string{
		"one": "Ann <ann@example.com>", "many": strings.Repeat("a@b.example,", maxFrom/12), "parentheses": strings.Repeat("()", maxFrom/2),
	} {
		content := from(field)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				_, _ = Authors(content)
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		_, _ = Parse("v=DMARC1; p=reject; sp=quarantine; adkim=s; pct=50; rua=mailto:d@example.com")
	}
}
