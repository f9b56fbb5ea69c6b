package arc

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"strictmx/internal/mail"
)

// A world has TXT records by name. A record "FAIL" makes the lookup time out.
type world map[string]string

func (w world) Resolve(_ context.Context, name, typ string) (mail.Answer, error) {
	switch text := w[name]; text {
	case "":
		return mail.Answer{RCode: mail.NXDomain}, nil
	case "FAIL":
		return mail.Answer{}, &mail.LookupError{Name: name, Type: typ, RCode: "TIMEOUT"}
	default:
		return mail.Answer{RCode: mail.NoError, Records: []mail.Record{{Name: name, Type: typ, Text: text}}}, nil
	}
}

func generate(bits int) *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		panic(err)
	}
	return key
}

var (
	rsaKey   = sync.OnceValue(func() *rsa.PrivateKey { return generate(2048) })
	shortKey = sync.OnceValue(func() *rsa.PrivateKey { return generate(1024) })
	edKey    = ed25519.NewKeyFromSeed([]byte("a seed of thirty-two octets, yes"))
	now      = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

// public is the data of a key for its record.
func public(t testing.TB, key crypto.PublicKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

func keys(t testing.TB) world {
	t.Helper()
	data := "p=" + public(t, rsaKey().Public())
	w := world{
		"ed._domainkey.list.example":      "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(edKey.Public().(ed25519.PublicKey)),
		"revoked._domainkey.list.example": "v=DKIM1; p=",
		"invalid._domainkey.list.example": "v=DKIM1; k=rsa; word",
		"weak._domainkey.list.example":    "v=DKIM1; p=" + public(t, &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 1022, 1), E: 65537}),
		"short._domainkey.list.example":   "v=DKIM1; p=" + public(t, shortKey().Public()),
		"broken._domainkey.list.example":  "FAIL",
	}
	for i := range 60 {
		w[fmt.Sprintf("rsa._domainkey.hop%d.example", i)] = "v=DKIM1; k=rsa; " + data
	}
	return w
}

// letter is the message that is sealed.
const letter = "From: Ann <ann@example.com>\r\nTo: list@list.example\r\nSubject: The minutes\r\n\r\nDear all,\r\n\r\nhere they are.\r\n"

// A hop is how a set is made. The zero value is right: rsa-sha256 by
// rsa._domainkey.hopN.example.
type hop struct {
	results, ams, seal string // changes to the fields, OLD -> NEW, made before they are signed
	add                string // fields that are put on top before
	key                crypto.Signer
}

// send puts on a message what the hops add, from instance first on.
func send(t testing.TB, message string, first int, hops ...hop) string {
	t.Helper()
	for i, h := range hops {
		message = h.forward(t, h.add+message, first+i)
	}
	return message
}

// forward adds one set. It computes what is signed from RFC 8617 section 5.1 and
// with own code: every field is short, and has no folds but those that are put in.
func (h hop) forward(t testing.TB, message string, i int) string {
	t.Helper()
	cv := "pass"
	if i == 1 {
		cv = "none"
	}
	results := changed(t, fmt.Sprintf("ARC-Authentication-Results: i=%d; hop%d.example; spf=pass\r\n", i, i), h.results)
	header, body, _ := strings.Cut(message, "\r\n\r\n")
	header += "\r\n"
	bh := sha256.Sum256([]byte(body))
	ams := changed(t, fmt.Sprintf("ARC-Message-Signature: i=%d; a=rsa-sha256; c=relaxed/relaxed; d=hop%d.example; s=rsa; h=From:To:Subject; bh=%s;\r\n b=",
		i, i, base64.StdEncoding.EncodeToString(bh[:])), h.ams)
	ams += h.sign(t, listed(results+header, ams)) + "\r\n"
	var signed strings.Builder
	seal := changed(t, fmt.Sprintf("ARC-Seal: i=%d; a=rsa-sha256; cv=%s; d=hop%d.example; s=rsa; b=", i, cv, i), h.seal)
	for j := 1; j < i; j++ {
		for _, name := range []string{"ARC-Authentication-Results", "ARC-Message-Signature", "ARC-Seal"} {
			signed.WriteString(relaxed(last(header, fmt.Sprintf("%s: i=%d;", name, j))))
		}
	}
	signed.WriteString(relaxed(results) + relaxed(ams) + strings.TrimSuffix(relaxed(seal+"\r\n"), "\r\n"))
	seal += h.sign(t, signed.String()) + "\r\n"
	return seal + ams + results + message
}

