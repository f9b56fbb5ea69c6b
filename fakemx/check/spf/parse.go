package spf

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// A kind is what a term is: one of the mechanisms of RFC 7208 section 5 or one
// of the modifiers of section 6.
type kind string

const (
	all      kind = "all"      // section 5.1
	include  kind = "include"  // section 5.2
	a        kind = "a"        // section 5.3
	mx       kind = "mx"       // section 5.4
	ptr      kind = "ptr"      // section 5.5
	ip4      kind = "ip4"      // section 5.6
	ip6      kind = "ip6"      // section 5.6
	exists   kind = "exists"   // section 5.7
	redirect kind = "redirect" // section 6.1
	exp      kind = "exp"      // section 6.2
	unknown  kind = ""         // another modifier, section 6: read and ignored
)

// A term is one directive or modifier of a record.
type term struct {
	kind      kind
	text      string       // as written
	qualifier byte         // one of + - ~ ? for a mechanism, else 0
	name      string       // as written, for an unknown modifier
	spec      macroString  // domain-spec, or the value of a modifier; nil if there is none
	prefix    netip.Prefix // ip4 and ip6
	bits4     int          // prefix length for IPv4 addresses, a and mx
	bits6     int          // prefix length for IPv6 addresses, a and mx
}

// A record is a parsed SPF record.
type record struct {
	terms    []term // mechanisms and modifiers in the order written
	redirect *term  // nil if there is none
	exp      *term  // nil if there is none
}

// isRecord tells an SPF record from another TXT record: RFC 7208 section 4.5
// wants the version first, in either case, and then a blank or the end.
func isRecord(text string) bool {
	const version = "v=spf1"
	return len(text) >= len(version) && strings.EqualFold(text[:len(version)], version) &&
		(len(text) == len(version) || text[len(version)] == ' ')
}

// parse reads a record that [isRecord] accepts by the grammar of RFC 7208 section
// 12. An error anywhere spoils the whole record (section 4.6), so it is read to
// the end before anything is evaluated.
func parse(text string) (record, error) {
	if !isRecord(text) {
		return record{}, errors.New("want v=spf1 and a blank first")
	}
	if len(text) > maxRecord {
		return record{}, fmt.Errorf("want at most %d octets, not %d", maxRecord, len(text))
	}
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return record{}, fmt.Errorf("octet %#02x at place %d: want only visible ASCII and blanks", text[i], i+1)
		}
	}
	var r record
	for _, s := range strings.Split(text, " ")[1:] {
		if s == "" {
			continue
		}
		t, err := parseTerm(s)
		if err != nil {
			return record{}, fmt.Errorf("%s: %w", brief(s), err)
		}
		r.terms = append(r.terms, t)
	}
	return r, r.claimModifiers()
}

// claimModifiers finds redirect and exp, which may each occur once (RFC 7208
// section 6).
func (r *record) claimModifiers() error {
	for i, t := range r.terms {
		var into **term
		switch t.kind {
		case redirect:
			into = &r.redirect
		case exp:
			into = &r.exp
		default:
			continue
		}
		if *into != nil {
			return fmt.Errorf("%s: want %s at most once", brief(t.text), t.kind)
		}
		*into = &r.terms[i]
	}
	return nil
}

// parseTerm tells modifiers from directives: a modifier has an equals sign after
// its name and before any colon or slash (RFC 7208 section 4.6.1).
func parseTerm(s string) (term, error) {
	if name, value, ok := strings.Cut(s, "="); ok && isName(name) {
		return parseModifier(s, name, value)
	}
	t := term{text: s, qualifier: '+'}
	if strings.IndexByte("+-~?", s[0]) >= 0 {
		t.qualifier, s = s[0], s[1:]
	}
	end := strings.IndexAny(s, ":/")
	if end < 0 {
		end = len(s)
	}
	t.kind = kind(strings.ToLower(s[:end]))
	return t, t.parseArgument(s[end:])
}

// parseArgument reads what follows the name of a mechanism.
func (t *term) parseArgument(s string) (err error) {
	switch t.kind {
	case all:
		if s != "" {
			return errors.New("want nothing after all")
		}
	case include, exists:
		if !strings.HasPrefix(s, ":") {
			return fmt.Errorf("want a colon and a domain after %s", t.kind)
		}
		t.spec, err = parseDomainSpec(s[1:])
	case ptr:
		t.spec, err = optionalDomainSpec(s)
	case a, mx:
		if s, t.bits4, t.bits6, err = cutDualCIDR(s); err == nil {
			t.spec, err = optionalDomainSpec(s)
		}
	case ip4, ip6:
		t.prefix, err = parseNetwork(t.kind, s)
	default:
		return unknownMechanism(string(t.kind))
	}
	return err
}

// unknownMechanism names what was most likely meant (RFC 7208 section 4.6.1: an
// unknown mechanism is a syntax error).
func unknownMechanism(name string) error {
	hints := map[string]string{
		"ip": "ip4", "ipv4": "ip4", "ipv6": "ip6", "prt": "ptr", "redirect": "redirect=", "exp": "exp=", "exist": "exists",
		"all.": "all", "all,": "all", "all;": "all", "includes": "include", "mx4": "mx", "spf": "include",
	}
	if h, ok := hints[name]; ok {
		return fmt.Errorf("no mechanism of that name; %q was meant?", h)
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return errors.New("no mechanism of that name; an address needs ip4: or ip6: before it")
	}
	return errors.New("no mechanism of that name; want all, include, a, mx, ptr, ip4, ip6 or exists")
}

