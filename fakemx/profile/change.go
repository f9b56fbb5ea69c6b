package profile

import (
	"maps"
	"slices"

	"strictmx/internal/mail"
)

// A Change is what would have to be found differently for a message to be taken:
// each condition names a check or facet, and the values of which any will do.
type Change []Condition

// maxChanges bounds how many things a [Change] may ask for at once.
const maxChanges = 3

// Changes finds the changes of results that let a message pass all rules that facts
// lead to; none asks for more than it need. There are none for a message that passes
// already. The results should be those of all checks that the profile's rules ask
// for: a check without a result lets pass.
func (p *Profile) Changes(results []mail.Result) []Change {
	if _, refused := p.refusal(results); !refused {
		return nil
	}
	s := search{p: p, found: make(map[string]Change)}
	for size := 1; size <= maxChanges; size++ {
		s.from(results, nil, size)
	}
	out := make([]Change, len(s.order))
	for i, key := range s.order {
		out[i] = s.found[key]
	}
	return out
}

// refusal is the rule that decides first, at any stage.
func (p *Profile) refusal(results []mail.Result) (Rule, bool) {
	for _, at := range mail.Stages {
		if d, ok := p.Decide(at, Found(results), nil); ok {
			return p.Rule(d)
		}
	}
	return Rule{}, false
}

// A search gathers changes by the keys they change, the smallest first.
type search struct {
	p     *Profile
	found map[string]Change
	order []string
}

// from tries what keeps the refusing rule from deciding: another value for one of
// its conditions that was not changed yet.
func (s *search) from(results []mail.Result, done Change, left int) {
	r, refused := s.p.refusal(results)
	if !refused {
		s.add(done)
		return
	}
	if left == 0 {
		return
	}
	for _, c := range r.When {
		if slices.ContainsFunc(done, func(d Condition) bool { return d.Key() == c.Key() }) {
			continue
		}
		for _, v := range best(without(s.p.domain(c), c.Values)) {
			next := Condition{Check: c.Check, Facet: c.Facet, Text: v, Values: []string{v}}
			s.from(with(results, next), append(slices.Clip(done), next), left-1)
		}
	}
}

// best puts the value first that people want. Of iprev.ptr that is the only one with
// which iprev passes.
func best(values []string) []string {
	for i, v := range values {
		if v == mail.Pass || v == "match" {
			return slices.Concat(values[i:i+1], values[:i], values[i+1:])
		}
	}
	return values
}

// add joins a change with those of the same keys.
func (s *search) add(done Change) {
	done = slices.SortedFunc(slices.Values(done), func(a, b Condition) int {
		if a.Key() < b.Key() {
			return -1
		}
		return 1
	})
	key := ""
	for _, c := range done {
		key += c.Key() + " "
	}
	have, ok := s.found[key]
	if !ok {
		if s.more(done) {
			return
		}
		s.found[key], s.order = done, append(s.order, key)
		return
	}
	if len(have) > 1 { // of several at once the first will do: any pair need not
		return
	}
	if !slices.Contains(have[0].Values, done[0].Values[0]) {
		have[0].Values = append(have[0].Values, done[0].Values[0])
		have[0].Text += " or " + done[0].Values[0]
	}
}

// more tells whether the change asks for all that another one does, and for more.
func (s *search) more(done Change) bool {
	for _, other := range s.found {
		if !slices.ContainsFunc(other, func(o Condition) bool {
			return !slices.ContainsFunc(done, func(d Condition) bool { return d.Key() == o.Key() })
		}) {
			return true
		}
	}
	return false
}

// with are the results with one thing found differently.
func with(results []mail.Result, c Condition) []mail.Result {
	out := slices.Clone(results)
	for i, r := range out {
		if r.Called() != c.Check {
			continue
		}
		if c.Facet == "" {
			out[i].Value = c.Values[0]
			continue
		}
		out[i].Facets = maps.Clone(r.Facets)
		out[i].Facets[c.Facet] = c.Values[0]
	}
	return out
}