func (h hop) sign(t testing.TB, data string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(data))
	var key crypto.Signer = rsaKey()
	var opts crypto.SignerOpts = crypto.SHA256
	if h.key != nil {
		key = h.key
	}
	if _, ok := key.(ed25519.PrivateKey); ok {
		opts = crypto.Hash(0)
	}
	b, err := key.Sign(rand.Reader, sum[:], opts)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b)
}

// listed is what an ARC-Message-Signature without its signature signs: the fields in
// h=, those of one name from the bottom, and itself, all in the form of c=.
func listed(header, ams string) string {
	form := relaxed
	if !strings.Contains(ams, "relaxed/") {
		form = func(field string) string { return field }
	}
	var signed strings.Builder
	_, names, _ := strings.Cut(ams, "h=")
	names, _, _ = strings.Cut(names, ";")
	for name := range strings.SplitSeq(names, ":") {
		if field := last(header, strings.TrimSpace(name)+":"); field != "" {
			at := strings.LastIndex(header, field)
			header = header[:at] + header[at+len(field):]
			signed.WriteString(form(field))
		}
	}
	return signed.String() + strings.TrimSuffix(form(ams+"\r\n"), "\r\n")
}

// last is the last field that begins so, with its folds, or nothing.
func last(header, start string) string {
	at := strings.LastIndex(strings.ToLower("\r\n"+header), strings.ToLower("\r\n"+start))
	if at < 0 {
		return ""
	}
	field := header[at:]
	for end := 0; ; {
		end += strings.Index(field[end:], "\r\n") + 2
		if end == len(field) || field[end] != ' ' {
			return field[:end]
		}
	}
}

func relaxed(field string) string {
	name, value, _ := strings.Cut(field, ":")
	if name == "" {
		return ""
	}
	return strings.ToLower(strings.TrimSpace(name)) + ":" + strings.Join(strings.Fields(value), " ") + "\r\n"
}

// changed makes one change, OLD -> NEW, which must be possible.
func changed(t testing.TB, text, change string) string {
	t.Helper()
	from, to, ok := strings.Cut(change, " -> ")
	if !ok {
		return text
	}
	if !strings.Contains(text, from) {
		t.Fatalf("%q has no %q to change", text, from)
	}
	return strings.Replace(text, from, to, 1)
}

func evaluate(t testing.TB, message string) mail.Result {
	t.Helper()
	return Evaluate(t.Context(), keys(t), Query{Content: []byte(message), Now: now})
}

