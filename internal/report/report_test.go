package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"strictmx/internal/mail"
	"strictmx/internal/verdict"
	"strictmx/scenarios"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s differs; after a review, -update accepts it:\n%s", path, d)
	}
}

func TestText(t *testing.T) {
	for name, r := range map[string]Report{"cured.txt": cured(), "wrong-family.txt": wrongFamily(), "steps.txt": steps()} {
		var b bytes.Buffer
		if err := Text(&b, r, Style{Width: 100}); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
	}
}

// What is kept of a case that passes is told, too: it was asked for.
func TestKept(t *testing.T) {
	r := cured()
	r.Cases[0].Kept = "/tmp/evidence/a"
	var b bytes.Buffer
	if err := Text(&b, r, Style{Width: 100}); err != nil {
		t.Fatal(err)
	}
	if r.Cases[0].Result != verdict.Pass || strings.Count(b.String(), "kept in /tmp/evidence/a\n") != 1 {
		t.Errorf("the report does not say where the evidence of a %s is:\n%s", r.Cases[0].Result, b.String())
	}
}

// Of a session that the receiver did not decide the evidence says so.
func TestNoReply(t *testing.T) {
	o := bounced()
	a := &o.Attempts[0]
	a.Stage, a.Rule, a.Reply, a.Recipients = mail.Helo, "", nil, nil
	c := theCase("size", "", mail.Bounced, "ipv6")
	c.Want[0].Rule = "gmail/size"
	var b bytes.Buffer
	if err := Text(&b, reportOf(run(verdict.CaseResult{Case: c, Observed: o})), Style{Width: 200}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"wanted gmail/size  got none (the session ended without a refusal)",
		"refused nothing: the session ended at stage helo\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the report lacks %q:\n%s", want, b.String())
		}
	}
}

func TestJSON(t *testing.T) {
	for name, r := range map[string]Report{"cured.jsonl": cured(), "wrong-family.jsonl": wrongFamily()} {
		var b bytes.Buffer
		if err := JSON(&b, r); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
		if n := bytes.Count(b.Bytes(), []byte("\n")); n != len(r.Cases)+1 {
			t.Errorf("%s: %d lines of %d cases", name, n, len(r.Cases))
		}
	}
}

