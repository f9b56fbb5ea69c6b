package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The objects of run --format json, spelled as the contract has them and not with
// the types that write them, so that a field that is renamed there is noticed here.
type (
	caseLine struct {
		V          int             `json:"v"`
		Type       string          `json:"type"`
		Scenario   string          `json:"scenario"`
		Case       string          `json:"case"`
		Result     string          `json:"result"`
		Pass       bool            `json:"pass"`
		Seconds    float64         `json:"seconds"`
		Deliveries []deliveryField `json:"deliveries"`
		Attempts   []attemptField  `json:"attempts"`
		Questions  []struct {
			Asker string `json:"asker"`
			Name  string `json:"name"`
			Type  string `json:"type"`
			RCode string `json:"rcode"`
		} `json:"questions"`
		Mismatches []struct {
			Field   string `json:"field"`
			Want    string `json:"want"`
			Got     string `json:"got"`
			Message int    `json:"message"`
			Step    int    `json:"step"`

			Recipient string `json:"recipient"` // added
		} `json:"mismatches"`
		Error *struct {
			Kind    string `json:"kind"`
			Message string `json:"message"`
			File    string `json:"file"`
			Line    int    `json:"line"`
		} `json:"error"`

		// Added to the contract.
		Reason      string   `json:"reason"`
		Cures       string   `json:"cures"`
		FailsToCure string   `json:"fails_to_cure"`
		Kept        string   `json:"kept"`
		Warnings    []string `json:"warnings"`
	}
	deliveryField struct {
		Message   int       `json:"message"`
		Step      int       `json:"step"`
		Time      time.Time `json:"time"`
		QueueID   string    `json:"queue_id"`
		Recipient string    `json:"recipient"`
		OrigTo    string    `json:"orig_to"`
		Outcome   string    `json:"outcome"`
		Status    string    `json:"status"`
		Expired   bool      `json:"expired"`
		Delay     float64   `json:"delay"`
		Relay     *struct {
			Host string     `json:"host"`
			Addr netip.Addr `json:"addr"`
			Port int        `json:"port"`
		} `json:"relay"`
		Text  string `json:"text"`
		Tries []struct {
			Host string     `json:"host"`
			Addr netip.Addr `json:"addr"`
			Text string     `json:"text"`
		} `json:"tries"`
	}
	attemptField struct {
		Message    int           `json:"message"`
		Step       int           `json:"step"`
		Time       time.Time     `json:"time"`
		Receiver   string        `json:"receiver"`
		Name       string        `json:"name"` // added
		Recipients []string      `json:"recipients"`
		Client     netip.Addr    `json:"client"`
		Helo       string        `json:"helo"`
		TLS        string        `json:"tls"`
		Stage      string        `json:"stage"`
		Rule       string        `json:"rule"`
		Reply      []string      `json:"reply"`
		Results    []resultField `json:"results"`

		// Added to the contract.
		Server     netip.Addr `json:"server"`
		From       string     `json:"from"`
		Transcript []string   `json:"transcript"`
		MessageID  string     `json:"message_id"`
	}
	resultField struct {
		Method      string `json:"method"`
		Value       string `json:"value"`
		Identity    string `json:"identity"`
		Domain      string `json:"domain"`
		Reason      string `json:"reason"`
		Lookups     *int   `json:"lookups"`
		VoidLookups *int   `json:"void_lookups"`
		Explanation string `json:"explanation"`

		Steps []struct { // added
			Depth int    `json:"depth"`
			Text  string `json:"text"`
		} `json:"steps"`

		Name       string            `json:"name"`       // added
		Facets     map[string]string `json:"facets"`     // added
		Properties map[string]string `json:"properties"` // added
		Parts      []resultField     `json:"parts"`      // added
	}
	summaryLine struct {
		V          int     `json:"v"`
		Type       string  `json:"type"`
		Cases      int     `json:"cases"`
		Passed     int     `json:"passed"`
		Mismatched int     `json:"mismatched"`
		Unproven   int     `json:"unproven"`
		Errors     int     `json:"errors"`
		Skipped    int     `json:"skipped"`
		Seconds    float64 `json:"seconds"`
		Postfix    string  `json:"postfix"`
		Engine     string  `json:"engine"`
	}
)

// strict decodes one object that has no other fields than v.
func strict(t *testing.T, line []byte, v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		t.Fatalf("%v in:\n%s", err, line)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Fatalf("more than one object in a line:\n%s", line)
	}
}

// wantFields wants all fields of the contract to be there, be they null.
func wantFields(t *testing.T, line []byte, names string) {
	t.Helper()
	var have map[string]json.RawMessage
	if err := json.Unmarshal(line, &have); err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Fields(names) {
		if _, ok := have[name]; !ok {
			t.Errorf("no field %s in:\n%s", name, line)
		}
	}
}

