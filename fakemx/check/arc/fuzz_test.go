package arc

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"strictmx/internal/mail"
)

// FuzzEvaluate holds that a value is one of RFC 8617 section 4.4, that a reason and
// the length are always told, that a message without ARC fields has no chain, and
// that a chain which passes has a verified seal for each of its sets.
func FuzzEvaluate(f *testing.F) {
	w := keys(f)
	f.Add([]byte(letter))
	f.Add([]byte(send(f, letter, 1, hop{}, hop{}, hop{})))
	f.Add([]byte(send(f, letter, 1, hop{}, hop{seal: "cv=pass -> cv=fail"})))
	f.Add([]byte("ARC-Seal: i=1\nARC-Authentication-Results: i=1;(\\\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		res := Evaluate(t.Context(), w, Query{Content: content, Now: now})
		if !slices.Contains([]string{mail.None, mail.Pass, mail.Fail}, res.Value) || res.Reason == "" {
			t.Fatalf("Evaluate(%q) = %+v", content, res)
		}
		length, err := strconv.Atoi(res.Properties["arc.chain"])
		if err != nil || length > maxSets {
			t.Errorf("Evaluate(%q): arc.chain %q", content, res.Properties["arc.chain"])
		}
		if !strings.Contains(strings.ToLower(string(content)), "arc-") && res.Value != mail.None {
			t.Errorf("Evaluate(%q) = %s, want none", content, res.Value)
		}
		if res.Value != mail.Pass {
			return
		}
		if length == 0 || len(res.Parts) != length || slices.ContainsFunc(res.Parts, func(p mail.Result) bool { return p.Value != mail.Pass }) {
			t.Errorf("Evaluate(%q) = pass, with %d sets and parts %+v", content, length, res.Parts)
		}
	})
}
