package dkim_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"strictmx/fakemx/check/dkim"
	"strictmx/internal/mail"
)

// records answers TXT questions.
type records map[string]string

func (r records) Resolve(_ context.Context, name, _ string) (mail.Answer, error) {
	text, ok := r[name]
	if !ok {
		return mail.Answer{RCode: mail.NXDomain}, nil
	}
	return mail.Answer{RCode: mail.NoError, Records: []mail.Record{{Name: name, Type: "TXT", Text: text}}}, nil
}

// The message of RFC 8463 has two signatures. Only the key of one is published.
func ExampleEvaluate() {
	text, err := os.ReadFile("testdata/rfc8463.eml")
	if err != nil {
		fmt.Println(err)
		return
	}
	r := records{"brisbane._domainkey.football.example.com": "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}
	res := dkim.Evaluate(context.Background(), r, dkim.Query{
		Content: []byte(strings.ReplaceAll(string(text), "\n", "\r\n")),
	})
	fmt.Println(res.Value, res.Properties["header.d"], res.Properties["header.a"])
	for _, s := range res.Steps {
		fmt.Println(strings.Repeat("  ", s.Depth) + s.Text)
	}
	// Output:
	// pass football.example.com ed25519-sha256
	// signature 1 of 2: pass, brisbane of football.example.com: the signature matches
	//   ed25519-sha256, key of 256 bits, relaxed/relaxed, signs from, to, subject, date, message-id, from, subject, date
	// signature 2 of 2: permerror, test of football.example.com: there is no key: test._domainkey.football.example.com has no TXT record (NXDOMAIN)
}
