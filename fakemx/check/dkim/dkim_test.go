package dkim

import (
	"context"
	"crypto"
	"crypto/rsa"
	"fmt"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"strictmx/internal/mail"
)

// rfcKeys are the key records of RFC 6376 appendix C and RFC 8463 appendix A.2.
var rfcKeys = world{
	"brisbane._domainkey.example.com": {"v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQ" +
		"KBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v" +
		"/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"},
	"brisbane._domainkey.football.example.com": {"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="},
	"test._domainkey.football.example.com": {"v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR" +
		"iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4" +
		"hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"},
}

func TestEvaluateTheExamplesOfTheRFCs(t *testing.T) {
	for file, want := range map[string][]string{
		"rfc6376.eml": {"example.com brisbane rsa-sha256"},
		"rfc8463.eml": {"football.example.com brisbane ed25519-sha256", "football.example.com test rsa-sha256"},
	} {
		text, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		res := evaluate(t, rfcKeys, wire(string(text)))
		if res.Value != mail.Pass || len(res.Parts) != len(want) {
			t.Fatalf("Evaluate(%s) = %s, %s, %d parts, want pass, %d", file, res.Value, res.Reason, len(res.Parts), len(want))
		}
		for i, part := range res.Parts {
			got := strings.Join([]string{part.Properties["header.d"], part.Properties["header.s"], part.Properties["header.a"]}, " ")
			if part.Value != mail.Pass || got != want[i] {
				t.Errorf("Evaluate(%s), part %d = %s, %s, %s, want pass, %s", file, i, part.Value, part.Reason, got, want[i])
			}
		}
		changed := strings.Replace(wire(string(text)), "dinner", "supper", 1)
		if res := evaluate(t, rfcKeys, changed); res.Value != mail.Fail {
			t.Errorf("Evaluate(%s) with another subject = %s, %s, want fail", file, res.Value, res.Reason)
		}
	}
}

// common are the tags of a signature that nothing is wrong with.
const common = "v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=rsa; h=From:To:Subject:Date"

