package lab

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"strictmx/fakemx"
	"strictmx/internal/mail"
	"strictmx/internal/wire"
	"strictmx/internal/world"
	"strictmx/scenarios"
)

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
	only   string // the one that is known; empty is both
	tls    bool   // where it is offered
}

// opportunistic is TLS as Postfix speaks it at the level may: whatever the certificate.
// X25519 is the key exchange of Debian's OpenSSL, and costs less than what Go prefers.
var opportunistic = &tls.Config{InsecureSkipVerify: true, CurvePreferences: []tls.CurveID{tls.X25519}}

// The limits of Postfix: smtp_mx_address_limit, smtp_mx_session_limit and
// default_destination_recipient_limit. The second does not count sessions that ended
// before EHLO was accepted.
const (
	maxAddresses      = 5
	maxSessions       = 2
	defaultRecipients = 50
)

// noAnswer is the status where no server answers (RFC 3463 section 3.5).
var noAnswer = mail.Status{Class: 4, Subject: 4, Detail: 1}

// noRecord is Postfix's status where no host has an address of a family that it knows.
var noRecord = mail.Status{Class: 5, Subject: 4, Detail: 4}

// noRecordText is what Postfix says then, of the host that it asked for last.
func (c client) noRecordText(r wire.Receiver) string {
	typ := "A"
	if c.only == "ipv6" {
		typ = "AAAA"
	}
	return fmt.Sprintf("Host or domain name not found. Name service error for name=%s type=%s: Host found but no data record of requested type",
		strings.TrimSuffix(r.Hosts[len(r.Hosts)-1].Name, "."), typ)
}

// unreached says why an address cannot be connected to, as strerror(3) puts it; it is
// empty if it can.
func unreached(r wire.Receiver, server, from netip.Addr) string {
	switch {
	case !from.IsValid(): // the host has no address of the family
		return "Network is unreachable"
	case slices.Contains(r.Down, server):
		return "Connection refused"
	case slices.Contains(r.Silent, server):
		return "Connection timed out"
	}
	return ""
}

// deliver brings a message to recipients of one domain, as far as receivers take it.
func (c client) deliver(ctx context.Context, m scenarios.Message, to []string) ([]mail.Delivery, error) {
	out := make([]mail.Delivery, len(to))
	left := make([]*mail.Delivery, len(to)) // those that may yet be taken elsewhere
	for i := range to {
		out[i] = mail.Delivery{Time: time.Now(), Recipient: to[i], Outcome: mail.Deferred, Status: noAnswer}
		left[i] = &out[i]
	}
	r := receiverFor(c.plan, to[0])
	sessions, reached := 0, false
	targets := c.targets(*r)
	if len(targets) == 0 {
		for _, d := range left {
			d.Outcome, d.Status, d.Text = mail.Bounced, noRecord, c.noRecordText(*r)
		}
		return out, nil
	}
	for _, host := range targets {
		if sessions == maxSessions || len(left) == 0 {
			break
		}
		relay := mail.Relay{Host: strings.TrimSuffix(host.Name, "."), Addr: host.Addrs[0], Port: 25}
		for _, d := range left {
			if d.Text != "" {
				d.Tries = append(d.Tries, mail.Try{Host: d.Relay.Host, Addr: d.Relay.Addr, Text: d.Text})
			}
			d.Relay = &relay
		}
		from := c.from(relay.Addr)
		why := unreached(*r, relay.Addr, from)
		if reached = why == ""; !reached {
			for _, d := range left {
				d.Status = noAnswer
				d.Text = fmt.Sprintf("connect to %s[%s]:25: %s", relay.Host, relay.Addr, why)
			}
			continue
		}
		stage, err := c.session(ctx, m, from, relay, left)
		if err != nil {
			return nil, err
		}
		if stage > mail.Helo {
			sessions++
		}
		left = slices.DeleteFunc(left, func(d *mail.Delivery) bool { return d.Outcome != mail.Deferred })
	}
	for _, d := range left {
		if !reached {
			d.Relay = nil // Postfix writes relay=none if the last address did not answer
		}
	}
	return out, nil
}

