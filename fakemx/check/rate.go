package check

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"strictmx/fakemx/check/dmarc"
	"strictmx/internal/mail"
)

// ofMail is what a rate can count that belongs to one message.
var ofMail = []string{"messages", "recipients"}

// rateSettings are those of the method rate.
var rateSettings = []Setting{
	{
		Name: "count", Default: "messages", Doc: "what is counted",
		Words: []Word{{Name: "connections"}, {Name: "messages", Doc: "MAIL commands"}, {Name: "recipients", Doc: "RCPT commands"}, {Name: "open", Doc: "sessions at one time"}},
	},
	{
		Name: "by", Default: "client", Doc: "what has a limit of its own",
		Of: "count",
		Words: []Word{
			{Name: "client", Doc: "address"},
			{Name: "network", Doc: "/24 or /64"},
			{Name: "sender-domain", Doc: "of MAIL FROM", With: ofMail}, // a session has no one sender
			{Name: "from-domain", Doc: "of the From field", With: ofMail},
			{Name: "recipient", Doc: "the one at hand", With: []string{"recipients"}},
			{Name: "session", Doc: "messages or recipients of one connection", With: ofMail},
			{Name: "all", Doc: "the receiver"},
		},
	},
	{Name: "limit", Kind: Count, Required: true, Example: "3", Doc: "how many may be; one more fails"},
	{Name: "per", Kind: Span, Default: "1h", Doc: "the time in which so many may be; without importance for open sessions and by session"},
}

// A rate is set up to count something. It counts like Postfix's anvil (anvil(8),
// smtpd_client_message_rate_limit in postconf(5)): when the check runs, once for
// each connection, message or recipient, whether or not it is then refused, for
// this reason or another. So the one that is over the limit counts, too, and a
// client that goes on trying is let in only in the next span of time.
type rate struct {
	count, by string
	limit     int
	per       time.Duration
}

// newRate makes a check that compares how many there were with a limit.
func newRate(s Settings) (Check, error) {
	r := rate{count: s.Text("count"), by: s.Text("by"), limit: s.Count("limit"), per: s.Duration("per")}
	return Check{
		At: r.at(), Values: []string{mail.Pass, mail.Fail},
		Properties: []string{"count", "limit"}, Counts: r.count != "open", Run: r.run,
	}, nil
}

// at is when there is one more to count.
func (r rate) at() mail.Stage {
	switch {
	case r.by == "from-domain":
		return mail.Data
	case r.count == "messages":
		return mail.Mail
	case r.count == "recipients":
		return mail.Rcpt
	}
	return mail.Connect
}

func (r rate) run(_ context.Context, e Env, f Facts) mail.Result {
	whose, n := r.whose(f), 0
	switch {
	case r.count == "open":
		n = r.open(f)
	case r.by == "session":
		n = e.State.addWithin(f.Sessions.Number, digest("rate", e.Check, r.count), r.more(f))
	default:
		n = e.State.add(e.Clock(), digest("rate", e.Check, r.count, r.by, whose), r.more(f), r.per)
	}
	limit := strconv.Itoa(r.limit)
	res := mail.Result{
		Value: mail.Pass, Reason: r.amount(n, whose) + ", of " + limit + " allowed",
		Properties: map[string]string{"count": strconv.Itoa(n), "limit": limit},
	}
	if n > r.limit {
		res.Value = mail.Fail
		res.Reason = r.amount(n, whose) + ", over the limit of " + limit
	}
	return res
}

// amount says what was counted: "3 messages from 203.0.113.9 in 1h".
func (r rate) amount(n int, whose string) string {
	what := r.count
	if r.count == "open" {
		what = "open sessions"
	}
	if n == 1 {
		what = strings.TrimSuffix(what, "s")
	}
	from := "from"
	if r.by == "recipient" {
		what, from = strings.Replace(what, "recipient", "message", 1), "for"
	}
	if r.by == "session" {
		return strconv.Itoa(n) + " " + what + " in this session"
	}
	text := strconv.Itoa(n) + " " + what + " " + from + " " + r.named(whose)
	if r.count == "open" {
		return text
	}
	return text + " in " + span(r.per)
}

// more is how many there are at once: a receiver that counts recipients after the
// content has all of them before it, but for those that it counted before. For each on
// its own that is the last.
func (r rate) more(f Facts) int {
	if r.count != "recipients" || r.by == "recipient" || f.Content == nil {
		return 1
	}
	n := 0
	for _, rcpt := range f.Rcpts {
		if !slices.Contains(f.Counted, rcpt) {
			n++
		}
	}
	return n
}

func (r rate) open(f Facts) int {
	n := map[string]int{"client": f.Sessions.Client, "network": f.Sessions.Network, "all": f.Sessions.All}[r.by]
	return max(n, 1) // this one
}

func (r rate) whose(f Facts) string {
	switch r.by {
	case "client":
		return f.Client.Unmap().String()
	case "network":
		return Network(f.Client).String()
	case "sender-domain":
		return mailboxDomain(f.MailFrom)
	case "from-domain":
		return authorsDomain(f.Content)
	case "recipient":
		if n := len(f.Rcpts); n > 0 {
			return strings.ToLower(f.Rcpts[n-1])
		}
	}
	return ""
}

func (r rate) named(whose string) string {
	switch {
	case whose != "":
		return whose
	case r.by == "sender-domain":
		return "the null sender"
	case r.by == "from-domain":
		return "no From domain"
	}
	return "anybody"
}

// span is a duration as profiles write it: "1h" and not "1h0m0s".
func span(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// authorsDomain is that of the first author of the From field (RFC 5322 section
// 3.6.2), as DMARC finds it; empty if there is none to rely on.
func authorsDomain(content []byte) string {
	domains, fault := dmarc.Authors(content)
	if fault != nil {
		return ""
	}
	return domains[0]
}
