package judge_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing/fstest"

	"strictmx/fakedns"
	"strictmx/fakemx/profile"
	"strictmx/internal/judge"
)

func ExampleAsk() {
	zones, err := fakedns.Load(fstest.MapFS{
		"example.com.zone": {Data: []byte("@ TXT \"v=spf1 ip6:2001:db8::10 -all\"\nmail AAAA 2001:db8::10\n")},
		"ptr":              {Data: []byte("2001:db8::10  mail.example.com\n")},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	gmail, err := profile.Builtin().Find("gmail")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, client := range []string{"2001:db8::10", "2001:db8::99"} {
		v, err := judge.Ask(context.Background(), zones, gmail, judge.Message{
			Client: netip.MustParseAddr(client), Helo: "mail.example.com",
			From: "me@example.com", To: []string{"you@gmail.com"}, Content: []byte("From: me@example.com\r\nMessage-ID: <1@example.com>\r\n\r\nHello.\r\n"),
		})
		fmt.Println(client, v.Decision, v.Stage, v.Rule, err)
	}
	// Output:
	// 2001:db8::10 accept data  <nil>
	// 2001:db8::99 reject data gmail/ptr-missing <nil>
}
