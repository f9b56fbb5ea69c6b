package dsn

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"strictmx/internal/mail"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Two recipients of one alias failed for good; the diagnostic is folded in the
// middle of words that Postfix wrote.
func TestParseFailed(t *testing.T) {
	n, err := Parse(read(t, "failed.eml"))
	if err != nil {
		t.Fatal(err)
	}
	r := Recipient{
		Final: "r3@gmail.example", Original: "dist@ex.example", Action: Failed, Status: mail.Status{Class: 5, Subject: 7, Detail: 1},
		RemoteMTA: "gmail-smtp-in.l.google.com", DiagnosticType: "smtp",
		Diagnostic: "550-5.7.1 [2001:db8::10 12] Our system has detected that 550-5.7.1 this message is likely unsolicited mail. " +
			"a, status=sent (ok) 550 5.7.1 more information. r6si - gsmtp",
	}
	r2 := r
	r2.Final = "r4@gmail.example"
	want := &Notice{
		From: "MAILER-DAEMON@services02.example.com", To: []string{"me@services.example.com"},
		Subject:      "Undelivered Mail Returned to Sender",
		ReportingMTA: "services02.example.com", QueueID: "4F09C2AE", Sender: "me@services.example.com",
		Arrival: time.Date(2026, 11, 24, 6, 42, 24, 0, time.UTC), Recipients: []Recipient{r, r2},
		Text: n.Text, Returned: n.Returned,
	}
	if diff := cmp.Diff(want, n); diff != "" {
		t.Error(diff)
	}
	if !strings.HasPrefix(n.Text, "This is the mail system at host services02.example.com.\n") {
		t.Errorf("text %q", n.Text)
	}
	if !strings.HasPrefix(string(n.Returned), "Return-Path: <me@services.example.com>") {
		t.Errorf("returned %q", n.Returned)
	}
}

// An expired message's notice keeps the 4.x.x status of its last deferral.
func TestParseExpired(t *testing.T) {
	n, err := Parse(read(t, "expired.eml"))
	if err != nil {
		t.Fatal(err)
	}
	r := n.Recipients[0]
	if len(n.Recipients) != 1 || r.Action != Failed || r.Status.String() != "4.7.1" || r.Diagnostic != "451 4.7.1 later" {
		t.Errorf("recipients %+v", n.Recipients)
	}
}

const report = `Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

text
--b
Content-Type: message/delivery-status

%s
--b--
`

func TestParseErrors(t *testing.T) {
	const ok = "Reporting-MTA: dns; a.example\n\nFinal-Recipient: rfc822; x@y.example\nAction: Failed\nStatus: 5.0.0 (why)\n"
	if _, err := Parse(fmt.Appendf(nil, report, ok)); err != nil {
		t.Fatalf("the notice that the others are made of: %v", err)
	}
	for _, tt := range []struct{ content, want string }{
		{"", "header"},
		{"Subject: x\n\nhi", "content type"},
		{"Content-Type: text/plain\n\nhi", "want multipart/report"},
		{strings.Replace(report, "delivery-status;", "feedback-report;", 1), "want multipart/report"},
		{"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\ntext\n--b--\n", "no delivery-status part"},
		{fmt.Sprintf(report, ""), "empty"},
		{fmt.Sprintf(report, "X: y\n\n"), "no Reporting-MTA"},
		{fmt.Sprintf(report, "Reporting-MTA: dns; a.example\n"), "no recipient"},
		{fmt.Sprintf(report, strings.Replace(ok, "rfc822; x@y", "x@y", 1)), "want type; address"},
		{fmt.Sprintf(report, strings.Replace(ok, "Failed", "lost", 1)), `Action "lost"`},
		{fmt.Sprintf(report, strings.Replace(ok, "5.0.0", "5.0", 1)), `status "5.0"`},
		{fmt.Sprintf(report, ok+"\n--b\nContent-Type: message/delivery-status\n\n"+ok), "two delivery-status parts"},
		{strings.Replace(fmt.Sprintf(report, ok), "delivery-status\n\n", "delivery-status\nContent-Transfer-Encoding: uu\n\n", 1), "transfer encoding"},
	} {
		if n, err := Parse([]byte(tt.content)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Parse(%q) = %+v, %v, want an error about %q", tt.content, n, err, tt.want)
		}
	}
}

