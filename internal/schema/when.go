package schema

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"strictmx/fakemx/check"
	"strictmx/internal/mail"
	"strictmx/internal/pattern"
)

// anyValue is the definition of a condition on a check of any method.
const anyValue = "condition"

// when describes conditions, those on a table's own checks as well, of which it knows
// no more than the values that some check gives.
func when() object {
	properties := object{}
	for name, values := range plainValues() {
		properties[name] = described(defined(anyValue), values)
	}
	return object{
		"type": "object", "properties": properties, "additionalProperties": defined(anyValue),
		"description": "conditions that must all hold; none means always",
	}
}

// asked is what more holds for conditions on checks that come as they are: their values,
// facets and stages. A table can give the name of one to a check of another method; then
// nothing is known.
func asked() []object {
	methods, properties, names := object{}, object{}, keys(plainValues())
	for _, c := range check.All() {
		methods[c.Name] = object{"properties": object{"method": object{"const": c.Name}}}
	}
	for name, values := range plainValues() {
		properties[name] = condition(values)
	}
	known := object{"propertyNames": object{"anyOf": []object{{"enum": names}, without(called(check.All()))}}, "properties": properties}
	return []object{
		{
			"if":   object{"properties": object{"checks": object{"properties": methods}}},
			"then": conditions(known, later()),
		},
		{
			"if":   without(has("checks")),
			"then": conditions(object{"propertyNames": object{"enum": names}}, nil),
		},
	}
}

// conditions are those of all rules, beside what holds for a rule.
func conditions(when object, rule []object) object {
	one := object{"properties": object{"when": when}}
	if rule != nil {
		one["allOf"] = rule
	}
	return object{"properties": object{"rules": object{"items": one}}}
}

// later tells, stage by stage, that a rule asks for no check that is known later only.
func later() []object {
	var out []object
	for _, at := range mail.Stages {
		unknown := slices.DeleteFunc(check.All(), func(c check.Check) bool { return c.At <= at })
		if len(unknown) > 0 {
			then := object{"properties": object{"when": object{"propertyNames": without(called(unknown))}}}
			out = append(out, object{"if": is("at", at.String()), "then": then})
		}
	}
	return out
}

// called is the name of one of some checks, with a facet or without.
func called(of []check.Check) object {
	names := make([]string, len(of))
	for i, c := range of {
		names[i] = regexp.QuoteMeta(c.Name)
	}
	return object{"pattern": "^(" + strings.Join(names, "|") + `)(\.|$)`}
}

// plainValues are the values of checks that come as they are, and of their facets, by
// what a condition calls them.
func plainValues() map[string][]string { return valuesOf(check.All()) }

func valuesOf(checks []check.Check) map[string][]string {
	out := make(map[string][]string)
	for _, c := range checks {
		out[c.Name] = c.Values
		for facet, values := range c.Facets {
			out[c.Name+"."+facet] = values
		}
	}
	return out
}

// everyValue is what checks of all methods give, sorted. What a check is set up with
// adds none.
func everyValue() []string {
	var all []check.Check
	for _, m := range check.Methods {
		if c, err := m.Make(m.Name, m.Sample()); err == nil {
			all = append(all, c)
		}
	}
	var out []string
	for _, values := range valuesOf(all) {
		out = append(out, values...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func condition(values []string) object {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = regexp.QuoteMeta(v)
	}
	const blanks = pattern.Blank + "+"
	one := "(" + strings.Join(quoted, "|") + ")"
	text := pattern.Blanks + "(not" + blanks + one + "|" + one + "(" + blanks + "or" + blanks + one + ")*)" + pattern.Blanks
	return matching(pattern.Any(text))
}

// described adds what a condition can be.
func described(o object, values []string) object {
	o["description"] = "a value, values joined by or, or not and a value: " + strings.Join(values, ", ")
	return o
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// has holds for an object that has a key.
func has(key string) object { return object{"required": []string{key}} }
