package schema

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"strictmx/fakemx/profile"
)

// agrees wants the schema to take a file as the program does, or to refuse it as that
// does.
func agrees(t *testing.T, s *jsonschema.Schema, text string, loaded error, good bool) {
	t.Helper()
	err := valid(t, s, []byte(text))
	if good && (err != nil || loaded != nil) {
		t.Errorf("the schema says %v, and the program %v, of\n%s", err, loaded, text)
	}
	if !good && err == nil {
		t.Errorf("the schema takes\n%s", text)
	}
	if !good && loaded == nil {
		t.Errorf("the program takes\n%s", text)
	}
}

func loadTable(text string) error {
	_, err := profile.Load(fstest.MapFS{"own.yaml": {Data: []byte(text)}})
	return err
}

const minimal = "name: own\ntitle: Own\nhostname: mx.example.net\n"

// The settings of checks, by method: what each kind of value can be, and what not.
func TestSettings(t *testing.T) {
	s := compiled(t, "profile")
	for _, tt := range []struct{ method, settings string }{
		{"rate", "limit: 3"},
		{"rate", "limit: '3'"},
		{"rate", "limit: [3]"},
		{"rate", "limit: +3"},
		{"rate", "limit: '+03'"},
		{"rate", "limit: 3, per: 90s"},
		{"rate", "limit: 3, per: 1h30m"},
		{"rate", "limit: 3, per: [1h]"},
		{"rate", "limit: 3, per: +.5h"},
		{"rate", "limit: 3, per: 0h1.m"},
		{"rate", "limit: 3, per: 20µs"},
		{"rate", "limit: 3, count: open, by: all"},
		{"rate", "limit: 3, count: [open], by: [network]"},
		{"rate", "limit: 3, count: recipients, by: recipient"},
		{"rate", "limit: 3, by: session"},
		{"greylist", "delay: 0"},
		{"greylist", "delay: -0"},
		{"greylist", "delay: '0'"},
		{"greylist", "delay: 0s, keep: 0h0m, by: client"},
		{"greylist", "delay: -0.1ns"},
		{"early-talker", "wait: 1ms"},
		{"dkim", "min-key: 2048, max-signatures: 1"},
		{"dkim", "min-key: 1024"},
		{"dnsbl", "zone: bl.example.org"},
		{"dnsbl", "zone: BL.Example.org., careless: true, by: helo"},
		{"dnsbl", "zone: true"},
		{"dnsbl", "zone: 1.5"},
		{"dnsbl", "zone: a_b.*.example, careless: 'false'"},
		{"dnsbl", "zone: bl.example, codes: 127.0.0.2"},
		{"dnsbl", "zone: bl.example, codes: [127.0.0.2, 127.0.1.0/24, 0.0.0.0/0]"},
		{"dnsbl", "zone: bl.example, codes: []"},
		{"rdns-generic", "patterns: [dyn, 5, true, '^[0-9]+']"},
		{"rdns-generic", "patterns: []"},
		{"rdns-generic", "patterns: dyn"},
		{"sender-domain", "by: from, ask: soa"},
		{"tls", "min: TLSv1.3"},
		{"dmarc", "discovery: psl"},
		{"list", "by: sender"},
		{"spf", ""},
	} {
		agrees(t, s, withCheck(tt.method, tt.settings), loadTable(withCheck(tt.method, tt.settings)), true)
	}
	for _, tt := range []struct{ method, settings string }{
		{"rate", ""},                                              // a setting is missing
		{"rate", "limit: 3, pre: 1h"},                             // an unknown one
		{"spf", "limit: 3"},                                       // one of another method
		{"rate", "limit: null"},                                   // no value
		{"rate", "limit: {max: 3}"},                               // keys and values
		{"rate", "limit: [3, 4]"},                                 // two values
		{"rate", "limit: []"},                                     // an empty list
		{"rdns-generic", "patterns: [[dyn]]"},                     // a list in a list
		{"rate", "limit: 0"},                                      // a number
		{"rate", "limit: -1"},                                     //
		{"rate", "limit: 1.5"},                                    //
		{"rate", "limit: '0'"},                                    //
		{"rate", "limit: many"},                                   //
		{"rate", "limit: true"},                                   //
		{"rate", "limit: 10k"},                                    //
		{"dkim", "min-key: 512"},                                  // a number that is too small
		{"rate", "limit: 3, per: 1d"},                             // a time
		{"rate", "limit: 3, per: 60"},                             //
		{"rate", "limit: 3, per: 5 m"},                            //
		{"rate", "limit: 3, per: 5M"},                             //
		{"rate", "limit: 3, per: -5m"},                            //
		{"rate", "limit: 3, per: 0"},                              // a time longer than 0
		{"rate", "limit: 3, per: 0s"},                             //
		{"greylist", "window: 0h0m"},                              //
		{"early-talker", "wait: 0ms"},                             //
		{"greylist", "delay: -5m"},                                //
		{"greylist", "delay: 5"},                                  //
		{"greylist", "keep: true"},                                //
		{"tls", "min: TLS1.2"},                                    // a word
		{"tls", "min: tlsv1.2"},                                   //
		{"tls", "min: 1.2"},                                       //
		{"dmarc", "discovery: [psl, tree]"},                       //
		{"list", "by: Sender"},                                    //
		{"dnsbl", "zone: bl.example, careless: yes"},              //
		{"dnsbl", "zone: bl.example, by: recipient"},              //
		{"rate", "limit: 3, count: connections, by: session"},     // a word that another one rules out
		{"rate", "limit: 3, count: [open], by: sender-domain"},    //
		{"rate", "limit: 3, by: recipient"},                       // beside the default
		{"dnsbl", "zone: bl..example"},                            // a domain
		{"dnsbl", "zone: ''"},                                     //
		{"dnsbl", "zone: bl example"},                             //
		{"dnsbl", "zone: bücher.example"},                         //
		{"dnsbl", `zone: 'bl\.example'`},                          //
		{"dnsbl", "zone: bl.example, codes: 127.0.0"},             // an address or network
		{"dnsbl", "zone: bl.example, codes: [127.0.0.2, listed]"}, //
		{"dnsbl", "zone: bl.example, codes: 127.0.0.0/33"},        //
		{"dnsbl", "zone: bl.example, codes: '2001:db8::/32'"},     //
		{"dnsbl", "zone: bl.example, codes: 127"},                 //
		{"sfp", "limit: 3"},                                       // an unknown method
	} {
		agrees(t, s, withCheck(tt.method, tt.settings), loadTable(withCheck(tt.method, tt.settings)), false)
	}
}

