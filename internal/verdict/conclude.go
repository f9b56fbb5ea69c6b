package verdict

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"strictmx/internal/mail"
	"strictmx/scenarios"
)

// A Result is what a case came to.
type Result string

const (
	Pass       Result = "pass"     // all as wanted and, for a cure, proven
	Mismatched Result = "mismatch" // something wanted was not seen
	Unproven   Result = "unproven" // a cure of something that was not shown to be ill
	Errored    Result = "error"    // the lab broke
	Skipped    Result = "skipped"  // not run here, for a stated reason
)

// A CaseResult is one case that was run, or was not. The zero value of what is not
// known is right.
type CaseResult struct {
	Case       scenarios.Case
	Observed   Observed
	Mismatches []Mismatch // from Judge
	Err        error      // the lab's
	Skip       string     // why it was not run

	Result Result // set by Conclude
	Reason string // set by Conclude: why the case is unproven or skipped
}

// Conclude decides the results of one scenario's cases, in place.
//
// A cure, and likewise a case that fails to cure, counts only if its baseline
// failed as stated in the same run: with every field of its want, rule included,
// and with at least one recipient that was not delivered to. Otherwise a case that
// did all that it wants is unproven. Where the baseline was skipped, which is no
// fault of anybody's, the cure is skipped too. A cure whose world is the baseline's
// own is a mismatch, whatever became of its mail. One that sends to nobody whom its
// baseline did not reach is about something else, and unproven.
func Conclude(cases []CaseResult) {
	for i := range cases {
		c := &cases[i]
		c.Reason = ""
		switch {
		case c.Err != nil:
			c.Result = Errored
		case c.Skip != "":
			c.Result, c.Reason = Skipped, c.Skip
		case len(c.Mismatches) > 0:
			c.Result = Mismatched
		default:
			c.Result = Pass
		}
	}
	for i := range cases {
		prove(&cases[i], cases)
	}
}

// prove turns a passed cure into what its baseline makes of it.
func prove(c *CaseResult, cases []CaseResult) {
	name := c.Case.Cures + c.Case.FailsToCure // one of them is empty
	if name == "" || c.Result == Skipped || c.Result == Errored {
		return
	}
	i := slices.IndexFunc(cases, func(b CaseResult) bool { return b.Case.Name == name })
	if i >= 0 && sameWorld(c.Case, cases[i].Case) {
		m := Mismatch{
			Field: "cure", Want: "something that differs from " + name, Got: "nothing", Message: -1, At: c.Case.At,
		}
		if !slices.Contains(c.Mismatches, m) {
			c.Mismatches = append(c.Mismatches, m)
		}
		c.Result = Mismatched
	}
	if c.Result != Pass {
		return
	}
	if i < 0 {
		c.Result, c.Reason = Unproven, fmt.Sprintf("its baseline %s was not run", name)
		return
	}
	b := cases[i]
	switch b.Result {
	case Pass:
		if !failed(b.Observed) {
			c.Result, c.Reason = Unproven, fmt.Sprintf("its baseline %s did not fail: nothing bounced and nothing was deferred", name)
		} else if !shareIll(c.Case, b) {
			c.Result, c.Reason = Unproven, fmt.Sprintf("it sends to nobody whom its baseline %s did not reach", name)
		}
	case Skipped:
		c.Result, c.Reason = Skipped, fmt.Sprintf("its baseline %s was skipped: %s", name, b.Reason)
	case Errored:
		c.Result, c.Reason = Unproven, fmt.Sprintf("its baseline %s could not be run: %v", name, b.Err)
	default:
		c.Result, c.Reason = Unproven, fmt.Sprintf("its baseline %s did not fail as stated: %s", name, b.why())
	}
}

// shareIll tells whether a cure sends to somebody whom its baseline did not reach. Where
// mail is forwarded and the log does not tell for whom it was (.forward, a filter), anybody
// to whom the baseline sends will do.
func shareIll(cure scenarios.Case, base CaseResult) bool {
	ill := func(to string) bool {
		return slices.ContainsFunc(recipientsOf(base.Observed.Deliveries), func(r Recipient) bool {
			return r.named(to) && r.Last().Outcome != mail.Sent
		})
	}
	told := addressed(base.Case)
	if slices.ContainsFunc(told, ill) {
		return slices.ContainsFunc(addressed(cure), ill)
	}
	return slices.ContainsFunc(addressed(cure), func(to string) bool {
		return ill(to) || slices.ContainsFunc(told, func(other string) bool { return SameAddress(other, to) })
	})
}

