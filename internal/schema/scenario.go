package schema

import (
	"math"

	"strictmx/internal/mail"
	"strictmx/internal/pattern"
	"strictmx/scenarios"
)

// some is a list that is not empty.
func some(of object, about string) object {
	out := list(of, about)
	out["minItems"] = 1
	return out
}

// upTo is one of at most so many; 0 is any number.
func upTo(most int, of object, about string) object {
	out := some(of, about)
	if most > 0 {
		out["maxItems"] = most
	}
	return out
}

// oneOrMore is a value, or a list of such values, of at most so many; 0 is any number.
func oneOrMore(most int, of object, about string) object {
	return object{"anyOf": []object{of, upTo(most, of, about)}, "description": about}
}

func scenarioSchema() object {
	world := object{
		"send":   oneOrMore(scenarios.MaxMessages, defined("send"), "the messages that are sent"),
		"faults": some(defined("fault"), "what the DNS does wrong"),
		"down":   oneOrMore(0, defined("endpoint"), "whose connections are refused at once"),
		"silent": oneOrMore(0, defined("endpoint"), "whose packets are dropped"),
		"wait":   oneOrMore(scenarios.MaxWaits, lettered("a time with its unit, as in 5m", pattern.Span), "how far the receivers' clock moves before the queue is flushed, once a step"),
	}
	top := object{
		"title": phrase("for people"), "host": host(), "receivers": some(receiver(), "who takes mail for which domains"),
		"cases": upTo(scenarios.MaxCases, caseSchema(world), "what happens, and what is wanted"),
	}
	for k, v := range world {
		top[k] = v
	}
	s := fields("A scenario: the world, the mail that is sent, and what is wanted of it.", []string{"title", "host", "receivers", "cases"}, top)
	each := object{"properties": object{"cases": object{"items": has("send")}}}
	s["title"], s["if"], s["then"] = "strictmx scenario.yaml", without(has("send")), each
	s["$defs"] = object{
		"send": send(), "fault": fault(), "endpoint": endpoint(), "want": want(), "notice": dsn(), "entry": listed(), "rule": force(),
		"mailbox": mailbox(), "box": lettered("a recipient, or @DOMAIN", scenarios.MailboxForm, scenarios.AllForm),
	}
	return s
}

// told is what is defined, with words of its own.
func told(name, about string) object {
	out := defined(name)
	out["description"] = about
	return out
}

// phrase is a text with something in it.
func phrase(about string) object {
	out := text(about)
	out["pattern"] = pattern.Text
	return out
}

func domain(about string, form string) object {
	out := formed(about, form)
	out["maxLength"] = scenarios.MaxDomain
	return out
}

// mailbox is one that may lack its domain, which the host completes.
func mailbox() object {
	out := formed("LOCAL@DOMAIN", scenarios.MailboxForm, scenarios.LocalForm)
	out["maxLength"] = scenarios.MaxMailbox
	return out
}

// routable is an address that a host can have, written in one of some forms.
func routable(about string, forms ...string) object {
	out := lettered(about, forms...)
	out["not"] = matching(pattern.Any(pattern.NoHost, pattern.Mapped))
	return out
}

func host() object {
	out := fields("the machine under test", []string{"name"}, object{
		"name": domain("its fully qualified name", scenarios.FullNameForm),
		"ipv4": routable("an IPv4 address", pattern.IPv4), "ipv6": routable("an IPv6 address", pattern.IPv6),
	})
	out["anyOf"] = []object{has("ipv4"), has("ipv6")}
	return out
}

// endpoint is whom connections go to.
func endpoint() object {
	const families = pattern.Blank + `+ipv[46]`
	about := "RECEIVER, RECEIVER ipv4, RECEIVER ipv6 or an address"
	return object{"description": about, "anyOf": []object{
		formed("", pattern.Blanks+scenarios.ReceiverForm+`(`+families+`)?`+pattern.Blanks),
		routable("", pattern.Blanks+`(`+pattern.IPv4+`|`+pattern.IPv6+`)`+pattern.Blanks),
	}}
}

