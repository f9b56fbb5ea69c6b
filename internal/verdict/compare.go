package verdict

import (
	"cmp"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"strictmx/internal/mail"
	"strictmx/scenarios"
)

// compare holds one want against one recipient.
func (j *judge) compare(w scenarios.Want, r Recipient) {
	d := r.Last()
	differ := func(field, want, got string) {
		j.out = append(j.out, Mismatch{
			Field: field, Want: want, Got: got, Message: r.Message, Step: d.Step, Recipient: r.Address, At: w.At,
		})
	}
	if w.Outcome != "" && w.Outcome != d.Outcome {
		differ("outcome", string(w.Outcome), outcomeText(d))
	}
	if !w.Status.IsZero() && w.Status != d.Status {
		differ("status", w.Status.String(), orNone(d.Status.String()))
	}
	if w.Text != "" && !contains(d.Text, w.Text) {
		differ("text", quote(w.Text), quote(d.Text))
	}
	if w.Seconds != nil && !within(*w.Seconds, d.Delay) {
		differ("seconds", rangeText(*w.Seconds), number(d.Delay))
	}
	if w.Attempts != nil {
		if n := len(r.Attempts); n != *w.Attempts {
			differ("attempts", strconv.Itoa(*w.Attempts), strconv.Itoa(n))
		}
	}
	if w.Client == "" && w.Stage == nil && w.Rule == "" && w.Reply == "" && w.Receiver == "" {
		return
	}
	compareAttempt(w, r.Deciding, differ)
}

// compareAttempt holds a want against the deciding attempt. Without one, all that
// is written differs.
func compareAttempt(w scenarios.Want, decided *mail.Attempt, differ func(field, want, got string)) {
	var a mail.Attempt
	if decided != nil {
		a = *decided
	}
	check := func(field, want, got string, same bool) {
		if decided == nil {
			differ(field, want, "no attempt")
		} else if !same {
			differ(field, want, orNone(got))
		}
	}
	if w.Receiver != "" {
		check("receiver", w.Receiver, cmp.Or(a.Name, a.Receiver), sameReceiver(w.Receiver, a))
	}
	if w.Client != "" {
		check("client", w.Client, clientText(w.Client, a.Client), sameClient(w.Client, a.Client))
	}
	if w.Stage != nil {
		check("stage", w.Stage.String(), a.Stage.String(), *w.Stage == a.Stage)
	}
	if w.Rule != "" {
		check("rule", w.Rule, ruleText(a), sameRule(w.Rule, a.Rule))
	}
	if w.Reply != "" {
		check("reply", quote(w.Reply), quote(strings.Join(a.Reply, " ")), containsReply(a.Reply, w.Reply))
	}
}

// outcomeText is an outcome with the reason for which it may surprise.
func outcomeText(d mail.Delivery) string {
	if d.Expired {
		return string(d.Outcome) + " (expired)"
	}
	return string(d.Outcome)
}

// sameReceiver knows a receiver by the name that the scenario gives it, else by that
// of its profile.
func sameReceiver(want string, a mail.Attempt) bool {
	if a.Name != "" {
		return want == a.Name
	}
	name, _, _ := strings.Cut(a.Receiver, "@")
	return want == a.Receiver || want == name
}

// family is the family of an address as it is written in a want.
func family(a netip.Addr) string {
	switch {
	case !a.IsValid():
		return None
	case a.Unmap().Is4():
		return "ipv4"
	}
	return "ipv6"
}

func sameClient(want string, got netip.Addr) bool {
	if a, err := netip.ParseAddr(want); err == nil {
		return a.Unmap() == got.Unmap()
	}
	return want == family(got)
}

// clientText is the family where a family was wanted, else the address.
func clientText(want string, got netip.Addr) string {
	if _, err := netip.ParseAddr(want); err != nil || !got.IsValid() {
		return family(got)
	}
	return got.Unmap().String()
}

// sameRule compares rules. The profile's name is needed only to tell two rules of
// one name apart; a version's label is no part of it.
func sameRule(want, got string) bool {
	profile, rule, ok := strings.Cut(got, "/")
	if !ok {
		return want == got
	}
	profile, _, _ = strings.Cut(profile, "@")
	return want == got || want == rule || want == profile+"/"+rule
}

// ruleText is the rule of an attempt. A session may end without a refusal: Postfix that has
// read too small a SIZE, say, bounces by itself.
func ruleText(a mail.Attempt) string {
	if a.Rule == "" && len(a.Reply) == 0 {
		return None + " (the session ended without a refusal)"
	}
	return a.Rule
}

// contains tells whether got holds want, with blanks collapsed in both.
func contains(got, want string) bool {
	return strings.Contains(collapse(got), collapse(want))
}

// containsReply looks for a text in a reply: as Postfix logs it, codes and all, and
// as people read it, without the codes that stand before each line.
func containsReply(lines []string, want string) bool {
	if contains(strings.Join(lines, " "), want) {
		return true
	}
	var plain []string
	for _, l := range lines {
		if len(l) > 4 {
			l = l[4:]
			if code, rest, _ := strings.Cut(l, " "); mail.IsStatus(code) {
				l = rest
			}
			plain = append(plain, l)
		}
	}
	return contains(strings.Join(plain, " "), want)
}

func collapse(s string) string { return strings.Join(strings.Fields(s), " ") }

func quote(s string) string { return strconv.Quote(collapse(s)) }

func orNone(s string) string {
	if s == "" {
		return None
	}
	return s
}

func within(r scenarios.Range, v float64) bool {
	return (r.Min == nil || v >= *r.Min) && (r.Max == nil || v <= *r.Max)
}

func rangeText(r scenarios.Range) string {
	switch {
	case r.Min == nil && r.Max == nil:
		return "any"
	case r.Max == nil:
		return "at least " + number(*r.Min)
	case r.Min == nil:
		return "at most " + number(*r.Max)
	}
	return fmt.Sprintf("%s to %s", number(*r.Min), number(*r.Max))
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
