package dkim

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"sync"
	"testing"
	"time"

	"strictmx/internal/mail"
)

// A world has TXT records by name without final dot. A record "FAIL" makes the
// lookup time out.
type world map[string][]string

func (w world) Resolve(ctx context.Context, name, typ string) (mail.Answer, error) {
	if err := ctx.Err(); err != nil {
		return mail.Answer{}, err
	}
	texts, ok := w[strings.TrimSuffix(name, ".")]
	if !ok || typ != "TXT" {
		return mail.Answer{RCode: mail.NXDomain}, nil
	}
	a := mail.Answer{RCode: mail.NoError}
	for _, text := range texts {
		if text == "FAIL" {
			return mail.Answer{}, &mail.LookupError{Name: name, Type: typ, RCode: "TIMEOUT"}
		}
		a.Records = append(a.Records, mail.Record{Name: name, Type: typ, Text: text})
	}
	return a, nil
}

// counter counts the questions.
type counter struct {
	Resolver
	asked int
}

func (c *counter) Resolve(ctx context.Context, name, typ string) (mail.Answer, error) {
	c.asked++
	return c.Resolver.Resolve(ctx, name, typ)
}

func rsaKey(bits int) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return key
}

// The signers' keys, made once.
var (
	rsa2048 = sync.OnceValue(func() *rsa.PrivateKey { return rsaKey(2048) })
	rsa1024 = sync.OnceValue(func() *rsa.PrivateKey { return rsaKey(1024) })
	edKey   = ed25519.NewKeyFromSeed([]byte("a seed of thirty-two octets, yes"))
)

