package check

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"strictmx/internal/mail"
)

// Names as providers give them to addresses, and as people give them to mail
// servers. The client is 203.0.113.10, hexadecimal cb00710a, or
// 2001:db8:1:2:f03c:91ff:fe6e:423f.
func TestGenericNames(t *testing.T) {
	v4, v6 := netip.MustParseAddr("203.0.113.10"), netip.MustParseAddr("2001:db8:1:2:f03c:91ff:fe6e:423f")
	for _, tt := range []struct {
		client  netip.Addr
		name    string
		generic bool
	}{
		{v4, "pcb00710a.dip0.t-ipconnect.de", true}, // T-Online: the address in hexadecimal
		{v4, "p5b123456.dip0.t-ipconnect.de", true}, // and of another address
		{v4, "ec2-203-0-113-10.compute-1.amazonaws.com", true},
		{v4, "ec2-203-0-113-10.eu-central-1.compute.amazonaws.com", true},
		{v4, "c-203-0-113-10.hsd1.ca.comcast.net", true},
		{v4, "c-73-1-2-3.hsd1.ca.comcast.net", true},
		{v4, "203-0-113-10.example.net", true},
		{v4, "10.113.0.203.example.net", true},
		{v4, "host10-113.203.example.it", true}, // three of four
		{v4, "203.0.113.10.static.example.co.uk", true},
		{v4, "ip-203-0-113-10.example.com", true},
		{v4, "203000113010.example.ne.jp", true},
		{v4, "010-113-000-203.example.net", true},
		{v4, "0a7100cb.example.net", true},
		{v4, "cb-00-71-0a.example.net", true},
		{v4, "h203_0_113_10.example.net", true},
		{v4, "static.10.113.0.203.clients.example.net", true},
		{v4, "198-51-100-7.example.net", true}, // four numbers of another address
		{v4, "dyn-42.example.net", true},
		{v4, "dynamic.example", false}, // the registered domain may be called anything
		{v4, "x.dynamic.example.net", true},
		{v4, "dhcp17.campus.example.edu", true},
		{v4, "dialup-3.example.net", true},
		{v4, "pool-7.example.net", true},
		{v4, "ppp12.example.net", true},
		{v4, "cable-88.example.net", true},
		{v4, "adsl-1.example.net", true},
		{v4, "vdsl.example.net.br", true},
		{v4, "a.dsl.example.de", true},
		{v4, "static-5.example.net", true},
		{v4, "customer-5.example.net", true},
		{v4, "5.cust.example.net", true},
		{v4, "unassigned.example.net", true},
		{v4, "broadband.co.uk", false}, // all of it registered
		{v4, "lns-2.mobile.example.net", true},

		{v4, "mail1.example.net", false},
		{v4, "mx-03.example.org", false},
		{v4, "services02.example.com", false},
		{v4, "smtp-10-113.example.net", false}, // two octets come about by chance
		{v4, "mail10.dc203.example.net", false},
		{v4, "dynamo.example.net", false},
		{v4, "mail.pooltable.example", false},
		{v4, "mail.generaldynamics.example", false},
		{v4, "carpool.example.net", false},
		{v4, "statics.example.net", false},
		{v4, "example.com", false},
		{v4, "example.co.uk", false},
		{v4, "mta-70-21.example.net", false},
		{v4, "o1.email.example.com", false},
		{v4, "a27-41.smtp-out.eu-west-1.amazonses.com", false},
		{v4, "mail-lf1-f41.google.com", false},
		{v4, "mout.kundenserver.de", false},
		{v4, "fallback-mx.in.tum.example", false},
		{v4, "", false},
		{v4, "localhost", false},

		{v6, "2001-db8-1-2-f03c-91ff-fe6e-423f.example.net", true},
		{v6, "f03c91fffe6e423f.example.net", true},
		{v6, "f03c-91ff-fe6e-423f.example.net", true},
		{v6, "20010db800010002f03c91fffe6e423f.ipv6.example.net", true},
		{v6, "f.3.2.4.e.6.e.f.f.f.1.9.c.3.0.f.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.example.net", true},
		{v6, "p200300c1.dip0.t-ipconnect.de", true},
		{v6, "services02.example.com", false},
		{v6, "mail-2001.example.com", false},
		{netip.MustParseAddr("2001:db8::25"), "mx25.example.com", false}, // the interface has too few digits to tell
		{netip.MustParseAddr("2001:db8::25"), "2001-db8--25.example.com", true},
	} {
		if why := genericName(tt.name, Facts{Client: tt.client}); (why != "") != tt.generic {
			t.Errorf("%s of %s: generic %q, want %v", tt.name, tt.client, why, tt.generic)
		}
	}
}

