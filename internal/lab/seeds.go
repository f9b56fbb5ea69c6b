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
		errs = append(errs, useless(p, s)...)
		r.Listed, r.Unknown, r.Full = s.Listed, s.Unknown, s.Full
		for _, f := range s.Force {
			r.Force = append(r.Force, wire.Force{Rule: f.Rule, Times: f.Times})
		}
	}
	return errors.Join(errs...)
}

// useless lists what a profile has no rule for.
func useless(p *profile.Profile, s scenarios.Seed) []error {
	var errs []error
	for _, name := range sortedKeys(s.Listed) {
		if lists := listsOf(p); !slices.Contains(lists, name) {
			errs = append(errs, at(s.At["listed "+name], fmt.Errorf("profile %s has no list %s%s", p, name, nearest(name, lists))))
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
			errs = append(errs, at(f.At, fmt.Errorf("profile %s has no rule %s%s", p, f.Rule, nearest(f.Rule, rulesOf(p)))))
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

// rulesOf names the profile's rules, and the rows of the catalogue that they are.
func rulesOf(p *profile.Profile) []string {
	var out []string
	for _, r := range p.Rules {
		out = append(out, r.ID)
		if r.Catalogue != "" {
			out = append(out, r.Catalogue)
		}
	}
	return out
}

// nearest ends a message about an unknown word.
func nearest(word string, known []string) string {
	switch near := spelling.Nearest(word, known); {
	case near != "":
		return ": did you mean " + near + "?"
	case len(known) > 0:
		return ": want one of " + strings.Join(known, ", ")
	}
	return ": there are none"
}
