package schema

import (
	"fmt"
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
