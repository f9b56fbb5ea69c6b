package scenarios_test

import (
	"fmt"
	"testing/fstest"

	"strictmx/scenarios"
)

func ExampleLoad() {
	sc, err := scenarios.Load(scenarios.Embedded(), "gmail-ipv6-ptr.txtar")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sc.Title)
	for _, c := range sc.Cases[:2] {
		fmt.Printf("%s: %s\n", c.Name, c.Want[0].Outcome)
		for _, f := range c.Added {
			fmt.Printf("  %s: %s", f.Path, f.Text)
		}
	}
	// Output:
	// Gmail over IPv6 needs a PTR record
	// no-ptr: bounced
	// ptr: sent
	//   dns/ptr: 2001:db8::f03c:91ff:fe6e:423f  services02.example.com
}

// All that is wrong is reported at once.
func ExampleLoadAll() {
	_, err := scenarios.LoadAll(fstest.MapFS{
		"mine.txtar": {Data: []byte(`-- scenario.yaml --
title: Not yet right
host: {name: mail.example.com, ipv4: 203.0.113.10}
recievers:
  - {profile: gmail, domains: [gmail.com]}
send: {from: me@example.com, to: you@gmail.com}
cases:
  - name: no-ptr
    want: {outcome: bounce, client: ipv6}
-- no-prt/dns/ptr --
203.0.113.10  mail.example.com
`)},
	})
	fmt.Println(err)
	// Output:
	// mine.txtar:2: receivers is missing
	// mine.txtar:4: unknown key "recievers" in the scenario: did you mean receivers?
	// mine.txtar:9: unknown outcome "bounce": did you mean bounced?
	// mine.txtar:9: client ipv6: the host has no such address
	// mine.txtar:10: stray file no-prt/dns/ptr: there is no case no-prt: did you mean no-ptr?
}

func ExampleMergeMainCF() {
	text, err := scenarios.MergeMainCF(
		scenarios.Fragment{Path: "postfix/main.cf", Text: "inet_protocols = all\nrelayhost ="},
		scenarios.Fragment{Path: "postfix/main.cf", Text: "# the cure\ninet_protocols = ipv4\n"},
	)
	fmt.Print(text, err, "\n")
	// Output:
	// inet_protocols = ipv4
	// relayhost =
	// # the cure
	// <nil>
}

func ExampleMergeMasterCF() {
	text, err := scenarios.MergeMasterCF(
		scenarios.Fragment{Path: "postfix/master.cf", Text: "smtp   unix  -  -  y  -  -  smtp\nrelay  unix  -  -  y  -  -  smtp\n"},
		scenarios.Fragment{Path: "postfix/master.cf", Text: "smtp   unix  -  -  y  -  -  smtp -o inet_protocols=ipv4\n"},
	)
	fmt.Print(text, err, "\n")
	// Output:
	// smtp   unix  -  -  y  -  -  smtp -o inet_protocols=ipv4
	// relay  unix  -  -  y  -  -  smtp
	// <nil>
}

func ExampleMainCFParameters() {
	ps, err := scenarios.MainCFParameters(scenarios.Fragment{Path: "main.cf", Text: "# where?\nsmtp_adress_preference = ipv6\n"})
	for _, p := range ps {
		fmt.Printf("%s: %s is %s\n", p.At, p.Name, p.Value)
	}
	fmt.Println(err)
	// Output:
	// main.cf:2: smtp_adress_preference is ipv6
	// <nil>
}
