package lab

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"strictmx/internal/mail"
	"strictmx/internal/verdict"
	"strictmx/internal/wire"
	"strictmx/scenarios"
)

// shy is a scenario whose receiver defers the first try of each recipient. A case
// is to be added.
const shy = `A receiver that defers the first try.

-- scenario.yaml --
title: The first try is deferred
host: {name: mail.example.com, ipv4: 203.0.113.10}
receivers:
  - {profile: shy, domains: [example.org, example.net]}
send: {from: me@example.com, to: [you@example.org, us@example.org]}
cases:
  - name: one
%s
-- profiles/shy.yaml --
name: shy
title: Defers the first try
hostname: mx.example.org
hosts:
  - {name: mx.example.org., pref: 10, addrs: [198.51.100.240]}
extensions: [PIPELINING, SIZE 10240000, ENHANCEDSTATUSCODES, 8BITMIME]
rules:
  - id: first
    at: rcpt
    times: 1
    reply: 450 4.7.1 try again later
    source: RFC 5321 section 4.2.2
    seen: 2008-10
  - id: told
    at: rcpt
    scripted: true
    reply: 550 5.7.1 {rcpt} is told so
    source: RFC 5321 section 4.2.2
    seen: 2008-10
    catalogue: rfc-told
`

// In each step what is deferred is tried again, once, before anything else is sent.
func TestStepsInProcess(t *testing.T) {
	for _, tt := range []struct {
		about, yaml string
		want        []string // deliveries as STEP MESSAGE RECIPIENT OUTCOME
		attempts    []string // attempts as STEP MESSAGE RECIPIENTS RULE
	}{
		{
			"no step", "want: {outcome: deferred, attempts: 1, rule: shy/first}",
			[]string{"0 0 you@example.org deferred", "0 0 us@example.org deferred"},
			[]string{"0 0 [you@example.org] shy/first", "0 0 [us@example.org] shy/first"},
		},
		{
			"tried again", "wait: 10m\n    want: [{outcome: deferred, step: 0, attempts: 1}, {outcome: sent, attempts: 2}]",
			[]string{"0 0 you@example.org deferred", "0 0 us@example.org deferred", "1 0 you@example.org sent", "1 0 us@example.org sent"},
			[]string{
				"0 0 [you@example.org] shy/first", "0 0 [us@example.org] shy/first",
				"1 0 [you@example.org us@example.org] ",
			},
		},
		{
			"what is sent is not tried again", "wait: [1m, 1m]\n    want: {outcome: sent, attempts: 2}",
			[]string{"0 0 you@example.org deferred", "0 0 us@example.org deferred", "1 0 you@example.org sent", "1 0 us@example.org sent"},
			[]string{
				"0 0 [you@example.org] shy/first", "0 0 [us@example.org] shy/first",
				"1 0 [you@example.org us@example.org] ",
			},
		},
		{
			"sent later, to another domain", `wait: [1m, 1m]
    send:
      - {from: me@example.com, to: you@example.org, step: 1}
      - {from: me@example.com, to: [you@example.org, you@example.net]}
    want: [{outcome: deferred, step: 0, attempts: 1}, {outcome: sent}]`,
			[]string{
				"0 1 you@example.org deferred", "0 1 you@example.net deferred", "1 1 you@example.org sent",
				"1 1 you@example.net sent", "1 0 you@example.org sent",
			},
			[]string{
				"0 1 [you@example.org] shy/first", "0 1 [you@example.net] shy/first", "1 1 [you@example.org] ", "1 1 [you@example.net] ",
				"1 0 [you@example.org] ",
			},
		},
		{
			"forced by a row of the catalogue", `wait: 1m
    receivers: {shy: {force: rfc-told}}
    send: {from: me@example.com, to: you@example.org}
    want: {outcome: bounced, rule: told}`,
			[]string{"0 0 you@example.org bounced"},
			[]string{"0 0 [you@example.org] shy/told"},
		},
		{
			"forced", `wait: 1m
    receivers: {shy: {force: {rule: told, times: 1}}}
    send: {from: me@example.com, to: you@example.org}
    want: {outcome: bounced, rule: told, reply: you@example.org is told so}`,
			[]string{"0 0 you@example.org bounced"},
			[]string{"0 0 [you@example.org] shy/told"},
		},
	} {
		p := prepared(t, fmt.Sprintf(shy, "    "+tt.yaml), "one")
		rec, err := InProcess(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		var got, attempts []string
		for _, d := range rec.Deliveries {
			got = append(got, fmt.Sprintf("%d %d %s %s", d.Step, d.Message, d.Recipient, d.Outcome))
		}
		for _, a := range rec.Attempts {
			attempts = append(attempts, fmt.Sprintf("%d %d %v %s", a.Step, a.Message, a.Recipients, a.Rule))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: deliveries (-want +got):\n%s", tt.about, diff)
		}
		if diff := cmp.Diff(tt.attempts, attempts); diff != "" {
			t.Errorf("%s: attempts (-want +got):\n%s", tt.about, diff)
		}
		for _, m := range verdict.Judge(p.Case, verdict.Observed{Deliveries: rec.Deliveries, Attempts: rec.Attempts}) {
			t.Errorf("%s: %s", tt.about, m)
		}
	}
}

// By the receivers' clock so much time passes as the case waits.
func TestClockInProcess(t *testing.T) {
	p := prepared(t, fmt.Sprintf(shy, "    wait: [10m, 24h]\n    want: {outcome: sent}"), "one")
	p.Case.Messages[0].To = p.Case.Messages[0].To[:1]
	rec, err := InProcess(t.Context(), p)
	if err != nil || len(rec.Attempts) != 2 {
		t.Fatalf("%d attempts, %v, want two", len(rec.Attempts), err)
	}
	if d := rec.Attempts[1].Time.Sub(rec.Attempts[0].Time); d < 10*time.Minute || d > 11*time.Minute {
		t.Errorf("the second try came %s after the first, want 10m and a little", d)
	}
}

// Recipients of one domain go into one transaction, as many as Postfix would take.
func TestTransactionsInProcess(t *testing.T) {
	const want = "    want: {outcome: deferred}"
	for _, tt := range []struct {
		about, mainCF string
		want          []int // recipients of each transaction that got through
	}{
		{"by default", "", []int{2}},
		{"one at a time", "smtp_destination_recipient_limit = 1\n", []int{1, 1}},
		{"no number", "smtp_destination_recipient_limit = $default_destination_recipient_limit\n", nil},
	} {
		text := fmt.Sprintf(shy, "    wait: 1m\n"+want) + "-- postfix/main.cf --\n" + tt.mainCF
		p := prepared(t, text, "one")
		if why := Unprovable(p); (why == "") != (tt.want != nil) {
			t.Errorf("%s: Unprovable = %q", tt.about, why)
		}
		if tt.want == nil {
			continue
		}
		rec, err := InProcess(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for _, a := range rec.Attempts {
			if a.Stage == mail.Data {
				got = append(got, len(a.Recipients))
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: transactions of %v recipients, want %v", tt.about, got, tt.want)
		}
	}
}

// What receivers are told goes into the plan, where the profile can make use of it.
func TestTell(t *testing.T) {
	for _, tt := range []struct {
		about, receiver string
		want            string // error; empty: none
	}{
		{"a rule", "force: told", ""},
		{"a rule some times, with the profile's name", "force: [{rule: shy/told, times: 2}, first]", ""},
		{"no such rule", "force: tolled", "story.txtar:13: profile shy has no rule tolled: did you mean told?"},
		{"no list", "listed: {local: 203.0.113.10}", "story.txtar:13: profile shy has no list local: there are none"},
		{"nobody asks", "unknown: you@example.org", "story.txtar:13: unknown: profile shy has no rule for a recipient that is unknown"},
		{"nobody asks here either", "full: you@example.org", "story.txtar:13: full: profile shy has no rule for a recipient that is full"},
	} {
		sc := loadText(t, fmt.Sprintf(shy, "    want: {outcome: deferred}\n    receivers:\n      shy: {"+tt.receiver+"}"))
		p, err := Prepare(sc, sc.Cases[0], debian)
		switch {
		case tt.want != "" && (err == nil || err.Error() != tt.want):
			t.Errorf("%s: %v, want %s", tt.about, err, tt.want)
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.about, err)
		case tt.want == "" && len(p.Plan.Receivers[0].Force) != len(sc.Cases[0].Seeds["shy"].Force):
			t.Errorf("%s: the plan has %v", tt.about, p.Plan.Receivers[0].Force)
		}
	}
}

// The lines of a message that is deferred and sent when the queue is flushed.
const (
	deferredLog = `Nov 24 06:45:12 mail postfix/smtp[182]: 1C64B3DA: to=<you@gmail.com>, relay=gmail-smtp-in.l.google.com[2001:db8:400d:c00::1a]:25, delay=0.2, delays=0.07/0.07/0.02/0.05, dsn=4.7.0, status=deferred (host gmail-smtp-in.l.google.com[2001:db8:400d:c00::1a] said: 450 4.7.0 later (in reply to RCPT TO command))`
	againLog    = `Nov 24 06:45:13 mail postfix/qmgr[172]: 1C64B3DA: from=<me@example.com>, size=265, nrcpt=1 (queue active)
Nov 24 06:45:13 mail postfix/smtp[182]: 1C64B3DA: to=<you@gmail.com>, relay=gmail-smtp-in.l.google.com[2001:db8:400d:c00::1a]:25, delay=1.2, delays=1.1/0.07/0.02/0.05, dsn=2.0.0, status=sent (250 2.0.0 OK)
Nov 24 06:45:13 mail postfix/qmgr[172]: 1C64B3DA: removed`
	expiredLog = `Nov 24 06:45:12 mail postfix/qmgr[172]: 1C64B3DA: from=<me@example.com>, status=expired, returned to sender`
	deferred   = `{"queue_name": "deferred", "queue_id": "1C64B3DA"}` + "\n"
	active     = `{"queue_name": "active", "queue_id": "1C64B3DA"}` + "\n"
	maildrop   = `{"queue_name": "maildrop", "queue_id": "1C64B3DA"}` + "\n"
)

// The queue is flushed only when what was deferred is put aside, and by then all
// that belongs to the step before was told.
func TestRunSteps(t *testing.T) {
	queue := []string{active, active, deferred}
	d := &pretender{submit: func(listen func(wire.Side, wire.Event)) error {
		listen(wire.Node, wire.Event{Kind: wire.KindAttempt, Attempt: refusal()})
		logs(listen, queuedLog, deferredLog)
		return nil
	}}
	d.answer = func(cmd wire.Command, listen func(wire.Side, wire.Event)) string {
		switch cmd.Op {
		case wire.OpQueue:
			text := queue[0]
			queue = queue[1:]
			return text
		case wire.OpClock:
			if cmd.Ahead != 24*time.Hour {
				t.Errorf("the clock is moved to %s, want 24h", cmd.Ahead)
			}
		case wire.OpFlush:
			listen(wire.Node, wire.Event{Kind: wire.KindAttempt, Attempt: refusal()})
			logs(listen, againLog)
		}
		return ""
	}
	text := changed(t, "want: {outcome: bounced, client: ipv6, rule: gmail/ptr-missing}", "wait: 24h\n    want: {outcome: deferred}")
	rec, err := Run(t.Context(), d, prepared(t, text, "red"), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"mail system submit", "mail system queue", "mail system queue", "mail system queue", "mail system sync",
		"mail system sync", "node sync", "node clock", "mail system flush", "node sync",
	}
	if diff := cmp.Diff(want, d.did); diff != "" {
		t.Errorf("did (-want +got):\n%s", diff)
	}
	var got []string
	for _, d := range rec.Deliveries {
		got = append(got, fmt.Sprintf("%d %s", d.Step, d.Outcome))
	}
	for _, a := range rec.Attempts {
		got = append(got, fmt.Sprintf("%d %s", a.Step, a.Rule))
	}
	if want := []string{"0 deferred", "1 sent", "0 gmail/ptr-missing", "1 gmail/ptr-missing"}; !slices.Equal(got, want) {
		t.Errorf("steps are %q, want %q", got, want)
	}
}

// Postfix may give a message up after the line that tells of its deferral.
func TestRunHearsThatMailExpires(t *testing.T) {
	var told func(wire.Side, wire.Event)
	d := &pretender{submit: func(listen func(wire.Side, wire.Event)) error {
		told = listen
		logs(listen, queuedLog, deferredLog)
		return nil
	}}
	d.answer = func(cmd wire.Command, _ func(wire.Side, wire.Event)) string {
		if cmd.Op == wire.OpSync && told != nil {
			logs(told, expiredLog, noticeLog)
			told = nil
		}
		return ""
	}
	rec, err := Run(t.Context(), d, prepared(t, story, "red"), time.Minute)
	if err != nil || len(rec.Deliveries) != 1 || !rec.Deliveries[0].Expired || len(rec.Notices) != 1 {
		t.Errorf("deliveries %v, notices %v, %v, want one that expired, and its notice", rec.Deliveries, rec.Notices, err)
	}
}

// What a filter hands to sendmail(1) is waited for: the log tells of it only when
// pickup(8) has taken it in.
func TestRunWaitsForPickup(t *testing.T) {
	const filteredLog = `Nov 24 06:45:12 mail postfix/pipe[182]: 1C64B3DA: to=<you@gmail.com>, relay=footer, delay=0.2, delays=0.1/0/0/0.1, dsn=2.0.0, status=sent (delivered via footer service)
Nov 24 06:45:12 mail postfix/qmgr[172]: 1C64B3DA: removed`
	again := strings.NewReplacer("1C64B3DA", "2D75C4EB")
	queue := []string{maildrop, maildrop, ""}
	d := &pretender{submit: func(listen func(wire.Side, wire.Event)) error {
		logs(listen, queuedLog, filteredLog)
		return nil
	}}
	d.answer = func(cmd wire.Command, listen func(wire.Side, wire.Event)) string {
		if cmd.Op != wire.OpQueue || len(queue) == 0 {
			return ""
		}
		text := queue[0]
		if queue = queue[1:]; len(queue) == 0 {
			logs(listen, again.Replace(queuedLog))
			go logs(listen, again.Replace(bouncedLog), again.Replace(noticeLog))
		}
		return text
	}
	rec, err := Run(t.Context(), d, prepared(t, story, "red"), time.Minute)
	if err != nil || len(rec.Unsettled) > 0 {
		t.Fatal(err, rec.Unsettled)
	}
	var got []string
	for _, d := range rec.Deliveries {
		got = append(got, fmt.Sprintf("%s %s", d.QueueID, d.Outcome))
	}
	if want := []string{"1C64B3DA sent", "2D75C4EB bounced"}; !slices.Equal(got, want) {
		t.Errorf("deliveries are %q, want %q", got, want)
	}
}

// A queue that never comes to rest is no error of the lab.
func TestRunUnrest(t *testing.T) {
	d := &pretender{submit: func(listen func(wire.Side, wire.Event)) error {
		logs(listen, queuedLog, deferredLog)
		return nil
	}}
	d.answer = func(cmd wire.Command, _ func(wire.Side, wire.Event)) string {
		if cmd.Op == wire.OpQueue {
			return active
		}
		return ""
	}
	p := prepared(t, story, "red")
	f := Runner{Driver: d, Deadline: 200 * time.Millisecond}.Run(t.Context(), []Work{{p}})[0][0]
	if f.Err != nil || !slices.ContainsFunc(f.Mismatches, func(m verdict.Mismatch) bool { return m.Field == "unsettled" }) {
		t.Errorf("%s %v %v, want a mismatch that it is unsettled", f.Result, f.Mismatches, f.Err)
	}
}

func TestMoving(t *testing.T) {
	for _, tt := range []struct {
		queue string
		want  bool
		err   bool
	}{
		{"", false, false},
		{deferred, false, false},
		{`{"queue_name": "hold"}`, false, false},
		{deferred + active, true, false},
		{`{"queue_name": "incoming"}`, true, false},
		{`{"queue_name": "maildrop"}`, true, false},
		{strings.Repeat(deferred[:len(deferred)-2]+strings.Repeat(" ", 1<<17)+"}\n", 2) + active, true, false},
		{"postqueue: fatal: no queue", false, true},
	} {
		got, err := moving(tt.queue)
		if got != tt.want || (err != nil) != tt.err {
			t.Errorf("moving(%.60q) = %v, %v, want %v", tt.queue, got, err, tt.want)
		}
	}
}

// An attempt without content is about a message that was tried in its step.
func TestAssignByStep(t *testing.T) {
	m := scenarios.Message{From: "me@example.com", To: []string{"you@example.org"}}
	first, second, third := m, m, m
	first.Content, second.Content, third.Content = []byte("Message-ID: <a@x>\r\n"), []byte("Message-ID: <b@x>\r\n"), []byte("Message-ID: <c@x>\r\n")
	second.Step, third.Step = 1, 2
	attempts := make([]mail.Attempt, 4)
	for i := range attempts {
		attempts[i] = mail.Attempt{From: m.From, Recipients: m.To, Step: i}
	}
	assign(attempts, []scenarios.Message{first, second, third}, []mail.Delivery{
		{Message: 0, Step: 0}, {Message: 1, Step: 1}, {Message: 1, Step: 2}, {Message: 2, Step: 2}, {Message: 2, Step: 3},
	})
	var got []int
	for _, a := range attempts {
		got = append(got, a.Message)
	}
	if want := []int{0, 1, -1, 2}; !slices.Equal(got, want) {
		t.Errorf("attempts are about messages %v, want %v", got, want)
	}
}

// What a receiver counts and remembers goes by its clock: two messages an hour are
// taken, and the recipients of one domain are one message.
func TestRateInProcess(t *testing.T) {
	sc := loadText(t, `Two messages an hour.
-- scenario.yaml --
title: Two messages an hour
host: {name: mail.example.com, ipv4: 203.0.113.10}
receivers:
  - {profile: slow, domains: [example.org]}
send:
  - {from: me@example.com, to: [a@example.org, b@example.org]}
  - {from: me@example.com, to: c@example.org}
  - {from: me@example.com, to: d@example.org}
  - {from: me@example.com, to: e@example.org, step: 1}
cases:
  - name: too-soon
    wait: 10m
    want:
      - {message: 0, outcome: sent, attempts: 1}
      - {message: 1, outcome: sent, attempts: 1}
      - {message: 2, outcome: deferred, stage: mail, rule: slow/rate, attempts: 2}
      - {message: 3, outcome: deferred, stage: mail, rule: slow/rate, attempts: 1}
  - name: patient
    cures: too-soon
    wait: 2h
    want:
      - {message: 2, outcome: deferred, step: 0}
      - {message: 3, outcome: sent}
      - {outcome: sent}
-- profiles/slow.yaml --
name: slow
title: A receiver that takes two messages an hour
hostname: mx.example.org
hosts:
  - {name: mx.example.org., pref: 10, addrs: [198.51.100.240]}
extensions: [PIPELINING, SIZE 10240000, ENHANCEDSTATUSCODES, 8BITMIME]
checks:
  pace: {method: rate, count: messages, limit: 2, per: 1h}
rules:
  - id: rate
    at: mail
    when: {pace: fail}
    reply: 451 4.7.1 {client} is over {pace.limit} messages
    source: RFC 5321 section 4.2.2
    seen: 2008-10
`)
	for _, f := range (Runner{}).Run(t.Context(), worksOf(t, sc))[0] {
		if f.Result != verdict.Pass {
			t.Errorf("%s: %s %s %v %v", f.Case.Name, f.Result, f.Reason, f.Mismatches, f.Err)
		}
	}
}
