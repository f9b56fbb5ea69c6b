package dmarc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"strictmx/internal/mail"
)

// account writes value, reason and steps.
func account(res mail.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", res.Value, res.Reason)
	for _, s := range res.Steps {
		fmt.Fprintf(&b, "%s%s\n", strings.Repeat("  ", s.Depth), s.Text)
	}
	return b.String()
}

func TestSteps(t *testing.T) {
	w := newWorld(t, `
example.com:          v=DMARC1; p=reject; sp=quarantine; np=reject; adkim=q; t=y
real.example.com      x
twice.example.com:    v=DMARC1; p=none
twice.example.com:    v=DMARC1; p=reject
other.example.com:    "v=spf1 -all\u0007"
other.example.com:    v=DMARC1; p=none
other.example.com     x
bank:                 v=DMARC1; p=reject; psd=y
half.test:            v=DMARC1; p=reject; pct=5
slow.test:            FAIL
`)
	for _, tt := range []struct {
		name string
		way  Discovery
		v    vector
		want string
	}{
		{"test mode", Tree, vector{from: "example.com", spf: "example.net"}, `
fail: neither SPF nor DKIM passes for a domain aligned with example.com, and the policy of example.com is reject (p=), made quarantine (test mode, t=y)
_dmarc.example.com TXT "v=DMARC1; p=reject; sp=quarantine; np=reject; adkim=q; t=y"
  adkim= is "q": want s or r (octet 47)
the policy of example.com is reject (p=)
made quarantine: test mode, t=y
_dmarc.com TXT: NXDOMAIN, no record
spf pass of example.net: not aligned, it is not below example.com, the organizational domain of example.com
`},
		{"existing subdomain", Tree, vector{from: "real.example.com", dkim: "a.example.com/temperror example.com"}, `
pass: DKIM passes for example.com: aligned, its organizational domain is example.com, as is that of real.example.com
_dmarc.real.example.com TXT: NXDOMAIN, no record
_dmarc.example.com TXT "v=DMARC1; p=reject; sp=quarantine; np=reject; adkim=q; t=y"
  adkim= is "q": want s or r (octet 47)
_dmarc.com TXT: NXDOMAIN, no record
the record of example.com applies: it is the organizational domain of real.example.com
real.example.com CNAME: NOERROR, the domain exists
the policy of example.com is quarantine (sp=)
made none: test mode, t=y
_dmarc.a.example.com TXT: NXDOMAIN, no record
dkim temperror of a.example.com: aligned, its organizational domain is example.com, as is that of real.example.com
dkim pass of example.com: aligned, its organizational domain is example.com, as is that of real.example.com
`},
		{"several records, by tree", Tree, vector{from: "twice.example.com"}, `
fail: neither SPF nor DKIM passes for a domain aligned with twice.example.com, and the policy of example.com is quarantine (sp=), made none (test mode, t=y)
_dmarc.twice.example.com TXT: 2 DMARC records, which are as none
  "v=DMARC1; p=none"
  "v=DMARC1; p=reject"
_dmarc.example.com TXT "v=DMARC1; p=reject; sp=quarantine; np=reject; adkim=q; t=y"
  adkim= is "q": want s or r (octet 47)
_dmarc.com TXT: NXDOMAIN, no record
the record of example.com applies: it is the organizational domain of twice.example.com
twice.example.com CNAME: NOERROR, the domain exists
the policy of example.com is quarantine (sp=)
made none: test mode, t=y
`},
		{"several records, by list", PSL, vector{from: "twice.example.com", spf: "example.com"}, `
none: twice.example.com has 2 DMARC records, which are as none
_dmarc.twice.example.com TXT: 2 DMARC records, which are as none
  "v=DMARC1; p=none"
  "v=DMARC1; p=reject"
spf pass of example.com: aligned, its organizational domain is example.com, as is that of twice.example.com
`},
		{"other records", PSL, vector{from: "other.example.com", spf: "other.example.com/temperror"}, `
temperror: SPF of other.example.com is aligned, and could not be looked up
_dmarc.other.example.com TXT: 1 of 2 records is a DMARC record
  no DMARC record, the version is "spf1 -all\a", not DMARC1 (octet 1): "v=spf1 -all\a"
  "v=DMARC1; p=none"
the policy of other.example.com is none (p=)
spf temperror of other.example.com: aligned, it is the From domain
`},
		{"public suffix domain", Tree, vector{from: "a.one.bank"}, `
fail: neither SPF nor DKIM passes for a domain aligned with a.one.bank, and the policy of bank is reject (p=, there is no sp=)
_dmarc.a.one.bank TXT: NXDOMAIN, no record
_dmarc.one.bank TXT: NXDOMAIN, no record
_dmarc.bank TXT "v=DMARC1; p=reject; psd=y"
the record of bank applies: it is the public suffix domain of a.one.bank
the policy of bank is reject (p=, there is no sp=)
`},
		{"no record, by tree", Tree, vector{from: "a.nowhere.test"}, `
none: a.nowhere.test has no DMARC record, and no domain above it has one
_dmarc.a.nowhere.test TXT: NXDOMAIN, no record
_dmarc.nowhere.test TXT: NXDOMAIN, no record
_dmarc.test TXT: NXDOMAIN, no record
`},
		{"no record, by list", PSL, vector{from: "a.nowhere.test"}, `
none: a.nowhere.test has no DMARC record, and neither has nowhere.test
_dmarc.a.nowhere.test TXT: NXDOMAIN, no record
_dmarc.nowhere.test TXT: NXDOMAIN, no record
`},
		{"left out", PSL, vector{from: "half.test"}, `
fail: neither SPF nor DKIM passes for a domain aligned with half.test, and the policy of half.test is reject (p=), made quarantine (pct=5 leaves this message out: it draws 5 of 0 to 99 by its Message-ID)
_dmarc.half.test TXT "v=DMARC1; p=reject; pct=5"
the policy of half.test is reject (p=)
made quarantine: pct=5 leaves this message out: it draws 5 of 0 to 99 by its Message-ID
`},
		{"broken", Tree, vector{from: "slow.test", spf: "slow.test"}, `
temperror: the policy of slow.test cannot be looked up: lookup of _dmarc.slow.test TXT: TIMEOUT
_dmarc.slow.test TXT: lookup of _dmarc.slow.test TXT: TIMEOUT
`},
		{"several authors", PSL, vector{from: "a@example.com, b@slow.test", spf: "example.com"}, `
temperror: the From field has 2 domains, and each is judged (RFC 7489 section 6.6.1): the policy of slow.test cannot be looked up: lookup of _dmarc.slow.test TXT: TIMEOUT
_dmarc.example.com TXT "v=DMARC1; p=reject; sp=quarantine; np=reject; adkim=q; t=y"
  adkim= is "q": want s or r (octet 47)
the policy of example.com is reject (p=)
spf pass of example.com: aligned, it is the From domain
author domain 1 of 2, example.com: pass, SPF passes for example.com: aligned, it is the From domain
_dmarc.slow.test TXT: lookup of _dmarc.slow.test TXT: TIMEOUT
author domain 2 of 2, slow.test: temperror, the policy of slow.test cannot be looked up: lookup of _dmarc.slow.test TXT: TIMEOUT
`},
	} {
		res := Evaluate(t.Context(), w, tt.v.query(tt.way))
		if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), account(res)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// The walk of the example of RFC 9989 section 4.10.
func TestWalkAsksEightNames(t *testing.T) {
	c := &counter{Resolver: world{}}
	res := Evaluate(t.Context(), c, vector{from: "a.b.c.d.e.f.g.h.i.j.mail.example.com"}.query(Tree))
	want := []string{
		"_dmarc.a.b.c.d.e.f.g.h.i.j.mail.example.com TXT", "_dmarc.g.h.i.j.mail.example.com TXT", "_dmarc.h.i.j.mail.example.com TXT",
		"_dmarc.i.j.mail.example.com TXT", "_dmarc.j.mail.example.com TXT", "_dmarc.mail.example.com TXT", "_dmarc.example.com TXT", "_dmarc.com TXT",
	}
	if diff := cmp.Diff(want, c.asked); diff != "" || res.Value != mail.None {
		t.Errorf("%s, %s", res.Value, diff)
	}
}

// Labels that the walk leaves out count when the organizational domain is found.
func TestOrganizationalDomainIsOneLabelBelow(t *testing.T) {
	w := newWorld(t, "d.e.f.g.h.i.j: v=DMARC1; p=reject; psd=y")
	c := &counter{Resolver: w}
	res := Evaluate(t.Context(), c, vector{from: "a.b.c.d.e.f.g.h.i.j", spf: "x.c.d.e.f.g.h.i.j"}.query(Tree))
	if res.Value != mail.Pass || res.Properties[policyDomain] != "d.e.f.g.h.i.j" {
		t.Errorf("Evaluate = %s, want pass: both are below c.d.e.f.g.h.i.j", account(res))
	}
}

// Identifiers cost no question unless they stand below the author's organizational
// domain, and no name is asked for twice.
func TestQuestions(t *testing.T) {
	w := newWorld(t, "example.com: v=DMARC1; p=reject")
	for _, tt := range []struct {
		v    vector
		want int
	}{
		{vector{from: "example.com"}, 1},
		{vector{from: "example.com", spf: "example.com", dkim: "example.com"}, 1},                     // no walk is needed
		{vector{from: "example.com", spf: "example.net", dkim: "a.test b.test"}, 2},                   // that of the author
		{vector{from: "example.com", spf: "a.example.com", dkim: "a.example.com b.example.com"}, 4},   // and one name each
		{vector{from: "a.example.com", dkim: "b.c.example.com c.example.com example.com"}, 3 + 2 + 0}, // all others are known
	} {
		c := &counter{Resolver: w}
		Evaluate(t.Context(), c, tt.v.query(Tree))
		if len(c.asked) != tt.want {
			t.Errorf("from %s, spf %s, dkim %s asks %q, want %d questions", tt.v.from, tt.v.spf, tt.v.dkim, c.asked, tt.want)
		}
	}
}

func TestEvaluateEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("over"))
	for _, way := range []Discovery{Tree, PSL} {
		if res := Evaluate(ctx, world{}, vector{from: "example.com"}.query(way)); res.Value != mail.TempError {
			t.Errorf("%s: Evaluate = %s (%s), want temperror", way, res.Value, res.Reason)
		}
	}
}

