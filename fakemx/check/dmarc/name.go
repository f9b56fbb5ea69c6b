package dmarc

import (
	"fmt"
	"strings"

	"strictmx/fakemx/check/address"
)

// domainName writes a domain in the form in which domains are compared: A-labels
// (RFC 9989 section 5.3.1, RFC 7489 section 6.6.1) in lower case, no final dot. It
// wants labels of letters, digits, hyphens and underscores.
func domainName(s string) (string, error) {
	if len(s) > 4*maxName {
		return "", fmt.Errorf("the domain is longer than %d octets", maxName)
	}
	s, err := address.ASCII(s)
	if err != nil {
		return "", fmt.Errorf("the domain has no A-labels: %w", err)
	}
	if len(s) > maxName {
		return "", fmt.Errorf("the domain is longer than %d octets", maxName)
	}
	for label := range strings.SplitSeq(s, ".") {
		if !isLabel(label) {
			return "", fmt.Errorf("%q is no label of a domain", brief(label))
		}
	}
	return address.Lower(s), nil
}

func isLabel(s string) bool {
	for _, c := range []byte(s) {
		alpha := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !alpha && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return s != "" && len(s) <= maxLabel
}

// within tells whether a domain is another one or stands below it.
func within(domain, above string) bool {
	return domain == above || strings.HasSuffix(domain, "."+above)
}

// topLevel is the last label of a domain.
func topLevel(domain string) string {
	return domain[strings.LastIndexByte(domain, '.')+1:]
}
