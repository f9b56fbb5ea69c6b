package fakedns

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
)

// internet has every corner of the lookup.
const internet = `
-- example.com.zone --
; signed
$TTL 300
@         SOA   ns hostmaster 7 7200 3600 1209600 60
@         NS    ns
ns        A     203.0.113.53
@         MX    10 Mail
mail      A     203.0.113.25
mail      AAAA  2001:db8::25
www       CNAME mail
far       CNAME web.example.net.
gone      CNAME nowhere.example.net.
out       CNAME www.example.org.
a.b.c     TXT   "deep"
*.w       TXT   "wild"
*.w       MX    10 mail
x.y.w     A     203.0.113.9
*.alias   CNAME mail
l1        CNAME l2
l2        CNAME l1
self      CNAME self
sub       NS    ns.sub
sub       NS    ns.example.net.
sub       DS    1 13 2 00
ns.sub    A     203.0.113.54
ns.sub    AAAA  2001:db8::54
to-sub    CNAME host.sub
odd       TYPE65280 \# 3 010203
old       DNAME example.net.
old       TXT   "beside"
d1        DNAME d2
d2        DNAME d1
nest      DNAME t
x.x.t     A     203.0.113.88
y.t       CNAME x.x.nest
-- example.net.zone --
web       A     198.51.100.80
-- deep.b.example.com.zone --
@         A     203.0.113.77
-- ptr --
203.0.113.25      mail.example.com other.example.com.
2001:db8::25      mail.example.com   # a comment
203.0.113.25      third.example.com
`

const (
	soaCom  = "example.com. 60 SOA ns.example.com. hostmaster.example.com. 7 7200 3600 1209600 60"
	soaTail = " 3600 SOA ns.invalid. hostmaster.invalid. 1 7200 3600 1209600 3600"
)

