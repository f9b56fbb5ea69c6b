package world

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"strictmx/fakemx"
	"strictmx/fakemx/check"
	"strictmx/internal/mail"
	"strictmx/internal/wire"
)

var (
	host4   = netip.MustParseAddr("203.0.113.10")
	host6   = netip.MustParseAddr("2001:db8::10")
	gmail4  = netip.MustParseAddr("198.51.100.26")
	gmail6  = netip.MustParseAddr("2001:db8:400d:c00::1a")
	nobody6 = netip.MustParseAddr("2001:db8::99")
)

// plan is a world with one receiver that wants a PTR record, which the host lacks.
func plan() wire.Plan {
	return wire.Plan{
		Host: wire.Host{Name: "mail.example.com", IPv4: host4, IPv6: host6},
		Zones: []wire.ZoneText{
			{Origin: "example.com.", File: "s.txtar", Line: 11, Text: "@ TXT \"v=spf1 ip6:2001:db8::10 -all\"\nmail AAAA 2001:db8::10\n"},
			{Origin: "gmail.com.", Text: "@ MX 5 gmail-smtp-in.l.google.com.\n", Default: true},
		},
		Receivers: []wire.Receiver{{
			Name: "gmail", Profile: "gmail@2013-unsolicited", Domains: []string{"gmail.com"}, Keep: true,
			Hosts: []wire.MXHost{{Name: "gmail-smtp-in.l.google.com.", Pref: 5, Addrs: []netip.Addr{gmail4, gmail6}}},
		}},
	}
}

// ptr is the plan with the PTR record.
func ptr() wire.Plan {
	p := plan()
	p.Zones = append(p.Zones, wire.ZoneText{File: "s.txtar", Line: 20, Text: "2001:db8::10  mail.example.com\n"})
	return p
}

// A log keeps what a world tells.
type log struct {
	mu        sync.Mutex
	attempts  []mail.Attempt
	questions []mail.Question
}

func (l *log) hooks() Hooks {
	return Hooks{
		Attempt:  func(a mail.Attempt) { l.mu.Lock(); defer l.mu.Unlock(); l.attempts = append(l.attempts, a) },
		Question: func(q mail.Question) { l.mu.Lock(); defer l.mu.Unlock(); l.questions = append(l.questions, q) },
	}
}

