package spf

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"strictmx/internal/mail"
)

// An evaluation is the state of one check_host() with all that it includes.
type evaluation struct {
	resolver Resolver
	query    Query
	client   netip.Addr // unmapped
	local    string     // of the sender
	domain   string     // of the sender

	lookups, voids, queries int
	steps                   []mail.Step
	names                   *clientNames // nil until the PTR records have been asked for
}

// An outcome is what check_host() gives for one domain.
type outcome struct {
	value  string
	reason string // a clause that names the deciding record and term
	exp    *term  // the explanation of the record that decided, if its mechanism did; else nil
	domain string // of the record that decided
	// mechanism is the one that matched, "default" if none did, and empty if it did
	// not come to that (RFC 7208 section 9.1).
	mechanism string
}

// A fault ends the whole evaluation: a temperror or a permerror.
type fault struct{ value, reason string }

func (f *fault) Error() string { return f.reason }

func permerror(format string, args ...any) *fault {
	return &fault{mail.PermError, fmt.Sprintf(format, args...)}
}

// outcomeOf makes an outcome of an error, all of which are faults.
func outcomeOf(err error) outcome {
	var f *fault
	if errors.As(err, &f) {
		return outcome{value: f.value, reason: f.reason}
	}
	return outcome{value: mail.TempError, reason: err.Error()}
}

// An asker sends one question; it gives the records of the type, and the words
// NXDOMAIN or "no records" if the answer is void.
type asker func(ctx context.Context, name, typ string) (records []mail.Record, void string, err error)

// ask sends a question that belongs to no term.
func (e *evaluation) ask(ctx context.Context, name, typ string) ([]mail.Record, string, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, "", &fault{mail.TempError, fmt.Sprintf("the check was ended before the lookup of %s %s: %v", name, typ, err)}
	}
	if e.queries++; e.queries > maxQueries {
		return nil, "", permerror("more than %d dns queries are needed", maxQueries)
	}
	ans, err := e.resolver.Resolve(ctx, name, typ)
	switch {
	case err != nil:
		return nil, "", &fault{mail.TempError, err.Error() + "; check the name servers of that name"}
	case ans.RCode == mail.NXDomain:
		return nil, mail.NXDomain, nil
	case ans.RCode != mail.NoError:
		err := &mail.LookupError{Name: name, Type: typ, RCode: ans.RCode}
		return nil, "", &fault{mail.TempError, err.Error()}
	}
	var records []mail.Record
	for _, r := range ans.Records {
		if r.Type == typ {
			records = append(records, r)
		}
	}
	if len(records) == 0 {
		return nil, "no " + typ + " record", nil
	}
	return records, "", nil
}

// say adds a line to the account.
func (e *evaluation) say(depth int, text string) {
	e.steps = append(e.steps, mail.Step{Depth: depth, Text: text})
}

// step adds a line in parts.
func (e *evaluation) step(depth int, format string, args ...any) {
	e.say(depth, fmt.Sprintf(format, args...))
}

// check is check_host() of RFC 7208 section 4 for one domain.
func (e *evaluation) check(ctx context.Context, ask asker, domain string, depth int) outcome {
	rec, o := e.fetch(ctx, ask, domain, depth)
	if o.value != "" {
		return o
	}
	for i := range rec.terms {
		t := &rec.terms[i]
		if t.qualifier == 0 {
			continue // modifiers have their turn after the mechanisms, section 4.6.3
		}
		matched, err := e.match(ctx, t, domain, depth)
		if err != nil {
			o := outcomeOf(err)
			o.reason = chain(fmt.Sprintf("%s in the record of %s", brief(t.text), show(domain)), ": ", o.reason)
			return o
		}
		if matched != "" {
			o := outcome{value: values[t.qualifier], domain: domain, exp: rec.exp, mechanism: t.text}
			o.reason = e.whyMatched(t, domain, matched, o.value)
			return o
		}
	}
	if rec.redirect != nil {
		return e.redirect(ctx, rec.redirect, domain, depth)
	}
	e.step(depth, "end of the record of %s: neutral", show(domain))
	return outcome{
		value: mail.Neutral, mechanism: "default",
		reason: fmt.Sprintf("no mechanism in the record of %s matches %s, and it has neither all nor redirect at its end",
			show(domain), e.client),
	}
}