func TestRDNS(t *testing.T) {
	w := world{
		ptrAt("203.0.113.1"): "mail.example.com.",
		ptrAt("203.0.113.2"): "2.113.0.203.Dyn.example.net.",
		ptrAt("203.0.113.3"): "3.113.0.203.dyn.example.net.\nmail.example.com.",
		ptrAt("203.0.113.4"): "!",
		ptrAt("203.0.113.5"): strings.Repeat("x.dyn.example.net.\n", 10) + "mail.example.com.",
	}
	for _, tt := range []struct{ client, patterns, want, name string }{
		{"203.0.113.1", "", mail.Pass, "mail.example.com"},
		{"203.0.113.2", "", mail.Fail, "2.113.0.203.dyn.example.net"},
		{"203.0.113.3", "", mail.Pass, "mail.example.com"}, // one name of its own is enough
		{"203.0.113.4", "", mail.TempError, ""},
		{"203.0.113.5", "", mail.Fail, "x.dyn.example.net"}, // the eleventh is not looked at
		{"203.0.113.6", "", mail.None, ""},
		{"203.0.113.1", `^mail\.`, mail.Fail, "mail.example.com"}, // in place of our own
		{"203.0.113.2", `^mail\.`, mail.Pass, "2.113.0.203.dyn.example.net"},
		{"203.0.113.2", `^x$|\.dyn\.`, mail.Fail, "2.113.0.203.dyn.example.net"},
	} {
		var settings []string
		if tt.patterns != "" {
			settings = []string{"patterns: ^never$", "patterns: " + tt.patterns}
		}
		c := makeCheck(t, "rdns-generic", "rdns-generic", settings...)
		r := c.Run(t.Context(), Env{Resolver: w}, Facts{Client: netip.MustParseAddr(tt.client)})
		if r.Value != tt.want || r.Properties["name"] != tt.name {
			t.Errorf("rdns-generic of %s with %q = %s of %q (%s), want %s of %q",
				tt.client, tt.patterns, r.Value, r.Properties["name"], r.Reason, tt.want, tt.name)
		}
	}
}

// A name is judged alike in whatever place the address stands, and a name that shows
// no digit and no word of ours is nobody's generic one.
func FuzzGenericName(f *testing.F) {
	f.Add("203.0.113.10", "static", "example.net")
	f.Add("2001:db8::f03c:91ff:fe6e:423f", "x-", "a.b.c")
	f.Fuzz(func(t *testing.T, client, before, domain string) {
		addr, err := netip.ParseAddr(client)
		if err != nil || addr.Zone() != "" || len(before)+len(domain) > 200 {
			return
		}
		facts := Facts{Client: addr}
		genericName(before+domain, facts) // of any octets
		if addr = addr.Unmap(); !addr.Is4() || strings.Trim(domain, "abcdefghijklmnopqrstuvwxyz.") != "" || strings.Count(domain, ".") != 1 {
			return
		}
		name := strings.ReplaceAll(addr.String(), ".", "-") + "." + domain
		if genericName(name, facts) == "" {
			t.Errorf("%s of %s is not generic", name, addr)
		}
	})
}

func Example_rdnsGeneric() {
	w := world{ptrAt("203.0.113.10"): "c-203-0-113-10.hsd1.ca.example.net."}
	c, _ := ByMethod("rdns-generic")
	r := c.Run(context.Background(), Env{Resolver: w}, Facts{Client: netip.MustParseAddr("203.0.113.10")})
	fmt.Println(r.Value, "because", r.Reason)
	// Output: fail because 203.0.113.10 has the generic PTR name c-203-0-113-10.hsd1.ca.example.net, which has the address 203.0.113.10 in it
}