// SPF of the HELO identity does not count (RFC 7489 section 4.1, RFC 9989 section
// 4.4.2). For the null sender the MAIL FROM identity has the HELO name.
func TestIdentityOfSPF(t *testing.T) {
	w := newWorld(t, "example.com: v=DMARC1; p=reject")
	for identity, want := range map[string]string{"mailfrom": mail.Pass, "": mail.Pass, "helo": mail.Fail} {
		q := vector{from: "example.com", spf: "mail.example.com"}.query(Tree)
		q.SPF.Identity = identity
		if res := Evaluate(t.Context(), w, q); res.Value != want {
			t.Errorf("identity %q: Evaluate = %s (%s), want %s", identity, res.Value, res.Reason, want)
		}
	}
}

// A result of dkim without parts speaks for its own signature.
func TestSignatureWithoutParts(t *testing.T) {
	w := newWorld(t, "example.com: v=DMARC1; p=reject")
	res := Evaluate(t.Context(), w, Query{
		Content: from("a@example.com"),
		DKIM:    mail.Result{Value: mail.Pass, Properties: map[string]string{"header.d": "Example.COM."}},
	})
	if res.Value != mail.Pass || res.Domain != "example.com" || res.Properties[headerFrom] != "example.com" {
		t.Errorf("Evaluate = %+v, want pass for example.com", res)
	}
}

// pct takes about its share of messages, the same ones each time, and more of them
// the higher it is.
func TestSample(t *testing.T) {
	w := newWorld(t, "ten.test: v=DMARC1; p=reject; pct=10\nhalf.test: v=DMARC1; p=reject; pct=50")
	taken := map[string]int{}
	const messages = 2000
	for i := range messages {
		for _, domain := range []string{"ten.test", "half.test"} {
			q := Query{Content: fmt.Appendf(nil, "From: a@%s\r\nMessage-Id:\r\n <%d@example.com>\r\n\r\n", domain, i), Discovery: PSL}
			first, second := Evaluate(t.Context(), w, q), Evaluate(t.Context(), w, q)
			if first.Facets["policy"] != second.Facets["policy"] {
				t.Fatalf("message %d: %s, then %s", i, first.Facets["policy"], second.Facets["policy"])
			}
			if first.Facets["policy"] == string(Reject) {
				taken[domain]++
			}
		}
	}
	if ten, half := taken["ten.test"], taken["half.test"]; ten < 150 || ten > 250 || half < 900 || half > 1100 {
		t.Errorf("pct=10 takes %d and pct=50 takes %d of %d messages", ten, half, messages)
	}
}
