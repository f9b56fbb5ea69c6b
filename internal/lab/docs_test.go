package lab

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"strictmx/internal/verdict"
	"strictmx/scenarios"
)

// The scenario of docs/own-receiver.md does what the page says.
func TestOwnReceiverPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/own-receiver.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?ms)^```txtar\n(.*?)^```$").FindSubmatch(page)
	if m == nil {
		t.Fatal("the page has no scenario")
	}
	sc, err := scenarios.Load(fstest.MapFS{"own.txtar": {Data: m[1]}}, "own.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range (Runner{}).Run(t.Context(), worksOf(t, sc))[0] {
		if f.Result != verdict.Pass {
			t.Errorf("%s: %s %s %v %v", f.Case.Name, f.Result, f.Reason, f.Mismatches, f.Err)
		}
	}
}

// The whole scenarios of docs/scenario-format.md do what their wants say.
func TestReferenceScenarios(t *testing.T) {
	page, err := os.ReadFile("../../docs/scenario-format.md")
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for i, m := range regexp.MustCompile("(?ms)^```txtar\n(.*?)^```$").FindAllSubmatch(page, -1) {
		name := fmt.Sprintf("block-%d.txtar", i)
		sc, err := scenarios.Load(fstest.MapFS{name: {Data: m[1]}}, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range (Runner{}).Run(t.Context(), worksOf(t, sc))[0] {
			ran++
			if f.Result != verdict.Pass {
				t.Errorf("%s, %s: %s %s %v %v", sc.Title, f.Case.Name, f.Result, f.Reason, f.Mismatches, f.Err)
			}
		}
	}
	if ran < 8 {
		t.Errorf("%d cases of the reference were run, want all four scenarios'", ran)
	}
}

// docs/scenario-format.md names what the client in memory knows of main.cf.
func TestReferenceNamesWhatIsFollowed(t *testing.T) {
	page, err := os.ReadFile("../../docs/scenario-format.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Without a container\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, name := range append(sortedKeys(followed), idle...) {
		if !strings.Contains(section, "`"+name+"`") {
			t.Errorf("the section on --in-process does not name %s", name)
		}
	}
}

// The domains of senders take mail, unless the zones or a fault say otherwise.
func TestSendersDomainsTakeMail(t *testing.T) {
	const text = `-- scenario.yaml --
title: A receiver that wants senders to take mail
host: {name: mail.example.com, ipv4: 203.0.113.10}
receivers:
  - {profile: polite, domains: [example.org]}
send: {from: me@example.net, to: you@example.org}
cases:
  - name: no-such-domain
    faults: [{name: example.net, fault: nxdomain}]
    want: {outcome: bounced, rule: polite/sender}
  - name: as-it-is
    cures: no-such-domain
    want: {outcome: sent}
  - name: null-mx
    send: {from: me@example.com, to: you@example.org}
    want: {outcome: bounced, rule: polite/sender}
-- dns/example.com.zone --
@  MX  0 .
-- profiles/polite.yaml --
name: polite
title: Wants senders to take mail
hostname: mx.example.org
hosts:
  - {name: mx.example.org., pref: 10, addrs: [198.51.100.240]}
extensions: [ENHANCEDSTATUSCODES]
rules:
  - id: sender
    at: rcpt
    when: {sender-domain: fail or permerror}
    reply: 550 5.1.8 no
    source: RFC 5321 section 5.1
    seen: 2008-10
`
	for _, f := range (Runner{}).Run(t.Context(), worksOf(t, loadText(t, text)))[0] {
		if f.Result != verdict.Pass {
			t.Errorf("%s: %s %s %v %v", f.Case.Name, f.Result, f.Reason, f.Mismatches, f.Err)
		}
	}
}
