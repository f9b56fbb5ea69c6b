package schema

import "strictmx/internal/mail"

// oneOrMore is a value, or a list of such values.
func oneOrMore(of object, about string) object {
	return object{"anyOf": []object{of, {"type": "array", "items": of, "minItems": 1}}, "description": about}
}

func scenarioSchema() object {
	world := object{
		"send":   oneOrMore(send(), "the messages that are sent"),
		"faults": list(fault(), "what the DNS does wrong"),
		"down":   oneOrMore(text("RECEIVER, RECEIVER ipv4, RECEIVER ipv6 or an address"), "whose connections are refused at once"),
		"silent": oneOrMore(text("RECEIVER, RECEIVER ipv4, RECEIVER ipv6 or an address"), "whose packets are dropped"),
		"wait":   oneOrMore(object{"type": "string", "description": "a time with its unit, as in 5m"}, "how far the receivers' clock moves before the queue is flushed, once a step"),
	}
	top := object{
		"title": text("for people"), "host": host(), "receivers": list(receiver(), "who takes mail for which domains"),
		"cases": list(caseSchema(world), "what happens, and what is wanted"),
	}
	for k, v := range world {
		top[k] = v
	}
	s := fields("A scenario: the world, the mail that is sent, and what is wanted of it.", []string{"title", "host", "cases"}, top)
	s["title"] = "strictmx scenario.yaml"
	return s
}

func host() object {
	return fields("the machine under test", []string{"name"}, object{
		"name": text("its fully qualified name"), "ipv4": text("an IPv4 address"), "ipv6": text("an IPv6 address"),
	})
}

func seed() object {
	rule := text("an id of a rule, or a row of the catalogue")
	return object{
		"listed":  object{"type": "object", "additionalProperties": oneOrMore(text("an address, a network, a domain or a mailbox"), "entries"), "description": "what is on the receiver's own lists, by their names"},
		"unknown": oneOrMore(text("a recipient, or @DOMAIN"), "mailboxes that do not exist"),
		"full":    oneOrMore(text("a recipient, or @DOMAIN"), "mailboxes that are full"),
		"force": oneOrMore(object{"anyOf": []object{rule, fields("a rule and how often", []string{"rule"}, object{
			"rule": rule, "times": object{"type": "integer", "minimum": 1, "maximum": 1000},
		})}}, "rules that refuse whatever the facts are"),
	}
}

func receiver() object {
	properties := seed()
	properties["profile"] = object{"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*(@[a-z0-9][a-z0-9.-]*)?$", "description": "NAME or NAME@LABEL, as in gmail@2014"}
	properties["name"] = text("by which the scenario calls it; the profile's name if not given")
	properties["domains"] = oneOrMore(text("a domain"), "for which it takes mail")
	properties["hosts"] = list(fields("a host that MX records name", []string{"name", "addrs"}, object{
		"name": text("its name"), "addrs": oneOrMore(text("an address"), "its addresses"),
		"pref": object{"type": "integer", "minimum": 0, "maximum": 65535, "description": "of the MX record; 10 if not given"},
	}), "in the place of the profile's hosts")
	return fields("a receiver", []string{"profile", "domains"}, properties)
}

func send() object {
	return fields("a message", []string{"from", "to"}, object{
		"from": text("envelope sender; <> is the null sender"), "to": oneOrMore(text("a recipient"), "envelope recipients"),
		"via": words("how it is given to the mail system", "sendmail", "smtp"), "step": step(),
		"message": text("a file below messages/"), "subject": text("of a message that is made up"), "body": text("of a message that is made up"),
		"message-id": words("none: the message has no Message-ID", "none"),
	})
}

func step() object {
	return object{"type": "integer", "minimum": 0, "maximum": 100, "description": "0 before the first wait, 1 after it, and so on"}
}

func fault() object {
	return fields("a fault of the DNS", []string{"name", "fault"}, object{
		"name": text("a domain name, *.NAME, *, or an address for its PTR records"), "type": text("a record type; all if not given"),
		"fault": words("what is answered", "servfail", "refused", "nxdomain", "timeout", "delay", "truncate", "wrong-id"),
		"delay": text("with fault: delay, a time as in 3s"),
		"times": object{"type": "integer", "minimum": 0, "description": "answers after which it heals; 0 never"},
	})
}

func caseSchema(world object) object {
	properties := object{
		"name":  object{"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$", "description": "lower-case words"},
		"about": text("for people"), "cures": text("the baseline that it cures"), "fails-to-cure": text("the baseline that it does not cure"),
		"replace":   oneOrMore(text("a path"), "files of the base that the case's take the place of"),
		"receivers": object{"type": "object", "additionalProperties": fields("what the receiver is told for this case", nil, seed()), "description": "by the receivers' names"},
		"want":      oneOrMore(want(), "what must come of it"),
		"dsn":       object{"anyOf": []object{{"const": "none"}, oneOrMore(dsn(), "notices")}, "description": "delivery notices that must come; none"},
	}
	for k, v := range world {
		properties[k] = v
	}
	return fields("a case", []string{"name", "want"}, properties)
}

func want() object {
	return fields("only what is written is compared", []string{"outcome"}, object{
		"to": text("the recipient that is meant; all if not given"), "message": object{"type": "integer", "minimum": 0, "description": "index of the message"},
		"step":    step(),
		"outcome": words("status= of the mail log", string(mail.Sent), string(mail.Deferred), string(mail.Bounced)),
		"status":  text("dsn= of the mail log"), "stage": stages("where the receiver decided"),
		"rule": text("NAME/ID of the rule that refused; none"), "client": text("ipv4, ipv6 or an address"),
		"reply": text("a part of the receiver's reply"), "text": text("a part of what the mail log says"),
		"receiver": text("who decided"), "attempts": object{"type": "integer", "minimum": 0, "description": "transactions in all"},
		"seconds": text("a number, or a range as in 1..5"),
		"count":   object{"type": "integer", "minimum": 0, "description": "of how many recipients all this is true, whichever they are; of each if not given"},
	})
}

func dsn() object {
	return fields("a delivery notice", []string{"recipients"}, object{
		"to": text("who gets it; the sender if not given"), "recipients": oneOrMore(text("a recipient"), "about whom it is"),
		"action": words("the action field", "failed", "delayed", "delivered", "relayed", "expanded"),
		"status": text("the status field"), "diagnostic": text("a part of the diagnostic code"),
	})
}
