package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"strictmx/fakemx/profile"
)

func receiversCommand() *cobra.Command {
	return &cobra.Command{
		Use: "receivers [NAME[@LABEL]]", Short: "list the receivers, or print one's rules with their evidence",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			var b strings.Builder
			if len(args) == 0 {
				for _, p := range profile.Builtin().Profiles() {
					fmt.Fprintf(&b, "%-28s %s%s\n", p, p.Title, meant(p))
				}
			} else {
				p, err := profile.Builtin().Find(args[0])
				if err != nil {
					return err
				}
				describe(&b, p)
			}
			_, err := fmt.Fprint(c.OutOrStdout(), b.String())
			return err
		},
	}
}

// meant marks the version that a name without label means.
func meant(p *profile.Profile) string {
	if bare, err := profile.Builtin().Find(p.Name); err != nil || bare != p || p.Label == "" {
		return ""
	}
	return ", meant by " + p.Name
}

// describe writes a profile's hosts and rules with their evidence.
func describe(b *strings.Builder, p *profile.Profile) {
	fmt.Fprintf(b, "%s: %s\n", p, p.Title)
	if p.About != "" {
		fmt.Fprintf(b, "%s\n", strings.TrimSpace(p.About))
	}
	for _, h := range p.Hosts {
		fmt.Fprintf(b, "  MX %d %s %v\n", h.Pref, h.Name, h.Addrs)
	}
	if len(p.Rules) == 0 {
		b.WriteString("takes all mail\n")
	}
	for _, r := range p.Rules {
		describeRule(b, p, r)
	}
}

func describeRule(b *strings.Builder, p *profile.Profile, r profile.Rule) {
	conditions := []string{"always"}
	if len(r.When) > 0 {
		conditions = nil
		for _, c := range r.When {
			conditions = append(conditions, c.String())
		}
	}
	fmt.Fprintf(b, "\n%s/%s at %s, when %s\n  %s\n", p.Name, r.ID, r.At, strings.Join(conditions, " and "), r.Reply)
	wording := "rebuilt or documented wording"
	if r.Exact {
		wording = "exact wording"
	}
	fmt.Fprintf(b, "  %s; seen %s: %s\n", wording, r.Seen, r.Source)
	if r.Remedy != "" {
		fmt.Fprintf(b, "  cure: %s\n", r.Remedy)
	}
	if r.Note != "" {
		fmt.Fprintf(b, "  note: %s\n", r.Note)
	}
}