// withCheck is a table with a check that a rule asks for.
func withCheck(method, settings string) string {
	return minimal + fmt.Sprintf("checks:\n  own: {method: %s, %s}\n", method, settings) +
		"rules:\n  - {id: a, at: data, when: {own: not pass}, reply: 550 no, source: test, seen: 2026}\n"
}

// A check is of the method that it names, else of that which has its name.
func TestMethods(t *testing.T) {
	s := compiled(t, "profile")
	for checks, good := range map[string]bool{
		"spf: {}":                          true,
		"spf: {method: spf}":               true,
		"spf: {method: rate, limit: 3}":    true,
		"rate: {method: list, by: sender}": true,
		"rate: {limit: 3}":                 true,
		"rate: {}":                         false,
		"spf: {limit: 3}":                  false,
		"rate: {method: list, limit: 3}":   false,
		"spf: {method: rate}":              false,
		"own: {}":                          false,
		"own: {limit: 3}":                  false,
		"spf: []":                          false,
		"own: {method: SPF}":               false,
		"Own: {method: spf}":               false,
		"own: {method: null}":              false,
	} {
		name := checks[:3]
		if checks[0] == 'r' {
			name = "rate"
		}
		text := minimal + "checks: {" + checks + "}\nrules: [{id: a, at: data, when: {" + name + ": not pass}, reply: 550 no, source: test, seen: 2026}]\n"
		agrees(t, s, text, loadTable(text), good)
	}
}

// rest are the keys of a rule that the rows below are not about.
const rest = "source: test, seen: 2026}\n"

