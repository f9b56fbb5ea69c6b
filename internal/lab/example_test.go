package lab_test

import (
	"context"
	"fmt"

	"strictmx/containers/postfix"
	"strictmx/internal/lab"
	"strictmx/internal/verdict"
	"strictmx/scenarios"
)

func ExamplePrepare() {
	sc, err := scenarios.Load(scenarios.Embedded(), "gmail-ipv6-ptr.txtar")
	if err != nil {
		fmt.Println(err)
		return
	}
	p, err := lab.Prepare(sc, sc.Cases[0], lab.Base{MainCF: postfix.BaseMainCF, MasterCF: postfix.BaseMasterCF})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range p.Plan.Receivers {
		fmt.Println(r.Name, r.Profile, r.Domains, r.Hosts[0].Name, r.Hosts[0].Addrs)
	}
	// Output:
	// gmail gmail@2013-unsolicited [gmail.com] gmail-smtp-in.l.google.com. [198.51.100.26 2001:db8:400d:c00::1a]
	// sender postfix [example.com] mx.example.com. [198.51.100.250 2001:db8:25::33]
}

func ExampleInProcess() {
	sc, err := scenarios.Load(scenarios.Embedded(), "gmail-ipv6-ptr.txtar")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range sc.Cases[:2] {
		p, err := lab.Prepare(sc, c, lab.Base{MainCF: postfix.BaseMainCF, MasterCF: postfix.BaseMasterCF})
		if err != nil {
			fmt.Println(err)
			return
		}
		rec, err := lab.InProcess(context.Background(), p)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(c.Name, rec.Deliveries[0].Outcome, rec.Attempts[0].Client, rec.Attempts[0].Rule)
	}
	// Output:
	// no-ptr bounced 2001:db8::f03c:91ff:fe6e:423f gmail/ptr-missing
	// ptr sent 2001:db8::f03c:91ff:fe6e:423f
}

func ExampleRunner_Run() {
	sc, err := scenarios.Load(scenarios.Embedded(), "gmail-ipv6-auth.txtar")
	if err != nil {
		fmt.Println(err)
		return
	}
	selected, err := lab.Select([]*scenarios.Scenario{sc}, "spf")
	if err != nil {
		fmt.Println(err)
		return
	}
	works, err := lab.PrepareAll(selected, lab.Base{MainCF: postfix.BaseMainCF, MasterCF: postfix.BaseMasterCF})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range (lab.Runner{}).Run(context.Background(), works)[0] {
		fmt.Println(f.Case.Name, f.Result, f.Result == verdict.Pass)
	}
	// Output:
	// no-spf pass true
	// spf pass true
}
