package lab_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"strictmx/internal/lab"
	"strictmx/internal/verdict"
)

// hangUps is what Postfix 3.7.11 makes of a receiver that answers, and closes the
// connection: of a recipient a, and of b after it.
var hangUps = []struct {
	stage, reply, a, b string // b is as a if empty
}{
	{"connect", "450 4.7.1", "deferred 4.7.1 refused to talk to me: 450 4.7.1 no", ""},
	{"connect", "554 5.7.1", "deferred 4.7.1 refused to talk to me: 554 5.7.1 no", ""},
	{"connect", "421 4.7.0", "deferred 4.7.0 refused to talk to me: 421 4.7.0 no", ""},
	// EHLO is refused, and there is nobody to say HELO to.
	{"helo", "450 4.7.1", "deferred 4.4.2 while performing the HELO handshake", ""},
	{"helo", "550 5.7.1", "deferred 4.4.2 while performing the HELO handshake", ""},
	{"helo", "421 4.7.0", "deferred 4.7.0 refused to talk to me: 421 4.7.0 no", ""}, // HELO is not tried
	{"mail", "450 4.7.1", "deferred 4.7.1 (in reply to MAIL FROM command)", ""},
	{"mail", "550 5.7.1", "bounced 5.7.1 (in reply to MAIL FROM command)", ""},
	{"mail", "421 4.7.0", "deferred 4.7.0 (in reply to MAIL FROM command)", ""},
	{"rcpt", "450 4.7.1", "deferred 4.7.1 (in reply to RCPT TO command)", "deferred 4.4.2 while sending RCPT TO"},
	{"rcpt", "550 5.7.1", "bounced 5.7.1 (in reply to RCPT TO command)", "deferred 4.4.2 while sending RCPT TO"},
	{"rcpt", "421 4.7.0", "deferred 4.7.0 (in reply to RCPT TO command)", "deferred 4.4.2 while sending RCPT TO"},
	{"data", "450 4.7.1", "deferred 4.7.1 (in reply to end of DATA command)", ""},
	{"data", "550 5.7.1", "bounced 5.7.1 (in reply to end of DATA command)", ""},
	{"data", "421 4.7.0", "deferred 4.7.0 (in reply to end of DATA command)", ""},
}

// hangUp is a scenario with all of them, and some more, with a receiver of these
// extensions.
func hangUp(extensions string) string {
	var cases, rules strings.Builder
	want := func(to, said string) {
		outcome, rest, _ := strings.Cut(said, " ")
		status, text, _ := strings.Cut(rest, " ")
		fmt.Fprintf(&cases, "      - {to: %s@example.org, outcome: %s, status: %s, text: %q}\n", to, outcome, status, text)
	}
	for _, h := range hangUps {
		id := h.stage + "-" + h.reply[:3]
		fmt.Fprintf(&cases, "  - name: %s\n    receivers: {rude: {force: %s}}\n    want:\n", id, id)
		want("a", h.a)
		want("b", cmp.Or(h.b, h.a))
		fmt.Fprintf(&rules, "  - id: %s\n    at: %s\n    scripted: true\n    reply: %s no\n    close: true\n%s", id, h.stage, h.reply, madeUp)
	}
	return `Hangs up.

-- scenario.yaml --
title: A receiver that hangs up
host: {name: mail.example.com, ipv4: 203.0.113.10}
receivers:
  - {profile: rude, domains: [example.org]}
  - {profile: rude, name: twice, domains: [example.net], hosts: [{name: mx.example.net, addrs: [198.51.100.241, 198.51.100.242]}]}
send: {from: me@example.com, to: [a@example.org, b@example.org]}
cases:
` + cases.String() + `  - name: before-data
    receivers: {rude: {listed: {hated: b@example.org}}}
    want:
      - {to: a@example.org, outcome: deferred, status: 4.4.2, text: while sending DATA command}
      - {to: b@example.org, outcome: bounced, status: 5.7.1, rule: rude/hated}
  - name: at-both-addresses
    receivers: {twice: {force: helo-550}}
    send: {from: me@example.com, to: you@example.net}
    want: {outcome: deferred, status: 4.4.2, text: while performing the HELO handshake, attempts: 2}
  - name: at-the-next-address
    about: Who was not heard is taken there, and is refused, too.
    receivers: {twice: {force: rcpt-550}}
    send: {from: me@example.com, to: [a@example.net, b@example.net]}
    want:
      - {to: a@example.net, outcome: bounced, status: 5.7.1, attempts: 1}
      - {to: b@example.net, outcome: bounced, status: 5.7.1}
-- dns/ptr --
203.0.113.10  mail.example.com
-- dns/example.com.zone --
mail  A    203.0.113.10
-- profiles/rude.yaml --
name: rude
title: Hangs up
hostname: mx.example.org
hosts:
  - {name: mx.example.org., pref: 10, addrs: [198.51.100.240]}
extensions: [` + extensions + `]
checks:
  hated: {method: list, by: recipient}
rules:
  - id: hated
    at: rcpt
    when: {hated: fail}
    reply: 550 5.7.1 not him
    close: true
` + madeUp + rules.String()
}

const madeUp = "    source: made up\n    seen: 2026-01-01\n"

func TestHangUps(t *testing.T) {
	for _, extensions := range []string{"ENHANCEDSTATUSCODES", "PIPELINING, ENHANCEDSTATUSCODES", "STARTTLS, ENHANCEDSTATUSCODES"} {
		hungUp(t, lab.Runner{}, extensions)
	}
}

// testHangUps holds the same against Postfix.
func testHangUps(t *testing.T, d lab.Driver) {
	hungUp(t, lab.Runner{Driver: d, Parallel: 2}, "PIPELINING, STARTTLS, ENHANCEDSTATUSCODES")
}

func hungUp(t *testing.T, r lab.Runner, extensions string) {
	t.Helper()
	sc := loaded(t, hangUp(extensions))
	works, err := lab.PrepareAll([]lab.Selection{{Scenario: sc, Cases: sc.Cases}}, base)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Run(t.Context(), works)[0] {
		if f.Result != verdict.Pass {
			t.Errorf("%s, %s: %s %s %v %v", extensions, f.Case.Name, f.Result, f.Reason, f.Mismatches, f.Err)
		}
	}
}
