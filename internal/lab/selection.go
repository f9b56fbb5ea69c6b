package lab

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"strictmx/internal/spelling"
	"strictmx/scenarios"
)

// A Selection is some cases of a scenario.
type Selection struct {
	Scenario *scenarios.Scenario
	Cases    []scenarios.Case
}

// Select picks the cases whose name, alone or as SCENARIO/CASE, matches the glob
// (path.Match; empty takes all), and the baselines that the picked ones need: a
// cure without its baseline proves nothing.
func Select(all []*scenarios.Scenario, glob string) ([]Selection, error) {
	if _, err := path.Match(glob, ""); err != nil {
		return nil, fmt.Errorf("case %q: want a pattern as of the shell: %w", glob, err)
	}
	var out []Selection
	for _, sc := range all {
		picked := map[string]bool{}
		for _, c := range sc.Cases {
			if !selected(glob, sc.Name, c.Name) {
				continue
			}
			for _, name := range []string{c.Name, c.Cures, c.FailsToCure} {
				picked[name] = true
			}
		}
		cases := slices.DeleteFunc(slices.Clone(sc.Cases), func(c scenarios.Case) bool { return !picked[c.Name] })
		if len(cases) > 0 {
			out = append(out, Selection{sc, cases})
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no case matches %q: %s", glob, meantCase(all, glob))
	}
	return out, nil
}

// meantCase ends a message about a pattern that no case matches: with the case that
// was probably meant, if there is one.
func meantCase(all []*scenarios.Scenario, glob string) string {
	var names []string
	for _, sc := range all {
		for _, c := range sc.Cases {
			name := c.Name
			if strings.Contains(glob, "/") {
				name = sc.Name + "/" + c.Name
			}
			names = append(names, name)
		}
	}
	if near := spelling.Nearest(glob, names); near != "" {
		return "did you mean " + near + "?"
	}
	return "strictmx list prints them"
}

func selected(glob, scenario, name string) bool {
	if glob == "" {
		return true
	}
	for _, s := range []string{name, scenario + "/" + name} {
		if ok, err := path.Match(glob, s); err == nil && ok {
			return true
		}
	}
	return false
}

// Shard keeps every n-th scenario, beginning with the i-th, for the text "I/N".
func Shard(all []*scenarios.Scenario, text string) ([]*scenarios.Scenario, error) {
	if text == "" {
		return all, nil
	}
	first, of, ok := strings.Cut(text, "/")
	i, err1 := strconv.Atoi(first)
	n, err2 := strconv.Atoi(of)
	if !ok || err1 != nil || err2 != nil || n < 1 || i < 1 || i > n {
		return nil, fmt.Errorf("shard %q: want I/N with I from 1 to N, as in 2/4", text)
	}
	var out []*scenarios.Scenario
	for k, sc := range all {
		if k%n == i-1 {
			out = append(out, sc)
		}
	}
	return out, nil
}
