package fakedns

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/miekg/dns"
)

// fqdn returns name with a final dot and escaped as names read from a packet are,
// in the letter case it came in. It wants what fits in a packet (RFC 1035 section
// 2.3.4).
func fqdn(name string) (string, error) {
	var wire [256]byte
	end, err := dns.PackDomainName(dns.Fqdn(name), wire[:], 0, nil, false)
	if err == nil && end > 0 && end <= 255 && name != "" {
		s, n, err := dns.UnpackDomainName(wire[:end], 0)
		if err == nil && n == end {
			return s, nil
		}
	}
	return "", fmt.Errorf("name %q: want labels of 1 to 63 octets, at most 255 octets in all", name)
}

// canonical returns name as [fqdn] does and in lower case, which is the form of
// the keys of all maps here.
func canonical(name string) (string, error) {
	s, err := fqdn(name)
	return lower(s), err
}

// lower turns the ASCII letters of a name to lower case and nothing else (RFC
// 4343 section 3).
func lower(name string) string {
	for i := range len(name) {
		if c := name[i]; c >= 'A' && c <= 'Z' {
			return dns.CanonicalName(name)
		}
	}
	return name
}

// below tells whether name is origin or a name under it. Both are canonical.
func below(name, origin string) bool {
	return origin == "." || name == origin || strings.HasSuffix(name, "."+origin) && dns.IsSubDomain(origin, name)
}

// wildcard returns the name of the wildcard at an encloser.
func wildcard(encloser string) string {
	if encloser == "." {
		return "*."
	}
	return "*." + encloser
}

// parseType reads a mnemonic such as "TXT" or the form TYPE65280 (RFC 3597
// section 5), in any letter case.
func parseType(s string) (uint16, bool) {
	s = strings.ToUpper(s)
	if t, ok := dns.StringToType[s]; ok {
		return t, true
	}
	digits, ok := strings.CutPrefix(s, "TYPE")
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	return uint16(n), err == nil
}

// metaType tells types that only queries and special messages have, never zones
// (RFC 6895 section 3.1).
func metaType(t uint16) bool { return t == dns.TypeNone || t == dns.TypeOPT || t >= 128 && t <= 255 }

// Reverse returns the name under in-addr.arpa or ip6.arpa that holds the PTR
// records of an address, with final dot (RFC 1035 section 3.5, RFC 3596 section
// 2.5). An IPv4-mapped address counts as the IPv4 address; the zero address gives
// an empty name.
func Reverse(a netip.Addr) string {
	a = a.Unmap()
	var b strings.Builder
	switch {
	case a.Is4():
		v := a.As4()
		for i := len(v) - 1; i >= 0; i-- {
			fmt.Fprintf(&b, "%d.", v[i])
		}
		b.WriteString("in-addr.arpa.")
	case a.Is6():
		v := a.As16()
		for i := len(v) - 1; i >= 0; i-- {
			fmt.Fprintf(&b, "%x.%x.", v[i]&0xf, v[i]>>4)
		}
		b.WriteString("ip6.arpa.")
	}
	return b.String()
}

func sortedKeys[V any](m map[uint16]V) []uint16 { return slices.Sorted(maps.Keys(m)) }
