package profile

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"strictmx/fakemx/check"
	"strictmx/internal/spelling"
)

// readChecks reads how the table sets up its checks. The rest of the table is for
// read, which comes after and complains of what is no mapping.
func (t *table) readChecks() {
	t.checks, t.settings, t.most = check.All(), make(map[string][]Setting), make(map[string]int)
	for _, c := range t.section("checks") {
		t.readCheck(c)
	}
}

// The parts of a table that are read before the others, which refer to them.
var sections = []string{"checks", "texts"}

// section lists what a part of the table has. For a part that is not there it is the one
// with a misspelt name, of which fields tells.
func (t *table) section(name string) []entry {
	if _, ok := t.node.(*ast.MappingNode); !ok {
		return nil
	}
	quiet := &reader{file: t.r.file}
	entries := quiet.entries(t.node, "a table")
	for _, e := range entries {
		if e.key == name || !hasKey(entries, name) && spelling.Nearest(e.key, sections) == name {
			return t.r.entries(e.node, name)
		}
	}
	return nil
}

// readCheck reads one check: its method, which is its name if not given, and the
// settings of that.
func (t *table) readCheck(e entry) {
	if !nameForm.MatchString(e.key) {
		t.r.problem(e.at, "check %q: want lower-case letters, digits and single hyphens", e.key)
		return
	}
	t.own = append(t.own, ownName{e.key, e.at})
	method, methodAt := e.key, ast.Node(nil)
	given, at := make(check.Settings), make(map[string]ast.Node)
	var written []Setting
	faults := len(t.r.problems)
	for _, s := range t.r.entries(e.node, "settings") {
		if s.key == "method" {
			method, _ = t.r.scalar(s.node)
			methodAt = s.node
			continue
		}
		given[s.key], at[s.key] = t.readSetting(s.node), s.at
		written = append(written, Setting{s.key, strings.Join(given[s.key], " ")})
	}
	if method != e.key {
		written = append([]Setting{{"method", method}}, written...)
	}
	t.settings[e.key] = written
	m, ok := check.MethodNamed(method)
	switch {
	case len(t.r.problems) > faults: // a setting that cannot be read is not missing, too
	case !ok && methodAt == nil:
		t.r.problem(e.at, "check %s without method, and %s is none: %s", e.key, e.key, t.wantedMethod(e.key, given))
	case !ok:
		t.r.problem(methodAt, "unknown method %q: %s", method, wanted(method, methodNames()))
	}
	if len(t.r.problems) > faults {
		t.setUp(check.Check{Name: e.key}) // known, so that rules that ask for it are not wrong, too
		return
	}
	c, err := m.Make(e.key, given)
	var wrong *check.SettingError
	switch {
	case errors.As(err, &wrong) && at[wrong.Setting] != nil:
		t.r.problem(at[wrong.Setting], "check %s: %v", e.key, t.hint(m, wrong))
	case err != nil:
		t.r.problem(e.at, "check %s: %v", e.key, err)
	}
	if err != nil {
		c = check.Check{Name: e.key, Method: method} // as above
	} else if most := given.Count("max"); most > 0 && (method == "size" || method == "recipient") {
		t.most[e.key] = most
	}
	t.setUp(c)
}

// wantedMethod says which method may have been meant by a check without one: the only
// one with such settings, else the one with the nearest name.
func (t *table) wantedMethod(name string, given check.Settings) string {
	var like []string
	for _, m := range check.Methods {
		has := func(setting string) bool {
			return slices.ContainsFunc(m.Settings, func(s check.Setting) bool { return s.Name == setting })
		}
		if !slices.ContainsFunc(slices.Collect(maps.Keys(given)), func(s string) bool { return !has(s) }) {
			like = append(like, m.Name)
		}
	}
	if len(like) == 1 {
		return "did you mean method: " + like[0] + "? it has these settings"
	}
	return wanted(name, methodNames())
}

// setUp puts a check in the place of the one that has its name, or behind all.
func (t *table) setUp(c check.Check) {
	if i := slices.IndexFunc(t.checks, func(o check.Check) bool { return o.Name == c.Name }); i >= 0 {
		t.checks[i] = c
		return
	}
	t.checks = append(t.checks, c)
}

// hint adds the nearest word to the fault of a setting that the method lacks.
func (t *table) hint(m check.Method, wrong *check.SettingError) string {
	var known []string
	for _, s := range m.Settings {
		if s.Name == wrong.Setting {
			return wrong.Error()
		}
		known = append(known, s.Name)
	}
	if len(known) == 0 {
		return wrong.Error() + ", which has none"
	}
	return wrong.Error() + ": " + wanted(wrong.Setting, known)
}