func TestEvaluateTags(t *testing.T) {
	w := keys(t)
	for _, tt := range []struct {
		tags   string // with changes to common, OLD -> NEW
		change string
		want   string
		reason string
	}{
		{want: mail.Pass, reason: "rsa of example.com: the signature matches"},
		{change: "c=relaxed/relaxed -> c=simple/simple", want: mail.Pass},
		{change: "c=relaxed/relaxed -> c=simple", want: mail.Pass},
		{change: "c=relaxed/relaxed -> c=relaxed", want: mail.Pass},
		{change: "c=relaxed/relaxed; -> ", want: mail.Pass},
		{change: "c=relaxed/relaxed -> c=relaxed/nofws", want: mail.Neutral, reason: "canonicalization"},
		{change: "c=relaxed/relaxed -> c=Relaxed/relaxed", want: mail.Neutral}, // values are case-sensitive
		{change: "c=relaxed/relaxed -> c=relaxed/", want: mail.Neutral},
		{change: "c=relaxed/relaxed -> c=", want: mail.Neutral},
		{change: "c=relaxed/relaxed -> c=/relaxed", want: mail.Neutral},
		{change: "c=relaxed/relaxed -> c=relaxed / relaxed", want: mail.Neutral}, // no white space within
		{change: "c=relaxed/relaxed -> c=simple/simple/simple", want: mail.Neutral},
		{change: "v=1 -> v=2", want: mail.PermError, reason: "version"},
		{change: "v=1 -> v=1.0", want: mail.PermError},
		{change: "v=1 -> v=", want: mail.PermError},
		{change: "v=1; -> ", want: mail.PermError, reason: "no tag v="},
		{change: "v=1 -> V=1", want: mail.PermError, reason: "no tag v="}, // names are case-sensitive
		{change: "v=1; a=rsa-sha256 -> a=rsa-sha256; v=1", want: mail.Pass},
		{change: "v=1 -> v = 1 ", want: mail.Pass},
		{change: "v=1; -> v=1;\r\n\t", want: mail.Pass},
		{change: "v=1; a=rsa-sha256; -> \r\n v\r\n =\r\n 1\r\n ;\r\n a =\r\n\trsa-sha256\r\n ;", want: mail.Pass},
		{change: "v=1; -> ;v=1;", want: mail.PermError, reason: "empty tag"},
		{change: "a=rsa-sha256; -> ", want: mail.PermError, reason: "no tag a="},
		{change: "a=rsa-sha256 -> a=rsa-sha1", want: mail.PermError, reason: "RFC 8301"},
		{change: "a=rsa-sha256 -> a=rsa-sha512", want: mail.Neutral, reason: "not known"},
		{change: "a=rsa-sha256 -> a=RSA-SHA256", want: mail.Neutral},
		{change: "a=rsa-sha256 -> a=", want: mail.Neutral},
		{change: "a=rsa-sha256 -> a=ed25519-sha1", want: mail.Neutral},
		{change: "a=rsa-sha256 -> a=ed25519-sha256", want: mail.PermError, reason: "k=rsa"},
		{change: "d=example.com; -> ", want: mail.PermError, reason: "no tag d="},
		{change: "d=example.com -> d=", want: mail.PermError, reason: "no name"},
		{change: "d=example.com -> d=EXAMPLE.com", want: mail.Pass},
		{change: "d=example.com -> d=example.com.", want: mail.PermError, reason: "no label"},
		{change: "d=example.com -> d=example..com", want: mail.PermError, reason: "no label"},
		{change: "d=example.com; s=rsa -> D=example.com; s=rsa", want: mail.PermError, reason: "no tag d="},
		{change: "s=rsa -> s=RSA", want: mail.Pass}, // names of DNS
		{change: "s=rsa -> s=", want: mail.PermError, reason: "no name"},
		{change: "d=example.com -> d=-.example.com", want: mail.PermError},
		{change: "d=example.com -> d=b\u00fccher.example", want: mail.PermError, reason: "rsa._domainkey.xn--bcher-kva.example has no TXT"},
		{change: "s=rsa -> s=" + strings.Repeat("a", 64), want: mail.PermError, reason: "no label"},
		{change: "s=rsa -> s=" + strings.Repeat("a.", 120) + "a", want: mail.PermError, reason: "no DNS name"},
		{change: "s=rsa; -> ", want: mail.PermError, reason: "no tag s="},
		{change: "s=rsa -> s=my_key", want: mail.Pass},
		{change: "h=From:To:Subject:Date -> h=", want: mail.PermError, reason: "h="},
		{change: "; h=From:To:Subject:Date -> ", want: mail.PermError, reason: "no tag h="},
		{change: "h=From: -> h=", want: mail.PermError, reason: "From field is not signed"},
		{change: "h=From: -> h=:From:", want: mail.PermError},
		{change: "h=From: -> h=From::", want: mail.PermError},
		{change: "Date -> Date:", want: mail.PermError},
		{change: "h=From: -> h=fROM :\r\n ", want: mail.Pass},
		{change: "h=From: -> h=From:From:Cc:Cc:", want: mail.Pass}, // oversigned
		{change: "h=From: -> h=From:DKIM-Signature:DKIM-Signature:", want: mail.Pass},
		{change: "h= -> i=@example.com; h=", want: mail.Pass},
		{change: "h= -> i=ann@Mail.Example.COM; h=", want: mail.Pass},
		{change: "h= -> i=a=3Bn=40n@example.com; h=", want: mail.Pass},
		{change: "h= -> i=a=3bn@example.com; h=", want: mail.PermError, reason: "hexadecimal"},
		{change: "h= -> i=example.com; h=", want: mail.PermError, reason: "no @"},
		{change: "d=example.com -> d=exam ple.com", want: mail.PermError, reason: "is no label of a domain name"},
		{change: "s=rsa -> s=r sa", want: mail.PermError, reason: "is no label"},
		{change: "a=rsa-sha256 -> a=rsa -sha256", want: mail.Neutral, reason: "not known"},
		{change: "h= -> i=@notexample.com; h=", want: mail.PermError, reason: "neither example.com nor below"},
		{change: "h= -> i=@com; h=", want: mail.PermError},
		{change: "h= -> i=@.example.com; h=", want: mail.PermError},
		{change: "h= -> i=@; h=", want: mail.PermError},
		{change: "h= -> i=; h=", want: mail.PermError},
		{change: "h= -> i=\r\n ann\r\n @example.com; h=", want: mail.Pass},
		{change: `h= -> i="a b"@example.com; h=`, want: mail.Pass},
		{change: "h= -> i=a=zz@example.com; h=", want: mail.PermError, reason: "hexadecimal"},
		{change: "h= -> t=1772366300; x=1772366500; h=", want: mail.Pass},
		{change: "h= -> x=1772366399; h=", want: mail.PermError, reason: "expired on 2026-03-01T11:59:59Z"},
		{change: "h= -> x=1772366400; h=", want: mail.Pass}, // at that very second
		{change: "h= -> t=1772366400; x=1772366400; h=", want: mail.PermError, reason: "no later than"},
		{change: "h= -> t=1772366699; h=", want: mail.Pass}, // clocks differ
		{change: "h= -> t=1772366701; h=", want: mail.Neutral, reason: "future"},
		{change: "h= -> t=-1; h=", want: mail.PermError, reason: "no time"},
		{change: "h= -> t=0; h=", want: mail.Pass},
		{change: "h= -> t=; h=", want: mail.PermError, reason: "no time"},
		{change: "h= -> t=1 2; h=", want: mail.PermError, reason: "no time"},
		{change: "h= -> t=0x10; h=", want: mail.PermError, reason: "no time"},
		{change: "h= -> t=20; x=10; h=", want: mail.PermError, reason: "no later than"},
		{change: "h= -> x=; h=", want: mail.PermError, reason: "no time"},
		{change: "h= -> x=999999999999; h=", want: mail.Pass},
		{change: "h= -> x=1000000000000; h=", want: mail.PermError},
		{change: "h= -> x=soon; h=", want: mail.PermError},
		{change: "h= -> q=dns/txt; h=", want: mail.Pass},
		{change: "h= -> q=dns : dns/txt; h=", want: mail.Pass},
		{change: "h= -> q=http; h=", want: mail.Neutral, reason: "query"},
		{change: "h= -> q=dns/bogus:dns/txt; h=", want: mail.Pass},
		{change: "h= -> q=dns; h=", want: mail.Neutral, reason: "query"},
		{change: "h= -> q=; h=", want: mail.Neutral, reason: "query"},
		{change: "h= -> l=10; h=", want: mail.Pass, reason: "covers only 10 of the 36 octets"},
		{change: "h= -> l=0; h=", want: mail.Pass, reason: "covers only 0 of"},
		{change: "h= -> l=36; h=", want: mail.Pass},
		{change: "h= -> l=37; h=", want: mail.PermError, reason: "l=37 is more than the 36 octets"},
		{change: "h= -> l=; h=", want: mail.PermError},
		{change: "h= -> l=-1; h=", want: mail.PermError},
		{change: "h= -> l=0x10; h=", want: mail.PermError},
		{change: "h= -> l=" + strings.Repeat("0", 74) + "10; h=", want: mail.Pass}, // 76 digits
		{change: "h= -> l=" + strings.Repeat("0", 75) + "10; h=", want: mail.PermError},
		{change: "h= -> l=" + strings.Repeat("9", 40) + "; h=", want: mail.PermError},
		{change: "h= -> z=From:ann|b=x; bb=1; x_new9=b; h=", want: mail.Pass}, // unknown tags, and "b=" in values
		{change: "h= -> v=1; h=", want: mail.PermError, reason: "there twice"},
		{change: "h= -> new=1; new=1; h=", want: mail.PermError, reason: "there twice"},
		{change: "h= -> ; h=", want: mail.PermError, reason: "empty tag"},
		{change: "h= -> word; h=", want: mail.PermError, reason: "no ="},
		{change: "h= -> 9=1; h=", want: mail.PermError, reason: "no name of a tag"},
		{change: "h= -> _=1; h=", want: mail.PermError, reason: "no name of a tag"},
		{change: "h= -> a-b=1; h=", want: mail.PermError, reason: "no name of a tag"},
		{change: "h= -> T=x; t1=; z_a=%x20 ('\\; note=see b=here; h=", want: mail.Pass},
		{change: "h= -> n=\x01; h=", want: mail.PermError, reason: "octet 0x01"},
		{change: "h= -> n=\xff; h=", want: mail.PermError, reason: "UTF-8"},
	} {
		tags := changed(t, common, tt.change)
		res := evaluate(t, w, sign(t, rsa2048(), tags, wire(letter)))
		if res.Value != tt.want || !strings.Contains(res.Reason, tt.reason) {
			t.Errorf("with %q: %s, %s, want %s, ...%s...", tt.change, res.Value, res.Reason, tt.want, tt.reason)
		}
	}
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

func TestEvaluateKeys(t *testing.T) {
	w := keys(t)
	weak := rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 1022, 1), E: 65537}
	huge := rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 9000, 1), E: 65537}
	w["weak._domainkey.example.com"] = []string{"v=DKIM1; p=" + p(t, &weak)}
	w["huge._domainkey.example.com"] = []string{"v=DKIM1; p=" + p(t, &huge)}
	w["one._domainkey.example.com"] = []string{"v=DKIM1; p=" + p(t, &rsa.PublicKey{N: rsa2048().N, E: 1})}
	w["long._domainkey.example.com"] = []string{"v=DKIM1; n=" + strings.Repeat("a", maxRecord) + "; p=" + p(t, rsa2048().Public())}
	for _, tt := range []struct {
		selector, identity, want, key, reason string
	}{
		{"rsa", "", mail.Pass, "ok", ""},
		{"plain", "", mail.Pass, "ok", ""},
		{"pkcs1", "", mail.Pass, "ok", ""}, // erratum 3017
		{"blank", "", mail.Pass, "ok", ""},
		{"both", "", mail.Pass, "ok", ""},
		{"email", "", mail.Pass, "ok", ""},
		{"any", "", mail.Pass, "ok", ""},
		{"missing", "", mail.PermError, "none", "there is no key: missing._domainkey.example.com has no TXT record (NXDOMAIN)"},
		{"empty", "", mail.PermError, "none", "(NOERROR)"},
		{"broken", "", mail.TempError, "none", "TIMEOUT"},
		{"two", "", mail.PermError, "none", "2 TXT records"},
		{"beside", "", mail.Pass, "ok", ""}, // other versions are discarded
		{"others", "", mail.PermError, "none", "v=DKIM1"},
		{"fold", "", mail.Pass, "ok", ""},
		{"line", "", mail.PermError, "none", "octet 0x0d"},
		{"revoked", "", mail.PermError, "none", "revoked"},
		{"nop", "", mail.PermError, "none", "no tag p="},
		{"spf", "", mail.PermError, "none", "v=DKIM1"},
		{"dup", "", mail.PermError, "none", "there twice"},
		{"late", "", mail.PermError, "none", "v=DKIM1"},
		{"v2", "", mail.PermError, "none", "v=DKIM1"},
		{"v1.0", "", mail.PermError, "none", "v=DKIM1"},
		{"nov", "", mail.PermError, "none", "v=DKIM1"},
		{"lower", "", mail.PermError, "none", "v=DKIM1"},
		{"nothing", "", mail.PermError, "none", "empty tag"},
		{"blanks", "", mail.Pass, "ok", ""},
		{"old", "", mail.Pass, "ok", ""}, // g= is of RFC 4871
		{"noflag", "", mail.Pass, "ok", ""},
		{"tag", "", mail.PermError, "none", "no name of a tag"},
		{"notype", "", mail.PermError, "none", "k=, which is not known"},
		{"capitals", "", mail.PermError, "none", "k=RSA, which is not known"},
		{"nohash", "", mail.PermError, "ok", "not for sha256: h="},
		{"hashes", "", mail.Pass, "ok", ""},
		{"nos", "", mail.PermError, "none", "not for mail"},
		{"services", "", mail.Pass, "ok", ""},
		{"garbage", "", mail.PermError, "none", "not base64"},
		{"cut", "", mail.PermError, "none", "no RSA key"},
		{"long", "", mail.PermError, "none", "longer than"},
		{"one", "", mail.PermError, "none", "exponent 1"},
		{"unknown", "", mail.PermError, "none", "k=dsa"},
		{"edshort", "", mail.PermError, "none", "3 octets"},
		{"ednotrsa", "", mail.PermError, "none", "octets"},
		{"ed", "", mail.PermError, "ok", "k=ed25519, and the signature is rsa-sha256"},
		{"sha1", "", mail.PermError, "ok", "not for sha256: h=sha1"},
		{"web", "", mail.PermError, "none", "not for mail: s=web"},
		{"strict", "", mail.Pass, "ok", ""},
		{"strict", "a@Example.com", mail.Pass, "ok", ""},
		{"strict", "a@sub.example.com", mail.PermError, "ok", "t=s"},
		{"testing", "", mail.Pass, "ok", "for testing (t=y)"},
		{"testing", "a@sub.example.com", mail.None, "ok", "counts as no signature"},
		{"other", "", mail.Fail, "ok", "does not match the header fields signed (From, To, Subject, Date), though the body hash does"},
		{"weak", "", mail.Policy, "weak", "1023 bits"},
		{"huge", "", mail.Neutral, "ok", "9001 bits"},
	} {
		tags := strings.Replace(common, "s=rsa", "s="+tt.selector, 1)
		if tt.identity != "" {
			tags += "; i=" + tt.identity
		}
		res := evaluate(t, w, sign(t, rsa2048(), tags, wire(letter)))
		if res.Value != tt.want || res.Facets["key"] != tt.key || !strings.Contains(res.Reason, tt.reason) {
			t.Errorf("s=%s i=%s: %s, key %s, %s, want %s, key %s, ...%s...",
				tt.selector, tt.identity, res.Value, res.Facets["key"], res.Reason, tt.want, tt.key, tt.reason)
		}
	}
}

