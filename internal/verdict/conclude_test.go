package verdict

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"strictmx/internal/mail"
	"strictmx/scenarios"
)

// files makes a case's files from one zone text.
func files(ptr string) map[string]scenarios.File {
	return map[string]scenarios.File{"dns/ptr": {Fragments: []scenarios.Fragment{{Path: "dns/ptr", Text: ptr}}}}
}

var (
	data     = mail.Data
	noPTR    = scenarios.Want{Outcome: mail.Bounced, Status: status("5.7.1"), Client: "ipv6", Stage: &data, Rule: "ptr-missing"}
	baseline = named(oneCase(noPTR), "no-ptr", "", "")
	cure     = named(oneCase(scenarios.Want{Outcome: mail.Sent, Client: "ipv6"}), "ptr", "no-ptr", "2001:db8::25 mx.example.com")
)

func named(c scenarios.Case, name, cures, ptr string) scenarios.Case {
	c.Name, c.Cures, c.Files = name, cures, files(ptr)
	return c
}

const (
	sentOver6 = `
		0 x@gmail.com sent 2.0.0 2001:db8:400d:c00::1a
		at 0 data - 2001:db8:400d:c00::1a x@gmail.com`
	bouncedOver4 = `
		0 x@gmail.com bounced 5.7.1 198.51.100.26
		at 0 data gmail/ptr-missing 198.51.100.26 x@gmail.com`
	bouncedByOther = `
		0 x@gmail.com bounced 5.7.1 2001:db8:400d:c00::1a
		at 0 data gmail/spf-fail 2001:db8:400d:c00::1a x@gmail.com`
)

// ran is a case that was run, and judged.
func ran(c scenarios.Case, seen string) CaseResult {
	o := observed(seen)
	return CaseResult{Case: c, Observed: o, Mismatches: Judge(c, o)}
}

