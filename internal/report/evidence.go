package report

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"strictmx/internal/mail"
	"strictmx/internal/maillog"
	"strictmx/internal/verdict"
)

// The limits of what is printed of one case. The kept files have everything.
const (
	maxAttempts   = 4
	maxTranscript = 40
	maxLogLines   = 16
	maxQuestions  = 16
)

// evidence prints all that helps to understand a case that is not as wanted.
func (p *printer) evidence(c Case) {
	p.line("%s  %s  %s", p.style.word(c.Result), p.style.paint(bold, Clean(c.Scenario+"/"+c.Name)),
		p.style.paint(faint, fmt.Sprintf("%.2fs", c.Seconds)))
	if c.Reason != "" {
		p.wrapped("  ", "  ", "Not proven: "+c.Reason+".")
	}
	if c.Error != nil {
		if c.Error.OfScenario() {
			p.heading("Not possible as it is written")
		} else {
			p.heading("The lab broke")
		}
		p.wrapped("    ", "      ", c.Error.String())
	}
	p.mismatches(c.Mismatches)
	if len(c.Mismatches) > 0 || c.Error != nil {
		p.deliveries(c)
		p.attempts(c)
		p.questions(c.Questions)
		p.transcript(c)
		p.log(c)
	}
	if c.Kept != "" {
		p.heading("All of it is kept in " + Clean(c.Kept))
	}
	p.line("")
}

func (p *printer) heading(text string) { p.line("  %s", p.style.paint(bold, text)) }

// mismatches prints wanted beside seen, by recipient.
func (p *printer) mismatches(all []verdict.Mismatch) {
	field, want := 0, 0
	for _, m := range all {
		field = max(field, len(Clean(m.Field)))
		if len(m.Want) <= 32 {
			want = max(want, len(Clean(m.Want)))
		}
	}
	last := ""
	for i, m := range all {
		if who := subject(m); i == 0 || who != last {
			p.heading("Not as wanted" + Clean(who))
			last = who
		}
		at := ""
		if m.At.File != "" {
			at = p.style.paint(faint, fmt.Sprintf("  (%s:%d)", Clean(m.At.File), m.At.Line))
		}
		if len(m.Want)+len(m.Got) <= 60 {
			p.line("    %-*s  wanted %-*s  got %s%s", field, Clean(m.Field), want, Clean(m.Want), p.style.paint(red, Clean(m.Got)), at)
			continue
		}
		p.line("    %s%s", Clean(m.Field), at)
		p.wrapped("      wanted  ", "              ", m.Want)
		p.wrapped("      got     ", "              ", m.Got)
	}
}

func subject(m verdict.Mismatch) string {
	switch {
	case m.Recipient == "":
		return ""
	case m.Message > 0 && m.Step > 0:
		return fmt.Sprintf(" for %s, message %d, in step %d", m.Recipient, m.Message, m.Step)
	case m.Message > 0:
		return fmt.Sprintf(" for %s, message %d", m.Recipient, m.Message)
	case m.Step > 0:
		return fmt.Sprintf(" for %s in step %d", m.Recipient, m.Step)
	}
	return " for " + m.Recipient
}

// about tells whether some mismatch is about a recipient, or none says about whom
// it is.
func about(c Case, message int, addr string) bool {
	named := false
	for _, m := range c.Mismatches {
		if m.Recipient == "" || m.Message < 0 {
			continue
		}
		named = true
		if m.Message == message && verdict.SameAddress(m.Recipient, addr) {
			return true
		}
	}
	return !named
}

// deliveries prints what the mail system says of the recipients in question.
func (p *printer) deliveries(c Case) {
	printed := false
	for _, d := range c.Deliveries {
		if d.Message < 0 || !about(c, d.Message, d.Recipient) {
			continue
		}
		if !printed {
			p.heading("What the mail system did")
			printed = true
		}
		text := d.Recipient + " " + string(d.Outcome) + " " + d.Status.String()
		if d.Expired {
			text += " (expired)"
		}
		if d.Step > 0 {
			text = fmt.Sprintf("step %d: %s", d.Step, text)
		}
		if d.OrigTo != "" {
			text = d.OrigTo + ", expanded to " + text
		}
		if d.Relay != nil {
			text += fmt.Sprintf(" at %s[%s]:%d", d.Relay.Host, d.Relay.Addr, d.Relay.Port)
		}
		for _, t := range d.Tries {
			p.wrapped("    before: ", "      ", t.Text+beyond(t.Cut))
		}
		p.wrapped("    ", "      ", text+": "+d.Text+beyond(d.Cut))
	}
	if !printed && c.Error == nil {
		p.heading("The mail system logged no delivery")
	}
}

// beyond tells that a text is longer than the line of the log that follows below.
func beyond(cut bool) string {
	if !cut {
		return ""
	}
	return " [the log's record ends before; the rest is the receiver's own]"
}

// attempts prints what the receivers saw and found out, the last attempts first in
// line of the limit.
func (p *printer) attempts(c Case) {
	all := relevant(c)
	if len(all) == 0 {
		p.heading("No receiver saw any of it")
		return
	}
	if n := len(all) - maxAttempts; n > 0 {
		p.heading(fmt.Sprintf("%d earlier attempts are left out", n))
		all = all[n:]
	}
	for _, a := range all {
		p.attempt(a)
	}
}