// strictmx runs a command in this process.
func strictmx(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// runJSON runs scenarios in process and decodes all lines.
func runJSON(t *testing.T, wantCode int, args ...string) ([]caseLine, summaryLine) {
	t.Helper()
	code, stdout, stderr := strictmx(append([]string{"run", "--in-process", "--format", "json"}, args...)...)
	if code != wantCode {
		t.Fatalf("exit code %d, want %d\n%s", code, wantCode, stderr)
	}
	lines := bytes.Split(bytes.TrimSuffix([]byte(stdout), []byte("\n")), []byte("\n"))
	var cases []caseLine
	for _, line := range lines[:len(lines)-1] {
		wantFields(t, line, `v type scenario case result pass seconds deliveries attempts questions mismatches error`)
		var c caseLine
		strict(t, line, &c)
		cases = append(cases, c)
	}
	last := lines[len(lines)-1]
	wantFields(t, last, `v type cases passed mismatched unproven errors skipped seconds postfix engine`)
	var s summaryLine
	strict(t, last, &s)
	return cases, s
}

func TestRunJSON(t *testing.T) {
	cases, got := runJSON(t, exitOK)
	want := summaryLine{V: 1, Type: "summary", Cases: len(cases), Seconds: got.Seconds}
	order := ""
	for _, c := range cases {
		if c.V != 1 || c.Type != "case" || c.Pass != (c.Result == "pass") {
			t.Errorf("%s/%s: v %d, type %s, pass %t, result %s", c.Scenario, c.Case, c.V, c.Type, c.Pass, c.Result)
		}
		if c.Scenario < order {
			t.Errorf("scenario %s after %s", c.Scenario, order)
		}
		order = c.Scenario
		switch c.Result {
		case "pass":
			want.Passed++
			if len(c.Deliveries) == 0 || c.Error != nil || len(c.Mismatches) > 0 {
				t.Errorf("%s/%s passes with %d deliveries, %v, %v", c.Scenario, c.Case, len(c.Deliveries), c.Mismatches, c.Error)
			}
		case "skipped":
			want.Skipped++
			if c.Reason == "" || len(c.Deliveries) > 0 {
				t.Errorf("%s/%s is skipped because %q, with %d deliveries", c.Scenario, c.Case, c.Reason, len(c.Deliveries))
			}
		}
	}
	if d := cmp.Diff(want, got); d != "" || got.Passed == 0 {
		t.Errorf("summary: %s", d)
	}
}

// One case in full: the baseline of the first scenario that there was.
func TestRunJSONOfACase(t *testing.T) {
	cases, _ := runJSON(t, exitOK, "gmail-ipv6-ptr", "--case", "ptr")
	if len(cases) != 2 || cases[0].Case != "no-ptr" || cases[1].Cures != "no-ptr" {
		t.Fatalf("cases: %+v, want no-ptr and ptr", cases)
	}
	red, green := cases[0], cases[1]
	d, a := red.Deliveries[0], red.Attempts[0]
	if d.Recipient != "recipient3@gmail.com" || d.Outcome != "bounced" || d.Status != "5.7.1" ||
		d.Relay == nil || d.Relay.Host != "gmail-smtp-in.l.google.com" || !d.Relay.Addr.Is6() || d.Relay.Port != 25 {
		t.Errorf("delivery: %+v", d)
	}
	if a.Receiver != "gmail@2013-unsolicited" || a.Client.String() != "2001:db8::f03c:91ff:fe6e:423f" ||
		a.Stage != "data" || a.Rule != "gmail/ptr-missing" || len(a.Reply) < 2 || !strings.HasPrefix(a.Reply[0], "550-5.7.1 ") {
		t.Errorf("attempt: %+v", a)
	}
	found := map[string]string{}
	for _, r := range a.Results {
		found[r.Method] = r.Value
		if (r.Method == "spf") != (r.Lookups != nil) {
			t.Errorf("result %+v: lookups for spf and no other", r)
		}
	}
	if found["iprev"] != "permerror" || found["spf"] == "" {
		t.Errorf("results: %v", found)
	}
	if q := red.Questions; len(q) == 0 || q[0].Asker != "gmail" || q[0].Type != "PTR" || q[0].RCode != "NXDOMAIN" {
		t.Errorf("questions: %+v", q)
	}
	if green.Deliveries[0].Outcome != "sent" || green.Attempts[0].Rule != "" {
		t.Errorf("cure: %+v", green)
	}
}

// A baseline that is refused by another rule than it says, with a case that
// depends on it.
func TestRunJSONUnproven(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	path := filepath.Join(dir, "wrong.txtar")
	text := `-- scenario.yaml --
title: A rule that does not decide
host: {name: mail.example.com, ipv6: "2001:db8::10"}
receivers:
  - {profile: gmail@2013-unsolicited, domains: [gmail.com]}
send: {from: me@example.com, to: you@gmail.com}
cases:
  - name: red
    want: {outcome: bounced, rule: gmail/ptr-mismatch}
  - name: green
    cures: red
    want: {outcome: sent}
-- dns/example.com.zone --
@     TXT   "v=spf1 ip6:2001:db8::10 -all"
mail  AAAA  2001:db8::10
-- green/dns/ptr --
2001:db8::10  mail.example.com
`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cases, summary := runJSON(t, exitMismatch, path)
	red, green := cases[0], cases[1]
	if red.Result != "mismatch" || len(red.Mismatches) != 1 || red.Mismatches[0].Field != "rule" ||
		red.Mismatches[0].Want != "gmail/ptr-mismatch" || red.Mismatches[0].Got != "gmail/ptr-missing" {
		t.Errorf("red: %s %+v", red.Result, red.Mismatches)
	}
	const why = "its baseline red did not fail as stated: rule: want gmail/ptr-mismatch, got gmail/ptr-missing"
	if green.Result != "unproven" || green.Pass || green.Reason != why || green.Deliveries[0].Outcome != "sent" {
		t.Errorf("green: %s because %q", green.Result, green.Reason)
	}
	if _, err := os.Stat(filepath.Join(red.Kept, "transcripts.txt")); err != nil {
		t.Errorf("kept: %v", err)
	}
	if summary.Mismatched != 1 || summary.Unproven != 1 || summary.Passed != 0 {
		t.Errorf("summary: %+v", summary)
	}
}

func TestJudgeJSON(t *testing.T) {
	dir := t.TempDir()
	zone := "@ TXT \"v=spf1 include:a.example.com include:b.example.com -all exp=why.example.com\"\n" +
		"a TXT \"v=spf1 a:c.example.com ~all\"\nb TXT \"v=spf1 ip4:203.0.113.10 ?all\"\nwhy TXT \"%{c} may not\"\n"
	if err := os.WriteFile(filepath.Join(dir, "example.com.zone"), []byte(zone), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := strictmx("judge", "--zones", dir, "--client", "2001:db8::99", "--helo", "mail.example.com",
		"--mail-from", "me@example.com", "--receiver", "gmail", "--receiver", "google-apps", "--format", "json")
	if code != exitMismatch || stderr != "" {
		t.Fatalf("exit code %d, want %d\n%s", code, exitMismatch, stderr)
	}
	var got struct {
		V         int           `json:"v"`
		Type      string        `json:"type"`
		Results   []resultField `json:"results"`
		Receivers []struct {
			Receiver string        `json:"receiver"`
			Decision string        `json:"decision"`
			Stage    string        `json:"stage"`
			Rule     string        `json:"rule"`
			Reply    []string      `json:"reply"`
			Results  []resultField `json:"results"` // added
			Remedy   string        `json:"remedy"`  // added
			Cures    []struct {    // added
				Changes []struct {
					Check  string   `json:"check"`
					Values []string `json:"values"`
				} `json:"changes"`
				Client string `json:"client"`
				Text   string `json:"text"`
			} `json:"cures"`
			Recipients []struct { // added
				To       string   `json:"to"`
				Decision string   `json:"decision"`
				Stage    string   `json:"stage"`
				Rule     string   `json:"rule"`
				Reply    []string `json:"reply"`
			} `json:"recipients"`
		} `json:"receivers"`
	}
	strict(t, []byte(stdout), &got)
	if got.V != 1 || got.Type != "judge" || len(got.Receivers) != 2 {
		t.Fatalf("judgement: %+v", got)
	}
	if c := got.Receivers[0].Cures; len(c) != 2 || len(c[0].Changes) != 2 || c[0].Changes[0].Check != "iprev" || c[0].Text == "" {
		t.Errorf("cures: %+v", c)
	}
	for _, r := range got.Results {
		if r.Method != "spf" {
			continue
		}
		// include, include's a, include: the first TXT query does not count.
		if r.Value != "fail" || r.Identity != "mailfrom" || r.Domain != "example.com" || *r.Lookups != 3 ||
			*r.VoidLookups != 1 || r.Explanation != "2001:db8::99 may not" {
			t.Errorf("spf: %+v, %d lookups, %d void", r, *r.Lookups, *r.VoidLookups)
		}
	}
	if r := got.Receivers[0]; r.Receiver != "gmail" || r.Decision != "reject" || r.Stage != "data" ||
		r.Rule != "gmail/ptr-missing" || !strings.HasPrefix(r.Reply[0], "550-5.7.25 ") {
		t.Errorf("gmail: %+v", r)
	}
	if to := got.Receivers[0].Recipients; len(to) != 1 || to[0].To != "recipient@example.net" || to[0].Decision != "reject" ||
		to[0].Stage != "data" || to[0].Rule != "gmail/ptr-missing" || !strings.HasPrefix(to[0].Reply[0], "550-5.7.25 ") {
		t.Errorf("gmail's recipients: %+v", to)
	}
	if r := got.Receivers[1]; r.Receiver != "google-apps" || r.Decision != "accept" || r.Rule != "" {
		t.Errorf("google-apps: %+v", r)
	}

	// Without a receiver the list is there, and empty.
	_, stdout, _ = strictmx("judge", "--zones", dir, "--client", "203.0.113.10", "--format", "json")
	wantFields(t, []byte(stdout), "v type results receivers")
	if !strings.Contains(stdout, `"receivers":[]`) {
		t.Errorf("receivers: want an empty list in\n%s", stdout)
	}
}
