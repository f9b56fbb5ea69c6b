package reference

import (
	"flag"
	"io"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"strictmx/fakemx/profile"
)

var update = flag.Bool("update", false, "rewrite the documents")

// The documents in docs say what the tables and the checks say.
func TestDocuments(t *testing.T) {
	for file, write := range map[string]func(io.Writer) error{
		"../../docs/profiles.md": func(w io.Writer) error { return Markdown(w, profile.Builtin()) },
		"../../docs/checks.md":   Checks,
	} {
		var b strings.Builder
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		have, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(have), b.String()); d != "" {
			t.Errorf("%s is not what the program says; run make golden (-have +want):\n%s", file, d)
		}
	}
}

const own = `name: own
title: Own
hostname: mx.example.net
versions: [oldest, older, old, new]
checks: {strange: {method: iprev}}
rules:
  - id: a
    at: connect
    when: {strange: not pass, family: ipv6}
    times: 2
    reply: "550 5.7.1 no|\n\nmore"
    source: test
    seen: 2026-01-02
    exact: true
    catalogue: own-a
    remedy: <do> something
  - id: b
    versions: new
    at: data
    scripted: true
    reply: 550 5.7.1 spam
    source: test
    seen: 2026-01-02
  - id: b
    versions: [oldest, old]
    at: data
    scripted: true
    reply: 550 5.7.1 that  looks like {{spam}
    source: test
    seen: 2025-01-02
  - id: d
    versions: ..old
    at: connect
    scripted: true
    reply: 550 gone
    source: test
    seen: 2025-01-02
  - id: c
    versions: new
    at: rcpt
    reply: 450 4.7.1 never
    source: test
    seen: 2026-01-02
`

// What a list has is named by what it goes by, and what it takes to make a condition
// hold is told.
func TestTrigger(t *testing.T) {
	for _, tt := range []struct{ profile, rule, want string }{
		{"gmail", "inactive-user", "the receiver's own list has the recipient (inactive: method: list, by: recipient; listed: {inactive: ...} in a scenario)"},
		{"gmail", "domain-rate", "the receiver's own list has the sender's domain (watched-domain: method: list, by: sender-domain; listed: {watched-domain: ...} in a scenario), and"},
		{"gmail", "client-rate", "the receiver's own list has the client (watched-client: method: list, by: client; listed: {watched-client: ...} in a scenario), and"},
		{"exchange-online", "helo-forged", "the receiver's own list has the HELO name (receiver-names: method: list, by: helo; listed: {receiver-names: ...} in a scenario)"},
		{"ukr-net", "sender-unverified", "the receiver's own list has the sender (unverified: method: list, by: sender; listed: {unverified: ...} in a scenario)"},
		{"exchange-online", "client-listed", "the DNS list has the client (zen: method: dnsbl, zone: zen.spamhaus.org)"},
		{"exchange-online", "helo-listed", "the DNS list has the HELO name (helo-dbl: "},
		{"gmail", "unknown-user", "the mailbox does not exist (unknown: in a scenario)"},
		{"gmail", "too-many-recipients", "there are too many recipients (max: 100)"},
		{"gmail", "dmarc-reject", "DMARC fails, and the DMARC policy is p=reject;"},
		{"rambler", "rate", "the limit is passed (count: recipients, by: client, limit: 20, per: 1h)"},
		{"yandex", "busy", "the client comes for the first time, or too early (by: triplet, delay: 5m, window: 48h, keep: 840h)"},
		{"outlook-com", "domain-listed", "the DNS list has the sender's domain (dbl: "},
	} {
		p, err := profile.Builtin().Find(tt.profile)
		if err != nil {
			t.Fatal(err)
		}
		r, ok := p.RuleNamed(tt.rule)
		if got := Trigger(p, r); !ok || !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s/%s: %q, want %q", p, tt.rule, got, tt.want)
		}
	}
}

func TestTriggerTimes(t *testing.T) {
	for n, want := range map[int]string{
		0: "any mail; or force:",
		1: "any mail (the first time for the same sender, recipient and network); or force:",
		2: "any mail (the first 2 times for the same sender, recipient and network); or force:",
	} {
		if got := Trigger(nil, profile.Rule{ID: "x", Times: n}); !strings.HasPrefix(got, want) {
			t.Errorf("%d times: %q, want %q", n, got, want)
		}
	}
}

func TestText(t *testing.T) {
	set, err := profile.Load(fstest.MapFS{"own.yaml": {Data: []byte(own)}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := set.Find("own")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := Text(&b, p, set.Versions("own")); err != nil {
		t.Fatal(err)
	}
	want := `own@new: Own

own/a at connect, when strange: not pass and family: ipv6
  550-5.7.1 no|
  550-5.7.1 
  550 5.7.1 more
  exact wording, row own-a; seen 2026-01-02: test
  to get it: no PTR name of the client has its address or the reverse DNS of the client cannot be looked up or the client has no PTR record (strange: method: iprev), and the client has an IPv6 address (the first 2 times for the same sender, recipient and network); or force: a in a scenario, or a recipient force+a@DOMAIN
  cure: <do> something

own/b at data, when a scenario asks for it (scripted: reputation or content decides at the real one)
  550 5.7.1 spam
  rebuilt or documented wording; seen 2026-01-02: test
  versions: oldest, old, new
  versions with these words: new
  to get it: force: b in a scenario, or a recipient force+b@DOMAIN

own/c at rcpt, when always
  450 4.7.1 never
  rebuilt or documented wording; seen 2026-01-02: test
  versions: new
  to get it: any mail; or force: c in a scenario, or a recipient force+c@DOMAIN

rules of other versions:
  own/d: oldest to old
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	b.Reset()
	if err := Markdown(&b, set); err != nil {
		t.Fatal(err)
	}
	for _, w := range []string{
		"Versions: `own@oldest`, `own@older`, `own@old`, `own@new`.",
		"| a (exact) | connect | strange: not pass and family: ipv6 | `550-5.7.1 no\\|`<br>`550-5.7.1 `<br>`550 5.7.1 more` | own-a | &lt;do> something |",
		"| b, new | data | scripted | `550 5.7.1 spam` |  |",
		"| b, oldest, old | data | scripted | `550 5.7.1 that  looks like {spam}` |",
		"| d, oldest to old | connect |",
	} {
		if !strings.Contains(b.String(), w) {
			t.Errorf("document lacks %q:\n%s", w, b.String())
		}
	}
}
