package lab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"strictmx/internal/mail"
	"strictmx/internal/verdict"
	"strictmx/internal/wire"
	"strictmx/scenarios"
)

// A pretender is a driver whose mail system is a list of log lines.
type pretender struct {
	start  func(listen func(wire.Side, wire.Event)) error // at the start; nil does nothing
	submit func(listen func(wire.Side, wire.Event)) error // for each message; nil does nothing

	// answer gives what a command that sends nothing prints; nil answers nothing.
	answer func(cmd wire.Command, listen func(wire.Side, wire.Event)) string

	mu     sync.Mutex
	did    []string // commands, as SIDE OP
	closed int
}

func (p *pretender) Start(
	_ context.Context, _ wire.Plan, _ wire.Setup, listen func(wire.Side, wire.Event),
) (Session, error) {
	if p.start != nil {
		if err := p.start(listen); err != nil {
			return nil, err
		}
	}
	listen(wire.MailSystem, wire.Event{Kind: wire.KindReady, Text: "3.7.11"})
	return &pretense{p, listen}, nil
}

type pretense struct {
	*pretender
	listen func(wire.Side, wire.Event)
}

func (s *pretense) Do(ctx context.Context, side wire.Side, cmd wire.Command) (wire.Event, error) {
	s.mu.Lock()
	s.did = append(s.did, string(side)+" "+cmd.Op)
	s.mu.Unlock()
	if cmd.Message != nil && s.submit != nil {
		if err := s.submit(s.listen); err != nil {
			return wire.Event{}, err
		}
	}
	ev := wire.Event{Kind: wire.KindDone}
	if cmd.Message == nil && s.answer != nil {
		ev.Text = s.answer(cmd, s.listen)
	}
	return ev, context.Cause(ctx)
}

func (s *pretense) Close(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed++
	return ctx.Err()
}

// The log of the story's red, up to the refusal and after it.
const (
	queuedLog = `Nov 24 06:45:11 mail postfix/pickup[171]: 1C64B3DA: uid=0 from=<me@example.com>
Nov 24 06:45:11 mail postfix/cleanup[178]: 1C64B3DA: message-id=<story.red.0@mail.example.com>
Nov 24 06:45:11 mail postfix/qmgr[172]: 1C64B3DA: from=<me@example.com>, size=265, nrcpt=1 (queue active)`
	bouncedLog = `Nov 24 06:45:12 mail postfix/smtp[182]: 1C64B3DA: to=<you@gmail.com>, relay=gmail-smtp-in.l.google.com[2001:db8:400d:c00::1a]:25, delay=0.2, delays=0.07/0.07/0.02/0.05, dsn=5.7.1, status=bounced (host gmail-smtp-in.l.google.com[2001:db8:400d:c00::1a] said: 550 5.7.1 no PTR (in reply to end of DATA command))`
	noticeLog  = `Nov 24 06:45:12 mail postfix/cleanup[178]: 3512B2FB: message-id=<20261124064236.3512B2FB@mail.example.com>
Nov 24 06:45:12 mail postfix/bounce[187]: 1C64B3DA: sender non-delivery notification: 3512B2FB
Nov 24 06:45:12 mail postfix/qmgr[172]: 3512B2FB: from=<>, size=3365, nrcpt=1 (queue active)
Nov 24 06:45:12 mail postfix/qmgr[172]: 1C64B3DA: removed
Nov 24 06:45:12 mail postfix/smtp[184]: 3512B2FB: to=<me@example.com>, relay=mx.example.com[198.51.100.250]:25, delay=0.05, delays=0/0/0/0.05, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 84D4B76807B)
Nov 24 06:45:12 mail postfix/qmgr[172]: 3512B2FB: removed`
)

// logs tells lines as the mail system.
func logs(listen func(wire.Side, wire.Event), texts ...string) {
	for _, text := range texts {
		for line := range strings.Lines(text + "\n") {
			listen(wire.MailSystem, wire.Event{Kind: wire.KindLog, Log: strings.TrimSuffix(line, "\n")})
		}
	}
}

// refusal is what the receiver saw of the story's red.
func refusal() *mail.Attempt {
	return &mail.Attempt{
		Receiver: "gmail@2014", Server: netip.MustParseAddr("2001:db8:400d:c00::1a"),
		Client: netip.MustParseAddr("2001:db8::10"), From: "me@example.com", Recipients: []string{"you@gmail.com"},
		Stage: mail.Data, Rule: "gmail/ptr-missing", Reply: []string{"550 5.7.1 no PTR"},
		MessageID: "story.red.0@mail.example.com",
	}
}