func parseModifier(text, name, value string) (term, error) {
	t := term{text: text, kind: kind(strings.ToLower(name))}
	var err error
	switch t.kind {
	case redirect, exp:
		t.spec, err = parseDomainSpec(value)
	default:
		t.kind, t.name = unknown, name
		// The grammar binds the value even of a modifier that nobody knows.
		t.spec, err = parseMacroString(value, domainLetters, false)
	}
	return t, err
}

// isName tells the name of a modifier.
func isName(s string) bool {
	for i := range len(s) {
		if !isAlpha(s[i]) && (i == 0 || !isDigit(s[i]) && strings.IndexByte("-_.", s[i]) < 0) {
			return false
		}
	}
	return s != ""
}

// parseNetwork reads the network of ip4 and ip6, colon included.
func parseNetwork(k kind, s string) (netip.Prefix, error) {
	addr, ok := strings.CutPrefix(s, ":")
	if !ok {
		return netip.Prefix{}, fmt.Errorf("want a colon and an address after %s", k)
	}
	digits := ""
	if i := strings.LastIndexByte(addr, '/'); i >= 0 {
		if addr, digits = addr[:i], addr[i+1:]; digits == "" {
			return netip.Prefix{}, errors.New("want a number after the slash")
		}
	}
	ip, err := netip.ParseAddr(addr)
	if err != nil || ip.Is4() != (k == ip4) || ip.Zone() != "" {
		return netip.Prefix{}, fmt.Errorf("%s is no address for %s", brief(addr), k)
	}
	bits := ip.BitLen()
	if digits != "" {
		if bits, err = cidrLength(digits, bits); err != nil {
			return netip.Prefix{}, err
		}
	}
	return netip.PrefixFrom(ip, bits), nil
}

// cutDualCIDR takes the dual-cidr-length from the end of the argument of a and
// mx. A domain-spec never ends in a slash and digits, so the cut is certain.
func cutDualCIDR(s string) (rest string, bits4, bits6 int, err error) {
	bits4, bits6 = 32, 128
	rest, digits, ok := cutDigits(s)
	if !ok {
		return s, bits4, bits6, nil
	}
	if v6, ok := strings.CutSuffix(rest, "/"); ok {
		if bits6, err = cidrLength(digits, 128); err != nil {
			return "", 0, 0, err
		}
		if rest, digits, ok = cutDigits(v6); !ok {
			return v6, bits4, bits6, nil
		}
	}
	bits4, err = cidrLength(digits, 32)
	return rest, bits4, bits6, err
}

// cutDigits takes a slash and digits from the end.
func cutDigits(s string) (rest, digits string, ok bool) {
	i := strings.LastIndexByte(s, '/')
	if i < 0 || i == len(s)-1 || strings.Trim(s[i+1:], "0123456789") != "" {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

func cidrLength(digits string, limit int) (int, error) {
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || int(n) > limit || len(digits) > 1 && digits[0] == '0' {
		return 0, fmt.Errorf("prefix length %s: want 0 to %d without a leading zero", brief(digits), limit)
	}
	return int(n), nil
}

func optionalDomainSpec(s string) (macroString, error) {
	spec, ok := strings.CutPrefix(s, ":")
	switch {
	case s == "":
		return nil, nil
	case !ok:
		return nil, fmt.Errorf("%s: want a colon and a domain, or a prefix length at the end", brief(s))
	}
	return parseDomainSpec(spec)
}

// parseDomainSpec reads a macro-string that ends in a macro, or in a dot and a
// top label with or without a final dot.
func parseDomainSpec(s string) (macroString, error) {
	if s == "" {
		return nil, errors.New("want a domain, not nothing")
	}
	m, err := parseMacroString(s, domainLetters, false)
	if err != nil {
		return nil, err
	}
	last := m[len(m)-1]
	if last.letter != 0 {
		return m, nil
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return nil, errors.New("an address stands where a domain must; ip4 and ip6 take addresses")
	}
	tail := strings.TrimSuffix(last.literal, ".")
	i := strings.LastIndexByte(tail, '.')
	switch {
	case i < 0:
		return nil, fmt.Errorf("%s: want a domain of two labels or more", brief(s))
	case !isTopLabel(tail[i+1:]):
		return nil, fmt.Errorf("%s is no top-level label; want letters, digits and hyphens, not only digits", brief(tail[i+1:]))
	}
	return m, nil
}

// isTopLabel tells a toplabel: letters, digits and inner hyphens, and not digits
// alone.
func isTopLabel(s string) bool {
	if s == "" || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	digits := true
	for i := range len(s) {
		if !isAlpha(s[i]) && !isDigit(s[i]) && s[i] != '-' {
			return false
		}
		digits = digits && isDigit(s[i])
	}
	return !digits
}

// String writes the record with single blanks and lower-case names.
func (r record) String() string {
	words := []string{"v=spf1"}
	for _, t := range r.terms {
		words = append(words, t.String())
	}
	return strings.Join(words, " ")
}

// String writes the term in its shortest form.
func (t term) String() string {
	switch t.kind {
	case unknown:
		return t.name + "=" + t.spec.String()
	case redirect, exp:
		return string(t.kind) + "=" + t.spec.String()
	}
	s := string(t.kind)
	if t.qualifier != '+' {
		s = string(t.qualifier) + s
	}
	if t.prefix.IsValid() {
		s += ":" + t.prefix.Addr().String()
		if !t.prefix.IsSingleIP() {
			s += "/" + strconv.Itoa(t.prefix.Bits())
		}
		return s
	}
	if t.spec != nil {
		s += ":" + t.spec.String()
	}
	if slices.Contains([]kind{a, mx}, t.kind) {
		if t.bits4 != 32 {
			s += "/" + strconv.Itoa(t.bits4)
		}
		if t.bits6 != 128 {
			s += "//" + strconv.Itoa(t.bits6)
		}
	}
	return s
}
