package fakedns

import (
	"net/netip"
	"strings"
	"testing"
)

func TestReverse(t *testing.T) {
	for _, tt := range []struct{ addr, want string }{
		{"203.0.113.10", "10.113.0.203.in-addr.arpa."},
		{"::ffff:203.0.113.10", "10.113.0.203.in-addr.arpa."},
		{"2001:db8::f03c:91ff:fe6e:423f", "f.3.2.4.e.6.e.f.f.f.1.9.c.3.0.f.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa."},
	} {
		if got := Reverse(netip.MustParseAddr(tt.addr)); got != tt.want {
			t.Errorf("Reverse(%s) = %s, want %s", tt.addr, got, tt.want)
		}
	}
	if got := Reverse(netip.Addr{}); got != "" {
		t.Errorf("Reverse of the zero address = %q, want nothing", got)
	}
}

func TestCanonical(t *testing.T) {
	label63 := strings.Repeat("x", 63)
	for _, tt := range []struct{ name, want string }{ // empty is an error
		{"Example.COM", "example.com."},
		{"example.com.", "example.com."},
		{".", "."},
		{"", ""},
		{"a..b", ""},
		{".a", ""},
		{label63 + ".example", label63 + ".example."},
		{label63 + "x.example", ""},
		{strings.Repeat(label63+".", 3) + strings.Repeat("x", 61), strings.Repeat(label63+".", 3) + strings.Repeat("x", 61) + "."},
		{strings.Repeat(label63+".", 3) + strings.Repeat("x", 62), ""},
		{`A\.b.c`, `a\.b.c.`},
		{`\065.c`, "a.c."},
		{`a b.c`, `a\ b.c.`},
		{"ä.example", `\195\164.example.`},
		{`a\`, ""},
	} {
		got, err := canonical(tt.name)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("canonical(%q) = %q, %v; want %q", tt.name, got, err, tt.want)
		}
	}
}
