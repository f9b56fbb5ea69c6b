package profile

import (
	"maps"
	"slices"
)

// shadowed maps the rules that never decide to the fewest that decide before them
// in every world.
func (p *Profile) shadowed() map[string][]string {
	rules := p.inOrder()
	dead := make(map[string][]string)
	for i, r := range rules {
		c := cover{earlier: rules[:i], took: make([]bool, i), steps: maxCoverSteps}
		if !c.left(p.box(r), 0) {
			dead[r.ID] = c.fewest(p.box(r))
		}
	}
	return dead
}

// inOrder are the rules that facts lead to, in the order in which they are asked.
func (p *Profile) inOrder() []Rule {
	rules := slices.DeleteFunc(slices.Clone(p.Rules), func(r Rule) bool { return r.Scripted })
	slices.SortStableFunc(rules, func(a, b Rule) int { return int(a.At) - int(b.At) })
	return rules
}

// maxCoverSteps bounds the search for a case that a rule decides. Our tables need
// some thousand steps; a table that needs more is believed.
const maxCoverSteps = 1_000_000

// A box is a set of worlds: for each condition's key the values that it may have
// there. A key that is missing may have any.
type box map[string][]string

// box is where a rule's conditions hold. It has all keys that rules can ask for.
func (p *Profile) box(r Rule) box {
	b := make(box)
	for _, other := range p.Rules {
		for _, c := range other.When {
			b[c.Key()] = p.domain(c)
		}
	}
	for _, c := range r.When {
		b[c.Key()] = c.Values
	}
	return b
}

// domain are all the values that a condition could ask for.
func (p *Profile) domain(c Condition) []string {
	ch, _ := p.Check(c.Check)
	if c.Facet != "" {
		return ch.Facets[c.Facet]
	}
	return ch.Values
}

// A cover is the search for a world that earlier rules leave to a later one.
type cover struct {
	earlier []Rule
	took    []bool // which of them took a part
	steps   int
	world   box // what was left
}

// left tells whether the rules from i on leave a part of the box. Each rule takes
// its part away; what remains is split into boxes that do not meet.
func (c *cover) left(b box, i int) bool {
	for _, values := range b {
		if len(values) == 0 {
			return false
		}
	}
	if c.steps--; c.steps < 0 || i == len(c.earlier) {
		c.world = b
		return true
	}
	r := c.earlier[i]
	if r.Times > 0 || !meets(b, r) {
		return c.left(b, i+1)
	}
	c.took[i] = true
	for _, cond := range r.When {
		rest := maps.Clone(b)
		rest[cond.Key()] = without(b[cond.Key()], cond.Values)
		if len(rest[cond.Key()]) > 0 && c.left(rest, i+1) {
			return true
		}
		b = maps.Clone(b)
		b[cond.Key()] = common(b[cond.Key()], cond.Values)
	}
	return false
}

// fewest names as few of the earlier rules as leave nothing of the box, once all of
// them together are known to. What all take a part of, one may take whole.
func (c *cover) fewest(b box) []string {
	budget := maxCoverSteps
	for n := 0; n <= len(c.earlier) && budget > 0; n++ {
		if chosen, ok := c.choose(b, nil, n, &budget); ok {
			return c.names(func(i int) bool {
				return slices.ContainsFunc(chosen, func(r Rule) bool { return r.ID == c.earlier[i].ID })
			})
		}
	}
	return c.names(func(i int) bool { return c.took[i] }) // true, if not the fewest
}

// choose adds at most n of the earlier rules to the chosen ones, so that they leave
// nothing of the box. Whatever they leave, one of the others takes.
func (c *cover) choose(b box, chosen []Rule, n int, budget *int) ([]Rule, bool) {
	try := cover{earlier: chosen, took: make([]bool, len(chosen)), steps: *budget}
	left := try.left(b, 0)
	if *budget = try.steps; !left || n == 0 || *budget <= 0 {
		return chosen, !left
	}
	one := make(box, len(try.world))
	for key, values := range try.world {
		one[key] = values[:1]
	}
	for _, r := range c.earlier {
		if r.Times > 0 || !meets(one, r) {
			continue
		}
		if all, ok := c.choose(b, append(slices.Clip(chosen), r), n-1, budget); ok {
			return all, true
		}
	}
	return nil, false
}

// names are the ids of some of the earlier rules, in the order in which they are asked.
func (c *cover) names(which func(i int) bool) []string {
	var out []string
	for i, r := range c.earlier {
		if which(i) {
			out = append(out, r.ID)
		}
	}
	return out
}

// meets tells whether the rule takes any part of the box.
func meets(b box, r Rule) bool {
	return !slices.ContainsFunc(r.When, func(c Condition) bool { return len(common(b[c.Key()], c.Values)) == 0 })
}

func common(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(v string) bool { return !slices.Contains(b, v) })
}

func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(v string) bool { return slices.Contains(b, v) })
}
