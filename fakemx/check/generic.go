package check

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// The words that providers put into the names of addresses whose users they do not
// know: how the address is given out, by what line, and to whom. Most are in
// "Suggested Generic DNS Naming Schemes for Large Networks and Unassigned hosts"
// (draft-msullivan-dnsop-generic-naming-schemes-00); dip is that of t-ipconnect.de,
// hsd that of comcast.net, ec2 and compute are those of amazonaws.com, and rev and
// reverse stand in names that hosters give before a customer chooses one.
var genericWords = []string{
	// given out for a time
	`dyn`, `dynamic`, `dynip`, `dynamicip`, `dhcp`, `pool`, `pools`, `dip`, `dial`, `dialup`, `dialin`, `ppp`, `pppoe`, `nat`, `cgnat`,
	// by line
	`[axvsh]?dsl`, `cable`, `cablemodem`, `catv`, `docsis`, `hsd`, `hfc`, `ftt[bhnx]`, `fios`, `gpon`, `broadband`, `modem`,
	`gprs`, `umts`, `lte`, `wimax`, `wifi`, `wlan`, `wireless`, `mobile`,
	// to whom
	`cust`, `customer`, `customers`, `static`, `staticip`, `resi`, `residential`, `subscriber`, `subscribers`,
	// to nobody yet
	`unassigned`, `unknown`, `unused`, `generic`, `rev`, `reverse`, `ec2`, `compute`,
}

// genericPatterns are searched in a name without its registered domain. Words stand
// between dots, hyphens, underscores and digits, so that dynamo is no dyn.
var genericPatterns = []*regexp.Regexp{
	regexp.MustCompile(`(^|[^a-z])(` + strings.Join(genericWords, "|") + `)([^a-z]|$)`),
	regexp.MustCompile(`(^|[^0-9])((?:[0-9]{1,3}[-._x]){3}[0-9]{1,3})([^0-9]|$)`), // four numbers, of whatever address
}

// genericName says why a name is generic by our own measure, or nothing: it has the
// client's address in it, or a word of genericWords outside the registered domain.
func genericName(name string, f Facts) string {
	host := hostPart(name)
	client := f.Client.Unmap().WithZone("")
	if holdsAddress(host, client) {
		return fmt.Sprintf("has the address %s in it", client)
	}
	for _, re := range genericPatterns {
		if m := re.FindStringSubmatch(host); m != nil {
			return fmt.Sprintf("has %q in it", m[2])
		}
	}
	return ""
}

// hostPart is a name without its registered domain: one label more than the public
// suffix under which a registry gives names out. Suffixes that a company lists for
// its customers, such as compute.amazonaws.com, belong to the names of hosts.
func hostPart(name string) string {
	suffix, registry := publicsuffix.PublicSuffix(name)
	for !registry {
		_, parent, ok := strings.Cut(suffix, ".")
		if !ok {
			break // a top-level domain that the list does not have
		}
		suffix, registry = publicsuffix.PublicSuffix(parent)
	}
	host := strings.TrimSuffix(strings.TrimSuffix(name, suffix), ".")
	return host[:max(strings.LastIndexByte(host, '.'), 0)]
}

// holdsAddress tells whether a name shows the client's address.
func holdsAddress(host string, client netip.Addr) bool {
	switch {
	case client.Is4():
		return holdsIPv4(host, client.As4())
	case client.Is6():
		return holdsIPv6(host, client)
	}
	return false
}

var numbers = regexp.MustCompile(`[0-9]+`)

// holdsIPv4 looks for three of the four octets as numbers, in any order; for all of
// them in one number, with or without zeros before each; and for all in hexadecimal,
// forwards or backwards.
func holdsIPv4(host string, octets [4]byte) bool {
	left, found := octets[:], 0
	for _, n := range numbers.FindAllString(host, -1) {
		v, err := strconv.ParseUint(n, 10, 8)
		if err != nil {
			continue // too long for an octet: other forms are below
		}
		if i := slices.Index(left, byte(v)); i >= 0 {
			left, found = slices.Concat(left[:i], left[i+1:]), found+1
		}
	}
	if found >= 3 {
		return true
	}
	plain := joined(host)
	back := [4]byte{octets[3], octets[2], octets[1], octets[0]}
	for _, o := range [][4]byte{octets, back} {
		short := fmt.Sprintf("%d%d%d%d", o[0], o[1], o[2], o[3])
		if strings.Contains(plain, fmt.Sprintf("%03d%03d%03d%03d", o[0], o[1], o[2], o[3])) ||
			strings.Contains(plain, fmt.Sprintf("%02x%02x%02x%02x", o[0], o[1], o[2], o[3])) ||
			len(short) >= minDigits && strings.Contains(plain, short) {
			return true
		}
	}
	return false
}

// minDigits is how many digits in a row are taken for an address. Fewer come about
// by chance.
const minDigits = 8

// holdsIPv6 looks for the address as it is written, and for its 32 digits or the 16
// of its interface, forwards or backwards.
func holdsIPv6(host string, client netip.Addr) bool {
	for _, sep := range []string{"-", "."} {
		if text := strings.ReplaceAll(client.String(), ":", sep); len(text) >= minDigits && strings.Contains(host, text) {
			return true
		}
	}
	plain := joined(host)
	digits := fmt.Sprintf("%x", client.AsSlice())
	interfaceID := digits[16:]
	for _, d := range []string{digits, interfaceID} {
		if len(strings.Trim(d, "0")) < minDigits {
			continue // ::25 is in many names
		}
		back := []byte(d)
		slices.Reverse(back)
		if strings.Contains(plain, d) || strings.Contains(plain, string(back)) {
			return true
		}
	}
	return false
}

var separators = strings.NewReplacer("-", "", ".", "", "_", "")

// joined is a name without what separates the digits in it.
func joined(host string) string { return separators.Replace(host) }
