package spf

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

// TestMacroExamples holds the expander against the examples of RFC 7208 section
// 7.4, and some more.
func TestMacroExamples(t *testing.T) {
	w := newWorld(t, `
		3.2.0.192.in-addr.arpa PTR mx.example.org
		mx.example.org         A   192.0.2.3
		`)
	query := func(client, from string) *evaluation {
		q := Query{
			Client: netip.MustParseAddr(client), Helo: "helo.example.org", MailFrom: from, Receiver: "mx.example.com",
			Now: func() time.Time { return time.Unix(1400000000, 0) },
		}
		e := &evaluation{resolver: w, query: q, client: q.Client}
		e.local, e.domain = sender(q)
		return e
	}
	bad := query("192.0.2.3", "strong-bad@email.example.com")
	six := query("2001:db8::cb01", "strong-bad@email.example.com")
	odd := query("192.0.2.3", "a..b-&%é@email.example.com")
	for _, tt := range []struct {
		e           *evaluation
		macro, want string
	}{
		{bad, "%{s}", "strong-bad@email.example.com"},
		{bad, "%{o}", "email.example.com"},
		{bad, "%{d}", "email.example.com"},
		{bad, "%{d4}", "email.example.com"},
		{bad, "%{d3}", "email.example.com"},
		{bad, "%{d2}", "example.com"},
		{bad, "%{d1}", "com"},
		{bad, "%{dr}", "com.example.email"},
		{bad, "%{d2r}", "example.email"},
		{bad, "%{l}", "strong-bad"},
		{bad, "%{l-}", "strong.bad"},
		{bad, "%{lr}", "strong-bad"},
		{bad, "%{lr-}", "bad.strong"},
		{bad, "%{l1r-}", "strong"},
		{bad, "%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"},
		{bad, "%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"},
		{bad, "%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"},
		{bad, "%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"},
		{bad, "%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"},
		{bad, "%{p2}.%{h}", "example.org.helo.example.org"},
		{bad, "%{c} %{r} %{t}", "192.0.2.3 mx.example.com 1400000000"},
		{bad, "%%%_%-%{S}", "% %20strong-bad%40email.example.com"},
		{six, "%{ir}.%{v}._spf.%{d2}", "1.0.B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6._spf.example.com"},
		{six, "%{c}/%{p}", "2001:db8::cb01/unknown"},
		{odd, "%{l.}", "a..b-&%é"},         // empty parts are parts
		{odd, "%{l2-}", "a..b.&%é"},        // the split is at the hyphen only
		{odd, "%{lr.}", "b-&%é..a"},        // reversed with the empty part
		{odd, "%{L}", "a..b-%26%25%C3%A9"}, // octets are escaped
	} {
		m, err := parseMacroString(tt.macro, explainLetters, true)
		if err != nil {
			t.Errorf("parseMacroString(%q) gives error %v", tt.macro, err)
			continue
		}
		if got := m.expand(tt.e.value(t.Context(), tt.e.domain)); got != tt.want {
			t.Errorf("%q expands to %q, want %q", tt.macro, got, tt.want)
		}
	}
}

// TestClientName holds the order of preference for the p macro, RFC 7208 section
// 7.3.
func TestClientName(t *testing.T) {
	w := newWorld(t, `
		9.113.0.203.in-addr.arpa PTR other.example.net
		9.113.0.203.in-addr.arpa PTR forged.example.com
		9.113.0.203.in-addr.arpa PTR host.Example.com
		9.113.0.203.in-addr.arpa PTR mail.example.com
		other.example.net        A   203.0.113.9
		forged.example.com       A   203.0.113.10
		host.example.com         A   203.0.113.9
		mail.example.com         A   203.0.113.9
		`)
	for _, tt := range []struct{ client, domain, want string }{
		{"203.0.113.9", "mail.example.com", "mail.example.com"}, // the domain itself
		{"203.0.113.9", "example.com", "host.Example.com"},      // the first below it
		{"203.0.113.9", "example.org", "other.example.net"},     // any
		{"203.0.113.9", "ample.com", "other.example.net"},       // not below by letters
		{"203.0.113.10", "example.com", "unknown"},
	} {
		e := &evaluation{resolver: w, client: netip.MustParseAddr(tt.client)}
		if got := e.clientName(t.Context(), tt.domain); got != tt.want {
			t.Errorf("clientName(%s) for %s = %q, want %q", tt.domain, tt.client, got, tt.want)
		}
	}
}

func TestFit(t *testing.T) {
	l63 := strings.Repeat("x", 63)
	long := strings.Join([]string{l63, l63, l63, strings.Repeat("y", 57)}, ".") // 249 octets
	for _, tt := range []struct{ name, want string }{
		{"example.com.", "example.com"},
		{"a." + long + "z", "a." + long + "z"}, // 252
		{"abcd." + long, long},
		{"a.b.c." + long, "b.c." + long}, // 255 and then 253
		{strings.Repeat("z", 300), strings.Repeat("z", 300)},
	} {
		if got := fit(tt.name); got != tt.want {
			t.Errorf("fit(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestMalformed(t *testing.T) {
	for name, want := range map[string]string{
		"example.com":                    "",
		"_spf.example.com":               "",
		"a b%.example.com":               "", // DNS allows any octet
		"":                               "empty",
		"localhost":                      "one label",
		"a..example.com":                 "empty label",
		".example.com":                   "empty label",
		"[203.0.113.1]":                  "address literal",
		"[IPv6:2001:db8::1]":             "address literal",
		"203.0.113.1":                    "an address",
		strings.Repeat("x", 64) + ".com": "label longer than 63",
		strings.Repeat("x.", 126) + "example.com.": "longer than 253",
	} {
		got := malformed(name)
		if got != want && (want == "" || !strings.Contains(got, want)) {
			t.Errorf("malformed(%q) = %q, want %q", name, got, want)
		}
	}
}

// TestPunycode uses samples of RFC 3492 section 7.1 and names in use.
func TestPunycode(t *testing.T) {
	for name, want := range map[string]string{
		"example.com":        "example.com",
		"bücher.example.com": "xn--bcher-kva.example.com",
		"Bücher.example.com": "xn--bcher-kva.example.com",
		"почта.рф":           "xn--80a1acny.xn--p1ai",
		"他们为什么不说中文.example":  "xn--ihqwcrb4cv8a8dqg056pqjye.example",
		"3年b組金八先生.example":   "xn--3b-ww4c5e180e575a65lsy2b.example",
		"faß.example":        "xn--fa-hia.example",
		"\xff.example":       "\xff.example", // not UTF-8
	} {
		if got := ToASCII(name); got != want {
			t.Errorf("ToASCII(%q) = %q, want %q", name, got, want)
		}
	}
}
