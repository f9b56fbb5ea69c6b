package fakemx

import (
	"bufio"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"strictmx/fakemx/check"
	"strictmx/fakemx/profile"
	"strictmx/internal/mail"
)

// madeUp is a receiver with checks and rules of the test: "id at when code" a line,
// each with more keys after it if need be.
func madeUp(t testing.TB, checks string, rules ...string) *Server {
	t.Helper()
	var b strings.Builder
	b.WriteString("name: madeup\ntitle: Made up\nhostname: mx.example.net\nextensions: [PIPELINING, ENHANCEDSTATUSCODES, CHUNKING]\n")
	b.WriteString("dialogue: {banner: 220 mx.example.net ready}\n")
	if checks != "" {
		b.WriteString("checks: " + checks + "\n")
	}
	b.WriteString("rules:\n")
	for _, r := range rules {
		b.WriteString("  - {" + r + ", source: made up, seen: 2026-01-01, exact: false}\n")
	}
	set, err := profile.Load(fstest.MapFS{"madeup.yaml": {Data: []byte(b.String())}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := set.Find("madeup")
	if err != nil {
		t.Fatal(err)
	}
	return &Server{Profile: p, State: check.NewState()}
}

// connect is a session that the test leads.
func connect(t testing.TB, srv *Server) *lineConn {
	t.Helper()
	c := dial(t, srv)
	return &lineConn{t, c, bufio.NewReader(c)}
}

// try says EHLO, MAIL, RCPT and the content of a message up to the first refusal,
// and tells who refused.
func try(t testing.TB, srv *Server, from, to string) (rule string, a mail.Attempt) {
	t.Helper()
	var rec recorder
	s := *srv
	s.Record = rec.record
	d, err := Submit(t.Context(), dial(t, &s), Envelope{
		Helo: "mta.example.com", From: from, To: []string{to}, Content: []byte("Subject: x\r\n\r\nx\r\n"),
	})
	if err != nil {
		t.Fatal(err, d.Transcript)
	}
	all := rec.attempts()
	a = all[len(all)-1]
	return strings.TrimPrefix(a.Rule, "madeup/"), a
}

// A refusal that a scenario asks for is made so often, at the stage of its rule,
// whatever the facts are.
func TestForce(t *testing.T) {
	rules := []string{
		`id: a-connect, at: connect, scripted: true, reply: "421 4.7.0 busy", close: true`,
		`id: a-helo, at: helo, scripted: true, reply: "450 4.7.1 not you"`,
		`id: a-mail, at: mail, scripted: true, reply: "451 4.7.1 {from}"`,
		`id: a-rcpt, at: rcpt, scripted: true, reply: "550 5.7.1 {rcpt}"`,
		`id: a-data, at: data, when: {iprev: fail}, reply: "550 5.7.1 {iprev.value}"`,
	}
	for rule, stage := range map[string]mail.Stage{
		"a-connect": mail.Connect, "a-helo": mail.Helo, "a-mail": mail.Mail, "a-rcpt": mail.Rcpt,
	} {
		srv := madeUp(t, "", rules...)
		srv.Force = []Force{{Rule: rule, Times: 2}}
		for i, want := range []string{rule, rule, "", ""} {
			got, a := try(t, srv, "me@example.com", "you@example.net")
			if got != want {
				t.Fatalf("%s: try %d refused by %q: %q, want %q", rule, i+1, got, a.Reply, want)
			}
			if want == "" {
				continue
			}
			r := a.Results[len(a.Results)-1]
			if a.Stage != stage || r.Method != "script" || r.Value != mail.Fail || r.Reason != "the scenario asks for the refusal madeup/"+rule {
				t.Errorf("%s: try %d at %s with %+v, want one at %s that says why", rule, i+1, a.Stage, r, stage)
			}
		}
	}
}

// Each sender, recipient and network of clients has refusals of its own.
func TestForceTimesAreOfOne(t *testing.T) {
	srv := madeUp(t, "", `id: grey, at: rcpt, scripted: true, reply: "450 4.2.0 later"`)
	srv.Force = []Force{{Rule: "grey", Times: 1}}
	for i, tt := range []struct{ client, from, to, want string }{
		{"203.0.113.1", "a@example.com", "b@example.net", "grey"},
		{"203.0.113.99", "a@example.com", "b@example.net", ""}, // of the same /24
		{"203.0.113.1", "a@example.com", "c@example.net", "grey"},
		{"203.0.113.1", "", "b@example.net", "grey"},
		{"198.51.100.1", "a@example.com", "b@example.net", "grey"},
		{"2001:db8::1", "a@example.com", "b@example.net", "grey"},
		{"2001:db8::2:1", "a@example.com", "b@example.net", ""}, // of the same /64
	} {
		srv.AsIf = netip.MustParseAddr(tt.client)
		if got, a := try(t, srv, tt.from, tt.to); got != tt.want {
			t.Errorf("try %d refused by %q: %q, want %q", i+1, got, a.Reply, tt.want)
		}
	}
}

// A refusal without end is made in every session, and another client is no help.
func TestForceWithoutEnd(t *testing.T) {
	srv := madeUp(t, "", `id: no, at: mail, scripted: true, reply: "550 5.7.1 no"`)
	srv.Force = []Force{{Rule: "no"}}
	for range 3 {
		if got, _ := try(t, srv, "a@example.com", "b@example.net"); got != "no" {
			t.Errorf("refused by %q, want no", got)
		}
	}
	srv.State = nil
	srv.Force[0].Times = 1 // and a receiver that remembers nothing begins anew each time
	for range 2 {
		if got, _ := try(t, srv, "a@example.com", "b@example.net"); got != "no" {
			t.Errorf("without state refused by %q, want no", got)
		}
	}
}

// Mail to force+RULE is refused by that rule, once the recipient is known; a name
// that is no rule's is a mailbox like any other.
func TestForceByRecipient(t *testing.T) {
	rules := []string{
		`id: a-connect, at: connect, scripted: true, reply: "554 5.7.1 no"`,
		`id: a-rcpt, at: rcpt, scripted: true, reply: "550 5.1.1 {rcpt}"`,
		`id: a-data, at: data, scripted: true, reply: "550 5.7.1 content"`,
	}
	srv := madeUp(t, "", rules...)
	for _, tt := range []struct {
		to, rule string
		at       mail.Stage
	}{
		{"force+a-rcpt@example.net", "a-rcpt", mail.Rcpt},
		{"Force+A-RCPT@other.example", "a-rcpt", mail.Rcpt},
		{"force+a-data@example.net", "a-data", mail.Data},
		{"force+a-connect@example.net", "a-connect", mail.Rcpt}, // it is known no sooner
		{"force+nothing@example.net", "", mail.Data},
		{"force@example.net", "", mail.Data},
	} {
		got, a := try(t, srv, "a@example.com", tt.to)
		if got != tt.rule || a.Stage != tt.at {
			t.Errorf("mail to %s is refused by %q at %s: %q, want %q at %s", tt.to, got, a.Stage, a.Reply, tt.rule, tt.at)
		}
		if r := a.Results; tt.rule != "" && r[len(r)-1].Reason != "the recipient's address asks for the refusal madeup/"+tt.rule {
			t.Errorf("mail to %s: results %+v do not say why", tt.to, r)
		}
	}
}

// Of several recipients only the one that asks is refused, each time.
func TestForceOneOfSeveral(t *testing.T) {
	c := connect(t, madeUp(t, "", `id: full, at: rcpt, scripted: true, reply: "452 4.2.2 {rcpt} is full"`))
	c.ask("", "220")
	c.ask("EHLO mta.example.com", "250")
	c.ask("MAIL FROM:<a@example.com>", "250")
	c.ask("RCPT TO:<b@example.net>", "250")
	c.ask("RCPT TO:<force+full@example.net>", "452 4.2.2 force+full@example.net")
	c.ask("RCPT TO:<c@example.net>", "250")
	c.ask("RCPT TO:<force+full@example.net>", "452")
	c.ask("DATA", "354")
	c.ask(".", "250")
}

// A rule with times refuses so often where its conditions hold. A client whose EHLO
// is refused, and that goes on with HELO, is still at its first try.
func TestRuleWithTimes(t *testing.T) {
	for _, stage := range []string{"connect", "helo", "mail", "rcpt", "data"} {
		srv := madeUp(t, "", `id: twice, at: `+stage+`, when: {family: ipv4}, times: 2, reply: "450 4.7.1 come back"`)
		for i, want := range []string{"twice", "twice", "", ""} {
			srv.AsIf = netip.MustParseAddr("2001:db8::1")
			if got, _ := try(t, srv, "a@example.com", "b@example.net"); got != "" {
				t.Fatalf("%s: IPv6 is refused by %q", stage, got)
			}
			srv.AsIf = netip.MustParseAddr("203.0.113.1")
			if got, a := try(t, srv, "a@example.com", "b@example.net"); got != want {
				t.Errorf("%s: try %d is refused by %q: %q, want %q", stage, i+1, got, a.Reply, want)
			}
		}
	}
}

// A moved clock does not make a receiver forget how often it refused.
func TestTimesHaveNoEnd(t *testing.T) {
	srv := madeUp(t, "", `id: once, at: mail, when: {family: ipv6}, times: 1, reply: "450 4.7.1 come back"`)
	srv.AsIf = netip.MustParseAddr("2001:db8::1")
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	srv.Now = func() time.Time { return now }
	for i, want := range []string{"once", "", ""} {
		if got, _ := try(t, srv, "a@example.com", "b@example.net"); got != want {
			t.Errorf("try %d is refused by %q, want %q", i+1, got, want)
		}
		now = now.Add(24 * time.Hour)
	}
}
