package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"strictmx/fakedns"
	"strictmx/fakemx/profile"
	"strictmx/internal/reference"
)

func receiversCommand() *cobra.Command {
	var dir string
	var table bool
	c := &cobra.Command{
		Use: "receivers [NAME[@LABEL]]", Short: "list the receivers, or print one's rules with their evidence",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			set, err := profiles(dir)
			if err != nil {
				return err
			}
			if table {
				return printTable(c.OutOrStdout(), args)
			}
			if len(args) == 1 {
				p, err := set.Find(args[0])
				if err != nil {
					return err
				}
				return reference.Text(c.OutOrStdout(), p)
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
	return c
}

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
