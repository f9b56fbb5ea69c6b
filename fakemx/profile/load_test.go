package profile

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"

	"strictmx/internal/mail"
)

func source(seed uint64) rand.Source { return rand.NewPCG(seed, seed) }

const minimal = "name: own\ntitle: Own\nhostname: mx.example.net\n"

const rule = `rules:
  - id: a
    at: data
    when: {spf: fail}
    reply: 550 5.7.1 no
    source: test
    seen: 2026-01-02
`

const badForm = `values:
  ref: {form: "<id>-99", per: message}
rules:
  - {id: a, at: data, reply: "550 5.7.1 {ref}", source: test, seen: 2026-01-02}
`

const texts = `texts:
  row: {reply: 550 5.7.1 no, source: test, seen: 2026-01-02}
`

const spoken = `rules:
  - id: a
    at: data
    text: row
`

func TestLoadFaults(t *testing.T) {
	for _, tt := range []struct {
		table string
		want  []string // beginnings of the faults, in order
	}{
		{minimal, nil},
		{minimal + rule, nil},
		{"", []string{"t.yaml: empty: want a table"}},
		{"# nothing\n", []string{"t.yaml: empty: want a table"}},
		{"- a\n", []string{"t.yaml:1:1: want a table as keys and values, not a list", "t.yaml:1:1: a table without name", "t.yaml:1:1: a table without title", "t.yaml:1:1: a table without hostname"}},
		{"name: [\n", []string{"t.yaml:1:7: not YAML: "}},
		{minimal + strings.Replace(rule, "550 5.7.1 no", "550 5.7.1 no: way", 1), []string{
			"t.yaml:8:12: not YAML: mapping value is not allowed in this context: quote the text of reply, which has a colon and a blank in it",
		}},
		{minimal + strings.Replace(rule, "    when:", "   when:", 1), []string{
			"t.yaml:7:4: not YAML: value is not allowed in this context: look at the indentation of this line and the one before it, and for quotes, brackets or braces that are open before it",
		}},
		{minimal + strings.Replace(rule, "{spf: fail}", "{spf: fail", 1), []string{"t.yaml:8:5: not YAML: ',' or '}' must be specified: look for the end of the { in line 7"}},
		{minimal + strings.Replace(rule, "550 5.7.1 no", "''", 1), []string{`t.yaml:8:12: reply "": want a three-digit code`}},
		{minimal + "---\nname: b\n", []string{"t.yaml:5:1: a second document"}},
		{"name: Own\n" + minimal[10:], []string{`t.yaml:1:7: name "Own": want lower-case`}},
		{minimal + "ruels: []\n", []string{`t.yaml:4:1: unknown key "ruels" in a table: did you mean rules?`}},
		{minimal + "title: again\n", []string{"t.yaml:4:1: title twice: first in line 2"}},
		{minimal + "title2: &a x\n", []string{`t.yaml:4:1: unknown key "title2"`}},
		{"name: own\ntitle: &a x\nhostname: mx.example.net\n", []string{"t.yaml:2:8: want a text, not an anchor or alias"}},
		{"name: own\ntitle: true\nhostname: mx.example.net\n", []string{"t.yaml:2:8: want a text, not true or false"}},
		{"name: own\ntitle: 010\nhostname: mx.example.net\n", []string{"t.yaml:2:8: number 010: want no leading zero"}},
		{"name: own\ntitle: Own\nhostname: mx.example.net.\n", []string{`t.yaml:3:11: hostname "mx.example.net.": want a host name without final dot`}},
		{minimal + "wrap: {columns: 12}\n", []string{`t.yaml:4:17: columns "12": want a number from 40 to 510`}},
		{minimal + "wrap: {columns: 79, tail: \" {iid}\"}\n", []string{"t.yaml:1:1: wrap: unknown placeholder {iid}: did you mean id?"}},
		{minimal + "extensions: [\"SIZE=1\"]\n", []string{`t.yaml:4:14: extension "SIZE=1": want a keyword`}},
		{minimal + "extensions: [STARTLS, 8BITMINE, piplining, SMTP-UTF8, SZIE 5, BINARYMINE]\n", []string{
			`t.yaml:4:14: extension "STARTLS": did you mean STARTTLS?`, `t.yaml:4:23: extension "8BITMINE": did you mean 8BITMIME?`, `t.yaml:4:33: extension "piplining": did you mean PIPELINING?`,
			`t.yaml:4:44: extension "SMTP-UTF8": did you mean SMTPUTF8?`, `t.yaml:4:55: extension "SZIE 5": did you mean SIZE?`, `t.yaml:4:63: extension "BINARYMINE": did you mean BINARYMIME?`,
		}},
		{minimal + "extensions: [XSTARTTLS, X-EXPS GSSAPI, TIME, OK, LOCAL, starttls, AUTH LOGIN PLAIN, MTRK, ATRN, LIMITS RCPTMAX=5]\n", nil},
		{minimal + "extensions: [PIPELINING SIZE 20000000, dsn 8bitmime]\n", []string{
			`t.yaml:4:14: extension "PIPELINING SIZE 20000000": PIPELINING has no parameters: give each extension an entry of its own`,
			`t.yaml:4:40: extension "dsn 8bitmime": DSN has no parameters: give`,
		}},
		{minimal + "dialogue: {baner: 220 x}\n", []string{`t.yaml:4:19: unknown reply "baner": did you mean banner?`}},
		{minimal + "closing: [helo-empty]\n", nil},
		{minimal + "closing: [helo-emty]\n", []string{`t.yaml:4:11: unknown reply "helo-emty": did you mean helo-empty?`}},
		{minimal + "dialogue: {banner: 354 x}\n", []string{`t.yaml:4:20: reply "354 x" for banner: want a 2xx code`}},
		{minimal + "dialogue: {banner: \"220 {hots}\"}\n", []string{"t.yaml:4:20: unknown placeholder {hots}: did you mean host?"}},
		{minimal + "values: {client: {form: x}}\n", []string{`t.yaml:4:10: value "client": want`}},
		{minimal + "values: {client: {form: x}}\ndialogue: {banner: \"220 {whatever-else}\"}\n", []string{
			`t.yaml:4:10: value "client": want`, "t.yaml:5:20: unknown placeholder {whatever-else}: want one of blank, client, date, ",
		}},
		{minimal + "values: {x: {form: \"<9\"}, y: {per: day}}\n", []string{
			`t.yaml:4:20: form "<9": want a closing angle bracket`, "t.yaml:4:27: value y without form", `t.yaml:4:36: per "day": want one of session, message, reply`,
		}},
		{minimal + badForm, []string{`t.yaml:5:15: form "<id>-99": want 9, a, A, h or H between angle brackets, not i`}}, // and a reply has it
		{minimal + "hosts:\n  - {name: mx.example.net, pref: 70000, addrs: [198.51.100.300]}\n  - {pref: 1}\n", []string{
			`t.yaml:5:12: host "mx.example.net": want a host name with final dot`, `t.yaml:5:34: pref "70000": want a number from 0 to 65535`,
			`t.yaml:5:49: address "198.51.100.300": want an IPv4 or IPv6 address`, "t.yaml:6:5: a host without name", "t.yaml:6:5: a host without addrs",
		}},
		{minimal + addrs("\"fe80::1\", 0.0.0.0, \"::\", 127.0.0.2, \"::1\", 224.0.0.1, \"ff02::1\", 255.255.255.255, \"::ffff:127.0.0.1\""), []string{
			`t.yaml:5:46: address "fe80::1": want an address of a host`, `t.yaml:5:57: address "0.0.0.0": want`, `t.yaml:5:66: address "::": want`,
			`t.yaml:5:72: address "127.0.0.2": want`, `t.yaml:5:83: address "::1": want`, `t.yaml:5:90: address "224.0.0.1": want`,
			`t.yaml:5:101: address "ff02::1": want`, `t.yaml:5:112: address "255.255.255.255": want`, `t.yaml:5:129: address "::ffff:127.0.0.1": want`,
		}},
		{minimal + addrs("10.0.0.1, \"2001:db8::25\", \"2001:db8:0::25\"") + "  - {name: mxb.example.net., pref: 1, addrs: [10.0.0.1]}\n", []string{
			"t.yaml:5:72: address 2001:db8::25 twice: first in line 5", "t.yaml:6:47: address 10.0.0.1 twice: first in line 5",
		}},
		{minimal + addrs("10.0.0.1") + "  - {name: MX.example.net., pref: 2, addrs: [10.0.0.2]}\n", []string{"t.yaml:6:12: host MX.example.net. twice: first in line 5"}},
		{minimal + addrs("2001:db8::25"), []string{"t.yaml:5:46: want an address: quote one of IPv6"}},
		{minimal + "extensions: [SIZE, size 0, SIZE big, SIZE 1 2, SIZE -1, XSIZE big]\n", []string{
			`t.yaml:4:28: extension "SIZE big": want SIZE and a number of octets`, `t.yaml:4:38: extension "SIZE 1 2": want SIZE`, `t.yaml:4:48: extension "SIZE -1": want SIZE`,
		}},
		{minimal + "hosts:\n  - {name: mx.example.net., pref: 010, addrs: []}\n", []string{"t.yaml:5:35: number 010: want no leading zero"}},
		{minimal + "values: {x: {form: <9>}}\nchanges: []\n", []string{"t.yaml:4:10: value x: no reply has {x}"}},
		{minimal + "values: {x: {form: <9>}, id: {form: <a>}}\ndialogue: {banner: \"220 {x}\"}\nwrap: {tail: \"{id}\"}\n", nil},
		{"\ufeff" + minimal + rule, nil},
		{"\ufeff" + minimal + "ruels: []\n", []string{`t.yaml:4:1: unknown key "ruels"`}},
		{minimal + "source: \"a\\0b\"\n", []string{`t.yaml:4:9: source "a\x00b": want no control characters`}},
		{minimal + "about: \"a\\tb\\nc\"\n", nil},
		// Versions.
		{minimal + "default: 2026\n", []string{`t.yaml:4:10: default "2026": the table lists no versions`}},
		{minimal + "versions: [a, b]\ndefault: c\n", []string{`t.yaml:5:10: default "c": want one of a, b`}},
		{minimal + "versions: [a, a, B]\n", []string{"t.yaml:4:15: version a twice", `t.yaml:4:18: version "B": want lower-case`}},
		{minimal + "versions: [a, b]\nchanges: [{versions: b..a}, {}]\n", []string{`t.yaml:5:22: versions "b..a": want the older label first, of a, b`, "t.yaml:5:29: a change without versions"}},
		{minimal + "versions: [2013, 2014]\n" + strings.Replace(rule, "at:", "versions: 2015..\n    at:", 1), []string{`t.yaml:7:15: unknown version "2015": did you mean 2013?`}},
		{minimal + strings.Replace(rule, "at:", "versions: a\n    at:", 1), []string{`t.yaml:6:15: version "a": the table lists no versions`}},
		// Rules.
		{minimal + "rules:\n  - {id: a}\n", []string{"t.yaml:5:5: a rule without at", "t.yaml:5:5: a rule without reply", "t.yaml:5:5: a rule without source", "t.yaml:5:5: a rule without seen"}},
		{minimal + strings.Replace(rule, "source: test", `source: ""`, 1), []string{"t.yaml:5:5: a rule without source"}},
		{minimal + strings.Replace(rule, "spf: fail", "sfp: fail", 1), []string{`t.yaml:7:12: unknown check "sfp": did you mean spf?`}},
		{minimal + strings.Replace(rule, "spf: fail", "spf: failed", 1), []string{`t.yaml:7:17: check spf never gives "failed": did you mean fail?`}},
		{minimal + strings.Replace(rule, "spf: fail", "spf: fail or", 1), []string{`t.yaml:7:17: condition "fail or": want a value, values joined by or`}},
		{minimal + strings.Replace(rule, "spf: fail", "spf: fail and pass", 1), []string{`t.yaml:7:17: condition "fail and pass": want a value, values joined by or`}},
		{minimal + strings.Replace(rule, "spf: fail", "spf: not fail or pass", 1), []string{`t.yaml:7:17: condition "not fail or pass": not takes one value: list the values that are meant with or, of none, `}},
		{minimal + strings.Replace(rule, "spf: fail", "spf: pass or not fail", 1), []string{`t.yaml:7:17: condition "pass or not fail": not takes one value: `}},
		{minimal + strings.Replace(rule, "spf: fail", "spf: not", 1), []string{`t.yaml:7:17: condition "not": not takes one value: `}},
		{minimal + strings.Replace(rule, "spf: fail", "spf: fail, permerror, temperror", 1), []string{
			`t.yaml:7:23: unknown check "permerror", which is a value of spf: join values with or: spf: fail or permerror`,
			`t.yaml:7:34: unknown check "temperror", which is a value of spf: join values with or: spf: fail or permerror or temperror`,
		}},
		{minimal + strings.Replace(rule, "spf: fail", "iprev.ptr: none, mismatch", 1), []string{
			`t.yaml:7:29: unknown check "mismatch", which is a value of iprev.ptr: join values with or: iprev.ptr: none or mismatch`,
		}},
		{minimal + strings.Replace(rule, "spf: fail", "spf: fail, premerror", 1), []string{`t.yaml:7:23: unknown check "premerror": `}},
		{minimal + strings.Replace(rule, "spf: fail", "spf: fail, permerror: pass", 1), []string{`t.yaml:7:23: unknown check "permerror": `}},
		{minimal + strings.Replace(rule, "spf: fail", "spf: fail or fail", 1), []string{`t.yaml:7:17: condition "fail or fail": fail twice`}},
		{minimal + strings.Replace(rule, "at: data", "at: connect", 1), []string{"t.yaml:7:12: check spf is not known at stage connect: want stage mail or later"}},
		{minimal + ruleSaying("eod", "{dmarc.domain}"), []string{`t.yaml:6:9: at "eod": want one of connect, helo, mail, rcpt, data`}}, // and not what is known when
		{minimal + strings.Replace(rule, "at: data", "at: date", 1), []string{`t.yaml:6:9: at "date": did you mean data?`}},
		{minimal + strings.Replace(rule, "550 5.7.1", "550 4.7.1", 1), []string{`t.yaml:8:12: reply "550 4.7.1 no": status 4.7.1 and code 550 differ in class`}},
		{minimal + strings.Replace(rule, "550 5.7.1", "550 5.07.1", 1), []string{`t.yaml:8:12: reply "550 5.07.1 no": status "5.07.1": want numbers`}},
		{minimal + strings.Replace(rule, "550 5.7.1", "451 4.7", 1), []string{`t.yaml:8:12: reply "451 4.7 no": status "4.7": want class.subject.detail, as in 4.7.1 (RFC 3463 section 2)`}},
		{minimal + strings.Replace(rule, "550 5.7.1", "451 4.7.O", 1), []string{`t.yaml:8:12: reply "451 4.7.O no": status "4.7.O": want numbers of one to three digits`}},
		{minimal + strings.Replace(rule, "550 5.7.1 no", `"550 5.7.1: no"`, 1), nil}, // so some servers say
		{minimal + strings.Replace(rule, "550 5.7.1", "550 5.1.2.3 says", 1), nil},   // an address or a version
		{minimal + strings.Replace(rule, "550 5.7.1", "550 4.113.0.203.bl.example.org says", 1), nil},
		{minimal + strings.Replace(rule, "550 5.7.1", "550 5 .7", 1), nil},
		{minimal + strings.Replace(rule, "550 5.7.1", "250 2.7.1", 1), []string{`t.yaml:8:12: reply "250 2.7.1 no": want a 4xx or 5xx code`}},
		{minimal + strings.Replace(rule, "550 5.7.1", "251 4.7.0", 1), []string{`t.yaml:8:12: reply "251 4.7.0 no": want a 4xx or 5xx code, as a rule refuses`}},
		{minimal + "dialogue: {accepted: 550 2.0.0 ok}\n", []string{`t.yaml:4:22: reply "550 2.0.0 ok" for accepted: want a 2xx code`}},
		{minimal + strings.Replace(rule, "550 5.7.1", "No.", 1), []string{`t.yaml:8:12: reply "No. no": want a three-digit code`}},
		{minimal + strings.Replace(rule, "550 5.7.1 no", "|-\n      550-5.7.1 no\n      550 5.7.1 no", 1), []string{`t.yaml:8:12: reply "550-5.7.1 no": want a three-digit code from 200 to 599 first`}},
		{minimal + strings.Replace(rule, "550 5.7.1 no", "|-\n      550 5.7.1 no\n      550 5.7.1 no", 1), []string{`t.yaml:8:12: reply "550 5.7.1 no": want code and status once`}},
		{minimal + strings.Replace(rule, "550 5.7.1 no", "|-\n      550 5.7.1 no\n      5.7.1 no", 1), []string{`t.yaml:8:12: reply "550 5.7.1 no": want code and status once`}},
		{minimal + strings.Replace(rule, "550 5.7.1 no", "|-\n      550 no\n      5.7.1 no", 1), nil},
		{minimal + strings.Replace(rule, "550 5.7.1 no", `"550 5.7.1 {ip}"`, 1), []string{"t.yaml:8:12: unknown placeholder {ip}: "}},
		{minimal + strings.Replace(rule, "550 5.7.1 no", `"550 5.7.1 {client"`, 1), []string{"t.yaml:8:12: unknown placeholder {client: did you mean client?"}},
		{minimal + strings.Replace(rule, "550 5.7.1 no", `"550 5.7.1 a\u0007b"`, 1), []string{`t.yaml:8:12: reply "550 5.7.1 a\ab": want no control characters`}},
		{minimal + strings.Replace(rule, "550 5.7.1 no", "550 "+strings.Repeat("x", 600), 1), []string{`t.yaml:8:12: reply line "550 xxxx`}},
		{minimal + strings.Replace(rule, "seen: 2026-01-02", "seen: 2026-01-02\n    close: 1", 1), []string{"t.yaml:11:12: want true or false, not a number"}},
		{minimal + rule + rule[len("rules:\n"):], []string{"t.yaml:11:5: rule a twice: first in line 5"}},
		// Rules that never decide.
		{minimal + rule + strings.Replace(rule[len("rules:\n"):], "id: a", "id: b", 1), []string{"t.yaml:11:5: rule b can never decide: a comes first"}},
		{
			minimal + "rules:\n" + ruleOf("a", "helo", "iprev: not pass") + ruleOf("b", "helo", "iprev: pass, family: ipv4") + ruleOf("c", "mail", "family: ipv4"),
			[]string{"t.yaml:17:5: rule c can never decide: a, b come first"},
		},
		{ // one is enough, whatever the others take
			minimal + "rules:\n" + ruleOf("ptr", "connect", "iprev: not pass") + ruleOf("four", "helo", "family: ipv4") +
				strings.Replace(ruleOf("always", "mail", ""), "    when: {}\n", "", 1) + ruleOf("d", "data", "spf: fail"),
			[]string{"t.yaml:22:5: rule d can never decide: always comes first"},
		},
		{ // two of three: the first takes a part of what they take
			minimal + "rules:\n" + ruleOf("a", "connect", "iprev: fail") + ruleOf("b", "helo", "iprev: not pass") +
				ruleOf("c", "helo", "family: ipv6") + ruleOf("d", "mail", "iprev: pass, family: ipv4") + ruleOf("e", "data", "family: ipv4, spf: fail"),
			[]string{"t.yaml:29:5: rule e can never decide: b, d come first"},
		},
		// What the session itself decides.
		{minimal + sized("[SIZE 1500]", "{size: {max: 1499}}", "size: fail"), nil},
		{minimal + sized("[SIZE 1500]", "{size: {max: 1500}}", "size: pass"), nil},
		{minimal + sized("[SIZE 1500]", "{size: {max: 1500}}", "spf: fail, size: not pass"), []string{
			"t.yaml:7:5: rule a can never decide: a session refuses more than 1500 octets first, as SIZE 1500 in the extensions has it: want a max below that for size, or the words as reply size of the dialogue",
		}},
		{minimal + sized("[SIZE]", "{big: {method: size, max: 67108863}}", "big: fail"), nil},
		{minimal + sized("[SIZE 0]", "{big: {method: size, max: 67108864}}", "big: fail"), []string{
			"t.yaml:7:5: rule a can never decide: a session refuses more than 67108864 octets first, for a table without a number after SIZE: want a max below that for big",
		}},
		{minimal + "versions: [a, b]\nchanges: [{versions: b, extensions: [SIZE 3000]}]\n" + sized("[SIZE 1500]", "{size: {max: 2000}}", "size: fail"), []string{
			"t.yaml:9:5: rule a in version a can never decide: a session refuses more than 1500 octets first",
		}},
		{minimal + sized("[]", "{recipient: {max: 999}}", "recipient.count: too-many"), nil},
		{minimal + sized("[]", "{recipient: {max: 1000}}", "recipient: unknown"), nil},
		{minimal + sized("[]", "{recipient: {max: 1000}}", "recipient.count: too-many"), []string{
			"t.yaml:7:5: rule a can never decide: a session refuses more than 1000 recipients first: want a max below that for recipient, or the words as reply too-many-rcpts of the dialogue",
		}},
		// Checks of the table's own.
		{minimal + "checks: {own: {}}\n", []string{"t.yaml:4:10: check own without method, and own is none: want one of family, iprev"}},
		{minimal + "checks: {rbl: {zone: bl.example.org}}\n", []string{"t.yaml:4:10: check rbl without method, and rbl is none: did you mean method: dnsbl? it has these settings"}},
		{minimal + "checks: {sfp: {}}\n", []string{"t.yaml:4:10: check sfp without method, and sfp is none: did you mean spf?"}},
		{minimal + "checks: {own: {method: rate, limit: 03}}\n" + strings.Replace(rule, "spf: fail", "own: fail", 1), []string{"t.yaml:4:37: number 03: want no leading zero"}},
		{minimal + "checks: {own: {method: greylist, by: trilpet}}\n", []string{`t.yaml:4:34: check own: by: "trilpet": did you mean triplet?`}},
		{minimal + "checks: {own: {method: rate, limit: 3, by: recipient}}\n", []string{
			`t.yaml:4:40: check own: by: "recipient" goes with count: recipients only: with count: messages want one of client, network, sender-domain, from-domain, session, all`,
		}},
		{minimal + "checks: {own: {method: rate, limit: 3, count: open, by: session}}\n", []string{
			`t.yaml:4:53: check own: by: "session" goes with count: messages or recipients only: with count: open want one of client, network, all`,
		}},
		{minimal + "checks: {own: {method: spf}, spf: {}}\n" + rule, []string{"t.yaml:4:10: check own: no rule asks for it, and no reply quotes it"}},
		{minimal + "checks: {dkim: {min-key: 2048}}\n" + strings.Replace(rule, "spf: fail", "dmarc: fail", 1), nil}, // DMARC needs it
		{minimal + "checks: {own: {method: rate, limit: 3}, iprev: {}}\n" + strings.Replace(rule, "550 5.7.1 no", `"550 5.7.1 {own.count} {ptr}"`, 1), nil},
		{minimal + "checks: {own: {method: sfp}}\n", []string{`t.yaml:4:24: unknown method "sfp": did you mean spf?`}},
		{minimal + "checks: {Own: {method: spf}}\n", []string{`t.yaml:4:10: check "Own": want lower-case`}},
		{minimal + "checks: {own: {method: spf, limit: 1}}\n", []string{"t.yaml:4:29: check own: limit: not a setting of spf, which has none"}},
		{minimal + "checks: {own: {method: spf}}\n" + strings.Replace(rule, "spf: fail", "own: fail", 1), nil},
		{minimal + "checks: {own: {method: sfp}}\n" + strings.Replace(rule, "spf: fail", "own: fail", 1), []string{
			`t.yaml:4:24: unknown method "sfp"`, // once, and not again for each rule
		}},
		{minimal + strings.Replace(rule, "spf: fail", "rate: fail", 1), []string{`t.yaml:7:12: unknown check "rate": it is a method that has to be set up under checks: rate needs limit`}},
		{minimal + strings.Replace(rule, "spf: fail", "rtae: fail", 1), []string{`t.yaml:7:12: unknown check "rtae": did you mean rate? it is a method that has to be set up under checks: rate needs limit`}},
		{minimal + strings.Replace(rule, "spf: fail", "dnsbl: fail", 1), []string{`t.yaml:7:12: unknown check "dnsbl": it is a method that has to be set up under checks: dnsbl needs zone`}},
		{minimal + strings.Replace(rule, "spf: fail", "size: fail", 1), []string{`t.yaml:7:12: unknown check "size": it is a method that has to be set up under checks: size needs max`}},
		{minimal + strings.Replace(rule, "spf: fail", "list: fail, recipient: unknown", 1), nil}, // they need nothing
		{minimal + "checks: {own: {method: rate, limit: 3}, two: {method: rate, limit: 4}}\n" + strings.Replace(rule, "spf: fail", "rate: fail", 1), []string{
			`t.yaml:8:12: unknown check "rate": it is the method of own, two: want the name of a check`,
		}},
		{minimal + "checks: {own: {method: rate}}\n" + strings.Replace(rule, "spf: fail", "rate: fail", 1), []string{
			"t.yaml:4:10: check own: want limit: ", `t.yaml:8:12: unknown check "rate": it is the method of own`,
		}},
		{minimal + strings.Replace(rule, "spf: fail", "spf: [fail, permerror]", 1), []string{
			"t.yaml:7:17: want a text, not a list: join values with or: spf: fail or permerror",
		}},
		{minimal + strings.Replace(rule, "spf: fail", "iprev.ptr: [[none]]", 1), []string{"t.yaml:7:23: want a text, not a list"}},
		{minimal + strings.Replace(rule, "spf: fail", "iprev.ptr: []", 1), []string{"t.yaml:7:23: want a text, not a list"}},
		{minimal + "checks: {burst: {method: rate, limit: 3}}\n" + strings.Replace(rule, "spf: fail", "burst.count: 3", 1), []string{
			"t.yaml:8:12: check burst has no facets: want burst without .count",
		}},
		{minimal + strings.Replace(rule, "spf: fail", "spf.colour: red", 1), []string{`t.yaml:7:12: check spf has no facet "colour"`}},
		{minimal + strings.Replace(rule, "550 5.7.1 no", `"550 5.7.1 {spf.reason}"`, 1), nil},
		{minimal + strings.Replace(rule, "550 5.7.1 no", `"550 5.7.1 {spf.raeson}"`, 1), []string{"t.yaml:8:12: unknown placeholder {spf.raeson}: did you mean spf.reason? known are spf.domain, spf.explanation, "}},
		{minimal + strings.Replace(rule, "550 5.7.1 no", `"550 5.7.1 {dmarc.from}"`, 1), []string{
			"t.yaml:8:12: unknown placeholder {dmarc.from}: did you mean dmarc.header.from? known are dmarc.dkim, dmarc.domain, ",
		}},
		{minimal + strings.Replace(rule, "550 5.7.1 no", `"550 5.7.1 {dmarc.header.form}"`, 1), []string{"t.yaml:8:12: unknown placeholder {dmarc.header.form}: did you mean dmarc.header.from?"}},
		{minimal + strings.Replace(rule, "550 5.7.1 no", `"550 5.7.1 {spf}"`, 1), []string{"t.yaml:8:12: unknown placeholder {spf}: want one of spf.domain, spf.explanation, spf.identity, "}},
		{minimal + strings.Replace(rule, "550 5.7.1 no", `"550 5.7.1 {rate.count}"`, 1), []string{
			"t.yaml:8:12: unknown placeholder {rate.count}: it is a method that has to be set up under checks: rate needs limit (write {{ for a brace)",
		}},
		{minimal + "checks: {own: {method: rate, limit: 3}}\n" + strings.Replace(rule, "550 5.7.1 no", `"550 5.7.1 {own.number}"`, 1), []string{
			"t.yaml:9:12: unknown placeholder {own.number}: want one of own.count, own.domain, own.explanation, own.limit, own.reason, own.value",
		}},
		{minimal + "checks: {own: {method: rate}}\n" + strings.Replace(rule, "550 5.7.1 no", `"550 5.7.1 {own.count}"`, 1), []string{
			"t.yaml:4:10: check own: want limit: ",
		}},
		{minimal + "checks: {own: {method: rate, limt: 1}}\n", []string{"t.yaml:4:30: check own: limt: not a setting of rate: did you mean limit?"}}, // and not that limit is missing
		// Placeholders that come too early.
		{minimal + "dialogue: {ehlo: \"250 {host} {headers.value}\"}\n", []string{"t.yaml:4:18: placeholder {headers.value} is not known at stage helo: want stage data or later"}},
		{minimal + strings.Replace(rule, "550 5.7.1 no", `"550 5.7.1 {rcpt} {ptr} {headers.date}"`, 1), nil},
		{minimal + ruleSaying("mail", "{headers.date}"), []string{"t.yaml:8:12: placeholder {headers.date} is not known at stage mail: want stage data or later"}},
		{minimal + ruleSaying("mail", "{from} {helo} {spf.reason}"), nil},
		{minimal + ruleSaying("mail", "{rcpt}"), []string{"t.yaml:8:12: placeholder {rcpt} is not known at stage mail: want stage rcpt or later"}},
		{minimal + strings.Replace(rule, "550 5.7.1 no", `"550 5.7.1 {spf.Value} {spf.REASON}"`, 1), nil},
		{minimal + strings.Replace(rule, "550 5.7.1 no", `"550 5.7.1 {spf.vAlue}"`, 1), []string{"t.yaml:8:12: unknown placeholder {spf.vAlue}: "}},
		// Texts that rules name.
		{minimal + texts + spoken, nil},
		{minimal + spoken + texts, nil},
		{minimal + texts, []string{"t.yaml:5:3: text row: no rule names it"}},
		// A misspelt key is told of, and nothing that follows from it.
		{minimal + texts + strings.Replace(spoken, "text: row", "texts: row", 1), []string{`t.yaml:9:5: unknown key "texts" in a rule: did you mean text?`}},
		{minimal + strings.Replace(texts, "texts:", "txets:", 1) + spoken, []string{`t.yaml:4:1: unknown key "txets" in a table: did you mean texts?`}},
		{minimal + "cheks: {own: {method: rate, limit: 3}}\n" + strings.Replace(rule, "spf: fail", "own: fail", 1), []string{`t.yaml:4:1: unknown key "cheks" in a table: did you mean checks?`}},
		{strings.Replace(minimal, "title:", "titel:", 1), []string{`t.yaml:2:1: unknown key "titel" in a table: did you mean title?`}},
		{minimal + strings.NewReplacer("source:", "sorce:", "reply:", "reylp:", "id:", "idd:").Replace(rule), []string{
			`t.yaml:5:5: unknown key "idd" in a rule: did you mean id?`, `t.yaml:8:5: unknown key "reylp" in a rule: did you mean reply?`, `t.yaml:9:5: unknown key "sorce" in a rule: did you mean source?`,
		}},
		{minimal + strings.Replace(rule, "seen: 2026-01-02", "seem: today", 1), []string{`t.yaml:10:5: unknown key "seem" in a rule: did you mean seen?`, `t.yaml:10:11: seen "today": want a date`}},
		{minimal + strings.Replace(rule, "seen: 2026-01-02", "seen: 2026-01-02\n    seem: today", 1), []string{`t.yaml:11:5: unknown key "seem" in a rule: did you mean seen?`}},
		{minimal + spoken, []string{`t.yaml:7:11: unknown text "row": the table has no texts`}},
		{minimal + texts + strings.Replace(spoken, "text: row", "text: rwo", 1), []string{"t.yaml:5:3: text row: no rule names it", `t.yaml:9:11: unknown text "rwo": want one of row`}},
		{minimal + texts + strings.Replace(spoken, "text: row", "text: [row]", 1), []string{"t.yaml:5:3: text row", "t.yaml:9:11: want a text, not a list"}},
		{minimal + texts + strings.Replace(spoken, "text: row", "text: row\n    seen: 2026", 1), []string{"t.yaml:10:11: seen beside text: want one of them"}},
		{minimal + texts + strings.Replace(spoken, "    at: data\n", "", 1), []string{"t.yaml:7:5: a rule without at"}},
		{minimal + strings.Replace(texts, "source: test", `source: ""`, 1) + spoken, []string{"t.yaml:5:3: text row without source"}},
		{minimal + strings.Replace(texts, "550 5.7.1 no", "250 2.7.1 no", 1) + spoken, []string{`t.yaml:5:16: reply "250 2.7.1 no": want a 4xx`}},
		{minimal + strings.Replace(texts, "550 5.7.1 no", `"550 {nobody}"`, 1) + spoken, []string{`t.yaml:5:16: unknown placeholder {nobody}: `}},
		{minimal + strings.Replace(texts, "  row:", "  Row:", 1) + strings.Replace(spoken, "text: row", "text: Row", 1), []string{`t.yaml:5:3: text "Row": want lower-case`}},
		{minimal + "versions: [a, b]\n" + texts + strings.Replace(spoken, "text: row", "text: {a: row, b: row}", 1), nil},
		{minimal + "versions: [a, b]\n" + texts + strings.Replace(spoken, "text: row", "text: {a: row, c: row}", 1), []string{`t.yaml:10:20: unknown version "c": `}},
		{minimal + "versions: [a, b]\n" + texts + strings.Replace(spoken, "text: row", "text: {a..b: row, b: row}", 1), []string{
			"t.yaml:8:5: rule a with two texts in version b: labels of versions go from the oldest to the newest, here a, b",
		}},
		{minimal + "versions: [2026, 2024]\n" + texts + strings.Replace(spoken, "text: row", "text: {..2024: row, 2026..: row}", 1), []string{
			"t.yaml:8:5: rule a with two texts in version 2026: labels of versions go from the oldest to the newest, here 2026, 2024", "t.yaml:8:5: rule a with two texts in version 2024",
		}},
		{minimal + "versions: [2026, 2024]\nrules:\n" + strings.Replace(ruleOf("a", "data", "spf: fail"), "at:", "versions: ..2024\n    at:", 1) +
			strings.Replace(ruleOf("a", "data", "spf: fail"), "at:", "versions: 2024\n    at:", 1), []string{
			"t.yaml:13:5: rule a twice in version 2024: first in line 6: labels of versions go from the oldest to the newest, here 2026, 2024",
		}},
		{minimal + "versions: [a, b]\n" + texts + strings.Replace(spoken, "text: row", "text: {a: row}\n    versions: a", 1), []string{"t.yaml:11:15: versions beside those of text: want one of them"}},
		// Lines longer than the RFC allows are taken where they were seen.
		{minimal + strings.Replace(rule, "550 5.7.1 no", "550 "+strings.Repeat("x", 600)+"\n    exact: true", 1), nil},
		{minimal + strings.Replace(rule, "550 5.7.1 no", "550 "+strings.Repeat("x", 2000)+"\n    exact: true", 1), []string{`t.yaml:8:12: reply line "550 xxxx`}},
		// Rules that no facts lead to, and those that tire.
		{minimal + strings.Replace(rule, "when: {spf: fail}", "scripted: true", 1), nil},
		{minimal + strings.Replace(rule, "when:", "scripted: true\n    when:", 1), []string{"t.yaml:8:11: when: a scripted rule has no conditions"}},
		{minimal + strings.Replace(rule, "when:", "times: 0\n    when:", 1), []string{`t.yaml:7:12: times "0": want a number from 1 to 1000`}},
		{minimal + strings.Replace(rule, "when:", "times: 2\n    when:", 1) + strings.Replace(rule[len("rules:\n"):], "id: a", "id: b", 1), nil},
	} {
		_, err := Load(fstest.MapFS{"t.yaml": {Data: []byte(tt.table)}})
		var got []string
		for _, p := range Problems(err) {
			got = append(got, p.Error())
		}
		if len(got) != len(tt.want) {
			t.Errorf("table:\n%s\nfaults %q, want %q", tt.table, got, tt.want)
			continue
		}
		for i, w := range tt.want {
			if !strings.HasPrefix(got[i], w) {
				t.Errorf("table:\n%s\nfault %q, want %q", tt.table, got[i], w)
			}
		}
	}
}

