package fakedns_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"testing/fstest"

	"strictmx/fakedns"
	"strictmx/internal/mail"
)

var files = fstest.MapFS{
	"example.com.zone": {Data: []byte("@ MX 10 mail\nmail AAAA 2001:db8::25\n")},
	"ptr":              {Data: []byte("2001:db8::25  mail.example.com\n")},
	"faults.yaml":      {Data: []byte("- {name: example.com, type: TXT, fault: servfail}\n")},
}

func ExampleLoad() {
	zones, err := fakedns.Load(files)
	if err != nil {
		fmt.Println(err)
		return
	}
	resolver := zones.Resolver("gmail", func(q mail.Question) {
		fmt.Println(q.Asker, "asks", q.Name, q.Type, "and gets", q.RCode)
	})
	ctx := context.Background()
	mx, err := resolver.Resolve(ctx, "example.com", "MX")
	fmt.Println(mx.Records[0].Pref, mx.Records[0].Text, err)
	ptr, err := resolver.Resolve(ctx, fakedns.Reverse(netip.MustParseAddr("2001:db8::26")), "PTR")
	fmt.Println(ptr.RCode, err)
	_, err = resolver.Resolve(ctx, "example.com", "TXT")
	fmt.Println(err)
	// Output:
	// gmail asks example.com. MX and gets NOERROR
	// 10 mail.example.com. <nil>
	// gmail asks 6.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. PTR and gets NXDOMAIN
	// NXDOMAIN <nil>
	// gmail asks example.com. TXT and gets SERVFAIL
	// lookup of example.com TXT: SERVFAIL
}

func ExampleServer() {
	zones, err := fakedns.Load(files)
	if err != nil {
		fmt.Println(err)
		return
	}
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	server := &fakedns.Server{Zones: zones, Recursion: true}
	go func() { done <- server.Serve(ctx, pc, nil) }()

	client := &fakedns.Client{Server: netip.MustParseAddrPort(pc.LocalAddr().String())}
	a, err := client.Resolve(ctx, "mail.example.com", "AAAA")
	fmt.Println(a.RCode, a.Records[0].Addr, err)
	cancel()
	fmt.Println(<-done)
	// Output:
	// NOERROR 2001:db8::25 <nil>
	// context canceled
}

func ExampleBuilder() {
	var b fakedns.Builder
	b.AddZone("example.com", "case/example.com.zone", "mail A 203.0.113.25\n")
	b.AddDefault("example.com", "@ MX 10 mail\nmail A 203.0.113.99\n")
	b.AddPTR("case/ptr", "203.0.113.25  mail.example.com\n")
	zones, err := b.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err := zones.Resolver("", nil).Resolve(context.Background(), "mail.example.com", "A")
	fmt.Println(a.Records[0].Addr, err)

	b.AddZone("example.com", "step/example.com.zone", "mail A 203.0.113\n\nwww.example.org. A 203.0.113.1\n")
	_, err = b.Build()
	fmt.Println(err)
	// Output:
	// 203.0.113.25 <nil>
	// step/example.com.zone:1: bad A A: "203.0.113": want an IPv4 address, as in 203.0.113.10
	// step/example.com.zone:3: owner www.example.org. is outside the zone example.com.: want a name in it (is a final dot missing or one too many?)
}

func ExampleReverse() {
	fmt.Println(fakedns.Reverse(netip.MustParseAddr("203.0.113.10")))
	// Output: 10.113.0.203.in-addr.arpa.
}
