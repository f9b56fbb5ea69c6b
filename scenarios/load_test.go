package scenarios

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

// plain is a scenario with nothing wrong. Line 1 is the first of the about text.
const plain = `A short one.

-- scenario.yaml --
title: A plain one
host: {name: mail.example.com, ipv4: 203.0.113.10, ipv6: "2001:db8::10"}
receivers:
  - {profile: gmail@2014, domains: [gmail.com]}
send: {from: me@example.com, to: you@gmail.com}
cases:
  - name: red
    want: {outcome: bounced}
  - name: green
    cures: red
    want: {outcome: sent}
-- dns/example.com.zone --
mail  A  203.0.113.10
-- postfix/main.cf --
smtp_address_preference = ipv6
-- green/dns/ptr --
2001:db8::10  mail.example.com
`

// archive is a file system with one scenario.
func archive(text string) fstest.MapFS {
	return fstest.MapFS{"s.txtar": {Data: []byte(text)}}
}

// change replaces each first text by the second, and appends what is left over.
func change(t *testing.T, pairs ...string) string {
	t.Helper()
	text := plain
	if len(pairs)%2 == 1 {
		last := len(pairs) - 1
		text += pairs[last]
		pairs = pairs[:last]
	}
	for ; len(pairs) > 0; pairs = pairs[2:] {
		if !strings.Contains(text, pairs[0]) {
			t.Fatalf("no %q in the plain scenario", pairs[0])
		}
		text = strings.Replace(text, pairs[0], pairs[1], 1)
	}
	return text
}

