// Package dkim verifies DomainKeys Identified Mail signatures as RFC 6376 says,
// with the algorithms of RFC 8301 and RFC 8463, and tells how it came to its
// result. Package arc uses its parts for the signatures of RFC 8617.
//
// The values are those of RFC 8601 section 2.7.1:
//
//   - none: there is no signature, or only ones that fail with a key for testing
//   - pass: a signature verifies
//   - fail: the body hash or the signature does not match
//   - policy: the RSA key is shorter than the receiver takes, or than 1024 bits
//   - neutral: a signature cannot be judged here: bare CR or LF in the message, an
//     algorithm or query method that is not known, a time stamp in the future,
//     something larger than the limits
//   - temperror: the key cannot be looked up now
//   - permerror: every other PERMFAIL of RFC 6376: faults of the signature's tags,
//     rsa-sha1 (RFC 8301 section 3.1), expiry, no key record or a faulty or revoked
//     one, a key that is not for this use
//
// It is stricter than many receivers: base64 has its padding, a tag that is there
// twice spoils the list, a message with several From fields has no valid signature
// (RFC 6376 section 3.8), and text with bare CR or LF is not judged, because two
// readers would read two messages. It is milder in one point: names may have an
// underscore, which the grammar forbids.
//
// A signature that covers a part of the body only (l=) passes, as RFC 6376 section
// 3.5 has it, and so does a valid one whose key is for testing (t=y); the reason
// says so.
//
// It decides nothing about mail, keeps no cache between messages, and sets no time
// limit of its own: that is the caller's, through the context.
package dkim

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"strictmx/internal/mail"
)

// A Resolver answers DNS questions. NXDOMAIN and an answer without records are
// answers; an error makes the lookup a temporary failure.
type Resolver interface {
	Resolve(ctx context.Context, name, typ string) (mail.Answer, error)
}

// A Query is one message with what the receiver wants of signatures.
type Query struct {
	Content       []byte    // the message, with CR LF line ends
	Now           time.Time // for expiry; the zero value is the time of day
	MinKey        int       // shortest RSA key that is taken, in bits; less than 1024 is 1024
	MaxSignatures int       // how many signatures are judged, from the top; less than 1 is 10
}

// fieldName is the header field of RFC 6376 section 3.5.
const fieldName = "DKIM-Signature"

// Evaluate judges the signatures of a message. The value of the result is that of
// the best one; Parts has one result for each, in the order of the header, and one
// more for those over MaxSignatures together.
func Evaluate(ctx context.Context, r Resolver, q Query) mail.Result {
	var m *Message
	var found []Field
	if mayHave(q.Content, fieldName) {
		m = Parse(q.Content)
		found = m.Named(fieldName)
	}
	res := mail.Result{Method: "dkim", Value: mail.None, Reason: "the message has no DKIM signature", Facets: noSignature}
	if len(found) == 0 {
		return res
	}
	res.Facets = map[string]string{"signatures": count(len(found)), "key": keyNone}
	res.Properties = make(map[string]string)
	limit := q.MaxSignatures
	if limit < 1 {
		limit = DefaultSignatures
	}
	v := NewVerifier(r, m, q.Now, q.MinKey)
	for i, f := range found {
		if i == limit {
			res.Parts = append(res.Parts, unjudged(len(found)-limit, limit))
			break
		}
		part, steps := v.field(ctx, f)
		res.Parts = append(res.Parts, part)
		res.Steps = append(res.Steps, mail.Step{Text: fmt.Sprintf("signature %d of %d: %s, %s", i+1, len(found), part.Value, part.Reason)})
		for _, s := range steps {
			res.Steps = append(res.Steps, mail.Step{Depth: 1, Text: s})
		}
	}
	if more := len(found) - limit; more > 0 {
		res.Steps = append(res.Steps, mail.Step{Text: res.Parts[limit].Reason})
	}
	return summarize(res)
}

// noSignature are the facets of a message without signature.
var noSignature = map[string]string{"signatures": "none", "key": keyNone}

// summarize gives the result the value of its best part. The properties are those
// of the same part if it passes, else of the first.
func summarize(res mail.Result) mail.Result {
	best := res.Parts[0]
	for _, p := range res.Parts[1:] {
		if rank(p.Value) < rank(best.Value) {
			best = p
		}
	}
	res.Value, res.Reason = best.Value, best.Reason
	shown := res.Parts[0]
	if best.Value == mail.Pass {
		shown = best
	}
	res.Domain = shown.Domain
	res.Facets["key"] = shown.Facets["key"]
	for _, name := range []string{"header.d", "header.s", "header.a"} {
		if text, ok := shown.Properties[name]; ok {
			res.Properties[name] = text
		}
	}
	return res
}

// byRank has the values from the best on. An error that may go away stands before
// those that stay, because the message may pass when it comes again.
var byRank = []string{
	mail.Pass, mail.TempError, mail.Policy, mail.Fail, mail.PermError, mail.Neutral, mail.None,
}

func rank(value string) int { return slices.Index(byRank, value) }

// count is the facet "signatures" of a message that has some.
func count(n int) string {
	if n == 1 {
		return "one"
	}
	return "several"
}

// unjudged stands for the signatures over the limit.
func unjudged(n, limit int) mail.Result {
	return mail.Result{
		Method: "dkim", Value: mail.Neutral,
		Reason: fmt.Sprintf("%d more not judged: the receiver judges the first %d signatures", n, limit),
		Facets: map[string]string{"key": keyNone},
	}
}

// The values of the facet "key".
const (
	keyNone = "none" // no key was found
	keyWeak = "weak" // an RSA key shorter than the receiver wants
	keyOK   = "ok"
)

// field judges one DKIM-Signature field.
func (v *Verifier) field(ctx context.Context, f Field) (mail.Result, []string) {
	res := mail.Result{
		Method: "dkim",
		Facets: map[string]string{"key": keyNone}, Properties: map[string]string{},
	}
	s, fault := ParseSignature(f)
	if s != nil {
		res.Domain = clip(s.Domain)
		for name, text := range s.properties() {
			if text != "" {
				res.Properties[name] = clip(text)
			}
		}
	}
	if v.message.Unfit != nil {
		fault = v.message.Unfit // first: what was read may not be what others read
	}
	if fault != nil {
		res.Value, res.Reason = fault.Value, named(s)+fault.Reason
		return res, nil
	}
	o := v.Verify(ctx, s)
	res.Value, res.Reason = o.Value, named(s)+o.Reason
	if o.Key != nil {
		res.Facets["key"] = o.Key.strength(v.minKey)
	}
	return res, o.Notes
}

// named says which signature a reason is about.
func named(s *Signature) string {
	switch {
	case s == nil || s.Domain == "":
		return ""
	case s.Selector == "":
		return brief(s.Domain) + ": "
	}
	return brief(s.Selector) + " of " + brief(s.Domain) + ": "
}

// properties are those of RFC 8601 section 2.7.1 and RFC 6008, as far as the
// signature has them.
func (s *Signature) properties() map[string]string {
	return map[string]string{
		"header.d": s.Domain, "header.s": s.Selector, "header.a": s.Algorithm,
		"header.i": s.Identity, "header.b": s.b[:min(len(s.b), 8)],
	}
}

// clip cuts a property, which a sender may have made as long as the field.
func clip(s string) string { return s[:min(len(s), maxName)] }

// join lists words, at most some of them.
func join(words []string) string {
	const most = 12
	if len(words) <= most {
		return strings.Join(words, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(words[:most], ", "), len(words)-most)
}
