package lab

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"strictmx/fakemx/profile"
	"strictmx/internal/spelling"
	"strictmx/internal/wire"
	"strictmx/scenarios"
)

// knownRules reports wanted rules that no receiver of the case has: nothing refuses by
// them, and a misspelt one would look like a receiver that does not do its work.
func knownRules(c scenarios.Case, receivers []wire.Receiver, set *profile.Set) error {
	var profiles []*profile.Profile
	for _, r := range receivers {
		p, err := set.Find(r.Profile)
		if err != nil {
			return nil // which is told
		}
		profiles = append(profiles, p)
	}
	var errs []error
	for _, w := range c.Want {
		if w.Rule == "" {
			continue
		}
		if err := knownRule(w.Rule, profiles, set); err != nil {
			errs = append(errs, at(w.At, err))
		}
	}
	return errors.Join(errs...)
}

func knownRule(rule string, profiles []*profile.Profile, set *profile.Set) error {
	of, id, full := strings.Cut(rule, "/")
	if !full {
		of, id = "", rule
	}
	var names, ids []string
	var versions []*profile.Profile
	for _, p := range profiles {
		names = append(names, p.Name)
		if full && p.Name != of {
			continue
		}
		if r, ok := p.RuleNamed(id); ok {
			if r.ID == id {
				return nil
			}
			return fmt.Errorf("rule %s is a row of the catalogue: want the rule that has it, %s/%s", rule, p.Name, r.ID)
		}
		for _, r := range p.Rules {
			ids = append(ids, r.ID)
		}
		versions = append(versions, set.Versions(p.Name)...)
	}
	if full && !slices.Contains(names, of) {
		return fmt.Errorf("rule %s: no receiver has the profile %s: %s", rule, of, spelling.Wanted(of, unique(names)))
	}
	return fmt.Errorf("no receiver has a rule %s: %s", rule, elsewhere(versions, hasRule(id), spelling.Wanted(id, unique(ids))))
}

// unique are the words in order, each once.
func unique(words []string) []string {
	slices.Sort(words)
	return slices.Compact(words)
}
