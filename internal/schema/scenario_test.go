package schema

import (
	"strings"
	"testing"
	"testing/fstest"

	"strictmx/scenarios"
)

// message is a file that scenarios have that send it.
const message = "messages/one.eml"

func loadScenario(text string) error {
	archive := "-- scenario.yaml --\n" + text
	if strings.Contains(text, message) {
		archive += "\n-- " + message + " --\nFrom: me@example.com\n"
	}
	_, err := scenarios.Load(fstest.MapFS{"s.txtar": {Data: []byte(archive)}}, "s.txtar")
	return err
}

// plainScenario is right; each row below changes lines of it.
const plainScenario = `title: a
host: {name: mail.example.com, ipv4: 203.0.113.10}
receivers: [{profile: gmail, domains: gmail.com}]
send: {from: me@example.com, to: you@gmail.com}
cases: [{name: one, want: {outcome: sent}}]
`

// altered is the plain scenario with other lines for keys, or with more lines.
func altered(lines ...string) string {
	out := plainScenario
	for _, l := range lines {
		key, _, _ := strings.Cut(l, ":")
		begin := strings.Index("\n"+out, "\n"+key+":")
		if begin < 0 {
			out += l + "\n"
			continue
		}
		end := begin + strings.Index(out[begin:], "\n")
		out = out[:begin] + l + out[end:]
	}
	return out
}

const (
	oneWant  = "cases: [{name: one, want: {outcome: bounced, "
	oneCase  = "cases: [{name: one, want: {outcome: bounced}, "
	oneFault = "faults: [{"
	toldHow  = "receivers: [{profile: gmail, domains: gmail.com, "
	sent     = "send: {from: me@example.com, to: you@gmail.com, "
	both     = "host: {name: mail.example.com, ipv4: 203.0.113.10, ipv6: '2001:DB8::10'}"
)

// Lines that are right in an odd way.
var goodScenarios = [][]string{
	{"title: a"},
	{"title: 5"},
	{"title: ' a  b '"},
	{both},
	{"host: {name: MAIL.x_1.example, ipv6: '2001:db8:0:0:0:0:0:10'}"},
	{"host: {name: 1.5, ipv4: 10.0.0.1}"},
	{"receivers: [{profile: gmail@2014, name: 2014, domains: [gmail.com, 7.5, x_y]}]"},
	{toldHow + "hosts: [{name: mx, addrs: 198.51.100.1}, {name: 5.5, pref: 0, addrs: ['2001:db8::1']}]}]"},
	{toldHow + "listed: {own: [203.0.113.9, '2001:db8::/32', 203.0.113.0/24, 0.0.0.0/0, Example.COM, '@example.com', me@example.com, '127.0.0.1']}}]"},
	{toldHow + "listed: {}, unknown: you@gmail.com, full: ['@gmail.com', '\"a b\"@gmail.com']}]"},
	{toldHow + "force: [ptr-missing, gmail/ptr-missing, {rule: gmail/x, times: 1000}, 5]}]"},
	{sent + "via: smtp, step: 0, message: messages/one.eml, message-id: none}"},
	{"send: [{from: '', to: [you@gmail.com, 5, root, 1.5], message: messages/one.eml}, {from: <>, to: a+b@gmail.com, subject: 5, body: ''}]"},
	{"send: {from: 'me@[203.0.113.10]', to: 'you@[IPv6:2001:db8::1]', message: messages/one.eml}"},
	{oneFault + "name: '*', fault: servfail}, {name: '*.Example.com.', type: mx, fault: delay, delay: 3s}]"},
	{oneFault + "name: 203.0.113.10, type: TYPE65280, fault: timeout, times: 0}, {name: '2001:db8::1', type: aAaA, fault: refused}, {name: 1.5, fault: nxdomain}]"},
	{"wait: 90s"},
	{"wait: [1h30m, 24h, 1000ms, +5m]"},
	{"down: gmail", "silent: [' gmail   ipv4 ', 198.51.100.1, '2001:db8::1', sender]"},
	{"cases: [{name: 2014, about: 5, want: [{outcome: bounced, to: you@gmail.com}]}]"},
	{oneWant + "status: 5.7.1, stage: rcpt, rule: gmail/x, client: ipv4, reply: 5, text: ' a ', receiver: sender, attempts: 0, seconds: 5, count: 0}}]"},
	{oneWant + "status: 4.0.0, client: 203.0.113.10, seconds: 1..5, message: 0, step: 0}}]"},
	{both, oneWant + "seconds: ' 1.5 .. ', client: '2001:db8:0::10'}}]"},
	{oneWant + "seconds: ..5, rule: none}}]"},
	{"cases: [{name: one, want: {outcome: sent, status: 2.0.0, stage: data}}]"},
	{"cases: [{name: one, want: {outcome: deferred, status: '4.7.999'}}]"},
	{"cases: [{name: one, want: {outcome: bounced}}, {name: two, cures: one, want: {outcome: sent}, receivers: {gmail: {force: x}, sender: {}}}]"},
	{oneCase + "dsn: none}]"},
	{oneCase + "dsn: 'none', receivers: {}}]"},
	{oneCase + "dsn: [{recipients: you@gmail.com, to: me@example.com, action: failed, status: 5.0.0, diagnostic: 5}]}]"},
}

