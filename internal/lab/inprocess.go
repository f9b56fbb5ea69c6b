package lab

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"strictmx/fakemx"
	"strictmx/internal/mail"
	"strictmx/internal/wire"
	"strictmx/internal/world"
	"strictmx/scenarios"
)

// Unprovable says why the in-process ring cannot tell how a case ends, or returns
// nothing where it can. It has no mail system: what depends on one is skipped and
// never passed. Delivery notices, which only a mail system sends, are no reason to
// skip all else: see [WithoutNotices].
func Unprovable(p *Prepared) string {
	for _, f := range p.Case.Added {
		if strings.HasPrefix(f.Path, "postfix/") {
			return "only a mail system can show what " + f.Path + " does"
		}
	}
	for _, m := range p.Case.Messages {
		for _, to := range m.To {
			if receiverFor(p.Plan, to) == nil {
				return "only a mail system knows where " + to + " goes"
			}
		}
	}
	if name := heloName(p); strings.Contains(name, "$") {
		return "only a mail system can expand the HELO name " + name
	}
	return ""
}

// heloName is the name that Postfix greets with: smtp_helo_name, by default
// $myhostname.
func heloName(p *Prepared) string {
	own, helo := p.Plan.Host.Name, "$myhostname"
	for _, f := range p.Case.Files["postfix/main.cf"].Fragments {
		params, err := scenarios.MainCFParameters(f)
		if err != nil {
			continue // the loader has told
		}
		for _, param := range params {
			switch param.Name {
			case "myhostname":
				own = param.Value
			case "smtp_helo_name":
				helo = param.Value
			}
		}
	}
	return strings.NewReplacer("$myhostname", own, "${myhostname}", own).Replace(helo)
}

// WithoutNotices is the case as far as the in-process ring can prove it.
func WithoutNotices(c scenarios.Case) scenarios.Case {
	c.DSN, c.NoDSN = nil, false
	return c
}

