// Package arc validates the Authenticated Received Chain of a message as RFC 8617
// section 5.2 says, and tells how it came to its result. Signatures and keys are
// those of package dkim, with its limits and its strictness.
//
// The values are those of RFC 8617 section 4.4: none without any ARC field, pass if
// the chain is whole, the newest ARC-Message-Signature verifies and every ARC-Seal
// does, else fail. That a key cannot be looked up now is a fail too: there is no
// value for it, and the reason tells.
//
// What a chain says of the message (ARC-Authentication-Results) is not read, and
// whether a sealer is to be trusted is for a profile.
package arc

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"strictmx/fakemx/check/dkim"
	"strictmx/internal/mail"
)

// maxSets is the highest instance number (RFC 8617 section 4.2.1). With it one
// message makes at most 100 DNS questions, and every seal hashes at most the header.
const maxSets = 50

// A Query is one message.
type Query struct {
	Content []byte    // the message, with CR LF line ends
	Now     time.Time // for expiry; the zero value is the time of day
}

// Evaluate validates the chain of a message. Parts has one result for each set, from
// the oldest on, where they can be told apart; its value is that of the seal.
func Evaluate(ctx context.Context, r dkim.Resolver, q Query) mail.Result {
	m := dkim.Parse(q.Content)
	res := mail.Result{Method: "arc", Properties: map[string]string{"arc.chain": "0"}}
	sets, fault := collect(m)
	if sets == nil && fault == "" {
		res.Value, res.Reason = mail.None, "the message has no ARC chain"
		return res
	}
	res.Properties["arc.chain"] = strconv.Itoa(len(sets))
	if m.Unfit != nil {
		fault = m.Unfit.Reason
	}
	if fault != "" {
		res.Value, res.Reason = mail.Fail, fault
		return res
	}
	c := chain{sets: sets, verifier: dkim.NewVerifier(r, m, q.Now, 0)}
	c.validate(ctx, &res)
	return res
}

// A chain is a message's sets in their order, all complete.
type chain struct {
	sets     []*set
	verifier *dkim.Verifier
}

// validate takes the steps of RFC 8617 section 5.2. It ends at the first failure.
func (c *chain) validate(ctx context.Context, res *mail.Result) {
	step := func(format string, args ...any) {
		res.Steps = append(res.Steps, mail.Step{Text: fmt.Sprintf(format, args...)})
	}
	fail := func(format string, args ...any) {
		res.Value, res.Reason = mail.Fail, fmt.Sprintf(format, args...)
	}
	newest := c.sets[len(c.sets)-1]
	if fault := c.structure(); fault != "" {
		fail("%s", fault)
		return
	}
	res.Domain = newest.seal.Domain
	res.Properties["arc.domain"] = res.Domain
	for _, s := range c.sets {
		res.Parts = append(res.Parts, mail.Result{
			Method: "arc", Value: mail.None, Reason: "not judged", Domain: s.seal.Domain,
		})
	}
	ams := c.verifier.Verify(ctx, newest.signature)
	step("i=%d ARC-Message-Signature of %s: %s, %s", newest.instance, newest.signature.Domain, ams.Value, ams.Reason)
	if ams.Value != mail.Pass {
		fail("the newest ARC-Message-Signature (i=%d, %s) does not verify: %s", newest.instance, newest.signature.Domain, ams.Reason)
		return
	}
	for i, s := range slices.Backward(c.sets) {
		o := c.verifier.VerifySeal(ctx, s.seal, c.sealed(i))
		part := &res.Parts[i]
		part.Value, part.Reason = mail.Pass, o.Reason
		step("i=%d ARC-Seal of %s: %s, %s", s.instance, s.seal.Domain, o.Value, o.Reason)
		if o.Value != mail.Pass {
			part.Value = mail.Fail
			fail("the ARC-Seal of i=%d (%s) does not verify: %s", s.instance, s.seal.Domain, o.Reason)
			return
		}
	}
	oldest := c.oldestPass(ctx)
	res.Properties["header.oldest-pass"] = strconv.Itoa(oldest)
	if oldest > 0 {
		step("the message was changed after i=%d: older ARC-Message-Signatures do not verify", oldest-1)
	}
	res.Value = mail.Pass
	res.Reason = fmt.Sprintf("the chain of %d verifies, sealed by %s", len(c.sets), strings.Join(c.sealers(), ", "))
	if strings.Contains(ams.Reason, ", ") {
		res.Reason += "; of the newest ARC-Message-Signature, " + ams.Reason
	}
}

// structure reads the signatures and wants the tags that sets have in a chain that
// has not failed (RFC 8617 section 5.2, steps 2 and 3). Of the ARC-Message-Signatures
// only the newest has to be one: what is wrong with others does not affect the chain
// (step 5).
func (c *chain) structure() string {
	newest := c.sets[len(c.sets)-1]
	for _, s := range slices.Backward(c.sets) {
		if fault := s.readSignature(); fault != "" && s == newest {
			return fault
		}
		if fault := s.readSeal(); fault != "" {
			return fault
		}
		if s == newest && s.validation == "fail" {
			return fmt.Sprintf("the newest ARC-Seal (i=%d, %s) says that the chain failed before (cv=fail)", s.instance, s.seal.Domain)
		}
		want := "pass"
		if s.instance == 1 {
			want = "none"
		}
		if s.validation != want {
			return fmt.Sprintf("the ARC-Seal of i=%d (%s) has cv=%s: want %s", s.instance, s.seal.Domain, brief(s.validation), want)
		}
	}
	return ""
}

// sealed is what the seal of a set signs: every set up to its own, each in the order
// of RFC 8617 section 5.1.1, and itself without b=.
func (c *chain) sealed(at int) []byte {
	var data []byte
	for i, s := range c.sets[:at+1] {
		data = append(data, s.results[0].Canonical()...)
		data = append(data, s.signatures[0].Canonical()...)
		if i < at {
			data = append(data, s.seals[0].Canonical()...)
		}
	}
	return append(data, c.sets[at].seal.Unsealed()...)
}

// oldestPass is the lowest instance from which on every ARC-Message-Signature
// verifies, or 0 if all do (RFC 8617 section 5.2, step 5).
func (c *chain) oldestPass(ctx context.Context) int {
	for i := len(c.sets) - 2; i >= 0; i-- {
		if s := c.sets[i]; s.signature == nil || c.verifier.Verify(ctx, s.signature).Value != mail.Pass {
			return c.sets[i+1].instance
		}
	}
	return 0
}

// sealers are the domains of the seals, from the oldest on, at most some of them.
func (c *chain) sealers() []string {
	const most = 5
	var out []string
	for _, s := range c.sets[:min(len(c.sets), most)] {
		out = append(out, s.seal.Domain)
	}
	if more := len(c.sets) - most; more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	return out
}
