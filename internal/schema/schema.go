// Package schema writes JSON Schemas (draft 2020-12) of the files that people write,
// so that editors complete and check them. What a schema cannot say, such as that a
// rule never decides, is for the loaders, which are stricter.
package schema

import (
	"encoding/json"
	"fmt"

	"strictmx/fakemx/profile"
	"strictmx/internal/mail"
	"strictmx/internal/pattern"
	"strictmx/internal/spelling"
)

const draft = "https://json-schema.org/draft/2020-12/schema"

// object is a node of a schema.
type object = map[string]any

// Names lists what there are schemas of.
func Names() []string { return []string{"profile", "scenario"} }

// JSON writes the schema of a name of [Names].
func JSON(name string) ([]byte, error) {
	var s object
	switch name {
	case "profile":
		s = profileSchema()
	case "scenario":
		s = scenarioSchema()
	default:
		return nil, fmt.Errorf("schema of %q: %s", name, spelling.Wanted(name, Names()))
	}
	s["$schema"] = draft
	b, err := json.MarshalIndent(s, "", "  ")
	return append(b, '\n'), err
}

// text is a text, or a number or date that YAML reads as something else.
func text(about string) object {
	return object{"type": []string{"string", "number"}, "description": about}
}

// formed is a text that has one of several forms, see package pattern. A number can have
// any, as it is written.
func formed(about string, forms ...string) object {
	out := text(about)
	out["pattern"] = pattern.Any(forms...)
	return out
}

// lettered is a text that no number can be.
func lettered(about string, forms ...string) object {
	return object{"type": "string", "pattern": pattern.Any(forms...), "description": about}
}

func words(about string, values ...string) object {
	return object{"enum": values, "description": about}
}

func list(of object, about string) object {
	return object{"type": "array", "items": of, "description": about}
}

func boolean(about string) object { return object{"type": "boolean", "description": about} }

// number is a whole one.
func number(least, most int, about string) object {
	return object{"type": "integer", "minimum": least, "maximum": most, "description": about}
}

// matching is a text in which a pattern is found.
func matching(re string) object { return object{"type": "string", "pattern": re} }

// without is a schema of what another one does not hold for.
func without(of object) object { return object{"not": of} }

// fields is a mapping of known keys.
func fields(about string, required []string, properties object) object {
	o := object{"type": "object", "properties": properties, "additionalProperties": false, "description": about}
	if len(required) > 0 {
		o["required"] = required
	}
	return o
}

// mapping is one of keys that have a form.
func mapping(keys, value object, about string) object {
	return object{"type": "object", "propertyNames": keys, "additionalProperties": value, "description": about}
}

// named is the form of keys that are names.
func named() object { return object{"pattern": pattern.Any(profile.NameForm)} }

// stages are the words for them.
func stages(about string) object {
	out := make([]string, len(mail.Stages))
	for i, s := range mail.Stages {
		out[i] = s.String()
	}
	return words(about, out...)
}
