package spf

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"strictmx/internal/mail"
)

// A counted is one evaluation of a term that RFC 7208 section 4.6.4 limits.
type counted struct {
	*evaluation
	text   string
	number int // of the lookup, from 1
	void   int // number of the void lookup; 0 if none of its queries was void
}

// count starts the evaluation of a term that causes DNS queries. The term over
// the limit is counted, and asks nothing.
func (e *evaluation) count(t *term) (*counted, error) {
	if e.lookups++; e.lookups > maxLookups {
		return nil, permerror("this is lookup %d and only %d are allowed; use fewer of include, a, mx, ptr, exists and redirect",
			e.lookups, maxLookups)
	}
	return &counted{evaluation: e, text: t.text, number: e.lookups}, nil
}

// ask sends a question for the term.
func (c *counted) ask(ctx context.Context, name, typ string) ([]mail.Record, string, error) {
	records, void, err := c.evaluation.ask(ctx, name, typ)
	if err == nil && void != "" {
		err = c.noteVoid(name+" "+typ, void)
	}
	return records, void, err
}

// noteVoid counts the term once as void.
func (c *counted) noteVoid(question, void string) error {
	if c.void > 0 {
		return nil
	}
	c.voids++
	c.void = c.voids
	if c.voids > maxVoidLookups {
		return permerror("%s gives %s, which is void lookup %d where only %d are allowed; take out terms for names that do not exist",
			question, void, c.voids, maxVoidLookups)
	}
	return nil
}

// String is what the counts add to a step.
func (c *counted) String() string {
	if c.void > 0 {
		return fmt.Sprintf(" (lookup %d, void lookup %d)", c.number, c.void)
	}
	return fmt.Sprintf(" (lookup %d)", c.number)
}

// match evaluates one mechanism, RFC 7208 section 5. matched says why it matches,
// and is empty if it does not.
func (e *evaluation) match(ctx context.Context, t *term, domain string, depth int) (matched string, err error) {
	switch t.kind {
	case all:
		e.step(depth, "%s: match (%s)", t.text, values[t.qualifier])
		return "it matches always", nil
	case ip4, ip6:
		return e.matchNetwork(t, depth), nil
	}
	c, err := e.count(t)
	if err != nil {
		e.step(depth, "%s: permerror, %v", t.text, err)
		return "", err
	}
	if e.hidden(t.spec) {
		e.step(depth, "%s: no match, the local part of the sender is not ASCII%s", t.text, c)
		return "", nil
	}
	target, why := e.target(ctx, t.spec, domain)
	if t.kind == include {
		return c.include(ctx, t, target, why, depth)
	}
	if why != "" {
		e.step(depth, "%s: no match, %s is not a name to ask for: %s%s", t.text, show(target), why, c)
		return "", nil
	}
	var miss string
	switch t.kind {
	case a:
		matched, miss, err = c.matchHost(ctx, t, presentation(target))
	case mx:
		matched, miss, err = c.matchMX(ctx, t, presentation(target))
	case ptr:
		matched, miss, err = c.matchPTR(ctx, target)
	case exists:
		matched, miss, err = c.matchExists(ctx, presentation(target))
	}
	switch {
	case err != nil:
		e.step(depth, "%s: %s, %v%s", t.text, outcomeOf(err).value, err, c)
	case matched != "":
		e.step(depth, "%s: match (%s), %s%s", t.text, values[t.qualifier], matched, c)
	default:
		e.step(depth, "%s: no match, %s%s", t.text, miss, c)
	}
	return matched, err
}

// matchNetwork compares the client with a network, section 5.6. An ip4 never
// matches an IPv6 client, nor the other way round.
func (e *evaluation) matchNetwork(t *term, depth int) string {
	switch {
	case t.prefix.Contains(e.client):
		e.say(depth, t.text+": match ("+values[t.qualifier]+")")
		return e.client.String() + " is in " + t.prefix.Masked().String()
	case t.prefix.Addr().BitLen() != e.client.BitLen():
		e.step(depth, "%s: no match, the client has an address of the other family", t.text)
	default:
		e.step(depth, "%s: no match, %s is not in %s", t.text, e.client, t.prefix.Masked())
	}
	return ""
}