func TestRunSettles(t *testing.T) {
	d := &pretender{submit: func(listen func(wire.Side, wire.Event)) error {
		listen(wire.Node, wire.Event{Kind: wire.KindQuestion, Question: &mail.Question{Asker: "mta", Name: "gmail.com.", Type: "MX"}})
		listen(wire.Node, wire.Event{Kind: wire.KindAttempt, Attempt: refusal()})
		logs(listen, queuedLog, bouncedLog, noticeLog)
		return nil
	}}
	rec, err := Run(t.Context(), d, prepared(t, story, "red"), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if rec.Version != "3.7.11" || len(rec.Log) != 10 || len(rec.Questions) != 1 || len(rec.Unsettled) != 0 {
		t.Errorf("version %q, %d lines, %d questions, unsettled %v", rec.Version, len(rec.Log), len(rec.Questions), rec.Unsettled)
	}
	if len(rec.Deliveries) != 1 || rec.Deliveries[0].Outcome != mail.Bounced || len(rec.Notices) != 1 {
		t.Errorf("deliveries %v, notices %v, want one bounced and one", rec.Deliveries, rec.Notices)
	}
	if want := []string{"mail system submit", "node sync"}; !slices.Equal(d.did, want) || d.closed != 1 {
		t.Errorf("did %q and closed %d times, want %q and once", d.did, d.closed, want)
	}
}

// The bounce notice is waited for, and what another goroutine tells is heard.
func TestRunWaitsForTheNotice(t *testing.T) {
	var telling sync.WaitGroup
	defer telling.Wait()
	d := &pretender{submit: func(listen func(wire.Side, wire.Event)) error {
		logs(listen, queuedLog, bouncedLog)
		telling.Go(func() { logs(listen, noticeLog) })
		return nil
	}}
	rec, err := Run(t.Context(), d, prepared(t, story, "red"), time.Minute)
	if err != nil || len(rec.Notices) != 1 {
		t.Errorf("notices %v, %v, want one", rec.Notices, err)
	}
}

// What has no outcome at the deadline is no error of the lab: it is in the record,
// and for the verdict a mismatch.
func TestRunDeadline(t *testing.T) {
	const deadline = 100 * time.Millisecond // long enough to send
	d := &pretender{submit: func(listen func(wire.Side, wire.Event)) error {
		logs(listen, queuedLog)
		return nil
	}}
	p := prepared(t, story, "red")
	rec, err := Run(t.Context(), d, p, deadline)
	if err != nil || len(rec.Unsettled) != 1 || d.closed != 1 {
		t.Errorf("unsettled %q, %v, closed %d times, want one message and once", rec.Unsettled, err, d.closed)
	}
	works := []Work{{p}}
	f := Runner{Driver: d, Deadline: deadline}.Run(t.Context(), works)[0][0]
	if f.Result != verdict.Mismatched || len(f.Mismatches) == 0 || f.Mismatches[0].Got != verdict.None {
		t.Errorf("%s %v %v, want a mismatch that nothing was seen", f.Result, f.Mismatches, f.Err)
	}
}

func TestRunErrors(t *testing.T) {
	const fatal = `Nov 24 06:45:12 mail postfix/smtp[182]: fatal: Invalid TLS level "maybe"`
	type listener = func(wire.Side, wire.Event)
	for _, tt := range []struct {
		about  string
		driver *pretender
		kind   string // of the wire.Error; empty: another error
		want   string
	}{
		{"start", &pretender{start: func(listener) error {
			return &wire.Error{Kind: "postfix-config", Message: "main.cf is broken", File: "main.cf", Line: 3}
		}}, "postfix-config", "main.cf is broken"},
		{"a fatal line ends the case at once", &pretender{submit: func(listen listener) error {
			logs(listen, queuedLog, fatal)
			return nil
		}}, "postfix-fatal", fatal},
		{"a fatal line at the start explains the rest", &pretender{start: func(listen listener) error {
			logs(listen, fatal)
			return errors.New("container is gone")
		}}, "postfix-fatal", fatal},
		{"the first of two", &pretender{submit: func(listen listener) error {
			listen(wire.Node, wire.Event{Kind: wire.KindError, Error: &wire.Error{Kind: "network", Message: "no veth"}})
			logs(listen, fatal)
			return nil
		}}, "network", "no veth"},
		{"the node", &pretender{start: func(listen listener) error {
			listen(wire.Node, wire.Event{Kind: wire.KindError, Error: &wire.Error{Kind: "dns", Message: "address in use"}})
			return nil
		}}, "dns", "address in use"},
		{"a receiver's own fault", &pretender{submit: func(listen listener) error {
			listen(wire.Node, wire.Event{Kind: wire.KindAttempt, Attempt: &mail.Attempt{
				Receiver: "gmail", Reply: []string{"451 4.3.0 local error"}, Fault: "check spf: the check panicked: no",
			}})
			return nil
		}}, "receiver", "receiver gmail: check spf: the check panicked: no"},
		{
			"submission",
			&pretender{submit: func(listener) error { return errors.New("postdrop: no space") }},
			"",
			"message 0 to you@gmail.com: postdrop: no space",
		},
	} {
		f := Runner{Driver: tt.driver}.Run(t.Context(), []Work{{prepared(t, story, "red")}})[0][0]
		if f.Result != verdict.Errored || f.Err == nil || !strings.Contains(f.Err.Error(), tt.want) {
			t.Errorf("%s: %s, %v, want an error with %q", tt.about, f.Result, f.Err, tt.want)
			continue
		}
		if e, ok := errors.AsType[*wire.Error](f.Err); ok != (tt.kind != "") || ok && e.Kind != tt.kind {
			t.Errorf("%s: %#v, want kind %q", tt.about, f.Err, tt.kind)
		}
	}
}

// An event of kind error that answers a command is that command's, and ends nothing.
func TestErrorOfACommand(t *testing.T) {
	d := &pretender{submit: func(listen func(wire.Side, wire.Event)) error {
		listen(wire.MailSystem, wire.Event{Kind: wire.KindError, ID: 7, Error: &wire.Error{Kind: "queue", Message: "no"}})
		logs(listen, queuedLog, bouncedLog, noticeLog)
		return nil
	}}
	if _, err := Run(t.Context(), d, prepared(t, story, "red"), time.Minute); err != nil {
		t.Error(err)
	}
}

// Two cases on one worker: the first is interrupted, the second never begins. Labs
// are closed all the same.
func TestRunnerInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	d := &pretender{submit: func(func(wire.Side, wire.Event)) error {
		cancel(errors.New("enough"))
		return nil
	}}
	r := Runner{Driver: d, Parallel: 1}
	got := r.Run(ctx, worksOf(t, loadText(t, story)))[0]
	for i, want := range []string{"enough", "not begun: enough"} {
		if got[i].Result != verdict.Errored || got[i].Err == nil || !strings.Contains(got[i].Err.Error(), want) {
			t.Errorf("case %d: %s, %v, want an error with %q", i, got[i].Result, got[i].Err, want)
		}
	}
	if d.closed != 1 {
		t.Errorf("closed %d labs, want the one that was started", d.closed)
	}
}

