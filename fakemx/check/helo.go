package check

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"strictmx/internal/mail"
)

// heloMethod is the method helo.
var heloMethod = plain("helo", "the name in HELO or EHLO", Check{
	At:     mail.Helo,
	Values: []string{mail.None, mail.Pass, mail.Neutral, mail.Fail, mail.TempError, mail.PermError},
	Facets: map[string][]string{
		"syntax":   {syntaxOK, syntaxLiteral, syntaxNotFQDN, syntaxInvalid},
		"resolves": {"yes", "no", "error"},
	},
}, Helo)

// The forms of a name: the facet syntax of helo and sender-domain.
const (
	syntaxOK      = "ok"       // a fully qualified name
	syntaxLiteral = "literal"  // an address in square brackets (RFC 5321 section 4.1.3)
	syntaxNotFQDN = "not-fqdn" // a name of one label
	syntaxInvalid = "invalid"  // anything else, and nothing at all
)

// Helo judges the argument of HELO or EHLO. RFC 5321 section 4.1.1.1 wants the
// client's fully qualified name, or an address literal where it has none; RFC
// 8601 has no method for it, so the values are our own use of its words:
//
//	pass       the name has the client's address, or the literal is that address
//	neutral    the name resolves, yet not to the client, which section 4.1.4
//	           forbids to refuse on that ground alone
//	fail       the name does not resolve, or the literal is another address
//	permerror  neither a fully qualified name nor an address literal
//	temperror  a lookup broke
//	none       no greeting yet
//
// The facet "syntax" tells the form of the argument. The facet "resolves" is yes if
// the name has A, AAAA or MX records, which is what postconf(5) says of
// reject_unknown_helo_hostname, and yes for every address literal; a name that is not
// fully qualified is not looked up, and does not resolve.
func Helo(ctx context.Context, r Resolver, f Facts) mail.Result {
	res := mail.Result{Method: "helo", Identity: "helo", Domain: f.Helo}
	res.Facets = map[string]string{"syntax": nameSyntax(f.Helo), "resolves": "no"}
	switch {
	case f.Helo == "":
		res.Value, res.Reason = mail.None, "the client has not greeted"
	case strings.HasPrefix(f.Helo, "["):
		heloLiteral(&res, f)
	case !fqdn(f.Helo):
		res.Value = mail.PermError
		res.Reason = fmt.Sprintf("%q is neither a fully qualified name nor an address literal", f.Helo)
	default:
		heloName(ctx, r, &res, f)
	}
	return res
}

func heloLiteral(res *mail.Result, f Facts) {
	addr, ok := addressLiteral(f.Helo)
	if !ok {
		res.Value = mail.PermError
		res.Reason = fmt.Sprintf("%q is not an address literal (RFC 5321 section 4.1.3)", f.Helo)
		return
	}
	res.Facets["syntax"], res.Facets["resolves"] = syntaxLiteral, "yes"
	if addr.Unmap() == f.Client.Unmap() {
		res.Value, res.Reason = mail.Pass, f.Helo+" is the client's address"
		return
	}
	res.Value = mail.Fail
	res.Reason = fmt.Sprintf("%s is not the client's address %s", f.Helo, f.Client.Unmap())
}

// addressLiteral reads an IPv4 address in square brackets, or one of IPv6 with the
// tag that RFC 5321 section 4.1.3 wants.
func addressLiteral(s string) (netip.Addr, bool) {
	text, opened := strings.CutPrefix(s, "[")
	text, closed := strings.CutSuffix(text, "]")
	v6 := len(text) > 5 && strings.EqualFold(text[:5], "ipv6:")
	if v6 {
		text = text[5:]
	}
	addr, err := netip.ParseAddr(text)
	return addr, opened && closed && err == nil && addr.Zone() == "" && addr.Is6() == v6
}

func heloName(ctx context.Context, r Resolver, res *mail.Result, f Facts) {
	var seen []mail.Record
	broke := func(err error) {
		res.Value, res.Reason = mail.TempError, fmt.Sprintf("the lookup of %s broke: %v", f.Helo, err)
		if len(seen) == 0 {
			res.Facets["resolves"] = "error"
		}
	}
	for _, typ := range []string{AddrType(f.Client), otherType(f.Client)} {
		a, err := r.Resolve(ctx, f.Helo, typ)
		if err != nil {
			broke(err)
			return
		}
		seen = append(seen, a.Records...)
		if len(seen) > 0 {
			res.Facets["resolves"] = "yes"
		}
	}
	client := f.Client.Unmap()
	switch {
	case slices.ContainsFunc(seen, func(rr mail.Record) bool { return rr.Addr.Unmap() == client }):
		res.Value, res.Reason = mail.Pass, fmt.Sprintf("%s has the client's address %s", f.Helo, client)
	case len(seen) > 0:
		res.Value = mail.Neutral
		res.Reason = fmt.Sprintf("%s has %s, not the client's address %s", f.Helo, addrList(seen), client)
	default:
		res.Value, res.Reason = mail.Fail, f.Helo+" has neither A nor AAAA records"
		res.Facets["resolves"] = heloMX(ctx, r, f.Helo)
	}
}

// heloMX tells whether a name without addresses has MX records.
func heloMX(ctx context.Context, r Resolver, name string) string {
	a, err := r.Resolve(ctx, name, "MX")
	switch {
	case err != nil:
		return "error"
	case len(a.Records) > 0:
		return "yes"
	}
	return "no"
}

func otherType(a netip.Addr) string {
	if a.Unmap().Is4() {
		return "AAAA"
	}
	return "A"
}

// fqdn tells whether s is a host name of two labels or more (RFC 5321 section
// 2.3.5 and 4.1.2, RFC 1123 section 2.1) whose last label is not a number.
func fqdn(s string) bool {
	labels := strings.Split(s, ".")
	if len(s) > 253 || len(labels) < 2 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' {
			return false
		}
		if strings.Trim(strings.ToLower(l), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return strings.Trim(labels[len(labels)-1], "0123456789") != ""
}

// nameSyntax is the form of a name that is no address literal.
func nameSyntax(s string) string {
	switch {
	case fqdn(s):
		return syntaxOK
	case !strings.Contains(s, ".") && fqdn(s+".example"):
		return syntaxNotFQDN
	}
	return syntaxInvalid
}