// targets lists the receiver's addresses in the order in which they are tried, a
// host of one address each.
func (c client) targets(r wire.Receiver) []wire.MXHost {
	var out []wire.MXHost
	for _, h := range r.Hosts {
		for _, a := range h.Addrs {
			if c.only != "" && c.only != family(a) {
				continue
			}
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

// session speaks to one address, and enters what came of it. It tells at which
// stage that was.
func (c client) session(
	ctx context.Context, m scenarios.Message, from netip.Addr, relay mail.Relay, left []*mail.Delivery,
) (mail.Stage, error) {
	rcv := c.world.ByAddr(relay.Addr)
	e := fakemx.Envelope{Helo: c.helo, From: m.From, Content: m.Content, MindSize: true}
	for _, d := range left {
		e.To = append(e.To, d.Recipient)
	}
	if c.tls {
		e.StartTLS = opportunistic
	}
	conn, wait := world.Dial(ctx, rcv.Server, from, relay.Addr)
	dialogue, err := fakemx.Submit(ctx, conn, e)
	conn.Close()
	wait()
	stage, status, why, err := brokenOff(ctx, err, relay)
	if err != nil {
		return 0, fmt.Errorf("session with %s: %w", rcv.Name, err)
	}
	if dialogue.Limit > 0 {
		for _, d := range left {
			d.Outcome, d.Status = mail.Bounced, tooLarge
			d.Text = fmt.Sprintf("message size %d exceeds size limit %d of server %s[%s]",
				len(m.Content), dialogue.Limit, relay.Host, relay.Addr)
		}
		return mail.Helo, nil
	}
	for i, r := range dialogue.Recipients {
		if r.Reply.Code == 0 {
			left[i].Status, left[i].Text = status, why
			continue
		}
		enter(left[i], relay, r)
		stage = max(stage, r.Stage)
	}
	return stage, nil
}

// brokenOff is what becomes of recipients that got no reply because the session broke,
// and at which stage it did: they are taken to the next address, and deferred if there
// is none. Any other error is the lab's.
func brokenOff(ctx context.Context, err error, relay mail.Relay) (mail.Stage, mail.Status, string, error) {
	lost, ok := errors.AsType[*fakemx.LostError](err)
	switch {
	case err == nil:
		return mail.Connect, mail.Status{}, "", nil
	case ctx.Err() != nil: // the server ended it for that reason
		return 0, mail.Status{}, "", err
	case errors.Is(err, fakemx.ErrHandshake):
		return mail.Helo, noTLS, noTLSText, nil
	case ok:
		return lost.Stage, lostConnection, fmt.Sprintf("lost connection with %s[%s] while %s", relay.Host, relay.Addr, lost.While), nil
	}
	return 0, mail.Status{}, "", err
}

// lostConnection is Postfix's status where a server hangs up (RFC 3463 section 3.5).
var lostConnection = mail.Status{Class: 4, Subject: 4, Detail: 2}

// noTLS is Postfix's status where a TLS handshake failed, and noTLSText what it says. It
// goes on in clear only with a message that has been in the queue for
// minimal_backoff_time, which Postfix's clock does not get to in a lab.
var noTLS = mail.Status{Class: 4, Subject: 7, Detail: 5}

const noTLSText = "Cannot start TLS: handshake failure"

// tooLarge is Postfix's status for a message that the receiver says it will not take.
var tooLarge = mail.Status{Class: 5, Subject: 3, Detail: 4}

// enter is what a reply means for a recipient.
func enter(d *mail.Delivery, relay mail.Relay, r fakemx.Recipient) {
	d.Status = r.Reply.Status
	if d.Status.IsZero() {
		d.Status = mail.Status{Class: r.Reply.Code / 100}
	}
	d.Text = saidText(relay, r.Reply, r.Stage)
	switch {
	case r.Reply.Positive():
		d.Outcome, d.Text = mail.Sent, r.Reply.String()
	case r.Reply.Permanent() && r.Stage != mail.Connect:
		d.Outcome = mail.Bounced
	default:
		d.Status.Class = 4
	}
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