func TestEvaluateAlgorithms(t *testing.T) {
	w := keys(t)
	for _, tt := range []struct {
		key           crypto.Signer
		change        string
		minKey        int
		want, keyWant string
		reason        string
	}{
		{rsa2048(), "", 2048, mail.Pass, "ok", ""},
		{rsa1024(), "s=rsa -> s=short", 0, mail.Pass, "ok", "RSA key of 1024 bits, where signers should use 2048"},
		{rsa1024(), "s=rsa -> s=short", 2048, mail.Policy, "weak", "1024 bits, and the receiver wants 2048"},
		{edKey, "rsa-sha256; c=relaxed/relaxed; d=example.com; s=rsa -> ed25519-sha256; c=simple/relaxed; d=example.com; s=ed", 2048, mail.Pass, "ok", ""},
		{edKey, "rsa-sha256; c=relaxed/relaxed; d=example.com; s=rsa -> ed25519-sha256; c=relaxed/simple; d=example.com; s=edhash", 0, mail.Pass, "ok", ""},
		{edKey, "rsa-sha256; c=relaxed/relaxed; d=example.com; s=rsa -> ed25519-sha256; c=relaxed/simple; d=example.com; s=edother", 0, mail.Fail, "ok", "does not match"},
		{edKey, "rsa-sha256; c=relaxed/relaxed; d=example.com; s=rsa -> ed25519-sha256; c=relaxed/simple; d=example.com; s=ednok", 0, mail.PermError, "none", "no RSA key"},
		{edKey, "rsa-sha256; c=relaxed/relaxed; d=example.com; s=rsa -> ed25519-sha256; c=relaxed/simple; d=example.com; s=edspki", 0, mail.PermError, "none", "octets"},
	} {
		message := sign(t, tt.key, changed(t, common, tt.change), wire(letter))
		res := Evaluate(t.Context(), w, Query{Content: []byte(message), Now: now, MinKey: tt.minKey})
		if res.Value != tt.want || res.Facets["key"] != tt.keyWant || !strings.Contains(res.Reason, tt.reason) {
			t.Errorf("%q, at least %d: %s, key %s, %s, want %s, key %s, ...%s...",
				tt.change, tt.minKey, res.Value, res.Facets["key"], res.Reason, tt.want, tt.keyWant, tt.reason)
		}
	}
}

