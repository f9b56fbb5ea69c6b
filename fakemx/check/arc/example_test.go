package arc_test

import (
	"context"
	"fmt"

	"strictmx/fakemx/check/arc"
	"strictmx/internal/mail"
)

// nothing knows no name.
type nothing struct{}

func (nothing) Resolve(context.Context, string, string) (mail.Answer, error) {
	return mail.Answer{RCode: mail.NXDomain}, nil
}

// A chain without its first set is broken, whatever its signatures are.
func ExampleEvaluate() {
	const message = "ARC-Seal: i=2; a=rsa-sha256; cv=pass; d=list.example; s=2026; b=AAAA\r\n" +
		"ARC-Message-Signature: i=2; a=rsa-sha256; d=list.example; s=2026; h=from; bh=AAAA; b=AAAA\r\n" +
		"ARC-Authentication-Results: i=2; list.example; arc=pass\r\n" +
		"From: ann@example.com\r\n\r\nDear all\r\n"
	res := arc.Evaluate(context.Background(), nothing{}, arc.Query{Content: []byte(message)})
	fmt.Println(res.Value, "-", res.Reason)
	// Output: fail - the chain has no set i=1, though it has i=2
}
