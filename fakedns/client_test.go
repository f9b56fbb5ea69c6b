package fakedns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"strictmx/internal/mail"
)

// Both are what receivers use.
var _, _ interface {
	Resolve(ctx context.Context, name, typ string) (mail.Answer, error)
} = (*Client)(nil), (*Resolver)(nil)

// faulty adds every fault to the internet of the lookup tests.
const faulty = internet + `
-- faulty.example.zone --
*         A     203.0.113.99
*         TXT   "text"
big       TXT   "` + x200 + `" "` + x200 + `" "` + x200 + `" "` + x200 + `" "` + x200 + `" "` + x200 + `" "` + x200 + `"
huge      TYPE65280 \# 2 0102
utf       TXT   "\195\164\"\\" "b"
spf       MX    5 a.faulty.example.
spf       MX    10 .
loopnx    CNAME nx
viasf     CNAME sf
viatime   CNAME time
viadelay  CNAME late
viatrunc  CNAME trunc
-- faults.yaml --
- {name: sf.faulty.example, fault: servfail}
- {name: ref.faulty.example, fault: refused}
- {name: nx.faulty.example, fault: nxdomain}
- {name: time.faulty.example, fault: timeout}
- {name: soon.faulty.example, fault: delay, delay: 1ms}
- {name: late.faulty.example, fault: delay, delay: 1h}
- {name: trunc.faulty.example, fault: truncate}
- {name: id.faulty.example, fault: wrong-id}
- {name: once.faulty.example, fault: timeout, times: 1}
- {name: twice.faulty.example, fault: timeout, times: 2}
- {name: idonce.faulty.example, fault: wrong-id, times: 1}
- {name: sfonce.faulty.example, fault: servfail, times: 1}
- {name: truncone.faulty.example, fault: truncate, times: 1}
- {name: seq.faulty.example, fault: servfail, times: 1}
- {name: seq.faulty.example, fault: nxdomain, times: 1}
- {name: typed.faulty.example, type: TXT, fault: servfail}
- {name: "*.below.faulty.example", fault: refused}
`

const x50 = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

const x200 = x50 + x50 + x50 + x50

// corpus is every question of the lookup tests, and of the faults, in an order
// that lets faults heal.
var corpus = strings.Fields(`
	mail.example.com/A mail.example.com./AAAA MAIL.example.com/A mail.example.com/TXT nope.example.com/A
	example.com/MX example.com/SOA example.com/NS c.example.com/TXT b.example.com/A x.b.c.example.com/TXT
	one.w.example.com/TXT one.w.example.com/MX z.y.w.example.com/TXT any.alias.example.com/A
	www.example.com/A www.example.com/CNAME www.example.com/MX far.example.com/A gone.example.com/A out.example.com/A
	l1.example.com/A self.example.com/A self.example.com/CNAME web.old.example.com/A x.d1.example.com/A old.example.com/DNAME
	host.sub.example.com/A to-sub.example.com/A sub.example.com/DS deep.b.example.com/A
	odd.example.com/TYPE65280 odd.example.com/TYPE65281 mail.example.com/ANY www.example.com/ANY
	25.113.0.203.in-addr.arpa/PTR 26.113.0.203.in-addr.arpa/PTR example.org/A com/A ./NS
	mail.example.com/AXFR mail.example.com/OPT mail.example.com/nonsense a..b/A ` + strings.Repeat("x", 64) + `.example/A
	sf.faulty.example/A ref.faulty.example/A nx.faulty.example/A time.faulty.example/A soon.faulty.example/A
	late.faulty.example/A trunc.faulty.example/A id.faulty.example/A
	once.faulty.example/A once.faulty.example/A twice.faulty.example/A twice.faulty.example/A
	idonce.faulty.example/A idonce.faulty.example/A sfonce.faulty.example/A sfonce.faulty.example/A
	truncone.faulty.example/A truncone.faulty.example/A seq.faulty.example/A seq.faulty.example/A seq.faulty.example/A
	typed.faulty.example/A typed.faulty.example/TXT x.below.faulty.example/A below.faulty.example/A
	big.faulty.example/TXT utf.faulty.example/TXT spf.faulty.example/MX
	loopnx.faulty.example/A viasf.faulty.example/A viatime.faulty.example/A viadelay.faulty.example/A viatrunc.faulty.example/A
`)

