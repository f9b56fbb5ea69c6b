// Package spf evaluates Sender Policy Framework records as RFC 7208 says, and
// tells how it came to its result: every record fetched, every mechanism with
// match or no match and why, the lookups and void lookups of section 4.6.4, and
// the explanation of section 6.2.
//
// It is strict where many receivers are lenient: a syntax error anywhere in a
// record is a permerror even behind a mechanism that matches (section 4.6), the
// whole grammar of section 12 holds, top labels and prefix lengths included, and
// the limits are those of the text. Local parts that are not ASCII match no term
// that holds them, and domains written in Unicode are judged as A-labels (RFC 8616
// section 4).
//
// It decides nothing about mail, keeps no cache between evaluations, does not read
// records of type SPF (section 3.1), and sets no time limit of its own: the one
// that section 4.6.4 asks for is the caller's, through the context.
package spf

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"strictmx/internal/mail"
)

// A Resolver answers DNS questions. name is in the form of master files (RFC 1035
// section 5.1) and may lack the final dot; typ is "TXT", "A", "AAAA", "MX" or
// "PTR". NXDOMAIN and an answer without records are answers; an error makes the
// lookup a temporary failure.
type Resolver interface {
	Resolve(ctx context.Context, name, typ string) (mail.Answer, error)
}

// A Query is one question to check_host() of RFC 7208 section 4.1.
type Query struct {
	Client   netip.Addr // the peer; an IPv4-mapped address counts as IPv4 (section 5)
	Helo     string     // argument of HELO or EHLO
	MailFrom string     // reverse-path without angle brackets; empty is judged as postmaster@Helo (section 2.4)
	Receiver string     // host name for the r macro; empty is "unknown" (section 7.3)

	// Identity is what to judge: "mailfrom", which empty means too, or "helo"
	// (sections 2.3 and 2.4).
	Identity string

	Now func() time.Time // for the t macro; nil is time.Now
}

// The identities of RFC 7208 sections 2.4 and 2.3.
const (
	mailFrom = "mailfrom"
	helo     = "helo"
)

// Evaluate judges whether the client may use the identity. The value of the
// result is one of none, neutral, pass, fail, softfail, temperror and permerror. The
// property "mechanism" is that of RFC 7208 section 9.1.
// It asks r one question at a time, and ends with temperror soon after ctx does.
func Evaluate(ctx context.Context, r Resolver, q Query) mail.Result {
	e := evaluation{
		resolver: r,
		query:    q,
		client:   q.Client.Unmap().WithZone(""),
	}
	res := mail.Result{Method: "spf", Identity: mailFrom}
	if q.Identity == helo {
		res.Identity = helo
	}
	e.local, e.domain = sender(q)
	res.Domain = e.domain
	if !e.client.IsValid() {
		res.Value, res.Reason = mail.None, "there is no client address to check"
		return res
	}
	o := e.check(ctx, e.ask, e.domain, 0)
	res.Value, res.Reason = o.value, o.reason
	if o.mechanism != "" {
		res.Properties = map[string]string{"mechanism": o.mechanism[:min(len(o.mechanism), maxValue)]}
	}
	if o.value == mail.Fail && o.exp != nil {
		res.Explanation = e.explain(ctx, *o.exp, o.domain)
	}
	res.Lookups, res.VoidLookups, res.Steps = e.lookups, e.voids, e.steps
	return res
}

// sender is the <sender> of RFC 7208 section 4.1 in its two parts, after the
// initial processing of section 4.3.
func sender(q Query) (local, domain string) {
	path := q.MailFrom
	if path == "" || q.Identity == helo {
		return "postmaster", ToASCII(strings.TrimSuffix(q.Helo, "."))
	}
	if strings.HasPrefix(path, "@") {
		// A source route, which receivers ignore (RFC 5321 appendix C).
		if i := strings.IndexByte(path, ':'); i >= 0 {
			path = path[i+1:]
		}
	}
	i := strings.LastIndexByte(path, '@')
	local, domain = path[:max(i, 0)], path[i+1:]
	if local == "" {
		local = "postmaster"
	}
	return local, ToASCII(strings.TrimSuffix(domain, "."))
}
