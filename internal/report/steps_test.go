package report

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"strictmx/internal/mail"
	"strictmx/internal/verdict"
	"strictmx/scenarios"
)

// deferred is a first try that was put off, in a step.
func deferred(step int) verdict.Observed {
	o := bounced()
	for i := range o.Deliveries {
		d := &o.Deliveries[i]
		d.Step, d.Outcome, d.Status, d.Text = step, mail.Deferred, mail.Status{Class: 4, Subject: 7, Detail: 1}, "host gmail-smtp-in.l.google.com said: 450 4.7.1 later"
	}
	for i := range o.Attempts {
		a := &o.Attempts[i]
		a.Step, a.Rule, a.Reply, a.Stage = step, "gmail/rate", []string{"450 4.7.1 later"}, mail.Rcpt
	}
	return o
}

// then is what was seen in one step after another.
func then(all ...verdict.Observed) verdict.Observed {
	var out verdict.Observed
	for _, o := range all {
		out.Deliveries = slices.Concat(out.Deliveries, o.Deliveries)
		out.Attempts = slices.Concat(out.Attempts, o.Attempts)
	}
	return out
}

// steps is a run in which receivers were told things and time passed.
func steps() Report {
	listed := theCase("listed", "", mail.Deferred, "")
	listed.Waits = []time.Duration{time.Minute}
	listed.Seeds = map[string]scenarios.Seed{"gmail": {
		Listed:  map[string][]string{"own": {"203.0.113.0/24", "example.com"}},
		Unknown: []string{"@googlemail.com"}, Full: []string{"you@gmail.com"},
		Force: []scenarios.Force{{Rule: "rate"}, {Rule: "spam", Times: 1}, {Rule: "size", Times: 2}},
	}}
	patient := theCase("patient", "listed", mail.Sent, "")
	patient.Waits = []time.Duration{90 * time.Second, 24 * time.Hour}
	patient.Seeds = map[string]scenarios.Seed{"gmail": {Full: []string{"you@gmail.com"}}}
	hasty := theCase("hasty", "listed", mail.Sent, "")
	hasty.Waits = []time.Duration{time.Minute}
	last := sent(gmail6, host6)
	last.Deliveries[0].Step, last.Attempts[0].Step = 2, 2
	cases := run(
		verdict.CaseResult{Case: listed, Observed: then(deferred(0), deferred(1))},
		verdict.CaseResult{Case: patient, Observed: then(deferred(0), last)},
		verdict.CaseResult{Case: hasty, Observed: then(deferred(0), deferred(1))},
	)
	cases[1].Warnings = []string{"/etc/postfix/main.cf: unused parameter: smtp_adress_preference=ipv6"}
	return reportOf(cases)
}

// What the mail system has against its configuration is in the JSON of its case.
func TestJSONWarnings(t *testing.T) {
	for i, want := range [][]string{{}, {"/etc/postfix/main.cf: unused parameter: smtp_adress_preference=ipv6"}} {
		var b bytes.Buffer
		if err := JSONCase(&b, steps().Cases[i]); err != nil {
			t.Fatal(err)
		}
		var got struct {
			Warnings []string `json:"warnings"`
		}
		if err := json.Unmarshal(b.Bytes(), &got); err != nil || got.Warnings == nil || !slices.Equal(got.Warnings, want) {
			t.Errorf("warnings %q, %v, want %q", got.Warnings, err, want)
		}
	}
}

func TestShort(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"24h": 24 * time.Hour, "10m": 10 * time.Minute, "1m30s": 90 * time.Second, "1h30m": 90 * time.Minute, "1h0m5s": time.Hour + 5*time.Second, "20s": 20 * time.Second,
	} {
		if got := short(d); got != want {
			t.Errorf("short(%s) = %s, want %s", d, got, want)
		}
	}
}

// Part of a cure is what it sends in place of what its baseline sends.
func TestSending(t *testing.T) {
	two := func(name string) Case {
		m := scenarios.Message{From: "me@example.com", To: []string{"you@gmail.com"}, Via: "smtp", Content: []byte("Subject: strictmx " + name + "\r\n\r\nx\r\n")}
		return Case{Name: name, Messages: []scenarios.Message{m, m}}
	}
	base := two("no-ptr")
	for _, tt := range []struct {
		name   string
		change func(*Case)
		want   []string
	}{
		{"the case's name", func(*Case) {}, nil},
		{"fewer", func(c *Case) { c.Messages = c.Messages[:1] }, []string{"the number of messages is 1, and not 2"}},
		{"the sender", func(c *Case) { c.Messages[1].From = "" }, []string{"message 2 is from <>, and not from <me@example.com>"}},
		{"a recipient", func(c *Case) { c.Messages[0].To = []string{"you@gmail.com", "other@gmail.com"} }, []string{
			"message 1 is for you@gmail.com, other@gmail.com, and not for you@gmail.com",
		}},
		{"the way", func(c *Case) { c.Messages[0].Via = "sendmail" }, []string{"message 1 comes by sendmail, and not by smtp"}},
		{"the time", func(c *Case) { c.Messages[1].Step = 2 }, []string{"message 2 is sent in step 2, and not in step 0"}},
		{"the content", func(c *Case) { c.Messages[0].Content = []byte("Subject: other\r\n\r\nx\r\n") }, []string{
			"message 1 is another one, of 21 octets and not of 31",
		}},
		{"the content, no longer", func(c *Case) { c.Messages[1].Content = []byte("Subject: strictmx ptr   \r\n\r\ny\r\n") }, []string{
			"message 2 is another one",
		}},
	} {
		c := two("ptr")
		tt.change(&c)
		if got := sending(c, base); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if got := sending(base, Case{}); got != nil {
		t.Errorf("without its baseline: %q", got)
	}
}