func build(t *testing.T, p wire.Plan, h Hooks) *World {
	t.Helper()
	w, err := Build(p, h)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// submit sends a message to a receiver as a client, and returns the reply.
func submit(t *testing.T, r *Receiver, client, server netip.Addr) mail.Reply {
	t.Helper()
	conn, wait := Dial(t.Context(), r.Server, client, server)
	d, err := fakemx.Submit(t.Context(), conn, fakemx.Envelope{
		Helo: "mail.example.com", From: "me@example.com", To: []string{"you@gmail.com"},
		Content: []byte("From: me@example.com\r\nMessage-ID: <1@example.com>\r\n\r\nHello.\r\n"),
	})
	conn.Close()
	wait()
	if err != nil {
		t.Fatal(err)
	}
	return d.Recipients[0].Reply
}

// A world is what its plan says.
func TestBuild(t *testing.T) {
	faulty := ptr()
	faulty.Faults = []wire.Fault{{Name: "*.ip6.arpa", Type: "PTR", Fault: "servfail"}}
	for _, tt := range []struct {
		about string
		plan  wire.Plan
		class int // of the reply
		rule  string
	}{
		{"without PTR record", plan(), 5, "gmail/ptr-missing"},
		{"with PTR record", ptr(), 2, ""},
		{"with SERVFAIL", faulty, 4, "gmail/ptr-temperror"},
	} {
		var l log
		r := build(t, tt.plan, l.hooks()).ByAddr(gmail6)
		if r == nil || r.Name != "gmail" || r.Profile.Name != "gmail" {
			t.Fatalf("%s: at %s: %+v, want gmail", tt.about, gmail6, r)
		}
		if got := submit(t, r, host6, gmail6); got.Code/100 != tt.class {
			t.Errorf("%s: %s, want %dxx", tt.about, got, tt.class)
		}
		if len(l.attempts) != 1 || l.attempts[0].Rule != tt.rule || l.attempts[0].Client != host6 ||
			l.attempts[0].Server != gmail6 || len(l.attempts[0].Content) == 0 {
			t.Errorf("%s: attempts: %+v", tt.about, l.attempts)
		}
		if len(l.questions) == 0 || l.questions[0].Asker != "gmail" {
			t.Errorf("%s: questions: %+v, want gmail's", tt.about, l.questions)
		}
	}
}

// All that is wrong with a plan is told, at its place.
func TestBuildErrors(t *testing.T) {
	for _, tt := range []struct {
		about string
		spoil func(*wire.Plan)
		want  []string
	}{
		{"zones", func(p *wire.Plan) { p.Zones[0].Text = "@ TXT\n\n@ MX ten mail\n" }, []string{"s.txtar:11: ", "s.txtar:13: "}},
		{"PTR data", func(p *wire.Plan) {
			p.Zones = append(p.Zones, wire.ZoneText{File: "s.txtar", Line: 20, Text: "\nnowhere mail.example.com\n"})
		}, []string{"s.txtar:21: "}},
		{"faults", func(p *wire.Plan) { p.Faults = []wire.Fault{{Name: "a.example.com", Fault: "servfall"}} }, []string{"servfall"}},
		{"profiles", func(p *wire.Plan) {
			second := p.Receivers[0]
			second.Name, second.Profile = "second", "nobody"
			p.Receivers[0].Profile = "gmail@1999"
			p.Receivers = append(p.Receivers, second)
		}, []string{`receiver gmail: unknown version "1999"`, `receiver second: unknown receiver "nobody"`}},
		{"forced rule", func(p *wire.Plan) {
			p.Receivers[0].Force = []wire.Force{{Rule: "ptr-mising"}}
		}, []string{"receiver gmail: force: profile gmail@2013-unsolicited has no rule ptr-mising"}},
		{"own profile", func(p *wire.Plan) { p.Profiles = map[string]string{"mine.yaml": "rules: 7\n"} }, []string{"mine.yaml:1:"}},
	} {
		p := plan()
		tt.spoil(&p)
		_, err := Build(p, Hooks{})
		for _, want := range tt.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q in it", tt.about, err, want)
			}
		}
	}
}

// A receiver knows what its plan tells it.
func TestTold(t *testing.T) {
	p := ptr()
	p.Receivers[0].Listed = map[string][]string{"own": {"203.0.113.0/24"}}
	p.Receivers[0].Unknown, p.Receivers[0].Full = []string{"nobody@gmail.com"}, []string{"@googlemail.com"}
	p.Receivers[0].Force = []wire.Force{{Rule: "ptr-missing", Times: 1}}
	var l log
	r := build(t, p, l.hooks()).ByAddr(gmail6)
	want := check.Seed{
		Listed: map[string][]string{"own": {"203.0.113.0/24"}}, Unknown: []string{"nobody@gmail.com"}, Full: []string{"@googlemail.com"},
	}
	if diff := cmp.Diff(want, r.Server.Seed); diff != "" {
		t.Errorf("seed (-want +got):\n%s", diff)
	}
	for _, code := range []int{550, 250} { // refused once, whatever the facts are
		if got := submit(t, r, host6, gmail6); got.Code != code {
			t.Errorf("%s, want %d", got, code)
		}
	}
	if len(l.attempts) != 2 || l.attempts[0].Rule != "gmail/ptr-missing" || l.attempts[1].Rule != "" {
		t.Errorf("attempts: %+v, want the first by rule gmail/ptr-missing", l.attempts)
	}
}

