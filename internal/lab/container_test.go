package lab_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"strictmx/containers"
	"strictmx/containers/postfix"
	"strictmx/internal/dsn"
	"strictmx/internal/lab"
	"strictmx/internal/mail"
	"strictmx/internal/verdict"
	"strictmx/internal/wire"
	"strictmx/scenarios"
)

// inContainers makes labs as the command run does.
type inContainers struct {
	engine *containers.Engine
	images containers.Images
	fresh  bool
}

func (d *inContainers) Start(
	ctx context.Context, plan wire.Plan, setup wire.Setup, listen func(wire.Side, wire.Event),
) (lab.Session, error) {
	r, err := d.engine.Start(ctx, containers.Lab{Plan: plan, Setup: setup, Images: d.images, Listen: listen, Fresh: d.fresh})
	if err != nil {
		return nil, err
	}
	return r, nil
}

func openDriver(tb testing.TB) *inContainers {
	tb.Helper()
	e, err := containers.Open(tb.Context())
	if err != nil {
		tb.Fatalf("this needs a container engine; go test -short runs the tests that need none: %v", err)
	}
	tb.Cleanup(func() {
		if err := e.Close(); err != nil {
			tb.Error(err)
		}
	})
	images, err := e.Prepare(tb.Context(), func(s string) { tb.Log(s) })
	if err != nil {
		tb.Fatal(err)
	}
	return &inContainers{engine: e, images: images}
}

// TestContainers runs cases in labs of containers, with a real Postfix. With -short
// it does nothing.
func TestContainers(t *testing.T) {
	if testing.Short() {
		t.Log("-short: no container")
		return
	}
	d := openDriver(t)
	t.Run("bounce", func(t *testing.T) { testBounce(t, d) })
	t.Run("notice", func(t *testing.T) { testNotice(t, d) })
	t.Run("silent", func(t *testing.T) { testSilent(t, d) })
	t.Run("steps", func(t *testing.T) { testSteps(t, d) })
	t.Run("pickup", func(t *testing.T) { testPickup(t, d) })
	t.Run("long replies", func(t *testing.T) { testLongReplies(t, d) })
	t.Run("hang-ups", func(t *testing.T) { testHangUps(t, d) })
	t.Run("side by side", func(t *testing.T) { testSideBySide(t, d) })
	t.Run("kept and fresh", func(t *testing.T) { testKeptAndFresh(t, d) })
}

var base = lab.Base{MainCF: postfix.BaseMainCF, MasterCF: postfix.BaseMasterCF}

// run runs one case and wants all of it to be as the scenario says.
func run(t *testing.T, d lab.Driver, sc *scenarios.Scenario, name string) (*lab.Prepared, lab.Record) {
	t.Helper()
	p := prepare(t, sc, name)
	rec, err := lab.Run(t.Context(), d, p, lab.DefaultDeadline)
	asWanted(t, p, rec, err)
	return p, rec
}

func prepare(t *testing.T, sc *scenarios.Scenario, name string) *lab.Prepared {
	t.Helper()
	i := slices.IndexFunc(sc.Cases, func(c scenarios.Case) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("scenario %s has no case %s", sc.Name, name)
	}
	p, err := lab.Prepare(sc, sc.Cases[i], base)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func asWanted(t *testing.T, p *lab.Prepared, rec lab.Record, err error) {
	t.Helper()
	name := p.Scenario.Name + "/" + p.Case.Name
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, strings.Join(rec.Log, "\n"))
	}
	if len(rec.Unsettled) > 0 {
		t.Errorf("%s: no outcome for %v\n%s", name, rec.Unsettled, strings.Join(rec.Log, "\n"))
	}
	for _, m := range verdict.Judge(p.Case, verdict.Observed{
		Deliveries: rec.Deliveries, Attempts: rec.Attempts, Questions: rec.Questions,
	}) {
		t.Errorf("%s: %s", name, m)
	}
}