// Lines that are wrong, each in its own way.
var badScenarios = [][]string{
	{"title: ''"},
	{"title: null"},
	{"title: true"},
	{"titel: a"},
	{"host: {ipv4: 203.0.113.10}"},
	{"host: {name: mail.example.com}"},
	{"host: {name: mail, ipv4: 203.0.113.10}"},
	{"host: {name: mail.example.com., ipv4: 203.0.113.10}"},
	{"host: {name: -mail.example.com, ipv4: 203.0.113.10}"},
	{"host: {name: bücher.example, ipv4: 203.0.113.10}"},
	{"host: {name: mail..example, ipv4: 203.0.113.10}"},
	{"host: {name: mail.example.com, ipv4: '2001:db8::10'}"},
	{"host: {name: mail.example.com, ipv6: 203.0.113.10}"},
	{"host: {name: mail.example.com, ipv4: 203.0.113.310}"},
	{"host: {name: mail.example.com, ipv4: 127.0.0.1}"},
	{"host: {name: mail.example.com, ipv6: 'fe80::1'}"},
	{"host: {name: mail.example.com, ipv6: '::ffff:203.0.113.10'}"},
	{"host: {name: mail.example.com, ipv4: 5}"},
	{"receivers: []"},
	{"receivers: {profile: gmail, domains: gmail.com}"},
	{"receivers: [{profile: Gmail, domains: gmail.com}]"},
	{"receivers: [{profile: gmail@, domains: gmail.com}]"},
	{"receivers: [{profile: gmail}]"},
	{"receivers: [{profile: gmail, domains: []}]"},
	{"receivers: [{profile: gmail, domains: gmail.com.}]"},
	{"receivers: [{profile: gmail, domains: 'you@gmail.com'}]"},
	{"receivers: [{profile: gmail, name: mta, domains: gmail.com}]"},
	{"receivers: [{profile: gmail, name: Gmail, domains: gmail.com}]"},
	{"receivers: [{profile: gmail, name: a-, domains: gmail.com}]"},
	{toldHow + "hosts: []}]"},
	{toldHow + "hosts: [{name: mx}]}]"},
	{toldHow + "hosts: [{name: mx, addrs: []}]}]"},
	{toldHow + "hosts: [{name: mx, addrs: mx}]}]"},
	{toldHow + "hosts: [{name: mx, addrs: 198.51.100.1, pref: '10'}]}]"},
	{toldHow + "hosts: [{name: mx, addrs: 198.51.100.1, pref: 65536}]}]"},
	{toldHow + "hosts: [{name: mx, addrs: [198.51.100.1, 198.51.100.1]}]}]"},
	{toldHow + "hosts: [{name: mx., addrs: 198.51.100.1}]}]"},
	{toldHow + "listed: {Own: 203.0.113.9}}]"},
	{toldHow + "listed: {own: 203.0.113.999}}]"},
	{toldHow + "listed: {own: 203.0.113.0/33}}]"},
	{toldHow + "listed: {own: []}}]"},
	{toldHow + "listed: {own: 'a b'}}]"},
	{toldHow + "listed: [203.0.113.9]}]"},
	{toldHow + "listed: {own: '@'}}]"},
	{toldHow + "listed: {own: null}}]"},
	{toldHow + "unknown: you}]"},
	{toldHow + "unknown: [you@gmail.com, you@gmail.com]}]"},
	{toldHow + "full: '<you@gmail.com>'}]"},
	{toldHow + "full: '@gmail..com'}]"},
	{toldHow + "full: []}]"},
	{toldHow + "force: Ptr}]"},
	{toldHow + "force: a/b/c}]"},
	{toldHow + "force: [{times: 2}]}]"},
	{toldHow + "force: [{rule: x, times: 0}]}]"},
	{toldHow + "force: [{rule: x, times: '2'}]}]"},
	{toldHow + "force: []}]"},
	{"send: []"},
	{"send: {from: me@example.com}"},
	{"send: {from: me@example.com, to: []}"},
	{"send: {from: me@example.com, to: you@}"},
	{"send: {from: a b@example.com, to: you@gmail.com}"},
	{"send: {from: me@example.com, to: 'You <you@gmail.com>'}"},
	{"send: {from: me@example.com, to: .you@gmail.com}"},
	{"send: {from: me@example.com, to: 'you@[gmail.com]'}"},
	{"send: {from: me@example.com, to: 'you@[2001:db8::1]'}"},
	{"send: {from: me@example.com, to: 'you@[IPv6:fe80::1%e]'}"},
	{"send: {from: null, to: you@gmail.com}"},
	{sent + "via: lmtp}"},
	{sent + "via: SMTP}"},
	{sent + "step: one}"},
	{sent + "step: -1}"},
	{sent + "step: 101}"},
	{sent + "message: one.eml}"},
	{sent + "message: messages/one.eml, body: x}"},
	{sent + "message: messages/one.eml, subject: x}"},
	{sent + "subject: \"a\\nb\"}"},
	{sent + "message-id: <a@b>}"},
	{"faults: []"},
	{"faults: {name: a.example, fault: servfail}"},
	{oneFault + "name: a.example, fault: gone}]"},
	{oneFault + "name: a.example, fault: SERVFAIL}]"},
	{oneFault + "fault: servfail}]"},
	{oneFault + "name: '*a.example', fault: servfail}]"},
	{oneFault + "name: 'a.*.example', fault: servfail}]"},
	{oneFault + "name: 'a:b', fault: servfail}]"},
	{oneFault + "name: '', fault: servfail}]"},
	{oneFault + "name: a.example, fault: servfail, type: AAAAA}]"},
	{oneFault + "name: a.example, fault: servfail, type: type}]"},
	{oneFault + "name: a.example, fault: servfail, times: -1}]"},
	{oneFault + "name: a.example, fault: delay}]"},
	{oneFault + "name: a.example, fault: timeout, delay: 3s}]"},
	{oneFault + "name: a.example, fault: delay, delay: 3}]"},
	{oneFault + "name: a.example, fault: delay, delay: 0s}]"},
	{"wait: 1d"},
	{"wait: 5"},
	{"wait: 0s"},
	{"wait: []"},
	{"wait: -5m"},
	{"wait: [5m, soon]"},
	{"wait: null"},
	{"down: gmail ipv5"},
	{"down: gmail ipv4 ipv6"},
	{"down: 127.0.0.1"},
	{"down: gmail.com"},
	{"down: ''"},
	{"silent: []"},
	{"silent: 198.51.100.0/24"},
	{"cases: []"},
	{"cases: {name: one, want: {outcome: sent}}"},
	{"cases: [{name: one}]"},
	{"cases: [{want: {outcome: sent}}]"},
	{"cases: [{name: One, want: {outcome: sent}}]"},
	{"cases: [{name: dns, want: {outcome: sent}}]"},
	{"cases: [{name: one-, want: {outcome: sent}}]"},
	{"cases: [{name: one, want: []}]"},
	{"cases: [{name: one, want: {}}]"},
	{"cases: [{name: one, want: {outcome: lost}}]"},
	{"cases: [{name: one, want: {outcome: Sent}}]"},
	{"cases: [{name: one, want: {outcome: sent, statsu: 2.0.0}}]"},
	{"cases: [{name: one, want: {outcome: sent, status: 5.7.1}}]"},
	{"cases: [{name: one, want: {outcome: deferred, status: 5.7.1}}]"},
	{"cases: [{name: one, want: {outcome: sent, stage: rcpt}}]"},
	{oneWant + "status: 5.7}}]"},
	{oneWant + "status: 5.7.01}}]"},
	{oneWant + "status: 3.7.1}}]"},
	{oneWant + "status: 2.7.1}}]"},
	{oneWant + "status: '550'}}]"},
	{oneWant + "status: 550}}]"},
	{oneWant + "stage: RCPT}}]"},
	{oneWant + "stage: end}}]"},
	{oneWant + "rule: Gmail/x}}]"},
	{oneWant + "rule: a b}}]"},
	{oneWant + "client: ipv5}}]"},
	{oneWant + "client: 203.0.113}}]"},
	{oneWant + "reply: ''}}]"},
	{oneWant + "text: ' '}}]"},
	{oneWant + "receiver: Gmail}}]"},
	{oneWant + "attempts: 1001}}]"},
	{oneWant + "attempts: '1'}}]"},
	{oneWant + "count: 1.5}}]"},
	{oneWant + "seconds: fast}}]"},
	{oneWant + "seconds: ..}}]"},
	{oneWant + "seconds: 5s}}]"},
	{oneWant + "seconds: -1}}]"},
	{oneWant + "seconds: 1-5}}]"},
	{oneWant + "message: -1}}]"},
	{oneWant + "to: you@}}]"},
	{oneCase + "cures: ''}]"},
	{oneCase + "cures: Red}]"},
	{oneCase + "cures: a, fails-to-cure: b}]"},
	{oneCase + "receivers: [gmail]}]"},
	{oneCase + "receivers: {gmail: {forced: x}}}]"},
	{oneCase + "receivers: {Gmail: {}}}]"},
	{oneCase + "dsn: None}]"},
	{oneCase + "dsn: []}]"},
	{oneCase + "dsn: {}}]"},
	{oneCase + "dsn: {recipients: you@gmail.com, action: bounced}}]"},
	{oneCase + "dsn: {recipients: you@gmail.com, status: 5.7}}]"},
	{oneCase + "dsn: {recipients: []}}]"},
	{oneCase + "dsn: {recipients: you@gmail.com, diagnostic: ''}}]"},
	{oneCase + "dsn: {recipients: you@gmail.com, to: me@}}]"},
	{oneCase + "replace: []}]"},
	{oneCase + "replace: null}]"},
}

