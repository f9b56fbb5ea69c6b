package check

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"strictmx/internal/mail"
)

// maxPTRNames bounds the names of one address that are looked up, as RFC 8601
// section 3 recommends; the rest is ignored, as in RFC 7208 section 4.6.4.
const maxPTRNames = 10

// iprevMethod is the method iprev.
var iprevMethod = plain("iprev", "reverse DNS of the client, forward-confirmed (RFC 8601 section 3)", Check{
	At: mail.Connect, Values: []string{mail.Pass, mail.Fail, mail.TempError, mail.PermError},
	Facets:     map[string][]string{"ptr": {ptrNone, ptrUnresolved, ptrMismatch, ptrMatch, ptrError}},
	Properties: []string{policyIPRev, propertyName},
}, IPRev)

// What became of the PTR names: the facet ptr.
const (
	ptrNone       = "none"       // there are no PTR records
	ptrUnresolved = "unresolved" // no name has an address of the client's family
	ptrMismatch   = "mismatch"   // names have addresses, and none is the client's
	ptrMatch      = "match"
	ptrError      = "error" // a lookup broke that could have changed the result
)

// Properties that more than one method has.
const (
	policyIPRev  = "policy.iprev" // the client's address (RFC 8601 section 2.7.3)
	propertyName = "name"         // a PTR name without final dot
)

// IPRev judges the client's reverse DNS (RFC 8601 section 3, forward-confirmed).
// The values are those of section 2.7.3: pass if one of the PTR names has the
// client's address; fail if none has, or none resolves; permerror if there is no
// PTR record; temperror if a lookup that could have changed the result broke. The
// facet "ptr" tells more; the property "name" is the name that matches, else the
// first.
func IPRev(ctx context.Context, r Resolver, f Facts) mail.Result {
	client := f.Client.Unmap().WithZone("")
	res := mail.Result{
		Method: "iprev", Facets: map[string]string{"ptr": ptrError},
		Properties: map[string]string{policyIPRev: client.String()},
	}
	step := func(format string, args ...any) {
		res.Steps = append(res.Steps, mail.Step{Text: fmt.Sprintf(format, args...)})
	}
	reverse := ReverseName(client)
	ptr, err := r.Resolve(ctx, reverse, "PTR")
	if err != nil {
		step("%s PTR: %v", reverse, err)
		res.Value, res.Reason = mail.TempError, fmt.Sprintf("the PTR lookup for %s broke: %v", client, err)
		return res
	}
	if len(ptr.Records) == 0 {
		step("%s PTR: %s, no record", reverse, ptr.RCode)
		res.Facets["ptr"] = ptrNone
		res.Value, res.Reason = mail.PermError, fmt.Sprintf("%s has no PTR record (%s)", client, ptr.RCode)
		return res
	}
	names := make([]string, 0, len(ptr.Records))
	for _, rr := range ptr.Records {
		names = append(names, rr.Text)
	}
	step("%s PTR: %s", reverse, strings.Join(names, ", "))
	res.Properties[propertyName] = strings.TrimSuffix(names[0], ".")
	if len(names) > maxPTRNames {
		step("only the first %d of %d names are looked up", maxPTRNames, len(names))
		names = names[:maxPTRNames]
	}
	return confirm(ctx, r, client, names, res, step)
}

// confirm looks for a name that has the client's address.
func confirm(
	ctx context.Context, r Resolver, client netip.Addr, names []string, res mail.Result, step func(string, ...any),
) mail.Result {
	typ := AddrType(client)
	var broken error
	var why []string
	ptr := ptrUnresolved
	for _, name := range names {
		a, err := r.Resolve(ctx, name, typ)
		switch {
		case err != nil:
			step("%s %s: %v", name, typ, err)
			broken = err
			continue
		case slices.ContainsFunc(a.Records, func(rr mail.Record) bool { return rr.Addr.Unmap() == client }):
			step("%s %s: has %s", name, typ, client)
			res.Value, res.Domain = mail.Pass, strings.TrimSuffix(name, ".")
			res.Facets["ptr"], res.Properties[propertyName] = ptrMatch, res.Domain
			res.Reason = fmt.Sprintf("%s has PTR %s, which has that address", client, name)
			return res
		case len(a.Records) == 0:
			why = append(why, fmt.Sprintf("%s has no %s record (%s)", name, typ, a.RCode))
		default:
			ptr = ptrMismatch
			why = append(why, fmt.Sprintf("%s has %s %s", name, typ, addrList(a.Records)))
		}
		step("%s", why[len(why)-1])
	}
	if broken != nil {
		res.Value = mail.TempError
		res.Reason = fmt.Sprintf("a lookup for a PTR name of %s broke: %v", client, broken)
		return res
	}
	res.Value, res.Facets["ptr"] = mail.Fail, ptr
	res.Reason = fmt.Sprintf("no PTR name of %s points back: %s", client, strings.Join(why, "; "))
	return res
}

// AddrType is the record type that holds addresses of a's family.
func AddrType(a netip.Addr) string {
	if a.Unmap().Is4() {
		return "A"
	}
	return "AAAA"
}

// ReverseName is the name of a's PTR records: in-addr.arpa (RFC 1035 section 3.5)
// or ip6.arpa (RFC 3596 section 2.5), with final dot.
func ReverseName(a netip.Addr) string {
	a = a.Unmap()
	var b strings.Builder
	raw := a.AsSlice()
	for i := len(raw) - 1; i >= 0; i-- {
		if a.Is4() {
			b.WriteString(strconv.Itoa(int(raw[i])) + ".")
			continue
		}
		fmt.Fprintf(&b, "%x.%x.", raw[i]&15, raw[i]>>4)
	}
	if a.Is4() {
		return b.String() + "in-addr.arpa."
	}
	return b.String() + "ip6.arpa."
}

func addrList(records []mail.Record) string {
	out := make([]string, len(records))
	for i, rr := range records {
		out[i] = rr.Addr.String()
	}
	return strings.Join(out, ", ")
}
