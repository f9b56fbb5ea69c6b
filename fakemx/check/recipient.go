package check

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"strictmx/internal/mail"
)

// recipientMethod is the method recipient.
var recipientMethod = Method{
	Name: "recipient", Doc: "the mailbox of the recipient, as the receiver was told of it (unknown, full), and how many there are",
	Settings: []Setting{{
		Name: "max", Kind: Count, Default: "100",
		Doc: "how many recipients a message may have, the one at hand included; " +
			"RFC 5321 section 4.5.3.1.8 wants at least 100",
	}},
	New: newRecipient,
}

func newRecipient(s Settings) (Check, error) {
	most := s.Count("max")
	return Check{
		At: mail.Rcpt, Values: []string{mail.Pass, "unknown", "full"},
		Facets: map[string][]string{"count": {"ok", "too-many"}},
		Run:    func(_ context.Context, e Env, f Facts) mail.Result { return recipientResult(most, e.Seed, f) },
	}, nil
}

var fewRecipients = map[string]string{"count": "ok"}

// recipientResult judges the recipient at hand. A mailbox that is both unknown and
// full is unknown: what does not exist cannot be full.
func recipientResult(most int, seed Seed, f Facts) mail.Result {
	res := mail.Result{Facets: fewRecipients}
	if len(f.Rcpts) == 0 {
		res.Value, res.Reason = mail.Pass, "there is no recipient yet"
		return res
	}
	rcpt := f.Rcpts[len(f.Rcpts)-1]
	_, res.Domain = cutMailbox(rcpt)
	switch {
	case mailboxIn(seed.Unknown, rcpt):
		res.Value, res.Reason = "unknown", fmt.Sprintf("the mailbox %s does not exist", rcpt)
	case mailboxIn(seed.Full, rcpt):
		res.Value, res.Reason = "full", fmt.Sprintf("the mailbox %s is full", rcpt)
	default:
		res.Value, res.Reason = mail.Pass, "the mailbox "+rcpt+" exists"
	}
	if len(f.Rcpts) > most {
		res.Facets = map[string]string{"count": "too-many"}
		res.Reason += fmt.Sprintf(", yet it is recipient %d of at most %d", len(f.Rcpts), most)
	}
	return res
}

// mailboxIn tells whether a list has the address or its whole domain ("@example.org").
// Letter case does not count: RFC 5321 section 2.4 leaves that of the local part to
// the receiver, and receivers ignore it.
func mailboxIn(list []string, address string) bool {
	_, domain := cutMailbox(address)
	return slices.ContainsFunc(list, func(entry string) bool {
		return strings.EqualFold(entry, address) || domain != "" && strings.EqualFold(entry, "@"+domain)
	})
}
