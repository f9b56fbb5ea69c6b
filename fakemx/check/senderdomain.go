package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"

	"strictmx/fakemx/check/dmarc"
	"strictmx/internal/mail"
)

// senderDomainMethod is the method sender-domain.
var senderDomainMethod = Method{
	Name: "sender-domain", Doc: "whether the sender's domain takes mail (RFC 5321 section 5.1)",
	Settings: []Setting{
		{
			Name: "by", Default: "mail-from", Doc: "whose domain is asked for",
			Words: []Word{{Name: "mail-from", Doc: "of the envelope sender"}, {Name: "from", Doc: "of the From field, where the first of several counts that does not pass"}},
		},
		{
			Name: "ask", Default: "mx", Doc: "what is asked for",
			Words: []Word{
				{Name: "mx", Doc: "MX records, or an address"},
				{Name: "soa", Doc: "whether the name exists, and its zone or that of the registered domain has an SOA record; there is no facet mx then"},
			},
		},
	},
	New: newSenderDomain,
}

// A senderDomain is the check as it is set up.
type senderDomain struct {
	from bool // judge the From field
	soa  bool // ask for the SOA record
}

func newSenderDomain(s Settings) (Check, error) {
	d := senderDomain{from: s.Text("by") == "from", soa: s.Text("ask") == "soa"}
	c := Check{
		At:     mail.Mail,
		Values: []string{mail.None, mail.Pass, mail.Fail, mail.TempError},
		Facets: map[string][]string{"syntax": {syntaxOK, syntaxNotFQDN, syntaxInvalid, "null"}},
		Run:    func(ctx context.Context, e Env, f Facts) mail.Result { return d.run(ctx, e.Resolver, f) },
	}
	if d.from {
		c.At = mail.Data
	}
	if !d.soa {
		c.Values = append(c.Values, mail.PermError) // a null MX
		c.Facets["mx"] = []string{mxPresent, mxImplicit, mxNull, mxAbsent, mxError}
	}
	return c, nil
}

// Where mail to a domain goes: the facet mx.
const (
	mxPresent  = "present"
	mxImplicit = "implicit" // to its address, as there is no MX record (RFC 5321 section 5.1)
	mxNull     = "null"     // nowhere (RFC 7505)
	mxAbsent   = "absent"
	mxError    = "error"
)

// SenderDomain tells whether mail to the domain of MAIL FROM could be sent, as
// reject_unknown_sender_domain of postconf(5) asks:
//
//	none       the null sender, which has no domain
//	pass       it has MX records, or an address (RFC 5321 section 5.1), or is an
//	           address literal
//	fail       it has neither, does not exist, or is no domain name
//	permerror  a null MX: it says that it takes no mail (RFC 7505 section 4.2)
//	temperror  a lookup broke
//
// The facet "syntax" tells the form of the domain by the letters that RFC 5321
// section 4.1.2 allows, "mx" what was found.
func SenderDomain(ctx context.Context, r Resolver, f Facts) mail.Result {
	return senderDomain{}.run(ctx, r, f)
}

// maxSenders bounds the domains of a From field that are asked for: DMARC judges as
// many.
const maxSenders = 10

// run judges the domain of MAIL FROM, or those of a From field that DMARC relies on,
// too.
func (d senderDomain) run(ctx context.Context, r Resolver, f Facts) mail.Result {
	if !d.from {
		if f.MailFrom == "" {
			return d.nobody("the null sender has no domain")
		}
		_, domain := cutMailbox(f.MailFrom)
		return d.judge(ctx, r, domain)
	}
	domains, fault := dmarc.Authors(f.Content)
	if fault != nil {
		return d.nobody(fault.Reason)
	}
	res := d.judge(ctx, r, domains[0])
	for _, other := range domains[1:min(len(domains), maxSenders)] {
		if res.Value != mail.Pass {
			break
		}
		next := d.judge(ctx, r, other)
		steps := slices.Concat(res.Steps, next.Steps)
		if next.Value != mail.Pass {
			res = next
		}
		res.Steps = steps
	}
	return res
}

// nobody is the result where there is no domain.
func (d senderDomain) nobody(reason string) mail.Result {
	res := d.blank("null")
	res.Value, res.Reason = mail.None, reason
	return res
}

// blank is a result with the facets of the check and nothing found.
func (d senderDomain) blank(syntax string) mail.Result {
	res := mail.Result{Method: "sender-domain", Facets: map[string]string{"syntax": syntax}}
	if !d.soa {
		res.Facets["mx"] = mxAbsent
	}
	return res
}

