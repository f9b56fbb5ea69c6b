package lab

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"strictmx/containers/postfix"
	"strictmx/scenarios"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// debian is the configuration that scenarios add to.
var debian = Base{MainCF: postfix.BaseMainCF, MasterCF: postfix.BaseMasterCF}

// story is a scenario with nothing wrong. Line 1 is the first of the about text.
const story = `A short one.

-- scenario.yaml --
title: A short one
host: {name: mail.example.com, ipv4: 203.0.113.10, ipv6: "2001:db8::10"}
receivers:
  - {profile: gmail@2014, domains: [gmail.com]}
send: {from: me@example.com, to: you@gmail.com}
cases:
  - name: red
    want: {outcome: bounced, client: ipv6, rule: gmail/ptr-missing}
  - name: green
    cures: red
    want: {outcome: sent, client: ipv6}
-- dns/example.com.zone --
@     TXT   "v=spf1 a:mail.example.com -all"
mail  A     203.0.113.10
      AAAA  2001:db8::10
-- postfix/main.cf --
smtp_address_preference = ipv6
-- green/dns/ptr --
2001:db8::10  mail.example.com
`

// changed is the story with each first text replaced by the second.
func changed(t testing.TB, pairs ...string) string {
	t.Helper()
	text := story
	for ; len(pairs) > 0; pairs = pairs[2:] {
		if !strings.Contains(text, pairs[0]) {
			t.Fatalf("no %q in the story", pairs[0])
		}
		text = strings.Replace(text, pairs[0], pairs[1], 1)
	}
	return text
}

// loadText loads the text of an archive as story.txtar.
func loadText(t testing.TB, text string) *scenarios.Scenario {
	t.Helper()
	sc, err := scenarios.Load(fstest.MapFS{"story.txtar": {Data: []byte(text)}}, "story.txtar")
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// prepared prepares a case of the text of an archive.
func prepared(t testing.TB, text, name string) *Prepared {
	t.Helper()
	sc := loadText(t, text)
	p, err := Prepare(sc, caseOf(t, sc, name), debian)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func caseOf(t testing.TB, sc *scenarios.Scenario, name string) scenarios.Case {
	t.Helper()
	for _, c := range sc.Cases {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("scenario %s has no case %s", sc.Name, name)
	return scenarios.Case{}
}

// embedded are the scenarios that strictmx brings along.
func embedded(t testing.TB) []*scenarios.Scenario {
	t.Helper()
	all, err := scenarios.LoadAll(scenarios.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// worksOf prepares all cases of scenarios.
func worksOf(t testing.TB, all ...*scenarios.Scenario) []Work {
	t.Helper()
	selected, err := Select(all, "")
	if err != nil {
		t.Fatal(err)
	}
	works, err := PrepareAll(selected, debian)
	if err != nil {
		t.Fatal(err)
	}
	return works
}

func goldenFile(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s differs; after a review, -update accepts it:\n%s", path, d)
	}
}
