// Package check holds what a receiver can find out about a client and a message.
// A check turns facts into an RFC 8601 result with a reason. It never refuses
// mail: that is for a profile to decide (package profile).
package check

import (
	"context"
	"net/netip"
	"slices"

	"strictmx/internal/mail"
)

// A Resolver answers DNS questions for checks. name may lack the final dot; typ
// is a type's mnemonic, such as "TXT". The answer holds the records at the end of
// any CNAME chain. NXDOMAIN and NODATA are answers and not errors; an error is a
// [*mail.LookupError] (or that of ctx), which checks count as temporary.
type Resolver interface {
	Resolve(ctx context.Context, name, typ string) (mail.Answer, error)
}

// Facts are what a receiver knows from the session and the message. What is not
// yet known at a stage has its zero value.
type Facts struct {
	Receiver string     // the receiver's own host name, for the r macro of SPF
	Client   netip.Addr // the peer's address, unmapped
	Helo     string     // argument of HELO or EHLO as given; empty before
	MailFrom string     // reverse-path without angle brackets; empty is the null sender
	Rcpts    []string   // forward-paths without angle brackets, accepted ones and the one at hand
	TLS      string     // "" for a plain session, else "TLSv1.2", "TLSv1.3"
	Content  []byte     // the message, CR LF line ends as received, dot-stuffing undone
}

// A Check is one method.
type Check struct {
	Method string     // "iprev"
	At     mail.Stage // the earliest stage at which its facts are known
	Values []string   // every value that Run can return
	Run    func(context.Context, Resolver, Facts) mail.Result
}

// All lists the checks in the order in which they are reported.
var All = []Check{
	{"family", mail.Connect, []string{"ipv4", "ipv6"}, Family},
	{"iprev", mail.Connect, []string{mail.Pass, mail.Fail, mail.TempError, mail.PermError}, IPRev},
	{"helo", mail.Helo, []string{
		mail.None, mail.Pass, mail.Neutral, mail.Fail, mail.TempError, mail.PermError,
	}, Helo},
	{"spf", mail.Mail, []string{
		mail.None, mail.Neutral, mail.Pass, mail.Fail, mail.SoftFail, mail.TempError, mail.PermError,
	}, SPF},
	{"dkim", mail.Data, []string{mail.None}, DKIM},
}

// ByMethod finds a check of [All].
func ByMethod(method string) (Check, bool) {
	i := slices.IndexFunc(All, func(c Check) bool { return c.Method == method })
	if i < 0 {
		return Check{}, false
	}
	return All[i], true
}
