package fakedns

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

func TestFaultMatches(t *testing.T) {
	for _, tt := range []struct {
		fault Fault
		name  string // canonical
		typ   uint16
		want  bool
	}{
		{Fault{Name: "Mail.example.com"}, "mail.example.com.", dns.TypeA, true},
		{Fault{Name: "mail.example.com."}, "mail.example.com.", dns.TypeTXT, true},
		{Fault{Name: "mail.example.com", Type: "any"}, "mail.example.com.", dns.TypeTXT, true},
		{Fault{Name: "mail.example.com", Type: "txt"}, "mail.example.com.", dns.TypeTXT, true},
		{Fault{Name: "mail.example.com", Type: "TYPE16"}, "mail.example.com.", dns.TypeTXT, true},
		{Fault{Name: "mail.example.com", Type: "TXT"}, "mail.example.com.", dns.TypeA, false},
		{Fault{Name: "example.com"}, "mail.example.com.", dns.TypeA, false},
		{Fault{Name: "*.example.com"}, "mail.example.com.", dns.TypeA, true},
		{Fault{Name: "*.example.com"}, "a.b.example.com.", dns.TypeA, true},
		{Fault{Name: "*.example.com"}, "example.com.", dns.TypeA, false},
		{Fault{Name: "*.example.com"}, "xexample.com.", dns.TypeA, false},
		{Fault{Name: "*.example.com"}, `x\.example.com.`, dns.TypeA, false}, // one label with a dot in it
		{Fault{Name: "*"}, "example.com.", dns.TypeA, true},
		{Fault{Name: "*"}, ".", dns.TypeNS, true},
		{Fault{Name: "203.0.113.10"}, "10.113.0.203.in-addr.arpa.", dns.TypePTR, true},
		{Fault{Name: "::ffff:203.0.113.10"}, "10.113.0.203.in-addr.arpa.", dns.TypePTR, true},
		{Fault{Name: "203.0.113.10."}, "10.113.0.203.in-addr.arpa.", dns.TypePTR, false}, // a domain name of four labels
		{
			Fault{Name: "2001:DB8::10"},
			"0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.",
			dns.TypePTR, true,
		},
	} {
		tt.fault.Fault = FaultServFail
		f, err := tt.fault.parse()
		if err != nil {
			t.Errorf("%+v: %v", tt.fault, err)
			continue
		}
		if got := f.matches(tt.name, tt.typ); got != tt.want {
			t.Errorf("%+v matches %s %s = %v, want %v", tt.fault, tt.name, dns.Type(tt.typ), got, tt.want)
		}
	}
}

// A fault spoils exactly as many answers as it says, however many ask at once.
func TestFaultHeals(t *testing.T) {
	z := load(t, "-- example.com.zone --\na A 203.0.113.1\n-- faults.yaml --\n- {name: a.example.com, fault: refused, times: 50}\n")
	var failed atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			r := z.Resolver("", nil)
			for range 25 {
				if _, err := r.Resolve(t.Context(), "a.example.com", "A"); err != nil {
					failed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if failed.Load() != 50 {
		t.Errorf("%d answers were spoilt, want 50", failed.Load())
	}
}

func TestFaultValidate(t *testing.T) {
	for _, tt := range []struct {
		fault Fault
		ok    bool
	}{
		{Fault{Name: "a", Fault: FaultTimeout}, true},
		{Fault{Name: "a", Fault: FaultDelay, Delay: time.Second, Times: 3}, true},
		{Fault{Name: "a", Fault: FaultDelay}, false},
		{Fault{Name: "a", Fault: FaultTimeout, Delay: time.Second}, false},
		{Fault{Name: "a"}, false},
		{Fault{Fault: FaultTimeout}, false},
		{Fault{Name: "a", Fault: FaultTimeout, Times: -1}, false},
	} {
		if err := tt.fault.Validate(); (err == nil) != tt.ok {
			t.Errorf("Validate(%+v) = %v, want no error: %v", tt.fault, err, tt.ok)
		}
	}
}

// The zone below the fault's name is cut by labels, and each fault acts on the
// reply as its name says.
func TestFaultOnTheWire(t *testing.T) {
	z := load(t, faulty)
	for _, tt := range []struct {
		name string
		tcp  bool
		want string
	}{
		{"sf.faulty.example.", false, "SERVFAIL"},
		{"ref.faulty.example.", false, "REFUSED"},
		{"nx.faulty.example.", false, "NXDOMAIN aa\nns faulty.example." + soaTail},
		{"time.faulty.example.", false, "silence"},
		{"time.faulty.example.", true, "silence"},
		{"trunc.faulty.example.", false, "NOERROR aa tc"},
		{"trunc.faulty.example.", true, "NOERROR aa\nan trunc.faulty.example. 3600 A 203.0.113.99"},
		{"viatrunc.faulty.example.", false, `
			NOERROR aa
			an viatrunc.faulty.example. 3600 CNAME trunc.faulty.example.
			an trunc.faulty.example. 3600 A 203.0.113.99`},
		{"loopnx.faulty.example.", false, `
			NXDOMAIN aa
			an loopnx.faulty.example. 3600 CNAME nx.faulty.example.
			ns faulty.example.` + soaTail},
		{"viatime.faulty.example.", false, "SERVFAIL"},
	} {
		if got := sketch(react(t, z, message(tt.name, dns.TypeA), tt.tcp, false)); got != lines(tt.want) {
			t.Errorf("%s A, TCP %v = %s\nwant %s", tt.name, tt.tcp, got, lines(tt.want))
		}
	}
	if in := react(t, z, message("id.faulty.example.", dns.TypeA), false, false); in.Id == 0x1234 {
		t.Error("id.faulty.example. A: reply has the ID of the query, want another")
	}
}

// Fresh zones have their faults before them, and spend none of the old ones.
func TestFresh(t *testing.T) {
	z := load(t, "-- example.com.zone --\na A 203.0.113.1\n-- faults.yaml --\n- {name: a.example.com, fault: refused, times: 1}\n")
	broken := func(z *Zones) bool {
		_, err := z.Resolver("", nil).Resolve(t.Context(), "a.example.com", "A")
		return err != nil
	}
	fresh := z.Fresh()
	for i, tt := range []struct {
		zones *Zones
		want  bool
	}{{z, true}, {z, false}, {fresh, true}, {fresh, false}, {z.Fresh(), true}} {
		if got := broken(tt.zones); got != tt.want {
			t.Errorf("question %d: broken %v, want %v", i, got, tt.want)
		}
	}
}
