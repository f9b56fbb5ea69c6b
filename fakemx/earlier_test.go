package fakemx

import (
	"bufio"
	"context"
	"net/netip"
	"testing"

	"strictmx/fakemx/check"
	"strictmx/internal/mail"
)

// A check runs once for the facts that it goes by, in the stage that needs it: iprev
// once a session, helo once a greeting, and spf once for an envelope, however many
// transactions have it, unless it broke.
func TestChecksRunOnce(t *testing.T) {
	runs, spf := map[string]int{}, mail.Pass
	srv := testServer(t, "strict")
	srv.Checks = func(m string) (check.Check, bool) {
		c := fixed(m, mail.Pass)
		if m == "spf" {
			c = fixed(m, spf)
		}
		run := c.Run
		c.Run = func(ctx context.Context, e check.Env, f check.Facts) mail.Result {
			runs[m]++
			if _, ok := ctx.Deadline(); !ok {
				t.Errorf("%s without deadline", m)
			}
			if m == "spf" && f.MailFrom == "" || m == "helo" && f.Helo == "" || f.Receiver != "mx.example.net" {
				t.Errorf("%s with facts %+v", m, f)
			}
			return run(ctx, e, f)
		}
		return c, true
	}
	c := dial(t, srv)
	l := &lineConn{t, c, bufio.NewReader(c)}
	l.ask("", "220")
	l.ask("EHLO one.example.com", "250")
	wants := func(spf int) {
		t.Helper()
		if runs["spf"] != spf {
			t.Errorf("spf ran %d times, want %d", runs["spf"], spf)
		}
	}
	message := func(mailFrom string) {
		t.Helper()
		l.ask("MAIL FROM:"+mailFrom, "250")
		l.ask("RCPT TO:<b@example.net>", "250")
		l.ask("RCPT TO:<c@example.net>", "250")
		l.ask("DATA", "354")
		l.ask("x\r\n.", "250")
	}
	message("<a@example.com>")
	message("<a@example.com>")
	wants(1)
	message("<z@example.com>")
	wants(2)
	message("<z@example.com> SIZE=3")
	wants(3)
	l.ask("MAIL FROM:<z@example.com> SIZE=3", "250")
	l.ask("RSET", "250")
	message("<z@example.com> SIZE=3")
	wants(3)
	l.ask("EHLO two.example.com", "250")
	message("<z@example.com> SIZE=3")
	wants(4)
	spf = mail.TempError
	for range 2 {
		l.ask("MAIL FROM:<broken@example.com>", "250")
		l.ask("RCPT TO:<b@example.net>", "")
		l.ask("RSET", "250")
	}
	wants(6)
	l.ask("QUIT", "221")
	if runs["iprev"] != 1 || runs["helo"] != 2 {
		t.Errorf("runs %v, want iprev 1, helo 2", runs)
	}
}

// A check that is asked at MAIL or, as here, after the content judges each message by
// its own.
func TestSizeOfEachMessage(t *testing.T) {
	srv := testServer(t, "strict")
	m, _ := check.MethodNamed("size")
	c, err := m.Make("size", check.Settings{"max": {"3"}})
	if err != nil {
		t.Fatal(err)
	}
	srv.Checks = func(string) (check.Check, bool) { return c, true }
	s := srv.session(t.Context(), new(dialogue))
	for _, tt := range []struct{ content, want string }{{"one", mail.Pass}, {"three", mail.Fail}, {"", mail.Pass}} {
		s.begin("a@example.com")
		s.facts.Content = []byte(tt.content)
		if r := s.finding("size"); r.Value != tt.want {
			t.Errorf("%d octets: %s, %s; want %s", len(tt.content), r.Value, r.Reason, tt.want)
		}
		s.over()
	}
}

// What a check found although a lookup of it broke is found out again, too.
func TestChecksThatMissedAnAnswerRunAgain(t *testing.T) {
	srv := testServer(t, "strict")
	m, _ := check.MethodNamed("dnsbl")
	c, err := m.Make("bl", check.Settings{"zone": {"bl.example.org"}, "by": {"sender-domain"}})
	if err != nil {
		t.Fatal(err)
	}
	srv.Checks = func(string) (check.Check, bool) { return c, true }
	answers := &listWithText{broken: 2}
	srv.Resolver = answers
	s := srv.session(t.Context(), new(dialogue))
	for i, tt := range []struct {
		text      string
		questions int
	}{{"", 2}, {"", 4}, {"spam", 6}, {"spam", 6}} {
		s.begin("a@example.com")
		r := s.finding("bl")
		if r.Value != mail.Fail || r.Properties["text"] != tt.text || answers.asked != tt.questions {
			t.Errorf("message %d: %s with text %q after %d questions, want fail with %q after %d",
				i, r.Value, r.Properties["text"], answers.asked, tt.text, tt.questions)
		}
		s.over()
	}
}

// A listWithText has everybody, and breaks some times before it says why.
type listWithText struct{ broken, asked int }

func (l *listWithText) Resolve(_ context.Context, name, typ string) (mail.Answer, error) {
	l.asked++
	rr := mail.Record{Type: typ, Text: "127.0.0.2", Addr: netip.MustParseAddr("127.0.0.2")}
	if typ == "TXT" {
		if l.broken > 0 {
			l.broken--
			return mail.Answer{}, &mail.LookupError{Name: name, Type: typ, RCode: "SERVFAIL"}
		}
		rr = mail.Record{Type: typ, Text: "spam"}
	}
	return mail.Answer{RCode: mail.NoError, Records: []mail.Record{rr}}, nil
}

// A check of the content that has a key runs once for an envelope and a key.
func TestChecksWithAKeyRunOnce(t *testing.T) {
	runs := 0
	srv := testServer(t, "strict")
	srv.Checks = func(string) (check.Check, bool) {
		c := fixed("dmarc", mail.Pass)
		run := c.Run
		c.Run = func(ctx context.Context, e check.Env, f check.Facts) mail.Result {
			runs++
			return run(ctx, e, f)
		}
		return c, true
	}
	s := srv.session(t.Context(), new(dialogue))
	for i, tt := range []struct {
		from, content string
		runs          int
	}{
		{"a@example.com", "From: a@example.com\r\nSubject: one\r\n\r\n", 1},
		{"a@example.com", "From: a@example.com\r\nSubject: two\r\n\r\n", 1},
		{"a@example.com", "From: b@example.net\r\n\r\n", 2},
		{"a@example.com", "From: b@example.net\r\n\r\n", 2},
		{"b@example.net", "From: b@example.net\r\n\r\n", 3},
		{"a@example.com", "From: a@example.com\r\n\r\n", 4}, // only the last message is remembered
	} {
		s.begin(tt.from)
		s.facts.Content = []byte(tt.content)
		if r := s.finding("dmarc"); r.Value != mail.Pass || runs != tt.runs {
			t.Errorf("message %d: %s after %d runs, want pass after %d", i, r.Value, runs, tt.runs)
		}
		s.over()
	}
}
