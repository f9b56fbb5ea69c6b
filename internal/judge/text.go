package judge

import (
	"fmt"
	"io"
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
		fmt.Fprintf(&b, "\n%s: %s", v.Receiver, v.Decision)
		if v.Decision != Accept {
			fmt.Fprintf(&b, " at %s", v.Stage)
		}
		if v.Rule != "" {
			fmt.Fprintf(&b, " by rule %s", v.Rule)
		}
		b.WriteString("\n")
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
	}
	_, err := io.WriteString(w, b.String())
	return err
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
