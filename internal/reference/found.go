package reference

import (
	"fmt"
	"io"
	"math"
	"strings"

	"strictmx/fakemx/profile"
)

// Found writes the replies that a refusal may be, and what to put into a scenario for
// each.
func Found(w io.Writer, found []profile.Saying) error {
	var b strings.Builder
	for i, f := range found {
		if i > 0 {
			b.WriteString("\n")
		}
		p := f.Profile
		what := p.Name + "/" + f.Rule.ID
		if f.Phrase != "" {
			what = "the dialogue (" + f.Phrase + ")"
		}
		fmt.Fprintf(&b, "%s of %s has %d %% of the words\n", what, p.Title, int(math.Round(100*f.Share)))
		for _, l := range f.Rule.Lines() {
			fmt.Fprintf(&b, "  %s\n", l)
		}
		if len(f.Versions) > 1 {
			names := make([]string, len(f.Versions))
			for i, v := range f.Versions {
				names[i] = v.String()
			}
			fmt.Fprintf(&b, "  said by %s\n", strings.Join(names, ", "))
		}
		if f.Rule.Source != "" {
			fmt.Fprintf(&b, "  seen %s: %s\n", f.Rule.Seen, f.Rule.Source)
		}
		if f.Phrase != "" {
			fmt.Fprintf(&b, "  to get it: %s\n  profile: %s\n", profile.Answers(f.Phrase), p)
			continue
		}
		fmt.Fprintf(&b, "  to get it: %s\n", Trigger(p, f.Rule))
		if f.Rule.Remedy != "" {
			fmt.Fprintf(&b, "  cure: %s\n", f.Rule.Remedy)
		}
		fmt.Fprintf(&b, "  profile: %s\n  rule: %s/%s\n", p, p.Name, f.Rule.ID)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
