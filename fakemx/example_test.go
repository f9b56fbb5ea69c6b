package fakemx_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"strictmx/fakemx"
	"strictmx/fakemx/profile"
	"strictmx/internal/mail"
)

// noPTR is a DNS in which no address has a name.
type noPTR struct{}

func (noPTR) Resolve(context.Context, string, string) (mail.Answer, error) {
	return mail.Answer{RCode: mail.NXDomain}, nil
}

// Gmail of 2014 meets a message from an IPv6 address without PTR record.
func ExampleServer() {
	gmail, err := profile.Builtin().Find("gmail@2014")
	if err != nil {
		fmt.Println(err)
		return
	}
	srv := &fakemx.Server{
		Profile:  gmail,
		Resolver: noPTR{},
		AsIf:     netip.MustParseAddr("2001:db8::25"),
		IDs:      func(string) string { return "f7si9287154pdj.9" },
		Record:   func(a mail.Attempt) { fmt.Println("refused at", a.Stage, "by", a.Rule) },
	}
	client, server := net.Pipe()
	defer client.Close()
	go srv.ServeConn(context.Background(), server)

	d, err := fakemx.Submit(context.Background(), client, fakemx.Envelope{
		Helo: "mail.example.com", From: "me@example.com", To: []string{"you@gmail.com"},
		Content: []byte("Subject: hello\r\n\r\nHello.\r\n"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.Join(d.Recipients[0].Reply.Lines, "\n"))
	// Output:
	// refused at data by gmail/ptr-missing
	// 550-5.7.1 [2001:db8::25] Our system has detected that this message does not
	// 550-5.7.1 meet IPv6 sending guidelines regarding PTR records and authentication
	// 550-5.7.1 . Please review
	// 550-5.7.1 https://support.google.com/mail/?p=ipv6_authentication_error for more
	// 550 5.7.1 information. f7si9287154pdj.9 - gsmtp
}

func ExampleNewCA() {
	ca, err := fakemx.NewCA()
	if err != nil {
		fmt.Println(err)
		return
	}
	cert, err := ca.Certificate("mx.example.net", "2001:db8::25")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(cert.Leaf.DNSNames, cert.Leaf.IPAddresses)
	// Output: [mx.example.net] [2001:db8::25]
}
