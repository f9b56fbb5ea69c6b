package verdict

import (
	"slices"
	"testing"
	"time"

	"strictmx/internal/mail"
	"strictmx/scenarios"
)

// inSteps is what was seen in one step after another.
func inSteps(texts ...string) Observed {
	var out Observed
	for step, text := range texts {
		o := observed(text)
		for i := range o.Deliveries {
			o.Deliveries[i].Step = step
		}
		for i := range o.Attempts {
			o.Attempts[i].Step = step
		}
		out.Deliveries = slices.Concat(out.Deliveries, o.Deliveries)
		out.Attempts = slices.Concat(out.Attempts, o.Attempts)
	}
	return out
}

const (
	greyOver6 = `
		0 x@gmail.com deferred 4.7.1 2001:db8:400d:c00::1a
		at 0 rcpt gmail/grey 2001:db8:400d:c00::1a x@gmail.com`
	greetedBadly = `
		0 x@gmail.com deferred 4.7.1 2001:db8:400d:c00::1a
		at - connect gmail/rate 2001:db8:400d:c00::1a`
	noAnswer = `
		0 x@gmail.com deferred 4.4.1 none`
	laterOver6 = `
		1 x@gmail.com sent 2.0.0 2001:db8:400d:c00::1a
		at 1 data - 2001:db8:400d:c00::1a x@gmail.com`
)

// A want with a step is about what was seen until the end of the step; one without
// about the end. The case has three steps.
func TestJudgeSteps(t *testing.T) {
	patient := inSteps(greyOver6, greyOver6, sentOver6)
	for _, tt := range []struct {
		name string
		want []scenarios.Want
		seen Observed
		out  string
	}{
		{"as it came", []scenarios.Want{
			{Step: ptr(0), Outcome: mail.Deferred, Rule: "grey", Attempts: ptr(1)},
			{Step: ptr(1), Outcome: mail.Deferred, Rule: "grey", Attempts: ptr(2)},
			{Step: ptr(2), Outcome: mail.Sent, Attempts: ptr(3)},
		}, patient, ""},
		{"the end", []scenarios.Want{{Outcome: mail.Sent, Stage: ptr(mail.Data), Attempts: ptr(3)}}, patient, ""},
		{"not yet", []scenarios.Want{{Step: ptr(1), Outcome: mail.Sent}}, patient, "outcome want sent got deferred"},
		{"no more", []scenarios.Want{{Outcome: mail.Deferred}}, patient, "outcome want deferred got sent"},
		{"attempts until then", []scenarios.Want{{Step: ptr(1), Outcome: mail.Deferred, Attempts: ptr(3)}}, patient, "attempts want 3 got 2"},
		{"it stays sent", []scenarios.Want{{Step: ptr(1), Outcome: mail.Sent, Attempts: ptr(1)}}, inSteps(sentOver6, ""), ""},
		{"by name at one step, all at another", []scenarios.Want{
			{To: "x@gmail.com", Step: ptr(0), Outcome: mail.Deferred}, {Outcome: mail.Deferred},
		}, patient, "outcome want deferred got sent"},
		{"nothing by then", []scenarios.Want{{Step: ptr(0), Outcome: mail.Deferred}}, inSteps("", sentOver6), "outcome want deferred got none"},
		{"no receiver in the last step", []scenarios.Want{{Outcome: mail.Deferred, Rule: "grey", Attempts: ptr(1)}}, inSteps(greyOver6, noAnswer), "rule want grey got no attempt"},
		{"sessions that name nobody", []scenarios.Want{
			{Step: ptr(0), Outcome: mail.Deferred, Rule: "rate", Attempts: ptr(1)}, {Outcome: mail.Sent, Attempts: ptr(2)},
		}, inSteps(greetedBadly, sentOver6), ""},
		{"twice, in steps", []scenarios.Want{{Outcome: mail.Sent}}, inSteps(sentOver6, sentOver6), "duplicate want sent once got sent 2 times"},
	} {
		c := oneCase(tt.want...)
		c.Waits = []time.Duration{time.Minute, time.Hour}
		expect(t, tt.name, tt.out, fields(Judge(c, tt.seen)))
	}
}

// A want does not speak of what is sent after its step.
func TestJudgeStepOfMessages(t *testing.T) {
	for _, tt := range []struct {
		name string
		seen Observed
		out  string
	}{
		{"as it should be", inSteps(greyOver6, sentOver6+laterOver6), ""},
		{"the second is lost", inSteps(greyOver6, sentOver6), "outcome want sent got none"},
	} {
		c := oneCase(scenarios.Want{Step: ptr(0), Outcome: mail.Deferred}, scenarios.Want{Outcome: mail.Sent})
		c.Waits = []time.Duration{time.Minute}
		c.Messages = append(c.Messages, message("x@gmail.com"))
		c.Messages[1].Step = 1
		expect(t, tt.name, tt.out, fields(Judge(c, tt.seen)))
	}
}

// Mail that comes to no end is as nobody wants it.
func TestJudgeUnsettled(t *testing.T) {
	o := observed(bouncedOver6)
	o.Unsettled = []string{"message 0, queue id 1E92F204: not yet removed"}
	got := fields(Judge(oneCase(scenarios.Want{Outcome: mail.Bounced}), o))
	expect(t, "a bounce without its notice", "unsettled want none got message 0, queue id 1E92F204: not yet removed", got)
}

// A cure may be that a receiver is told less, or that the sender waits; one whose
// receivers are told the same in another order cures nothing.
func TestConcludeSeedsAndWaits(t *testing.T) {
	told := func(entries ...string) map[string]scenarios.Seed {
		return map[string]scenarios.Seed{"gmail": {Listed: map[string][]string{"own": entries}}}
	}
	forced := func(times int) map[string]scenarios.Seed {
		return map[string]scenarios.Seed{"gmail": {Force: []scenarios.Force{{Rule: "ptr-missing", Times: times}}}}
	}
	const same = "cure want something that differs from no-ptr got nothing"
	for _, tt := range []struct {
		name       string
		base, cure func(*scenarios.Case)
		out        string
	}{
		{"nothing", func(*scenarios.Case) {}, func(*scenarios.Case) {}, same},
		{"no longer listed", func(c *scenarios.Case) { c.Seeds = told("203.0.113.10") }, func(*scenarios.Case) {}, ""},
		{"another order", func(c *scenarios.Case) { c.Seeds = told("a.example", "b.example") }, func(c *scenarios.Case) { c.Seeds = told("b.example", "a.example") }, same},
		{"less often", func(c *scenarios.Case) { c.Seeds = forced(0) }, func(c *scenarios.Case) { c.Seeds = forced(1) }, ""},
		{"as often", func(c *scenarios.Case) { c.Seeds = forced(1) }, func(c *scenarios.Case) { c.Seeds = forced(1) }, same},
		{"waits", func(*scenarios.Case) {}, func(c *scenarios.Case) { c.Waits = []time.Duration{time.Hour} }, ""},
	} {
		b, c := named(oneCase(noPTR), "no-ptr", "", ""), named(oneCase(scenarios.Want{Outcome: mail.Sent}), "ptr", "no-ptr", "")
		tt.base(&b)
		tt.cure(&c)
		cases := []CaseResult{ran(b, bouncedOver6), ran(c, sentOver6)}
		Conclude(cases)
		expect(t, tt.name, tt.out, fields(cases[1].Mismatches))
	}
}