// Tables that are right in an odd way.
var goodTables = []string{
	minimal,
	"name: 2024\ntitle: 5\nhostname: 1.5\n",
	"name: a-1\ntitle: ''\nhostname: LOCALHOST\nabout: ''\nsource: ''\nseen: ''\n",
	minimal + "versions: []\nhosts: []\nrules: []\nextensions: []\nclosing: []\nchecks: {}\ntexts: {}\nvalues: {}\nwrap: {}\nchanges: []\ndialogue: {}\n",
	minimal + "about: \"two\\tlines\\nof text\"\nseen: 2026\n",
	minimal + "seen: 2014-2016, and undated\n",
	minimal + "seen: undated from a forum\n",
	minimal + "default: ''\n",
	minimal + "versions: [2014, 2014.5, 2015-b]\ndefault: 2014\n",
	minimal + "hosts: [{name: MX.example., pref: '010', addrs: []}]\n",
	minimal + "hosts: [{name: mx., pref: 0, addrs: ['::ffff:198.51.100.77', '2001:DB8::1', 10.0.0.1]}]\n",
	minimal + "wrap: {columns: '060', tail: ''}\n",
	minimal + "wrap: {columns: +60}\n",
	minimal + "extensions: [8BITMIME, size 5, SIZE, X y=z, 8]\n",
	minimal + "extensions: [starttls, AUTH LOGIN PLAIN, AUTH, XSTARTTLS now, OK go, TIME 5, BDAT]\n",
	minimal + "dialogue: {banner: 220, data: '354', unknown: \"500\\n\", quit: 221 5 is no status, help: \"214 one\\ntwo\"}\nclosing: [unknown]\n",
	minimal + "dialogue: {banner: 220 5.7.1x, data: 354 5.7.1. go, unknown: '500 5.5.1: what', quit: 221 2.0.b}\n",
	minimal + "dialogue: {banner: 220 5.1.2.3 is a version, help: 214 5 4.7, quit: 221 4.113.0.203.bl.example, noop: '250  2.0'}\n",
	minimal + "values: {idx: {form: 5}, idy: {form: 'a>b<9aAhH><>', per: reply}}\nrules:\n  - {id: a, at: rcpt, reply: '550 {idx} {idy}', " + rest,
	minimal + "rules:\n  - {id: 7, at: rcpt, reply: 550, times: '3', close: True, exact: false, scripted: false, when: {}, catalogue: '', remedy: 5, first-columns: '60', " + rest,
	minimal + "rules:\n  - {id: a, at: rcpt, when: {spf: ' fail   or\tsoftfail '}, reply: 550 no, " + rest,
	minimal + "rules:\n  - {id: a, at: rcpt, when: {spf: \"not\\u00a0fail\", iprev.ptr: none or mismatch}, reply: 550 no, " + rest,
	minimal + "rules:\n  - {id: a, at: rcpt, when: {spf: fail or softfail, iprev: not pass}, reply: 550 5.7.1 no, source: 5, seen: 2026-01-02}\n",
	minimal + "rules:\n  - {id: a, at: connect, when: {family: ipv6}, reply: 554 5.7.1, " + rest,
	minimal + "checks: {family: {method: iprev}}\nrules:\n  - {id: a, at: rcpt, when: {family: permerror, family.ptr: none}, reply: 550 no, " + rest,
	minimal + "checks: {spf: {method: list}}\nrules:\n  - {id: a, at: connect, when: {spf: fail}, reply: 550 no, " + rest,
	minimal + "checks: {spf: {}, own: {method: spf}}\nrules:\n  - {id: a, at: rcpt, when: {spf: fail, own: fail, own.identity: helo}, reply: 550 no, " + rest,
	minimal + "texts: {row: {reply: 550, source: test, seen: 2026, note: ''}}\nrules: [{id: a, at: data, text: row, note: x, remedy: y, times: 1}]\n",
	minimal + "versions: [a, b, 3]\ntexts: {row: {reply: 550 no, source: test, seen: 2026}}\nrules: [{id: a, at: data, text: {a..b: row, 3: row}}]\n",
	minimal + "versions: [a, b, 3]\nchanges: [{versions: .., extensions: []}, {versions: [..a, 3]}, {versions: 3}, {versions: ''}, {versions: []}]\n",
	minimal + "rules:\n  - id: a\n    at: rcpt\n    scripted: true\n    reply: |\n      550 5.7.1 no\n      more\n    source: >-\n      a\n      b\n    seen: 2026\n",
}

