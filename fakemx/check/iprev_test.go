package check

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"strictmx/internal/mail"
)

// world is DNS data by "name TYPE": one record a line. "!" breaks the lookup.
type world map[string]string

func (w world) Resolve(_ context.Context, name, typ string) (mail.Answer, error) {
	name = strings.ToLower(strings.TrimSuffix(name, ".")) + "."
	if a, err := netip.ParseAddr(strings.TrimSuffix(name, ".")); err == nil {
		return mail.Answer{}, fmt.Errorf("asked for the address %s", a)
	}
	text, ok := w[name+" "+typ]
	if text == "!" {
		return mail.Answer{}, &mail.LookupError{Name: name, Type: typ, RCode: mail.ServFail}
	}
	answer := mail.Answer{RCode: mail.NXDomain}
	for key := range w {
		if strings.HasPrefix(key, name+" ") {
			answer.RCode = mail.NoError
		}
	}
	if !ok || text == "" {
		return answer, nil
	}
	for line := range strings.Lines(text) {
		rr := mail.Record{Name: name, Type: typ, Text: strings.TrimSpace(line)}
		if typ == "A" || typ == "AAAA" {
			rr.Addr = netip.MustParseAddr(rr.Text)
		}
		answer.Records = append(answer.Records, rr)
	}
	return answer, nil
}

// ptrAt is the key of an address's PTR records.
func ptrAt(addr string) string { return ReverseName(netip.MustParseAddr(addr)) + " PTR" }

func TestIPRev(t *testing.T) {
	w := world{
		ptrAt("203.0.113.1"):       "good.example.",
		"good.example. A":          "203.0.113.1",
		ptrAt("203.0.113.2"):       "elsewhere.example.",
		"elsewhere.example. A":     "203.0.113.99",
		ptrAt("203.0.113.3"):       "gone.example.",
		ptrAt("203.0.113.4"):       "elsewhere.example.\ngone.example.\nfourth.example.",
		"fourth.example. A":        "203.0.113.99\n203.0.113.4",
		ptrAt("203.0.113.5"):       "!",
		ptrAt("203.0.113.6"):       "broken.example.\nelsewhere.example.",
		"broken.example. A":        "!",
		ptrAt("203.0.113.7"):       "broken.example.\nseventh.example.",
		"seventh.example. A":       "203.0.113.7",
		ptrAt("203.0.113.8"):       "",
		ptrAt("203.0.113.10"):      strings.Repeat("gone.example.\n", 10) + "tenth.example.",
		"tenth.example. A":         "203.0.113.10",
		ptrAt("2001:db8::25"):      "six.example.",
		"six.example. AAAA":        "2001:db8::25",
		ptrAt("2001:db8::26"):      "four-only.example.",
		"four-only.example. A":     "203.0.113.26",
		ptrAt("2001:db8::27"):      "mapped.example.",
		"mapped.example. AAAA":     "2001:db8::28",
		ptrAt("2001:db8::f03c:91"): "",
	}
	for _, tt := range []struct{ client, want, reason string }{
		{"203.0.113.1", mail.Pass, "good.example."},
		{"::ffff:203.0.113.1", mail.Pass, "good.example."},          // IPv4-mapped
		{"203.0.113.2", mail.Fail, "elsewhere.example. has A"},      // the name points elsewhere
		{"203.0.113.3", mail.Fail, "gone.example. has no A record"}, // the name does not resolve
		{"203.0.113.4", mail.Pass, "fourth.example."},               // one of several names matches
		{"203.0.113.5", mail.TempError, "SERVFAIL"},                 // the PTR lookup breaks
		{"203.0.113.6", mail.TempError, "broken.example."},          // what broke might have matched
		{"203.0.113.7", mail.Pass, "seventh.example."},              // a match outweighs what broke
		{"203.0.113.8", mail.PermError, "NOERROR"},                  // the name exists without PTR
		{"203.0.113.9", mail.PermError, "has no PTR record (NXDOMAIN)"},
		{"203.0.113.10", mail.Fail, "gone.example."}, // the eleventh name is not looked up
		{"2001:db8::25", mail.Pass, "six.example."},
		{"2001:db8::26", mail.Fail, "four-only.example. has no AAAA record (NOERROR)"},
		{"2001:db8::27", mail.Fail, "mapped.example. has AAAA 2001:db8::28"},
	} {
		got := IPRev(t.Context(), w, Facts{Client: netip.MustParseAddr(tt.client)})
		if got.Value != tt.want || !strings.Contains(got.Reason, tt.reason) {
			t.Errorf("IPRev(%s) = %s (%s), want %s (%s)", tt.client, got.Value, got.Reason, tt.want, tt.reason)
		}
		if len(got.Steps) == 0 {
			t.Errorf("IPRev(%s) has no steps", tt.client)
		}
	}
}