// The resolver in memory and the client over sockets find the same, and the same
// questions are logged for both.
func TestClientAndResolverAgree(t *testing.T) {
	for _, addr := range []string{"127.0.0.1", "::1"} {
		t.Run(addr, func(t *testing.T) {
			t.Parallel()
			testAgreement(t, addr)
		})
	}
}

func testAgreement(t *testing.T, addr string) {
	var overUDP, inMemory recorder
	at := serve(t, &Server{
		Zones: load(t, faulty), Recursion: true, Log: overUDP.log,
		Asker: func(netip.AddrPort) string { return "gmail" },
	}, addr)
	client := Client{Server: at, Local: netip.MustParseAddr(addr), Timeout: 20 * time.Second}
	hasty := client // for those that never get the reply to a try
	hasty.Timeout = 250 * time.Millisecond
	resolver := load(t, faulty).Resolver("gmail", inMemory.log)
	for _, q := range corpus {
		name, typ, _ := strings.Cut(q, "/")
		c := &client
		switch label, _, _ := strings.Cut(name, "."); label {
		case "time", "late", "viadelay", "id", "once", "twice", "idonce":
			c = &hasty
		}
		got, gotErr := c.Resolve(soon(t), name, typ)
		want, wantErr := resolver.Resolve(soon(t), name, typ)
		compareAddr := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
		if diff := cmp.Diff(want, got, compareAddr); diff != "" {
			t.Errorf("%s (-memory +socket):\n%s", q, diff)
		}
		if !sameError(wantErr, gotErr) {
			t.Errorf("%s: error %v, but %v in memory", q, gotErr, wantErr)
		}
	}
	if diff := cmp.Diff(inMemory.questions(), overUDP.questions()); diff != "" {
		t.Errorf("log (-memory +socket):\n%s", diff)
	}
}

func sameError(a, b error) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	var x, y *mail.LookupError
	return errors.As(a, &x) && errors.As(b, &y) && *x == *y
}