// Lists are there when they are empty, and relay and error are null.
func TestJSONOfNothing(t *testing.T) {
	var b bytes.Buffer
	if err := JSONCase(&b, Case{
		Scenario: "s", Name: "c", Result: verdict.Errored,
		Deliveries: []mail.Delivery{{}}, Attempts: []mail.Attempt{{Message: -1, Content: []byte("x")}},
	}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"questions":[],"mismatches":[],"error":null,"warnings":[]}`, `"relay":null,"text":"","tries":[]}`, `"recipients":[]`, `"reply":[],"results":[]}`, `"client":""`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s\nhas no %s", b.String(), want)
		}
	}
	var back map[string]any
	if err := json.Unmarshal(b.Bytes(), &back); err != nil || back["pass"] != false || back["v"] != 1.0 {
		t.Errorf("%v, %v", back, err)
	}
}

func TestProgress(t *testing.T) {
	var b bytes.Buffer
	cases := append(cured().Cases, wrongFamily().Cases...)
	cases = append(cases, Case{Scenario: "several", Name: "recipients", Result: verdict.Pass, Deliveries: several()},
		Case{Scenario: "nothing", Name: "seen", Result: verdict.Mismatched})
	for _, c := range cases {
		if err := Progress(&b, c, Style{}); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "progress.txt", b.Bytes())
}

// several is one message to four recipients, as after an alias.
func several() []mail.Delivery {
	var out []mail.Delivery
	for i, o := range []mail.Outcome{mail.Sent, mail.Bounced, mail.Sent, mail.Bounced} {
		d := mail.Delivery{Recipient: fmt.Sprintf("r%d@example.com", i), Outcome: o, Status: mail.Status{Class: 2, Detail: i}}
		if o == mail.Bounced {
			d.Status, d.Expired = mail.Status{Class: 4, Subject: 4, Detail: 1}, true
		}
		out = append(out, d)
	}
	return out
}

// Colours are only for terminals, and take nothing from the text.
func TestColor(t *testing.T) {
	var plain, color bytes.Buffer
	if err := errors.Join(Text(&plain, wrongFamily(), Style{}), Text(&color, wrongFamily(), Style{Color: true})); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(plain.String(), "\x1b") {
		t.Error("plain text has escape sequences")
	}
	text := color.String()
	for _, code := range []string{bold, faint, red, green, yellow, "0"} {
		text = strings.ReplaceAll(text, "\x1b["+code+"m", "")
	}
	if d := cmp.Diff(plain.String(), text); d != "" {
		t.Error(d)
	}
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if s := StyleFor(f); s.Color {
		t.Error("a file is given colours")
	}
}

func TestExitCode(t *testing.T) {
	for _, tt := range []struct {
		s    Summary
		want int
	}{
		{Summary{}, AllAsWanted},
		{Summary{Passed: 3, Skipped: 2}, AllAsWanted},
		{Summary{Passed: 3, Mismatched: 1}, NotAsWanted},
		{Summary{Passed: 3, Unproven: 1}, NotAsWanted},
		{Summary{Mismatched: 1, Errors: 1}, LabBroken},
		{Summary{Cases: 2, Skipped: 2}, NotAsWanted},
		{Summary{Cases: 2, Passed: 1, Skipped: 1}, AllAsWanted},
	} {
		if got := ExitCode(tt.s); got != tt.want {
			t.Errorf("ExitCode(%+v) = %d, want %d", tt.s, got, tt.want)
		}
	}
	if s := wrongFamily().Summary; s.Mismatched != 1 || s.Unproven != 1 || s.Errors != 1 || ExitCode(s) != LabBroken {
		t.Errorf("summary %+v", s)
	}
}

func TestReplyText(t *testing.T) {
	for _, tt := range []struct {
		lines []string
		want  string
	}{
		{noPTR[3:], "550 5.7.1 http://support.google.com/mail/bin/answer.py?hl=en&answer=188131 for more information. r6si610718qcl.69 - gsmtp"},
		{[]string{"554 no"}, "554 no"},
		{[]string{"554-a", "554"}, "554 a"},
		{nil, ""},
	} {
		if got := replyText(tt.lines); got != tt.want {
			t.Errorf("replyText(%q) = %q, want %q", tt.lines, got, tt.want)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain ü 漢":       "plain ü 漢",
		"a\tb\r\n":        `a\tb\x0d\x0a`,
		"\x1b]0;title\a":  `\x1b]0;title\x07`,
		"\xff\u009b31m":   `\xff\u{9b}31m`,
		"mail\u202egpj":   `mail\u{202e}gpj`,
		"\ufffd and more": "\ufffd and more",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}

// What was cleaned has only printable characters, and is clean already.
func FuzzClean(f *testing.F) {
	f.Add("a\x1b[2J\xff\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		c := Clean(s)
		if !utf8.ValidString(c) || strings.ContainsFunc(c, func(r rune) bool { return !unicode.IsPrint(r) }) || Clean(c) != c {
			t.Errorf("Clean(%q) = %q", s, c)
		}
	})
}

// Nothing that a server or a scenario says reaches the terminal as it is.
func TestNothingRaw(t *testing.T) {
	const bad = "\x1b[2J\r\n\u202e"
	o := bounced()
	d, a := &o.Deliveries[0], &o.Attempts[0]
	d.Text, d.QueueID, d.OrigTo, d.Relay.Host = bad, bad, bad, bad
	d.Tries = []mail.Try{{Text: bad}}
	a.Receiver, a.Helo, a.TLS, a.Rule, a.Reply, a.Transcript = bad, bad, bad, bad, []string{bad}, []string{bad}
	a.Results = []mail.Result{{Method: bad, Value: mail.Fail, Reason: bad, Identity: bad, Domain: bad}}
	o.Questions = []mail.Question{{Asker: bad, Name: bad, Type: bad, RCode: bad}}
	c := run(verdict.CaseResult{Case: theCase("x", "", mail.Sent, "ipv4"), Observed: o})[0]
	c.Scenario, c.Title, c.Name, c.Cures, c.Kept, c.Changed = bad, bad, bad, bad, bad, []string{bad}
	c.Log = append(c.Log, "postfix/smtp[1]: warning: "+bad)
	c.Added = []scenarios.Fragment{{Path: bad, Text: bad, Replace: true}}
	c.Error = &Error{Kind: bad, Message: bad, File: bad, Line: 1}
	c.Mismatches = append(c.Mismatches, verdict.Mismatch{Field: bad, Want: bad, Got: bad, Recipient: bad, At: scenarios.Position{File: bad}})
	var b bytes.Buffer
	s := Summary{Postfix: bad, Engine: bad}
	if err := errors.Join(Text(&b, Report{Cases: []Case{c}, Summary: s}, Style{Width: 80}), Progress(&b, c, Style{})); err != nil {
		t.Fatal(err)
	}
	if i := strings.IndexFunc(b.String(), func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
		t.Errorf("raw character in %q", b.String()[max(0, i-60):min(b.Len(), i+20)])
	}
}

func ExampleProgress() {
	c := Case{
		Scenario: "gmail-ipv6-ptr", Name: "no-ptr", Result: verdict.Pass, Seconds: 0.61,
		Deliveries: []mail.Delivery{{
			Recipient: "x@gmail.com", Outcome: mail.Bounced, Status: mail.Status{Class: 5, Subject: 7, Detail: 1},
			Relay: &mail.Relay{Addr: gmail6},
		}},
		Attempts: []mail.Attempt{{
			Server: gmail6, Client: host6, Recipients: []string{"x@gmail.com"}, Stage: mail.Data, Rule: "gmail/ptr-missing",
			Reply: []string{"550 5.7.1 Our system has detected that this message does not meet IPv6 sending guidelines"},
		}},
	}
	if err := Progress(os.Stdout, c, Style{}); err != nil {
		fmt.Println(err)
	}
	// Output: ok        gmail-ipv6-ptr/no-ptr                         bounced 5.7.1 by gmail/ptr-missing over IPv6  0.61s
}

// In a session without a reply to end it, Postfix decided, and its words are told.
func TestNoLastWord(t *testing.T) {
	const why = "message size 1690 exceeds size limit 1500 of server mx.example.org[198.51.100.200]"
	var out strings.Builder
	err := Text(&out, Report{Cases: []Case{{
		Scenario: "size", Name: "known", Result: verdict.Pass,
		Deliveries: []mail.Delivery{{
			Recipient: "x@example.org", Outcome: mail.Bounced, Status: mail.Status{Class: 5, Subject: 3, Detail: 4}, Text: why,
			Relay: &mail.Relay{Host: "mx.example.org", Addr: gmail6},
		}},
		Attempts: []mail.Attempt{{Server: gmail6, Client: host6, Stage: mail.Helo, Receiver: "tells"}},
	}}}, Style{})
	if got := out.String(); err != nil || !strings.Contains(got, "bounced 5.3.4 at mx.example.org\n") || !strings.Contains(got, why) {
		t.Errorf("%v\n%s", err, got)
	}
}

// Where the log's record ends within a text, the report says so.
func TestCutText(t *testing.T) {
	cases := wrongFamily().Cases
	i := slices.IndexFunc(cases, func(c Case) bool { return c.Result == verdict.Mismatched })
	c := cases[i]
	c.Deliveries = slices.Clone(c.Deliveries)
	c.Deliveries[0].Cut = true
	var out strings.Builder
	if err := Text(&out, Report{Cases: []Case{c}}, Style{}); err != nil || strings.Count(strings.Join(strings.Fields(out.String()), " "), "[the log's record ends before; the rest is the receiver's own]") != 1 {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func ExampleJSONSummary() {
	if err := JSONSummary(os.Stdout, Summary{Cases: 9, Passed: 9, Seconds: 4.1, Postfix: "3.7.11", Engine: "20.10.24"}); err != nil {
		fmt.Println(err)
	}
	// Output: {"v":1,"type":"summary","cases":9,"passed":9,"mismatched":0,"unproven":0,"errors":0,"skipped":0,"seconds":4.1,"postfix":"3.7.11","engine":"20.10.24"}
}

func ExampleText() {
	if err := Text(os.Stdout, Report{Summary: Summary{Cases: 2, Passed: 1, Skipped: 1, Seconds: 0.5}}, Style{}); err != nil {
		fmt.Println(err)
	}
	// Output: 2 cases, 1 as wanted, 1 skipped in 0.50s
}
