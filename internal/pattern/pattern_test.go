package pattern

import (
	"net/netip"
	"regexp"
	"testing"
	"time"
	"unicode"

	"strictmx/internal/mail"
)

func TestBlank(t *testing.T) {
	re := regexp.MustCompile("^" + Blank + "$")
	for r := range rune(0x10000) {
		if got := re.MatchString(string(r)); got != unicode.IsSpace(r) {
			t.Errorf("%U is blank: %v, want %v", r, got, unicode.IsSpace(r))
		}
	}
}

// times are spellings of them, odd ones as well.
var times = []string{
	"5m", "90s", "1h30m", "1.5h", ".5s", "1.s", "+5m", "100ms", "2us", "2µs", "2μs", "1ns", "0", "+0", "-0", "0s", "-0s", "0h0m", "00.0s",
	"-0.1ns", "1h.5m", "1h0s", "0m1s", "-5m", "5", "1d", "5 m", "", "m", ".s", "5M", "1h-5m", "--1s", "0.0", "0.s", "-.0s", "1e3s", "5m\n",
}

func FuzzTimes(f *testing.F) {
	for _, s := range times {
		f.Add(s)
	}
	delay, span := regexp.MustCompile(Any(Delay)), regexp.MustCompile(Any(Span))
	f.Fuzz(func(t *testing.T, s string) {
		d, err := time.ParseDuration(s)
		if err == nil && d >= 0 && !delay.MatchString(s) {
			t.Errorf("%q is a time, and the pattern does not take it", s)
		}
		if err == nil && d > 0 && !span.MatchString(s) {
			t.Errorf("%q is a time longer than 0, and the pattern does not take it", s)
		}
		if err == nil && d < 0 && span.MatchString(s) {
			t.Errorf("%q is no time longer than 0, and the pattern takes it", s)
		}
	})
}

// addresses are spellings of them, odd ones as well.
var addresses = []string{
	"203.0.113.10", "255.255.255.255", "0.0.0.0", "127.0.0.1", "169.254.1.1", "224.0.0.1", "239.1.1.1", "203.0.113.256", "203.0.113", "203.0.113.010",
	"2001:db8::1", "2001:DB8::1", "::", "::1", "0:0:0:0:0:0:0:1", "0::01", "fe80::1", "FEBF::1", "ff02::1", "::ffff:203.0.113.10", "::ffff:127.0.0.1",
	"::FFFF:c633:6401", "0:0:0:0:0:ffff:198.51.100.1", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:198.51.100.1", "1::2:3:4:5:6:7", "::2:3:4:5:6:7:8", "1:2:3:4:5:6:7::",
	"1:2:3:4:5:6:7::8", "1:2:3:4:5:6:7", "1::2::3", "12345::", "fe80::1%eth0", ":", "", "1:2:3:4:5:6:7:198.51.100.1", "::198.51.100.1", "1::",
	"203.0.113.0/24", "2001:db8::/32", "2001:db8::/129", "203.0.113.0/33", "203.0.113.0/08", "203.0.113.0/", "::/0", "0.0.0.0/0", "1.2.3.4\n",
}

// A pattern takes what the standard library takes, and nothing else.
func FuzzAddresses(f *testing.F) {
	for _, s := range addresses {
		f.Add(s)
	}
	v4, v6 := regexp.MustCompile(Any(IPv4)), regexp.MustCompile(Any(IPv6))
	net4, net6 := regexp.MustCompile(Any(IPv4Network)), regexp.MustCompile(Any(IPv6Network))
	mapped, none := regexp.MustCompile(Any(Mapped)), regexp.MustCompile(Any(NoHost))
	f.Fuzz(func(t *testing.T, s string) {
		a, err := netip.ParseAddr(s)
		known := err == nil && a.Zone() == ""
		if got := v4.MatchString(s); got != (known && a.Is4()) {
			t.Errorf("%q is of IPv4: %v", s, got)
		}
		if got := v6.MatchString(s); got != (known && a.Is6()) {
			t.Errorf("%q is of IPv6: %v", s, got)
		}
		if known && mapped.MatchString(s) != a.Is4In6() {
			t.Errorf("%q is an IPv4 address in the form of IPv6: %v", s, !a.Is4In6())
		}
		if known && mail.IsHost(a) && none.MatchString(s) {
			t.Errorf("%q can be that of a host, and the pattern says no", s)
		}
		p, err := netip.ParsePrefix(s)
		if got := net4.MatchString(s); got != (err == nil && p.Addr().Is4()) {
			t.Errorf("%q is a network of IPv4: %v", s, got)
		}
		if got := net6.MatchString(s); got != (err == nil && p.Addr().Is6()) {
			t.Errorf("%q is a network of IPv6: %v", s, got)
		}
	})
}

func TestNoHost(t *testing.T) {
	none := regexp.MustCompile(Any(NoHost))
	for _, s := range []string{"0.0.0.0", "127.0.0.2", "::ffff:127.0.0.1", "169.254.1.1", "224.0.0.1", "255.255.255.255", "::", "::1", "0::1", "fe80::1", "FEBF::1", "ff02::1"} {
		if !none.MatchString(s) {
			t.Errorf("%s is that of no host, and the pattern does not say so", s)
		}
	}
}

func FuzzStatus(f *testing.F) {
	for _, s := range []string{"5.7.1", "2.0.0", "4.7.999", "5.7", "3.0.0", "5.7.01", "5.7.1000", "5.7.1\n", "5.7.1.1", ""} {
		f.Add(s)
	}
	re := regexp.MustCompile(Any(Status("245")))
	f.Fuzz(func(t *testing.T, s string) {
		if got := re.MatchString(s); got != mail.IsStatus(s) {
			t.Errorf("%q is a status: %v, want %v", s, got, !got)
		}
	})
}

func TestCaseless(t *testing.T) {
	re := regexp.MustCompile(Any(Caseless("8bit-Mime")))
	for _, s := range []string{"8BITMIME", "8bit-mimes", "8bit_mime", "8b\u0131t-mime"} {
		if re.MatchString(s) {
			t.Errorf("%q matches", s)
		}
	}
	for _, s := range []string{"8BIT-MIME", "8bit-mime", "8Bit-mImE"} {
		if !re.MatchString(s) {
			t.Errorf("%q does not match", s)
		}
	}
}
