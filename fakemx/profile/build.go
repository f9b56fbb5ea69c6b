package profile

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"strictmx/fakemx/check"
	"strictmx/internal/mail"
)

// build makes the versions of a table and finds the faults that show only there.
func (t *table) build() family {
	labels := t.labels
	if len(labels) == 0 {
		labels = []string{""}
	}
	f := family{name: t.name}
	for _, label := range labels {
		p := t.version(label)
		f.versions = append(f.versions, p)
		if label == t.fallback || t.fallback == "" {
			f.bare = p
		}
	}
	if len(t.r.problems) == 0 {
		t.unreachable(f)
	}
	return f
}

// dedupe drops a fault that several versions share.
func dedupe(problems []*Problem) []*Problem {
	seen := make(map[Problem]bool)
	return slices.DeleteFunc(problems, func(p *Problem) bool {
		was := seen[*p]
		seen[*p] = true
		return was
	})
}

// version makes the profile of one label.
func (t *table) version(label string) *Profile {
	p := &Profile{
		Name: t.name, Label: label, Title: t.title, About: strings.TrimSpace(t.about),
		Source: t.source, Seen: t.seen, Hosts: t.hosts, hostname: t.hostname, wrap: t.wrap,
		dialogue: make(map[string]template), values: maps.Clone(builtinValues),
	}
	phraseAt := make(map[string]ast.Node)
	for _, w := range append([]words{t.base}, t.changes...) {
		if !belongs(w.in, label) {
			continue
		}
		if w.extensions != nil {
			p.extensions = w.extensions
		}
		maps.Copy(p.values, w.values)
		for _, ph := range w.dialogue {
			p.dialogue[ph.name], phraseAt[ph.name] = ph.t, ph.node
		}
	}
	for name, tmpl := range p.dialogue {
		t.try(p, tmpl, phraseAt[name])
	}
	if err := p.checkText(t.wrap.tail); err != nil {
		t.r.problem(t.node, "wrap: %v", err)
	}
	ids := make(map[string]int)
	for _, r := range t.rules {
		if !belongs(r.in, label) {
			continue
		}
		if line, ok := ids[r.ID]; ok && r.ID != "" {
			t.r.problem(r.node, "rule %s twice%s: first in line %d", r.ID, inVersion(label), line)
		}
		ids[r.ID], _ = place(r.node)
		t.try(p, r.template, r.replyNode)
		p.Rules = append(p.Rules, r.Rule)
	}
	return p
}

func inVersion(label string) string {
	if label == "" {
		return ""
	}
	return " in version " + label
}

// sample is a session to try replies with.
func sample() Vars {
	return Vars{
		Client: netip.MustParseAddr("2001:db8::f03c:91ff:fe6e:423f"), Helo: "services02.example.com",
		From: "me@example.com", Rcpt: "recipient@example.net", MessageID: "1@example.com", TLS: "TLSv1.3",
		Time: time.Date(2014, 2, 26, 21, 58, 24, 0, time.UTC), Size: 31176,
	}
}

// try renders a reply once.
func (t *table) try(p *Profile, tmpl template, n ast.Node) {
	if tmpl.code == 0 {
		return // not given, or a fault already
	}
	if err := p.checkText(tmpl.text); err != nil {
		t.r.problem(n, "%v", err)
		return
	}
	lines, err := p.render(tmpl, sample())
	if err != nil {
		t.r.problem(n, "%v", err)
	}
	for _, l := range lines {
		if len(l) > 510 { // RFC 5321 section 4.5.3.1.5
			t.r.problem(n, "reply line %.40q: %d octets long, want at most 510", l, len(l))
		}
	}
}

