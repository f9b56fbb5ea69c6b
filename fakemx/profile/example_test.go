package profile_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing/fstest"

	"strictmx/fakemx/profile"
	"strictmx/internal/mail"
)

func ExampleSet_Find() {
	p, err := profile.Builtin().Find("gmail@2013-unsolicited")
	fmt.Println(p, p.Hostname(), p.Hosts[0].Name, err)
	_, err = profile.Builtin().Find("exchange")
	fmt.Println(strings.HasPrefix(err.Error(), `unknown receiver "exchange"`))
	// Output:
	// gmail@2013-unsolicited mx.google.com gmail-smtp-in.l.google.com. <nil>
	// true
}

func ExampleProfile_Decide() {
	p, _ := profile.Builtin().Find("gmail@2013-unsolicited")
	fmt.Println(p.Asked(mail.Data))
	d, refused := p.Decide(mail.Data, profile.Found([]mail.Result{
		{Method: "family", Value: "ipv6"},
		{Method: "iprev", Value: mail.PermError},
		{Method: "spf", Value: mail.Pass},
		{Method: "dkim", Value: mail.None},
	}), nil)
	fmt.Println(refused, d.Rule, d.Code, d.Status, d.Temporary())
	// Output:
	// [family iprev spf headers dkim watched-client]
	// true gmail/ptr-missing 550 5.7.1 false
}

func ExampleProfile_Refusal() {
	p, _ := profile.Builtin().Find("gmail@2013-unsolicited")
	d, _ := p.Decide(mail.Data, profile.Found([]mail.Result{{Method: "family", Value: "ipv6"}, {Method: "iprev", Value: mail.PermError}}), nil)
	lines, err := p.Refusal(d, profile.Vars{
		Client: netip.MustParseAddr("2001:db8::f03c:91ff:fe6e:423f"),
		New:    func(string) string { return "r6si610718qcl.69" },
	})
	fmt.Println(strings.Join(lines, "\n"), err)
	// Output:
	// 550-5.7.1 [2001:db8::f03c:91ff:fe6e:423f      12] Our system has detected that
	// 550-5.7.1 this message is likely unsolicited mail. To reduce the amount of spam
	// 550-5.7.1 sent to Gmail, this message has been blocked. Please visit
	// 550-5.7.1 http://support.google.com/mail/bin/answer.py?hl=en&answer=188131 for
	// 550 5.7.1 more information. r6si610718qcl.69 - gsmtp <nil>
}

func ExampleProfile_Reply() {
	p, _ := profile.Builtin().Find("gmx")
	lines, err := p.Reply("banner", profile.Vars{})
	fmt.Println(lines, err)
	// Output: [220 gmx.net (mxgmx114) Nemesis ESMTP Service ready] <nil>
}

func ExampleProfile_Ehlo() {
	p, _ := profile.Builtin().Find("godaddy")
	lines, err := p.Ehlo(profile.Vars{TLS: "TLSv1.3"})
	fmt.Println(strings.Join(lines, "\n"), err)
	// Output:
	// 250-p3plibsmtp01-01.prod.phx3.secureserver.net
	// 250-PIPELINING
	// 250-SIZE 31457280
	// 250 8BITMIME <nil>
}

func ExampleLoad() {
	_, err := profile.Load(fstest.MapFS{"strict.yaml": {Data: []byte(`name: strict
title: Strict
hostname: mx.example.net
rules:
  - id: no-reverse-dns
    at: connect
    when: {iprevv: fail}
    reply: 554 5.7.1 no reverse DNS
    source: our own
    seen: 2026-01-02
`)}})
	fmt.Println(err)
	// Output: strict.yaml:7:12: unknown check "iprevv": did you mean iprev? known are family, iprev, helo, spf, sender-domain, tls, rdns-generic, headers, null-sender, recipient, dkim, dmarc, arc, greylist, early-talker, list
}

func ExampleSet_With() {
	s, err := profile.Builtin().With(fstest.MapFS{"own.yaml": {Data: []byte(`name: own
title: A receiver of our own
hostname: mx.example.net
rules:
  - id: closed
    at: connect
    reply: 554 {host} takes no mail from {client}
    source: our own
    seen: 2026-01-02
`)}})
	if err != nil {
		fmt.Println(err)
		return
	}
	p, _ := s.Find("own")
	d, _ := p.Decide(mail.Connect, profile.Found(nil), nil)
	lines, _ := p.Refusal(d, profile.Vars{Client: netip.MustParseAddr("203.0.113.10")})
	fmt.Println(lines)
	// Output: [554 mx.example.net takes no mail from 203.0.113.10]
}
