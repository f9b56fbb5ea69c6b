package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/tools/txtar"

	"strictmx/fakemx/profile"
	"strictmx/internal/spelling"
	"strictmx/scenarios"
)

func listCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list [PATH...]", Short: "list scenarios and their cases",
		Long: "list prints the scenarios at PATH, or those that come with strictmx.",
		RunE: func(c *cobra.Command, args []string) error {
			all, err := loadScenarios(args)
			if err != nil {
				return err
			}
			var b strings.Builder
			for _, sc := range all {
				width := 0
				for _, k := range sc.Cases {
					width = max(width, len(k.Name))
				}
				fmt.Fprintf(&b, "%s: %s\n", sc.Name, sc.Title)
				for _, k := range sc.Cases {
					fmt.Fprintf(&b, "  %-*s  %s\n", width, k.Name, role(k))
				}
			}
			_, err = fmt.Fprint(c.OutOrStdout(), b.String())
			return err
		},
	}
}

// role says what a case is for.
func role(c scenarios.Case) string {
	switch {
	case c.Cures != "":
		return "cures " + c.Cures
	case c.FailsToCure != "":
		return "does not cure " + c.FailsToCure
	}
	return "baseline"
}

// loadScenarios loads the scenarios at paths, or the embedded ones.
func loadScenarios(paths []string) ([]*scenarios.Scenario, error) {
	if len(paths) == 0 {
		return scenarios.LoadAll(scenarios.Embedded())
	}
	var out []*scenarios.Scenario
	var errs []error
	for _, p := range paths {
		sc, err := loadPath(p)
		out = append(out, sc...)
		if err != nil {
			errs = append(errs, err)
		}
	}
	return out, errors.Join(errs...)
}

// scenarioFile is the file by which a directory is known for a scenario.
const scenarioFile = "scenario.yaml"

// loadPath loads one file or directory. A directory is a scenario if it holds a
// scenario.yaml, else a collection of scenarios. The scenario.yaml itself stands for
// its directory: editors and completion offer files. A bare name that is no file is
// looked for among the embedded scenarios.
func loadPath(p string) ([]*scenarios.Scenario, error) {
	info, err := os.Stat(p)
	if err == nil && !info.IsDir() && filepath.Base(p) == scenarioFile {
		p = filepath.Dir(p)
		info, err = os.Stat(p)
	}
	if err != nil {
		if embedded, found := embeddedPath(p); found {
			return scenarios.LoadAll(scenarios.Embedded(), embedded)
		}
		return nil, fmt.Errorf("%s: want a scenario file, a directory, or a name that strictmx list prints: %w", p, meantScenario(p, err))
	}
	abs, err := filepath.Abs(p)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		if _, err := os.Stat(filepath.Join(abs, scenarioFile)); err != nil {
			return loadShown(os.DirFS(abs), func(path string) string { return filepath.Join(p, path) })
		}
	}
	// Errors name the path as it was given.
	return loadShown(os.DirFS(filepath.Dir(abs)), func(string) string { return filepath.Clean(p) }, filepath.Base(abs))
}

// loadShown loads scenarios whose paths the user knows otherwise, with our profiles.
func loadShown(fsys fs.FS, show func(string) string, paths ...string) ([]*scenarios.Scenario, error) {
	return scenarios.LoadWith(fsys, scenarios.Options{Show: show, Profiles: profile.Builtin().Names()}, paths...)
}

func embeddedPath(name string) (string, bool) {
	path := strings.TrimSuffix(name, ".txtar") + ".txtar"
	if !fs.ValidPath(path) {
		return "", false
	}
	_, err := fs.Stat(scenarios.Embedded(), path)
	return path, err == nil
}

// meantScenario is what ends a message about a name that is no file for the reason err:
// the embedded scenario that was probably meant, else err.
func meantScenario(name string, err error) error {
	names, globErr := fs.Glob(scenarios.Embedded(), "*.txtar")
	if globErr != nil || !errors.Is(err, fs.ErrNotExist) || filepath.Base(name) != name {
		return err
	}
	for i, n := range names {
		names[i] = strings.TrimSuffix(n, ".txtar")
	}
	if near := spelling.Nearest(strings.TrimSuffix(name, ".txtar"), names); near != "" {
		return fmt.Errorf("did you mean %s?", near)
	}
	return err
}

func showCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use: "show SCENARIO", Short: "print a scenario, or extract it into a directory", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			text, err := scenarioText(args[0])
			if err != nil {
				return err
			}
			if dir != "" {
				return extract(dir, text)
			}
			_, err = c.OutOrStdout().Write(text)
			return err
		},
	}
	c.Flags().StringVarP(&dir, "extract", "x", "", "write the scenario's files below `DIR`, which must not exist or be empty")
	return c
}

// scenarioText is the archive of an embedded scenario or a file's.
func scenarioText(name string) ([]byte, error) {
	if path, found := embeddedPath(name); found {
		return fs.ReadFile(scenarios.Embedded(), path)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("%s: want a name that strictmx list prints, or a .txtar file: %w", name, meantScenario(name, err))
	}
	return b, nil
}

func extract(dir string, text []byte) error {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s: want a directory that is empty or does not exist", dir)
	}
	ar := txtar.Parse(text)
	if about := strings.TrimSpace(string(ar.Comment)); about != "" {
		ar.Files = append(ar.Files, txtar.File{Name: "README", Data: []byte(about + "\n")})
	}
	for _, f := range ar.Files {
		if !filepath.IsLocal(f.Name) {
			return fmt.Errorf("%s: want a path below the scenario", f.Name)
		}
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
