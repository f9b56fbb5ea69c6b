package check

import (
	"context"
	"fmt"

	"strictmx/internal/mail"
)

// nullSenderMethod is the method null-sender.
var nullSenderMethod = plain(
	"null-sender", "a notice from the null sender to several recipients, while a notice goes to one (RFC 5321 section 4.5.5)",
	Check{At: mail.Rcpt, Values: []string{mail.None, mail.Pass, mail.Fail}}, NullSender)

// NullSender judges the number of recipients of mail from the null sender. Such
// mail is a notice about one message and goes to its sender only (RFC 5321
// sections 3.6.3 and 4.5.5), so that more recipients are a sign of abuse. The
// recipients are those that were accepted and the one at hand.
func NullSender(_ context.Context, _ Resolver, f Facts) mail.Result {
	res := mail.Result{Method: "null-sender"}
	switch {
	case f.MailFrom != "":
		res.Value, res.Reason = mail.None, "the sender is "+f.MailFrom
	case len(f.Rcpts) > 1:
		res.Value, res.Reason = mail.Fail, fmt.Sprintf("the null sender writes to %d recipients", len(f.Rcpts))
	default:
		res.Value, res.Reason = mail.Pass, "the null sender writes to one recipient"
	}
	return res
}
