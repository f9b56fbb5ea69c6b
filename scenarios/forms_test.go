package scenarios

import (
	"regexp"
	"testing"

	"strictmx/internal/mail"
	"strictmx/internal/pattern"
)

// What the loader takes has the form that is told of it.
func FuzzForms(f *testing.F) {
	for _, s := range []string{
		"example.com", "EXAMPLE.com", "a_b.c", "1.5", "-a.com", "a..b", "a.", "", "bücher.example", "\u212a.example", "*.example.com", "*.example.com.", "*", "*.", "203.0.113.10", "2001:db8::1",
		"me@example.com", "me", "a.b+c@x", `"a b\\"c"@x`, `"a@b"@x`, "me@[203.0.113.10]", "me@[IPv6:2001:db8::1]", "me@[2001:db8::1]", "me@[IPv6:fe80::1%e]", "<me@x>", ".a@x", "@x",
		"5", "1..5", "..5", "1.5..", " 1 .. 2 ", "..", "1...5", "5.", "-1", "5\n",
	} {
		f.Add(s)
	}
	form := func(forms ...string) *regexp.Regexp { return regexp.MustCompile(pattern.Any(forms...)) }
	domain, box, fault := form(DomainForm), form(MailboxForm, LocalForm), form(FaultNameForm, pattern.IPv4, pattern.IPv6)
	seconds, addr, none := form(RangeForm), form(pattern.IPv4, pattern.IPv6), form(pattern.Mapped, pattern.NoHost)
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := mail.ParseDomain(s); err == nil && !domain.MatchString(s) {
			t.Errorf("%q is a domain and has not the form of one", s)
		}
		if checkAddress(s) == nil && !box.MatchString(s) {
			t.Errorf("%q is a mailbox and has not the form of one", s)
		}
		if _, err := mail.FaultName(s); err == nil && !fault.MatchString(s) {
			t.Errorf("%q is whose answers can be wrong and has not the form of it", s)
		}
		if _, err := parseRange(s); err == nil && !seconds.MatchString(s) {
			t.Errorf("%q is a range and has not the form of one", s)
		}
		if _, err := mail.ParseHost(s); err == nil && (!addr.MatchString(s) || none.MatchString(s)) {
			t.Errorf("%q is an address and has not the form of one", s)
		}
	})
}
