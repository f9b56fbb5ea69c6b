package schema

import (
	"fmt"
	"slices"
	"strconv"

	"strictmx/fakemx/check"
)

// setUp is the definition of a check that says by what method it is.
const setUp = "check"

// methods defines the settings of every method, by its name, and setUp.
func methods() object {
	out, names := object{}, make([]string, len(check.Methods))
	var each []object
	for i, m := range check.Methods {
		names[i], out[m.Name] = m.Name, method(m)
		each = append(each, object{"if": is("method", m.Name), "then": defined(m.Name)})
	}
	out[setUp] = object{
		"type": "object", "required": []string{"method"}, "allOf": each,
		"properties": object{"method": words("what it finds out; the check's name if not given", names...)},
	}
	return out
}

func defined(name string) object { return object{"$ref": "#/$defs/" + name} }

// is holds for an object that has a value for a key.
func is(key string, values ...any) object {
	return object{"required": []string{key}, "properties": object{key: object{"enum": values}}}
}

// method describes the settings of one method.
func method(m check.Method) object {
	settings := object{"method": object{"const": m.Name}}
	var required []string
	var depend []object
	for _, s := range m.Settings {
		one := oneOrList(s, value(s))
		one["description"] = s.About()
		if s.Default != "" {
			one["description"] = fmt.Sprintf("%s (%s)", s.About(), s.Default)
		}
		settings[s.Name] = one
		if s.Required {
			required = append(required, s.Name)
		}
		depend = append(depend, narrower(m, s)...)
	}
	out := fields(m.Doc, required, settings)
	if depend != nil {
		out["allOf"] = depend
	}
	return out
}

// oneOrList is a value as the loader takes it: a list of one for any setting.
func oneOrList(s check.Setting, of object) object {
	more := list(of, s.Doc)
	if !s.List {
		more["minItems"], more["maxItems"] = 1, 1
	}
	return object{"anyOf": []object{of, more}}
}

// value is one value of a setting, with the YAML that is read as something else than a
// text.
func value(s check.Setting) object {
	var text object
	if f := s.Kind.Form(); f != "" {
		text = object{"type": "string", "pattern": f}
	}
	switch s.Kind {
	case check.Choice:
		return oneWord(s.Names()...)
	case check.Count:
		return object{"anyOf": []object{{"type": "integer", "minimum": max(s.Least, 1)}, text}}
	case check.Delay:
		return object{"anyOf": []object{text, {"const": 0}}}
	case check.Zone:
		text["type"] = []string{"string", "number", "boolean"} // a domain can be one word
	case check.Pattern:
		return object{"type": []string{"string", "number", "boolean"}}
	}
	return text
}

// oneWord is one of some words; true and false may come without quotes.
func oneWord(names ...string) object {
	var out []any
	for _, name := range names {
		out = append(out, name)
		if b, err := strconv.ParseBool(name); err == nil {
			out = append(out, b)
		}
	}
	return object{"enum": out}
}

// narrower are the words that a setting has left beside some of another one's.
func narrower(m check.Method, s check.Setting) []object {
	i := slices.IndexFunc(m.Settings, func(o check.Setting) bool { return o.Name == s.Of })
	if i < 0 {
		return nil
	}
	var out []object
	for _, with := range m.Settings[i].Words {
		left := s.NamesWith(with.Name)
		if len(left) == len(s.Words) {
			continue
		}
		when := is(s.Of, with.Name, []string{with.Name})
		if with.Name == m.Settings[i].Default {
			delete(when, "required")
		}
		then := object{"properties": object{s.Name: oneOrList(s, oneWord(left...))}}
		out = append(out, object{"if": when, "then": then})
	}
	return out
}

// checks are those of a table. One with the name of a method is of that method, unless
// it names another.
func checks() object {
	properties := object{}
	for _, m := range check.Methods {
		properties[m.Name] = object{
			"description": m.Doc,
			"if":          has("method"), "then": defined(setUp), "else": defined(m.Name),
		}
	}
	return object{
		"type": "object", "propertyNames": named(), "properties": properties, "additionalProperties": defined(setUp),
		"description": "checks set up in the table's own way, by the name that conditions ask for",
	}
}
