package check

import (
	"context"
	"fmt"
	"strings"

	"strictmx/internal/mail"
)

// senderDomainMethod is the method sender-domain.
var senderDomainMethod = plain(
	"sender-domain", "whether the domain of MAIL FROM takes mail (RFC 5321 section 5.1)",
	Check{
		At:     mail.Mail,
		Values: []string{mail.None, mail.Pass, mail.Fail, mail.TempError, mail.PermError},
		Facets: map[string][]string{
			"syntax": {syntaxOK, syntaxNotFQDN, syntaxInvalid, "null"},
			"mx":     {mxPresent, mxImplicit, mxNull, mxAbsent, mxError},
		},
	}, SenderDomain)

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
	res := mail.Result{Method: "sender-domain"}
	if f.MailFrom == "" {
		res.Facets = map[string]string{"syntax": "null", "mx": mxAbsent}
		res.Value, res.Reason = mail.None, "the null sender has no domain"
		return res
	}
	_, res.Domain = cutMailbox(f.MailFrom)
	name := strings.TrimSuffix(asciiName(res.Domain), ".")
	res.Facets = map[string]string{"syntax": nameSyntax(name), "mx": mxAbsent}
	switch {
	case strings.HasPrefix(name, "["):
		senderLiteral(&res)
	case !canBeAsked(name):
		res.Value, res.Reason = mail.Fail, fmt.Sprintf("%q is no domain name", res.Domain)
	default:
		senderLookup(ctx, r, name, &res)
	}
	return res
}

func senderLiteral(res *mail.Result) {
	if _, ok := addressLiteral(res.Domain); !ok {
		res.Value = mail.Fail
		res.Reason = fmt.Sprintf("%q is not an address literal (RFC 5321 section 4.1.3)", res.Domain)
		return
	}
	res.Facets["syntax"], res.Facets["mx"] = syntaxOK, mxImplicit
	res.Value, res.Reason = mail.Pass, res.Domain+" is an address"
}

// senderLookup asks for MX, and for addresses where there is none.
func senderLookup(ctx context.Context, r Resolver, name string, res *mail.Result) {
	exists := false
	for _, typ := range []string{"MX", "A", "AAAA"} {
		a, err := r.Resolve(ctx, name, typ)
		switch {
		case err != nil:
			res.Steps = append(res.Steps, mail.Step{Text: fmt.Sprintf("%s %s: %v", name, typ, err)})
			res.Value, res.Facets["mx"] = mail.TempError, mxError
			res.Reason = fmt.Sprintf("the lookup of %s %s broke: %v", name, typ, err)
			return
		case len(a.Records) > 0:
			res.Steps = append(res.Steps, mail.Step{Text: fmt.Sprintf("%s %s: %s", name, typ, texts(a.Records))})
			senderFound(name, typ, a.Records, res)
			return
		}
		exists = exists || a.RCode != mail.NXDomain
		res.Steps = append(res.Steps, mail.Step{Text: fmt.Sprintf("%s %s: %s, no record", name, typ, a.RCode)})
	}
	res.Value = mail.Fail
	res.Reason = name + " does not exist"
	if exists {
		res.Reason = name + " has neither MX nor A nor AAAA records"
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