// Tables that are wrong, each in its own way.
var badTables = []string{
	"name: own\n",
	"[]\n",
	minimal + "ruels: []\n",
	minimal + "rules: null\n",
	minimal + "about: true\n",
	minimal + "about: \"a\\x7fb\"\n",
	minimal + "about: [a]\n",
	strings.Replace(minimal, "own", "Own", 1),
	strings.Replace(minimal, "own", "own--two", 1),
	strings.Replace(minimal, "mx.example.net", "mx.example.net.", 1),
	strings.Replace(minimal, "mx.example.net", "mx_1.example.net", 1),
	strings.Replace(minimal, "mx.example.net", "''", 1),
	minimal + "seen: today\n",
	minimal + "seen: 2026-13-01\n",
	minimal + "seen: 2026-1-2\n",
	minimal + "seen: 2026-01-45\n",
	minimal + "versions: 2014\n",
	minimal + "versions: [A]\n",
	minimal + "versions: [a..b]\n",
	minimal + "hosts: [{name: mx.example, pref: 10, addrs: [198.51.100.77]}]\n",
	minimal + "hosts: [{name: mx.example., addrs: [198.51.100.77]}]\n",
	minimal + "hosts: [{name: mx.example., pref: ten, addrs: [198.51.100.77]}]\n",
	minimal + "hosts: [{name: mx.example., pref: 65536, addrs: [198.51.100.77]}]\n",
	minimal + "hosts: [{name: mx.example., pref: -1, addrs: [198.51.100.77]}]\n",
	minimal + "hosts: [{name: mx.example., pref: 10, addrs: 198.51.100.77}]\n",
	minimal + "hosts: [{name: mx.example., pref: 10, addrs: [198.51.100.777]}]\n",
	minimal + "hosts: [{name: mx.example., pref: 10, addrs: [127.0.0.1]}]\n",
	minimal + "hosts: [{name: mx.example., pref: 10, addrs: ['::1']}]\n",
	minimal + "hosts: [{name: mx.example., pref: 10, addrs: ['fe80::1%eth0']}]\n",
	minimal + "hosts: [{name: mx.example., pref: 10, addrs: [198.51.100.0/24]}]\n",
	minimal + "wrap: {columns: 12}\n",
	minimal + "wrap: {columns: 511}\n",
	minimal + "wrap: {columns: wide}\n",
	minimal + "wrap: 60\n",
	minimal + "extensions: ['SIZE many']\n",
	minimal + "extensions: ['size -1']\n",
	minimal + "extensions: ['X  y']\n",
	minimal + "extensions: [PIPELINING SIZE 20000000]\n",
	minimal + "extensions: [8bitmime DSN]\n",
	minimal + "extensions: ['']\n",
	minimal + "extensions: STARTTLS\n",
	minimal + "closing: [banner, sise]\n",
	minimal + "dialogue: {baner: 220 x}\n",
	minimal + "dialogue: {banner: 354 x}\n",
	minimal + "dialogue: {banner: 354}\n",
	minimal + "dialogue: {banner: hello}\n",
	minimal + "dialogue: {banner: ''}\n",
	minimal + "dialogue: {mail: 250 5.1.0 OK}\n",
	minimal + "dialogue: {banner: 220 2.O.0}\n",
	minimal + "dialogue: {unknown-user: 450 4.1.1 no}\n",
	minimal + "values: {x: {per: day, form: <9>}}\n",
	minimal + "values: {x: {per: message}}\n",
	minimal + "values: {x: {form: <x>}}\n",
	minimal + "values: {x: {form: <9}}\n",
	minimal + "values: {x: {form: ü}}\n",
	minimal + "values: {rcpt: {form: <9>}}\n",
	minimal + "values: {X: {form: <9>}}\n",
	minimal + "changes: [{extensions: []}]\n",
	minimal + "versions: [a, b]\nchanges: [{versions: a...b}]\n",
	minimal + "rules: [{id: a}]\n",
	minimal + "rules: [{id: A, at: rcpt, reply: 550 no, " + strings.TrimSpace(rest) + "]\n",
	minimal + "texts: {row: {reply: 550 no}}\nrules: [{id: a, at: data, text: row}]\n",
	minimal + "texts: {row: {reply: '', source: test, seen: 2026}}\nrules: [{id: a, at: data, text: row}]\n",
	minimal + "texts: {Row: {reply: 550 no, source: test, seen: 2026}}\nrules: [{id: a, at: data, text: Row}]\n",
	minimal + "texts: {row: {reply: 550 no, source: test, seen: 2026}}\nrules: [{id: a, at: data, text: [row]}]\n",
	minimal + "texts: {row: {reply: 550 no, source: test, seen: 2026}}\nrules: [{id: a, at: data, text: row, seen: 2026}]\n",
	minimal + "texts: {row: {reply: 550 no, source: test, seen: 2026}}\nrules: [{id: a, at: data, text: row, catalogue: row}]\n",
	minimal + "texts: {row: {reply: 550 no, source: test, seen: 2026}}\nrules: [{id: a, at: data, text: row, exact: true}]\n",
	minimal + "versions: [a]\ntexts: {row: {reply: 550 no, source: test, seen: 2026}}\nrules: [{id: a, at: data, text: {a: row}, versions: a}]\n",
}