func TestAsker(t *testing.T) {
	w := build(t, plan(), Hooks{})
	for _, tt := range []struct {
		addr netip.Addr
		want string
	}{
		{host4, "mta"},
		{host6, "mta"},
		{netip.MustParseAddr("::ffff:203.0.113.10"), "mta"},
		{gmail4, "gmail"},
		{gmail6, "gmail"},
		{netip.MustParseAddr("::ffff:198.51.100.26"), "gmail"},
		{nobody6, "client"},
		{netip.Addr{}, "client"},
	} {
		if got := w.Asker(tt.addr); got != tt.want {
			t.Errorf("Asker(%s) = %s, want %s", tt.addr, got, tt.want)
		}
	}
	if r := w.ByAddr(nobody6); r != nil {
		t.Errorf("ByAddr(%s) = %s, want nil", nobody6, r.Name)
	}
	// A host without an address does not stand for clients without one.
	p := plan()
	p.Host.IPv4 = netip.Addr{}
	if got := build(t, p, Hooks{}).Asker(netip.Addr{}); got != "client" {
		t.Errorf("Asker of no address = %s, want client", got)
	}
}

// Dial gives both ends the addresses asked for.
func TestDial(t *testing.T) {
	w := build(t, plan(), Hooks{})
	conn, wait := Dial(t.Context(), w.Receivers[0].Server, nobody6, gmail6)
	if got, want := conn.RemoteAddr().String(), "[2001:db8:400d:c00::1a]:25"; got != want {
		t.Errorf("remote address %s, want %s", got, want)
	}
	if got, want := conn.LocalAddr().String(), "[2001:db8::99]:49152"; got != want {
		t.Errorf("local address %s, want %s", got, want)
	}
	conn.Close()
	wait() // the receiver notices that the client is gone
}

// A receiver of the plan may believe its clients to be somebody else, have a clock
// and a resolver of its own.
func TestHooks(t *testing.T) {
	var l log
	p := plan()
	p.Receivers[0].AsIf = host6
	h := l.hooks()
	now := time.Date(2014, 2, 26, 21, 58, 24, 0, time.UTC)
	h.Now = func() time.Time { return now }
	other, err := Zones(ptr())
	if err != nil {
		t.Fatal(err)
	}
	h.Resolver = func(r wire.Receiver) check.Resolver { return other.Resolver(r.Name+" elsewhere", h.Question) }
	w := build(t, p, h)
	if got := submit(t, w.Receivers[0], nobody6, gmail6); got.Code != 250 {
		t.Errorf("as if from %s, with another resolver: %s, want 250", host6, got)
	}
	if len(l.attempts) != 1 || l.attempts[0].Client != host6 || !l.attempts[0].Time.Equal(now) {
		t.Errorf("attempts: %+v, want one from %s at %s", l.attempts, host6, now)
	}
	if !slices.ContainsFunc(l.questions, func(q mail.Question) bool { return q.Asker == "gmail elsewhere" }) {
		t.Errorf("questions: %+v, want those of the other resolver", l.questions)
	}
}

// The scenario's own profiles stand beside ours.
func TestProfiles(t *testing.T) {
	own := map[string]string{"mine.yaml": `
name: mine
title: My provider
hostname: mx.example.net
rules:
  - id: never
    at: rcpt
    reply: 550 5.7.1 never
    source: a bounce of mine
    seen: 2026-11-24
`}
	set, err := Profiles(own)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"mine", "gmail@2014"} {
		if _, err := set.Find(name); err != nil {
			t.Error(err)
		}
	}
	none, err := Profiles(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := none.Find("mine"); err == nil {
		t.Error("mine is there without its file")
	}
}

// What a case gives takes the place of the receivers' own records.
func TestZones(t *testing.T) {
	p := plan()
	p.Zones = append(p.Zones, wire.ZoneText{Origin: "gmail.com.", Text: "@ MX 1 other.example.com.\n"})
	zones, err := Zones(p)
	if err != nil {
		t.Fatal(err)
	}
	a, err := zones.Resolver("test", nil).Resolve(t.Context(), "gmail.com.", "MX")
	if err != nil || len(a.Records) != 1 || a.Records[0].Text != "other.example.com." {
		t.Errorf("MX of gmail.com: %+v, %v, want the case's", a, err)
	}
}