// An Original-Recipient is xtext, and a part may be encoded.
func TestParseEncoded(t *testing.T) {
	content := `Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status
Content-Transfer-Encoding: quoted-printable

Reporting-MTA: dns; a.exam=
ple

Original-Recipient: rfc822;me+2Btag@y.example
Final-Recipient: utf-8; j=C3=B6@y.example
Action: delayed
Status: 4.4.1
--b--
`
	n, err := Parse([]byte(content))
	if err != nil {
		t.Fatal(err)
	}
	want := Recipient{Final: "jö@y.example", Original: "me+tag@y.example", Action: Delayed, Status: mail.Status{Class: 4, Subject: 4, Detail: 1}}
	if n.ReportingMTA != "a.example" || !cmp.Equal(n.Recipients, []Recipient{want}) {
		t.Errorf("Parse = %+v", n)
	}
}

// What was read is read again from the fields that it was written to.
func FuzzParse(f *testing.F) {
	f.Add(string(read(f, "failed.eml")))
	f.Add(string(read(f, "expired.eml")))
	f.Add(fmt.Sprintf(report, "Reporting-MTA: dns; a\n\nFinal-Recipient: rfc822; x\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550\n 5.0.0 x\n"))
	f.Fuzz(func(t *testing.T, s string) {
		n, err := Parse([]byte(s))
		if err != nil {
			return
		}
		again, err := Parse(render(n))
		if err != nil {
			t.Fatalf("%q: %v", render(n), err)
		}
		if diff := cmp.Diff(n.Recipients, again.Recipients); diff != "" {
			t.Errorf("%s\nfrom %q", diff, render(n))
		}
	})
}

func render(n *Notice) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "Reporting-MTA: dns; %s\n", n.ReportingMTA)
	for _, r := range n.Recipients {
		// Of a type other than rfc822 an address is taken as it stands.
		fmt.Fprintf(&b, "\nFinal-Recipient: utf-8; %s\nOriginal-Recipient: utf-8; %s\n", r.Final, r.Original)
		fmt.Fprintf(&b, "Action: %s\nStatus: %s\nRemote-MTA: dns; %s\n", r.Action, r.Status, r.RemoteMTA)
		if r.DiagnosticType != "" || strings.Contains(r.Diagnostic, ";") {
			fmt.Fprintf(&b, "Diagnostic-Code: %s; %s\n", r.DiagnosticType, r.Diagnostic)
		} else {
			fmt.Fprintf(&b, "Diagnostic-Code: %s\n", r.Diagnostic)
		}
		if !r.LastAttempt.IsZero() {
			fmt.Fprintf(&b, "Last-Attempt-Date: %s\n", r.LastAttempt.Format(time.RFC1123Z))
		}
	}
	return fmt.Appendf(nil, report, b.String())
}

func ExampleParse() {
	n, err := Parse([]byte(`To: me@example.com
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

Your message could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; services02.example.com

Final-Recipient: rfc822; recipient3@gmail.example
Action: failed
Status: 5.7.1
Remote-MTA: dns; gmail-smtp-in.l.google.com
Diagnostic-Code: smtp; 550 5.7.1 [2001:db8::25] Our system has detected
 that this message is likely unsolicited mail.
--b--
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	r := n.Recipients[0]
	fmt.Println(r.Final, r.Action, r.Status)
	fmt.Println(r.Diagnostic)
	// Output:
	// recipient3@gmail.example failed 5.7.1
	// 550 5.7.1 [2001:db8::25] Our system has detected that this message is likely unsolicited mail.
}
