package schema

import (
	"maps"

	"strictmx/fakemx/profile"
	"strictmx/internal/pattern"
)

func profileSchema() object {
	shared := object{
		"extensions": list(extension(), "the lines of the EHLO reply after the first, in order"),
		"dialogue":   dialogue(),
		"closing":    list(words("the name of a reply", profile.Phrases()...), "replies of the dialogue after which the server ends the session"),
		"values":     values(),
	}
	top := object{
		"name": formed("by which scenarios ask for the receiver", profile.NameForm), "title": line("for people"),
		"about":  line("what the table rests on"),
		"source": line("where the words of the dialogue were seen"), "seen": seen("when they were seen there", true),
		"versions": list(formed("a label", profile.LabelForm), "labels of versions, oldest first"),
		"default":  formed("the version that the bare name means; the newest if not given", profile.LabelForm, ""),
		"hostname": formed("the name the server calls itself by, without final dot", profile.HostForm),
		"hosts":    hosts(), "wrap": wrap(), "checks": checks(), "texts": texts(), "rules": list(rule(), "reasons to refuse; the first whose conditions all hold decides"),
	}
	change := object{"versions": versions()}
	for k, v := range shared {
		top[k], change[k] = v, v
	}
	top["changes"] = list(fields("words of some versions", []string{"versions"}, change), "what differs between versions, beside the rules")
	s := fields("A receiver: the words of its dialogue and its reasons to refuse.", []string{"name", "title", "hostname"}, top)
	defs := methods()
	defs[anyValue] = condition(everyValue())
	s["title"], s["$defs"], s["allOf"] = "strictmx receiver", defs, asked()
	return s
}

// line is a text without control characters.
func line(about string) object {
	out := text(about)
	out["not"] = matching(profile.ControlForm)
	return out
}

// full is one that is not empty.
func full(about string) object {
	out := line(about)
	out["minLength"] = 1
	return out
}

// seen is when words were seen.
func seen(about string, empty bool) object {
	out := text(about)
	out["pattern"], out["not"] = profile.SeenForm, matching(profile.ControlForm+"|"+profile.UnseenForm)
	if empty {
		out["pattern"] = profile.SeenForm + "|^$"
	}
	return out
}

// numeral is a whole number, in quotes or not, of which a pattern cannot tell the size.
func numeral(least, most int, about string) object {
	return object{"anyOf": []object{number(least, most, about), lettered(about, `\+?[0-9]+`)}, "description": about}
}

func extension() object {
	out := formed("a keyword and its parameters", profile.ExtensionForm)
	out["if"], out["then"] = object{"pattern": pattern.Any(profile.SizedForm)}, object{"pattern": pattern.Any(profile.SizeForm)}
	out["not"] = matching(pattern.Any(profile.BareForm()))
	return out
}

func dialogue() object {
	properties := object{}
	for _, name := range profile.Phrases() {
		properties[name] = reply("a reply with code and, where there is one, enhanced status in front", profile.PhraseClass(name))
	}
	return fields("the replies that no rule gives", nil, properties)
}

// reply is one with a code of some classes. What stands where a status would and looks
// like one is one, of the same class, and not mistyped. A code alone is a number.
func reply(about, classes string) object {
	least, most := int(classes[0]-'0')*100, int(classes[len(classes)-1]-'0')*100+99
	return object{"description": about, "anyOf": []object{
		{"type": "integer", "minimum": least, "maximum": most},
		{"type": "string", "pattern": profile.StatusReply(classes), "not": matching(profile.AgainForm)},
		{
			"type": "string", "pattern": profile.ReplyForm(classes),
			"not": matching(profile.DottedReply + "|" + profile.MistypedReply + "|" + profile.AgainForm),
		},
	}}
}

func values() object {
	keys := named()
	keys["not"] = object{"enum": profile.Placeholders()}
	return mapping(keys, fields("a value of the server's own making", []string{"form"}, object{
		"form": formed("between angle brackets 9 is a digit, a and A letters, h and H hexadecimal digits", profile.ValueForm()),
		"per":  words("how long it stays the same", profile.Scopes()...),
	}), "placeholders of the table's own, such as id")
}

func hosts() object {
	return list(fields("a mail exchanger", []string{"name", "pref", "addrs"}, object{
		"name":  formed("with final dot", profile.HostForm+`\.`),
		"pref":  numeral(0, 65535, "MX preference"),
		"addrs": list(address("IPv4 or IPv6"), "those of its A and AAAA records"),
	}), "the mail exchangers")
}

// address is one that a host can have.
func address(about string, forms ...string) object {
	if forms == nil {
		forms = []string{pattern.IPv4, pattern.IPv6}
	}
	out := lettered(about, forms...)
	out["not"] = matching(pattern.Any(pattern.NoHost))
	return out
}

func columns(about string) object { return numeral(profile.MinColumns, profile.MaxColumns, about) }

func wrap() object {
	return fields("how long replies are broken into lines", nil, object{
		"columns": columns("greatest length of a line"),
		"tail":    line("what ends every reply"),
	})
}

func versions() object {
	one := formed("a label or a range", profile.RangeForm)
	return object{"anyOf": []object{one, list(one, "labels and ranges")}, "description": "labels and ranges of labels: 2014..2016, ..2016, 2022.."}
}

// evidence is a reply and where it comes from.
func evidence() object {
	return object{
		"reply":         reply("code, enhanced status and text, on one line, with placeholders in braces", profile.Refusals),
		"first-columns": columns("length of the first line where it differs"),
		"status-once":   boolean("the enhanced status is on the first line only"),
		"source":        full("where the wording was seen"), "seen": seen("when it was seen there", false),
		"exact": boolean("the wording is known to the byte"),
	}
}

func texts() object {
	properties := evidence()
	properties["note"] = line("doubts")
	return mapping(named(), fields("a reply with its evidence", []string{"reply", "source", "seen"}, properties),
		"wordings that rules name, by their rows of the catalogue of replies")
}

func rule() object {
	name := formed("a name of texts", profile.NameForm)
	properties := object{
		"id": formed("by which reports name it", profile.NameForm), "versions": versions(),
		"at":       stages("where the refusal is made"),
		"when":     when(),
		"scripted": boolean("no fact leads to it: refused where a scenario asks for it only"),
		"times":    numeral(1, profile.MaxTimes, "how often the same sender, recipient and client network are refused"),
		"text": object{
			"anyOf":       []object{name, mapping(object{"pattern": pattern.Any(profile.RangeForm)}, name, "names by version")},
			"description": "the name of the reply in texts, or names by version",
		},
		"close":     boolean("the server ends the session after it; true for 421 if not given"),
		"catalogue": line("the row of the catalogue of replies that it is"),
		"remedy":    line("what a sender can do"),
		"note":      line("doubts"),
	}
	maps.Copy(properties, evidence())
	out := fields("a reason to refuse", []string{"id", "at"}, properties)
	beside := []object{}
	for _, key := range append([]string{"catalogue"}, keys(evidence())...) {
		beside = append(beside, has(key))
	}
	out["allOf"] = []object{
		{"if": has("text"), "then": without(object{"anyOf": beside}), "else": object{"required": []string{"reply", "source", "seen"}}},
		{"if": is("scripted", true), "then": without(has("when"))},
		{"if": object{"required": []string{"text"}, "properties": object{"text": object{"type": "object"}}}, "then": without(has("versions"))},
	}
	return out
}
