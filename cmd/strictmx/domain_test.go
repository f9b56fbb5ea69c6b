package main

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"strictmx/internal/mail"
)

const (
	sender = "203.0.113.10"
	plain  = "From: me@example.com\r\nTo: you@gmail.com\r\nDate: Tue, 24 Nov 2026 12:00:00 +0000\r\n" +
		"Message-ID: <1@example.com>\r\nSubject: hello\r\n\r\nThe body.\r\n"
)

// A sendingDomain is example.com with all that Gmail wants of a sender.
type sendingDomain struct {
	zones  string // directory
	signed []byte // plain, with its signature
}

// A message is one that passes all that Gmail asks for.
type message struct {
	name    string
	content []byte
}

func (d sendingDomain) messages() []message {
	return []message{{"plain", []byte(plain)}, {"signed", d.signed}}
}

func newSendingDomain(t testing.TB) sendingDomain {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	var signed bytes.Buffer
	if err := dkim.Sign(&signed, strings.NewReader(plain), &dkim.SignOptions{
		Domain: "example.com", Selector: "s", Signer: key, Hash: crypto.SHA256,
	}); err != nil {
		t.Fatal(err)
	}
	text := base64.StdEncoding.EncodeToString(public)
	zone := "@ MX 10 mail\n@ TXT \"v=spf1 ip4:" + sender + " -all\"\nmail A " + sender + "\n" +
		"_dmarc TXT \"v=DMARC1; p=reject\"\n" +
		"s._domainkey TXT \"v=DKIM1; p=" + text[:200] + "\" \"" + text[200:] + "\"\n"
	d := sendingDomain{zones: t.TempDir(), signed: signed.Bytes()}
	for path, content := range map[string]string{
		filepath.Join(d.zones, "example.com.zone"): zone,
		filepath.Join(d.zones, "ptr"):              sender + "  mail.example.com\n",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d.wantPasses(t)
	return d
}

// wantPasses wants Gmail to find nothing wrong with the signed message.
func (d sendingDomain) wantPasses(t testing.TB) {
	t.Helper()
	var out, errs bytes.Buffer
	code := run([]string{
		"judge", "--zones", d.zones, "--receiver", "gmail", "--client", sender, "--helo", "mail.example.com",
		"--mail-from", "me@example.com", "--rcpt", "you@gmail.com", "--format", "json", "-",
	}, bytes.NewReader(d.signed), &out, &errs)
	var judged struct{ Results []mail.Result }
	if err := json.Unmarshal(out.Bytes(), &judged); err != nil || code != exitOK {
		t.Fatalf("judge: exit code %d, %v\n%s%s", code, err, &out, &errs)
	}
	for _, method := range []string{"iprev", "spf", "dkim", "dmarc"} {
		if !slices.ContainsFunc(judged.Results, func(r mail.Result) bool { return r.Method == method && r.Value == mail.Pass }) {
			t.Fatalf("judge: want %s to pass\n%s", method, &out)
		}
	}
}
