package scenarios

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"strictmx/internal/mail"
	"strictmx/internal/pattern"
)

var (
	label     = regexp.MustCompile(pattern.Any(nameLabel))
	shortName = regexp.MustCompile(pattern.Any(ShortNameForm))
	local     = regexp.MustCompile(pattern.Any(LocalForm))
)

// parseDomain reads a domain name in the form that mail addresses have, and
// returns it in lower case.
func parseDomain(s string) (string, error) {
	switch {
	case s == "":
		return "", errors.New("want a domain")
	case strings.HasSuffix(s, "."):
		return "", errors.New("want it without a final dot")
	case len(s) > MaxDomain:
		return "", fmt.Errorf("want at most %d characters", MaxDomain)
	}
	for _, r := range s {
		if r >= 0x80 {
			return "", errors.New("want its ASCII form, as in xn--bcher-kva.example")
		}
	}
	for l := range strings.SplitSeq(s, ".") {
		if !label.MatchString(l) {
			return "", errors.New("want labels of letters, digits and hyphens between dots")
		}
	}
	return strings.ToLower(s), nil
}

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
	_, err := parseDomain(domain)
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

// parseAddr reads an IP address of a host.
func parseAddr(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	switch {
	case err != nil:
		return a, errors.New("want an IP address")
	case a.Zone() != "":
		return a, errors.New("want an address without a zone")
	case a.Is4In6():
		return a, errors.New("want an IPv4 address in its own form, as in " + a.Unmap().String())
	case !mail.IsHost(a):
		return a, errors.New("want an address that a host on the internet has")
	}
	return a, nil
}

// reverseName is where the PTR records of an address are (RFC 1035 section 3.5,
// RFC 3596 section 2.5).
func reverseName(a netip.Addr) string {
	const hex = "0123456789abcdef"
	var labels []string
	for _, b := range a.AsSlice() {
		if a.Is4() {
			labels = append(labels, strconv.Itoa(int(b)))
			continue
		}
		labels = append(labels, hex[b>>4:b>>4+1], hex[b&15:b&15+1])
	}
	var b strings.Builder
	for i := len(labels) - 1; i >= 0; i-- {
		b.WriteString(labels[i] + ".")
	}
	if a.Is4() {
		return b.String() + "in-addr.arpa"
	}
	return b.String() + "ip6.arpa"
}

// collapse makes one blank of each run of blanks.
func collapse(s string) string { return strings.Join(strings.Fields(s), " ") }
