package dkim

import (
	"errors"
	"fmt"
	"strings"

	"strictmx/fakemx/check/address"
)

// checkName knows the domain-name and selector of RFC 6376 section 3.1: labels of
// letters, digits and inner hyphens, here with underscores too, or U-labels (RFC
// 8616 section 6).
func checkName(s string) error {
	ascii, err := toASCII(s)
	switch {
	case err != nil:
		return err
	case s == "":
		return errors.New("there is no name")
	case len(ascii) > maxName:
		return fmt.Errorf("the name is longer than %d octets", maxName)
	}
	for label := range strings.SplitSeq(ascii, ".") {
		if !isLabel(label) {
			return fmt.Errorf("%q is no label of a domain name", brief(label))
		}
	}
	return nil
}

func isLabel(s string) bool {
	for _, c := range []byte(s) {
		alpha := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !alpha && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return s != "" && len(s) <= maxLabel && s[0] != '-' && s[len(s)-1] != '-'
}

// toASCII writes U-labels as A-labels (RFC 8616 section 5).
func toASCII(s string) (string, error) {
	if len(s) > 4*maxName {
		return "", fmt.Errorf("the name is longer than %d octets", maxName)
	}
	return address.ASCII(s)
}

// keyName is where the key of a selector is (RFC 6376 section 3.6.2.1), in lower
// case.
func keyName(selector, domain string) (string, error) {
	s, err := toASCII(selector)
	if err != nil {
		return "", err
	}
	d, err := toASCII(domain)
	if err != nil {
		return "", err
	}
	name := address.Lower(s + "._domainkey." + d)
	if len(name) > maxName {
		return "", fmt.Errorf("it is longer than %d octets", maxName)
	}
	return name, nil
}

// decodeQuoted reads dkim-quoted-printable (RFC 6376 section 2.11), where white
// space does not count.
func decodeQuoted(s string) (string, error) {
	var b strings.Builder
	s = compact(s)
	for i := 0; i < len(s); i++ {
		if s[i] != '=' {
			b.WriteByte(s[i])
			continue
		}
		if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
			return "", errors.New("= wants two hexadecimal digits in capitals")
		}
		b.WriteByte(hexValue(s[i+1])<<4 | hexValue(s[i+2]))
		i += 2
	}
	return b.String(), nil
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'A' <= c && c <= 'F' }

func hexValue(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c - 'A' + 10
}
