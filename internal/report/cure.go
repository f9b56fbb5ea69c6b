package report

import (
	"fmt"
	"slices"
	"strings"

	"strictmx/internal/verdict"
)

// baseline is the case that another one is about; the zero value if it was not run.
func baseline(c Case, cases []Case) Case {
	i := slices.IndexFunc(cases, func(o Case) bool { return o.Name == c.Cures+c.FailsToCure })
	if i < 0 {
		return Case{}
	}
	return cases[i]
}

// added prints what a case adds to its baseline, and what it does without.
func (p *printer) added(c, base Case) {
	for _, f := range c.Added {
		how := "with "
		if f.Replace {
			how = "with, instead of the file before, "
		}
		p.line("%s%s%s:", summaryIndent, how, Clean(f.Path))
		for l := range strings.Lines(strings.TrimRight(f.Text, " \r\n\t")) {
			p.line("%s    %s", summaryIndent, Clean(strings.ReplaceAll(strings.TrimRight(l, "\r\n"), "\t", "  ")))
		}
	}
	for _, s := range slices.Concat(sending(c, base), c.Changed) {
		p.wrapped(summaryIndent+"while ", summaryIndent+"  ", s)
	}
	if c.Waits != base.Waits && c.Waits != "" {
		p.line("%swhile %s pass", summaryIndent, c.Waits)
	}
	for _, s := range base.Changed {
		if !slices.Contains(c.Changed, s) {
			p.wrapped(summaryIndent+"and no longer: ", summaryIndent+"  ", s)
		}
	}
}

// sending says in words in which points a case does not send what its baseline does.
func sending(c, base Case) []string {
	if base.Name == "" {
		return nil
	}
	n := len(c.Messages)
	if m := len(base.Messages); n != m {
		return []string{fmt.Sprintf("the number of messages is %d, and not %d", n, m)}
	}
	var out []string
	for i, a := range c.Messages {
		b, which := base.Messages[i], "the message"
		if n > 1 {
			which = fmt.Sprintf("message %d", i+1)
		}
		if a.From != b.From {
			out = append(out, fmt.Sprintf("%s is from <%s>, and not from <%s>", which, a.From, b.From))
		}
		if !slices.Equal(a.To, b.To) {
			out = append(out, fmt.Sprintf("%s is for %s, and not for %s", which, strings.Join(a.To, ", "), strings.Join(b.To, ", ")))
		}
		if a.Via != b.Via {
			out = append(out, fmt.Sprintf("%s comes by %s, and not by %s", which, a.Via, b.Via))
		}
		if a.Step != b.Step {
			out = append(out, fmt.Sprintf("%s is sent in step %d, and not in step %d", which, a.Step, b.Step))
		}
		if !verdict.SameContent(a.Content, c.Name, b.Content, base.Name) {
			out = append(out, which+" is another one"+ofSize(len(a.Content), len(b.Content)))
		}
	}
	return out
}

func ofSize(n, was int) string {
	if n == was {
		return ""
	}
	return fmt.Sprintf(", of %d octets and not of %d", n, was)
}
