package judge

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"strictmx/internal/mail"
)

// Text writes results and verdicts for people.
func Text(w io.Writer, results []mail.Result, verdicts []Verdict) error {
	var b strings.Builder
	column := 0 // of the methods
	for _, r := range results {
		column = max(column, len(r.Method))
	}
	under := strings.Repeat(" ", column+len(" temperror"))
	for _, r := range results {
		fmt.Fprintf(&b, "%-*s %-9s %s\n", column, r.Method, r.Value, visible(r.Reason))
		if told := facets(r); told != "" {
			fmt.Fprintf(&b, "%s %s\n", under, visible(told))
		}
		if r.Method == "spf" {
			fmt.Fprintf(&b, "%s %d of 10 lookups, %d of 2 void lookups\n", under, r.Lookups, r.VoidLookups)
		}
		for _, s := range r.Steps {
			fmt.Fprintf(&b, "%s %s%s\n", under, strings.Repeat("  ", s.Depth), visible(s.Text))
		}
		if r.Explanation != "" {
			fmt.Fprintf(&b, "%s explanation: %s\n", under, visible(r.Explanation))
		}
	}
	for _, v := range verdicts {
		fmt.Fprintf(&b, "\n%s: %s\n", v.Receiver, decided(v.Decision, v.Stage, v.Rule))
		for _, l := range v.Reply {
			fmt.Fprintf(&b, "  %s\n", visible(l))
		}
		if v.Remedy != "" {
			fmt.Fprintf(&b, "  cure: %s\n", visible(v.Remedy))
		}
		for i, c := range v.Cures {
			lead := "  it would pass with: "
			if i > 0 {
				lead = "                  or: "
			}
			fmt.Fprintf(&b, "%s%s\n", lead, visible(c.Text))
		}
		recipients(&b, v)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// decided says a decision, and where and why it is one against the message.
func decided(decision string, at mail.Stage, rule string) string {
	if decision != Accept {
		decision += " at " + at.String()
	}
	if rule != "" {
		decision += " by rule " + rule
	}
	return decision
}

// recipients writes what became of each of several, and the replies that are not the
// one that stands above them.
func recipients(b *strings.Builder, v Verdict) {
	if len(v.Recipients) < 2 {
		return
	}
	for _, r := range v.Recipients {
		fmt.Fprintf(b, "  to %s: %s\n", visible(r.To), decided(r.Decision, r.Stage, r.Rule))
		if len(r.Reply) == 0 {
			b.WriteString("    hung up without a reply\n")
		}
		if slices.Equal(r.Reply, v.Reply) {
			continue
		}
		for _, l := range r.Reply {
			fmt.Fprintf(b, "    %s\n", visible(l))
		}
	}
}

// facets writes what the authentication of a message tells beside its value, in the
// words in which rules ask for it; nothing if no domain was judged.
func facets(r mail.Result) string {
	if r.Method != "dkim" && r.Method != "dmarc" || len(r.Properties) == 0 {
		return ""
	}
	var words []string
	for _, told := range []map[string]string{r.Facets, r.Properties} {
		for _, key := range slices.Sorted(maps.Keys(told)) {
			words = append(words, key+": "+told[key])
		}
	}
	return strings.Join(words, ", ")
}

// visible replaces control characters, which DNS data and mail may hold, so that
// they do not reach the terminal.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '\ufffd'
		}
		return r
	}, s)
}
