package mail

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// LabelForm is a pattern of one label of a domain name as people write them, and
// MaxDomain the longest name, in characters.
const (
	LabelForm = `[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?`
	MaxDomain = 253
)

var label = regexp.MustCompile(`^(?:` + LabelForm + `)$`)

// ParseDomain reads a domain name in the form that mail addresses have, and
// returns it in lower case.
func ParseDomain(s string) (string, error) {
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

// ParseHost reads an IP address of a host.
func ParseHost(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	switch {
	case err != nil:
		return a, errors.New("want an IP address")
	case a.Zone() != "":
		return a, errors.New("want an address without a zone")
	case a.Is4In6():
		return a, errors.New("want an IPv4 address in its own form, as in " + a.Unmap().String())
	case !IsHost(a):
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

// FaultName reads the name that a fault is for: a domain name, *.NAME for all
// below it, * for all, or an address for its name in the reverse zone.
func FaultName(s string) (string, error) {
	if strings.Contains(s, ":") {
		a, err := ParseHost(s)
		if err != nil {
			return "", err
		}
		return reverseName(a), nil
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return reverseName(a), nil
	}
	if s == "*" {
		return s, nil
	}
	star := ""
	if rest, ok := strings.CutPrefix(s, "*."); ok {
		star, s = "*.", rest
	}
	d, err := ParseDomain(strings.TrimSuffix(s, "."))
	return star + d, err
}
