package check

import (
	"context"

	"strictmx/fakemx/check/dmarc"
	"strictmx/internal/mail"
)

// dmarcMethod is the method dmarc.
var dmarcMethod = Method{
	Name: "dmarc", Doc: "whether SPF or DKIM speaks for the From domain, and what that asks for if not (RFC 9989)",
	Settings: []Setting{{
		Name: "discovery", Default: string(dmarc.Tree), Doc: "how policy and organizational domain are found",
		Words: []Word{{Name: string(dmarc.Tree), Doc: "RFC 9989"}, {Name: string(dmarc.PSL), Doc: "the public suffix list and pct=, RFC 7489"}},
	}},
	New: newDMARC,
}

// newDMARC makes a check that judges the From domain, see package dmarc. It takes
// the results of the checks named spf and dkim.
func newDMARC(s Settings) (Check, error) {
	way := s.Text("discovery")
	query := func(f Facts) dmarc.Query {
		spf, _ := f.Result("spf")
		dkim, _ := f.Result("dkim")
		return dmarc.Query{Content: f.Content, SPF: spf, DKIM: dkim, Discovery: dmarc.Discovery(way)}
	}
	judged := []string{"aligned", "unaligned", "none"}
	return Check{
		At:     mail.Data,
		Values: []string{mail.None, mail.Pass, mail.Fail, mail.TempError, mail.PermError},
		Facets: map[string][]string{
			"policy": {"absent", "none", "quarantine", "reject"}, "spf": judged, "dkim": judged,
		},
		Properties: []string{"header.from", "policy.domain"},
		Needs:      []string{"spf", "dkim"},
		Key:        func(f Facts) string { return query(f).Key() },
		Run: func(ctx context.Context, e Env, f Facts) mail.Result {
			return dmarc.Evaluate(ctx, e.Resolver, query(f))
		},
	}, nil
}
