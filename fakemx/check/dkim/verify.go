package dkim

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	"strictmx/fakemx/check/address"
	"strictmx/internal/mail"
)

// A Verifier verifies signatures of one message. It asks for each key once.
type Verifier struct {
	resolver Resolver
	message  *Message
	now      time.Time
	minKey   int
	keys     map[string]keyAnswer
}

// NewVerifier wants RSA keys of at least minKey bits, and 1024 in any case. The
// zero time is the time of day.
func NewVerifier(r Resolver, m *Message, now time.Time, minKey int) *Verifier {
	if now.IsZero() {
		now = time.Now()
	}
	return &Verifier{
		resolver: r, message: m, now: now, minKey: max(minKey, minRSA),
		keys: make(map[string]keyAnswer),
	}
}

// An Outcome is what became of one signature.
type Outcome struct {
	Value  string // of RFC 8601 section 2.7.1
	Reason string
	Key    *Key     // nil if there is none
	Notes  []string // what is worth knowing beside
}

func (o *Outcome) note(format string, args ...any) {
	o.Notes = append(o.Notes, fmt.Sprintf(format, args...))
}

func (o *Outcome) set(f *Fault) Outcome {
	o.Value, o.Reason = f.Value, f.Reason
	if o.Key != nil && o.Key.Testing && f.Value != mail.TempError {
		// RFC 6376 section 3.6.1: such a message is treated as an unsigned one.
		o.Value, o.Reason = mail.None, "the key is for testing (t=y), so this counts as no signature: "+f.Reason
	}
	return *o
}

// Verify judges a signature over header fields and body that was read without a
// fault.
func (v *Verifier) Verify(ctx context.Context, s *Signature) Outcome {
	var o Outcome
	for _, fault := range []*Fault{v.message.Unfit, s.timely(v.now), v.message.oneFrom()} {
		if fault != nil {
			return o.set(fault)
		}
	}
	key, fault := v.key(ctx, s.Selector, s.Domain)
	if fault != nil {
		return o.set(fault)
	}
	o.Key = key
	if fault := key.serves(s); fault != nil {
		return o.set(fault)
	}
	body := v.message.bodyHash(bodyForm{s.body, s.length})
	if s.length > body.length {
		return o.set(permerror("l=%d is more than the %d octets of the body", s.length, body.length))
	}
	whole := key.verify(v.message.headerHash(s), s.signature)
	if subtle.ConstantTimeCompare(body.sum[:], s.hash) != 1 {
		if whole {
			o.note("the signature matches the header: only the body differs from what was signed")
		}
		return o.set(fail("the body hash does not match: bh= is %s, and the body has %s",
			brief(s.Tags.compact("bh")), base64.StdEncoding.EncodeToString(body.sum[:])))
	}
	if !whole {
		return o.set(fail("the signature does not match the header fields signed (%s), though the body hash does",
			join(s.Headers)))
	}
	if key.strength(v.minKey) == keyWeak {
		return o.set(policy("the RSA key has %d bits, and the receiver wants %d", key.Bits, v.minKey))
	}
	v.pass(&o, s, body)
	return o
}

// pass words the result of a valid signature, with what weakens it.
func (v *Verifier) pass(o *Outcome, s *Signature, body bodyHash) {
	o.Value = mail.Pass
	o.Reason = "the signature matches"
	if o.Key.Testing {
		o.Reason += ", with a key for testing (t=y)"
	}
	if s.length >= 0 && s.length < body.length {
		o.Reason += fmt.Sprintf(", but it covers only %d of the %d octets of the body (l=)", s.length, body.length)
	}
	if o.Key.rsa != nil && o.Key.Bits < signerRSA {
		o.Reason += fmt.Sprintf(", with an RSA key of %d bits, where signers should use %d", o.Key.Bits, signerRSA)
	}
	o.note("%s, key of %d bits, %s/%s, signs %s", s.Algorithm, o.Key.Bits, s.header, s.body, join(s.Headers))
	for _, name := range v.message.partly(s) {
		o.note("not every %s field is signed", name)
	}
}

// VerifySeal judges a signature over data of the caller's choice, as that of an
// ARC-Seal field is (RFC 8617 section 5.1.1).
func (v *Verifier) VerifySeal(ctx context.Context, s *Signature, data []byte) Outcome {
	var o Outcome
	key, fault := v.key(ctx, s.Selector, s.Domain)
	if fault != nil {
		return o.set(fault)
	}
	o.Key = key
	if fault := key.serves(s); fault != nil {
		return o.set(fault)
	}
	if !key.verify(sha256.Sum256(data), s.signature) {
		return o.set(fail("the signature does not match"))
	}
	if key.strength(v.minKey) == keyWeak {
		return o.set(policy("the RSA key has %d bits, and the receiver wants %d", key.Bits, v.minKey))
	}
	o.Value, o.Reason = mail.Pass, "the signature matches"
	return o
}

// oneFrom wants one From field. A message without is none, and one with several can
// show an author who was not signed for (RFC 6376 sections 3.8 and 8.15).
func (m *Message) oneFrom() *Fault {
	switch n := len(m.named["from"]); n {
	case 0:
		return permerror("the message has no From field")
	case 1:
		return nil
	default:
		return permerror("the message has %d From fields, and a signature is for one", n)
	}
}

// headerHash hashes the signed header fields, and last the signature's own (RFC
// 6376 section 3.7). Fields of one name are taken from the bottom, and each name in
// h= takes one; what is not there is the null string (section 5.4.2). A signature
// never signs itself in that way.
func (m *Message) headerHash(s *Signature) [sha256.Size]byte {
	h := sha256.New()
	taken := make(map[string]int)
	for _, name := range s.Headers {
		key := address.Lower(name)
		indexes := m.named[key]
		taken[key]++
		at := len(indexes) - taken[key]
		if at >= 0 && indexes[at] == s.Field.index {
			taken[key]++
			at--
		}
		if at >= 0 {
			h.Write(canonicalField(m.Fields[indexes[at]].Raw, s.header))
		}
	}
	h.Write(s.unsigned(s.header))
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	return sum
}

// once are the fields that RFC 5322 section 3.6 allows once, and those of MIME.
var once = []string{
	"date", "from", "sender", "reply-to", "to", "cc", "message-id", "in-reply-to", "references", "subject",
	"mime-version", "content-type", "content-transfer-encoding",
}

// partly names fields that readers show one of, and of which there are more than
// are signed: somebody may have added one.
func (m *Message) partly(s *Signature) []string {
	var out []string
	for _, name := range once {
		there := len(m.named[name])
		if there < 2 {
			continue
		}
		signed := 0
		for _, h := range s.Headers {
			if address.Lower(h) == name {
				signed++
			}
		}
		if signed > 0 && signed < there {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// Canonical is the field in relaxed form, with its final CR LF, as seals hash it.
func (f Field) Canonical() []byte { return canonicalField(f.Raw, relaxed) }

// Unsealed is the field of a seal in relaxed form without the value of b= and
// without its final CR LF: what a seal hashes of itself.
func (s *Signature) Unsealed() []byte { return s.unsigned(relaxed) }