// Cases run several at a time if they may, and come back in their order.
func TestRunnerInParallel(t *testing.T) {
	const n = 4
	var together sync.WaitGroup
	together.Add(n)
	d := &pretender{start: func(func(wire.Side, wire.Event)) error {
		together.Done()
		together.Wait() // until all have begun
		return errors.New("seen")
	}}
	var work Work
	for i := range n {
		p := *prepared(t, story, "red")
		p.Case.Name = fmt.Sprint(i)
		work = append(work, &p)
	}
	for i, f := range (Runner{Driver: d, Parallel: n}).Run(t.Context(), []Work{work})[0] {
		if f.Case.Name != fmt.Sprint(i) || f.Err == nil {
			t.Errorf("case %d is %s, %v", i, f.Case.Name, f.Err)
		}
	}
}

// The case has three messages: two of one sender, the third of another.
func TestAssign(t *testing.T) {
	message := func(id, from string, to ...string) scenarios.Message {
		return scenarios.Message{From: from, To: to, Content: []byte("Message-ID: <" + id + ">\r\n\r\n")}
	}
	messages := []scenarios.Message{
		message("a@x", "me@example.com", "one@example.net", "two@example.net"),
		message("b@x", "me@example.com", "three@example.net"),
		message("c@x", "you@example.com", "one@example.net"),
	}
	for _, tt := range []struct {
		about string
		a     mail.Attempt
		want  int
	}{
		{"by Message-ID", mail.Attempt{MessageID: "b@x", From: "other@example.com"}, 1},
		{"another Message-ID", mail.Attempt{MessageID: "d@x", From: "you@example.com"}, -1},
		{"the only one of its sender", mail.Attempt{From: "you@example.com", Recipients: []string{"alias@example.net"}}, 2},
		{"sender in another case", mail.Attempt{From: "YOU@example.com"}, 2},
		{"the only one to its recipient", mail.Attempt{From: "me@example.com", Recipients: []string{"two@example.net"}}, 0},
		{"two of its sender, no recipient", mail.Attempt{From: "me@example.com"}, -1},
		{"recipients of two messages", mail.Attempt{
			From: "me@example.com", Recipients: []string{"two@example.net", "three@example.net"},
		}, -1},
		{"nobody's", mail.Attempt{From: "other@example.com", Recipients: []string{"one@example.net"}}, -1},
		{"a notice", mail.Attempt{Recipients: []string{"me@example.com"}}, -1},
		{"a session without transaction", mail.Attempt{}, -1},
	} {
		attempts := []mail.Attempt{tt.a}
		if assign(attempts, messages, nil); attempts[0].Message != tt.want {
			t.Errorf("%s: message %d, want %d", tt.about, attempts[0].Message, tt.want)
		}
	}
}