// Rules that are wrong, each in its own way.
var badRules = []string{
	"at: date, reply: 550 no", "at: DATA, reply: 550 no", "at: rcpt",
	"at: rcpt, reply: ''", "at: rcpt, reply: 250 2.0.0 OK", "at: rcpt, reply: 250", "at: rcpt, reply: 55", "at: rcpt, reply: no", "at: rcpt, reply: 5.7",
	"at: rcpt, reply: 550 4.7.1 no", "at: rcpt, reply: 550 5.07.1 no", "at: rcpt, reply: 550 5.7.1000 no", "at: rcpt, reply: 550 3.7.1", "at: rcpt, reply: 451 4.7 no", "at: rcpt, reply: 451 4.7.O no", "at: rcpt, reply: \"550 5.7\\nno\"", "at: rcpt, reply: 550-no",
	"at: rcpt, reply: \"550 no\\n550 never\"", "at: rcpt, reply: true", "at: rcpt, reply: [550 no]",
	"at: rcpt, reply: 550 no, times: 0", "at: rcpt, reply: 550 no, times: 1001", "at: rcpt, reply: 550 no, times: twice", "at: rcpt, reply: 550 no, times: 1.5",
	"at: rcpt, reply: 550 no, exact: yes", "at: rcpt, reply: 550 no, exact: 1", "at: rcpt, reply: 550 no, close: 'true'", "at: rcpt, reply: 550 no, first-columns: 20",
	"at: rcpt, reply: 550 no, scripted: true, when: {spf: fail}", "at: rcpt, reply: 550 no, when: [spf]", "at: rcpt, reply: 550 no, when: null",
	"at: rcpt, reply: 550 no, when: {spf: failed}", "at: rcpt, reply: 550 no, when: {spf: Fail}", "at: rcpt, reply: 550 no, when: {spf: not fail or pass}",
	"at: rcpt, reply: 550 no, when: {spf: fail softfail}", "at: rcpt, reply: 550 no, when: {spf: fail or}", "at: rcpt, reply: 550 no, when: {spf: ''}",
	"at: rcpt, reply: 550 no, when: {spf: null}", "at: rcpt, reply: 550 no, when: {spf: [fail, softfail]}", "at: rcpt, reply: 550 no, when: {spf: true}",
	"at: rcpt, reply: 550 no, when: {sfp: fail}", "at: rcpt, reply: 550 no, when: {rate: fail}", "at: rcpt, reply: 550 no, when: {spf.identty: helo}",
	"at: rcpt, reply: 550 no, when: {spf.identity: rcpt}", "at: rcpt, reply: 550 no, when: {dmarc: fail}", "at: connect, reply: 550 no, when: {spf.identity: helo}",
	"at: helo, reply: 550 no, when: {recipient: unknown}",
}

func TestTableForms(t *testing.T) {
	s := compiled(t, "profile")
	for _, text := range goodTables {
		agrees(t, s, text, loadTable(text), true)
	}
	for _, text := range badTables {
		agrees(t, s, text, loadTable(text), false)
	}
	for _, rule := range badRules {
		text := minimal + "rules:\n  - {id: a, " + rule + ", " + rest
		agrees(t, s, text, loadTable(text), false)
	}
	text := minimal + "checks: {own: {method: spf}}\nrules:\n  - {id: a, at: rcpt, when: {own: failed}, reply: 550 no, " + rest
	agrees(t, s, text, loadTable(text), false)
}

// What the program takes, the schema takes.
func FuzzTables(f *testing.F) {
	for _, text := range goodTables {
		f.Add(text)
	}
	s := compiled(f, "profile")
	f.Fuzz(func(t *testing.T, text string) {
		if loadTable(text) != nil {
			return
		}
		doc, err := document([]byte(text))
		if err != nil {
			return // YAML that has no form in JSON
		}
		if err := s.Validate(doc); err != nil {
			t.Errorf("%v, and the program takes\n%s", err, text)
		}
	})
}