func TestEvaluateChains(t *testing.T) {
	var whole []hop
	for range 50 {
		whole = append(whole, hop{})
	}
	for _, tt := range []struct {
		name, text, want, reason, chain, domain string
	}{
		{"none", letter, mail.None, "no ARC chain", "0", ""},
		{"one", send(t, letter, 1, hop{}), mail.Pass, "the chain of 1 verifies, sealed by hop1.example", "1", "hop1.example"},
		{"three", send(t, letter, 1, hop{}, hop{}, hop{}), mail.Pass, "sealed by hop1.example, hop2.example, hop3.example", "3", "hop3.example"},
		{"fifty", send(t, letter, 1, whole...), mail.Pass, "and 45 more", "50", "hop50.example"},
		{"ed25519", send(t, letter, 1, hop{}, hop{
			key:  edKey,
			ams:  "rsa-sha256; c=relaxed/relaxed; d=hop2.example; s=rsa -> ed25519-sha256; c=relaxed/relaxed; d=list.example; s=ed",
			seal: "rsa-sha256; cv=pass; d=hop2.example; s=rsa -> ed25519-sha256; cv=pass; d=list.example; s=ed",
		}), mail.Pass, "", "2", "list.example"},
		{"fields between", send(t, letter, 1, hop{add: "Received: from a\r\n by b\r\n"}, hop{add: "X: 1\r\n"}), mail.Pass, "", "2", "hop2.example"},
		{"comment in results", send(t, letter, 1, hop{results: "i=1; -> (a (b\\) c) d) i = 1 ;"}), mail.Pass, "", "1", "hop1.example"},
		{"comments around all instances", send(t, letter, 1, hop{results: "i=1; -> (a; b) i (;) = 1 (c);", ams: "i=1; -> (x) i=1 (c;d);", seal: "i=1; -> i=1 (c);"}), mail.Pass, "", "1", "hop1.example"},
		{"older AMS without From", send(t, letter, 1, hop{ams: "h=From: -> h="}, hop{}), mail.Pass, "the chain of 2 verifies", "2", "hop2.example"},
		{"older AMS of rsa-sha1", send(t, letter, 1, hop{ams: "rsa-sha256 -> rsa-sha1"}, hop{}), mail.Pass, "", "2", "hop2.example"},
		{"older AMS with a tag twice", send(t, letter, 1, hop{ams: "s=rsa; -> s=rsa; n=1; n=1;"}, hop{}), mail.Pass, "", "2", "hop2.example"},
		{"older AMS that signs a seal", send(t, letter, 1, hop{ams: "h=From -> h=From:arc-seal"}, hop{}), mail.Pass, "", "2", "hop2.example"},
		{"seal of another domain", send(t, letter, 1, hop{seal: "d=hop1.example -> d=hop9.example"}), mail.Pass, "", "1", "hop9.example"},
		{"cv= in capitals", send(t, letter, 1, hop{seal: "cv=none -> cv=None"}, hop{seal: "cv=pass -> cv=PASS"}), mail.Pass, "", "2", "hop2.example"},
		{"tag v= in the seal", send(t, letter, 1, hop{seal: "s=rsa; -> s=rsa; v=1; t=12345;"}), mail.Pass, "", "1", "hop1.example"}, // unknown tags are ignored
	} {
		res := evaluate(t, tt.text)
		if res.Value != tt.want || !strings.Contains(res.Reason, tt.reason) ||
			res.Properties["arc.chain"] != tt.chain || res.Properties["arc.domain"] != tt.domain || res.Domain != tt.domain {
			t.Errorf("%s: %s, %s, %v, want %s, ...%s..., %s of %s",
				tt.name, res.Value, res.Reason, res.Properties, tt.want, tt.reason, tt.chain, tt.domain)
		}
	}
}

