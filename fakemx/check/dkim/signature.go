package dkim

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"strictmx/fakemx/check/address"
)

// A Signature is one signature field, read and not yet verified.
type Signature struct {
	Field     Field
	Tags      Tags
	Domain    string // d=, as written
	Selector  string // s=
	Algorithm string // a=, "rsa-sha256"
	Identity  string // i= of DKIM-Signature, decoded; empty without one
	Headers   []string
	Time      time.Time // t=; zero without one
	Expires   time.Time // x=; zero without one

	header, body string // canonicalization, simple or relaxed
	length       int64  // l= in octets; -1 without one
	b            string // b= without white space
	signature    []byte
	hash         []byte // bh=
}

// ParseSignature reads a DKIM-Signature field (RFC 6376 sections 3.5 and 6.1.1).
// With a fault it gives what could be read, which is nil if there is no tag list.
func ParseSignature(f Field) (*Signature, *Fault) {
	s, fault := read(f, f.Value())
	if fault != nil {
		return s, fault
	}
	if v, ok := s.Tags.Get("v"); !ok {
		return s, permerror("the signature has no tag v=")
	} else if v != "1" {
		return s, permerror("the signature is of version %q, and not 1", brief(v))
	}
	if fault := s.readMessageTags(); fault != nil {
		return s, fault
	}
	return s, s.readIdentity()
}

// ParseMessageSignature reads an ARC-Message-Signature field (RFC 8617 section
// 4.1.2): a DKIM-Signature without v=, and with an instance as i=.
func ParseMessageSignature(f Field) (*Signature, *Fault) {
	s, fault := read(f, WithoutComments(f.Value()))
	if fault != nil {
		return s, fault
	}
	return s, s.readMessageTags()
}

// ParseSeal reads an ARC-Seal field (RFC 8617 section 4.1.3), which signs neither a
// body nor header fields of its own choice.
func ParseSeal(f Field) (*Signature, *Fault) {
	s, fault := read(f, WithoutComments(f.Value()))
	if fault != nil {
		return s, fault
	}
	return s, s.readSignerTags()
}

// read takes the tag list of a field apart, which is text.
func read(f Field, text string) (*Signature, *Fault) {
	if len(f.Raw) > maxSignature {
		return nil, neutral("the signature field is longer than %d octets, and is not judged", maxSignature)
	}
	tags, err := ParseTags(text)
	if err != nil {
		return nil, permerror("the signature cannot be read: %v", err)
	}
	s := &Signature{Field: f, Tags: tags, length: -1, header: simple, body: simple, b: tags.compact("b")}
	// White space within these is of no grammar (RFC 6376 section 3.5).
	s.Domain, s.Selector, s.Algorithm = tags.unfolded("d"), tags.unfolded("s"), tags.unfolded("a")
	return s, nil
}

// readSignerTags reads what every kind of signature has: d, s, a, b, and t.
func (s *Signature) readSignerTags() *Fault {
	if fault := s.require("a", "b", "d", "s"); fault != nil {
		return fault
	}
	if err := checkName(s.Domain); err != nil {
		return permerror("d=%s: %v", brief(s.Domain), err)
	}
	if err := checkName(s.Selector); err != nil {
		return permerror("s=%s: %v", brief(s.Selector), err)
	}
	var err error
	if s.signature, err = decodeBase64(s.b); err != nil || len(s.signature) == 0 {
		return permerror("b= is not base64")
	}
	if s.Time, err = s.time("t"); err != nil {
		return permerror("%v", err)
	}
	return s.checkAlgorithm()
}

// checkAlgorithm knows the algorithms of RFC 8301 and RFC 8463. Verifiers ignore
// signatures of others (RFC 6376 section 3.3).
func (s *Signature) checkAlgorithm() *Fault {
	switch s.Algorithm {
	case "rsa-sha256", "ed25519-sha256":
		return nil
	case "rsa-sha1":
		return permerror("rsa-sha1 is historic, and no such signature is valid (RFC 8301 section 3.1)")
	}
	return neutral("the algorithm %q is not known", brief(s.Algorithm))
}

// readMessageTags reads what a signature over header fields and body has.
func (s *Signature) readMessageTags() *Fault {
	if fault := s.require("a", "b", "bh", "d", "h", "s"); fault != nil {
		return fault
	}
	if fault := s.readSignerTags(); fault != nil {
		return fault
	}
	s.Headers, _ = s.Tags.list("h")
	if i := slices.IndexFunc(s.Headers, func(h string) bool { return !isFieldName(h) }); i >= 0 {
		return permerror("h= has %q, which is no name of a header field", brief(s.Headers[i]))
	}
	if !slices.ContainsFunc(s.Headers, func(h string) bool { return address.Lower(h) == "from" }) {
		return permerror("the From field is not signed: h= does not have it")
	}
	var err error
	if s.hash, err = decodeBase64(s.Tags.compact("bh")); err != nil || len(s.hash) == 0 {
		return permerror("bh= is not base64")
	}
	if s.Expires, err = s.time("x"); err != nil {
		return permerror("%v", err)
	}
	if !s.Expires.IsZero() && !s.Time.IsZero() && !s.Expires.After(s.Time) {
		return permerror("the signature expires (x=) no later than it was made (t=)")
	}
	return s.readForm()
}

