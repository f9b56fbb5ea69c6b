package check

import (
	"context"

	"strictmx/fakemx/check/spf"
	"strictmx/internal/mail"
)

// SPF evaluates the policy of the MAIL FROM domain (RFC 7208). The null sender is
// judged as postmaster at the HELO name (section 2.4).
func SPF(ctx context.Context, r Resolver, f Facts) mail.Result {
	return spf.Evaluate(ctx, r, spf.Query{
		Client: f.Client, Helo: f.Helo, MailFrom: f.MailFrom, Receiver: f.Receiver,
	})
}

// DKIM reports none (RFC 8601 section 2.7.1): signatures are not verified yet, and
// a signature that was not verified must not help a message.
func DKIM(context.Context, Resolver, Facts) mail.Result {
	return mail.Result{Method: "dkim", Value: mail.None, Reason: "DKIM signatures are not verified by this version"}
}
