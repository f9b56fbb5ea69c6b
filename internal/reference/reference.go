// Package reference writes down what a receiver does: its host names and words, and
// for each refusal when it is made, where the wording was seen, how to get it, and
// what cures it. The command receivers and the document docs/profiles.md are made
// by it.
package reference

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"strictmx/fakemx/check"
	"strictmx/fakemx/profile"
	"strictmx/internal/mail"
)

// Text writes one profile for a terminal. The versions are all of the profile's, and
// tell which have a rule that not all have.
func Text(w io.Writer, p *profile.Profile, versions []*profile.Profile) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", p, p.Title)
	if p.About != "" {
		fmt.Fprintf(&b, "%s\n", p.About)
	}
	for _, h := range p.Hosts {
		fmt.Fprintf(&b, "  MX %d %s %v\n", h.Pref, h.Name, h.Addrs)
	}
	if p.Columns() > 0 {
		fmt.Fprintf(&b, "  lines of refusals are broken after at most %d columns, and before web addresses\n", p.Columns())
	}
	if len(p.Rules) == 0 {
		b.WriteString("takes all mail\n")
	}
	for _, r := range p.Rules {
		writeRule(&b, p, r, versions)
	}
	writeAbsent(&b, p, versions)
	_, err := io.WriteString(w, b.String())
	return err
}

func writeRule(b *strings.Builder, p *profile.Profile, r profile.Rule, versions []*profile.Profile) {
	fmt.Fprintf(b, "\n%s/%s at %s, when %s\n", p.Name, r.ID, r.At, When(p, r))
	for _, l := range r.Lines() {
		fmt.Fprintf(b, "  %s\n", l)
	}
	fmt.Fprintf(b, "  %s%s; seen %s: %s\n", wording(r), row(r), r.Seen, r.Source)
	having := labels(versions, func(o profile.Rule) bool { return o.ID == r.ID })
	saying := labels(versions, func(o profile.Rule) bool { return o.ID == r.ID && o.Reply == r.Reply })
	if len(having) < len(versions) {
		fmt.Fprintf(b, "  versions: %s\n", span(versions, having))
	}
	if len(saying) < len(having) {
		fmt.Fprintf(b, "  versions with these words: %s\n", span(versions, saying))
	}
	fmt.Fprintf(b, "  to get it: %s\n", Trigger(p, r))
	if r.Remedy != "" {
		fmt.Fprintf(b, "  cure: %s\n", r.Remedy)
	}
	if r.Note != "" {
		fmt.Fprintf(b, "  note: %s\n", r.Note)
	}
}

// writeAbsent names the rules that only other versions have.
func writeAbsent(b *strings.Builder, p *profile.Profile, versions []*profile.Profile) {
	var absent []string
	for _, v := range versions {
		for _, r := range v.Rules {
			if !slices.Contains(absent, r.ID) && !slices.ContainsFunc(p.Rules, func(o profile.Rule) bool { return o.ID == r.ID }) {
				absent = append(absent, r.ID)
			}
		}
	}
	if len(absent) == 0 {
		return
	}
	b.WriteString("\nrules of other versions:\n")
	for _, id := range absent {
		fmt.Fprintf(b, "  %s/%s: %s\n", p.Name, id, span(versions, labels(versions, func(r profile.Rule) bool { return r.ID == id })))
	}
}

// labels are those of the versions that have such a rule.
func labels(versions []*profile.Profile, such func(profile.Rule) bool) []string {
	var out []string
	for _, p := range versions {
		if slices.ContainsFunc(p.Rules, such) {
			out = append(out, p.Label)
		}
	}
	return out
}

// row names the row of the catalogue that a reply is.
func row(r profile.Rule) string {
	if r.Catalogue == "" {
		return ""
	}
	return ", row " + r.Catalogue
}

// When is a rule's conditions as its table writes them.
func When(p *profile.Profile, r profile.Rule) string {
	switch {
	case r.Scripted:
		return "a scenario asks for it (scripted: reputation or content decides at the real one)"
	case len(r.When) == 0:
		return "always"
	}
	parts := make([]string, len(r.When))
	for i, c := range r.When {
		parts[i] = c.String()
	}
	return strings.Join(parts, " and ")
}

// Trigger says in words how to get a rule's refusal.
func Trigger(p *profile.Profile, r profile.Rule) string {
	force := fmt.Sprintf("force: %s in a scenario, or a recipient force+%s@DOMAIN", r.ID, r.ID)
	if r.Scripted {
		return force
	}
	var parts []string
	for _, c := range r.When {
		parts = append(parts, condition(p, c))
	}
	if len(parts) == 0 {
		parts = []string{"any mail"}
	}
	text := strings.Join(parts, ", and ")
	if r.Times > 0 {
		text += " (the first " + times(r.Times) + " for the same sender, recipient and network)"
	}
	return text + "; or " + force
}

// times is so many of them in words.
func times(n int) string {
	if n == 1 {
		return "time"
	}
	return fmt.Sprintf("%d times", n)
}

// condition says a condition in words.
func condition(p *profile.Profile, c profile.Condition) string {
	ch, _ := p.Check(c.Check)
	var parts []string
	for _, v := range c.Values {
		if text, ok := ch.Meaning(c.Facet, v); ok {
			parts = append(parts, text)
		}
	}
	text := strings.Join(parts, " or ")
	if len(parts) > 3 && strings.HasPrefix(c.Text, "not ") {
		other, _ := ch.Meaning(c.Facet, strings.TrimPrefix(c.Text, "not "))
		text = "not: " + other
	}
	var notes []string
	for _, note := range []string{setUp(p, ch, c.Facet), told(ch, c)} {
		if note != "" {
			notes = append(notes, note)
		}
	}
	if len(notes) > 0 {
		text += " (" + strings.Join(notes, "; ") + ")"
	}
	return text
}

// setUp is how a table sets up a check, with the defaults of one that looks at more
// than a message. For one that has the name of its method it is what a condition comes
// down to: a limit, or how much makes it.
func setUp(p *profile.Profile, ch check.Check, facet string) string {
	all := slices.Clone(p.Settings(ch.Name))
	m, _ := check.MethodNamed(ch.Method)
	for _, s := range m.Settings {
		written := slices.ContainsFunc(all, func(o profile.Setting) bool { return o.Name == s.Name })
		if m.Local && s.Default != "" && !written {
			all = append(all, profile.Setting{Name: s.Name, Value: s.Default})
		}
	}
	words := make([]string, len(all))
	for i, s := range all {
		words[i] = s.String()
	}
	text := strings.Join(words, ", ")
	switch {
	case ch.Name == ch.Method && (m.Local || ch.Method == "size" || slices.Contains([]string{"count", "hops", "lines"}, facet)):
		return text
	case ch.Name == ch.Method:
		return ""
	case text == "":
		return ch.Name
	}
	return ch.Name + ": " + text
}

// told is what a scenario tells the receiver beforehand, so that the condition holds;
// empty where that is not needed.
func told(ch check.Check, c profile.Condition) string {
	switch {
	case ch.Method == "list" && slices.Contains(c.Values, mail.Fail):
		return "listed: {" + ch.Name + ": ...} in a scenario"
	case ch.Method == "recipient" && c.Facet == "" && len(c.Values) == 1 && c.Values[0] != mail.Pass:
		return c.Values[0] + ": in a scenario"
	}
	return ""
}

func wording(r profile.Rule) string {
	if r.Exact {
		return "exact wording"
	}
	return "rebuilt or documented wording"
}
