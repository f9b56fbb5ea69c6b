package check

import (
	"context"
	"fmt"

	"strictmx/internal/mail"
)

// earlySettings are those of the method early-talker.
var earlySettings = []Setting{{
	Name: "wait", Kind: Span, Default: "200ms",
	Doc: "how long the greeting is held back, in real time; it comes at once if the client has said something",
}}

// newEarlyTalker makes a check that tells whether the client let the receiver speak
// first (RFC 5321 section 3.1). The receiver holds its greeting back to find out.
func newEarlyTalker(s Settings) (Check, error) {
	wait := s.Duration("wait")
	return Check{
		At: mail.Connect, Values: []string{mail.Pass, mail.Fail}, Hold: wait,
		Run: func(_ context.Context, _ Env, f Facts) mail.Result {
			if f.Early {
				return mail.Result{Value: mail.Fail, Reason: fmt.Sprintf("%s sent something before the greeting", f.Client)}
			}
			return mail.Result{Value: mail.Pass, Reason: fmt.Sprintf("%s waited for the greeting", f.Client)}
		},
	}, nil
}
