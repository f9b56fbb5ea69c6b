package profile

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// idle finds checks and values of the table's own that no version of it asks for.
func (t *table) idle(f family) {
	for _, e := range t.own {
		if !slices.ContainsFunc(f.versions, func(p *Profile) bool { return p.asks(e.key) }) {
			t.r.problem(e.at, "check %s: no rule asks for it, and no reply quotes it", e.key)
		}
	}
	for _, e := range t.made {
		if !slices.ContainsFunc(f.versions, func(p *Profile) bool { return p.says("{" + e.key + "}") }) {
			t.r.problem(e.at, "value %s: no reply has {%s}", e.key, e.key)
		}
	}
}

// asks tells whether sessions ask for a check at any stage, for themselves or for
// another check, or may come down to it.
func (p *Profile) asks(check string) bool {
	at := func(names []string) bool { return slices.Contains(names, check) }
	rule := func(r Rule) bool {
		return at(r.quoted) || slices.ContainsFunc(r.When, func(c Condition) bool { return c.Check == check })
	}
	return slices.ContainsFunc(p.asked[:], at) || slices.ContainsFunc(p.Rules, rule)
}

// says tells whether a reply has a part.
func (p *Profile) says(part string) bool {
	for _, t := range p.dialogue {
		if strings.Contains(t.text, part) {
			return true
		}
	}
	return strings.Contains(p.wrap.tail, part) || slices.ContainsFunc(p.Rules, func(r Rule) bool { return strings.Contains(r.Reply, part) })
}

// An ownName is what a table gives a name to: a check, or a value.
type ownName struct {
	key string
	at  ast.Node
}