func TestAnswer(t *testing.T) {
	z := load(t, internet)
	for _, tt := range []struct{ name, typ, want string }{
		{"mail.example.com.", "A", "NOERROR aa\nan mail.example.com. 300 A 203.0.113.25"},
		{"example.com.", "MX", "NOERROR aa\nan example.com. 300 MX 10 Mail.example.com."},
		{"eXample.COM.", "MX", "NOERROR aa\nan eXample.COM. 300 MX 10 Mail.example.com."}, // 0x20
		{"example.com.", "SOA", "NOERROR aa\nan example.com. 300 SOA ns.example.com. hostmaster.example.com. 7 7200 3600 1209600 60"},

		// RFC 2308: no data and no name, with the SOA of min(TTL, minimum)
		{"mail.example.com.", "TXT", "NOERROR aa\nns " + soaCom},
		{"nope.example.com.", "A", "NXDOMAIN aa\nns " + soaCom},
		{"nope.mail.example.com.", "A", "NXDOMAIN aa\nns " + soaCom},

		// empty non-terminals
		{"b.c.example.com.", "TXT", "NOERROR aa\nns " + soaCom},
		{"c.example.com.", "TXT", "NOERROR aa\nns " + soaCom},
		{"x.b.c.example.com.", "TXT", "NXDOMAIN aa\nns " + soaCom},
		{"b.example.com.", "A", "NOERROR aa\nns " + soaCom}, // above a nested zone

		// RFC 4592
		{"one.w.example.com.", "TXT", `NOERROR aa` + "\n" + `an one.w.example.com. 300 TXT "wild"`},
		{"one.two.w.example.com.", "TXT", `NOERROR aa` + "\n" + `an one.two.w.example.com. 300 TXT "wild"`},
		{"one.w.example.com.", "A", "NOERROR aa\nns " + soaCom},
		{"*.w.example.com.", "TXT", `NOERROR aa` + "\n" + `an *.w.example.com. 300 TXT "wild"`},
		{"w.example.com.", "TXT", "NOERROR aa\nns " + soaCom},
		{"y.w.example.com.", "TXT", "NOERROR aa\nns " + soaCom},    // exists, so no wildcard
		{"z.y.w.example.com.", "TXT", "NXDOMAIN aa\nns " + soaCom}, // closest encloser is y.w
		{"x.y.w.example.com.", "TXT", "NOERROR aa\nns " + soaCom},
		{"any.alias.example.com.", "A", `
			NOERROR aa
			an any.alias.example.com. 300 CNAME mail.example.com.
			an mail.example.com. 300 A 203.0.113.25`},

		// CNAME
		{"WWW.example.com.", "A", `
			NOERROR aa
			an WWW.example.com. 300 CNAME mail.example.com.
			an mail.example.com. 300 A 203.0.113.25`},
		{"www.example.com.", "CNAME", "NOERROR aa\nan www.example.com. 300 CNAME mail.example.com."},
		{"www.example.com.", "MX", "NOERROR aa\nan www.example.com. 300 CNAME mail.example.com.\nns " + soaCom},
		{"far.example.com.", "A", `
			NOERROR aa
			an far.example.com. 300 CNAME web.example.net.
			an web.example.net. 3600 A 198.51.100.80`},
		{"gone.example.com.", "A", "NXDOMAIN aa\nan gone.example.com. 300 CNAME nowhere.example.net.\nns example.net." + soaTail},
		{"out.example.com.", "A", "NXDOMAIN aa\nan out.example.com. 300 CNAME www.example.org.\nns ." + soaTail},
		{"l1.example.com.", "A", "SERVFAIL"},
		{"self.example.com.", "A", "SERVFAIL"},
		{"self.example.com.", "CNAME", "NOERROR aa\nan self.example.com. 300 CNAME self.example.com."},

		// RFC 6672
		{"web.old.example.com.", "A", `
			NOERROR aa
			an old.example.com. 300 DNAME example.net.
			an web.old.example.com. 300 CNAME web.example.net.
			an web.example.net. 3600 A 198.51.100.80`},
		{"Web.Old.example.com.", "CNAME", `
			NOERROR aa
			an old.example.com. 300 DNAME example.net.
			an Web.Old.example.com. 300 CNAME Web.example.net.`},
		{"old.example.com.", "TXT", `NOERROR aa` + "\n" + `an old.example.com. 300 TXT "beside"`},
		{"old.example.com.", "A", "NOERROR aa\nns " + soaCom},
		{"x.d1.example.com.", "A", "SERVFAIL"},
		{strings.Repeat("x.", 117) + "old.example.com.", "A", "NXDOMAIN aa\nan old.example.com. 300 DNAME example.net.\nan " +
			strings.Repeat("x.", 117) + "old.example.com. 300 CNAME " + strings.Repeat("x.", 117) + "example.net.\nns example.net." + soaTail},

		{"y.nest.example.com.", "A", `
			NOERROR aa
			an nest.example.com. 300 DNAME t.example.com.
			an y.nest.example.com. 300 CNAME y.t.example.com.
			an y.t.example.com. 300 CNAME x.x.nest.example.com.
			an x.x.nest.example.com. 300 CNAME x.x.t.example.com.
			an x.x.t.example.com. 300 A 203.0.113.88`}, // one DNAME, used twice

		// delegation
		{"host.sub.example.com.", "A", `
			NOERROR
			ns sub.example.com. 300 NS ns.sub.example.com.
			ns sub.example.com. 300 NS ns.example.net.
			ar ns.sub.example.com. 300 A 203.0.113.54
			ar ns.sub.example.com. 300 AAAA 2001:db8::54`},
		{"ns.sub.example.com.", "A", `
			NOERROR
			ns sub.example.com. 300 NS ns.sub.example.com.
			ns sub.example.com. 300 NS ns.example.net.
			ar ns.sub.example.com. 300 A 203.0.113.54
			ar ns.sub.example.com. 300 AAAA 2001:db8::54`},
		{"sub.example.com.", "DS", "NOERROR aa\nan sub.example.com. 300 DS 1 13 2 00"},
		{"to-sub.example.com.", "A", `
			NOERROR aa
			an to-sub.example.com. 300 CNAME host.sub.example.com.
			ns sub.example.com. 300 NS ns.sub.example.com.
			ns sub.example.com. 300 NS ns.example.net.
			ar ns.sub.example.com. 300 A 203.0.113.54
			ar ns.sub.example.com. 300 AAAA 2001:db8::54`},

		// nested zones
		{"deep.b.example.com.", "A", "NOERROR aa\nan deep.b.example.com. 3600 A 203.0.113.77"},
		{"deep.b.example.com.", "DS", "NOERROR aa\nns " + soaCom}, // of the zone above
		{"x.deep.b.example.com.", "A", "NXDOMAIN aa\nns deep.b.example.com." + soaTail},

		// reverse
		{"25.113.0.203.in-addr.arpa.", "PTR", `
			NOERROR aa
			an 25.113.0.203.in-addr.arpa. 3600 PTR mail.example.com.
			an 25.113.0.203.in-addr.arpa. 3600 PTR other.example.com.
			an 25.113.0.203.in-addr.arpa. 3600 PTR third.example.com.`},
		{"26.113.0.203.in-addr.arpa.", "PTR", "NXDOMAIN aa\nns 113.0.203.in-addr.arpa." + soaTail},
		{
			"5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.", "PTR",
			"NOERROR aa\nan 5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. 3600 PTR mail.example.com.",
		},
		{
			"6.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.", "PTR",
			"NXDOMAIN aa\nns 0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa." + soaTail,
		},
		{"0.0.203.in-addr.arpa.", "PTR", "NXDOMAIN aa\nns ." + soaTail},

		// outside every zone
		{"example.org.", "A", "NXDOMAIN aa\nns ." + soaTail},
		{"com.", "A", "NOERROR aa\nns ." + soaTail},
		{".", "NS", "NOERROR aa\nan . 3600 NS ns.invalid."},
		{".", "DS", "NOERROR aa\nns ." + soaTail},

		// types
		{"odd.example.com.", "TYPE65280", `NOERROR aa` + "\n" + `an odd.example.com. 300 CLASS1 TYPE65280 \# 3 010203`},
		{"odd.example.com.", "TYPE65281", "NOERROR aa\nns " + soaCom},
		{"mail.example.com.", "ANY", "NOERROR aa\nan mail.example.com. 300 A 203.0.113.25\nan mail.example.com. 300 AAAA 2001:db8::25"},
		{"www.example.com.", "ANY", "NOERROR aa\nan www.example.com. 300 CNAME mail.example.com."},
		{"b.c.example.com.", "ANY", "NOERROR aa\nns " + soaCom},
		{"mail.example.com.", "AXFR", "REFUSED"},
		{"mail.example.com.", "IXFR", "REFUSED"},
		{"mail.example.com.", "MAILB", "NOTIMP"},
		{"mail.example.com.", "OPT", "FORMERR"},
		{"mail.example.com.", "TSIG", "FORMERR"},
	} {
		typ, ok := parseType(tt.typ)
		if !ok {
			t.Fatalf("type %s", tt.typ)
		}
		got := sketch(react(t, z, message(tt.name, typ), true, false))
		if diff := cmp.Diff(lines(tt.want), got); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", tt.name, tt.typ, diff)
		}
	}
}

