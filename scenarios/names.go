package scenarios

import (
	"errors"
	"net/netip"
	"regexp"
	"strings"

	"strictmx/internal/mail"
	"strictmx/internal/pattern"
)

var (
	shortName = regexp.MustCompile(pattern.Any(ShortNameForm))
	local     = regexp.MustCompile(pattern.Any(LocalForm))
)

// checkAddress tells what is wrong with a mailbox (RFC 5321 section 4.1.2). One
// without a domain is local to the host, which completes it.
func checkAddress(s string) error {
	box, domain, hasDomain := cutAddress(s)
	switch {
	case strings.ContainsAny(s, "<>") && !strings.HasPrefix(s, `"`):
		return errors.New("want the address alone, without angle brackets or a name")
	case box == "" || len(box) > 64 || len(s) > MaxMailbox:
		return errors.New("want LOCAL@DOMAIN, with at most 64 characters before the @ and 254 in all")
	case !local.MatchString(box):
		return errors.New("want letters, digits and !#$%&'*+/=?^_`{|}~-. before the @, or quotes around it")
	case !hasDomain:
		return nil
	case strings.HasPrefix(domain, "["):
		literal := strings.TrimPrefix(strings.TrimSuffix(domain[1:], "]"), "IPv6:")
		if a, err := netip.ParseAddr(literal); err != nil || a.Zone() != "" || !strings.HasSuffix(domain, "]") || a.Is6() != strings.HasPrefix(domain, "[IPv6:") {
			return errors.New("want an address literal such as [203.0.113.10] or [IPv6:2001:db8::10]")
		}
		return nil
	}
	_, err := mail.ParseDomain(domain)
	return err
}

// cutAddress splits a mailbox at its last @.
func cutAddress(s string) (local, domain string, ok bool) {
	i := strings.LastIndexByte(s, '@')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// sameAddress compares mailboxes: the domain without regard to case (RFC 5321
// section 2.4).
func sameAddress(a, b string) bool {
	la, da, _ := cutAddress(a)
	lb, db, _ := cutAddress(b)
	return la == lb && strings.EqualFold(da, db)
}

// collapse makes one blank of each run of blanks.
func collapse(s string) string { return strings.Join(strings.Fields(s), " ") }