func TestScenarioForms(t *testing.T) {
	s := compiled(t, "scenario")
	for _, lines := range goodScenarios {
		agrees(t, s, altered(lines...), loadScenario(altered(lines...)), true)
	}
	for _, lines := range badScenarios {
		agrees(t, s, altered(lines...), loadScenario(altered(lines...)), false)
	}
	more := func(n int, of string) string { return "[" + strings.Repeat(of+", ", n) + of + "]" }
	for _, l := range []string{
		"wait: " + more(scenarios.MaxWaits, "5m"), "send: " + more(scenarios.MaxMessages, "{from: me@example.com, to: you@gmail.com}"),
		"cases: " + more(scenarios.MaxCases, "{name: one, want: {outcome: sent}}"), "send: {from: me@example.com, to: " + more(scenarios.MaxRecipients, "you@gmail.com") + "}",
	} {
		agrees(t, s, altered(l), loadScenario(altered(l)), false)
	}
	for _, key := range []string{"title", "host", "receivers", "send", "cases"} {
		text := strings.Replace(plainScenario, key, "wait: 5m #", 1)
		agrees(t, s, text, loadScenario(text), false)
	}
}

// What the program takes, the schema takes.
func FuzzScenarios(f *testing.F) {
	for _, lines := range goodScenarios {
		f.Add(altered(lines...))
	}
	s := compiled(f, "scenario")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "\n-- ") || strings.HasPrefix(text, "-- ") || loadScenario(text) != nil {
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