func TestResolve(t *testing.T) {
	z := load(t, faulty)
	r := z.Resolver("", nil)
	for _, tt := range []struct{ name, typ, want string }{
		{"WWW.example.com", "A", "NOERROR; mail.example.com. A 300 203.0.113.25 0 203.0.113.25"},
		{"mail.example.com", "AAAA", "NOERROR; mail.example.com. AAAA 300 2001:db8::25 0 2001:db8::25"},
		{"spf.faulty.example", "MX", "NOERROR; spf.faulty.example. MX 3600 invalid IP 5 a.faulty.example.; spf.faulty.example. MX 3600 invalid IP 10 ."},
		{"utf.faulty.example", "TXT", "NOERROR; utf.faulty.example. TXT 3600 invalid IP 0 ä\"\\b"},
		{"odd.example.com", "TYPE65280", `NOERROR; odd.example.com. TYPE65280 300 invalid IP 0 \# 3 010203`},
		{"web.old.example.com", "A", "NOERROR; web.example.net. A 3600 198.51.100.80 0 198.51.100.80"},
		{"www.example.com", "TXT", "NOERROR"},
		{"gone.example.com", "TXT", "NXDOMAIN"},
		{"nx.faulty.example", "A", "NXDOMAIN"},
		{"loopnx.faulty.example", "A", "NXDOMAIN"},
		{"trunc.faulty.example", "A", "NOERROR; trunc.faulty.example. A 3600 203.0.113.99 0 203.0.113.99"},
		{"sf.faulty.example", "A", "lookup of sf.faulty.example A: SERVFAIL"},
		{"ref.faulty.example", "A", "lookup of ref.faulty.example A: REFUSED"},
		{"viasf.faulty.example", "A", "lookup of viasf.faulty.example A: SERVFAIL"},
		{"viatime.faulty.example", "A", "lookup of viatime.faulty.example A: SERVFAIL"},
		{"time.faulty.example", "A", "lookup of time.faulty.example A: TIMEOUT (no reply)"},
		{"late.faulty.example", "A", "lookup of late.faulty.example A: TIMEOUT (no reply)"},
		{"viadelay.faulty.example", "A", "lookup of viadelay.faulty.example A: TIMEOUT (no reply)"},
		{"id.faulty.example", "A", "lookup of id.faulty.example A: TIMEOUT (no reply)"},
		{"once.faulty.example", "A", "NOERROR; once.faulty.example. A 3600 203.0.113.99 0 203.0.113.99"}, // at the second try
		{"l1.example.com", "A", "lookup of l1.example.com A: SERVFAIL (the chain of CNAME and DNAME records from l1.example.com. is a loop or too long)"},
		{"host.sub.example.com", "A", "lookup of host.sub.example.com A: SERVFAIL (no zone file for sub.example.com., which example.com. delegates)"},
		{"a..b", "A", `lookup of a..b A: FORMERR (name "a..b": want labels of 1 to 63 octets, at most 255 octets in all)`},
		{"a.example", "FOO", "lookup of a.example FOO: FORMERR (want a type such as TXT)"},
	} {
		a, err := r.Resolve(t.Context(), tt.name, tt.typ)
		got := a.RCode
		for _, rec := range a.Records {
			got += fmt.Sprintf("; %s %s %d %v %d %s", rec.Name, rec.Type, rec.TTL, rec.Addr, rec.Pref, rec.Text)
		}
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("Resolve(%s, %s) = %s\nwant %s", tt.name, tt.typ, got, tt.want)
		}
	}
}

func TestResolveEndsWithContext(t *testing.T) {
	gone := errors.New("gone")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(gone)
	z := load(t, faulty)
	if _, err := z.Resolver("", nil).Resolve(ctx, "mail.example.com", "A"); !errors.Is(err, gone) {
		t.Errorf("Resolver.Resolve = %v, want %v", err, gone)
	}
	asked := make(chan struct{}, 1)
	at := serve(t, &Server{Zones: z, Log: func(mail.Question) { asked <- struct{}{} }}, "127.0.0.1")
	ctx, cancel = context.WithCancelCause(soon(t))
	go func() {
		<-asked
		cancel(gone)
	}()
	c := &Client{Server: at, Timeout: time.Hour}
	if _, err := c.Resolve(ctx, "time.faulty.example", "A"); !errors.Is(err, gone) {
		t.Errorf("Client.Resolve = %v, want %v", err, gone)
	}
}

// A server that is an authority only answers a stub with a referral, which is no
// answer to rely on.
func TestClientTakesReferralForFailure(t *testing.T) {
	c := &Client{Server: serve(t, &Server{Zones: load(t, internet)}, "127.0.0.1")}
	_, err := c.Resolve(soon(t), "host.sub.example.com", "A")
	var e *mail.LookupError
	if !errors.As(err, &e) || e.RCode != "SERVFAIL" {
		t.Errorf("Resolve = %v, want SERVFAIL", err)
	}
}

func TestClientWithoutServer(t *testing.T) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := netip.MustParseAddrPort(pc.LocalAddr().String())
	pc.Close()
	_, err = (&Client{Server: at}).Resolve(soon(t), "example.com", "A")
	var e *mail.LookupError
	if !errors.As(err, &e) || e.RCode != "TIMEOUT" {
		t.Errorf("Resolve = %v, want TIMEOUT", err)
	}
}