// What makes a chain fail, though all that can be signed is signed well.
func TestEvaluateFaults(t *testing.T) {
	for _, tt := range []struct {
		name, text, reason string
	}{
		{"cv=fail", send(t, letter, 1, hop{}, hop{seal: "cv=pass -> cv=fail"}), "says that the chain failed before (cv=fail)"},
		{"cv=fail in capitals", send(t, letter, 1, hop{}, hop{seal: "cv=pass -> cv=FAIL"}), "says that the chain failed before (cv=fail)"},
		{"cv=fail first", send(t, letter, 1, hop{seal: "cv=none -> cv=fail"}), "says that the chain failed before (cv=fail)"},
		{"cv=fail before", send(t, letter, 1, hop{}, hop{seal: "cv=pass -> cv=fail"}, hop{}), "i=2 (hop2.example) has cv=fail: want pass"},
		{"cv=none later", send(t, letter, 1, hop{}, hop{seal: "cv=pass -> cv=none"}), "i=2 (hop2.example) has cv=none: want pass"},
		{"cv=pass first", send(t, letter, 1, hop{seal: "cv=none -> cv=pass"}), "i=1 (hop1.example) has cv=pass: want none"},
		{"cv unknown", send(t, letter, 1, hop{seal: "cv=none -> cv=maybe"}), "cv=maybe"},
		{"cv missing", send(t, letter, 1, hop{seal: "cv=none; -> "}), "no tag cv="},
		{"h= in a seal", send(t, letter, 1, hop{seal: "s=rsa; -> s=rsa; h=from;"}), "has the tag h="},
		{"ARC-Seal signed", send(t, letter, 1, hop{ams: "h=From -> h=From:arc-seal"}), "signs ARC-Seal"},
		{"From not signed", send(t, letter, 1, hop{ams: "h=From: -> h="}), "From field is not signed"},
		{"gap", send(t, send(t, letter, 1, hop{}), 3, hop{}), "no set i=2"},
		{"starts at 2", send(t, letter, 2, hop{}), "no set i=1, though it has i=2"},
		{"twice", send(t, send(t, letter, 1, hop{}), 1, hop{}), "set i=1 has 2 ARC-"},
		{"i=0", send(t, letter, 0, hop{}), "no number from 1 to 50"},
		{"i=51", send(t, letter, 51, hop{}), "no number from 1 to 50"},
		{"i missing", send(t, letter, 1, hop{seal: "i=1; -> "}), "ARC-Seal: there is no instance"},
		{"i signed", send(t, letter, 1, hop{ams: "i=1; -> i=+1;"}), "no number from 1 to 50"},
		{"blank in an instance", send(t, letter, 1, hop{results: "i=1; -> i=0 1;"}), "i=0 1 is no number"},
		{"instance twice", send(t, letter, 1, hop{seal: "i=1; -> i=1; i=1;"}), "two instances"},
		{"comment that does not end", send(t, letter, 1, hop{results: "i=1; -> i=1 (c;"}), "no number"},
		{"results that are an instance", send(t, letter, 1, hop{results: "i=1; hop1.example; spf=pass -> i=1"}), "want an instance first"},
		{"results without instance", send(t, letter, 1, hop{results: "i=1; -> "}), "ARC-Authentication-Results: want an instance"},
		{"tag twice", send(t, letter, 1, hop{seal: "s=rsa; -> s=rsa; s=rsa;"}), "there twice"},
		{"rsa-sha1", send(t, letter, 1, hop{seal: "rsa-sha256 -> rsa-sha1"}), "RFC 8301"},
		{"rsa-sha1 in AMS", send(t, letter, 1, hop{ams: "rsa-sha256 -> rsa-sha1"}), "RFC 8301"},
		{"algorithm unknown", send(t, letter, 1, hop{seal: "rsa-sha256 -> rsa-md5"}), "not known"},
		{"d= missing", send(t, letter, 1, hop{seal: "d=hop1.example; -> "}), "no tag d="},
		{"s= empty", send(t, letter, 1, hop{ams: "s=rsa; -> s=;"}), "there is no name"},
		{"bh= missing", send(t, letter, 1, hop{ams: "bh= -> bx="}), "no tag bh="},
		{"expired", send(t, letter, 1, hop{ams: "h=From -> x=1772366399; h=From"}), "expired"},
		{"no key", send(t, letter, 1, hop{ams: "s=rsa -> s=none"}), "ARC-Message-Signature (i=1, hop1.example) does not verify: there is no key"},
		{"no key of a seal", send(t, letter, 1, hop{seal: "s=rsa -> s=none"}, hop{}), "ARC-Seal of i=1 (hop1.example) does not verify: there is no key"},
		{"key revoked", send(t, letter, 1, hop{seal: "d=hop1.example; s=rsa -> d=list.example; s=revoked"}), "revoked"},
		{"key broken", send(t, letter, 1, hop{seal: "d=hop1.example; s=rsa -> d=list.example; s=broken"}), "cannot be looked up"},
	} {
		if res := evaluate(t, tt.text); res.Value != mail.Fail || !strings.Contains(res.Reason, tt.reason) {
			t.Errorf("%s: %s, %s, want fail, ...%s...", tt.name, res.Value, res.Reason, tt.reason)
		}
	}
}