// A cure counts only if its baseline failed as stated, in the same run.
func TestConclude(t *testing.T) {
	notCure := named(oneCase(noPTR), "spf-alone", "", "203.0.113.10 mx.example.com")
	notCure.FailsToCure = "no-ptr"
	anyBaseline := named(oneCase(), "no-ptr", "", "") // states nothing
	elsewhere := named(oneCase(scenarios.Want{Outcome: mail.Sent}), "ptr", "no-ptr", "")
	elsewhere.Messages = []scenarios.Message{message("x@yahoo.com")}
	alsoElsewhere := named(elsewhere, "ptr", "no-ptr", "2001:db8::25 mx.example.com")
	alsoElsewhere.Messages = []scenarios.Message{message("x@Gmail.com", "x@yahoo.com")}
	const sentElsewhere = `
		0 x@yahoo.com sent 2.0.0 2001:db8:400d:c00::1a
		at 0 data - 2001:db8:400d:c00::1a x@yahoo.com`
	twoOfThem := named(oneCase(), "no-ptr", "", "")
	twoOfThem.Messages = alsoElsewhere.Messages
	forwarded := named(oneCase(scenarios.Want{To: "x@gmail.com", Outcome: mail.Bounced}), "no-ptr", "", "")
	forwarded.Messages = []scenarios.Message{message("friends@example.com")}
	alias := named(oneCase(scenarios.Want{To: "x@gmail.com", Outcome: mail.Sent}), "ptr", "no-ptr", "2001:db8::25 mx.example.com")
	alias.Messages = forwarded.Messages
	direct := named(oneCase(scenarios.Want{Outcome: mail.Sent}), "ptr", "no-ptr", "2001:db8::25 mx.example.com")
	aliased := func(c scenarios.Case, seen string) CaseResult {
		o := observed(seen)
		o.Deliveries[0].OrigTo = "friends@example.com"
		return CaseResult{Case: c, Observed: o, Mismatches: Judge(c, o)}
	}
	sameAgain := named(oneCase(scenarios.Want{Outcome: mail.Sent}), "ptr", "no-ptr", "")
	for _, tt := range []struct {
		name  string
		cases []CaseResult
		out   string
	}{
		{
			"proven",
			[]CaseResult{ran(baseline, bouncedOver6), ran(cure, sentOver6), ran(notCure, bouncedOver6)},
			"no-ptr pass\nptr pass\nspf-alone pass",
		},
		{ // the order of the cases is that of the file, whatever it is
			"cure before baseline",
			[]CaseResult{ran(cure, sentOver6), ran(baseline, bouncedOver6)},
			"ptr pass\nno-ptr pass",
		},
		{
			"the baseline was delivered",
			[]CaseResult{ran(baseline, sentOver6), ran(cure, sentOver6), ran(notCure, bouncedOver6)},
			`
			no-ptr mismatch
			ptr unproven its baseline no-ptr did not fail as stated: outcome: want bounced, got sent, and 2 more
			spf-alone unproven its baseline no-ptr did not fail as stated: outcome: want bounced, got sent, and 2 more`,
		},
		{
			"the baseline used the other address family",
			[]CaseResult{ran(baseline, bouncedOver4), ran(cure, sentOver6)},
			`
			no-ptr mismatch
			ptr unproven its baseline no-ptr did not fail as stated: client: want ipv6, got ipv4`,
		},
		{
			"the baseline was refused by another rule",
			[]CaseResult{ran(baseline, bouncedByOther), ran(cure, sentOver6)},
			`
			no-ptr mismatch
			ptr unproven its baseline no-ptr did not fail as stated: rule: want ptr-missing, got gmail/spf-fail`,
		},
		{
			"the baseline states nothing, and was delivered",
			[]CaseResult{ran(anyBaseline, sentOver6), ran(cure, sentOver6)},
			`
			no-ptr pass
			ptr unproven its baseline no-ptr did not fail: nothing bounced and nothing was deferred`,
		},
		{
			"the cure is for another recipient",
			[]CaseResult{ran(baseline, bouncedOver6), ran(elsewhere, sentElsewhere), ran(alsoElsewhere, sentOver6+sentElsewhere)},
			`
			no-ptr pass
			ptr unproven it sends to nobody whom its baseline no-ptr did not reach
			ptr pass`,
		},
		{
			"the cure leaves out who was not reached",
			[]CaseResult{ran(twoOfThem, bouncedOver6+sentElsewhere), ran(elsewhere, sentElsewhere), ran(alsoElsewhere, sentOver6+sentElsewhere)},
			`
			no-ptr pass
			ptr unproven it sends to nobody whom its baseline no-ptr did not reach
			ptr pass`,
		},
		{
			"it is a forwarded address that was not reached",
			[]CaseResult{aliased(forwarded, bouncedOver6), aliased(alias, sentOver6), ran(direct, sentOver6), ran(elsewhere, sentElsewhere)},
			`
			no-ptr pass
			ptr pass
			ptr pass
			ptr unproven it sends to nobody whom its baseline no-ptr did not reach`,
		},
		{
			"the baseline was not run",
			[]CaseResult{ran(cure, sentOver6)},
			"ptr unproven its baseline no-ptr was not run",
		},
		{
			"the lab broke in the baseline",
			[]CaseResult{{Case: baseline, Err: errors.New("no network")}, ran(cure, sentOver6)},
			`
			no-ptr error
			ptr unproven its baseline no-ptr could not be run: no network`,
		},
		{
			"the baseline was skipped",
			[]CaseResult{{Case: baseline, Skip: "needs Postfix"}, ran(cure, sentOver6)},
			`
			no-ptr skipped needs Postfix
			ptr skipped its baseline no-ptr was skipped: needs Postfix`,
		},
		{
			"the cure did not work",
			[]CaseResult{ran(baseline, bouncedOver6), ran(cure, bouncedOver6)},
			"no-ptr pass\nptr mismatch",
		},
		{
			"the cure adds nothing",
			[]CaseResult{ran(baseline, bouncedOver6), ran(sameAgain, sentOver6)},
			"no-ptr pass\nptr mismatch",
		},
		{
			"the lab broke in the cure",
			[]CaseResult{ran(baseline, bouncedOver6), {Case: cure, Err: errors.New("no network")}},
			"no-ptr pass\nptr error",
		},
	} {
		Conclude(tt.cases)
		Conclude(tt.cases) // which changes nothing
		out := ""
		for _, c := range tt.cases {
			out += fmt.Sprintf("%s %s", c.Case.Name, c.Result)
			if c.Reason != "" {
				out += " " + c.Reason
			}
			out += "\n"
		}
		expect(t, tt.name, tt.out, out)
	}
}