// unique is a value, or a list of those that differ, of at most so many; 0 is any number.
func unique(most int, of object, about string) object {
	more := upTo(most, of, about)
	more["uniqueItems"] = true
	return object{"anyOf": []object{of, more}, "description": about}
}

// listed is an entry of a receiver's own list. A domain does not end in a number, as an
// address does.
func listed() object {
	name := domain("", scenarios.DomainForm)
	name["not"] = matching(pattern.Any(scenarios.NumericForm))
	return object{"description": "an address, a network, a domain or a mailbox", "anyOf": []object{
		lettered("", pattern.IPv4, pattern.IPv6, pattern.IPv4Network, pattern.IPv6Network, scenarios.MailboxForm, scenarios.AllForm), name,
	}}
}

func seed() object {
	box := defined("box")
	return object{
		"listed":  mapping(object{"pattern": pattern.Any(scenarios.ListForm)}, oneOrMore(scenarios.MaxEntries, defined("entry"), "entries"), "what is on the receiver's own lists, by their names"),
		"unknown": unique(scenarios.MaxEntries, box, "mailboxes that do not exist"),
		"full":    unique(scenarios.MaxEntries, box, "mailboxes that are full"),
		"force":   oneOrMore(0, defined("rule"), "rules that refuse whatever the facts are"),
	}
}

// force is a rule that refuses.
func force() object {
	rule := formed("an id of a rule, or a row of the catalogue", scenarios.RuleForm)
	return object{"anyOf": []object{rule, fields("a rule and how often", []string{"rule"}, object{
		"rule": rule, "times": number(1, scenarios.MaxTimes, "for one sender, recipient and client network"),
	})}}
}

func receiver() object {
	properties := seed()
	name := formed("by which the scenario calls it; the profile's name if not given", scenarios.ShortNameForm)
	name["not"] = object{"enum": scenarios.Reserved()}
	properties["profile"] = formed("NAME or NAME@LABEL, as in gmail@2014", scenarios.ProfileForm)
	properties["name"] = name
	properties["domains"] = oneOrMore(0, domain("a domain", scenarios.DomainForm), "for which it takes mail")
	properties["hosts"] = some(fields("a host that MX records name", []string{"name", "addrs"}, object{
		"name":  domain("its name", scenarios.DomainForm),
		"addrs": unique(0, routable("an address", pattern.IPv4, pattern.IPv6), "its addresses"),
		"pref":  number(0, math.MaxUint16, "of the MX record; 10 if not given"),
	}), "in the place of the profile's hosts")
	return fields("a receiver", []string{"profile", "domains"}, properties)
}

func send() object {
	out := fields("a message", []string{"from", "to"}, object{
		"from": object{"anyOf": []object{defined("mailbox"), {"enum": []string{"<>", ""}}}, "description": "envelope sender; <> is the null sender"},
		"to":   oneOrMore(scenarios.MaxRecipients, defined("mailbox"), "envelope recipients"),
		"via":  words("how it is given to the mail system", scenarios.Ways()...), "step": step(),
		"message": object{"type": "string", "pattern": "^" + scenarios.MessageFolder, "description": "a file below " + scenarios.MessageFolder},
		"subject": formed("of a message that is made up, one line", `[^\r\n]*`), "body": text("of a message that is made up"),
		"message-id": words("none: the message has no Message-ID", "none"),
	})
	out["if"], out["then"] = has("message"), without(object{"anyOf": []object{has("subject"), has("body")}})
	return out
}

func step() object {
	return number(0, scenarios.MaxWaits, "0 before the first wait, 1 after it, and so on")
}

