package dmarc

import (
	"context"
	"fmt"
	"strings"

	"strictmx/internal/mail"
)

// An identifier is a domain that SPF or DKIM has judged.
type identifier struct {
	method string // "spf" or "dkim"
	domain string
	value  string // "pass" or "temperror": others do not matter
}

// identifiers are those that authenticate, or might have if a lookup had not broken.
func identifiers(q Query) []identifier {
	var out []identifier
	add := func(method, domain, value string) {
		d, err := domainName(strings.TrimSuffix(domain, "."))
		id := identifier{method, d, value}
		if err != nil || value != mail.Pass && value != mail.TempError {
			return
		}
		for _, known := range out {
			if known == id {
				return
			}
		}
		out = append(out, id)
	}
	if q.SPF.Identity != "helo" { // only MAIL FROM counts
		add("spf", q.SPF.Domain, q.SPF.Value)
	}
	parts := q.DKIM.Parts
	if len(parts) == 0 {
		parts = []mail.Result{q.DKIM} // of a check that does not tell signatures apart
	}
	for _, p := range parts {
		add("dkim", p.Properties["header.d"], p.Value)
	}
	return out
}

// An outcome is what alignment says of a message. Each text is empty if it does not
// apply, fail excepted.
type outcome struct {
	pass    string // which identifier is aligned
	trouble string // what could have been aligned if a lookup had not broken
	fail    string // "neither SPF nor DKIM passes"
}

// align looks for aligned identifiers (RFC 9989 sections 4.10.2 and 5.3.4, RFC 7489
// sections 3.1 and 6.6.2 step 5) and sets the facets.
func (e *evaluation) align(ctx context.Context, author string, r *Record, told *facets) outcome {
	o := outcome{fail: "neither SPF nor DKIM passes"}
	for _, id := range e.ids {
		strict := id.method == "spf" && r.StrictSPF || id.method == "dkim" && r.StrictDKIM
		ok, why, err := e.aligned(ctx, author, id.domain, strict)
		whose := ""
		if id.method == "spf" && e.query.SPF.Facets["identity"] == "helo" {
			whose = " (the HELO name, for the null sender)"
		}
		e.say(id.method + " " + id.value + " of " + id.domain + whose + ": " + why)
		name := strings.ToUpper(id.method)
		switch {
		case err != nil:
			o.trouble = fmt.Sprintf("whether the %s domain %s is aligned cannot be looked up: %v", name, id.domain, err)
		case ok && id.value == mail.TempError:
			o.trouble = fmt.Sprintf("%s of %s is aligned, and could not be looked up", name, id.domain)
		case ok && o.pass == "":
			o.pass = name + " passes for " + id.domain + ": " + why
		}
		if id.value == mail.Pass {
			told.judged(id.method, ok && err == nil)
		}
	}
	return o
}

// aligned compares an identifier with the author domain. An organizational domain
// that the two share stands above both, so an identifier that is not below that of
// the author needs no question to DNS. Where that of the author is not known, one with
// another top-level domain is not aligned all the same.
func (e *evaluation) aligned(ctx context.Context, author, id string, strict bool) (bool, string, error) {
	switch {
	case id == author:
		return true, "aligned, it is the From domain", nil
	case strict:
		return false, fmt.Sprintf("not aligned, strict alignment wants %s itself", author), nil
	}
	org, err := e.org(ctx, author)
	switch {
	case err != nil && topLevel(id) != topLevel(author):
		return false, fmt.Sprintf("not aligned, no domain is above both it and %s", author), nil
	case err != nil:
		return false, fmt.Sprintf("the organizational domain of %s is not known: %v", author, err), err
	case !within(id, org):
		return false, fmt.Sprintf("not aligned, it is not below %s, the organizational domain of %s", org, author), nil
	}
	other, err := e.org(ctx, id)
	switch {
	case err != nil:
		return false, fmt.Sprintf("the organizational domain of %s is not known: %v", id, err), err
	case other != org:
		return false, fmt.Sprintf("not aligned, its organizational domain is %s, and that of %s is %s", other, author, org), nil
	}
	return true, fmt.Sprintf("aligned, its organizational domain is %s, as is that of %s", org, author), nil
}

// org is the organizational domain by the receiver's way of discovery.
func (e *evaluation) org(ctx context.Context, domain string) (string, error) {
	if e.query.Discovery == PSL {
		return suffixOrg(domain), nil
	}
	w := e.walk(ctx, domain)
	return w.org, w.err
}