func embedded(t *testing.T, name string) *scenarios.Scenario {
	t.Helper()
	all, err := scenarios.LoadAll(scenarios.Embedded(), name+".txtar")
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

func loaded(t *testing.T, text string) *scenarios.Scenario {
	t.Helper()
	all, err := scenarios.LoadAll(fstest.MapFS{"own.txtar": {Data: []byte(text)}}, "own.txtar")
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

// Both views of one bounce: the receiver's and the sender's, and who asked for what.
func testBounce(t *testing.T, d lab.Driver) {
	p, rec := run(t, d, embedded(t, "gmail-ipv6-ptr"), "no-ptr")
	host, gmail := p.Plan.Host.IPv6, netip.MustParseAddr("2001:db8:400d:c00::1a")
	if rec.Version == "" || rec.Elapsed <= 0 {
		t.Errorf("version = %q, elapsed = %s, want both", rec.Version, rec.Elapsed)
	}
	if len(rec.Deliveries) != 1 {
		t.Fatalf("%d deliveries, want 1", len(rec.Deliveries))
	}
	got := rec.Deliveries[0]
	if got.Outcome != mail.Bounced || got.Status.String() != "5.7.1" || got.Relay == nil || got.Relay.Addr != gmail {
		t.Errorf("delivery = %+v, want one that %s bounced with 5.7.1", got, gmail)
	}
	attempts := at(rec.Attempts, "gmail@2013-unsolicited")
	if len(attempts) != 1 {
		t.Fatalf("%d attempts at gmail, want 1", len(attempts))
	}
	a := attempts[0]
	if a.Message != 0 || a.Client != host || a.Server != gmail || a.Stage != mail.Data || a.Rule != "gmail/ptr-missing" {
		t.Errorf("attempt = message %d, %s to %s, stage %s, rule %s, want message 0, %s to %s, stage data, rule gmail/ptr-missing",
			a.Message, a.Client, a.Server, a.Stage, a.Rule, host, gmail)
	}
	for _, want := range []mail.Question{
		{Asker: "mta", Name: "gmail.com.", Type: "MX", RCode: "NOERROR"},
		{Asker: "mta", Name: "gmail-smtp-in.l.google.com.", Type: "AAAA", RCode: "NOERROR"},
		{
			Asker: "gmail", Name: "f.3.2.4.e.6.e.f.f.f.1.9.c.3.0.f.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.",
			Type: "PTR", RCode: "NXDOMAIN",
		},
		{Asker: "gmail", Name: "example.com.", Type: "TXT", RCode: "NOERROR"},
	} {
		if !slices.Contains(rec.Questions, want) {
			t.Errorf("nobody asked %+v", want)
		}
	}
}

func at(attempts []mail.Attempt, receiver string) []mail.Attempt {
	var out []mail.Attempt
	for _, a := range attempts {
		if a.Receiver == receiver {
			out = append(out, a)
		}
	}
	return out
}

// One message to four providers, and one notice about the one that refuses it.
func testNotice(t *testing.T, d lab.Driver) {
	_, rec := run(t, d, embedded(t, "seed-forwarding"), "no-ptr")
	got := map[string]mail.Outcome{}
	for _, d := range rec.Deliveries {
		got[d.Recipient] = d.Outcome
	}
	want := map[string]mail.Outcome{
		"recipient1@googleapps.example.com": mail.Sent, "recipient2@dreamhost.example.com": mail.Sent,
		"recipient3@gmail.com": mail.Bounced, "recipient4@exchange.example.com": mail.Sent,
	}
	if diff := cmp.Diff(want, got); diff != "" || len(rec.Deliveries) != len(want) {
		t.Errorf("%d deliveries (-want +got):\n%s", len(rec.Deliveries), diff)
	}
	if len(rec.Notices) != 1 || rec.Notices[0].Recipient != "me@sender.example.net" || rec.Notices[0].Outcome != mail.Sent {
		t.Fatalf("notices = %+v, want one, sent to me@sender.example.net", rec.Notices)
	}
	captured := slices.DeleteFunc(slices.Clone(rec.Attempts), func(a mail.Attempt) bool { return len(a.Content) == 0 })
	if len(captured) != 1 || captured[0].From != "" {
		t.Fatalf("%d messages were captured, want the notice, from the null sender", len(captured))
	}
	n, err := dsn.Parse(captured[0].Content)
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Recipients) != 1 || n.Recipients[0].Final != "recipient3@gmail.com" || n.Recipients[0].Action != "failed" {
		t.Errorf("notice is about %+v, want recipient3@gmail.com, failed", n.Recipients)
	}
}

// Postfix waits for the silent address until its time-out and goes on to the next.
func testSilent(t *testing.T, d lab.Driver) {
	_, rec := run(t, d, loaded(t, `A receiver whose IPv6 address answers nothing.
-- scenario.yaml --
title: a silent address
host: {name: mail.example.com, ipv4: 203.0.113.10, ipv6: "2001:db8::10"}
receivers:
  - {profile: gmail@2013-unsolicited, domains: [gmail.com]}
send: {from: me@example.com, to: you@gmail.com}
cases:
  - {name: silent, silent: gmail ipv6, want: {outcome: sent, client: ipv4, attempts: 1}}
-- postfix/main.cf --
smtp_address_preference = ipv6
smtp_connect_timeout = 1s
`), "silent")
	if len(rec.Deliveries) != 1 {
		t.Fatalf("%d deliveries, want 1", len(rec.Deliveries))
	}
	tries := rec.Deliveries[0].Tries
	if len(tries) == 0 || !tries[0].Addr.Is6() || !strings.Contains(tries[0].Text, "Connection timed out") {
		t.Errorf("tries = %+v, want first a time-out of an IPv6 address", tries)
	}
}

// A receiver that greylists, and a Postfix that tries again after ten minutes by the
// receiver's clock: deferred, then sent, and nobody gets the message twice. One that
// never tries again gives the message up after the first try, with its notice.
func testSteps(t *testing.T, d lab.Driver) {
	sc := loaded(t, `A receiver that greylists.
-- scenario.yaml --
title: a receiver that greylists
host: {name: mail.example.com, ipv4: 203.0.113.10}
receivers:
  - {profile: grey, domains: [example.org]}
send: {from: me@example.com, to: [you@example.org, us@example.org]}
cases:
  - name: patient
    wait: [1m, 10m]
    want:
      - {outcome: deferred, status: 4.7.1, stage: rcpt, rule: grey/new, attempts: 1, step: 0}
      - {outcome: deferred, rule: grey/new, attempts: 2, step: 1}
      - {outcome: sent, attempts: 3}
  - name: gives-up
    wait: 10m
    want: {outcome: bounced, status: 4.7.1, rule: grey/new, attempts: 1}
    dsn: {recipients: [you@example.org, us@example.org], action: failed, status: 4.7.1}
  - name: known
    wait: [10m, 24h]
    send:
      - {from: me@example.com, to: you@example.org}
      - {from: me@example.com, to: you@example.org, step: 2}
    want:
      - {message: 0, outcome: sent, attempts: 2, step: 1}
      - {message: 1, outcome: sent, attempts: 1}
  - name: told
    wait: [1h, 1h]
    receivers: {grey: {force: {rule: told, times: 2}, listed: {own: [203.0.113.10]}}}
    want:
      - {outcome: deferred, rule: grey/told, step: 0}
      - {outcome: deferred, rule: grey/told, step: 1}
      - {outcome: bounced, rule: grey/listed, attempts: 3}
-- gives-up/postfix/main.cf --
maximal_queue_lifetime = 0
-- profiles/grey.yaml --
name: grey
title: A receiver that greylists
hostname: mx.example.org
hosts:
  - {name: mx.example.org., pref: 10, addrs: [198.51.100.240]}
extensions: [PIPELINING, SIZE 10240000, ENHANCEDSTATUSCODES, 8BITMIME]
checks:
  grey: {method: greylist, delay: 5m}
  own: {method: list, by: client}
rules:
  - id: told
    at: rcpt
    scripted: true
    reply: 450 4.7.0 not now
    source: RFC 5321 section 4.2.2
    seen: 2008-10
  - id: listed
    at: rcpt
    when: {own: fail}
    reply: 550 5.7.1 {client} is listed
    source: RFC 5321 section 4.2.2
    seen: 2008-10
  - id: new
    at: rcpt
    when: {grey: fail}
    reply: 450 4.7.1 {rcpt} greylisted, try again in {grey.wait} seconds
    source: RFC 6647 section 2.4
    seen: 2012-06
`)
	var wg sync.WaitGroup
	works, recs, errs := make([]*lab.Prepared, len(sc.Cases)), make([]lab.Record, len(sc.Cases)), make([]error, len(sc.Cases))
	for i, c := range sc.Cases {
		works[i] = prepare(t, sc, c.Name)
		wg.Go(func() { recs[i], errs[i] = lab.Run(t.Context(), d, works[i], lab.DefaultDeadline) })
	}
	wg.Wait()
	for i, rec := range recs {
		asWanted(t, works[i], rec, errs[i])
	}
	first, last := recs[0].Attempts[0], recs[0].Attempts[len(recs[0].Attempts)-1]
	if d := last.Time.Sub(first.Time); last.Step != 2 || d < 11*time.Minute || d > 13*time.Minute {
		t.Errorf("the last attempt is of step %d, %s after the first, want step 2 and 11m and a little", last.Step, d)
	}
}

// handedOn is a scenario whose content filter hands its mail to sendmail(1). cleanup(8)
// takes it in from pickup(8) late: it waits for a milter that does not answer.
const handedOn = `A filter whose mail waits in the maildrop.

-- scenario.yaml --
title: Mail waits in the maildrop
host: {name: mail.example.com, ipv4: 203.0.113.10}
receivers:
  - {profile: exchange-online, domains: [example.net]}
send: {from: me@example.com, to: you@example.net, via: smtp}
cases:
  - name: refused
    want: {outcome: bounced, attempts: 1}
-- dns/example.com.zone --
@  TXT  "v=spf1 -all"
-- postfix/main.cf --
mynetworks = 198.51.100.0/24
non_smtpd_milters = inet:127.0.0.1:8891
milter_command_timeout = 1s
milter_default_action = accept
-- postfix/master.cf --
smtp            inet  n  -  y  -   -   smtpd -o content_filter=copy:
copy            unix  -  n  n  -   10  pipe flags=Rq user=nobody argv=/usr/sbin/sendmail -G -i -f ${sender} -- ${recipient}
127.0.0.1:8891  inet  n  n  n  -   0   spawn user=nobody argv=/bin/sleep 60
`

// What a filter hands to sendmail(1) belongs to the case, though the filter's part is
// over and no line of the log tells of the rest.
func testPickup(t *testing.T, d lab.Driver) {
	_, rec := run(t, d, loaded(t, handedOn), "refused")
	removed := slices.IndexFunc(rec.Log, func(l string) bool { return strings.HasSuffix(l, ": removed") })
	if removed < 0 || !slices.ContainsFunc(rec.Log[removed:], func(l string) bool {
		return strings.Contains(l, "/cleanup[") && strings.Contains(l, "message-id=<own.refused.0@")
	}) {
		t.Errorf("the message was never out of sight:\n%s", strings.Join(rec.Log, "\n"))
	}
}

// Labs at the same time have the same addresses, and nothing else in common. In each
// every message ends, and once.
func testSideBySide(t *testing.T, d lab.Driver) {
	const messages = 5
	world := `Several messages at once.
-- scenario.yaml --
title: several messages at once
host: {name: mail.example.com, ipv4: 203.0.113.10, ipv6: "2001:db8::10"}
receivers:
  - {profile: gmail@2013-unsolicited, domains: [gmail.com]}
send:
`
	for i := range messages {
		world += fmt.Sprintf("  - {from: me@example.com, to: [a%d@gmail.com, b%d@gmail.com], subject: number %d}\n", i, i, i)
	}
	world += `cases:
  - {name: refused, want: {outcome: bounced, rule: gmail/ptr-missing}}
  - {name: taken, cures: refused, want: {outcome: sent}}
-- postfix/main.cf --
smtp_address_preference = ipv6
-- taken/dns/ptr --
2001:db8::10 mail.example.com
-- dns/example.com.zone --
@ TXT "v=spf1 a:mail.example.com ~all"
mail A 203.0.113.10
     AAAA 2001:db8::10
`
	sc := loaded(t, world)
	var wg sync.WaitGroup
	recs, errs := make([]lab.Record, len(sc.Cases)), make([]error, len(sc.Cases))
	works := make([]*lab.Prepared, len(sc.Cases))
	for i, c := range sc.Cases {
		works[i] = prepare(t, sc, c.Name)
		wg.Go(func() { recs[i], errs[i] = lab.Run(t.Context(), d, works[i], lab.DefaultDeadline) })
	}
	wg.Wait()
	for i, rec := range recs {
		asWanted(t, works[i], rec, errs[i])
		ends, want := map[string]int{}, map[string]int{}
		for k := range messages {
			want[fmt.Sprintf("%d a%d@gmail.com", k, k)] = 1
			want[fmt.Sprintf("%d b%d@gmail.com", k, k)] = 1
		}
		for _, d := range rec.Deliveries {
			ends[fmt.Sprintf("%d %s", d.Message, d.Recipient)]++
		}
		if diff := cmp.Diff(want, ends); diff != "" {
			t.Errorf("%s: ends of messages (-want +got):\n%s", sc.Cases[i].Name, diff)
		}
		ids := map[string]int{}
		for _, a := range at(rec.Attempts, "gmail@2013-unsolicited") {
			ids[a.MessageID]++
		}
		if len(ids) != messages || slices.ContainsFunc(rec.Attempts, func(a mail.Attempt) bool { return a.MessageID != "" && ids[a.MessageID] > 1 }) {
			t.Errorf("%s: the receiver saw %v, want %d messages once each", sc.Cases[i].Name, ids, messages)
		}
	}
}

// testKeptAndFresh runs scenarios in containers that are kept and in new ones. Each
// case ends in the same way, by what its mail system and its receivers say.
func testKeptAndFresh(t *testing.T, d *inContainers) {
	var selected []lab.Selection
	for _, name := range []string{"gmail-ipv6-ptr", "seed-forwarding", "soft-refusal"} {
		s, err := lab.Select([]*scenarios.Scenario{embedded(t, name)}, "")
		if err != nil {
			t.Fatal(err)
		}
		selected = append(selected, s...)
	}
	works, err := lab.PrepareAll(selected, base)
	if err != nil {
		t.Fatal(err)
	}
	ends := map[bool][]string{}
	for _, fresh := range []bool{false, true} {
		own := &inContainers{engine: d.engine, images: d.images, fresh: fresh}
		for _, f := range slices.Concat(lab.Runner{Driver: own, Parallel: 2}.Run(t.Context(), works)...) {
			ends[fresh] = append(ends[fresh], ending(f))
		}
	}
	if diff := cmp.Diff(ends[true], ends[false]); diff != "" || len(ends[true]) == 0 {
		t.Errorf("ends of %d cases (-fresh +kept):\n%s", len(ends[true]), diff)
	}
}

// ending is what a case came to, without what differs from one run to the next. The
// addresses that a case depends on are in its wants, and so in its result.
func ending(f *lab.Finished) string {
	out := fmt.Sprintf("%s/%s: %s %v", f.Prepared.Scenario.Name, f.Case.Name, f.Result, f.Err)
	var parts []string
	for _, d := range slices.Concat(f.Record.Deliveries, f.Record.Notices) {
		parts = append(parts, fmt.Sprintf("%s %s %s", d.Recipient, d.Outcome, d.Status))
	}
	for _, a := range f.Record.Attempts {
		parts = append(parts, fmt.Sprintf("%s saw mail from %q to %v: %s", a.Receiver, a.From, a.Recipients, a.Rule))
	}
	slices.Sort(parts) // what goes to several receivers at once ends in any order
	return out + "\n" + strings.Join(parts, "\n")
}