// ruleSaying is the rule with another stage and with placeholders in its reply.
func ruleSaying(at, words string) string {
	return strings.NewReplacer("at: data", "at: "+at, "550 5.7.1 no", `"550 5.7.1 `+words+`"`).Replace(rule)
}

func addrs(list string) string {
	return "hosts:\n  - {name: mx.example.net., pref: 1, addrs: [" + list + "]}\n"
}

// What was seen has a date, or has none and says so.
func TestSeen(t *testing.T) {
	for s, want := range map[string]bool{
		"2026-11-02": true, "2026-11": true, "2026": true, "about 2009": true, "2015-03 to 2016-01": true, "2013, 2014-02-26": true,
		"2016-2019": true, "undated": true, "undated help page": true, "": true,
		"last week": false, "today": false, "2026-13-45": false, "2026-02-30": false, "2026-1-2": false, "2019-2016": false, "undatable": false,
		"2026-11-02 or 2026-13": false,
	} {
		if got := isDated(s); got != want {
			t.Errorf("isDated(%q) = %v, want %v", s, got, want)
		}
	}
	for seen, want := range map[string]string{
		"last week":                `want a date as in 2026-11-02, 2026-11 or 2026, or "undated"`,
		"undated, in the handbook": "want a blank after undated, and then what is known",
		"undated, or 2026-13":      "want a date as in 2026-11-02",
	} {
		_, err := Load(fstest.MapFS{"t.yaml": {Data: []byte(minimal + strings.Replace(rule, "2026-01-02", seen, 1))}})
		if want = fmt.Sprintf("t.yaml:10:11: seen %q: %s", seen, want); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Load gave %v, want %s", err, want)
		}
	}
}

