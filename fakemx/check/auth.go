package check

import (
	"context"

	"strictmx/fakemx/check/arc"
	"strictmx/fakemx/check/dkim"
	"strictmx/internal/mail"
)

// dkimSettings are those of the method dkim.
var dkimSettings = []Setting{
	{
		Name: "min-key", Kind: Count, Least: 1024, Default: "1024",
		Doc: "the shortest RSA key that is taken, in bits; from 1024 (RFC 8301 section 3.2)",
	},
	{
		Name: "max-signatures", Kind: Count, Default: "10",
		Doc: "how many signatures are judged, from the top of the header",
	},
}

// newDKIM makes a check that verifies DKIM signatures (RFC 6376), see package dkim.
func newDKIM(s Settings) (Check, error) {
	minKey, most := s.Count("min-key"), s.Count("max-signatures")
	return Check{
		At: mail.Data,
		Values: []string{
			mail.None, mail.Pass, mail.Fail, mail.Policy, mail.Neutral, mail.TempError, mail.PermError,
		},
		Facets: map[string][]string{
			"signatures": {"none", "one", "several"},
			"key":        {"none", "weak", "ok"},
		},
		Properties: []string{"header.d", "header.s", "header.a"},
		Run: func(ctx context.Context, e Env, f Facts) mail.Result {
			return dkim.Evaluate(ctx, e.Resolver, dkim.Query{
				Content: f.Content, Now: e.Clock(), MinKey: minKey, MaxSignatures: most,
			})
		},
	}, nil
}

// newARC makes a check that validates the ARC chain (RFC 8617), see package arc.
func newARC(Settings) (Check, error) {
	return Check{
		At:         mail.Data,
		Values:     []string{mail.None, mail.Pass, mail.Fail},
		Properties: []string{"arc.chain", "arc.domain", "header.oldest-pass"},
		Run: func(ctx context.Context, e Env, f Facts) mail.Result {
			return arc.Evaluate(ctx, e.Resolver, arc.Query{Content: f.Content, Now: e.Clock()})
		},
	}, nil
}