// p is the data of a key for its record.
func p(t testing.TB, pub crypto.PublicKey) string {
	t.Helper()
	if pub, ok := pub.(ed25519.PublicKey); ok {
		return base64.StdEncoding.EncodeToString(pub)
	}
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

// now is the time at which the tests' messages are received.
var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// letter is the message that most tests sign.
const letter = `From: Ann <ann@example.com>
To: Bob <bob@example.net>
Subject: The
  minutes
Date: Sun, 1 Mar 2026 11:59:00 +0000
Message-ID: <1@example.com>

Dear Bob,

here  they are.	

Ann


`

// wire gives lines their CR LF.
func wire(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

// sign puts a signature on top of a message. tags lack bh= and b=, which are filled
// in as the other tags say, also where these are wrong; what cannot be read gets a
// signature of nothing.
func sign(t testing.TB, key crypto.Signer, tags, message string) string {
	t.Helper()
	field := func(bh, b string) Field {
		return Field{
			Name: fieldName, index: -1,
			Raw: []byte(fieldName + ": " + tags + "; bh=" + bh + ";\r\n b= " + b + "\r\n"),
		}
	}
	m := Parse([]byte(message))
	s, fault := read(field("", ""), field("", "").Value())
	if fault != nil {
		f := field("AAAA", "AAAA")
		return string(f.Raw) + message
	}
	s.Headers, _ = s.Tags.list("h")
	if c, ok := s.Tags.Get("c"); ok {
		header, body, _ := strings.Cut(c, "/")
		s.header, s.body = header, body
	}
	if body := s.readForm(); body != nil {
		s.header, s.body = simple, simple
	}
	sum := m.bodyHash(bodyForm{s.body, s.length}).sum
	f := field(base64.StdEncoding.EncodeToString(sum[:]), "")
	form, length, headers := []string{s.header, s.body}, s.length, s.Headers
	if s, fault = read(f, f.Value()); fault != nil {
		t.Fatal(fault)
	}
	s.header, s.body, s.length, s.Headers = form[0], form[1], length, headers
	hashed := m.headerHash(s)
	return string(field(base64.StdEncoding.EncodeToString(sum[:]), signature(t, key, hashed)).Raw) + message
}

// signature is that of a hash, folded.
func signature(t testing.TB, key crypto.Signer, hashed [sha256.Size]byte) string {
	t.Helper()
	var opts crypto.SignerOpts = crypto.SHA256
	if _, ok := key.(ed25519.PrivateKey); ok {
		opts = crypto.Hash(0)
	}
	b, err := key.Sign(rand.Reader, hashed[:], opts)
	if err != nil {
		t.Fatal(err)
	}
	text := base64.StdEncoding.EncodeToString(b)
	return text[:40] + "\r\n\t" + text[40:]
}

// keys is the world of the tests.
func keys(t testing.TB) world {
	t.Helper()
	big, small := p(t, rsa2048().Public()), p(t, rsa1024().Public())
	return world{
		"rsa._domainkey.example.com":      {"v=DKIM1; k=rsa; p=" + big},
		"plain._domainkey.example.com":    {"p=" + big},
		"short._domainkey.example.com":    {"v=DKIM1; p=" + small},
		"ed._domainkey.example.com":       {"v=DKIM1; k=ed25519; p=" + p(t, edKey.Public())},
		"my_key._domainkey.example.com":   {"v=DKIM1; p=" + big},
		"pkcs1._domainkey.example.com":    {"p=" + base64.StdEncoding.EncodeToString(x509.MarshalPKCS1PublicKey(&rsa2048().PublicKey))},
		"blank._domainkey.example.com":    {"v=DKIM1; p=" + big[:100] + " " + big[100:] + " ;"},
		"revoked._domainkey.example.com":  {"v=DKIM1; p="},
		"nop._domainkey.example.com":      {"v=DKIM1; k=rsa"},
		"spf._domainkey.example.com":      {"v=spf1 -all"},
		"broken._domainkey.example.com":   {"FAIL"},
		"two._domainkey.example.com":      {"v=DKIM1; p=" + big, "v=DKIM1; p=" + small},
		"beside._domainkey.example.com":   {"v=spf1 -all", "v=DKIM1; p=" + big, " v = DKIM2; p=" + small},
		"others._domainkey.example.com":   {"v=spf1 -all", "v=DKIM2; p=" + big},
		"fold._domainkey.example.com":     {"v=DKIM1;\r\n\tp=" + big[:100] + " \r\n " + big[100:]},
		"line._domainkey.example.com":     {"v=DKIM1; p=" + big[:100] + "\r\n" + big[100:]},
		"empty._domainkey.example.com":    {},
		"sha1._domainkey.example.com":     {"v=DKIM1; h=sha1; p=" + big},
		"both._domainkey.example.com":     {"v=DKIM1; h= sha1 : sha256 ; p=" + big},
		"web._domainkey.example.com":      {"v=DKIM1; s=web; p=" + big},
		"email._domainkey.example.com":    {"v=DKIM1; s=web:email; t=z; n=for mail only; p=" + big},
		"any._domainkey.example.com":      {"v=DKIM1; s=*; x_new=1; p=" + big},
		"strict._domainkey.example.com":   {"v=DKIM1; t=s; p=" + big},
		"testing._domainkey.example.com":  {"v=DKIM1; t=y:s; p=" + big},
		"dup._domainkey.example.com":      {"v=DKIM1; p=" + big + "; p=" + big},
		"late._domainkey.example.com":     {"k=rsa; v=DKIM1; p=" + big},
		"v2._domainkey.example.com":       {"v=DKIM2; p=" + big},
		"v1.0._domainkey.example.com":     {"v=DKIM1.0; p=" + big},
		"nov._domainkey.example.com":      {"v=; p=" + big},
		"lower._domainkey.example.com":    {"v=dkim1; p=" + big},
		"nothing._domainkey.example.com":  {""},
		"blanks._domainkey.example.com":   {" v = DKIM1 ; k\t=\trsa ; p = " + big + " ; "},
		"old._domainkey.example.com":      {"v=DKIM1; g=bob; p=" + big},
		"noflag._domainkey.example.com":   {"v=DKIM1; t=; n=; p=" + big},
		"tag._domainkey.example.com":      {"v=DKIM1; 9=a; p=" + big},
		"notype._domainkey.example.com":   {"v=DKIM1; k=; p=" + big},
		"capitals._domainkey.example.com": {"v=DKIM1; k=RSA; p=" + big},
		"nohash._domainkey.example.com":   {"v=DKIM1; h=; p=" + big},
		"hashes._domainkey.example.com":   {"v=DKIM1; h=sha256 : sha999; p=" + big},
		"nos._domainkey.example.com":      {"v=DKIM1; s=; p=" + big},
		"services._domainkey.example.com": {"v=DKIM1; s=web:*; p=" + big},
		"edhash._domainkey.example.com":   {"v=DKIM1; k=ed25519; h=sha256; p=" + p(t, edKey.Public())},
		"edother._domainkey.example.com":  {"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}, // that of RFC 8463
		"ednok._domainkey.example.com":    {"v=DKIM1; p=" + p(t, edKey.Public())},
		"edspki._domainkey.example.com":   {"v=DKIM1; k=ed25519; p=MCowBQYDK2VwAyEA" + p(t, edKey.Public())},
		"garbage._domainkey.example.com":  {"v=DKIM1; p=" + big[:20] + "!" + big[20:]},
		"cut._domainkey.example.com":      {"v=DKIM1; p=" + big[:200]},
		"unknown._domainkey.example.com":  {"v=DKIM1; k=dsa; p=" + big},
		"edshort._domainkey.example.com":  {"v=DKIM1; k=ed25519; p=AAAA"},
		"ednotrsa._domainkey.example.com": {"v=DKIM1; k=ed25519; p=" + big},
		"other._domainkey.example.com":    {"v=DKIM1; p=" + p(t, rsaOther())},
	}
}

var rsaOther = sync.OnceValue(func() *rsa.PublicKey { return &rsaKey(2048).PublicKey })

func evaluate(t testing.TB, r Resolver, message string) mail.Result {
	t.Helper()
	return Evaluate(t.Context(), r, Query{Content: []byte(message), Now: now})
}
