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

// tell enters what receivers are told beforehand. What a profile cannot make use of
// is an error: nothing would come of it, and nobody would know why.
func tell(receivers []wire.Receiver, c scenarios.Case, set *profile.Set) error {
	var errs []error
	for _, name := range sortedKeys(c.Seeds) {
		s := c.Seeds[name]
		i := slices.IndexFunc(receivers, func(r wire.Receiver) bool { return r.Name == name })
		if i < 0 {
			if name == senderReceiver {
				errs = append(errs, at(c.At, fmt.Errorf("case %s: there is no receiver %s: the senders' domains have servers of their own", c.Name, name)))
			}
			continue // its profile was not found, which is told
		}
		r := &receivers[i]
		p, err := set.Find(r.Profile)
		if err != nil {
			continue // likewise
		}
		errs = append(errs, useless(p, set.Versions(p.Name), s)...)
		r.Listed, r.Unknown, r.Full = s.Listed, s.Unknown, s.Full
		for _, f := range s.Force {
			r.Force = append(r.Force, wire.Force{Rule: f.Rule, Times: f.Times})
		}
	}
	return errors.Join(errs...)
}

// useless lists what a profile, one of some versions, has no rule for.
func useless(p *profile.Profile, versions []*profile.Profile, s scenarios.Seed) []error {
	var errs []error
	for _, name := range sortedKeys(s.Listed) {
		if lists := listsOf(p); !slices.Contains(lists, name) {
			errs = append(errs, at(s.At["listed "+name], fmt.Errorf("profile %s has no list %s: %s", p, name, elsewhere(versions, hasList(name), spelling.Wanted(name, lists)))))
			continue
		}
		c, _ := p.Check(name)
		for _, entry := range s.Listed[name] {
			if want := c.Wants(entry); want != "" {
				errs = append(errs, at(s.At["listed "+name+" "+entry], fmt.Errorf(
					"listed: %s cannot be found on the list %s of profile %s, which is by %s: want %s", entry, name, p, c.By, want)))
			}
		}
	}
	for _, kind := range []struct {
		name    string
		entries []string
	}{{"unknown", s.Unknown}, {"full", s.Full}} {
		if len(kind.entries) > 0 && !asks(p, kind.name) {
			errs = append(errs, at(s.At[kind.name], fmt.Errorf(
				"%s: profile %s has no rule for a recipient that is %s", kind.name, p, kind.name)))
		}
	}
	for _, f := range s.Force {
		if _, known := p.RuleNamed(f.Rule); !known {
			errs = append(errs, at(f.At, fmt.Errorf("profile %s has no rule %s: %s", p, f.Rule, elsewhere(versions, hasRule(f.Rule), nearestRule(f.Rule, p)))))
		}
	}
	return errs
}

// listsOf names the receiver's own lists that rules of the profile ask.
func listsOf(p *profile.Profile) []string {
	var out []string
	for _, r := range p.Rules {
		for _, cond := range r.When {
			if c, ok := p.Check(cond.Check); ok && c.Method == "list" && !slices.Contains(out, c.Name) {
				out = append(out, c.Name)
			}
		}
	}
	return out
}

// asks tells whether a rule of the profile is about recipients of a kind.
func asks(p *profile.Profile, kind string) bool {
	return slices.ContainsFunc(p.Rules, func(r profile.Rule) bool {
		return slices.ContainsFunc(r.When, func(cond profile.Condition) bool {
			c, ok := p.Check(cond.Check)
			return ok && c.Method == "recipient" && cond.Facet == "" && slices.Contains(cond.Values, kind)
		})
	})
}

func hasList(name string) func(*profile.Profile) bool {
	return func(p *profile.Profile) bool { return slices.Contains(listsOf(p), name) }
}

func hasRule(name string) func(*profile.Profile) bool {
	return func(p *profile.Profile) bool {
		_, has := p.RuleNamed(name)
		return has
	}
}

// elsewhere says which versions have something that another one has not, or else
// what is near it.
func elsewhere(versions []*profile.Profile, has func(*profile.Profile) bool, near string) string {
	var names []string
	for _, v := range versions {
		if has(v) {
			names = append(names, v.String())
		}
	}
	switch len(names) {
	case 0:
		return near
	case 1:
		return names[0] + " has it"
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1] + " have it"
}

// nearestRule ends a message about an unknown rule. Rows of the catalogue are right,
// too, and may have been meant, but whoever looks for a rule wants to see those.
func nearestRule(word string, p *profile.Profile) string {
	var ids, rows []string
	for _, r := range p.Rules {
		ids = append(ids, r.ID)
		if r.Catalogue != "" {
			rows = append(rows, r.Catalogue)
		}
	}
	if spelling.Nearest(word, ids) == "" && spelling.Nearest(word, rows) != "" {
		return spelling.Wanted(word, rows)
	}
	return spelling.Wanted(word, ids)
}