// What happens to a message on its way.
func TestEvaluateChangedMessages(t *testing.T) {
	w := keys(t)
	const relaxedTags, simpleTags = common, "v=1; a=rsa-sha256; c=simple/simple; d=example.com; s=rsa; h=From:To:Subject:Date"
	for _, tt := range []struct {
		tags, change, want, reason string
	}{
		{relaxedTags, "Bob,\r\n -> Bob, \t\r\n", mail.Pass, ""},
		{simpleTags, "Bob,\r\n -> Bob, \r\n", mail.Fail, "the body hash does not match"},
		{relaxedTags, "here  they -> here they", mail.Pass, ""},
		{relaxedTags, "here  they -> herethey", mail.Fail, "body hash"},
		{relaxedTags, "Ann\r\n\r\n\r\n -> Ann\r\n", mail.Pass, ""},
		{simpleTags, "Ann\r\n\r\n\r\n -> Ann\r\n", mail.Pass, ""},
		{simpleTags, "Ann\r\n\r\n\r\n -> Ann", mail.Pass, ""}, // the last CR LF is added
		{relaxedTags, "Ann\r\n\r\n\r\n -> Ann", mail.Pass, ""},
		{relaxedTags, "Ann\r\n\r\n\r\n -> Ann\r\n--\r\nsent by a list\r\n", mail.Fail, "body hash"},
		{relaxedTags, "Subject: The\r\n  minutes -> subject  :The minutes ", mail.Pass, ""},
		{simpleTags, "Subject: The\r\n  minutes -> Subject: The minutes", mail.Fail, "though the body hash does"},
		{simpleTags, "Subject: -> subject:", mail.Fail, "though the body hash does"},
		{relaxedTags, "Subject: -> Subject: [list]", mail.Fail, "though the body hash does"},
		{relaxedTags, "Message-ID: -> X-New: 1\r\nMessage-ID:", mail.Pass, ""}, // not signed
		{relaxedTags, "To: Bob -> To: Eve <eve@example.net>\r\nTo: Bob", mail.Pass, ""},
		{relaxedTags, "To: Bob <bob@example.net> -> To: Bob <bob@example.net>\r\nTo: Eve <eve@example.net>", mail.Fail, ""},
		{relaxedTags + ":Subject", "To: Bob -> Subject: Win\r\nTo: Bob", mail.Fail, ""}, // oversigned
		{relaxedTags, "To: Bob -> From: Eve <eve@example.net>\r\nTo: Bob", mail.PermError, "2 From fields"},
		{relaxedTags, "From: Ann <ann@example.com>\r\n -> ", mail.PermError, "no From field"},
		{relaxedTags, "bh= -> bh=A", mail.PermError, "bh= is not base64"},
		{relaxedTags, "bh= -> bh=; x=", mail.PermError, "bh= is not base64"},
		{relaxedTags, "bh= -> x=", mail.PermError, "no tag bh="},
		{relaxedTags, "bh= -> bh=AAAA; z=", mail.Fail, "the body hash does not match"},
		{relaxedTags, "bh= -> bh= =", mail.PermError, "bh= is not base64"},
		{relaxedTags, "b=  -> b=!", mail.PermError, "b= is not base64"},
		{relaxedTags, "b=  -> b=; z=", mail.PermError, "b= is not base64"},
		{relaxedTags, "b=  -> z=", mail.PermError, "no tag b="},
		{relaxedTags, "b=  -> b=AAAA; z=", mail.Fail, "does not match the header fields"},
		{relaxedTags, "b=  -> b=\t\r\n ", mail.Pass, ""},
		{simpleTags, "b=  -> b=\t\r\n ", mail.Pass, ""}, // what is around the value does not count either
		{relaxedTags, "; h=From -> ;\r\n\t h=From", mail.Pass, ""},
		{simpleTags, "; h=From -> ;\r\n\t h=From", mail.Fail, "though the body hash does"},
		{relaxedTags + ":Cc", "To: Bob -> Cc: Eve <eve@example.net>\r\nTo: Bob", mail.Fail, ""}, // signed as absent
		{relaxedTags + "; l=36", "Ann\r\n\r\n\r\n -> Ann\r\nmore\r\n", mail.Pass, "covers only 36 of the 42 octets"},
		{relaxedTags + "; l=36", "Ann\r\n\r\n\r\n -> ", mail.PermError, "l=36 is more than the 29 octets"},
		{relaxedTags, "b=  -> x=999999999;b= ", mail.PermError, "expired"},
		{relaxedTags, "Bob,\r\n -> Bob,\n", mail.Neutral, "LF without CR at octet"},
		{relaxedTags, "Bob,\r\n -> Bob,\r", mail.Neutral, "CR without LF at octet"},
		{relaxedTags, "Ann\r\n\r\n\r\n -> Ann\r", mail.Neutral, "CR without LF"},
		{relaxedTags, "To: Bob -> X:\nTo: Bob", mail.Neutral, "LF without CR"},
	} {
		message := changed(t, sign(t, rsa2048(), tt.tags, wire(letter)), tt.change)
		res := evaluate(t, w, message)
		if res.Value != tt.want || !strings.Contains(res.Reason, tt.reason) {
			t.Errorf("with %q: %s, %s, want %s, ...%s...", tt.change, res.Value, res.Reason, tt.want, tt.reason)
		}
	}
}

