package world_test

import (
	"context"
	"fmt"
	"net/netip"

	"strictmx/fakemx"
	"strictmx/internal/mail"
	"strictmx/internal/wire"
	"strictmx/internal/world"
)

func ExampleBuild() {
	server := netip.MustParseAddr("2001:db8:400d:c00::1a")
	w, err := world.Build(wire.Plan{
		Zones: []wire.ZoneText{{File: "ptr", Text: "2001:db8::10  mail.example.com\n"}},
		Receivers: []wire.Receiver{{
			Name: "gmail", Profile: "gmail@2014", Domains: []string{"gmail.com"},
			Hosts: []wire.MXHost{{Name: "gmail-smtp-in.l.google.com.", Pref: 5, Addrs: []netip.Addr{server}}},
		}},
	}, world.Hooks{
		Question: func(q mail.Question) { fmt.Println(q.Asker, "asks", q.Name, q.Type, q.RCode) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	conn, wait := world.Dial(ctx, w.ByAddr(server).Server, netip.MustParseAddr("2001:db8::10"), server)
	d, err := fakemx.Submit(ctx, conn, fakemx.Envelope{
		Helo: "mail.example.com", From: "me@example.com", To: []string{"you@gmail.com"}, Content: []byte("\r\nHello.\r\n"),
	})
	conn.Close()
	wait()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.Recipients[0].Reply.Code, d.Recipients[0].Reply.Status)
	// Output:
	// gmail asks 0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR NOERROR
	// gmail asks mail.example.com. AAAA NXDOMAIN
	// gmail asks example.com. TXT NXDOMAIN
	// 550 5.7.1
}