// readWhen reads a rule's conditions, once its stage is known.
func (t *table) readWhen(r *ruleNode, when ast.Node) {
	for _, e := range t.r.entries(when, "conditions") {
		text, ok := t.r.scalar(e.node)
		c, known := check.ByMethod(e.key)
		switch {
		case !known:
			t.r.problem(e.at, "unknown check %q: %s", e.key, wanted(e.key, methods()))
		case c.At > r.At:
			t.r.problem(e.at, "check %s is not known at stage %s: want stage %s or later", e.key, r.At, c.At)
		case ok:
			values := t.readValue(e.node, c, text)
			r.When = append(r.When, Condition{Method: e.key, Text: text, Values: values})
		}
	}
}

// readValue reads "a or b" or "not a".
func (t *table) readValue(n ast.Node, c check.Check, text string) []string {
	words := strings.Fields(text)
	not := len(words) == 2 && words[0] == "not"
	if not {
		words = words[1:]
	}
	var out []string
	for i, w := range words {
		switch {
		case i%2 == 1 && w == "or" && i+1 < len(words):
		case i%2 == 1:
			t.r.problem(n, "condition %q: want a value, values joined by or, or not and one value", text)
			return nil
		case !slices.Contains(c.Values, w):
			t.r.problem(n, "check %s never gives %q: %s", c.Method, w, wanted(w, c.Values))
			return nil
		case slices.Contains(out, w):
			t.r.problem(n, "condition %q: %s twice", text, w)
			return nil
		default:
			out = append(out, w)
		}
	}
	if len(out) == 0 {
		t.r.problem(n, "condition %q: want a value", text)
	}
	if !not {
		return out
	}
	return slices.DeleteFunc(slices.Clone(c.Values), func(v string) bool { return v == out[0] })
}

func methods() []string {
	out := make([]string, len(check.All))
	for i, c := range check.All {
		out[i] = c.Method
	}
	return out
}

// unreachable finds rules that never decide, because earlier ones of the same
// or an earlier stage always do.
func (t *table) unreachable(f family) {
	for _, p := range f.versions {
		dead := p.shadowed()
		for _, r := range t.rules {
			by, ok := dead[r.ID]
			switch {
			case !ok || !belongs(r.in, p.Label):
			case len(by) == 0:
				t.r.problem(r.node, "rule %s%s can never decide: its conditions cannot hold", r.ID, inVersion(p.Label))
			default:
				t.r.problem(r.node, "rule %s%s can never decide: %s comes first", r.ID, inVersion(p.Label), strings.Join(by, ", "))
			}
		}
	}
}

// shadowed maps the rules that never decide to those that decide before them.
func (p *Profile) shadowed() map[string][]string {
	rules := slices.Clone(p.Rules)
	slices.SortStableFunc(rules, func(a, b Rule) int { return int(a.At) - int(b.At) })
	dead := make(map[string][]string)
	for i, r := range rules {
		by, all := cover(rules[:i], r)
		if all {
			dead[r.ID] = by
		}
	}
	return dead
}

// cover tries every combination of the values that the rule's own conditions
// allow, and of all values of the other checks that earlier rules ask, and tells
// which earlier rules took them and whether they took all.
func cover(earlier []Rule, r Rule) (by []string, all bool) {
	domain := make(map[string][]string)
	for _, e := range append(slices.Clone(earlier), r) {
		for _, c := range e.When {
			m, _ := check.ByMethod(c.Method)
			domain[c.Method] = m.Values
		}
	}
	for _, c := range r.When {
		domain[c.Method] = c.Values
	}
	names := slices.Sorted(maps.Keys(domain))
	results := make([]mail.Result, len(names))
	took := make([]bool, len(earlier))
	all = true
	var walk func(i int)
	walk = func(i int) {
		if i < len(names) {
			for _, v := range domain[names[i]] {
				results[i] = mail.Result{Method: names[i], Value: v}
				walk(i + 1)
			}
			return
		}
		j := slices.IndexFunc(earlier, func(e Rule) bool {
			return !slices.ContainsFunc(e.When, func(c Condition) bool { return !c.holds(results) })
		})
		if j < 0 {
			all = false
		} else {
			took[j] = true
		}
	}
	walk(0)
	for j, e := range earlier {
		if took[j] {
			by = append(by, e.ID)
		}
	}
	return by, all
}