// A message that was sent without a Message-ID may arrive with one.
func TestAssignWithoutMessageID(t *testing.T) {
	messages := []scenarios.Message{
		{From: "me@example.com", To: []string{"one@example.net"}, Content: []byte("Message-ID: <a@x>\r\n\r\n")},
		{From: "Device@example.com", To: []string{"one@example.net"}, Content: []byte("Subject: x\r\n\r\n")},
		{From: "device@example.com", To: []string{"one@example.net"}, Content: []byte("Message-ID: <c@x>\r\n\r\n")},
	}
	attempts := []mail.Attempt{
		{From: "device@example.com", Recipients: []string{"one@example.net"}, Stage: mail.Data}, // its content was seen
		{From: "device@example.com", Recipients: []string{"one@example.net"}, Stage: mail.Rcpt}, // of either
		{From: "device@example.com", Recipients: []string{"one@example.net"}, MessageID: "20261124133909.D5E0947@mail.example.com"},
		{Recipients: []string{"device@example.com"}, MessageID: "20261124133909.EF7DC4B@mail.example.com"}, // a notice
	}
	assign(attempts, messages, nil)
	for i, want := range []int{1, -1, 1, -1} {
		if attempts[i].Message != want {
			t.Errorf("attempt %d is about message %d, want %d", i, attempts[i].Message, want)
		}
	}
}

// What a program warned of while it ran is told once, and is no fault of a
// configuration that works.
func TestHeardWarnings(t *testing.T) {
	const warning = "Nov 24 06:45:10 mail postfix/smtp[160]: cannot load Certification Authority data, CAfile=\"/x\": disabling TLS support"
	d := &pretender{submit: func(listen func(wire.Side, wire.Event)) error {
		listen(wire.Node, wire.Event{Kind: wire.KindAttempt, Attempt: refusal()})
		logs(listen, queuedLog, warning, warning, bouncedLog, noticeLog)
		return nil
	}}
	f := Runner{Driver: d, Strict: true}.Run(t.Context(), []Work{{prepared(t, story, "red")}})[0][0]
	want := []string{`smtp: cannot load Certification Authority data, CAfile="/x": disabling TLS support`}
	if f.Result != verdict.Pass || len(f.Record.Warnings) > 0 || !slices.Equal(f.Record.Heard, want) {
		t.Errorf("%s %v, warnings %q, heard %q, want a pass and %q", f.Result, f.Err, f.Record.Warnings, f.Record.Heard, want)
	}
}

// What Postfix has to say against its configuration is a warning in a user's
// scenario and an error in one of ours.
func TestRunnerStrict(t *testing.T) {
	const warning = "Nov 24 06:45:10 mail postfix/postconf[160]: warning: /etc/postfix/main.cf: unused parameter: smtp_adress_preference=ipv6"
	d := &pretender{submit: func(listen func(wire.Side, wire.Event)) error {
		listen(wire.Node, wire.Event{Kind: wire.KindAttempt, Attempt: refusal()})
		logs(listen, warning, queuedLog, bouncedLog, noticeLog)
		return nil
	}}
	works := []Work{{prepared(t, story, "red")}}
	lax := Runner{Driver: d}.Run(t.Context(), works)[0][0]
	if lax.Result != verdict.Pass || len(lax.Record.Warnings) != 1 {
		t.Errorf("%s %v %v, warnings %q, want a pass with one", lax.Result, lax.Mismatches, lax.Err, lax.Record.Warnings)
	}
	strict := Runner{Driver: d, Strict: true}.Run(t.Context(), works)[0][0]
	if e, ok := errors.AsType[*wire.Error](strict.Err); strict.Result != verdict.Errored || !ok ||
		e.Kind != "postfix-config" || !strings.Contains(e.Message, "smtp_adress_preference") {
		t.Errorf("strict: %s, %v, want an error of kind postfix-config", strict.Result, strict.Err)
	}
}
