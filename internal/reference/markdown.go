package reference

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"strictmx/fakemx/profile"
)

// Markdown writes all profiles as a document. A family with several versions is
// written once, with the rules of all of them.
func Markdown(w io.Writer, set *profile.Set) error {
	var b strings.Builder
	b.WriteString(`# Receivers

Made from the tables in fakemx/profile/tables by ` + "`make golden`" + `; do not edit. What the columns mean:

- **rule**: NAME/ID as reports print it. *exact* wording is known to the byte, the rest is documented or rebuilt.
- **stage**: where the refusal is made: connect, helo, mail, rcpt, or data (the end of the content).
- **when**: the checks and facets that must hold, all of them ([checks.md](checks.md) says what they mean). *scripted* is
  what the real receiver decides by reputation or content: it is refused where a scenario says ` + "`force: ID`" + ` or mail
  goes to ` + "`force+ID@DOMAIN`" + `.
- **reply**: as it is sent, with words in braces for what differs. Where a receiver breaks its lines by columns, it breaks
  them further.
- **row**: the name of the wording in the catalogue of replies, by which a scenario can ask for it, too (` + "`force: ROW`" + `).
- **seen**: when and where the wording was seen.

`)
	for _, family := range families(set) {
		writeFamily(&b, family)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// families groups the versions of a profile, oldest first.
func families(set *profile.Set) [][]*profile.Profile {
	var out [][]*profile.Profile
	for _, p := range set.Profiles() {
		if n := len(out); n > 0 && out[n-1][0].Name == p.Name {
			out[n-1] = append(out[n-1], p)
			continue
		}
		out = append(out, []*profile.Profile{p})
	}
	return out
}

func writeFamily(b *strings.Builder, versions []*profile.Profile) {
	last := versions[len(versions)-1]
	fmt.Fprintf(b, "## %s: %s\n\n", last.Name, last.Title)
	if last.About != "" {
		fmt.Fprintf(b, "%s\n\n", last.About)
	}
	if last.Label != "" {
		labels := make([]string, len(versions))
		for i, p := range versions {
			labels[i] = "`" + p.String() + "`"
		}
		fmt.Fprintf(b, "Versions: %s.\n\n", strings.Join(labels, ", "))
	}
	if last.Columns() > 0 {
		fmt.Fprintf(b, "Lines of refusals are broken after at most %d columns, and before web addresses.\n\n", last.Columns())
	}
	for _, h := range last.Hosts {
		fmt.Fprintf(b, "- MX %d %s %v\n", h.Pref, h.Name, h.Addrs)
	}
	b.WriteString("\n")
	rules := merged(versions)
	if len(rules) == 0 {
		b.WriteString("Takes all mail.\n\n")
		return
	}
	b.WriteString("| rule | stage | when | reply | row | cure | seen |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, r := range rules {
		id := r.ID
		if r.Exact {
			id += " (exact)"
		}
		if len(r.labels) < len(versions) {
			id += ", " + span(versions, r.labels)
		}
		when := When(r.in, r.Rule)
		if r.Scripted {
			when = "scripted"
		}
		seen := r.Seen + ": " + r.Source
		if r.Note != "" {
			seen += " (" + r.Note + ")"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s |\n", cell(id), r.At, cell(when), replyCell(r.Rule), r.Catalogue, cell(r.Remedy), cell(seen))
	}
	b.WriteString("\n")
}

// A ruleOf is a rule with the labels of the versions that have it.
type ruleOf struct {
	profile.Rule
	in     *profile.Profile
	labels []string
}

// merged are the rules of all versions, those that are the same in several once.
func merged(versions []*profile.Profile) []ruleOf {
	var out []ruleOf
	at := make(map[string]int)
	for _, p := range versions {
		for _, r := range p.Rules {
			key := fmt.Sprint(r.ID, r.At, When(p, r), r.Reply, r.Source)
			i, ok := at[key]
			if !ok {
				i = len(out)
				at[key] = i
				out = append(out, ruleOf{Rule: r, in: p})
			}
			out[i].labels = append(out[i].labels, p.Label)
		}
	}
	return out
}

// span writes labels that follow one another among the versions as a range.
func span(versions []*profile.Profile, labels []string) string {
	var out, run []string
	end := func() {
		if len(run) > 2 {
			run = []string{run[0] + " to " + run[len(run)-1]}
		}
		out, run = append(out, run...), nil
	}
	for _, p := range versions {
		if slices.Contains(labels, p.Label) {
			run = append(run, p.Label)
		} else {
			end()
		}
	}
	end()
	return strings.Join(out, ", ")
}

// replyCell is a reply as it is sent, its lines one below the other.
func replyCell(r profile.Rule) string {
	lines := r.Lines()
	for i, l := range lines {
		lines[i] = code(l)
	}
	return strings.Join(lines, "<br>")
}

// code is a cell of text as it is.
func code(s string) string { return "`" + strings.ReplaceAll(s, "|", "\\|") + "`" }

// cell makes a text fit for a cell of a table.
func cell(s string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ", "<", "&lt;").Replace(s)
}