// addressed are the recipients of a case's messages.
func addressed(c scenarios.Case) []string {
	var out []string
	for _, m := range c.Messages {
		out = append(out, m.To...)
	}
	return out
}

// why says in one line what was wrong with a case.
func (c CaseResult) why() string {
	if len(c.Mismatches) == 0 {
		return c.Reason
	}
	s := c.Mismatches[0].String()
	if n := len(c.Mismatches) - 1; n > 0 {
		s += fmt.Sprintf(", and %d more", n)
	}
	return s
}

// failed tells whether some recipient was not delivered to in the end.
func failed(o Observed) bool {
	return slices.ContainsFunc(recipientsOf(o.Deliveries), func(r Recipient) bool {
		return r.Last().Outcome != mail.Sent
	})
}

// sameWorld tells whether a cure does nothing that its baseline does not do: the
// same files, faults and closed addresses, and the same messages but for the names
// of the cases in them.
func sameWorld(cure, base scenarios.Case) bool {
	if !slices.Equal(cure.Down, base.Down) || !slices.Equal(cure.Silent, base.Silent) {
		return false
	}
	sameFault := func(a, b scenarios.Fault) bool {
		a.At, b.At = scenarios.Position{}, scenarios.Position{}
		return a == b
	}
	if !slices.EqualFunc(cure.Faults, base.Faults, sameFault) || !sameFiles(cure.Files, base.Files) {
		return false
	}
	if !slices.Equal(cure.Waits, base.Waits) || !maps.EqualFunc(cure.Seeds, base.Seeds, sameSeed) {
		return false
	}
	return slices.EqualFunc(cure.Messages, base.Messages, func(a, b scenarios.Message) bool {
		return a.From == b.From && a.Via == b.Via && a.Step == b.Step && slices.Equal(a.To, b.To) &&
			SameContent(a.Content, cure.Name, b.Content, base.Name)
	})
}

// sameSeed tells whether a receiver is told the same, in whatever order.
func sameSeed(a, b scenarios.Seed) bool {
	sameSet := func(a, b []string) bool { return slices.Equal(sorted(a), sorted(b)) }
	return maps.EqualFunc(a.Listed, b.Listed, sameSet) && sameSet(a.Unknown, b.Unknown) && sameSet(a.Full, b.Full) &&
		slices.EqualFunc(a.Force, b.Force, func(x, y scenarios.Force) bool { return x.Rule == y.Rule && x.Times == y.Times })
}

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

func sameFiles(a, b map[string]scenarios.File) bool {
	if len(a) != len(b) {
		return false
	}
	text := func(f scenarios.Fragment) string { return strings.TrimSpace(f.Text) }
	for path, f := range a {
		g, ok := b[path]
		if !ok || !slices.EqualFunc(f.Fragments, g.Fragments, func(x, y scenarios.Fragment) bool { return text(x) == text(y) }) {
			return false
		}
	}
	return true
}

// SameContent tells whether the messages of two cases are the same but for what is made
// of the cases' names.
func SameContent(a []byte, nameOfA string, b []byte, nameOfB string) bool {
	return bytes.Equal(withoutName(a, nameOfA), withoutName(b, nameOfB))
}

// withoutName takes from a message what is made of the case's name: in the Message-ID
// that it has if it brings none, the subject, and the line that there is where the
// scenario gives no text.
func withoutName(content []byte, name string) []byte {
	made := regexp.MustCompile(`(?m)^(Message-ID: <[0-9A-Za-z-]*\.|Subject:(?:.*[^0-9A-Za-z-])?|This message is for the case )` + regexp.QuoteMeta(name) + `($|[^0-9A-Za-z-])`)
	return made.ReplaceAll(content, []byte("$1$2"))
}
