package judge

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"strictmx/fakedns"
	"strictmx/fakemx/check"
	"strictmx/fakemx/profile"
	"strictmx/internal/mail"
)

// A Cure is something that would have let a refused message pass.
type Cure struct {
	// Changes are what would have to be found differently, all of it: the key of a
	// check or facet, and its values of which any will do.
	Changes []Finding `json:"changes"`
	Client  string    `json:"client,omitempty"` // an address from which the same message passes, tried
	Text    string    `json:"text"`
}

// A Finding is a check or facet with some values.
type Finding struct {
	Check  string   `json:"check"` // "iprev", "dmarc.policy"
	Values []string `json:"values"`
}

// cures finds what would have let the message pass: the smallest changes of what
// the checks found, and other addresses of the client's host.
func cures(ctx context.Context, zones *fakedns.Zones, p *profile.Profile, m Message, seen []mail.Result) ([]Cure, error) {
	out := []Cure{}
	if slices.ContainsFunc(seen, func(r mail.Result) bool { return r.Method == "script" }) {
		return out, nil // no fact led to the refusal
	}
	var answered []mail.Result // what would be found if no lookup failed
	if sound, faulty := zones.Sound(); faulty {
		answered = all(ctx, sound, p, m, nil)
	}
	for _, change := range p.Changes(all(ctx, zones, p, m, seen)) {
		c := Cure{Text: changeText(p, change, m, answered)}
		for _, cond := range change {
			c.Changes = append(c.Changes, Finding{cond.Key(), cond.Values})
		}
		out = append(out, c)
	}
	for _, a := range otherAddrs(ctx, zones, m) {
		again := m
		again.Client = a
		v, err := ask(ctx, zones, p, again)
		if err != nil {
			return nil, err
		}
		if v.Decision == Accept {
			out = append(out, Cure{
				Changes: []Finding{}, Client: a.String(),
				Text: fmt.Sprintf("send from %s, another address of %s", a, m.Helo),
			})
		}
	}
	return out, nil
}

// all are the results of every check of the profile: what the receiver saw, and for
// what it did not come to, what it would have.
func all(ctx context.Context, zones *fakedns.Zones, p *profile.Profile, m Message, seen []mail.Result) []mail.Result {
	out := slices.Clone(seen)
	env := check.Env{Resolver: zones.Fresh().Resolver(p.Name, nil), State: check.NewState()}
	for _, c := range p.Checks {
		if slices.ContainsFunc(out, func(r mail.Result) bool { return r.Called() == c.Name }) {
			continue
		}
		f := m.Facts(p.Hostname())
		f.Results = out
		out = append(out, c.Run(ctx, env, f))
	}
	return out
}

// otherAddrs are the addresses of the HELO name beside the client's.
func otherAddrs(ctx context.Context, zones *fakedns.Zones, m Message) []netip.Addr {
	if strings.HasPrefix(m.Helo, "[") {
		return nil
	}
	var out []netip.Addr
	r := zones.Fresh().Resolver("judge", nil)
	for _, typ := range []string{"A", "AAAA"} {
		a, err := r.Resolve(ctx, m.Helo, typ)
		if err != nil {
			continue // an address that cannot be found is no way out
		}
		for _, rr := range a.Records {
			if rr.Addr.IsValid() && rr.Addr != m.Client && !slices.Contains(out, rr.Addr) {
				out = append(out, rr.Addr)
			}
		}
	}
	return out[:min(len(out), maxOtherAddrs)]
}

// maxOtherAddrs bounds the addresses that are tried in the client's place.
const maxOtherAddrs = 8

// wishes say what to do for what a check should find, where that says more than what
// it means ([check.Check.Meaning]). {client}, {from} and {helo} stand for those of the
// message.
var wishes = map[string]string{
	"family: ipv4":        "send over IPv4",
	"family: ipv6":        "send over IPv6",
	"iprev: pass":         "a PTR record for {client} whose name has that address",
	"iprev.ptr: match":    "a PTR record for {client} whose name has that address",
	"helo: pass":          "a HELO name that has the address {client}",
	"helo.syntax: ok":     "a fully qualified HELO name",
	"helo.resolves: yes":  "a HELO name that has an A or AAAA record",
	"spf: pass":           "an SPF record of {from} that lets {client} pass",
	"dkim: pass":          "a DKIM signature that verifies",
	"dmarc: pass":         "SPF or DKIM that passes for a domain aligned with that of From",
	"dmarc.policy: none":  "a DMARC policy of p=none",
	"tls: pass":           "STARTTLS",
	"sender-domain: pass": "an MX or address record for the sender's domain, or an SOA record where that is asked for",
	"rdns-generic: pass":  "a PTR name of the host's own, not one made from the address",
	"headers: pass":       "a message without the faults named above",

	"headers.from: ok":       "one From field, with one address",
	"headers.date: ok":       "one Date field, with a date as RFC 5322 writes it",
	"headers.message-id: ok": "one Message-ID field, with an identifier as <LEFT@RIGHT>",
	"headers.to: ok":         "a To field",
	"headers.duplicate: no":  "no field twice that may be there once",
	"headers.hops: ok":       "fewer Received fields",
	"headers.eight-bit: ok":  "8-bit content only where 8BITMIME or SMTPUTF8 declares it",
	"headers.line-ends: ok":  "lines that all end with CR LF, and no CR or LF elsewhere",
	"headers.lines: ok":      "shorter lines",
	"headers.syntax: ok":     "a header of which each line is a field or goes on with one",

	"null-sender: pass": "one recipient for each message with the null sender",
}

// changeText says a change in words. answered are the results without the faults of the
// DNS; none if it has no faults.
func changeText(p *profile.Profile, change profile.Change, m Message, answered []mail.Result) string {
	parts := make([]string, 0, len(change))
	for _, cond := range change {
		if found, ok := among(answered, cond); ok {
			c, _ := p.Check(cond.Check)
			text, _ := c.Meaning(cond.Facet, found)
			parts = append(parts, "DNS lookups for "+cond.Check+" that do not fail: then "+text)
			continue
		}
		parts = append(parts, wish(p, cond, m))
	}
	return strings.Join(slices.Compact(parts), ", and ")
}

// among is the value of a condition's check or facet in results, if it is one that the
// condition wants.
func among(results []mail.Result, cond profile.Condition) (string, bool) {
	i := slices.IndexFunc(results, func(r mail.Result) bool { return r.Called() == cond.Check })
	if i < 0 {
		return "", false
	}
	value := results[i].Value
	if cond.Facet != "" {
		value = results[i].Facets[cond.Facet]
	}
	return value, slices.Contains(cond.Values, value)
}

func wish(p *profile.Profile, cond profile.Condition, m Message) string {
	c, _ := p.Check(cond.Check)
	for _, v := range cond.Values {
		key := c.Method + ": " + v
		if cond.Facet != "" {
			key = c.Method + "." + cond.Facet + ": " + v
		}
		if text, ok := wishes[key]; ok {
			domain := m.Helo
			if i := strings.LastIndexByte(m.From, '@'); i >= 0 {
				domain = m.From[i+1:]
			}
			return strings.NewReplacer("{client}", m.Client.String(), "{from}", domain, "{helo}", m.Helo).Replace(text)
		}
	}
	text, _ := c.Meaning(cond.Facet, cond.Values[0]) // the one that people want is first
	return "another answer of " + cond.Check + ": " + text
}
