package fakedns

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/miekg/dns"
)

// readPTR reads lines of the form ADDRESS NAME..., as in hosts(5). Names are
// absolute with and without final dot; # begins a comment. Each name becomes a
// PTR record, and several lines for one address add up.
func readPTR(file, text string) (records []record, errs []error) {
	line := 0
	for l := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		line++
		l, _, _ = strings.Cut(l, "#")
		words := strings.Fields(l)
		if len(words) == 0 {
			continue
		}
		more, err := ptrLine(words)
		if err != nil {
			errs = append(errs, &Error{file, line, err})
			continue
		}
		for _, r := range more {
			r.file, r.line = file, line
			records = append(records, r)
		}
	}
	return records, errs
}

func ptrLine(words []string) ([]record, error) {
	addr, err := netip.ParseAddr(words[0])
	if err != nil || addr.Zone() != "" {
		return nil, fmt.Errorf("address %q: want an IPv4 or IPv6 address, then names", words[0])
	}
	if len(words) == 1 {
		return nil, fmt.Errorf("address %s: want a name after it", addr)
	}
	owner := Reverse(addr)
	var records []record
	var errs []error
	for _, w := range words[1:] {
		if a, err := netip.ParseAddr(w); err == nil {
			errs = append(errs, fmt.Errorf("address %s: want a name and not the address %s after it", addr, a))
			continue
		}
		target, err := fqdn(w)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		records = append(records, record{name: owner, rr: &dns.PTR{
			Hdr: dns.RR_Header{Name: owner, Rrtype: dns.TypePTR, Class: dns.ClassINET, Ttl: defaultTTL},
			Ptr: target,
		}})
	}
	return records, errors.Join(errs...)
}

// reverseCut returns the origin of the zone that is made up for the PTR records
// of an address: what is usually delegated, 256 IPv4 addresses or an IPv6 /64.
func reverseCut(owner string) string {
	labels := 1
	if strings.HasSuffix(owner, ".ip6.arpa.") {
		labels = 16
	}
	off := 0
	for range labels {
		off, _ = dns.NextLabel(owner, off)
	}
	return owner[off:]
}