// values are the results that qualifiers stand for, RFC 7208 section 4.6.2.
var values = map[byte]string{'+': mail.Pass, '-': mail.Fail, '~': mail.SoftFail, '?': mail.Neutral}

// fetch finds and parses the record of a domain, sections 4.3 to 4.6. A value in
// the outcome means that there is nothing to evaluate.
func (e *evaluation) fetch(ctx context.Context, ask asker, domain string, depth int) (record, outcome) {
	if why := malformed(domain); why != "" {
		e.step(depth, "%s: not a domain name to check, %s", show(domain), why)
		return record{}, outcome{
			value:  mail.None,
			reason: fmt.Sprintf("%s is not a domain name that can have a record: %s", show(domain), why),
		}
	}
	answers, void, err := ask(ctx, presentation(domain), "TXT")
	if err != nil {
		e.step(depth, "%s TXT: %v", show(domain), err)
		return record{}, outcomeOf(err)
	}
	var texts []string
	for _, r := range answers {
		if isRecord(r.Text) {
			texts = append(texts, r.Text)
			e.say(depth, show(domain)+" TXT "+strconv.QuoteToASCII(r.Text))
		}
	}
	switch {
	case len(texts) == 1:
	case len(texts) > 1:
		return record{}, outcome{value: mail.PermError, reason: fmt.Sprintf(
			"%s has %d records that start with v=spf1 where only one may be; merge them", show(domain), len(texts))}
	default:
		if void == "" {
			void = whyNoRecord(answers)
		}
		e.step(depth, "%s TXT: %s", show(domain), void)
		return record{}, outcome{value: mail.None, reason: fmt.Sprintf(
			"%s has no SPF record (%s); publish a TXT record that starts with v=spf1", show(domain), void)}
	}
	rec, err := parse(texts[0])
	if err != nil {
		e.step(depth, "%s: syntax error, %v", show(domain), err)
		return record{}, outcome{value: mail.PermError, reason: fmt.Sprintf(
			"the record of %s has a syntax error: %v", show(domain), err)}
	}
	return rec, outcome{}
}

// whyNoRecord says why none of the TXT records is one of SPF. One that would be but
// for a blank is most often a zone file's text without quotation marks, whose words
// are strings of their own and are joined without blanks (RFC 7208 section 3.3).
func whyNoRecord(answers []mail.Record) string {
	const version = "v=spf1"
	for _, r := range answers {
		if len(r.Text) > len(version) && strings.EqualFold(r.Text[:len(version)], version) {
			return fmt.Sprintf("%s has no blank after v=spf1; put the whole text in quotation marks and keep a blank where it is split",
				brief(r.Text))
		}
	}
	return "no TXT record starts with v=spf1"
}

// redirect goes on with another domain's record, RFC 7208 section 6.1.
func (e *evaluation) redirect(ctx context.Context, t *term, domain string, depth int) outcome {
	at := fmt.Sprintf("%s in the record of %s", brief(t.text), show(domain))
	c, err := e.count(t)
	if err != nil {
		e.step(depth, "%s: %v", t.text, err)
		o := outcomeOf(err)
		o.reason = at + ": " + o.reason
		return o
	}
	target, why := e.target(ctx, t.spec, domain)
	if why != "" {
		e.step(depth, "%s: permerror, %s is not a name to ask for: %s%s", t.text, show(target), why, c)
		return outcome{value: mail.PermError, reason: fmt.Sprintf("%s leads to %s, which cannot be asked for: %s", at, show(target), why)}
	}
	e.step(depth, "%s: go on with the record of %s%s", t.text, show(target), c)
	o := e.check(ctx, c.ask, target, depth+1)
	if o.value == mail.None {
		return outcome{value: mail.PermError, reason: at + " leads to no record: " + o.reason}
	}
	o.reason = chain(at, " leads on: ", o.reason)
	return o
}

