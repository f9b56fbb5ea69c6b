package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"strictmx/internal/mail"
	"strictmx/internal/verdict"
)

// Text writes a run for people: the evidence of every case that is not as wanted,
// then of each scenario what failed, why, and what cured it, then the totals.
func Text(w io.Writer, r Report, s Style) error {
	p := printer{style: s}
	for _, c := range r.Cases {
		if c.Result != verdict.Pass && c.Result != verdict.Skipped {
			p.evidence(c)
		}
	}
	for rest := r.Cases; len(rest) > 0; {
		n := slices.IndexFunc(rest, func(c Case) bool { return c.Scenario != rest[0].Scenario })
		if n < 0 {
			n = len(rest)
		}
		p.scenario(rest[:n])
		rest = rest[n:]
	}
	p.totals(r.Summary, r.Cases)
	if _, err := io.WriteString(w, p.text.String()); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// Progress writes the one line that is shown when a case has ended.
func Progress(w io.Writer, c Case, s Style) error {
	text, word := Clean(c.Scenario+"/"+c.Name), s.word(c.Result)
	if c.Cures+c.FailsToCure != "" && c.Result == verdict.Pass {
		word = fmt.Sprintf("%-8s", "done") // whether it proves anything its baseline decides
	}
	_, err := fmt.Fprintf(w, "%s  %-44s  %s  %s\n", word, text, Clean(outcome(c)),
		s.paint(faint, fmt.Sprintf("%.2fs", c.Seconds)))
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// outcome says in a few words what became of a case.
func outcome(c Case) string {
	if c.Error != nil {
		return c.Error.Message
	}
	recipients := verdict.Recipients(verdict.Observed{Deliveries: c.Deliveries, Attempts: c.Attempts})
	switch {
	case c.Result == verdict.Skipped:
		return c.Reason
	case len(recipients) == 0:
		return "no delivery"
	case len(recipients) == 1:
		return fate(recipients[0])
	}
	var order []string
	count := map[string]int{}
	for _, r := range recipients {
		f := fate(r)
		if r.Last().Outcome == mail.Sent {
			f = string(mail.Sent)
		}
		if count[f]++; count[f] == 1 {
			order = append(order, f)
		}
	}
	for i, f := range order {
		order[i] = fmt.Sprintf("%d %s", count[f], f)
	}
	return strings.Join(order, ", ")
}

// fate says in a few words what became of a recipient: "bounced 5.7.1 by
// gmail/ptr-missing over IPv6".
func fate(r verdict.Recipient) string {
	d := r.Last()
	f := string(d.Outcome)
	if d.Expired {
		f = "expired"
	}
	f = strings.TrimSpace(f + " " + d.Status.String())
	if !answered(r) {
		if d.Relay != nil {
			f += " at " + d.Relay.Host
		}
		return f
	}
	f += " by " + cmp.Or(r.Deciding.Rule, r.Deciding.Receiver)
	if a := r.Deciding.Client; a.IsValid() {
		f += " over " + familyOf(a.Unmap().Is4())
	}
	if n := len(r.Attempts); n > 1 {
		f += fmt.Sprintf(" at attempt %d", n)
	}
	return f
}

// answered tells whether a receiver decided. In a session without its last word the
// mail system did: it reads a SIZE that is too small, say, and bounces.
func answered(r verdict.Recipient) bool { return r.Deciding != nil && len(r.Deciding.Reply) > 0 }

func familyOf(v4 bool) string {
	if v4 {
		return "IPv4"
	}
	return "IPv6"
}

// A printer gathers text. Everything that goes in is clean already.
type printer struct {
	style Style
	text  strings.Builder
}

func (p *printer) line(format string, args ...any) {
	fmt.Fprintf(&p.text, format, args...)
	p.text.WriteByte('\n')
}

// wrapped prints text that may be long.
func (p *printer) wrapped(first, next, text string) {
	for _, l := range p.style.wrap(first, next, Clean(text)) {
		p.line("%s", l)
	}
}

// scenario prints what the cases of a scenario showed.
func (p *printer) scenario(cases []Case) {
	p.line("%s", strings.TrimSpace(p.style.paint(bold, Clean(cases[0].Scenario))+"  "+Clean(cases[0].Title)))
	for _, c := range cases {
		p.line("  %s  %s", p.style.word(c.Result), p.style.paint(bold, Clean(c.Name))+role(c))
		p.fates(c)
		for _, text := range c.Warnings {
			p.wrapped(summaryIndent+"warning: ", summaryIndent+"  ", text)
		}
		if c.Cures+c.FailsToCure != "" && c.Result != verdict.Skipped {
			p.added(c, baseline(c, cases))
		}
		if c.Kept != "" && c.Result == verdict.Pass { // else it is told with the evidence
			p.wrapped(summaryIndent+"kept in ", summaryIndent+"  ", c.Kept)
		}
	}
	p.line("")
}

// role says what a case is to another one.
func role(c Case) string {
	switch {
	case c.Cures != "" && c.Result == verdict.Pass:
		return ", cures " + Clean(c.Cures)
	case c.FailsToCure != "" && c.Result == verdict.Pass:
		return ", does not cure " + Clean(c.FailsToCure)
	case c.Cures+c.FailsToCure != "":
		return ", tried on " + Clean(c.Cures+c.FailsToCure)
	}
	return ""
}

const summaryIndent = "            "

// fates prints what became of the recipients and, for those that were refused, why.
func (p *printer) fates(c Case) {
	if c.Reason != "" {
		p.wrapped(summaryIndent, summaryIndent, c.Reason)
	}
	if c.Error != nil {
		p.wrapped(summaryIndent, summaryIndent+"  ", c.Error.String())
		return
	}
	recipients := verdict.Recipients(verdict.Observed{Deliveries: c.Deliveries, Attempts: c.Attempts})
	for _, r := range recipients {
		text := fate(r)
		if len(recipients) > 1 {
			text = r.Address + " " + text
		}
		p.wrapped(summaryIndent, summaryIndent+"  ", text)
		if r.Last().Outcome == mail.Sent {
			continue
		}
		if !answered(r) {
			p.wrapped(summaryIndent+"  ", summaryIndent+"  ", r.Last().Text)
			continue
		}
		p.wrapped(summaryIndent+"  ", summaryIndent+"  ", replyText(r.Deciding.Reply))
		for _, res := range r.Deciding.Results {
			if slices.Contains(unwell, res.Value) {
				p.wrapped(summaryIndent+"  ", summaryIndent+"    ", res.Called()+" "+res.Value+": "+res.Reason)
			}
		}
	}
}

// unwell are the results that may explain a refusal.
var unwell = []string{mail.Fail, mail.SoftFail, mail.TempError, mail.PermError}

// replyText is a reply as one sentence, with code and status once.
func replyText(lines []string) string {
	var words []string
	for i, l := range lines {
		f := strings.Fields(l)
		if i > 0 {
			f = strings.Fields(l[min(4, len(l)):])
			if len(f) > 0 && mail.IsStatus(f[0]) {
				f = f[1:]
			}
		}
		words = append(words, f...)
	}
	text := strings.Join(words, " ")
	if len(lines) > 1 && len(text) > 3 && text[3] == '-' {
		text = text[:3] + " " + text[4:]
	}
	return text
}

// totals prints the last lines.
func (p *printer) totals(s Summary, cases []Case) {
	impossible := 0
	for _, c := range cases {
		if c.Error != nil && c.Error.OfScenario() {
			impossible++
		}
	}
	parts := []string{fmt.Sprintf("%d cases", s.Cases)}
	if s.Cases == 1 {
		parts[0] = "1 case"
	}
	for _, n := range []struct {
		count int
		word  string
		color string
	}{
		{s.Passed, "as wanted", green},
		{s.Mismatched, "with mismatches", red},
		{s.Unproven, "unproven", yellow},
		{impossible, "not possible as written", red},
		{s.Errors - impossible, "with errors of the lab", red},
		{s.Skipped, "skipped", faint},
	} {
		if n.count > 0 {
			parts = append(parts, p.style.paint(n.color, fmt.Sprintf("%d %s", n.count, n.word)))
		}
	}
	if s.Cases > 0 && s.Skipped == s.Cases {
		parts = append(parts, "nothing was proved")
	}
	text := strings.Join(parts, ", ") + fmt.Sprintf(" in %.2fs", s.Seconds)
	var with []string
	if s.Postfix != "" {
		with = append(with, "Postfix "+Clean(s.Postfix))
	}
	if s.Engine != "" {
		with = append(with, "container engine "+Clean(s.Engine))
	}
	if len(with) > 0 {
		text += " (" + strings.Join(with, ", ") + ")"
	}
	p.line("%s", text)
}

// OfScenario tells an error that comes of what the scenario says from one of the lab:
// its kind is that of configurations, or it is about a line of one.
func (e *Error) OfScenario() bool {
	return e.Kind == "postfix-config" || e.Kind == "plan" || e.Kind == "submit" || e.File != ""
}

// String is the error with its kind and place.
func (e *Error) String() string {
	s := e.Message
	if e.File != "" && !strings.HasPrefix(s, e.File) {
		place := e.File
		if e.Line > 0 {
			place += fmt.Sprintf(":%d", e.Line)
		}
		s = place + ": " + s
	}
	return s + " (" + e.Kind + ")"
}