func fault() object {
	out := fields("a fault of the DNS", []string{"name", "fault"}, object{
		"name":  formed("a domain name, *.NAME, *, or an address for its PTR records", scenarios.FaultNameForm, pattern.IPv4, pattern.IPv6),
		"type":  formed("a record type; all if not given", scenarios.TypeForm()),
		"fault": words("what is answered", scenarios.FaultNames()...),
		"delay": lettered("with fault: delay, a time as in 3s", pattern.Span),
		"times": number(0, scenarios.MaxAnswers, "answers after which it heals; 0 never"),
	})
	out["if"], out["then"], out["else"] = is("fault", scenarios.Delay), has("delay"), without(has("delay"))
	return out
}

func caseSchema(world object) object {
	name := formed("lower-case words", scenarios.ShortNameForm)
	name["not"] = object{"enum": scenarios.Folders()}
	properties := object{
		"name": name, "about": text("for people"),
		"cures":         formed("the baseline that it cures", scenarios.ShortNameForm),
		"fails-to-cure": formed("the baseline that it does not cure", scenarios.ShortNameForm),
		"replace":       oneOrMore(0, text("a path"), "files of the base that the case's take the place of"),
		"receivers":     mapping(object{"pattern": pattern.Any(scenarios.ReceiverForm)}, fields("what the receiver is told for this case", nil, seed()), "by the receivers' names"),
		"want":          oneOrMore(0, defined("want"), "what must come of it"),
		"dsn":           object{"anyOf": []object{{"const": "none"}, oneOrMore(0, defined("notice"), "notices")}, "description": "delivery notices that must come; none"},
	}
	for k, v := range world {
		properties[k] = v
	}
	out := fields("a case", []string{"name", "want"}, properties)
	out["not"] = object{"required": []string{"cures", "fails-to-cure"}}
	return out
}

// status is an enhanced status code of one of some classes.
func status(about, classes string) object { return lettered(about, pattern.Status(classes)) }

// allClasses are those of RFC 3463 section 2.
const allClasses = "245"

func want() object {
	out := fields("only what is written is compared", []string{"outcome"}, object{
		"to":      told("mailbox", "the recipient that is meant; all if not given"),
		"message": number(0, scenarios.MaxMessages, "index of the message"),
		"step":    step(),
		"outcome": words("status= of the mail log", scenarios.Outcomes()...),
		"status":  status("dsn= of the mail log", allClasses), "stage": stages("where the receiver decided"),
		"rule":   formed("NAME/ID of the rule that refused; none", scenarios.RuleForm),
		"client": routable("ipv4, ipv6 or an address", "ipv[46]", pattern.IPv4, pattern.IPv6),
		"reply":  phrase("a part of the receiver's reply"), "text": phrase("a part of what the mail log says"),
		"receiver": formed("who decided", scenarios.ReceiverForm), "attempts": number(0, scenarios.MaxAttempts, "transactions in all"),
		"seconds": object{"anyOf": []object{{"type": "number", "minimum": 0}, lettered("", scenarios.RangeForm)}, "description": "a number, or a range as in 1..5"},
		"count":   number(0, scenarios.MaxCount, "of how many recipients all this is true, whichever they are; of each if not given"),
	})
	var agree []object
	for _, o := range scenarios.Outcomes() {
		with := object{"status": status("", scenarios.StatusClasses(mail.Outcome(o)))}
		if mail.Outcome(o) == mail.Sent {
			with["stage"] = object{"const": mail.Data.String()}
		}
		agree = append(agree, object{"if": is("outcome", o), "then": object{"properties": with}})
	}
	out["allOf"] = agree
	return out
}

func dsn() object {
	return fields("a delivery notice", []string{"recipients"}, object{
		"to": told("mailbox", "who gets it; the sender if not given"), "recipients": oneOrMore(0, defined("mailbox"), "about whom it is"),
		"action": words("the action field", scenarios.Actions()...),
		"status": status("the status field", allClasses), "diagnostic": phrase("a part of the diagnostic code"),
	})
}
