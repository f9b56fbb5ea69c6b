// Package schema writes JSON Schemas (draft 2020-12) of the files that people write,
// so that editors complete and check them. What a schema cannot say, such as that a
// rule never decides, is for the loaders, which are stricter.
package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"strictmx/fakemx/check"
	"strictmx/fakemx/profile"
	"strictmx/internal/mail"
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
		return nil, fmt.Errorf("schema of %q: want one of %s", name, strings.Join(Names(), ", "))
	}
	s["$schema"] = draft
	b, err := json.MarshalIndent(s, "", "  ")
	return append(b, '\n'), err
}

// text is a text, or a number or date that YAML reads as something else.
func text(about string) object {
	return object{"type": []string{"string", "number"}, "description": about}
}

func words(about string, values ...string) object {
	return object{"enum": values, "description": about}
}

func list(of object, about string) object {
	return object{"type": "array", "items": of, "description": about}
}

// fields is a mapping of known keys.
func fields(about string, required []string, properties object) object {
	o := object{"type": "object", "properties": properties, "additionalProperties": false, "description": about}
	if len(required) > 0 {
		o["required"] = required
	}
	return o
}

const word = `^[a-z0-9]+(-[a-z0-9]+)*$`

func named(about string) object {
	return object{"type": []string{"string", "number"}, "pattern": word, "description": about}
}

func profileSchema() object {
	shared := object{
		"extensions": list(text("a keyword and its parameters"), "the lines of the EHLO reply after the first, in order"),
		"dialogue":   dialogue(),
		"closing":    list(words("the name of a reply", profile.Phrases()...), "replies of the dialogue after which the server ends the session"),
		"values":     values(),
	}
	top := object{
		"name": named("by which scenarios ask for the receiver"), "title": text("for people"),
		"about":  text("what the table rests on"),
		"source": text("where the words of the dialogue were seen"), "seen": text("when they were seen there"),
		"versions": list(text("a label"), "labels of versions, oldest first"),
		"default":  text("the version that the bare name means; the newest if not given"),
		"hostname": text("the name the server calls itself by, without final dot"),
		"hosts":    hosts(), "wrap": wrap(), "checks": checks(), "texts": texts(), "rules": list(rule(), "reasons to refuse; the first whose conditions all hold decides"),
	}
	change := object{"versions": versions()}
	for k, v := range shared {
		top[k], change[k] = v, v
	}
	top["changes"] = list(fields("words of some versions", []string{"versions"}, change), "what differs between versions, beside the rules")
	s := fields("A receiver: the words of its dialogue and its reasons to refuse.", []string{"name", "title", "hostname"}, top)
	s["title"], s["$defs"] = "strictmx receiver", methods()
	return s
}

func dialogue() object {
	properties := object{}
	for _, name := range profile.Phrases() {
		properties[name] = text("a reply with code and, where there is one, enhanced status in front")
	}
	return fields("the replies that no rule gives", nil, properties)
}

func values() object {
	return object{
		"type": "object", "propertyNames": object{"pattern": word},
		"additionalProperties": fields("a value of the server's own making", []string{"form"}, object{
			"form": text("between angle brackets 9 is a digit, a and A letters, h and H hexadecimal digits"),
			"per":  words("how long it stays the same", "session", "message", "reply"),
		}),
		"description": "placeholders of the table's own, such as id",
	}
}

func hosts() object {
	return list(fields("a mail exchanger", []string{"name", "pref", "addrs"}, object{
		"name":  text("with final dot"),
		"pref":  object{"type": "integer", "minimum": 0, "maximum": 65535, "description": "MX preference"},
		"addrs": list(text("IPv4 or IPv6"), "those of its A and AAAA records"),
	}), "the mail exchangers")
}

func wrap() object {
	return fields("how long replies are broken into lines", nil, object{
		"columns": object{"type": "integer", "minimum": 40, "maximum": 510, "description": "greatest length of a line"},
		"tail":    text("what ends every reply"),
	})
}

func versions() object {
	return object{"type": []string{"string", "number", "array"}, "description": "labels and ranges of labels: 2014..2016, ..2016, 2022.."}
}

// evidence is a reply and where it comes from.
func evidence() object {
	return object{
		"reply":         text("code, enhanced status and text, on one line, with placeholders in braces"),
		"first-columns": object{"type": "integer", "minimum": 40, "maximum": 510, "description": "length of the first line where it differs"},
		"status-once":   object{"type": "boolean", "description": "the enhanced status is on the first line only"},
		"source":        text("where the wording was seen"), "seen": text("when it was seen there"),
		"exact": object{"type": "boolean", "description": "the wording is known to the byte"},
		"note":  text("doubts"),
	}
}

func texts() object {
	return object{
		"type": "object", "propertyNames": object{"pattern": word},
		"additionalProperties": fields("a reply with its evidence", []string{"reply", "source", "seen"}, evidence()),
		"description":          "wordings that rules name, by their rows of the catalogue of replies",
	}
}

func rule() object {
	stages := make([]string, len(mail.Stages))
	for i, s := range mail.Stages {
		stages[i] = s.String()
	}
	properties := object{
		"id": named("by which reports name it"), "versions": versions(),
		"at":       words("where the refusal is made", stages...),
		"when":     when(),
		"scripted": object{"type": "boolean", "description": "no fact leads to it: refused where a scenario asks for it only"},
		"times":    object{"type": "integer", "minimum": 1, "maximum": 1000, "description": "how often the same sender, recipient and client network are refused"},
		"text": object{
			"type": []string{"string", "number", "object"}, "additionalProperties": text("a name of texts"),
			"description": "the name of the reply in texts, or names by version",
		},
		"close":     object{"type": "boolean", "description": "the server ends the session after it; true for 421 if not given"},
		"catalogue": text("the row of the catalogue of replies that it is"),
		"remedy":    text("what a sender can do"),
	}
	maps.Copy(properties, evidence())
	out := fields("a reason to refuse", []string{"id", "at"}, properties)
	out["oneOf"] = []object{{"required": []string{"text"}}, {"required": []string{"reply", "source", "seen"}}}
	return out
}

// when describes the conditions on checks that come as they are. Those on a table's
// own checks are for the loader.
func when() object {
	properties := object{}
	for _, c := range check.All() {
		properties[c.Name] = condition(c.Values)
		for facet, values := range c.Facets {
			properties[c.Name+"."+facet] = condition(values)
		}
	}
	return object{
		"type": "object", "properties": properties, "additionalProperties": text("a value, values joined by or, or not and a value"),
		"description": "conditions that must all hold; none means always",
	}
}

func condition(values []string) object {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = regexp.QuoteMeta(v)
	}
	one := "(" + strings.Join(quoted, "|") + ")"
	return object{
		"type": "string", "pattern": "^(not " + one + "|" + one + "( or " + one + ")*)$",
		"description": "a value, values joined by or, or not and a value: " + strings.Join(slices.Clone(values), ", "),
	}
}