// readForm reads c=, l= and q=.
func (s *Signature) readForm() *Fault {
	if form, ok := s.Tags.Get("c"); ok {
		header, body, both := strings.Cut(form, "/")
		if !both {
			body = simple // RFC 6376 section 3.5
		}
		for _, f := range []string{header, body} {
			if f != simple && f != relaxed {
				return neutral("the canonicalization %q is not known", brief(form))
			}
		}
		s.header, s.body = header, body
	}
	if l, ok := s.Tags.Get("l"); ok {
		if !isDigits(l, 76) {
			return permerror("l=%s is no number", brief(l))
		}
		n, err := strconv.ParseInt(l, 10, 64)
		if err != nil {
			return permerror("l=%s is longer than any body", brief(l))
		}
		s.length = n
	}
	if methods, ok := s.Tags.list("q"); ok && !slices.Contains(methods, "dns/txt") {
		return neutral("no query method of q=%s is known", brief(strings.Join(methods, ":")))
	}
	return nil
}

// readIdentity reads i=, whose domain is d= or below it (RFC 6376 section 3.5).
func (s *Signature) readIdentity() *Fault {
	i, ok := s.Tags.Get("i")
	if !ok {
		return nil
	}
	text, err := decodeQuoted(i)
	if err != nil {
		return permerror("i=%s: %v", brief(i), err)
	}
	s.Identity = text
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return permerror("i=%s has no @", brief(text))
	}
	if domain := text[at+1:]; !within(domain, s.Domain) {
		return permerror("the domain of i=%s is neither %s nor below it", brief(text), s.Domain)
	}
	return nil
}

// within tells whether a domain is another one or below it, in whichever form its
// labels are (RFC 8616 section 5).
func within(domain, parent string) bool {
	domain, parent = "."+inOneForm(domain), "."+inOneForm(parent)
	return domain != "." && strings.HasSuffix(domain, parent) && !strings.Contains(domain, "..")
}

// sameName tells whether two domains are one, likewise.
func sameName(a, b string) bool { return inOneForm(a) == inOneForm(b) }

// inOneForm writes a name as names are compared: A-labels in lower case. What has
// none stays as it is.
func inOneForm(domain string) string {
	if ascii, err := toASCII(domain); err == nil {
		domain = ascii
	}
	return address.Lower(domain)
}

// require names the first tag that is missing.
func (s *Signature) require(names ...string) *Fault {
	for _, name := range names {
		if _, ok := s.Tags.Get(name); !ok {
			return permerror("the signature has no tag %s=", name)
		}
	}
	return nil
}

// time reads a tag with seconds since 1970, of at most twelve digits.
func (s *Signature) time(name string) (time.Time, error) {
	v, ok := s.Tags.Get(name)
	if !ok {
		return time.Time{}, nil
	}
	if !isDigits(v, 12) {
		return time.Time{}, fmt.Errorf("%s=%s is no time", name, brief(v))
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s=%s is no time", name, v)
	}
	return time.Unix(n, 0), nil
}

// timely tells whether a signature is of its time: not expired, and not made in the
// future.
func (s *Signature) timely(now time.Time) *Fault {
	switch {
	case !s.Expires.IsZero() && now.After(s.Expires):
		return permerror("the signature expired on %s", stamp(s.Expires))
	case s.Time.After(now.Add(maxAhead)):
		return neutral("the signature says that it was made on %s, which is in the future", stamp(s.Time))
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// unsigned is the field as it is hashed with its own signature: without the value
// of b= and the white space around it (RFC 6376 section 3.7), and without the final
// CR LF.
func (s *Signature) unsigned(form string) []byte {
	raw := bytes.TrimSuffix(s.Field.Raw, crlf)
	for _, t := range s.Tags {
		if t.Name != "b" {
			continue
		}
		at := bytes.IndexByte(raw, ':') + 1
		raw = slices.Concat(raw[:at+t.start], raw[min(at+t.end, len(raw)):])
	}
	return bytes.TrimSuffix(canonicalField(slices.Concat(raw, crlf), form), crlf)
}

// isDigits knows a number of at most so many digits.
func isDigits(s string, most int) bool {
	return s != "" && len(s) <= most && strings.Trim(s, "0123456789") == ""
}

// isFieldName knows the field-name of RFC 5322 section 3.6.8.
func isFieldName(s string) bool {
	for _, c := range []byte(s) {
		if c < 33 || c > 126 || c == ':' || c == ';' {
			return false
		}
	}
	return s != ""
}