// What happens to a sealed message on its way.
func TestEvaluateChangedMessages(t *testing.T) {
	two := send(t, letter, 1, hop{}, hop{})
	for _, tt := range []struct {
		change, want, reason string
	}{
		{"Subject: The -> Subject:  The", mail.Pass, ""},
		{"Subject: The -> Subject: [list] The", mail.Fail, "ARC-Message-Signature (i=2, hop2.example) does not verify: the signature"},
		{"Dear all -> Dear both", mail.Fail, "the body hash does not match"},
		{"i=1; hop1.example; spf=pass -> i=1; hop1.example; spf=fail", mail.Fail, "ARC-Seal of i=2"},
		{"cv=pass -> cv=pass; t=1", mail.Fail, "ARC-Seal of i=2"},
		{"To: list -> From: eve@example.com\r\nTo: list", mail.Fail, "2 From fields"},
		{"Dear all,\r\n -> Dear all,\n", mail.Fail, "LF without CR"},
		{"ARC-Authentication-Results: i=1 -> X-Results: i=1", mail.Fail, "set i=1 has 0 ARC-Authentication-Results fields"},
		{"ARC-Seal: i=2 -> X-Seal: i=2", mail.Fail, "set i=2 has 0 ARC-Seal"},
	} {
		res := evaluate(t, changed(t, two, tt.change))
		if res.Value != tt.want || !strings.Contains(res.Reason, tt.reason) {
			t.Errorf("with %q: %s, %s, want %s, ...%s...", tt.change, res.Value, res.Reason, tt.want, tt.reason)
		}
	}
}

// A list changes the message and seals it: the old signature fails, the chain
// does not.
func TestEvaluateTellsWhereTheMessageWasChanged(t *testing.T) {
	first := send(t, letter, 1, hop{})
	second := send(t, changed(t, first, "The minutes -> [list] The minutes"), 2, hop{}, hop{})
	res := evaluate(t, second)
	if res.Value != mail.Pass || res.Properties["header.oldest-pass"] != "2" {
		t.Errorf("changed after i=1: %s, %s, oldest pass %s, want pass, 2", res.Value, res.Reason, res.Properties["header.oldest-pass"])
	}
	if res := evaluate(t, send(t, first, 2, hop{})); res.Properties["header.oldest-pass"] != "0" {
		t.Errorf("not changed: oldest pass %s, want 0", res.Properties["header.oldest-pass"])
	}
	for i, want := range []string{"hop1.example", "hop2.example", "hop3.example"} {
		if p := res.Parts[i]; p.Value != mail.Pass || p.Domain != want {
			t.Errorf("part %d: %s of %s, want pass of %s", i, p.Value, p.Domain, want)
		}
	}
	// The oldest seal is not reached if a newer one fails.
	res = evaluate(t, changed(t, second, "cv=pass -> cv=pass; t=1"))
	if res.Value != mail.Fail || res.Parts[2].Value != mail.Fail || res.Parts[0].Value != mail.None {
		t.Errorf("newest seal broken: %s, %+v", res.Value, res.Parts)
	}
}

func TestEvaluateLimitsFields(t *testing.T) {
	many := strings.Repeat("ARC-Seal: i=1; a=rsa-sha256; cv=none; d=a.example; s=rsa; b=AAAA\r\n", 2000)
	res := evaluate(t, many+letter)
	if res.Value != mail.Fail || !strings.Contains(res.Reason, "2000 ARC-Seal fields") {
		t.Errorf("2000 seals: %s, %s, want fail", res.Value, res.Reason)
	}
}
