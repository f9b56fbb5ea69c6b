package address

import (
	"strings"

	"golang.org/x/net/idna"
)

// ASCII writes the U-labels of a domain as A-labels (RFC 5890 section 2.3.2.1). Labels
// in ASCII stay as they are: IDNA would refuse those with underscores, which names of
// hosts may not have and others may. The caller bounds the length.
func ASCII(domain string) (string, error) {
	if ascii(domain) {
		return domain, nil
	}
	labels := strings.Split(domain, ".")
	for i, l := range labels {
		if ascii(l) {
			continue
		}
		var err error
		if labels[i], err = idna.Lookup.ToASCII(l); err != nil {
			return "", err
		}
	}
	return strings.Join(labels, "."), nil
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// Lower changes ASCII letters only: the names of header fields and of DNS (RFC 4343)
// know no others.
func Lower(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			return lowerFrom(i, s)
		}
	}
	return s
}

// lowerFrom copies, and changes what stands from an octet on.
func lowerFrom(i int, s string) string {
	b := []byte(s)
	for ; i < len(b); i++ {
		if 'A' <= b[i] && b[i] <= 'Z' {
			b[i] += 'a' - 'A'
		}
	}
	return string(b)
}
