package check

import (
	"context"

	"strictmx/fakemx/check/spf"
	"strictmx/internal/mail"
)

// spfMethod is the method spf.
var spfMethod = plain(
	"spf", "the policy of the MAIL FROM domain, or of the HELO name for the null sender (RFC 7208)",
	Check{
		At: mail.Mail,
		Values: []string{
			mail.None, mail.Neutral, mail.Pass, mail.Fail, mail.SoftFail, mail.TempError, mail.PermError,
		},
		Facets:     map[string][]string{"identity": {"mailfrom", "helo"}},
		Properties: []string{"mechanism"},
	}, SPF)

// SPF evaluates the policy of the MAIL FROM domain (RFC 7208). The null sender is
// judged as postmaster at the HELO name (section 2.4), which the facet "identity"
// tells.
func SPF(ctx context.Context, r Resolver, f Facts) mail.Result {
	res := spf.Evaluate(ctx, r, spf.Query{
		Client: f.Client, Helo: f.Helo, MailFrom: f.MailFrom, Receiver: f.Receiver,
	})
	res.Facets = ofMailFrom
	if f.MailFrom == "" {
		res.Facets = ofHelo
	}
	return res
}

var (
	ofMailFrom = map[string]string{"identity": "mailfrom"}
	ofHelo     = map[string]string{"identity": "helo"}
)
