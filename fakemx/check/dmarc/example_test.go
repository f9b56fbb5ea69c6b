package dmarc_test

import (
	"context"
	"fmt"
	"strings"

	"strictmx/fakemx/check/dmarc"
	"strictmx/internal/mail"
)

// records answers TXT questions.
type records map[string]string

func (r records) Resolve(_ context.Context, name, typ string) (mail.Answer, error) {
	text, ok := r[name]
	switch {
	case !ok:
		return mail.Answer{RCode: mail.NXDomain}, nil
	case typ != "TXT":
		return mail.Answer{RCode: mail.NoError}, nil
	}
	return mail.Answer{RCode: mail.NoError, Records: []mail.Record{{Name: name, Type: "TXT", Text: text}}}, nil
}

// A newsletter is sent through a provider that passes SPF for its own domain.
func ExampleEvaluate() {
	r := records{"_dmarc.example.com": "v=DMARC1; p=quarantine; sp=reject", "news.example.com": ""}
	res := dmarc.Evaluate(context.Background(), r, dmarc.Query{
		Content: []byte("From: News <news@news.example.com>\r\n\r\nHello\r\n"),
		SPF:     mail.Result{Method: "spf", Identity: "mailfrom", Value: mail.Pass, Domain: "provider.example"},
	})
	fmt.Println(res.Value, res.Facets["policy"])
	fmt.Println(res.Reason)
	for _, s := range res.Steps {
		fmt.Println(strings.Repeat("  ", s.Depth) + s.Text)
	}
	// Output:
	// fail reject
	// neither SPF nor DKIM passes for a domain aligned with news.example.com, and the policy of example.com is reject (sp=)
	// _dmarc.news.example.com TXT: NXDOMAIN, no record
	// _dmarc.example.com TXT "v=DMARC1; p=quarantine; sp=reject"
	// _dmarc.com TXT: NXDOMAIN, no record
	// the record of example.com applies: it is the organizational domain of news.example.com
	// the policy of example.com is reject (sp=)
	// spf pass of provider.example: not aligned, it is not below example.com, the organizational domain of news.example.com
}

func ExampleParse() {
	r, err := dmarc.Parse("v=DMARC1; p=reject; adkim=strict; rua=reports@example.com")
	fmt.Println(r, err)
	for _, fault := range r.Faults {
		fmt.Println(&fault)
	}
	// Output:
	// v=DMARC1; p=reject <nil>
	// adkim= is "strict": want s or r (octet 21)
	// rua= has "reports@example.com", which is no URI such as mailto:reports@example.com (octet 35)
}

func ExampleAuthors() {
	domains, fault := dmarc.Authors([]byte("From: \"ann@example.net\" <ann@Bücher.example>\r\n\r\n"))
	fmt.Println(domains, fault == nil)
	// Output: [xn--bcher-kva.example] true
}