func sized(extensions, checks, when string) string {
	return "extensions: " + extensions + "\nchecks: " + checks + "\nrules:\n" + ruleOf("a", "data", when)
}

func ruleOf(id, at, when string) string {
	return "  - id: " + id + "\n    at: " + at + "\n    when: {" + when + "}\n    reply: 550 5.7.1 no\n    source: test\n    seen: 2026-01-02\n"
}

// A file with the other ending of YAML is not passed over in silence.
func TestMisnamed(t *testing.T) {
	good := &fstest.MapFile{Data: []byte(minimal)}
	for name, want := range map[string]string{
		"uni.yml":    "uni.yml: a table is read from NAME.yaml: want uni.yaml",
		"uni.YAML":   "uni.YAML: a table is read from NAME.yaml: want uni.yaml",
		"README.md":  "",
		"old/a.yml":  "",
		"uni.yml.gz": "",
	} {
		if _, err := Load(fstest.MapFS{"own.yaml": good, name: good}); want == "" && err != nil || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("Load with %s gave %v, want %q", name, err, want)
		}
	}
}

// TestVersions: rules and words belong to labels and ranges of labels.
func TestVersions(t *testing.T) {
	s, err := Load(fstest.MapFS{"t.yaml": {Data: []byte(minimal + `versions: [2013, 2014, 2015]
dialogue: {banner: 220 old}
changes:
  - versions: 2014..
    dialogue: {banner: 220 new}
    extensions: [SIZE 1]
rules:
` + strings.Replace(ruleOf("a", "data", "spf: fail"), "at:", "versions: ..2014\n    at:", 1) +
		strings.Replace(ruleOf("b", "data", "spf: fail"), "at:", "versions: [2015]\n    at:", 1))}})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, full, rule, banner string }{
		{"own@2013", "own@2013", "own/a", "220 old"},
		{"own@2014", "own@2014", "own/a", "220 new"},
		{"own", "own@2015", "own/b", "220 new"}, // the bare name is the newest
	} {
		p, err := s.Find(tt.name)
		if err != nil {
			t.Fatal(err)
		}
		d, _ := p.Decide(mail.Data, Found(results("spf=fail")), nil)
		banner, err := p.Reply("banner", Vars{})
		if p.String() != tt.full || d.Rule != tt.rule || err != nil || banner[0] != tt.banner {
			t.Errorf("%s: %s, rule %s, banner %q (%v), want %+v", tt.name, p, d.Rule, banner, err, tt)
		}
	}
}