// The resolver that stubs see: RA, and a delegation to nobody fails.
func TestAnswerToStubs(t *testing.T) {
	z := load(t, internet)
	for _, tt := range []struct {
		name string
		rd   bool
		want string
	}{
		{"mail.example.com.", true, "NOERROR aa ra\nan mail.example.com. 300 A 203.0.113.25"},
		{"nope.example.com.", true, "NXDOMAIN aa ra\nns " + soaCom},
		{"host.sub.example.com.", true, "SERVFAIL ra"},
		{"to-sub.example.com.", true, "SERVFAIL ra"},
		{"to-sub.example.com.", false, `
			NOERROR aa ra
			an to-sub.example.com. 300 CNAME host.sub.example.com.
			ns sub.example.com. 300 NS ns.sub.example.com.
			ns sub.example.com. 300 NS ns.example.net.
			ar ns.sub.example.com. 300 A 203.0.113.54
			ar ns.sub.example.com. 300 AAAA 2001:db8::54`},
	} {
		m := message(tt.name, dns.TypeA)
		m.RecursionDesired = tt.rd
		if diff := cmp.Diff(lines(tt.want), sketch(react(t, z, m, true, true))); diff != "" {
			t.Errorf("%s rd=%v (-want +got):\n%s", tt.name, tt.rd, diff)
		}
	}
}