// InProcess sends a case's messages from the host's addresses to the receivers,
// over connections in memory. Each recipient is handled as Postfix 3.7 does by
// default, seen in its log: a 5xx greeting and any 4xx lead to the next address,
// any other 5xx bounces, and what is left after the last address is deferred.
func InProcess(ctx context.Context, p *Prepared) (Record, error) {
	start := time.Now()
	var mu sync.Mutex
	var rec Record
	w, err := world.Build(p.Plan, world.Hooks{
		Attempt:  func(a mail.Attempt) { mu.Lock(); defer mu.Unlock(); rec.Attempts = append(rec.Attempts, a) },
		Question: func(q mail.Question) { mu.Lock(); defer mu.Unlock(); rec.Questions = append(rec.Questions, q) },
	})
	if err != nil {
		return rec, err
	}
	for i, m := range p.Case.Messages {
		for _, to := range m.To {
			c := client{world: w, plan: p.Plan, helo: heloName(p), family: wantedFamily(p.Case, to)}
			d, err := c.deliver(ctx, m, to)
			if err != nil {
				return rec, err
			}
			d.Message = i
			rec.Deliveries = append(rec.Deliveries, d)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	assign(rec.Attempts, p.Case.Messages)
	rec.Elapsed = time.Since(start)
	return rec, nil
}

func receiverFor(plan wire.Plan, to string) *wire.Receiver {
	_, domain, _ := cutDomain(to)
	for i, r := range plan.Receivers {
		if slices.Contains(r.Domains, domain) {
			return &plan.Receivers[i]
		}
	}
	return nil
}

// wantedFamily is the address family that the case wants the client to have.
func wantedFamily(c scenarios.Case, to string) string {
	for _, w := range c.Want {
		if w.To != "" && w.To != to || w.Client == "" {
			continue
		}
		if a, err := netip.ParseAddr(w.Client); err == nil {
			return family(a)
		}
		return w.Client
	}
	return "ipv6"
}

func family(a netip.Addr) string {
	if a.Is4() {
		return "ipv4"
	}
	return "ipv6"
}

// A client delivers to receivers in memory.
type client struct {
	world  *world.World
	plan   wire.Plan
	helo   string
	family string // tried first
}

// The limits of Postfix: smtp_mx_address_limit and smtp_mx_session_limit.
const (
	maxAddresses = 5
	maxSessions  = 2
)

func (c client) deliver(ctx context.Context, m scenarios.Message, to string) (mail.Delivery, error) {
	d := mail.Delivery{Time: time.Now(), Recipient: to, Outcome: mail.Deferred, Status: mail.Status{Class: 4, Subject: 4, Detail: 1}}
	r := receiverFor(c.plan, to)
	sessions := 0
	for _, host := range c.targets(*r) {
		relay := mail.Relay{Host: strings.TrimSuffix(host.Name, "."), Addr: host.Addrs[0], Port: 25}
		if d.Text != "" {
			d.Tries = append(d.Tries, mail.Try{Host: d.Relay.Host, Addr: d.Relay.Addr, Text: d.Text})
		}
		d.Relay = &relay
		from := c.from(relay.Addr)
		if slices.Contains(r.Down, relay.Addr) || slices.Contains(r.Silent, relay.Addr) || !from.IsValid() {
			d.Text = fmt.Sprintf("connect to %s[%s]:25: no connection", relay.Host, relay.Addr)
			continue
		}
		if sessions++; sessions > maxSessions {
			break
		}
		done, err := c.session(ctx, m, from, &d)
		if done || err != nil {
			return d, err
		}
	}
	return d, nil
}

// targets lists the receiver's addresses in the order in which they are tried, a
// host of one address each.
func (c client) targets(r wire.Receiver) []wire.MXHost {
	var out []wire.MXHost
	for _, h := range r.Hosts {
		for _, a := range h.Addrs {
			out = append(out, wire.MXHost{Name: h.Name, Pref: h.Pref, Addrs: []netip.Addr{a}})
		}
	}
	other := func(h wire.MXHost) int {
		if family(h.Addrs[0]) == c.family {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(out, func(a, b wire.MXHost) int {
		return cmp.Or(cmp.Compare(a.Pref, b.Pref), cmp.Compare(other(a), other(b)))
	})
	return out[:min(len(out), maxAddresses)]
}

// from is the host's address of the family of an address, if it has one.
func (c client) from(to netip.Addr) netip.Addr {
	if to.Is4() {
		return c.plan.Host.IPv4
	}
	return c.plan.Host.IPv6
}

// session speaks to one address, and enters what came of it. It tells whether
// that is final.
func (c client) session(ctx context.Context, m scenarios.Message, from netip.Addr, d *mail.Delivery) (bool, error) {
	rcv := c.world.ByAddr(d.Relay.Addr)
	conn, wait := world.Dial(ctx, rcv.Server, from, d.Relay.Addr)
	dialogue, err := fakemx.Submit(ctx, conn, fakemx.Envelope{
		Helo: c.helo, From: m.From, To: []string{d.Recipient}, Content: m.Content,
	})
	conn.Close()
	wait()
	if err != nil {
		return true, fmt.Errorf("session with %s: %w", rcv.Name, err)
	}
	r := dialogue.Recipients[0]
	d.Status = r.Reply.Status
	if d.Status.IsZero() {
		d.Status = mail.Status{Class: r.Reply.Code / 100}
	}
	d.Text = saidText(*d.Relay, r.Reply, r.Stage)
	switch {
	case r.Reply.Positive():
		d.Outcome, d.Text = mail.Sent, r.Reply.String()
		return true, nil
	case r.Reply.Permanent() && r.Stage != mail.Connect:
		d.Outcome = mail.Bounced
		return true, nil
	}
	d.Status.Class = 4
	return false, nil
}

// saidText is how Postfix's log quotes a refusal.
func saidText(relay mail.Relay, r mail.Reply, stage mail.Stage) string {
	host := fmt.Sprintf("host %s[%s]", relay.Host, relay.Addr)
	switch stage {
	case mail.Connect, mail.Helo:
		return fmt.Sprintf("%s refused to talk to me: %s", host, r)
	case mail.Mail:
		return fmt.Sprintf("%s said: %s (in reply to MAIL FROM command)", host, r)
	case mail.Rcpt:
		return fmt.Sprintf("%s said: %s (in reply to RCPT TO command)", host, r)
	}
	return fmt.Sprintf("%s said: %s (in reply to end of DATA command)", host, r)
}
