package fakemx

import (
	"context"
	"io"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"strictmx/fakemx/check"
	"strictmx/fakemx/profile"
	"strictmx/internal/mail"
)

// The greeting is held back, and what came before it is read after it.
func TestEarlyTalker(t *testing.T) {
	srv := madeUp(t, "{patience: {method: early-talker, wait: 5m}}",
		`id: early, at: rcpt, when: {patience: fail}, reply: "550 5.5.1 {patience.value}"`)
	var rec recorder
	srv.Record = rec.record
	c := connect(t, srv)
	if _, err := io.WriteString(c.Conn, "EHLO mta.example.com\r\nMAIL FROM:<a@example.com>\r\n"); err != nil {
		t.Fatal(err)
	}
	c.ask("", "220") // at once: it is known by then
	c.ask("", "250")
	c.ask("", "250")
	c.ask("RCPT TO:<b@example.net>", "550 5.5.1 fail")
	c.ask("QUIT", "221")
	a := rec.attempts()[0]
	if said := strings.Join(a.Transcript[:2], "\n"); said != "C: [49 octets before the greeting]\nS: 220 mx.example.net ready" {
		t.Errorf("transcript begins\n%s", said)
	}
	if r := a.Results[0]; r.Called() != "patience" || !strings.HasSuffix(r.Reason, " sent something before the greeting") {
		t.Errorf("result %+v", r)
	}
}

// A client that waits is greeted after a while; one that hangs up meanwhile leaves
// nothing behind.
func TestPatientClient(t *testing.T) {
	srv := madeUp(t, "{patience: {method: early-talker, wait: 30ms}}",
		`id: early, at: connect, when: {patience: fail}, reply: "550 5.5.1 no"`)
	begin := time.Now()
	c := connect(t, srv)
	c.ask("", "220")
	if d := time.Since(begin); d < 30*time.Millisecond {
		t.Errorf("greeted after %s, want 30ms", d)
	}
	c.ask("EHLO mta.example.com", "250")
	c.ask("QUIT", "221")

	var rec recorder
	srv.Record = rec.record
	address, stop := serveTCP(t, srv)
	dialTCP(t, address).Close()
	_ = stop()
	if got := rec.attempts(); len(got) != 0 {
		t.Errorf("attempts %+v of a client that said nothing", got)
	}
}

// A receiver that asks nobody to wait greets at once, and nobody is early.
func TestNoEarlyTalkerRule(t *testing.T) {
	const table = `name: madeup
title: Made up
hostname: mx.example.net
versions: [patient, hasty]
checks: {patience: {method: early-talker, wait: 5m}}
rules:
  - {id: early, versions: patient, at: connect, when: {patience: fail}, reply: "550 5.5.1 no", source: made up, seen: 2026-01-01}
`
	set, err := profile.Load(fstest.MapFS{"madeup.yaml": {Data: []byte(table)}})
	if err != nil {
		t.Fatal(err)
	}
	for label, want := range map[string]time.Duration{"patient": 5 * time.Minute, "hasty": 0} {
		p, err := set.Find("madeup@" + label)
		if err != nil {
			t.Fatal(err)
		}
		if hold := p.Hold(); hold != want {
			t.Errorf("%s: the greeting is held back for %s, want %s", label, hold, want)
		}
		if want == 0 {
			connect(t, &Server{Profile: p, State: check.NewState()}).ask("", "220")
		}
	}
}

// What is refused at the greeting, too, is refused to who talks before.
func TestEarlyTalkerIsRefused(t *testing.T) {
	srv := madeUp(t, "", `id: early, at: connect, when: {early-talker: fail}, reply: "554 5.5.1 no", close: true`)
	c := connect(t, srv)
	if _, err := io.WriteString(c.Conn, "EHLO mta.example.com\r\n"); err != nil {
		t.Fatal(err)
	}
	c.ask("", "554")
	c.wantEOF()
}

// Sessions count while they last.
func TestOpenSessions(t *testing.T) {
	srv := madeUp(t, "{parallel: {method: rate, count: open, limit: 2}}",
		`id: many, at: connect, when: {parallel: fail}, reply: "421 4.7.0 {parallel.count} of {parallel.limit}", close: true`)
	srv.AsIf = netip.MustParseAddr("203.0.113.1")
	address, stop := serveTCP(t, srv)
	first, second := dialTCP(t, address), dialTCP(t, address)
	first.ask("", "220")
	second.ask("", "220")
	third := dialTCP(t, address)
	third.ask("", "421 4.7.0 3 of 2")
	third.wantEOF()
	first.ask("QUIT", "221")
	first.wantEOF()
	second.Close()
	_ = stop() // waits for the sessions
	if now, leave := srv.State.Enter(srv.AsIf); now.Client != 1 {
		t.Errorf("%d sessions are open, want this one", now.Client)
	} else {
		leave()
	}
	again := connect(t, srv)
	again.ask("", "220")
}

