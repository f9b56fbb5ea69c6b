package check

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"strictmx/internal/mail"
)

// listSettings are those of the method list.
var listSettings = []Setting{{
	Name: "by", Default: "client", Doc: "what is looked for",
	Words: []Word{{Name: "client", Doc: "address"}, {Name: "network", Doc: "/24 or /64 of the client"}, {Name: "helo"}, {Name: "sender-domain"}, {Name: "sender"}, {Name: "recipient"}},
}}

// newList makes a check that asks the receiver's own list, which is in
// [Seed.Listed] under the name of the check.
func newList(s Settings) (Check, error) {
	at := map[string]mail.Stage{
		"client": mail.Connect, "network": mail.Connect, "helo": mail.Helo,
		"sender-domain": mail.Mail, "sender": mail.Mail, "recipient": mail.Rcpt,
	}
	by := s.Text("by")
	return Check{
		At: at[by], Values: []string{mail.Pass, mail.Fail}, Properties: []string{"entry"},
		Run: func(_ context.Context, e Env, f Facts) mail.Result { return askList(e, f, by) },
	}, nil
}

var noEntry = map[string]string{"entry": ""}

// askList looks for each of what there is to look for.
func askList(e Env, f Facts, by string) mail.Result {
	sought := soughtIn(f, by)
	for _, what := range sought {
		for _, entry := range e.Seed.Listed[e.Check] {
			if listed(entry, what, f, by) {
				return mail.Result{
					Value: mail.Fail, Reason: fmt.Sprintf("%s is on the list %s as %s", what, e.Check, entry),
					Properties: map[string]string{"entry": entry},
				}
			}
		}
	}
	res := mail.Result{Value: mail.Pass, Properties: noEntry}
	res.Reason = strings.Join(sought, ", ") + " is not on the list " + e.Check
	if len(sought) == 0 {
		res.Reason = fmt.Sprintf("there is no %s to look for on the list %s", by, e.Check)
	}
	return res
}

// soughtIn is empty for the null sender and before HELO. After the content every
// recipient is looked for.
func soughtIn(f Facts, by string) []string {
	one := ""
	switch by {
	case "client":
		one = f.Client.Unmap().String()
	case "network":
		one = Network(f.Client).String()
	case "helo":
		one = f.Helo
	case "sender-domain":
		one = mailboxDomain(f.MailFrom)
	case "sender":
		one = f.MailFrom
	case "recipient":
		return rcptsAtHand(f)
	}
	if one == "" {
		return nil
	}
	return []string{one}
}

// rcptsAtHand are the recipient at hand, or after the content all that were
// accepted.
func rcptsAtHand(f Facts) []string {
	if f.Content != nil || len(f.Rcpts) == 0 {
		return f.Rcpts
	}
	return f.Rcpts[len(f.Rcpts)-1:]
}

// listed tells whether an entry stands for what is sought. A network has its
// addresses, and whoever is looked for by network is listed with any of its
// neighbours. A domain has its subdomains and their mailboxes.
func listed(entry, what string, f Facts, by string) bool {
	if by == "client" || by == "network" {
		has := entryPrefix(entry)
		if by == "network" {
			return has.IsValid() && has.Overlaps(Network(f.Client))
		}
		return has.Contains(f.Client.Unmap())
	}
	local, domain := cutMailbox(entry)
	if !strings.Contains(entry, "@") {
		local, domain = "", entry
	}
	box, host := cutMailbox(what)
	if !strings.Contains(what, "@") {
		box, host = "", what
	}
	entry, host = plainDomain(domain), plainDomain(host)
	if local != "" {
		return host == entry && strings.EqualFold(box, local)
	}
	return host == entry || strings.HasSuffix(host, "."+entry) || literalIn(what, entry)
}

// literalIn tells whether an address literal of HELO, as in [203.0.113.9], is that
// of an entry.
func literalIn(what, entry string) bool {
	if !strings.HasPrefix(what, "[") {
		return false
	}
	text := strings.TrimPrefix(strings.ToLower(strings.Trim(what, "[]")), "ipv6:")
	a, err := netip.ParseAddr(text)
	return err == nil && entryPrefix(entry).Contains(a.Unmap())
}

// Wants says what an entry of a receiver's own list has to be that the check asks,
// where one such as this is never found there; empty if it can be, or if the check
// asks no list.
func (c Check) Wants(entry string) string {
	if c.Method != "list" {
		return ""
	}
	address := entryPrefix(entry).IsValid()
	local, _ := cutMailbox(entry)
	mailbox := strings.Contains(entry, "@") && local != ""
	switch {
	case c.By == "client" || c.By == "network":
		if !address {
			return "an address or a network"
		}
	case c.By == "helo" || c.By == "sender-domain": // either can be an address literal
		if mailbox {
			return "a domain"
		}
	case address:
		return "a mailbox or a domain"
	}
	return ""
}

// entryPrefix is the network or the one address that an entry stands for; the zero
// value, which contains nothing, for a domain.
func entryPrefix(entry string) netip.Prefix {
	if p, err := netip.ParsePrefix(entry); err == nil {
		return p
	}
	a, err := netip.ParseAddr(entry)
	if err != nil {
		return netip.Prefix{}
	}
	a = a.Unmap()
	return netip.PrefixFrom(a, a.BitLen())
}