func TestReverseName(t *testing.T) {
	for addr, want := range map[string]string{
		"203.0.113.10":        "10.113.0.203.in-addr.arpa.",
		"::ffff:203.0.113.10": "10.113.0.203.in-addr.arpa.",
		"2001:db8::567:89ab":  "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.",
	} {
		if got := ReverseName(netip.MustParseAddr(addr)); got != want {
			t.Errorf("ReverseName(%s) = %s, want %s", addr, got, want)
		}
	}
}

func TestFamily(t *testing.T) {
	for addr, want := range map[string]string{
		"203.0.113.10": "ipv4", "::ffff:203.0.113.10": "ipv4", "2001:db8::1": "ipv6",
	} {
		if got := Family(t.Context(), nil, Facts{Client: netip.MustParseAddr(addr)}); got.Value != want {
			t.Errorf("Family(%s) = %s, want %s", addr, got.Value, want)
		}
	}
}

func TestHelo(t *testing.T) {
	w := world{
		"mx.example. A":       "203.0.113.1",
		"dual.example. A":     "203.0.113.1",
		"dual.example. AAAA":  "2001:db8::1",
		"broken.example. A":   "!",
		"other.example. AAAA": "2001:db8::2",
	}
	long := strings.Repeat("a", 64) + ".example"
	for _, tt := range []struct{ client, helo, want string }{
		{"203.0.113.1", "mx.example", mail.Pass},
		{"203.0.113.2", "mx.example", mail.Neutral},
		{"2001:db8::1", "dual.example", mail.Pass},
		{"2001:db8::1", "mx.example", mail.Neutral}, // resolves, in the other family only
		{"203.0.113.1", "gone.example", mail.Fail},
		{"203.0.113.1", "broken.example", mail.TempError},
		{"203.0.113.1", "", mail.None},
		{"203.0.113.1", "localhost", mail.PermError},
		{"203.0.113.1", "mx_1.example", mail.PermError},
		{"203.0.113.1", "-mx.example", mail.PermError},
		{"203.0.113.1", "mx..example", mail.PermError},
		{"203.0.113.1", "203.0.113.1", mail.PermError}, // an address without brackets
		{"203.0.113.1", long, mail.PermError},
		{"203.0.113.1", "[203.0.113.1]", mail.Pass},
		{"203.0.113.1", "[203.0.113.2]", mail.Fail},
		{"2001:db8::1", "[IPv6:2001:db8::1]", mail.Pass},
		{"2001:db8::1", "[2001:db8::1]", mail.PermError}, // RFC 5321 section 4.1.3 wants the tag
		{"203.0.113.1", "[IPv6:203.0.113.1]", mail.PermError},
		{"203.0.113.1", "[203.0.113.1", mail.PermError},
		{"203.0.113.1", "[]", mail.PermError},
	} {
		got := Helo(t.Context(), w, Facts{Client: netip.MustParseAddr(tt.client), Helo: tt.helo})
		if got.Value != tt.want {
			t.Errorf("Helo(%s from %s) = %s (%s), want %s", tt.helo, tt.client, got.Value, got.Reason, tt.want)
		}
	}
}

// Every check keeps to the values it declares, whatever the facts.
func FuzzChecks(f *testing.F) {
	f.Add("203.0.113.1", "mx.example", "me@mx.example")
	f.Add("2001:db8::1", "[IPv6:2001:db8::1]", "")
	f.Add("::ffff:203.0.113.1", "%{h}", "\"a@b\"@c")
	w := world{"mx.example. A": "203.0.113.1", "mx.example. TXT": "v=spf1 a -all", ptrAt("203.0.113.1"): "mx.example."}
	f.Fuzz(func(t *testing.T, client, helo, from string) {
		addr, err := netip.ParseAddr(client)
		if err != nil {
			return
		}
		for _, c := range All() {
			r := c.Run(t.Context(), Env{Resolver: w}, Facts{Client: addr, Helo: helo, MailFrom: from})
			known := false
			for _, v := range c.Values {
				known = known || v == r.Value
			}
			if !known || r.Method != c.Method || r.Reason == "" {
				t.Errorf("%s(%q, %q, %q) = %+v, want one of %v with a reason", c.Method, client, helo, from, r, c.Values)
			}
		}
	})
}

func ExampleIPRev() {
	w := world{
		ptrAt("203.0.113.10"): "mail.example.com.",
		"mail.example.com. A": "203.0.113.11",
	}
	r := IPRev(context.Background(), w, Facts{Client: netip.MustParseAddr("203.0.113.10")})
	fmt.Println(r.Value, "because", r.Reason)
	// Output: fail because no PTR name of 203.0.113.10 points back: mail.example.com. has A 203.0.113.11
}
