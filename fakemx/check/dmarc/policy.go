package dmarc

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"strictmx/internal/mail"
)

// A request is what a record asks for failing messages of an author domain.
type request struct {
	policy Policy
	tag    string // where it stands
	reason string // "the policy of example.com is reject (sp=)"
	fault  error  // no policy can be read from the record
}

// request reads the policy for an author domain. The error is that of the lookup
// whether the domain exists; the policy is then that of existing ones.
func (e *evaluation) request(ctx context.Context, author string, p policyRecord) (request, error) {
	q, fault := p.record.usable(e.query.Discovery)
	if fault != nil {
		return request{fault: fault}, nil
	}
	var err error
	if q.policy == "" {
		q.policy, q.tag = p.record.main()
		if author != p.domain {
			q.policy, q.tag, err = e.subdomain(ctx, author, p)
		}
	}
	q.reason = "the policy of " + p.domain + " is " + string(q.policy) + " (" + q.tag + ")"
	e.say(q.reason)
	switch {
	case e.query.Discovery == Tree && p.record.Testing && q.policy != None:
		e.weaken(&q, "test mode, t=y")
	case e.query.Discovery == PSL && p.record.Percent < 100 && q.policy != None:
		e.sample(&q, author, p.record.Percent)
	}
	return q, err
}

// usable tells whether a policy can be read at all (RFC 7489 section 6.6.3 step 6,
// RFC 9989 section 4.10.1): a record whose policy tags are not valid is one with
// p=none if it wants reports, and else cannot be used.
func (r *Record) usable(d Discovery) (request, error) {
	if r.Broken != nil {
		return request{}, r.Broken
	}
	why := ""
	for _, tag := range r.Invalid {
		if tag != "np" || d == Tree {
			why = tag + "= has no valid policy"
			break
		}
	}
	if why == "" && r.P == "" && d == PSL {
		why = "there is no p=" // RFC 7489 section 6.3 wants it; in RFC 9989 section 4.7 it is p=none
	}
	switch {
	case why == "":
		return request{}, nil
	case len(r.RUA) > 0:
		return request{policy: None, tag: why + ", and rua= makes it p=none"}, nil
	}
	return request{}, errors.New(why + ", and no rua= that would make it p=none")
}

// main is the policy of the domain itself (RFC 9989 section 4.7).
func (r *Record) main() (Policy, string) {
	if r.P == "" {
		return None, "there is no p=, which stands for p=none"
	}
	return r.P, "p="
}

// subdomain chooses among sp=, np= and p= for a domain below that of the record.
// Only RFC 9989 has np=, for a domain whose name does not exist: NXDOMAIN (sections
// 3.2.13 and 4.7). The question is for a CNAME record, so that the answer is about
// the name and not about what an alias leads to.
func (e *evaluation) subdomain(ctx context.Context, author string, p policyRecord) (Policy, string, error) {
	policy, tag := p.record.main()
	switch {
	case p.record.SP != "":
		policy, tag = p.record.SP, "sp="
	case p.record.P != "":
		tag = "p=, there is no sp="
	}
	if e.query.Discovery != Tree || p.record.NP == "" {
		return policy, tag, nil
	}
	a, err := e.resolver.Resolve(ctx, author, "CNAME")
	switch {
	case err != nil:
		e.step(0, "%s CNAME: %v", author, err)
		return policy, tag, err
	case a.RCode == mail.NXDomain:
		e.step(0, "%s CNAME: %s, the domain does not exist", author, a.RCode)
		return p.record.NP, "np=", nil
	}
	e.step(0, "%s CNAME: %s, the domain exists", author, a.RCode)
	return policy, tag, nil
}

func (e *evaluation) weaken(q *request, why string) {
	q.policy = q.policy.lower()
	q.reason += fmt.Sprintf(", made %s (%s)", q.policy, why)
	e.step(0, "made %s: %s", q.policy, why)
}

// sample applies pct= (RFC 7489 section 6.6.4). Which messages it takes is for the
// receiver to choose. Here each message draws a number from 0 to 99 from its
// Message-ID field and author domain, the same number each time it comes; the policy
// is for those that draw less than the percentage.
func (e *evaluation) sample(q *request, author string, percent int) {
	n := draw(e.query.Content, author)
	if n < percent {
		e.step(0, "pct=%d takes this message in: it draws %d of 0 to 99 by its Message-ID", percent, n)
		return
	}
	e.weaken(q, fmt.Sprintf("pct=%d leaves this message out: it draws %d of 0 to 99 by its Message-ID", percent, n))
}

// draw takes a message without Message-ID field by its author domain alone.
func draw(content []byte, author string) int {
	id := ""
	if bodies, _ := named(content, "message-id"); len(bodies) > 0 {
		id = strings.TrimSpace(bodies[0])
	}
	sum := sha256.Sum256([]byte(author + "\n" + id))
	return int(binary.BigEndian.Uint64(sum[:]) % 100)
}