func TestLoadErrors(t *testing.T) {
	const (
		send  = "send: {from: me@example.com, to: you@gmail.com}"
		red   = "want: {outcome: bounced}"
		green = "    cures: red\n"
	)
	for _, tt := range []struct {
		name    string
		changes []string // see change
		want    string   // the errors, a line each
	}{
		// scenario.yaml as a whole
		{"broken YAML", []string{"title: A plain one", "title: [A plain one"}, "s.txtar:5: not YAML: "},
		{"a brace without its end", []string{"from: me@example.com, to: you@gmail.com}", "from: me@example.com, to: you@gmail.com"}, "s.txtar:9: not YAML: ',' or '}' must be specified: look for the end of the { in line 8"},
		{"a key too far in", []string{"title: A plain one\n", "title: A plain one\n  note: x\n"}, "s.txtar:4: not YAML: mapping value is not allowed in this context: look at the indentation of this line and the one before it, and for quotes, brackets or braces that are open before it"},
		{"a text without quotes", []string{"title: A plain one", "title: A plain one: this"}, "s.txtar:4: not YAML: mapping value is not allowed in this context: quote the text of title, which has a colon and a blank in it"},
		{"a second document", []string{"cases:\n", "---\ncases:\n"}, "s.txtar:10: a second document: want one per file"},
		{"empty", []string{plain[strings.Index(plain, "title"):strings.Index(plain, "-- dns")], ""}, "s.txtar:4: empty: want title, host, receivers, send and cases"},
		{"a list", []string{plain[strings.Index(plain, "title"):strings.Index(plain, "-- dns")], "- a\n"}, "s.txtar:4: the scenario: want keys and values, not a list"},
		{
			"no receivers",
			[]string{"receivers:\n", "recievers:\n", red, "want: {outcome: bounced, receiver: gmail}"},
			"s.txtar:4: receivers is missing\ns.txtar:6: unknown key \"recievers\" in the scenario: did you mean receivers?",
		},
		{"unknown key", []string{"title: A", "tilte: A"}, "s.txtar:4: unknown key \"tilte\" in the scenario: did you mean title?\ns.txtar:4: title is missing"},
		{"no cases", []string{"cases:\n", "cases: []\nnotes:\n"}, `s.txtar:9: an empty list: want cases
s.txtar:10: unknown key "notes" in the scenario: want one of title, host, receivers, send, faults, down, silent, wait, cases
s.txtar:20: stray file green/dns/ptr: there is no case green: want one of dns, postfix, opendkim, messages, profiles`},
		{"key twice", []string{"cases:\n", "title: Again\ncases:\n"}, "s.txtar:9: title twice: first in line 4"},
		{"anchor", []string{"title: A plain one", "title: &a A plain one"}, "s.txtar:4: title: want a text, not an anchor or alias"},
		{"octal", []string{red, "want: {outcome: bounced, status: 0550}"}, "s.txtar:11: status: number 0550 has a leading zero: put it in quotes if it is a text"},
		{"empty title", []string{"title: A plain one", "title:"}, "s.txtar:4: title: want a text, not nothing"},
		{"no host", []string{"host: {name: mail.example.com, ipv4: 203.0.113.10, ipv6: \"2001:db8::10\"}\n", ""}, "s.txtar:4: host is missing"},

		// the world
		{"host name", []string{"name: mail.example.com", "name: mail"}, `s.txtar:5: host name "mail": want a fully qualified name, as in mail.example.com`},
		{"host without addresses", []string{", ipv4: 203.0.113.10, ipv6: \"2001:db8::10\"", ""}, "s.txtar:5: host: want ipv4, ipv6 or both"},
		{"family", []string{"203.0.113.10", "2001:db8::11"}, "s.txtar:5: ipv4 2001:db8::11: that is an address of the other family"},
		{"zone", []string{"2001:db8::10", "2001:db8::10%eth0"}, `s.txtar:5: ipv6 "2001:db8::10%eth0": want an address without a zone`},
		{"mapped", []string{"2001:db8::10", "::ffff:203.0.113.10"}, `s.txtar:5: ipv6 "::ffff:203.0.113.10": want an IPv4 address in its own form, as in 203.0.113.10`},
		{"profile", []string{"gmail@2014", "Gmail"}, `s.txtar:7: profile "Gmail": want NAME or NAME@LABEL, as in gmail@2014`},
		{"no domains", []string{", domains: [gmail.com]", ""}, "s.txtar:7: receiver: domains is missing"},
		{
			"two receivers of a name",
			[]string{"domains: [gmail.com]}", "domains: [gmail.com]}\n  - {profile: gmail, domains: googlemail.com}"},
			"s.txtar:8: two receivers named gmail: the first is in line 7: give one of them a name of its own",
		},
		{
			"a domain twice",
			[]string{"domains: [gmail.com]}", "domains: [gmail.com]}\n  - {profile: gmx, domains: Gmail.com}"},
			"s.txtar:8: domain gmail.com twice: want one receiver for it",
		},
		{"final dot", []string{"[gmail.com]", "[gmail.com, googlemail.com.]"}, `s.txtar:7: domain "googlemail.com.": want it without a final dot`},
		{"reserved name", []string{"domains: [gmail.com]", "domains: [gmail.com], name: mta"}, "s.txtar:7: receiver mta: want another name, this one is taken"},
		{"host without a name", []string{"domains: [gmail.com]", "domains: [gmail.com], hosts: [{addrs: 198.51.100.7}]"}, `s.txtar:7: host: name is missing`},
		{"host without an address", []string{"domains: [gmail.com]", "domains: [gmail.com], hosts: [{name: mx.example.net}]"}, `s.txtar:7: host: addrs is missing`},
		{"final dot of a host", []string{"domains: [gmail.com]", "domains: [gmail.com], hosts: [{name: mx.example.net., addrs: 198.51.100.7}]"}, `s.txtar:7: host name "mx.example.net.": want it without a final dot`},
		{"host twice", []string{"domains: [gmail.com]", "domains: [gmail.com], hosts: [{name: mx.example.net, addrs: 198.51.100.7}, {name: mx.example.net, addrs: 198.51.100.8}]"}, `s.txtar:7: host mx.example.net twice: want its addresses in one place`},
		{"broadcast of a receiver", []string{"domains: [gmail.com]", "domains: [gmail.com], hosts: [{name: mx.example.net, addrs: 255.255.255.255}]"}, `s.txtar:7: address "255.255.255.255": want an address that a host on the internet has`},
		{"loopback of a receiver", []string{"domains: [gmail.com]", "domains: [gmail.com], hosts: [{name: mx.example.net, addrs: 127.0.0.1}]"}, `s.txtar:7: address "127.0.0.1": want an address that a host on the internet has`},
		{"address twice", []string{"domains: [gmail.com]", "domains: [gmail.com], hosts: [{name: mx.example.net, addrs: [198.51.100.7, 198.51.100.7]}]"}, `s.txtar:7: address 198.51.100.7 twice`},
		{"preference", []string{"domains: [gmail.com]", "domains: [gmail.com], hosts: [{name: mx.example.net, pref: 70000, addrs: 198.51.100.7}]"}, `s.txtar:7: pref: want a whole number from 0 to 65535`},
		{"endpoint", []string{send, send + "\ndown: gmial ipv4"}, "s.txtar:9: down: there is no receiver gmial: did you mean gmail?"},
		{"endpoint's family", []string{send, send + "\ndown: [gmail ipv5]"}, `s.txtar:9: down: "gmail ipv5": want a receiver, a receiver and ipv4 or ipv6, or an address`},
		{"endpoint's address", []string{send, send + "\nsilent: 203.0.113"}, `s.txtar:9: silent: "203.0.113": want an IP address, or a receiver's name`},
		{
			"faults",
			[]string{send, send + "\nfaults:\n  - {name: a..b, type: TXTT, fault: servfial}\n  - {name: example.com, fault: delay}\n  - {name: example.com, fault: refused, delay: 3s}\n  - {name: example.com, fault: delay, delay: 3}\n  - {type: TXT, fault: refused, times: -1}"},
			`s.txtar:10: fault for "a..b": want labels of letters, digits and hyphens between dots
s.txtar:10: unknown record type "TXTT": did you mean TXT?
s.txtar:10: unknown fault "servfial": did you mean servfail?
s.txtar:11: fault delay: want to know how long: add delay: 3s
s.txtar:12: delay: want it with fault: delay only
s.txtar:13: delay "3": want a time with its unit from 1ms to 1h, as in 3s
s.txtar:14: times: want a whole number from 0 to 1000000
s.txtar:14: fault: name is missing`,
		},

		// messages
		{"nothing to send", []string{send + "\n", ""}, "s.txtar:9: case red: nothing to send: add send: {from: ADDRESS, to: ADDRESS}\ns.txtar:11: case green: nothing to send: add send: {from: ADDRESS, to: ADDRESS}"},
		{"no sender", []string{"from: me@example.com, ", ""}, "s.txtar:8: send: from is missing"},
		{"display name", []string{"to: you@gmail.com", "to: You <you@gmail.com>"}, `s.txtar:8: to "You <you@gmail.com>": want the address alone, without angle brackets or a name`},
		{"no such domain", []string{"to: you@gmail.com", "to: you@gmial.com"}, "s.txtar:8: no receiver serves the domain gmial.com: did you mean gmail.com, as in line 7?"},
		{"no such domain at all", []string{"to: you@gmail.com", "to: [you@example.org, me@gmail.com]"}, "s.txtar:8: no receiver serves the domain example.org: want one of gmail.com"},
		{
			"no such domain, and another that gets mail",
			[]string{send, "send:\n  - {from: me@example.com, to: you@gmail.com}\n  - {from: me@example.com, to: you@gmial.com}\n  - {from: me@example.com, to: [you@gmial.com, me@gmial.com]}"},
			"s.txtar:10: no receiver serves the domain gmial.com, also in line 11: did you mean gmail.com, as in line 7?",
		},
		{
			"a receiver's domain",
			[]string{"[gmail.com]", "[gmial.com]", send, "send:\n  - {from: me@example.com, to: you@gmail.com}\n  - {from: me@example.com, to: [me@gmail.com, him@gmail.com]}"},
			"s.txtar:7: domain gmial.com: nothing is sent to it, and lines 9, 10 send to gmail.com, which no receiver serves: did you mean gmail.com?",
		},
		{
			"a receiver's domain, and one line",
			[]string{"[gmail.com]", "[gmial.com]", "to: you@gmail.com", "to: [me@gmail.com, you@gmail.com]"},
			"s.txtar:7: domain gmial.com: nothing is sent to it, and line 8 sends to gmail.com, which no receiver serves: did you mean gmail.com?",
		},
		{"recipient twice", []string{"to: you@gmail.com", "to: [you@gmail.com, you@GMAIL.com]"}, "s.txtar:8: to: you@GMAIL.com twice"},
		{"via", []string{"to: you@gmail.com", "to: you@gmail.com, via: sendmial"}, `s.txtar:8: via: unknown way "sendmial": did you mean sendmail?`},
		{"local by SMTP", []string{"to: you@gmail.com", "to: root, via: smtp"}, `s.txtar:8: to "root": want LOCAL@DOMAIN for a message that is sent by SMTP`},
		{"no such message", []string{"to: you@gmail.com", "to: you@gmail.com, message: messages/oen.eml", "-- messages/one.eml --\nFrom: me@example.com\n"}, `s.txtar:8: message: there is no file messages/oen.eml: did you mean messages/one.eml?
s.txtar:21: no case sends this message: name it under send, as in message: messages/one.eml`},
		{"message and body", []string{"to: you@gmail.com", "to: you@gmail.com, body: x, message: messages/one.eml", "-- messages/one.eml --\nFrom: me@example.com\n"}, "s.txtar:8: body: want it only without message, which is the whole content"},
		{"mailbox file", []string{"to: you@gmail.com", "to: you@gmail.com, message: messages/one.eml", "-- messages/one.eml --\nFrom me@example.com\nSubject: x\n"}, "s.txtar:22: messages/one.eml begins with the line of a mailbox file: want header fields: delete this line"},
		{"no header", []string{"to: you@gmail.com", "to: you@gmail.com, message: messages/one.eml", "-- messages/one.eml --\nHello\n"}, `s.txtar:22: messages/one.eml begins with "Hello": want header fields, as in From: me@example.com`},
		{
			"Message-ID twice",
			[]string{
				send, "send:\n  - {from: me@example.com, to: you@gmail.com, message: messages/one.eml}\n  - {from: me@example.com, to: you@gmail.com, message: messages/one.eml}",
				"-- messages/one.eml --\nMessage-Id:\n <1@example.com>\n",
			},
			"s.txtar:10: messages 0 and 1 of a case have the Message-ID 1@example.com both: leave the field out of the files, and each message gets its own",
		},
		{"message-id", []string{"to: you@gmail.com", "to: you@gmail.com, message-id: one@example.com"}, "s.txtar:8: message-id: want none, or no such key: a message that needs a certain one brings it in its file"},
		{
			"file with a Message-ID after all",
			[]string{"to: you@gmail.com", "to: you@gmail.com, message-id: none, message: messages/one.eml", "-- messages/one.eml --\nMessage-ID: <1@example.com>\n"},
			"s.txtar:8: message-id: none, and messages/one.eml has one",
		},
		{
			"two without Message-ID",
			[]string{send, "send:\n  - {from: me@example.com, to: you@gmail.com, message-id: none}\n  - {from: me@example.com, to: me@gmail.com, message-id: none}"},
			"s.txtar:10: messages 0 and 1 of a case have no Message-ID: want at most one, or they cannot be told apart",
		},

		// cases
		{"count", []string{red, "want: {outcome: bounced, count: few}"}, "s.txtar:11: count: want a whole number from 0 to 100000"},
		{
			"a count of none",
			[]string{red, "want: {outcome: bounced, count: 0}"},
			"s.txtar:13: cures: case red does not want to fail, so there is nothing to cure",
		},
		{
			"one with a count and one without",
			[]string{red, "want:\n      - {outcome: bounced, count: 1}\n      - {outcome: sent}"},
			"s.txtar:13: case red: two wants for the same recipients: the first is in line 12: say which with to or message",
		},
		{"case twice", []string{"name: green", "name: red", green, "", "-- green/dns/ptr --\n2001:db8::10  mail.example.com\n", ""}, "s.txtar:12: case red twice: want names that differ"},
		{"case named as a folder", []string{"name: red", "name: dns", green, ""}, "s.txtar:10: case name dns: want another, this is the name of a folder"},
		{"case name", []string{"name: red", "name: Red!", green, ""}, `s.txtar:10: case name "Red!": want lower-case letters, digits and hyphens, at most 64`},
		{"no want", []string{"    " + red + "\n", ""}, "s.txtar:10: case red: want is missing: add want: {outcome: bounced}"},
		{"unknown cure", []string{"cures: red", "cures: rde"}, "s.txtar:13: cures: there is no case rde: did you mean red?"},
		{"cure of itself", []string{"cures: red", "cures: green"}, "s.txtar:13: cures: want another case than green itself"},
		{"cure of a cure", []string{"-- dns/", "  - {name: more, cures: green, want: {outcome: sent}}\n-- dns/"}, "s.txtar:15: cures: green is itself no baseline: name the case that it is about"},
		{"cure of success", []string{red, "want: {outcome: sent}"}, "s.txtar:13: cures: case red does not want to fail, so there is nothing to cure"},
		{"cure and not", []string{green, green + "    fails-to-cure: red\n"}, "s.txtar:14: case green: want cures or fails-to-cure, not both"},
		{"no cure that is one", []string{"cures: red", "fails-to-cure: red"}, "s.txtar:13: fails-to-cure: case green wants nothing to fail: write cures if it helps"},
		{"cure that is none", []string{"want: {outcome: sent}", "want: {outcome: deferred}"}, "s.txtar:13: cures: case green wants nothing to be sent: write fails-to-cure if it does not help"},
		{"replace nothing", []string{green, green + "    replace: [dns/ptr]\n"}, "s.txtar:14: replace: there is no dns/ptr in the scenario to replace: leave it out of replace"},
		{"replace what is not there", []string{green, green + "    replace: dns/ptrr\n"}, `s.txtar:14: replace: case green has no file "dns/ptrr" of its own: did you mean dns/ptr?`},

		// wants
		{"no outcome", []string{red, "want: {client: ipv6}"}, "s.txtar:11: want: outcome is missing: want one of sent, deferred, bounced"},
		{"a baseline's outcome", []string{red, "want: {outcome: bonuced}"}, `s.txtar:11: unknown outcome "bonuced": did you mean bounced?`},
		{"a cure's outcome", []string{"want: {outcome: sent}", "want: {outcome: delivered}"}, `s.txtar:14: unknown outcome "delivered": want one of sent, deferred, bounced`},
		{"a failed cure's outcome", []string{"cures: red", "fails-to-cure: red", "want: {outcome: sent}", "want: {outcome: delivered}"}, `s.txtar:14: unknown outcome "delivered": want one of sent, deferred, bounced`},
		{
			"want's words",
			[]string{red, "want: {outcome: bounced, status: 5.7.01, stage: hello, client: ipv7, rule: gmial/x, receiver: gmial, attempts: 1.5, seconds: 5..2}"},
			`s.txtar:11: status "5.7.01": want numbers of one to three digits, without a leading zero
s.txtar:11: unknown stage "hello": did you mean helo?
s.txtar:11: client "ipv7": want ipv4, ipv6 or an address of the host: did you mean ipv4?
s.txtar:11: there is no receiver "gmial": did you mean gmail?
s.txtar:11: attempts: want a whole number from 0 to 1000
s.txtar:11: seconds "5..2": want the smaller number first`,
		},
		{"class", []string{red, "want: {outcome: bounced, status: 2.0.0}"}, "s.txtar:11: status 2.0.0 never comes with outcome bounced: the status is the one after dsn= in the mail log"},
		{"class of deferred", []string{red, "want: {outcome: deferred, status: 5.7.1}"}, "s.txtar:11: status 5.7.1 never comes with outcome deferred: the status is the one after dsn= in the mail log"},
		{"stage of sent", []string{"want: {outcome: sent}", "want: {outcome: sent, stage: rcpt}"}, "s.txtar:14: stage rcpt: what is sent was taken at stage data"},
		{"stranger's address", []string{red, "want: {outcome: bounced, client: 203.0.113.11}"}, "s.txtar:11: client 203.0.113.11: the host does not have this address"},
		{"not a recipient", []string{red, "want: {outcome: bounced, to: him@gmail.com}"}, "s.txtar:11: case red sends nothing to him@gmail.com: did you mean you@gmail.com?"},
		{"a count that is no number", []string{red, "want: [{count: two, outcome: bounced}, {count: 1, outcome: sent}]"}, "s.txtar:11: count: want a whole number from 0 to 100000"},
		{"a message that is no number", []string{red, "want: [{message: one, outcome: bounced}, {outcome: sent}]"}, "s.txtar:11: message: want a whole number from 0 to 100"},
		{"wanted twice", []string{red, "want: [{outcome: bounced}, {outcome: sent}]"}, "s.txtar:11: case red: two wants for the same recipients: the first is in line 11: say which with to or message"},
		{"message's index", []string{red, "want: {outcome: bounced, message: 1}"}, "s.txtar:11: message 1: case red sends 1: the first is 0"},
		{"notice", []string{red, red + "\n    dsn: {action: fialed}"}, "s.txtar:12: unknown action \"fialed\": did you mean failed?\ns.txtar:12: dsn: recipients is missing"},
		{"no notice", []string{red, red + "\n    dsn: nil"}, "s.txtar:12: dsn: want keys and values, not a text"},
		{"notice to nobody", []string{"from: me@example.com", "from: <>", red, red + "\n    dsn: {recipients: you@gmail.com}"}, "s.txtar:12: dsn: nobody to notify, every message has the null sender"},

		// files
		{"no scenario.yaml", []string{"-- scenario.yaml --", "-- scenario.yml --"}, "s.txtar: want a file scenario.yaml in it: see docs/scenario-format.md"},
		{"stray file", []string{"-- notes --\nx\n"}, "s.txtar:21: stray file notes: want it below dns, postfix, messages, profiles, or a case's name"},
		{"stray folder", []string{"-- dsn/ptr --\nx\n"}, "s.txtar:21: stray file dsn/ptr: there is no case dsn: did you mean dns?"},
		{"no such case", []string{"-- gren/dns/ptr --\nx\n"}, "s.txtar:21: stray file gren/dns/ptr: there is no case gren: did you mean green?"},
		{"a case with the name of a folder", []string{"name: green", "name: dns", "-- green/dns/ptr", "-- whatever/dns/ptr"}, `s.txtar:12: case name dns: want another, this is the name of a folder
s.txtar:19: stray file whatever/dns/ptr: there is no case whatever: want one of dns, postfix, opendkim, messages, profiles, red`},
		{"stray file of a case", []string{"-- green/main.cf --\nx\n"}, "s.txtar:21: stray file green/main.cf: want it in a folder of the case: want one of dns, postfix, opendkim, messages, profiles"},
		{"zone file", []string{"-- dns/example.net --\nx\n"}, "s.txtar:21: stray file dns/example.net: want dns/ptr or dns/NAME.zone"},
		{"zone name", []string{"-- dns/Example.net.zone --\nx\n"}, "s.txtar:21: the zone's name \"Example.net\": want lower case"},
		{"faults of judge", []string{"-- dns/faults.yaml --\nx\n"}, "s.txtar:21: stray file dns/faults.yaml: want dns/ptr or dns/NAME.zone: write faults: in scenario.yaml"},
		{"profile file", []string{"-- profiles/own.yml --\nx\n"}, "s.txtar:21: stray file profiles/own.yml: want profiles/NAME.yaml"},
		{"hidden file", []string{"-- postfix/.main.cf.swp --\nx\n"}, "s.txtar:21: stray file postfix/.main.cf.swp: want a name that does not begin with a dot"},
		{"file twice", []string{"-- postfix/main.cf --\nx = y\n"}, "s.txtar:21: file postfix/main.cf twice: first in line 17"},
		{"path upwards", []string{"-- ../etc/passwd --\nx\n"}, `s.txtar:21: file "../etc/passwd": want a path below the scenario, as in postfix/main.cf`},
		{"absolute path", []string{"-- /etc/passwd --\nx\n"}, `s.txtar:21: file "/etc/passwd": want a path below the scenario, as in postfix/main.cf`},
		{"file and folder", []string{"-- postfix/main.cf/x --\nx\n"}, "s.txtar:21: postfix/main.cf/x is both a file and a folder"},
		{"folder and file", []string{"-- postfix --\nx\n"}, "s.txtar:21: postfix is both a file and a folder"},
		{"almost a file", []string{"--postfix/virtual --\nx\n"}, "s.txtar:21: a line like the start of a file, without its blanks: write -- postfix/virtual --"},
		{"not text", []string{"-- postfix/x --\n\xff\n"}, "s.txtar: not text: want UTF-8"},
		{"NUL", []string{"-- postfix/x --\na\x00\n"}, "s.txtar:22: not text: want UTF-8: tables are built from their sources: leave out *.db files"},

		// Postfix's files
		{"main.cf", []string{"smtp_address_preference = ipv6", "a = b\n\n# c\nmyhostname mail.example.com\n= x\n a\n(x) = y"}, `s.txtar:21: "myhostname mail.example.com": want name = value: write myhostname = VALUE
s.txtar:22: "= x": want a name before the equals sign
s.txtar:24: "(x)": want the name of a parameter before the equals sign`},
		{"continuation first", []string{"-- green/postfix/main.cf --\n\n  a = b\n"}, "s.txtar:23: postfix/main.cf begins with a continuation line: want a line that starts with a name: put the whole setting here, without a blank before its name"},
		{"master.cf", []string{"-- green/postfix/master.cf --\nsmtp unix - - y - - \nsmtp unixx - - x - - smtp\n  -o a = b\n# c\n -o {a = b\n  -o\n"}, `s.txtar:22: "smtp unix - - y - -" has 7 columns: want at least 8: the columns are service, type, private, unprivileged, chroot, wakeup, limit, command
s.txtar:23: column 2, type: want inet, unix, unix-dgram, fifo or pass, not "unixx"
s.txtar:23: column 5, chroot: want y, n or -, not "x"
s.txtar:24: -o a: want -o name=value: without blanks around the equals sign, or in braces: -o { name = value }
s.txtar:26: "{a = b": want a brace that closes`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Load(archive(change(t, tt.changes...)), "s.txtar")
			if err == nil {
				t.Fatalf("Load gave no error, want %q", tt.want)
			}
			if !matchErrors(err.Error(), tt.want) {
				t.Errorf("Load gave\n%s\nwant\n%s", err, tt.want)
			}
		})
	}
}

