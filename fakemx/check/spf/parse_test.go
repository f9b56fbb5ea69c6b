package spf

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, tt := range []struct{ text, want string }{ // want is the canonical form, or a part of the error
		{"v=spf1", "v=spf1"},
		{"V=SPF1   +MX:Example.COM/24  -ALL ", "v=spf1 mx:Example.COM/24 -all"},
		{"v=spf1 a/32//128 mx/0//0 ?ptr:%{d2}", "v=spf1 a mx/0//0 ?ptr:%{d2}"},
		{"v=spf1 a:a/b.example.com/24//64", "v=spf1 a:a/b.example.com/24//64"},
		{"v=spf1 ip4:203.0.113.0/24 ip6:2001:DB8::/32", "v=spf1 ip4:203.0.113.0/24 ip6:2001:db8::/32"},
		{"v=spf1 ip4:203.0.113.9/32 ip6:::ffff:203.0.113.9", "v=spf1 ip4:203.0.113.9 ip6:::ffff:203.0.113.9"},
		{"v=spf1 exists:%{L02R.-}.%%%_%-.example.com.", "v=spf1 exists:%{L2r.-}.%%%_%-.example.com."},
		{"v=spf1 Redirect=example.net EXP=e.example.net Foo=x", "v=spf1 redirect=example.net exp=e.example.net Foo=x"},
		{"v=spf1 a:xn--bcher-kva.xn--p1ai", "v=spf1 a:xn--bcher-kva.xn--p1ai"},
		{"v=spf1 include:%{d}", "v=spf1 include:%{d}"},

		{"v=spf2 all", "want v=spf1"},
		{"v=spf1 \x7fall", "octet 0x7f at place 8"},
		{"v=spf1 all:x", "want nothing after all"},
		{"v=spf1 include", "want a colon and a domain after include"},
		{"v=spf1 exists:", "want a domain, not nothing"},
		{"v=spf1 a:203.0.113.1", "ip4 and ip6 take addresses"},
		{"v=spf1 a:2001:db8::1", "ip4 and ip6 take addresses"},
		{"v=spf1 a:mail", "two labels"},
		{"v=spf1 a:mail.example.123", `"123" is no top-level label`},
		{"v=spf1 a/33", `prefix length "33": want 0 to 32`},
		{"v=spf1 a//0128", `prefix length "0128"`},
		{"v=spf1 mx/24/64", `prefix length "64"`},
		{"v=spf1 mx/24/24", "prefix length at the end"},
		{"v=spf1 ip4", "want a colon and an address after ip4"},
		{"v=spf1 ip4:203.0.113", `"203.0.113" is no address for ip4`},
		{"v=spf1 ip4:203.0.113.1/", "want a number after the slash"},
		{"v=spf1 ip6:fe80::1%eth0", "no address for ip6"},
		{"v=spf1 ipv4:203.0.113.1", `"ip4" was meant?`},
		{"v=spf1 redirect:example.com", `"redirect=" was meant?`},
		{"v=spf1 203.0.113.1", "needs ip4: or ip6:"},
		{"v=spf1 moo", "want all, include, a, mx"},
		{"v=spf1 exp=a.example.com exp=a.example.com", "want exp at most once"},
		{"v=spf1 a:%{d", "closing brace"},
		{"v=spf1 a:%{q}.com", `macro "%{q}" has no known letter`},
		{"v=spf1 a:%{c}.com", "only in the text of an explanation"},
		{"v=spf1 a:%{d0}.com", "keeps no part"},
		{"v=spf1 a:%{dx}.com", "delimiters out of"},
		{"v=spf1 a:%d.com", "after a percent sign"},
		{"v=spf1 all " + strings.Repeat("x=", maxRecord/2), "want at most 65535 octets"},
	} {
		r, err := parse(tt.text)
		got := r.String()
		if err != nil {
			got = err.Error()
		}
		if err == nil && got != tt.want || err != nil && !strings.Contains(got, tt.want) {
			t.Errorf("parse(%.80q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestIsRecord(t *testing.T) {
	for text, want := range map[string]bool{
		"v=spf1": true, "V=sPf1 -all": true, "v=spf1 ": true,
		"": false, "v=spf": false, "v=spf10": false, "v=spf1-all": false, " v=spf1": false, "v=spf1\t-all": false,
	} {
		if got := isRecord(text); got != want {
			t.Errorf("isRecord(%q) = %v, want %v", text, got, want)
		}
	}
}