// A refusal ends the list of rules: what comes after it counts nothing, and what comes
// at the end of a rule counts only if the rest of it holds, wherever it is written.
func TestCountingComesLast(t *testing.T) {
	srv := madeUp(t, "{grey: {method: greylist, delay: 5m}, m: {method: rate, limit: 1}, watched: {method: list}}",
		`id: unknown, at: rcpt, when: {recipient: unknown}, reply: "550 5.1.1 no"`,
		`id: watched, at: rcpt, when: {m: fail, watched: fail}, reply: "450 4.7.0 {m.count}"`,
		`id: grey, at: rcpt, when: {grey: fail}, reply: "450 4.7.1 later"`)
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	srv.Now = func() time.Time { return now }
	srv.Seed.Unknown = []string{"nobody@example.net"}
	var rec recorder
	srv.Record = rec.record
	ask := func(rcpt, want string) mail.Attempt {
		t.Helper()
		c := connect(t, srv)
		c.ask("", "220")
		c.ask("EHLO mta.example.com", "250")
		c.ask("MAIL FROM:<a@example.com>", "250")
		c.ask("RCPT TO:<"+rcpt+">", want)
		c.ask("QUIT", "221")
		all := rec.attempts()
		return all[len(all)-1]
	}
	a := ask("nobody@example.net", "550 5.1.1")
	for _, r := range a.Results {
		if r.Called() == "grey" || r.Called() == "m" {
			t.Errorf("%s was asked: %s", r.Called(), r.Reason)
		}
	}
	now = now.Add(10 * time.Minute)
	srv.Seed.Unknown = nil
	ask("nobody@example.net", "450 4.7.1") // for the first time
	now = now.Add(10 * time.Minute)
	ask("nobody@example.net", "250")
	srv.Seed.Listed = map[string][]string{"watched": {"0.0.0.0/0", "::/0"}}
	ask("nobody@example.net", "250") // the first one that counts
	ask("nobody@example.net", "450 4.7.0 2")
}

// A recipient counts once, at RCPT or after the content.
func TestRecipientsCountOnce(t *testing.T) {
	srv := madeUp(t, "{n: {method: rate, count: recipients, limit: 2}, w: {method: list, by: recipient}}",
		`id: watched, at: rcpt, when: {w: fail, n: fail}, reply: "450 4.5.3 no"`,
		`id: all, at: data, when: {n: fail}, reply: "450 4.5.3 {n.count}"`,
		`id: told, at: data, when: {n: pass}, reply: "550 5.0.0 {n.count}"`)
	srv.Seed.Listed = map[string][]string{"w": {"watched@example.net"}}
	c := connect(t, srv)
	c.ask("", "220")
	c.ask("EHLO mta.example.com", "250")
	c.ask("MAIL FROM:<a@example.com>", "250")
	c.ask("RCPT TO:<watched@example.net>", "250")
	c.ask("RCPT TO:<other@example.net>", "250")
	c.ask("DATA", "354")
	c.ask(".", "550 5.0.0 2")
}

// Each connection, message and recipient counts once, whether the check is asked at
// one stage or more and however often a client greets.
func TestRateCountsOnce(t *testing.T) {
	srv := madeUp(t, "{c: {method: rate, count: connections, limit: 9}, m: {method: rate, limit: 9}, r: {method: rate, count: recipients, limit: 9}}",
		`id: c1, at: helo, when: {c: fail}, reply: "450 4.7.0 no"`,
		`id: odd, at: helo, when: {helo.syntax: not-fqdn}, reply: "450 4.7.0 no"`,
		`id: m1, at: rcpt, when: {m: fail}, reply: "450 4.7.0 no"`,
		`id: r1, at: rcpt, when: {r: fail}, reply: "450 4.7.0 no"`,
		`id: all, at: data, when: {c: pass, m: pass, r: pass}, reply: "550 5.7.0 {c.count} {m.count} {r.count}"`)
	srv.Resolver = nowhere{}
	for i, want := range []string{"1 1 2", "2 3 5"} {
		c := connect(t, srv)
		c.ask("", "220")
		c.ask("EHLO mta", "450")
		c.ask("HELO mta", "450")
		c.ask("EHLO mta.example.com", "250")
		for n := range i + 1 {
			c.ask("MAIL FROM:<a@example.com>", "250")
			c.ask("MAIL FROM:<b@example.com>", "503")
			c.ask("RCPT TO:<b@example.net>", "250")
			if n == 0 {
				c.ask("RCPT TO:<c@example.net>", "250")
			}
			c.ask("DATA", "354")
			if n == i {
				c.ask(".", "550 5.7.0 "+want)
			} else {
				c.ask(".", "550 5.7.0")
			}
		}
		c.ask("QUIT", "221")
	}
}