func TestEvaluateUnusualMessages(t *testing.T) {
	w := keys(t)
	for _, tt := range []struct{ name, text string }{
		{"empty body", "From: a@example.com\n\n"},
		{"no body", "From: a@example.com\n"},
		{"blank lines", "From: a@example.com\n\n\n\n"},
		{"white space only", "From: a@example.com\n\n \n\t\n"},
		{"long field", "From: a@example.com\nTo: " + strings.Repeat("b@example.net,\n ", 20000) + "c@example.net\n\nx\n"},
		{"line without colon", "From: a@example.com\nword\n\nx\n"},
		{"UTF-8", "From: \u00e4@example.com\nSubject: \u00a0\u2003\n\n\u00a0\n"},
	} {
		for _, form := range []string{"simple/simple", "relaxed/relaxed"} {
			message := sign(t, rsa2048(), changed(t, common, "relaxed/relaxed -> "+form), wire(tt.text))
			if res := evaluate(t, w, message); res.Value != mail.Pass {
				t.Errorf("%s, %s: %s, %s, want pass", tt.name, form, res.Value, res.Reason)
			}
		}
	}
}

func TestEvaluateSeveralSignatures(t *testing.T) {
	good := sign(t, rsa2048(), common, wire(letter))
	add := func(changes ...string) string {
		text := good
		for _, c := range changes {
			text = sign(t, rsa2048(), changed(t, common, "s=rsa -> "+c), text)
		}
		return text
	}
	bad := func(changes ...string) string { // the good one spoilt
		return strings.Replace(add(changes...), "; s=rsa;", "; s=other;", 1)
	}
	for _, tt := range []struct {
		name, text, want, values, selector string
	}{
		{"none", wire(letter), mail.None, "", ""},
		{"one", good, mail.Pass, "pass", "rsa"},
		{"any passes", add("s=other", "s=broken"), mail.Pass, "temperror fail pass", "rsa"},
		{"temporary before final", bad("s=missing", "s=broken", "s=other"), mail.TempError, "fail temperror permerror fail", "other"},
		{"failed before error", bad("s=missing"), mail.Fail, "permerror fail", "missing"},
		{"only errors", strings.Replace(add("s=missing"), "; s=rsa;", "; s=nop;", 1), mail.PermError, "permerror permerror", "missing"},
	} {
		res := evaluate(t, keys(t), tt.text)
		var values []string
		for _, p := range res.Parts {
			values = append(values, p.Value)
		}
		if got := strings.Join(values, " "); res.Value != tt.want || got != tt.values || res.Properties["header.s"] != tt.selector {
			t.Errorf("%s: %s of %q, s=%s, %s, want %s of %q, s=%s",
				tt.name, res.Value, got, res.Properties["header.s"], res.Reason, tt.want, tt.values, tt.selector)
		}
	}
}