// A chain of sixteen links is followed, one of seventeen is not; a DNAME that
// makes too long a name is YXDOMAIN.
func TestChainLimits(t *testing.T) {
	var zone strings.Builder
	for i := range 17 {
		fmt.Fprintf(&zone, "c%d CNAME c%d\n", i, i+1)
	}
	long := strings.Repeat(strings.Repeat("y", 60)+".", 3)
	z := load(t, "-- example.com.zone --\n"+zone.String()+"c17 A 203.0.113.1\nlong DNAME "+long+"example.com.\n")
	for _, tt := range []struct{ name, want string }{
		{"c1.example.com.", "NOERROR"},
		{"c0.example.com.", "SERVFAIL"},
		{strings.Repeat("x", 60) + ".long.example.com.", "YXDOMAIN"},
	} {
		got := react(t, z, message(tt.name, dns.TypeA), true, false)
		if rcodeText(got.Rcode) != tt.want {
			t.Errorf("%s A = %s, want %s", tt.name, rcodeText(got.Rcode), tt.want)
		}
	}
}

// Who asks for DNSSEC gets the DS record with a referral (RFC 4035 section 3.1.4).
func TestReferralWithDS(t *testing.T) {
	m := message("host.sub.example.com.", dns.TypeA)
	m.SetEdns0(1232, true)
	const want = `
		NOERROR
		ns sub.example.com. 300 NS ns.sub.example.com.
		ns sub.example.com. 300 NS ns.example.net.
		ns sub.example.com. 300 DS 1 13 2 00
		ar ns.sub.example.com. 300 A 203.0.113.54
		ar ns.sub.example.com. 300 AAAA 2001:db8::54`
	if diff := cmp.Diff(lines(want), sketch(react(t, load(t, internet), m, true, false))); diff != "" {
		t.Errorf("host.sub.example.com. A with DO (-want +got):\n%s", diff)
	}
}

func TestAuthenticData(t *testing.T) {
	z := load(t, internet)
	for _, tt := range []struct {
		name         string
		ad, do, want bool
	}{
		{"mail.example.com.", false, false, false},
		{"mail.example.com.", true, false, true},
		{"mail.example.com.", false, true, true},
		{"nope.example.com.", true, false, true},
		{"www.example.com.", true, false, true},
		{"far.example.com.", true, true, false}, // ends in a zone that is not signed
		{"web.example.net.", true, true, false},
		{"l1.example.com.", true, true, false},
	} {
		m := message(tt.name, dns.TypeA)
		m.AuthenticatedData = tt.ad
		if tt.do {
			m.SetEdns0(1232, true)
		}
		got := react(t, z, m, false, true)
		if got.AuthenticatedData != tt.want {
			t.Errorf("%s A with AD %v, DO %v: AD = %v, want %v", tt.name, tt.ad, tt.do, got.AuthenticatedData, tt.want)
		}
		if o := got.IsEdns0(); tt.do && (o == nil || !o.Do()) {
			t.Errorf("%s A with DO: want DO in the reply (RFC 3225 section 3)", tt.name)
		}
	}
}
