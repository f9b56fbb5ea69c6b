package spf_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"strictmx/fakemx/check/spf"
	"strictmx/internal/mail"
)

// records are TXT records by name.
type records map[string]string

func (r records) Resolve(_ context.Context, name, typ string) (mail.Answer, error) {
	text, ok := r[name]
	if !ok {
		return mail.Answer{RCode: mail.NXDomain}, nil
	}
	if typ != "TXT" {
		return mail.Answer{RCode: mail.NoError}, nil
	}
	return mail.Answer{RCode: mail.NoError, Records: []mail.Record{{Name: name + ".", Type: typ, Text: text}}}, nil
}

func ExampleEvaluate() {
	dns := records{
		"example.com":      "v=spf1 include:_spf.example.net -all exp=why.example.com",
		"_spf.example.net": "v=spf1 ip4:198.51.100.0/24 ~all",
		"why.example.com":  "%{i} is not a server of %{o}",
	}
	got := spf.Evaluate(context.Background(), dns, spf.Query{
		Client:   netip.MustParseAddr("203.0.113.10"),
		Helo:     "mail.example.com",
		MailFrom: "info@example.com",
		Receiver: "mx.example.net",
	})
	fmt.Println(got.Value, got.Lookups, got.VoidLookups)
	fmt.Println(got.Reason)
	fmt.Println(got.Explanation)
	for _, s := range got.Steps {
		fmt.Println(strings.Repeat("  ", s.Depth) + s.Text)
	}
	// Output:
	// fail 1 0
	// "-all" in the record of example.com decides, because no mechanism before it matches 203.0.113.10; add that address to the record, or send from one that is listed
	// 203.0.113.10 is not a server of example.com
	// example.com TXT "v=spf1 include:_spf.example.net -all exp=why.example.com"
	// include:_spf.example.net: judge by the record of _spf.example.net (lookup 1)
	//   _spf.example.net TXT "v=spf1 ip4:198.51.100.0/24 ~all"
	//   ip4:198.51.100.0/24: no match, 203.0.113.10 is not in 198.51.100.0/24
	//   ~all: match (softfail)
	// include:_spf.example.net: no match (softfail)
	// -all: match (fail)
	// exp=why.example.com: explanation "203.0.113.10 is not a server of example.com"
}
