package lab

import (
	"fmt"
	"testing"
)

// An entry that a list of the profile can never have is told with its line.
func TestListed(t *testing.T) {
	const text = `-- scenario.yaml --
title: Lists
host: {name: mail.example.com, ipv4: 203.0.113.10}
receivers:
  - profile: gmail
    domains: gmail.com
    listed:
      watched-client: 203.0.113.0/24
      inactive:
        - you@gmail.com
        - %s
send: {from: me@example.com, to: you@gmail.com}
cases:
  - name: one
    want: {outcome: bounced}
`
	const inactive = "cannot be found on the list inactive of profile gmail@2024, which is by recipient: want a mailbox or a domain"
	for _, tt := range []struct{ entry, want string }{
		{"gmail.com", ""},
		{"203.0.113.10", "story.txtar:11: listed: 203.0.113.10 " + inactive},
		{"2001:db8::/32", "story.txtar:11: listed: 2001:db8::/32 " + inactive},
		{
			"him@gmail.com\n      watched-domain: [example.com, me@example.com]\n      dynamic: Example.com",
			"story.txtar:13: listed: example.com cannot be found on the list dynamic of profile gmail@2024, which is by client: want an address or a network\n" +
				"story.txtar:12: listed: me@example.com cannot be found on the list watched-domain of profile gmail@2024, which is by sender-domain: want a domain",
		},
	} {
		sc := loadText(t, fmt.Sprintf(text, tt.entry))
		_, err := Prepare(sc, sc.Cases[0], debian)
		if err == nil && tt.want != "" || err != nil && err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", tt.entry, err, tt.want)
		}
	}
}

// A rule or list that the version lacks is told with the versions that have it, else
// with the nearest, else with all.
func TestOtherVersions(t *testing.T) {
	const text = `-- scenario.yaml --
title: Versions
host: {name: mail.example.com, ipv4: 203.0.113.10}
receivers:
  - {profile: %s, domains: example.org, %s}
send: {from: me@example.com, to: you@example.org}
cases:
  - name: one
    want: {outcome: bounced}
-- profiles/own.yaml --
name: own
title: Own
versions: [old, mid, new]
hostname: mx.example.org
checks: {black: {method: list}, white: {method: list}}
rules:
  - {id: gone, at: connect, versions: old, when: {black: fail}, reply: 550 gone, source: test, seen: "2026", catalogue: row-gone}
  - {id: listed, at: mail, when: {white: fail}, reply: 550 listed, source: test, seen: "2026", catalogue: row-same}
  - {id: named, at: rcpt, versions: mid.., when: {iprev: fail}, reply: 550 listed, source: test, seen: "2026", catalogue: row-same}
`
	for _, tt := range []struct{ profile, receiver, want string }{
		{"own@old", "force: row-gone", ""}, // a row is as good as a rule
		{"own@new", "force: gone", "story.txtar:5: profile own@new has no rule gone: own@old has it"},
		{"own@new", "force: row-gone", "story.txtar:5: profile own@new has no rule row-gone: own@old has it"},
		{"own@old", "force: named", "story.txtar:5: profile own@old has no rule named: own@mid and own@new have it"},
		{"own", "force: nowhere", "story.txtar:5: profile own@new has no rule nowhere: want one of listed, named"},
		{"own", "force: lsited", "story.txtar:5: profile own@new has no rule lsited: did you mean listed?"},
		{"own", "force: row-smae", "story.txtar:5: profile own@new has no rule row-smae: did you mean row-same?"},
		{"own@mid", "listed: {black: 203.0.113.9}", "story.txtar:5: profile own@mid has no list black: own@old has it"},
		{"own@mid", "listed: {grey: 203.0.113.9}", "story.txtar:5: profile own@mid has no list grey: want one of white"},
	} {
		sc := loadText(t, fmt.Sprintf(text, tt.profile, tt.receiver))
		_, err := Prepare(sc, sc.Cases[0], debian)
		if err == nil && tt.want != "" || err != nil && err.Error() != tt.want {
			t.Errorf("%s, %s: %v, want %s", tt.profile, tt.receiver, err, tt.want)
		}
	}
}
