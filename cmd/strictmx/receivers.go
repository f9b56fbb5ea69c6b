package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"strictmx/fakedns"
	"strictmx/fakemx/profile"
	"strictmx/internal/reference"
	"strictmx/internal/report"
)

func receiversCommand() *cobra.Command {
	var dir, find string
	var table bool
	c := &cobra.Command{
		Use: "receivers [NAME[@LABEL]]", Short: "list the receivers, print one's rules with their evidence, or find who says a refusal",
		Long: `receivers lists the receivers, or prints the rules of NAME with their evidence.

With --find it looks a refusal up: a line of mail.log, a bounce, or the reply alone,
broken or cut off as it may be. It prints the replies that are like it, the likeliest
first, each with its receiver and rule, and with the lines for a scenario that is to
show it. Several lines of a log, or recipients of a bounce, are looked up each. Of a
delivery to which no receiver replied it says what plays that. Exit code 1: for one of
them there is no rule.`,
		Example: `  strictmx receivers --find 'said: 550-5.7.26 This mail has been blocked because the sender is ...'
  grep status=bounced /var/log/mail.log | tail -1 | strictmx receivers --find -`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			set, err := profiles(dir)
			if err != nil {
				return err
			}
			if c.Flags().Changed("find") {
				return findSaying(c, set, find, args)
			}
			if table {
				return printTable(c.OutOrStdout(), args)
			}
			if len(args) == 1 {
				p, err := set.Find(args[0])
				if err != nil {
					return err
				}
				return reference.Text(c.OutOrStdout(), p, set.Versions(p.Name))
			}
			var b strings.Builder
			for _, p := range set.Profiles() {
				fmt.Fprintf(&b, "%-28s %s%s\n", p, p.Title, meant(set, p))
			}
			_, err = fmt.Fprint(c.OutOrStdout(), b.String())
			return err
		},
	}
	profilesFlag(c, &dir)
	c.Flags().BoolVar(&table, "table", false, "print the table of one of our receivers, to copy from")
	c.Flags().StringVar(&find, "find", "", "find the rules that say `TEXT`, a refusal as in mail.log; - reads it from standard input")
	c.MarkFlagsMutuallyExclusive("find", "table")
	return c
}

// maxRefusal bounds the text that --find reads, in octets: many times what Postfix
// lets a bounce message quote of a reply.
const maxRefusal = 1 << 20

// findSaying prints the rules that say a refusal.
func findSaying(c *cobra.Command, set *profile.Set, text string, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("receivers --find: it looks among all receivers: want no name, or quotes around the text before %q", args[0])
	}
	if text == "-" {
		b, err := io.ReadAll(io.LimitReader(c.InOrStdin(), maxRefusal))
		if err != nil {
			return fmt.Errorf("receivers --find: standard input: %w", err)
		}
		if len(b) == maxRefusal {
			return fmt.Errorf("receivers --find: standard input is longer than %d octets: want the lines that refuse, as grep status=bounced finds them", maxRefusal)
		}
		text = string(b)
	}
	if strings.TrimSpace(text) == "" {
		return errors.New("receivers --find: there is no text: want a refusal, as mail.log has it behind \"said:\"")
	}
	known, nothing, unanswered := set.Sayings(), 0, 0
	all := refusals(text)
	for i, text := range all {
		if len(all) > 1 {
			fmt.Fprintf(c.OutOrStdout(), "==> %s\n", report.Clean(text))
		}
		rules, played, err := findOne(c.OutOrStdout(), known, text)
		switch {
		case err != nil:
			return err
		case played:
			unanswered++
		case rules == 0:
			nothing++
		}
		if i < len(all)-1 {
			fmt.Fprintln(c.OutOrStdout())
		}
	}
	if nothing > 0 {
		of := "no rule says anything like it"
		if len(all) > 1 {
			of = fmt.Sprintf("no rule says anything like %d of %d lines", nothing, len(all))
		}
		return &exitError{exitMismatch, errors.New("receivers --find: " + of +
			": want the reply from its code on, or write a receiver of your own (docs/own-receiver.md)")}
	}
	if unanswered > 0 {
		return &exitError{code: exitMismatch}
	}
	return nil
}

// findOne prints the rules that say a refusal, or what plays a delivery that failed
// without a reply. It tells how many rules there are, and whether it was such a delivery.
func findOne(w io.Writer, known *profile.Sayings, text string) (rules int, played bool, err error) {
	if plays := reference.Unanswered(text); plays != "" {
		_, err := fmt.Fprintln(w, plays)
		return 0, true, err
	}
	found := known.Find(text)
	return len(found), false, reference.Found(w, found)
}

// refusals are the lines of a mail log that quote a reply each, or tell of a delivery
// that failed without one, or what a bounce has for each recipient, if there are
// several; else all of the text, which may be broken into lines in any way.
func refusals(text string) []string {
	var out []string
	for l := range strings.Lines(text) {
		without := strings.Contains(l, " status=") && reference.Unanswered(l) != ""
		if logLine.MatchString(l) && (reference.Quotes(l) || without) {
			out = append(out, strings.TrimSpace(l))
		}
	}
	if at := bouncedFor.FindAllStringIndex(text, -1); len(out) == 0 && len(at) > 1 {
		for i, start := range at {
			end := len(text)
			if i+1 < len(at) {
				end = at[i+1][0]
			}
			out = append(out, strings.Join(strings.Fields(text[start[0]:end]), " "))
		}
	}
	if len(out) < 2 {
		return []string{text}
	}
	return out
}

var (
	logLine = regexp.MustCompile(`\bpostfix\S*/\S+\[[0-9]+\]: `)
	// bouncedFor begins what bounce(8) writes of a recipient.
	bouncedFor = regexp.MustCompile(`(?m)^<[^>\s]+>(?: \(expanded from\s[^)]*\))?:\s+host\s`)
)

// printTable writes the text of one of our tables.
func printTable(w io.Writer, args []string) error {
	if len(args) != 1 {
		return errors.New("receivers --table: want the name of a receiver")
	}
	p, err := profile.Builtin().Find(args[0])
	if err != nil {
		return err
	}
	b, err := fs.ReadFile(profile.Tables(), p.Name+".yaml")
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// profilesFlag adds the flag for own receivers.
func profilesFlag(c *cobra.Command, dir *string) {
	c.Flags().StringVar(dir, "profiles", "", "directory with receivers of your own, NAME.yaml")
}

// profiles are our receivers and those in a directory; none if it is empty.
func profiles(dir string) (*profile.Set, error) {
	if dir == "" {
		return profile.Builtin(), nil
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("--profiles %s: want a directory with NAME.yaml files", dir)
	}
	set, err := profile.Builtin().With(os.DirFS(dir))
	return set, below(dir, err)
}

// below gives the files that errors name the path of the directory they are in, so
// that the user can open them.
func below(dir string, err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range joined.Unwrap() {
			all = append(all, below(dir, e))
		}
		return errors.Join(all...)
	}
	switch e := err.(type) {
	case nil:
		return nil
	case *profile.Problem:
		moved := *e
		moved.File = filepath.Join(dir, e.File)
		return &moved
	case *fakedns.Error:
		moved := *e
		if e.File != "" {
			moved.File = filepath.Join(dir, e.File)
		}
		return &moved
	}
	return fmt.Errorf("%s: %w", dir, err)
}

// meant marks the version that a name without label means.
func meant(set *profile.Set, p *profile.Profile) string {
	if bare, err := set.Find(p.Name); err != nil || bare != p || p.Label == "" {
		return ""
	}
	return ", meant by " + p.Name
}
