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