func (d senderDomain) judge(ctx context.Context, r Resolver, domain string) mail.Result {
	name := strings.TrimSuffix(asciiName(domain), ".")
	res := d.blank(nameSyntax(name))
	res.Domain = domain
	switch {
	case strings.HasPrefix(name, "["):
		d.literal(&res)
	case !canBeAsked(name):
		res.Value, res.Reason = mail.Fail, fmt.Sprintf("%q is no domain name", res.Domain)
	case d.soa:
		senderZone(ctx, r, name, &res)
	default:
		senderLookup(ctx, r, name, &res)
	}
	return res
}

func (d senderDomain) literal(res *mail.Result) {
	if _, ok := addressLiteral(res.Domain); !ok {
		res.Value = mail.Fail
		res.Reason = fmt.Sprintf("%q is not an address literal (RFC 5321 section 4.1.3)", res.Domain)
		return
	}
	res.Facets["syntax"] = syntaxOK
	if !d.soa {
		res.Facets["mx"] = mxImplicit
	}
	res.Value, res.Reason = mail.Pass, res.Domain+" is an address"
}

// ask asks for one type. It tells false, and has the result say so, where the lookup
// broke.
func ask(ctx context.Context, r Resolver, name, typ string, res *mail.Result) (mail.Answer, bool) {
	a, err := r.Resolve(ctx, name, typ)
	switch {
	case err != nil:
		res.Steps = append(res.Steps, mail.Step{Text: fmt.Sprintf("%s %s: %v", name, typ, err)})
		res.Value, res.Reason = mail.TempError, fmt.Sprintf("the lookup of %s %s broke: %v", name, typ, err)
		return a, false
	case len(a.Records) > 0:
		res.Steps = append(res.Steps, mail.Step{Text: fmt.Sprintf("%s %s: %s", name, typ, texts(a.Records))})
	default:
		res.Steps = append(res.Steps, mail.Step{Text: fmt.Sprintf("%s %s: %s, no record", name, typ, a.RCode)})
	}
	return a, true
}

// senderLookup asks for MX, and for addresses where there is none.
func senderLookup(ctx context.Context, r Resolver, name string, res *mail.Result) {
	exists := false
	for _, typ := range []string{"MX", "A", "AAAA"} {
		a, ok := ask(ctx, r, name, typ, res)
		switch {
		case !ok:
			res.Facets["mx"] = mxError
			return
		case len(a.Records) > 0:
			senderFound(name, typ, a.Records, res)
			return
		}
		exists = exists || a.RCode != mail.NXDomain
	}
	res.Value = mail.Fail
	res.Reason = name + " does not exist"
	if exists {
		res.Reason = name + " has neither MX nor A nor AAAA records"
	}
}

// senderZone asks for the SOA record. Most names that mail comes from are no zones of
// their own and have none; then that of the registered domain must be there.
func senderZone(ctx context.Context, r Resolver, name string, res *mail.Result) {
	a, ok := ask(ctx, r, name, "SOA", res)
	switch {
	case !ok:
		return
	case len(a.Records) > 0:
		res.Value, res.Reason = mail.Pass, name+" has an SOA record"
		return
	case a.RCode == mail.NXDomain:
		res.Value, res.Reason = mail.Fail, name+" does not exist"
		return
	}
	above, err := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(name))
	if err != nil || strings.EqualFold(above, name) {
		res.Value, res.Reason = mail.Fail, name+" has no SOA record"
		return
	}
	if a, ok = ask(ctx, r, above, "SOA", res); !ok {
		return
	}
	res.Value, res.Reason = mail.Pass, fmt.Sprintf("%s exists, and %s has an SOA record", name, above)
	if len(a.Records) == 0 {
		res.Value, res.Reason = mail.Fail, fmt.Sprintf("neither %s nor %s has an SOA record", name, above)
	}
}

// senderFound judges the first records found. A null MX is the only MX of its
// domain and has no host (RFC 7505 section 3).
func senderFound(name, typ string, records []mail.Record, res *mail.Result) {
	switch {
	case typ != "MX":
		res.Value, res.Facets["mx"] = mail.Pass, mxImplicit
		res.Reason = fmt.Sprintf("%s has no MX, and %s %s", name, typ, texts(records))
	case len(records) == 1 && strings.Trim(records[0].Text, ".") == "":
		res.Value, res.Facets["mx"] = mail.PermError, mxNull
		res.Reason = name + " has a null MX and takes no mail (RFC 7505)"
	default:
		res.Value, res.Facets["mx"] = mail.Pass, mxPresent
		res.Reason = fmt.Sprintf("%s has MX %s", name, texts(records))
	}
}

// maxTexts bounds the records that a reason names.
const maxTexts = 5

func texts(records []mail.Record) string {
	out := make([]string, 0, maxTexts+1)
	for i, rr := range records {
		if i == maxTexts {
			out = append(out, fmt.Sprintf("and %d more", len(records)-i))
			break
		}
		out = append(out, rr.Text)
	}
	return strings.Join(out, ", ")
}