// matchErrors compares errors; a single wanted line may be the beginning.
func matchErrors(got, want string) bool {
	return got == want || !strings.Contains(want, "\n") && strings.HasSuffix(want, ": ") && strings.HasPrefix(got, want)
}

// Editors may put a byte order mark in front of a file.
func TestByteOrderMark(t *testing.T) {
	if _, err := Load(fstest.MapFS{"s/scenario.yaml": {Data: []byte("\ufefftitle: a\nhost: {name: mail.example.com, ipv4: 203.0.113.10}\n" +
		"receivers: [{profile: gmail, domains: gmail.com}]\nsend: {from: me@example.com, to: you@gmail.com}\ncases: [{name: one, want: {outcome: sent}}]\n")}}, "s"); err != nil {
		t.Error(err)
	}
}

// Every error says where it is, and can be had one by one.
func TestErrorsApart(t *testing.T) {
	_, err := Load(archive(change(t, "title: A plain one", "title:", "cures: red", "cures: rad")), "s.txtar")
	var list interface{ Unwrap() []error }
	if !errors.As(err, &list) || len(list.Unwrap()) != 2 {
		t.Fatalf("Load gave %v, want two errors joined", err)
	}
	var e *Error
	if !errors.As(list.Unwrap()[1], &e) || e.Position != (Position{"s.txtar", 13}) || e.Hint != "did you mean red?" {
		t.Errorf("the second is %#v, want it in line 13 with a hint", e)
	}
}

