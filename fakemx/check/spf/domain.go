package spf

import (
	"fmt"
	"net/netip"
	"strings"

	"strictmx/fakemx/check/address"
)

// maxName is the length in octets of the longest domain name without final dot
// (RFC 7208 section 7.3).
const maxName = 253

// malformed says why a name cannot be checked or asked for, or nothing. RFC 7208
// section 4.3 wants a fully qualified name of more than one label and leaves the
// rest to RFC 1035: labels of 1 to 63 octets, 253 in all. What characters a label
// has is not its matter.
func malformed(name string) string {
	switch {
	case name == "":
		return "it is empty"
	case len(name) > maxName:
		return fmt.Sprintf("it is longer than %d octets", maxName)
	case name[0] == '[':
		return "it is an address literal"
	case !strings.Contains(name, "."):
		return "it has only one label"
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return "it is an address"
	}
	return badLabel(name)
}

// badLabel says which label of a name cannot be in a DNS query, or nothing.
func badLabel(name string) string {
	for l := range strings.SplitSeq(name, ".") {
		switch {
		case l == "":
			return "it has an empty label"
		case len(l) > 63:
			return "it has a label longer than 63 octets"
		}
	}
	return ""
}

// fit makes a target-name of an expanded domain-spec: without final dot, and
// with labels taken from the left until it is short enough (RFC 7208 section 7.3).
func fit(name string) string {
	name = strings.TrimSuffix(name, ".")
	for len(name) > maxName {
		_, rest, ok := strings.Cut(name, ".")
		if !ok {
			return name // one label, which no query can hold
		}
		name = rest
	}
	return name
}

// presentation writes a name as it is in master files (RFC 1035 section 5.1):
// a backslash before a backslash, and three digits for what cannot be seen.
func presentation(name string) string {
	if unambiguous(name) {
		return name
	}
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case c == '\\':
			b.WriteString(`\\`)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\%03d`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// reverseName is the name of the PTR records of an address (RFC 1035 section 3.5,
// RFC 3596 section 2.5).
func reverseName(ip netip.Addr) string {
	labels := strings.Split(dotted(ip), ".")
	var b strings.Builder
	for i := len(labels) - 1; i >= 0; i-- {
		b.WriteString(strings.ToLower(labels[i]) + ".")
	}
	return b.String() + family(ip) + ".arpa"
}

// dotted is the value of the i macro: a dotted quad, or 32 nibbles. The digits are
// upper case as in the public test suite, though the examples of RFC 7208 section
// 7.4 have lower case ones; it shows only in explanations.
func dotted(ip netip.Addr) string {
	if ip.Is4() {
		return ip.String()
	}
	const digits = "0123456789ABCDEF"
	var b []byte
	for _, c := range ip.As16() {
		b = append(b, digits[c>>4], '.', digits[c&15], '.')
	}
	return string(b[:len(b)-1])
}

// family is the value of the v macro.
func family(ip netip.Addr) string {
	if ip.Is4() {
		return "in-addr"
	}
	return "ip6"
}

// within tells that a name is the domain or below it. DNS compares ASCII letters
// without case (RFC 4343) and nothing else.
func within(name, domain string) bool {
	name, domain = address.Lower(name), address.Lower(domain)
	return name == domain || strings.HasSuffix(name, "."+domain)
}

// isASCII tells that all octets are below 128.
func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] > 127 {
			return false
		}
	}
	return true
}