// FuzzLoad: whatever is in a table, loading does not panic, a fault has a place in
// the file or none, and what loads renders replies that can be read.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(minimal + rule))
	f.Add([]byte(minimal + "versions: [a, b]\nwrap: {columns: 40, tail: ' {id}'}\nchanges: [{versions: b, extensions: [DSN]}]\n" + rule))
	f.Add([]byte(minimal + "versions: [a, b]\n" + texts + strings.Replace(spoken, "text: row", "text: {a: row, b..: row}", 1)))
	f.Add([]byte(minimal + "texts: {row:, b: []}\nrules: [{id: a, at: data, text: {: row}}]\n"))
	f.Add([]byte(minimal + badForm))
	f.Add([]byte("name: [\n"))
	f.Add([]byte("? a\n: b\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		s, err := Load(fstest.MapFS{"t.yaml": {Data: src}})
		if err != nil {
			for _, p := range Problems(err) {
				if breaks := strings.Count(string(src), "\n") + strings.Count(string(src), "\r"); p.Line < 0 || p.Line > breaks+1 {
					t.Errorf("fault outside the file: %v", p)
				}
			}
			return
		}
		for _, p := range s.Profiles() {
			for _, name := range Phrases() {
				if lines, err := p.Reply(name, sample()); err != nil {
					t.Errorf("%s: reply %s: %q, %v", p, name, lines, err)
				}
			}
			for _, r := range p.Rules {
				lines, err := p.Refusal(Decision{Rule: p.Name + "/" + r.ID}, sample())
				reply, perr := mail.ParseReply(lines...)
				if err != nil || perr != nil || reply.Code != r.Code || reply.Status != r.Status {
					t.Errorf("%s: rule %s: %q, %v, %v", p, r.ID, lines, err, perr)
				}
			}
		}
	})
}
