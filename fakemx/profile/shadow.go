package profile

import (
	"maps"
	"slices"
)

// shadowed maps the rules that never decide to those that decide before them.
func (p *Profile) shadowed() map[string][]string {
	rules := p.inOrder()
	dead := make(map[string][]string)
	for i, r := range rules {
		c := cover{earlier: rules[:i], took: make([]bool, i), steps: maxCoverSteps}
		if !c.left(p.box(r), 0) {
			dead[r.ID] = c.names()
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

func (c *cover) names() []string {
	var out []string
	for i, r := range c.earlier {
		if c.took[i] {
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
