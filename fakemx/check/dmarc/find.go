package dmarc

import (
	"context"
	"fmt"
	"strconv"

	"strictmx/internal/mail"
)

// An evaluation is the work for one message. It asks for each record once.
type evaluation struct {
	resolver Resolver
	query    Query
	ids      []identifier
	records  []found         // one for a domain
	walks    map[string]walk // by domain
	steps    []mail.Step
}

// say adds a line to the account.
func (e *evaluation) say(text string) { e.steps = append(e.steps, mail.Step{Text: text}) }

func (e *evaluation) step(depth int, format string, args ...any) {
	e.steps = append(e.steps, mail.Step{Depth: depth, Text: fmt.Sprintf(format, args...)})
}

// found is the answer for one domain.
type found struct {
	domain string
	record *Record // nil if there is none, or more than one
	count  int     // how many there are
	err    error
}

// find asks for the record of a domain (RFC 9989 section 4.10 steps 1, 2, 5 and 6;
// RFC 7489 section 6.6.3 steps 1 and 2). Several records are as none, and count
// tells.
func (e *evaluation) find(ctx context.Context, domain string) found {
	if f, ok := e.asked(domain); ok {
		return f
	}
	f := e.ask(ctx, "_dmarc."+domain)
	f.domain = domain
	e.records = append(e.records, f)
	return f
}

// asked is the answer for a domain that was asked for. There are few: see limits.go.
func (e *evaluation) asked(domain string) (found, bool) {
	for _, f := range e.records {
		if f.domain == domain {
			return f, true
		}
	}
	return found{}, false
}

func (e *evaluation) ask(ctx context.Context, name string) found {
	if len(name) > maxName {
		e.step(0, "%s TXT: not asked, the name is longer than %d octets", brief(name), maxName)
		return found{}
	}
	a, err := e.resolver.Resolve(ctx, name, "TXT")
	if err != nil {
		e.step(0, "%s TXT: %v", name, err)
		return found{err: err}
	}
	var f found
	var notes []string
	for _, rr := range a.Records {
		r, err := Parse(rr.Text)
		if err != nil {
			notes = append(notes, fmt.Sprintf("no DMARC record, %v: %s", err, quote(rr.Text)))
			continue
		}
		f.count++
		f.record = r
		notes = append(notes, quote(rr.Text))
	}
	e.tell(name, a, f, notes)
	if f.count > 1 {
		f.record = nil
	}
	return f
}

// tell is the account of one question.
func (e *evaluation) tell(name string, a mail.Answer, f found, notes []string) {
	const most = 10
	switch {
	case len(a.Records) == 0:
		e.step(0, "%s TXT: %s, no record", name, a.RCode)
	case f.count == 1 && len(notes) == 1:
		e.say(name + " TXT " + notes[0])
	default:
		if f.count > 1 {
			e.step(0, "%s TXT: %d DMARC records, which are as none", name, f.count)
		} else {
			e.step(0, "%s TXT: %d of %d records is a DMARC record", name, f.count, len(notes))
		}
		for _, n := range notes[:min(len(notes), most)] {
			e.step(1, "%s", n)
		}
	}
	if f.count == 1 {
		for _, fault := range f.record.Faults {
			e.step(1, "%v", &fault)
		}
	}
}

func quote(s string) string { return strconv.QuoteToASCII(brief(s)) }

// A policyRecord is the record that applies to an author domain.
type policyRecord struct {
	domain string
	record *Record // nil if there is none
	why    string  // there is none
}

// discover finds the record that applies.
func (e *evaluation) discover(ctx context.Context, author string) (policyRecord, error) {
	own := e.find(ctx, author)
	switch {
	case own.err != nil:
		return policyRecord{}, own.err
	case own.record != nil:
		return policyRecord{domain: author, record: own.record}, nil
	}
	if e.query.Discovery == PSL {
		return e.discoverByList(ctx, author, own)
	}
	return e.discoverByWalk(ctx, author)
}

// noRecord says that the first of some domains has no record, and the others have
// none either, which rest words.
func (e *evaluation) noRecord(domains []string, rest string) string {
	reason := domains[0] + " has no DMARC record"
	for i, d := range domains {
		f, _ := e.asked(d)
		n := f.count
		switch {
		case n < 2:
		case i == 0:
			reason = fmt.Sprintf("%s has %d DMARC records, which are as none", d, n)
		default:
			return fmt.Sprintf("%s, and %s has %d, which are as none", reason, d, n)
		}
	}
	if rest != "" && len(domains) > 1 {
		reason += ", and " + rest
	}
	return reason
}
