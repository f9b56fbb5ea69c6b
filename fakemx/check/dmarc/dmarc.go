// Package dmarc evaluates Domain-based Message Authentication, Reporting, and
// Conformance as a receiver does, and tells how it came to its result: every
// question to DNS, which record applies and why, and which identifier is aligned.
//
// It knows both ways in which receivers find a policy: that of RFC 9989 (a walk up
// the DNS tree, tags np, psd and t), and that of RFC 7489, which RFC 9989 replaces
// (a public suffix list, tag pct). Both share the grammar of records. RFC 9091,
// which is obsolete too, is not known: with RFC 7489 np= means nothing.
//
// The values are those of RFC 8601 section 2.7 as RFC 7489 section 11.2 has them:
//
//   - none: no record applies to the From domain, or the From field has no domain
//   - pass: a domain that SPF or DKIM authenticates is aligned with the From domain
//   - fail: none is
//   - temperror: a lookup broke on which the result depends
//   - permerror: the record is in error so that no policy can be read from it, or
//     no author domain can be read from the message
//
// SPF counts for its MAIL FROM identity, which for the null sender is postmaster at
// the HELO name. The two RFCs agree on that (RFC 7489 sections 3.1.2 and 4.1, RFC
// 9989 sections 3.2.4 and 4.4.2, each by RFC 7208 section 2.4).
//
// A lookup that breaks for SPF, DKIM or alignment matters only if the domain could
// have been aligned: a stranger's signature with broken DNS does not turn a failure
// into an error.
//
// It decides nothing about mail, sends no reports, keeps no cache between messages (who
// does goes by [Query.Key]), and sets no time limit of its own: that is the caller's,
// through the context.
package dmarc

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"strictmx/internal/mail"
)

// A Resolver answers DNS questions. NXDOMAIN and an answer without records are
// answers; an error makes the lookup a temporary failure.
type Resolver interface {
	Resolve(ctx context.Context, name, typ string) (mail.Answer, error)
}

// A Discovery is a way to find the policy and the organizational domain.
type Discovery string

const (
	// Tree walks up the DNS tree (RFC 9989 section 4.10).
	Tree Discovery = "tree"
	// PSL takes the organizational domain from the public suffix list (RFC 7489
	// section 3.2), private suffixes included.
	PSL Discovery = "psl"
)

// A Query is one message with what was found out about it.
type Query struct {
	Content   []byte      // the message
	SPF       mail.Result // of the MAIL FROM identity; the zero value is no result
	DKIM      mail.Result // with a part for each signature; the zero value is no result
	Discovery Discovery   // empty is Tree
}

// The values of the facet "policy" beside those of [Policy], and of the facets
// "spf" and "dkim".
const (
	absent    = "absent"    // no policy applies
	aligned   = "aligned"   // passes for a domain that is aligned
	unaligned = "unaligned" // passes, but for no aligned domain
	none      = "none"      // does not pass
)

// The properties.
const (
	headerFrom   = "header.from"   // RFC 8601 section 2.7.5, as A-labels
	policyDomain = "policy.domain" // where the record is, without _dmarc
)

// Evaluate judges the author domain of a message. The facet "policy" is what the
// record asks for messages that fail, after subdomain policy, test mode and
// sampling; the facets "spf" and "dkim" tell whether each is aligned. The domain of
// the result is the author domain.
func Evaluate(ctx context.Context, r Resolver, q Query) mail.Result {
	if q.Discovery == "" {
		q.Discovery = Tree
	}
	domains, fault := Authors(q.Content)
	if fault != nil {
		return unjudged(fault.Value, fault.Reason)
	}
	e := &evaluation{resolver: r, query: q}
	e.ids = identifiers(q)
	if len(domains) > 1 {
		return e.several(ctx, domains)
	}
	res := e.author(ctx, domains[0])
	res.Steps = e.steps
	return res
}

func unjudged(value, reason string) mail.Result {
	return mail.Result{
		Method: "dmarc", Value: value, Reason: reason,
		Facets: facets{absent, none, none}.of(), Properties: map[string]string{},
	}
}

// several judges a message with more than one author domain. RFC 9989 section 5.3.1
// ends there. RFC 7489 section 6.6.1 judges each domain and takes the strictest
// policy among those that fail. If none fails, an error comes before a domain
// without record, and the message passes only if every domain does.
func (e *evaluation) several(ctx context.Context, domains []string) mail.Result {
	names := strings.Join(domains[:min(len(domains), maxAuthors)], ", ")
	if e.query.Discovery == Tree {
		return unjudged(mail.PermError, fmt.Sprintf(
			"the From field has %d domains (%s), and DMARC is for one (RFC 9989 section 5.3.1)", len(domains), names))
	}
	if len(domains) > maxAuthors {
		return unjudged(mail.PermError, fmt.Sprintf(
			"the From field has %d domains, and the receiver judges at most %d", len(domains), maxAuthors))
	}
	var worst mail.Result
	for i, d := range domains {
		res := e.author(ctx, d)
		e.step(0, "author domain %d of %d, %s: %s, %s", i+1, len(domains), d, res.Value, res.Reason)
		if i == 0 || severity(res) > severity(worst) {
			worst = res
		}
	}
	worst.Reason = fmt.Sprintf("the From field has %d domains, and each is judged (RFC 7489 section 6.6.1): %s", len(domains), worst.Reason)
	worst.Steps = e.steps
	return worst
}

// severity orders the results for the domains of one message.
func severity(r mail.Result) int {
	byValue := []string{mail.Pass, mail.None, mail.PermError, mail.TempError, mail.Fail}
	return 10*slices.Index(byValue, r.Value) + slices.Index([]Policy{None, Quarantine, Reject}, Policy(r.Facets["policy"]))
}

// author judges one author domain.
func (e *evaluation) author(ctx context.Context, domain string) mail.Result {
	res := mail.Result{Method: "dmarc", Domain: domain, Properties: map[string]string{headerFrom: domain}}
	told := facets{absent, none, none}
	e.judge(ctx, domain, &res, &told)
	res.Facets = told.of()
	return res
}

func (e *evaluation) judge(ctx context.Context, domain string, res *mail.Result, told *facets) {
	p, err := e.discover(ctx, domain)
	switch {
	case err != nil:
		res.Value, res.Reason = mail.TempError, fmt.Sprintf("the policy of %s cannot be looked up: %v", domain, err)
		return
	case p.record == nil:
		e.align(ctx, domain, &Record{}, told)
		res.Value, res.Reason = mail.None, p.why
		return
	}
	res.Properties[policyDomain] = p.domain
	asked, err := e.request(ctx, domain, p)
	if asked.fault != nil {
		res.Value, res.Reason = mail.PermError, fmt.Sprintf("the record of %s is in error: %v", p.domain, asked.fault)
		e.align(ctx, domain, p.record, told)
		return
	}
	told.policy = string(asked.policy)
	o := e.align(ctx, domain, p.record, told)
	switch {
	case o.pass != "":
		res.Value, res.Reason = mail.Pass, o.pass
	case o.trouble != "":
		res.Value, res.Reason = mail.TempError, o.trouble
	case err != nil:
		res.Value = mail.TempError
		res.Reason = fmt.Sprintf("whether %s exists cannot be looked up: %v", domain, err)
	default:
		res.Value = mail.Fail
		res.Reason = fmt.Sprintf("%s for a domain aligned with %s, and %s", o.fail, domain, asked.reason)
	}
}
