package dkim

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	"strictmx/internal/mail"
)

// A Key is a key record (RFC 6376 section 3.6.1).
type Key struct {
	Type     string // "rsa" or "ed25519"
	Bits     int    // of the modulus, or 256
	Testing  bool   // t=y
	Strict   bool   // t=s: the domain of i= is that of d= itself
	hashes   []string
	rsa      *rsa.PublicKey
	elliptic ed25519.PublicKey
}

// keyVersion is v= of a key record.
const keyVersion = "DKIM1"

// strength is the facet "key".
func (k *Key) strength(minimum int) string {
	if k.rsa != nil && k.Bits < minimum {
		return keyWeak
	}
	return keyOK
}

// verify tells whether a signature is that of a SHA-256 hash.
func (k *Key) verify(sum [sha256.Size]byte, signature []byte) bool {
	if k.rsa != nil {
		return rsa.VerifyPKCS1v15(k.rsa, crypto.SHA256, sum[:], signature) == nil
	}
	return ed25519.Verify(k.elliptic, sum[:], signature) // RFC 8463 section 3
}

// A keyAnswer is what a lookup gave.
type keyAnswer struct {
	key   *Key
	fault *Fault
}

// key fetches the key of a selector, once for each name.
func (v *Verifier) key(ctx context.Context, selector, domain string) (*Key, *Fault) {
	name, err := keyName(selector, domain)
	if err != nil {
		return nil, permerror("%s._domainkey.%s is no DNS name: %v", brief(selector), brief(domain), err)
	}
	known, ok := v.keys[name]
	if !ok {
		known.key, known.fault = fetch(ctx, v.resolver, name)
		v.keys[name] = known
	}
	return known.key, known.fault
}

// fetch looks a key record up (RFC 6376 section 6.1.2). Of several keys section
// 3.6.2.2 does not say which one counts, so none does; what is no key by its version
// does not count beside one (section 3.6.1).
func fetch(ctx context.Context, r Resolver, name string) (*Key, *Fault) {
	a, err := r.Resolve(ctx, name, "TXT")
	switch {
	case err != nil:
		return nil, temperror("the key cannot be looked up: %v", err)
	case len(a.Records) == 0:
		return nil, permerror("there is no key: %s has no TXT record (%s)", name, a.RCode)
	}
	keys := slices.DeleteFunc(slices.Clone(a.Records), func(r mail.Record) bool { return isOther(r.Text) })
	switch {
	case len(keys) == 0:
		keys = a.Records[:1] // its fault is as good as that of another
	case len(keys) > 1:
		return nil, permerror("%s has %d TXT records, and only one may be there", name, len(keys))
	}
	k, fault := ParseKey(keys[0].Text)
	if fault != nil {
		fault.Reason = fmt.Sprintf("the key at %s %s", name, fault.Reason)
	}
	return k, fault
}

// isOther tells whether a record begins with another version than that of a key.
func isOther(text string) bool {
	first, _, _ := strings.Cut(text, ";")
	name, value, ok := strings.Cut(first, "=")
	return ok && strings.Trim(name, foldingSpace) == "v" && strings.Trim(value, foldingSpace) != keyVersion
}

// unfolded takes the ends of lines out of folds.
func unfolded(s string) string {
	if !strings.Contains(s, "\r\n") {
		return s
	}
	return unfolder.Replace(s)
}

var unfolder = strings.NewReplacer("\r\n ", " ", "\r\n\t", "\t")

// ParseKey reads a key record. Its faults say what a key is or has: they read after
// "the key".
func ParseKey(text string) (*Key, *Fault) {
	if len(text) > maxRecord {
		return nil, permerror("is longer than %d octets", maxRecord)
	}
	tags, err := parseTags(unfolded(text), plainSpace)
	if err != nil {
		return nil, permerror("cannot be read: %v", err)
	}
	if version, ok := tags.Get("v"); ok && (version != keyVersion || tags[0].Name != "v") {
		return nil, permerror("does not begin with v=DKIM1 though it has a version")
	}
	if services, ok := tags.list("s"); ok && !slices.Contains(services, "*") && !slices.Contains(services, "email") {
		return nil, permerror("is not for mail: s=%s", brief(strings.Join(services, ":")))
	}
	k := &Key{Type: "rsa"}
	if typ, ok := tags.Get("k"); ok {
		k.Type = typ
	}
	k.hashes, _ = tags.list("h")
	flags, _ := tags.list("t")
	k.Testing, k.Strict = slices.Contains(flags, "y"), slices.Contains(flags, "s")
	return k, k.read(tags)
}

// read reads p=.
func (k *Key) read(tags Tags) *Fault {
	p, ok := tags.Get("p")
	switch {
	case !ok:
		return permerror("has no tag p=")
	case p == "":
		return permerror("is revoked: p= is empty")
	}
	data, err := decodeBase64(p)
	if err != nil {
		return permerror("is not base64 in p=: %v", err)
	}
	switch k.Type {
	case "rsa":
		return k.readRSA(data)
	case "ed25519":
		if len(data) != ed25519.PublicKeySize {
			return permerror("has %d octets, and ed25519 wants %d", len(data), ed25519.PublicKeySize)
		}
		k.elliptic, k.Bits = data, 8*ed25519.PublicKeySize
		return nil
	}
	return permerror("is of the type k=%s, which is not known", brief(k.Type))
}

// readRSA takes a SubjectPublicKeyInfo, which is what signers publish, and an
// RSAPublicKey, which is what RFC 6376 section 3.6.1 says (erratum 3017).
func (k *Key) readRSA(data []byte) *Fault {
	if parsed, err := x509.ParsePKIXPublicKey(data); err == nil {
		pub, ok := parsed.(*rsa.PublicKey)
		if !ok {
			return permerror("is no RSA key in p=")
		}
		k.rsa = pub
	} else if k.rsa, err = x509.ParsePKCS1PublicKey(data); err != nil {
		return permerror("is no RSA key in p=")
	}
	k.Bits = k.rsa.N.BitLen()
	if k.rsa.E < 3 || k.rsa.E%2 == 0 {
		return permerror("has the exponent %d, with which anybody could sign", k.rsa.E)
	}
	return nil
}

// serves tells whether the key may be used for a signature (RFC 6376 section 3.6.1
// and RFC 8301 section 3.2).
func (k *Key) serves(s *Signature) *Fault {
	typ, hash, _ := strings.Cut(s.Algorithm, "-")
	switch {
	case k.Type != typ:
		return permerror("the key is of the type k=%s, and the signature is %s", k.Type, s.Algorithm)
	case k.hashes != nil && !slices.Contains(k.hashes, hash):
		return permerror("the key is not for %s: h=%s", hash, brief(strings.Join(k.hashes, ":")))
	case k.Strict && s.Identity != "" && !sameName(s.Identity[strings.LastIndexByte(s.Identity, '@')+1:], s.Domain):
		return permerror("the key wants %s itself as domain of i= (t=s), and it is %s", s.Domain, brief(s.Identity))
	case k.rsa == nil:
		return nil
	case k.Bits < minRSA:
		return policy("the RSA key has %d bits, and less than %d are not valid (RFC 8301 section 3.2)", k.Bits, minRSA)
	case k.Bits > maxRSA:
		return neutral("the RSA key has %d bits, and more than %d are not judged", k.Bits, maxRSA)
	}
	return nil
}