// include judges the client by another record and matches if that passes, section
// 5.2.
func (c *counted) include(ctx context.Context, t *term, target, why string, depth int) (string, error) {
	if why != "" {
		c.step(depth, "%s: permerror, %s is not a name to ask for: %s%s", t.text, show(target), why, c)
		return "", permerror("%s has no record, because it cannot be asked for: %s", show(target), why)
	}
	c.step(depth, "%s: judge by the record of %s%s", t.text, show(target), c)
	o := c.check(ctx, c.ask, target, depth+1)
	switch o.value {
	case mail.Pass:
		c.step(depth, "%s: match (%s), because %s gives pass", t.text, values[t.qualifier], show(target))
		return o.reason, nil
	case mail.Fail, mail.SoftFail, mail.Neutral:
		c.step(depth, "%s: no match (%s)", t.text, o.value)
		return "", nil
	case mail.None:
		o.value = mail.PermError
	}
	c.step(depth, "%s: %s", t.text, o.value)
	return "", &fault{o.value, o.reason}
}

// addressType is the type of record that holds addresses of the client's family:
// section 5 has A fetched for an IPv4 client and AAAA for an IPv6 one.
func (e *evaluation) addressType() string {
	if e.client.Is4() {
		return "A"
	}
	return "AAAA"
}

// matchHost compares the client with the addresses of a name, section 5.3.
func (c *counted) matchHost(ctx context.Context, t *term, name string) (matched, miss string, err error) {
	typ := c.addressType()
	records, void, err := c.ask(ctx, name, typ)
	if err != nil {
		return "", "", err
	}
	if void != "" {
		return "", fmt.Sprintf("%s %s: %s", name, typ, void), nil
	}
	bits := t.bits4
	if typ == "AAAA" {
		bits = t.bits6
	}
	var list []string
	for _, r := range records {
		if r.Addr.BitLen() == c.client.BitLen() && netip.PrefixFrom(r.Addr, bits).Contains(c.client) {
			return fmt.Sprintf("%s has %s %s", name, typ, network(r.Addr, bits)), "", nil
		}
		list = append(list, network(r.Addr, bits))
	}
	return "", fmt.Sprintf("%s has %s %s", name, typ, someOf(list)), nil
}

// network writes an address with its prefix length, unless that is all of it.
func network(a netip.Addr, bits int) string {
	if bits == a.BitLen() {
		return a.String()
	}
	return fmt.Sprintf("%s/%d", a, bits)
}

// someOf lists a few words.
func someOf(words []string) string {
	const few = 4
	if len(words) > few {
		return fmt.Sprintf("%s and %d more", strings.Join(words[:few], ", "), len(words)-few)
	}
	return strings.Join(words, ", ")
}

// matchMX compares the client with the addresses of a domain's mail exchangers in
// the order of preference, section 5.4. Without MX records nothing matches: the
// domain is not taken for its own exchanger.
func (c *counted) matchMX(ctx context.Context, t *term, name string) (matched, miss string, err error) {
	records, void, err := c.ask(ctx, name, "MX")
	switch {
	case err != nil:
		return "", "", err
	case void != "":
		return "", fmt.Sprintf("%s MX: %s", name, void), nil
	case len(records) > maxMX:
		return "", "", permerror("%s has %d MX records and only %d are allowed; list the networks with ip4 and ip6", name, len(records), maxMX)
	}
	// Equal preferences come in any order; a fixed one makes runs repeatable.
	slices.SortFunc(records, func(a, b mail.Record) int {
		return cmp.Or(cmp.Compare(a.Pref, b.Pref), cmp.Compare(a.Text, b.Text))
	})
	var misses []string
	for _, r := range records {
		host := strings.TrimSuffix(r.Text, ".")
		if host == "" {
			misses = append(misses, "a null MX") // RFC 7505
			continue
		}
		matched, miss, err := c.matchHost(ctx, t, host)
		if err != nil || matched != "" {
			return matched, "", err
		}
		misses = append(misses, miss)
	}
	return "", fmt.Sprintf("%s has MX: %s", name, someOf(misses)), nil
}

// matchExists asks for an A record, whatever the client's family, section 5.7.
func (c *counted) matchExists(ctx context.Context, name string) (matched, miss string, err error) {
	records, void, err := c.ask(ctx, name, "A")
	switch {
	case err != nil:
		return "", "", err
	case void != "":
		return "", fmt.Sprintf("%s A: %s", name, void), nil
	}
	return fmt.Sprintf("%s has A %s", name, records[0].Addr), "", nil
}

// matchPTR looks for a validated name of the client in a domain, section 5.5. An
// error while looking is no match.
func (c *counted) matchPTR(ctx context.Context, domain string) (matched, miss string, err error) {
	n, err := c.lookUpClient(ctx)
	switch {
	case err != nil:
		return "", "", err
	case n.void != "":
		if err := c.noteVoid(n.question, n.void); err != nil {
			return "", "", err
		}
	}
	for _, name := range n.names {
		if within(name, domain) {
			return fmt.Sprintf("%s has the name %s", c.client, name), "", nil
		}
	}
	return "", n.account(c.client), nil
}
