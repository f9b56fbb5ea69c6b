package fakemx

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"strictmx/fakemx/check"
	"strictmx/fakemx/profile"
	"strictmx/internal/mail"
)

// What MAIL says of a message is known from MAIL on, and forgotten with it.
func TestDeclaredFacts(t *testing.T) {
	var got []string
	srv := testServer(t, "strict")
	srv.Checks = func(name string) (check.Check, bool) {
		c := fixed(name, mail.Pass)
		if name == "spf" { // asked for at MAIL
			c.Run = func(_ context.Context, _ check.Env, f check.Facts) mail.Result {
				got = append(got, fmt.Sprintf("<%s> %d %v %v", f.MailFrom, f.Size, f.EightBit, f.UTF8))
				return mail.Result{Method: name, Value: mail.Pass, Reason: "so it was set"}
			}
		}
		return c, true
	}
	lines := []string{
		"EHLO mta.example.com",
		"MAIL FROM:<a@example.com> SIZE=123 BODY=8BITMIME SMTPUTF8", "RSET",
		"MAIL FROM:<b@example.com>", "RSET",
		"MAIL FROM:<c@example.com> body=binarymime", "RSET",
		"MAIL FROM:<d@example.com> BODY=7BIT SIZE=0", "RSET",
		"QUIT",
	}
	d := &dialogue{out: new(bytes.Buffer), blocks: []block{{bytes: []byte(strings.Join(lines, "\r\n") + "\r\n")}}}
	srv.ServeConn(t.Context(), d)
	want := []string{
		"<a@example.com> 123 true true", "<b@example.com> 0 false false",
		"<c@example.com> 0 true false", "<d@example.com> 0 false false",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sender, size, 8 bits, UTF-8 (-want +got):\n%s", diff)
	}
}

// ofTLS is a receiver with one rule about TLS.
func ofTLS(t *testing.T, when string) *Server {
	t.Helper()
	set, err := profile.Load(fstest.MapFS{"tls.yaml": {Data: []byte(`
name: tls
title: TLS
hostname: mx.example.net
extensions: [STARTTLS]
rules:
  - {id: tls, at: mail, when: {` + when + `}, reply: "550 5.7.1 {tls.reason}", source: made up, seen: 2026-01-01}
`)}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := set.Find("tls")
	if err != nil {
		t.Fatal(err)
	}
	ca, err := NewCA()
	if err != nil {
		t.Fatal(err)
	}
	conf, err := ca.Config("mx.example.net")
	if err != nil {
		t.Fatal(err)
	}
	return &Server{Profile: p, TLS: conf}
}

// A rule can judge the version, and whether the client has a certificate, which the
// server asks for only then.
func TestRulesOfTLS(t *testing.T) {
	ca, err := NewCA()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Certificate("mta.example.com")
	if err != nil {
		t.Fatal(err)
	}
	const v11, v12, v13 = tls.VersionTLS11, tls.VersionTLS12, tls.VersionTLS13
	for _, tt := range []struct {
		when    string
		version uint16
		with    bool // a certificate
		want    string
		asked   bool // for one
	}{
		{"tls: none", 0, false, "550 5.7.1 the session is not encrypted", false},
		{"tls: none", v13, true, "250", false},
		{"tls: none", v11, false, "handshake", false},
		{"tls: fail", v11, false, "550 5.7.1 the session has TLSv1.1, and TLSv1.2 is the oldest that passes", false},
		{"tls: not pass", v12, true, "250", false},
		{"tls.version: TLSv1.2", v12, false, "550 5.7.1 the session has TLSv1.2, the client is without a certificate", false},
		{"tls.certificate: none", v12, false, "550 5.7.1 the session has TLSv1.2, the client is without a certificate", true},
		{"tls.certificate: none", v13, false, "550 5.7.1 the session has TLSv1.3, the client is without a certificate", true},
		{"tls.certificate: none", v12, true, "250", true},
		{"tls.certificate: none", v13, true, "250", true},
		{"tls.certificate: presented", v13, true, "550 5.7.1 the session has TLSv1.3, the client is with a certificate of CN=mta.example.com", true},
	} {
		t.Run(fmt.Sprintf("%s, %s, %v", tt.when, tls.VersionName(tt.version), tt.with), func(t *testing.T) {
			asked := false
			e := Envelope{Helo: "mta.example.com", From: "a@example.com", To: []string{"b@example.net"}}
			if tt.version != 0 {
				e.StartTLS = &tls.Config{
					InsecureSkipVerify: true, MinVersion: tt.version, MaxVersion: tt.version,
					GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
						asked = true
						if tt.with {
							return &cert, nil
						}
						return new(tls.Certificate), nil
					},
				}
			}
			d, err := Submit(t.Context(), dial(t, ofTLS(t, tt.when)), e)
			got := strings.Join(d.Recipients[0].Reply.Lines, " ")
			if err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, tt.want) || asked != tt.asked {
				t.Errorf("%s, asked for a certificate %v, want %s, %v", got, asked, tt.want, tt.asked)
			}
		})
	}
}

// A client of another make, without a certificate, is not hindered by a server that
// asks for one.
func TestCertificateRequestOtherClient(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		address, _ := serveTCP(t, ofTLS(t, "tls.certificate: presented"))
		c, err := smtp.DialStartTLS(address, &tls.Config{InsecureSkipVerify: true, MaxVersion: version})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.SendMail("a@example.com", []string{"b@example.net"}, strings.NewReader("Subject: x\r\n\r\nx\r\n")); err != nil {
			t.Error(tls.VersionName(version), err)
		}
		if err := c.Quit(); err != nil {
			t.Error(tls.VersionName(version), err)
		}
	}
}