func TestLimits(t *testing.T) {
	var files, cases, to strings.Builder
	for i := range 1001 {
		fmt.Fprintf(&files, "-- postfix/f%d --\n", i)
		fmt.Fprintf(&to, ", a%d@gmail.com", i)
		if i < 201 {
			fmt.Fprintf(&cases, "  - {name: c%d, want: {outcome: sent}}\n", i)
		}
	}
	for _, tt := range []struct{ text, want string }{
		{change(t, files.String()), "s.txtar: 1005 files: want at most 1000"},
		{change(t, "cases:\n", "cases:\n"+cases.String()), "s.txtar:210: 203 cases: want at most 200"},
		{change(t, "to: you@gmail.com", "to: [you@gmail.com"+to.String()+"]"), "s.txtar:8: 1002 recipients: want at most 1000"},
		{change(t, "-- postfix/big --\n"+strings.Repeat("x", 1<<20)), "s.txtar: postfix/big has 1048577 bytes: want at most 1048576"},
		{change(t, strings.Repeat("-- x --\n", 1<<19)), "s.txtar: 4194"},
		{change(t, "title: A", "#"+strings.Repeat("x", 1<<16)+"\ntitle: A"), "s.txtar:4: 65844 bytes: want at most 65536"},
		{change(t, "domains: [gmail.com]", "domains: "+strings.Repeat("[", 60)), "s.txtar:7: lists or mappings in one another: want at most 50"},
		{change(t, "cases:\n", "cases:\n"+strings.Repeat("- ", 60)+"\n"), "s.txtar:10: lists or mappings in one another: want at most 50"},
	} {
		if _, err := Load(archive(tt.text), "s.txtar"); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("Load gave %.200v, want %s", err, tt.want)
		}
	}
}