// What is refused before the rule that asks for a rate is not counted, in the same stage
// or an earlier one.
func TestRateCountsWhatComesToItsRule(t *testing.T) {
	srv := madeUp(t, "{m: {method: rate, limit: 1}, c: {method: rate, count: connections, limit: 1}}",
		`id: first, at: rcpt, when: {recipient: unknown}, reply: "550 5.1.1 no"`,
		`id: connections, at: rcpt, when: {c: fail}, reply: "450 4.7.0 {c.count}"`,
		`id: messages, at: data, when: {m: fail}, reply: "450 4.7.0 {m.count}"`)
	srv.Seed.Unknown = []string{"none@example.net"}
	for _, tt := range []struct {
		to   string // empty: the client leaves after MAIL
		want string // the reply to RCPT, else to the content
	}{
		{"", ""},
		{"none@example.net", "550 5.1.1"},
		{"b@example.net", "250"}, // the first that counts, and no message
		{"b@example.net", "450 4.7.0 2"},
	} {
		c := connect(t, srv)
		c.ask("", "220")
		c.ask("EHLO mta.example.com", "250")
		c.ask("MAIL FROM:<a@example.com>", "250")
		if tt.to != "" {
			c.ask("RCPT TO:<"+tt.to+">", tt.want)
		}
		c.ask("QUIT", "221")
	}
	srv.State = check.NewState()
	c := connect(t, srv)
	c.ask("", "220")
	c.ask("EHLO mta.example.com", "250")
	for _, want := range []string{"250", "450 4.7.0 2"} {
		c.ask("MAIL FROM:<a@example.com>", "250")
		c.ask("RSET", "250")
		c.ask("MAIL FROM:<a@example.com>", "250")
		c.ask("RCPT TO:<b@example.net>", "250")
		c.ask("DATA", "354")
		c.ask(".", want)
	}
	c.ask("QUIT", "221")
}

// nowhere is a DNS without names.
type nowhere struct{}

func (nowhere) Resolve(context.Context, string, string) (mail.Answer, error) {
	return mail.Answer{RCode: mail.NXDomain}, nil
}

// Greylisting is for each recipient, over the receiver's clock.
func TestGreylistOfRecipients(t *testing.T) {
	srv := madeUp(t, "", `id: grey, at: rcpt, when: {greylist: fail}, reply: "450 4.2.0 {rcpt} in {greylist.wait} s"`)
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	srv.Now = func() time.Time { return now }
	session := func(replies ...string) {
		t.Helper()
		c := connect(t, srv)
		c.ask("", "220")
		c.ask("EHLO mta.example.com", "250")
		c.ask("MAIL FROM:<a@example.com>", "250")
		for i, to := range []string{"b@example.net", "c@example.net"} {
			c.ask("RCPT TO:<"+to+">", replies[i])
		}
		c.ask("QUIT", "221")
	}
	if got, a := try(t, srv, "a@example.com", "b@example.net"); got != "grey" {
		t.Errorf("first try refused by %q: %q", got, a.Reply)
	}
	now = now.Add(4 * time.Minute)
	session("450 4.2.0 b@example.net in 60 s", "450 4.2.0 c@example.net in 300 s")
	now = now.Add(2 * time.Minute)
	session("250", "450 4.2.0 c@example.net in 180 s")
	now = now.Add(24 * time.Hour)
	session("250", "250")
}

// The deep tests of postscreen let nobody in before the next connection.
func TestGreylistByClient(t *testing.T) {
	srv := madeUp(t, "{new: {method: greylist, by: client, delay: 0s}}",
		`id: new, at: rcpt, when: {new: fail}, reply: "450 4.3.2 Service currently unavailable"`)
	c := connect(t, srv)
	c.ask("", "220")
	c.ask("EHLO mta.example.com", "250")
	for range 2 {
		c.ask("MAIL FROM:<a@example.com>", "250")
		c.ask("RCPT TO:<b@example.net>", "450")
		c.ask("RCPT TO:<c@example.net>", "450")
		c.ask("RSET", "250")
	}
	c.ask("QUIT", "221")
	if got, a := try(t, srv, "x@example.com", "y@example.net"); got != "" {
		t.Errorf("the next connection is refused by %q: %q", got, a.Reply)
	}
}

// A list is what the receiver was told beforehand.
func TestListOfTheReceiver(t *testing.T) {
	srv := madeUp(t, "{blocked: {method: list, by: sender-domain}}",
		`id: blocked, at: mail, when: {blocked: fail}, reply: "550 5.7.1 {blocked.entry}"`)
	srv.Seed = check.Seed{Listed: map[string][]string{"blocked": {"example.com"}}}
	if got, a := try(t, srv, "a@sub.example.com", "b@example.net"); got != "blocked" || a.Reply[0] != "550 5.7.1 example.com" {
		t.Errorf("refused by %q: %q, want the list's entry", got, a.Reply)
	}
	if got, _ := try(t, srv, "a@example.org", "b@example.net"); got != "" {
		t.Errorf("refused by %q", got)
	}
}