// chain puts before a reason the term that led to it. A term that the reason
// names already is one of a loop, and is not said ten times over.
func chain(at, link, reason string) string {
	const loop = "; these records lead back to themselves"
	switch {
	case !strings.Contains(reason, at):
		return at + link + reason
	case strings.HasSuffix(reason, loop):
		return reason
	}
	return reason + loop
}

// target expands a domain-spec to the target-name of RFC 7208 section 4.8, which
// is the domain itself where there is none. why says what makes it unfit for a
// query: section 4.8 leaves open what then happens, and here such a mechanism
// matches nothing, as one whose name does not exist.
func (e *evaluation) target(ctx context.Context, spec macroString, domain string) (name, why string) {
	if spec == nil {
		return domain, badLabel(domain)
	}
	if e.hidden(spec) {
		return spec.String(), "the local part of the sender is not ASCII"
	}
	name = fit(spec.expand(e.value(ctx, domain)))
	if len(name) > maxName {
		return name, fmt.Sprintf("it is longer than %d octets", maxName)
	}
	return name, badLabel(name)
}

// hidden tells a domain-spec that holds a local part which is not ASCII: RFC 8616
// section 4 lets such a term match nothing.
func (e *evaluation) hidden(spec macroString) bool {
	return spec.uses("sl") && !isASCII(e.local)
}

// value gives the values of macro letters, RFC 7208 section 7.3, while the record
// of domain is read.
func (e *evaluation) value(ctx context.Context, domain string) func(byte) string {
	return func(letter byte) string {
		v := e.fullValue(ctx, letter, domain)
		return v[:min(len(v), maxValue)]
	}
}

// fullValue is a value at its full length.
func (e *evaluation) fullValue(ctx context.Context, letter byte, domain string) string {
	switch letter {
	case 's':
		return e.local + "@" + e.domain
	case 'l':
		return e.local
	case 'o':
		return e.domain
	case 'd':
		return domain
	case 'i':
		return dotted(e.client)
	case 'p':
		return e.clientName(ctx, domain)
	case 'v':
		return family(e.client)
	case 'h':
		return e.query.Helo
	case 'c':
		return e.client.String()
	case 'r':
		if e.query.Receiver == "" {
			return "unknown"
		}
		return e.query.Receiver
	case 't':
		now := time.Now
		if e.query.Now != nil {
			now = e.query.Now
		}
		return strconv.FormatInt(now().Unix(), 10)
	}
	return ""
}

// whyMatched is the reason for a mechanism that decided.
func (e *evaluation) whyMatched(t *term, domain, matched, value string) string {
	at := brief(t.text) + " in the record of " + show(domain)
	switch {
	case t.kind == all && value == mail.Pass:
		return at + " lets every client pass"
	case t.kind == all:
		return fmt.Sprintf("%s decides, because no mechanism before it matches %s; add that address to the record, or send from one that is listed",
			at, e.client)
	}
	return at + " matches " + e.client.String() + ": " + matched
}

// show makes a name fit to be read in a line of text.
func show(name string) string {
	if unambiguous(name) {
		return name
	}
	if q := brief(name); q != `"`+name+`"` || name == "" || strings.Contains(name, " ") {
		return q
	}
	return name
}

// unambiguous tells of a name that is written as it is: no octet of it can be misread.
func unambiguous(name string) bool {
	for i := range len(name) {
		if c := name[i]; c != '.' && c != '-' && c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return 0 < len(name) && len(name) <= maxName
}

// brief quotes a text, and cuts what is too long for a sentence.
func brief(text string) string {
	const most = 300
	if len(text) > most {
		return strconv.QuoteToASCII(text[:most]) + "..."
	}
	return strconv.QuoteToASCII(text)
}