// A cure may change something other than files.
func TestSameWorld(t *testing.T) {
	base := named(oneCase(), "no-ptr", "", "")
	base.Messages[0].Content = []byte("To: no-ptr@gmail.com\r\nSubject: strictmx no-ptr\r\nMessage-ID: <s.no-ptr.0@h>\r\n\r\nThis message is for the case no-ptr.\r\n")
	same := named(oneCase(), "ptr", "no-ptr", "\n")
	same.Messages[0].Content = []byte("To: no-ptr@gmail.com\r\nSubject: strictmx ptr\r\nMessage-ID: <s.ptr.0@h>\r\n\r\nThis message is for the case ptr.\r\n")
	if !sameWorld(same, base) {
		t.Error("a case that differs in its name only is another world")
	}
	for name, change := range map[string]func(*scenarios.Case){
		"down":    func(c *scenarios.Case) { c.Down = []scenarios.Endpoint{{Receiver: "gmail", Family: "ipv4"}} },
		"silent":  func(c *scenarios.Case) { c.Silent = []scenarios.Endpoint{{Receiver: "gmail", Family: "ipv4"}} },
		"fault":   func(c *scenarios.Case) { c.Faults = []scenarios.Fault{{Name: "a.example", Fault: "servfail"}} },
		"to":      func(c *scenarios.Case) { c.Messages = []scenarios.Message{message("y@gmail.com")} },
		"content": func(c *scenarios.Case) { c.Messages[0].Content = []byte("Subject: other\r\n\r\n") },
		"message-id": func(c *scenarios.Case) {
			c.Messages[0].Content = bytes.Replace(c.Messages[0].Content, []byte("Message-ID: <s.ptr.0@h>\r\n"), nil, 1)
		},
		"another message-id": func(c *scenarios.Case) {
			c.Messages[0].Content = bytes.Replace(c.Messages[0].Content, []byte("<s.ptr.0@h>"), []byte("s.ptr.0"), 1)
		},
		"file":  func(c *scenarios.Case) { c.Files = files("203.0.113.10 mx.example.com") },
		"files": func(c *scenarios.Case) { c.Files = map[string]scenarios.File{} },
	} {
		c := same
		c.Messages = []scenarios.Message{same.Messages[0]}
		change(&c)
		if sameWorld(c, base) {
			t.Errorf("%s: want another world", name)
		}
	}
}

func ExampleConclude() {
	cases := []CaseResult{
		{
			Case:       scenarios.Case{Name: "no-ptr"},
			Mismatches: []Mismatch{{Field: "client", Want: "ipv6", Got: "ipv4"}},
		},
		{
			Case: scenarios.Case{Name: "ptr", Cures: "no-ptr", Down: []scenarios.Endpoint{{Receiver: "gmail", Family: "ipv4"}}},
		},
	}
	Conclude(cases)
	for _, c := range cases {
		fmt.Printf("%s: %s %q\n", c.Case.Name, c.Result, c.Reason)
	}
	// Output:
	// no-ptr: mismatch ""
	// ptr: unproven "its baseline no-ptr did not fail as stated: client: want ipv6, got ipv4"
}