func TestEvaluateLimitsSignatures(t *testing.T) {
	text := sign(t, rsa2048(), common, wire(letter)) // the good one ends up at the bottom
	one := "DKIM-Signature: " + strings.Replace(common, "s=rsa", "s=other", 1) + "; bh=AAAA; b=AAAA\r\n"
	text = strings.Repeat(one, 5000) + text
	r := &counter{Resolver: keys(t)}
	res := Evaluate(t.Context(), r, Query{Content: []byte(text), Now: now, MaxSignatures: 3})
	if res.Value != mail.Fail || len(res.Parts) != 4 || r.asked != 1 {
		t.Errorf("of 5001 signatures: %s, %d parts, %d questions, want fail, 4, 1", res.Value, len(res.Parts), r.asked)
	}
	if last := res.Parts[3]; last.Value != mail.Neutral || !strings.Contains(last.Reason, "4998 more not judged") {
		t.Errorf("the rest: %s, %s", last.Value, last.Reason)
	}
	if res.Facets["signatures"] != "several" {
		t.Errorf("signatures: %s, want several", res.Facets["signatures"])
	}
}

func TestEvaluateHasLimits(t *testing.T) {
	for _, tt := range []struct{ name, text, want, reason string }{
		{"header", "DKIM-Signature: " + common + "\r\nX: " + strings.Repeat("a", maxHeader), mail.Neutral, "header is longer"},
		{"field", "DKIM-Signature: " + common + "; n=" + strings.Repeat("a", maxSignature) + "\r\nFrom: a\r\n\r\n", mail.Neutral, "field is longer"},
	} {
		if res := evaluate(t, keys(t), tt.text); res.Value != tt.want || !strings.Contains(res.Reason, tt.reason) {
			t.Errorf("%s: %s, %s, want %s, ...%s...", tt.name, res.Value, res.Reason, tt.want, tt.reason)
		}
	}
	res := evaluate(t, keys(t), "DKIM-Signature: v=1; d="+strings.Repeat("a", 30000)+"; s="+strings.Repeat("b", 2000)+"\r\nFrom: a\r\n\r\n")
	if len(res.Reason) > 500 || len(res.Domain) > maxName || len(res.Properties["header.s"]) > maxName {
		t.Errorf("long names make a reason of %d octets, a domain of %d", len(res.Reason), len(res.Domain))
	}
}

func TestEvaluateEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	message := sign(t, rsa2048(), common, wire(letter))
	if res := Evaluate(ctx, keys(t), Query{Content: []byte(message), Now: now}); res.Value != mail.TempError {
		t.Errorf("after its context ended: %s, %s, want temperror", res.Value, res.Reason)
	}
}

func TestEvaluateTellsWhatWeakensASignature(t *testing.T) {
	message := changed(t, sign(t, rsa2048(), common, wire(letter)), "To: Bob -> Subject: Win\r\nTo: Bob")
	res := evaluate(t, keys(t), message)
	if text := fmt.Sprint(res.Steps); res.Value != mail.Pass || !strings.Contains(text, "not every subject field is signed") {
		t.Errorf("with a second Subject: %s, %s", res.Value, text)
	}
	message = changed(t, sign(t, rsa2048(), common, wire(letter)), "here  they -> there they")
	res = evaluate(t, keys(t), message)
	if text := fmt.Sprint(res.Steps); res.Value != mail.Fail || !strings.Contains(text, "only the body differs") {
		t.Errorf("with another body: %s, %s", res.Value, text)
	}
}

func TestEvaluateTakesTheTimeOfDay(t *testing.T) {
	expired := fmt.Sprintf("h= -> x=%d; h=", time.Now().Add(-time.Hour).Unix())
	message := sign(t, rsa2048(), changed(t, common, expired), wire(letter))
	if res := Evaluate(t.Context(), keys(t), Query{Content: []byte(message)}); res.Value != mail.PermError {
		t.Errorf("expired an hour ago: %s, %s, want permerror", res.Value, res.Reason)
	}
}

// A header of too many fields is not judged, and what was read of it is no more than
// the limit.
func TestTooManyFields(t *testing.T) {
	m := Parse([]byte(strings.Repeat("X:\r\n", 2*maxFields) + "\r\nx\r\n"))
	if m.Unfit == nil || len(m.Fields) != maxFields+1 {
		t.Errorf("%d fields, %v, want %d and a fault", len(m.Fields), m.Unfit, maxFields+1)
	}
	if m = Parse([]byte(strings.Repeat("X:\r\n", maxFields) + "\r\nx\r\n")); m.Unfit != nil {
		t.Errorf("%d fields: %v", maxFields, m.Unfit)
	}
}