// readSetting reads one value or a list of them.
func (t *table) readSetting(n ast.Node) []string {
	nodes := []ast.Node{n}
	if s, ok := n.(*ast.SequenceNode); ok {
		nodes = s.Values
	}
	var out []string
	for _, v := range nodes {
		if b, ok := v.(*ast.BoolNode); ok {
			out = append(out, b.Token.Value)
		} else if s, ok := t.r.scalar(v); ok {
			out = append(out, s)
		}
	}
	return out
}

// readWhen reads a rule's conditions, once its stage is known.
func (t *table) readWhen(r *ruleNode, when ast.Node) {
	var before Condition // as it was written, to explain a value that stands as a check
	for _, e := range t.r.entries(when, "conditions") {
		name, facet, faceted := strings.Cut(e.key, ".")
		i := slices.IndexFunc(t.checks, func(c check.Check) bool { return c.Name == name })
		if i < 0 && spelling.Kind(e.node) == "nothing" && slices.Contains(before.Values, e.key) {
			before.Text += " or " + e.key
			t.r.problem(e.at, "unknown check %q, which is a value of %s: join values with or: %s", e.key, before.Key(), before)
			continue
		}
		if i < 0 {
			t.r.problem(e.at, "unknown check %q: %s", name, wantedCheck(name, t.checks))
			continue
		}
		c := t.checks[i]
		text, ok := t.conditionText(e)
		values, known := c.Values, true
		if faceted {
			values, known = c.Facets[facet]
		}
		before = Condition{Check: name, Facet: facet, Text: text, Values: values}
		switch {
		case c.Run == nil: // its fault is told already
		case !known && len(c.Facets) == 0:
			t.r.problem(e.at, "check %s has no facets: want %s without .%s", name, name, facet)
		case !known:
			t.r.problem(e.at, "check %s has no facet %q: %s", name, facet, wanted(facet, slices.Sorted(maps.Keys(c.Facets))))
		case c.At > r.At:
			t.r.problem(e.at, "check %s is not known at stage %s: want stage %s or later", name, r.At, c.At)
		case ok:
			r.When = append(r.When, Condition{
				Check: name, Facet: facet, Text: text, Values: t.readValue(e.node, e.key, values, text),
			})
		}
	}
}

// conditionText is the text of a condition. Values in a list are told to be joined.
func (t *table) conditionText(e entry) (string, bool) {
	list, ok := e.node.(*ast.SequenceNode)
	if !ok {
		return t.r.scalar(e.node)
	}
	var values []string
	quiet := &reader{file: t.r.file}
	for _, v := range list.Values {
		if s, ok := quiet.scalar(v); ok {
			values = append(values, s)
		}
	}
	if len(values) == 0 {
		return t.r.scalar(list)
	}
	t.r.problem(list, "want a text, not a list: join values with or: %s: %s", e.key, strings.Join(values, " or "))
	return "", false
}

// readValue reads "a or b" or "not a".
func (t *table) readValue(n ast.Node, key string, values []string, text string) []string {
	words := strings.Fields(text)
	not := len(words) == 2 && words[0] == "not"
	if not {
		words = words[1:]
	}
	var out []string
	for i, w := range words {
		switch {
		case w == "not" && !slices.Contains(values, w):
			t.r.problem(n, "condition %q: not takes one value: list the values that are meant with or, of %s", text, strings.Join(values, ", "))
			return nil
		case i%2 == 1 && w == "or" && i+1 < len(words):
		case i%2 == 1:
			t.r.problem(n, "condition %q: want a value, values joined by or, or not and one value", text)
			return nil
		case !slices.Contains(values, w):
			t.r.problem(n, "check %s never gives %q: %s", key, w, wanted(w, values))
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
	return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == out[0] })
}

// wantedCheck says which check may have been meant by a name that none has. The name
// of a method is that of a check which is not set up, or under a name of its own.
func wantedCheck(name string, checks []check.Check) string {
	var names, own []string
	for _, c := range checks {
		names = append(names, c.Name)
		if c.Method == name {
			own = append(own, c.Name)
		}
	}
	m, ok := check.MethodNamed(name)
	switch {
	case ok && len(own) > 0:
		return fmt.Sprintf("it is the method of %s: want the name of a check", spelling.List(own))
	case ok:
		return fmt.Sprintf("it is a method that has to be set up under checks: %s needs %s", name, strings.Join(slices.Sorted(maps.Keys(m.Sample())), " and "))
	}
	if near := spelling.Nearest(name, methodNames()); near != "" && spelling.Nearest(name, names) == "" {
		return "did you mean " + near + "? " + wantedCheck(near, checks)
	}
	return wanted(name, names)
}

func methodNames() []string {
	out := make([]string, len(check.Methods))
	for i, m := range check.Methods {
		out[i] = m.Name
	}
	return out
}
