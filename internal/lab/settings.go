package lab

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"strictmx/scenarios"
)

// settings are the few of Postfix that the client in memory follows.
type settings struct {
	helo   string   // smtp_helo_name, by default $myhostname
	family string   // smtp_address_preference; empty where the case must say
	only   string   // the family that inet_protocols names; empty is both
	rcpts  int      // smtp_destination_recipient_limit
	tls    bool     // smtp_tls_security_level is may
	local  []string // domains that mydestination names
	other  string   // a parameter that the client does not follow; empty if there is none
}

// followed are the parameters that the client in memory follows, each with what says
// whether it can follow a value; nil is any. A case's own main.cf may set them.
var followed = map[string]func(value string) bool{
	"myhostname":     nil,
	"smtp_helo_name": nil,
	"smtp_address_preference": func(v string) bool {
		return v == "any" || onlyFamily(v) != ""
	},
	"inet_protocols": func(v string) bool {
		return v != "" && !slices.ContainsFunc(words(v), func(w string) bool { return w != "all" && onlyFamily(w) == "" })
	},
	"smtp_destination_recipient_limit": func(v string) bool {
		n, err := strconv.Atoi(v)
		return err == nil && n > 0 // not one that refers to others
	},
	"smtp_tls_security_level": func(v string) bool { return v == "may" || v == "none" },
}

// idle are parameters that do not bear on where and how the mail of a scenario leaves.
// A case that sets one of them is about what it does, and not for this ring.
var idle = []string{
	"mydestination", "mynetworks", "inet_interfaces", "biff", "compatibility_level", "readme_directory",
	"smtp_destination_concurrency_limit", // it does one after the other
}

// settingsOf reads the main.cf of a case with all that is beneath it.
func settingsOf(p *Prepared) settings {
	value := map[string]string{"smtp_helo_name": "$myhostname"}
	for _, param := range parameters(scenarios.Fragment{Text: p.Setup.Files["main.cf"]}) {
		value[param.Name] = param.Value
	}
	set := settings{
		family: onlyFamily(value["smtp_address_preference"]),
		only:   onlyFamily(value["inet_protocols"]),
		rcpts:  defaultRecipients,
		tls:    value["smtp_tls_security_level"] == "may",
	}
	if n, err := strconv.Atoi(value["smtp_destination_recipient_limit"]); err == nil {
		set.rcpts = max(n, 1)
	}
	own := strings.NewReplacer("$myhostname", value["myhostname"], "${myhostname}", value["myhostname"])
	set.helo = own.Replace(value["smtp_helo_name"])
	set.local = words(own.Replace(value["mydestination"]))
	for _, f := range p.Case.Files["postfix/main.cf"].Fragments {
		for _, param := range parameters(f) {
			if !follows(param.Name, value[param.Name]) && !slices.Contains(idle, param.Name) && (param.Name != "relayhost" || param.Value != "") {
				set.other = cmp.Or(set.other, param.Name)
			}
		}
	}
	return set
}

// follows tells whether the client in memory does what a setting says.
func follows(name, value string) bool {
	can, ok := followed[name]
	return ok && (can == nil || can(value))
}

// unfollowed is the first parameter of a case's own part of main.cf that is not followed
// there; empty if all are.
func unfollowed(own scenarios.Fragment) string {
	for _, param := range parameters(own) {
		if !follows(param.Name, param.Value) {
			return param.Name
		}
	}
	return ""
}

// parameters are those of a part of main.cf that Prepare has found nothing wrong with.
func parameters(f scenarios.Fragment) []scenarios.Parameter {
	params, err := scenarios.MainCFParameters(f)
	if err != nil {
		return nil // Prepare has told
	}
	return params
}

// words parts a list of main.cf.
func words(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" \t\r\n,", r) })
}

// onlyFamily is the one address family that a value of inet_protocols or
// smtp_address_preference names; empty where it leaves a choice.
func onlyFamily(value string) string {
	if value == "ipv4" || value == "ipv6" {
		return value
	}
	return ""
}