// relevant lists the attempts about the recipients in question, or all.
func relevant(c Case) []mail.Attempt {
	var out []mail.Attempt
	for _, r := range verdict.Recipients(verdict.Observed{Deliveries: c.Deliveries, Attempts: c.Attempts}) {
		if !about(c, r.Message, r.Address) {
			continue
		}
		for _, a := range r.Attempts {
			same := func(o mail.Attempt) bool { return sameAttempt(a, o) }
			if !slices.ContainsFunc(out, same) {
				out = append(out, a)
			}
		}
	}
	if len(out) == 0 {
		return c.Attempts
	}
	return out
}

func sameAttempt(a, b mail.Attempt) bool {
	return a.Step == b.Step && a.Time.Equal(b.Time) && a.Server == b.Server && a.Client == b.Client && slices.Equal(a.Recipients, b.Recipients)
}

func (p *printer) attempt(a mail.Attempt) {
	text := "What " + a.Receiver
	if a.Server.IsValid() {
		text += " at " + a.Server.String()
	}
	text += fmt.Sprintf(" saw: client %s", a.Client)
	if a.Helo != "" {
		text += ", HELO " + a.Helo
	}
	if a.TLS != "" {
		text += ", " + a.TLS
	}
	if a.Step > 0 {
		text += fmt.Sprintf(", in step %d", a.Step)
	}
	p.heading(Clean(text))
	for _, r := range a.Results {
		value := r.Value
		if r.Identity != "" {
			value += " (" + r.Identity + " " + r.Domain + ")"
		}
		p.wrapped(fmt.Sprintf("    %-7s ", Clean(r.Called())), "              ", value+": "+r.Reason)
	}
	switch {
	case len(a.Reply) == 0:
		p.line("    refused nothing: the session ended at stage %s", a.Stage)
	case a.Rule != "":
		p.line("    refused by rule %s at stage %s:", Clean(a.Rule), a.Stage)
	default:
		p.line("    answered at stage %s:", a.Stage)
	}
	for _, l := range a.Reply {
		p.line("      %s", Clean(l))
	}
}

// questions prints who looked up what, without repeating what was asked twice.
func (p *printer) questions(all []mail.Question) {
	if len(all) == 0 {
		return
	}
	p.heading("What was looked up")
	var lines []string
	for _, q := range all {
		l := fmt.Sprintf("%-8s %-5s %s: %s", q.Asker, q.Type, readable(q), q.RCode)
		if !slices.Contains(lines, l) {
			lines = append(lines, l)
		}
	}
	for i, l := range lines {
		if i == maxQuestions {
			p.line("    and %d more", len(lines)-i)
			break
		}
		p.line("    %s", Clean(l))
	}
}

// readable is a question's name or, for names below in-addr.arpa and ip6.arpa, the
// address that they stand for.
func readable(q mail.Question) string {
	name := strings.ToLower(strings.TrimSuffix(q.Name, "."))
	if labels, ok := strings.CutSuffix(name, ".ip6.arpa"); ok {
		digits := strings.Split(labels, ".")
		if len(digits) != 32 {
			return q.Name
		}
		slices.Reverse(digits)
		var b strings.Builder
		for i, d := range digits {
			if i > 0 && i%4 == 0 {
				b.WriteByte(':')
			}
			b.WriteString(d)
		}
		if a, err := netip.ParseAddr(b.String()); err == nil {
			return a.String()
		}
	}
	if labels, ok := strings.CutSuffix(name, ".in-addr.arpa"); ok {
		octets := strings.Split(labels, ".")
		slices.Reverse(octets)
		if a, err := netip.ParseAddr(strings.Join(octets, ".")); err == nil {
			return a.String()
		}
	}
	return q.Name
}

// transcript prints the last session in question.
func (p *printer) transcript(c Case) {
	all := relevant(c)
	if len(all) == 0 || len(all[len(all)-1].Transcript) == 0 {
		return
	}
	a := all[len(all)-1]
	p.heading("The session with " + Clean(a.Receiver))
	lines := a.Transcript
	if n := len(lines) - maxTranscript; n > 0 {
		p.line("    %d lines before are left out", n)
		lines = lines[n:]
	}
	for _, l := range lines {
		p.line("    %s", Clean(l))
	}
}

// log prints the lines about the mail in question, and all warnings and worse.
func (p *printer) log(c Case) {
	ids := map[string]bool{}
	for _, d := range c.Deliveries {
		if d.QueueID != "" && about(c, d.Message, d.Recipient) {
			ids[d.QueueID] = true
		}
	}
	var lines []string
	for _, text := range c.Log {
		l, ok := maillog.ParseLine(text)
		switch {
		case !ok:
			continue
		case l.Severity != "" || ids[l.QueueID], len(ids) == 0:
		case l.Program == "smtp" && l.QueueID == "": // connections that did not come about
		default:
			continue
		}
		lines = append(lines, text)
	}
	if len(lines) == 0 {
		return
	}
	p.heading("The mail system's log")
	if n := len(lines) - maxLogLines; n > 0 {
		p.line("    %d lines before are left out", n)
		lines = lines[n:]
	}
	for _, l := range lines {
		p.wrapped("    ", "      ", l)
	}
}
