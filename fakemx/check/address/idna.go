package address

import (
	"strings"

	"golang.org/x/net/idna"
)

// ASCII writes the U-labels of a domain as A-labels (RFC 5890 section 2.3.2.1). Labels
// in ASCII stay as they are: IDNA would refuse those with underscores, which names of
// hosts may not have and others may. The caller bounds the length.
func ASCII(domain string) (string, error) {
	foreign := func(r rune) bool { return r >= 0x80 }
	if !strings.ContainsFunc(domain, foreign) {
		return domain, nil
	}
	labels := strings.Split(domain, ".")
	for i, l := range labels {
		if !strings.ContainsFunc(l, foreign) {
			continue
		}
		var err error
		if labels[i], err = idna.Lookup.ToASCII(l); err != nil {
			return "", err
		}
	}
	return strings.Join(labels, "."), nil
}
