// Package check holds what a receiver can find out about a client and a message.
// A check turns facts into an RFC 8601 result with a reason. It never refuses
// mail: that is for a profile to decide (package profile).
package check

import (
	"context"
	"net/netip"
	"slices"
	"time"

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
	Sessions Sessions   // how many were open when this one began
	Early    bool       // the client sent something before the greeting (RFC 5321 section 3.1)
	Helo     string     // argument of HELO or EHLO as given; empty before
	TLS      string     // "" for a plain session, else "TLSv1.2", "TLSv1.3"
	// TLSClient is the subject of the certificate that the client presented, not
	// verified; empty without one.
	TLSClient string
	MailFrom  string   // reverse-path without angle brackets; empty is the null sender
	Size      int64    // octets declared with MAIL (RFC 1870); 0 if none
	EightBit  bool     // BODY=8BITMIME or BINARYMIME was said with MAIL (RFC 6152)
	UTF8      bool     // SMTPUTF8 was said with MAIL (RFC 6531)
	Rcpts     []string // forward-paths without angle brackets, accepted ones and, last, the one at hand
	// Counted are those of the recipients that the check at hand has counted in this
	// transaction.
	Counted []string
	Content []byte // the message, CR LF line ends as received, dot-stuffing undone; nil before
	Results []mail.Result
}

// Result finds the result of a check that ran before, by name.
func (f Facts) Result(name string) (mail.Result, bool) {
	i := slices.IndexFunc(f.Results, func(r mail.Result) bool { return r.Called() == name })
	if i < 0 {
		return mail.Result{}, false
	}
	return f.Results[i], true
}

// An Env is what a check may ask beside the facts.
type Env struct {
	Resolver Resolver
	State    *State    // what the receiver remembers of other sessions; nil remembers nothing
	Seed     Seed      // what the receiver was told beforehand
	Now      time.Time // by the receiver's clock; the zero value is the time of day
	Check    string    // the name of the check that asks
}

// Clock is the time by the receiver's clock.
func (e Env) Clock() time.Time {
	if e.Now.IsZero() {
		return time.Now()
	}
	return e.Now
}

// A Seed is what a receiver knows beforehand: whom it has on its own block lists,
// and what its mailboxes are like. The zero value knows nothing: nobody is listed
// and every mailbox exists.
type Seed struct {
	// Listed has, by name of a list, addresses ("203.0.113.9"), networks
	// ("2001:db8::/32") and domains ("example.com", which stands for all below it).
	Listed map[string][]string `json:"listed,omitempty"`
	// Unknown and Full are recipients, or whole domains as "@example.org".
	Unknown []string `json:"unknown,omitempty"`
	Full    []string `json:"full,omitempty"`
}

// A Check is one method, set up for a receiver.
type Check struct {
	Name   string              // by which rules ask for it; the method's name unless a profile gives one
	Method string              // "iprev"
	By     string              // what it goes by, if that can be set up: "client", "recipient"
	At     mail.Stage          // the earliest stage at which its facts are known
	Values []string            // every value that Run can return
	Facets map[string][]string // what it tells beside the value, and every value of each
	// Properties are the names of the properties that a reply can quote.
	Properties []string
	Needs      []string // methods whose results it takes from the facts
	// Counts tells that to ask is to be remembered (greylist, and rate but for open
	// sessions): it is asked only for a rule of which everything else holds.
	Counts bool
	// Key is what the result depends on beside DNS and the envelope, as text: where a
	// session has the same of both again, it has the same result. Nil is the whole message
	// for checks at [mail.Data], and nothing more for those at [mail.Mail].
	Key func(Facts) string
	// Hold is how long a receiver holds its greeting back for the check, in real
	// time; 0 is not at all.
	Hold time.Duration
	Run  func(context.Context, Env, Facts) mail.Result
}

// ByMethod makes the check of a method that needs no settings.
func ByMethod(method string) (Check, bool) {
	m, ok := MethodNamed(method)
	if !ok {
		return Check{}, false
	}
	c, err := m.Make(method, nil)
	return c, err == nil
}

// All are the checks of [Methods] that need no settings, in the order in which they
// are reported.
func All() []Check {
	var out []Check
	for _, m := range Methods {
		if c, err := m.Make(m.Name, nil); err == nil {
			out = append(out, c)
		}
	}
	return out
}
