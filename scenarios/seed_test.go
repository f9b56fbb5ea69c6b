package scenarios

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// The scenario tells gmail something, and its two cases add to that.
const told = `-- scenario.yaml --
title: What a receiver is told
host: {name: mail.example.com, ipv4: 203.0.113.10}
receivers:
  - profile: gmail
    domains: [gmail.com]
    listed: {local: [203.0.113.10, "2001:db8::/32"]}
    unknown: nobody@gmail.com
    force: gmail/ptr-missing
send: {from: me@example.com, to: you@gmail.com}
cases:
  - name: red
    receivers:
      gmail:
        listed: {local: [Example.net, 203.0.113.10], other: me@example.com}
        unknown: ["@gmail.com", nobody@gmail.com]
        full: you@gmail.com
        force: [spf-fail, {rule: ptr-mismatch, times: 2}]
      sender: {full: me@example.com}
    want: {outcome: bounced}
  - name: green
    cures: red
    want: {outcome: sent}
`

func TestSeeds(t *testing.T) {
	base := Seed{
		Listed:  map[string][]string{"local": {"203.0.113.10", "2001:db8::/32"}},
		Unknown: []string{"nobody@gmail.com"},
		Force:   []Force{{Rule: "ptr-missing", At: Position{"s.txtar", 9}}},
	}
	red := Seed{
		Listed: map[string][]string{
			"local": {"203.0.113.10", "2001:db8::/32", "example.net"}, "other": {"me@example.com"},
		},
		Unknown: []string{"nobody@gmail.com", "@gmail.com"},
		Full:    []string{"you@gmail.com"},
		Force: []Force{
			{Rule: "ptr-missing", At: Position{"s.txtar", 9}},
			{Rule: "spf-fail", At: Position{"s.txtar", 18}},
			{Rule: "ptr-mismatch", Times: 2, At: Position{"s.txtar", 18}},
		},
	}
	sc, err := Load(archive(told), "s.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []map[string]Seed{
		{"gmail": red, "sender": {Full: []string{"me@example.com"}}}, {"gmail": base},
	} {
		if diff := cmp.Diff(want, sc.Cases[i].Seeds, cmpopts.IgnoreFields(Seed{}, "At")); diff != "" {
			t.Errorf("case %s (-want +got):\n%s", sc.Cases[i].Name, diff)
		}
	}
	places := map[string]Position{
		"listed local": {"s.txtar", 15}, "listed other": {"s.txtar", 15}, "unknown": {"s.txtar", 16}, "full": {"s.txtar", 17},
		"listed local 203.0.113.10": {"s.txtar", 15}, "listed local example.net": {"s.txtar", 15},
		"listed local 2001:db8::/32": {"s.txtar", 7}, "listed other me@example.com": {"s.txtar", 15},
	}
	if diff := cmp.Diff(places, sc.Cases[0].Seeds["gmail"].At); diff != "" {
		t.Errorf("places (-want +got):\n%s", diff)
	}
}

func TestSeedErrors(t *testing.T) {
	const (
		domains = "domains: [gmail.com]"
		red     = "want: {outcome: bounced}"
	)
	inCase := func(receivers string) []string { return []string{red, "receivers: " + receivers + "\n    " + red} }
	inReceiver := func(keys string) []string { return []string{domains, domains + ", " + keys} }
	var many strings.Builder
	for i := range MaxEntries + 1 {
		fmt.Fprintf(&many, "a%d@gmail.com, ", i)
	}
	for _, tt := range []struct {
		name    string
		changes []string // see change
		want    string
	}{
		{"listed", inReceiver("listed: [203.0.113.10]"), "s.txtar:7: listed: want keys and values, not a list"},
		{"list's name", inReceiver("listed: {Local: 203.0.113.10}"), `s.txtar:7: list "Local": want the name of a list of the profile`},
		{
			"entries", inReceiver(`listed: {a: [203.0.113, "203.0.113.0/33", "fe80::1%eth0", a..b, "a b@example.com", me@, "@a..b"]}`),
			`s.txtar:7: listed "203.0.113": want an address, a network such as 203.0.113.0/24, a domain or a mailbox
s.txtar:7: listed "203.0.113.0/33": want an address, a network such as 203.0.113.0/24, a domain or a mailbox
s.txtar:7: listed "fe80::1%eth0": want an address, a network such as 203.0.113.0/24, a domain or a mailbox
s.txtar:7: listed "a..b": want an address, a network such as 203.0.113.0/24, a domain or a mailbox
s.txtar:7: listed "a b@example.com": want letters, digits and !#$%&'*+/=?^_` + "`" + `{|}~-. before the @, or quotes around it
s.txtar:7: listed "me@": want a domain
s.txtar:7: listed "@a..b": want labels of letters, digits and hyphens between dots`,
		},
		{"an entry twice", inReceiver("listed: {a: [a.example, A.example]}"), "s.txtar:7: listed: a.example twice"},
		{"a list twice", inReceiver("listed: {a: a.example, a: b.example}"), "s.txtar:7: a twice: first in line 7"},
		{"too many", inReceiver("unknown: [" + many.String() + "]"), "s.txtar:7: unknown: want at most 1000"},
		{"unknown without domain", inReceiver("unknown: you"), `s.txtar:7: unknown "you": want LOCAL@DOMAIN, or @DOMAIN for all of a domain`},
		{"another's recipient", inReceiver("full: you@gmial.com"), "s.txtar:7: full: receiver gmail does not serve the domain of you@gmial.com: did you mean gmail.com?"},
		{"another's domain", inCase(`{gmail: {unknown: "@gmial.com"}}`), "s.txtar:11: unknown: receiver gmail does not serve the domain of @gmial.com: did you mean gmail.com?"},
		{"no rule", inReceiver("force: {times: 2}"), "s.txtar:7: force: rule is missing"},
		{"times", inReceiver("force: {rule: ptr-missing, times: 0}"), "s.txtar:7: times: want a whole number from 1 to 1000: leave the key out for always"},
		{"rule's name", inReceiver("force: PTR"), `s.txtar:7: force "PTR": want a rule of the receiver's profile, as strictmx receivers lists them`},
		{"another's rule", inReceiver("force: gmial/ptr-missing"), "s.txtar:7: force: gmial is not the profile of receiver gmail: leave the name out, or write gmail/ptr-missing"},
		{"another's rule in a case", inCase("{gmail: {force: yahoo/ptr-missing}}"), "s.txtar:11: force: yahoo is not the profile of receiver gmail: leave the name out, or write gmail/ptr-missing"},
		{"a list of rules in one", inReceiver("force: [[ptr-missing]]"), "s.txtar:7: force: want a text, not a list"},
		{"unknown receiver", inCase("{gmial: {full: you@gmail.com}}"), `s.txtar:11: unknown key "gmial" in the receivers: did you mean gmail?`},
		{"unknown key", inCase("{gmail: {fulll: you@gmail.com}}"), `s.txtar:11: unknown key "fulll" in receiver gmail: did you mean full?`},
		{"a case's list of receivers", inCase("[gmail]"), "s.txtar:11: the receivers: want keys and values, not a list"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Load(archive(change(t, tt.changes...)), "s.txtar")
			if err == nil || err.Error() != tt.want {
				t.Errorf("Load gave\n%v\nwant\n%s", err, tt.want)
			}
		})
	}
}
