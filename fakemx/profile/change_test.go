package profile

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestChanges(t *testing.T) {
	for _, tt := range []struct {
		rules, results string
		want           []string
	}{
		{ruleOf("a", "data", "spf: fail"), "spf=pass", nil},
		{ruleOf("a", "data", "spf: fail"), "spf=fail", []string{"spf: pass or none or neutral or softfail or temperror or permerror"}},
		{ruleOf("a", "data", "family: ipv6, iprev: not pass"), "family=ipv6 iprev=fail", []string{"family: ipv4", "iprev: pass"}},
		// The second rule is met once the first is not, so IPv4 alone will not do.
		{
			ruleOf("a", "data", "family: ipv6, iprev: not pass") + ruleOf("b", "data", "iprev: not pass"), "family=ipv6 iprev=fail",
			[]string{"iprev: pass"},
		},
		{
			ruleOf("a", "connect", "iprev: not pass") + ruleOf("b", "data", "spf: not pass"), "iprev=fail spf=none",
			[]string{"iprev: pass, spf: pass"},
		},
		{"  - id: a\n    at: connect\n    reply: 554 no\n    source: test\n    seen: 2026-01-02\n", "family=ipv4", nil},
	} {
		s, err := Load(fstest.MapFS{"t.yaml": {Data: []byte(minimal + "rules:\n" + tt.rules)}})
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Find("own")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range p.Changes(results(tt.results)) {
			var parts []string
			for _, cond := range c {
				parts = append(parts, cond.String())
			}
			got = append(got, strings.Join(parts, ", "))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("rules:\n%s%s: changes %q, want %q", tt.rules, tt.results, got, tt.want)
		}
	}
}
