// Package judge says what receivers would answer to one message from one address
// with given DNS data. It runs the receivers themselves, over a connection in
// memory, so that it cannot differ from what a real mail system meets in a lab.
package judge

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"strictmx/fakedns"
	"strictmx/fakemx"
	"strictmx/fakemx/check"
	"strictmx/fakemx/profile"
	"strictmx/internal/mail"
	"strictmx/internal/world"
)

// The decisions.
const (
	Accept   = "accept"
	TempFail = "tempfail" // a 4xx reply
	Reject   = "reject"   // a 5xx reply
)

// A Message is what is judged.
type Message struct {
	Client  netip.Addr
	Helo    string
	From    string   // of the envelope; empty is the null sender
	To      []string // of the envelope; at least one
	TLS     uint16   // version of crypto/tls; 0 is a plain session
	Content []byte   // CR LF line ends
}

// tlsName is the version as facts have it.
func (m Message) tlsName() string {
	switch m.TLS {
	case tls.VersionTLS12:
		return "TLSv1.2"
	case tls.VersionTLS13:
		return "TLSv1.3"
	}
	return ""
}

// A Verdict is what one receiver did. Decision, stage, rule, reply and results are
// those of the recipient that fared worst, the first of several: the receiver accepts
// a message if it does so for all recipients.
type Verdict struct {
	Receiver string        `json:"receiver"`
	Decision string        `json:"decision"`
	Stage    mail.Stage    `json:"stage"`
	Rule     string        `json:"rule"` // empty if no rule of the profile refused
	Reply    []string      `json:"reply"`
	Remedy   string        `json:"remedy,omitempty"` // what a sender can do about the rule, in the profile's words
	Results  []mail.Result `json:"results"`          // of the checks that the receiver made
	// Recipients are what became of each, in the order of [Message.To].
	Recipients []Recipient `json:"recipients"`
	// Cures are what would have let a refused message pass; empty if it passed.
	Cures []Cure `json:"cures"`
}

// A Recipient is what a receiver decided about one of a message's.
type Recipient struct {
	To       string     `json:"to"`
	Decision string     `json:"decision"`
	Stage    mail.Stage `json:"stage"`
	Rule     string     `json:"rule"`  // empty if no rule of the profile refused
	Reply    []string   `json:"reply"` // empty if the receiver hung up before there was one
}

// Results runs every check that needs to know no more than a message and where it
// comes from.
func Results(ctx context.Context, r check.Resolver, f check.Facts) []mail.Result {
	var out []mail.Result
	for _, c := range check.All() {
		if m, _ := check.MethodNamed(c.Method); m.Local {
			continue
		}
		f.Results = out
		out = append(out, c.Run(ctx, check.Env{Resolver: r}, f))
	}
	return out
}

// Facts are what a receiver with all extensions knows of the message at its end.
func (m Message) Facts(receiver string) check.Facts {
	return check.Facts{
		Receiver: receiver, Client: m.Client, Helo: m.Helo, TLS: m.tlsName(),
		MailFrom: m.From, Rcpts: m.To, Content: m.Content,
		Size: int64(len(m.Content)), EightBit: !ascii(string(m.Content)), UTF8: !ascii(m.From + strings.Join(m.To, "")),
	}
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}

// Ask sends the message to a receiver and tells what it decided. Each receiver
// meets the faults of zones afresh: what one has been answered wrongly does not
// heal the DNS for the next. It also tells what would have let a refused message
// pass.
func Ask(ctx context.Context, zones *fakedns.Zones, p *profile.Profile, m Message) (Verdict, error) {
	v, err := ask(ctx, zones, p, m)
	if err != nil {
		return v, err
	}
	v.Cures = []Cure{}
	if v.Decision != Accept {
		v.Cures, err = cures(ctx, zones, p, m, v.Results)
	}
	return v, err
}

func ask(ctx context.Context, zones *fakedns.Zones, p *profile.Profile, m Message) (Verdict, error) {
	var attempts []mail.Attempt
	ca, err := fakemx.NewCA()
	if err != nil {
		return Verdict{}, fmt.Errorf("test CA: %w", err)
	}
	conf, err := ca.Config(p.Hostname())
	if err != nil {
		return Verdict{}, fmt.Errorf("certificate: %w", err)
	}
	srv := &fakemx.Server{
		Profile: p, Resolver: zones.Fresh().Resolver(p.Name, nil), TLS: conf, State: check.NewState(),
		Record: func(a mail.Attempt) { attempts = append(attempts, a) },
	}
	e := fakemx.Envelope{Helo: m.Helo, From: m.From, To: m.To, Content: m.Content}
	if m.TLS != 0 {
		// Opportunistic, as between mail servers: the certificate is not verified.
		e.StartTLS = &tls.Config{InsecureSkipVerify: true, MinVersion: m.TLS, MaxVersion: m.TLS}
	}
	conn, wait := world.Dial(ctx, srv, m.Client, serverAddr(p, m.Client))
	d, err := fakemx.Submit(ctx, conn, e)
	conn.Close()
	wait()
	if err != nil && !hungUp(&d, err) {
		return Verdict{}, err
	}
	v := conclude(d, attempts)
	if rule, ok := p.Rule(profile.Decision{Rule: v.Rule}); ok {
		v.Remedy = rule.Remedy
	}
	return v, nil
}

// hungUp tells whether a session broke because the receiver closed it behind a
// refusal. That is an answer, while other recipients have none. A receiver that refuses
// EHLO and hears no HELO refuses them all.
func hungUp(d *fakemx.Dialogue, err error) bool {
	lost, ok := errors.AsType[*fakemx.LostError](err)
	if !ok {
		return false
	}
	if lost.Stage == mail.Helo && lost.Last.Code >= 400 {
		for i := range d.Recipients {
			d.Recipients[i].Reply, d.Recipients[i].Stage = lost.Last, mail.Helo
		}
	}
	return slices.ContainsFunc(d.Recipients, func(r fakemx.Recipient) bool { return r.Reply.Code >= 400 })
}

// conclude makes a verdict of what the client was told and what the receiver
// recorded.
func conclude(d fakemx.Dialogue, attempts []mail.Attempt) Verdict {
	var v Verdict
	for _, r := range d.Recipients {
		var a mail.Attempt
		if i := attemptAt(attempts, r); i >= 0 {
			a = attempts[i]
			if r.Stage == mail.Rcpt { // one a recipient, who may be there twice
				attempts = slices.Delete(slices.Clone(attempts), i, i+1)
			}
		}
		one := Recipient{To: r.To, Decision: decision(r.Reply), Stage: r.Stage, Rule: a.Rule, Reply: append([]string{}, r.Reply.Lines...)}
		if r.Reply.Code == 0 {
			one.Stage = mail.Rcpt // it was not asked about any more
		}
		v.Recipients = append(v.Recipients, one)
		// Of those that fared alike one that got an answer tells more.
		worse := severity[one.Decision] > severity[v.Decision]
		if v.Decision == "" || worse || one.Decision == v.Decision && len(v.Reply) == 0 && len(one.Reply) > 0 {
			v.Decision, v.Stage, v.Rule, v.Reply = one.Decision, one.Stage, one.Rule, one.Reply
			v.Results = append([]mail.Result{}, a.Results...)
		}
	}
	return v
}

// attemptAt finds the attempt in which a receiver decided about a recipient; less than
// 0 is none. What is decided at other stages than RCPT is so for all, at last.
func attemptAt(attempts []mail.Attempt, r fakemx.Recipient) int {
	switch {
	case r.Reply.Code == 0:
		return -1
	case r.Stage != mail.Rcpt:
		return len(attempts) - 1
	}
	return slices.IndexFunc(attempts, func(a mail.Attempt) bool {
		return a.Stage == mail.Rcpt && slices.Contains(a.Recipients, r.To)
	})
}

// severity orders the decisions.
var severity = map[string]int{Accept: 0, TempFail: 1, Reject: 2}

func decision(r mail.Reply) string {
	switch {
	case r.Positive():
		return Accept
	case r.Transient(), r.Code == 0: // who gets no answer tries again
		return TempFail
	}
	return Reject
}

// serverAddr is an address of the receiver in the client's family, real or made up.
func serverAddr(p *profile.Profile, client netip.Addr) netip.Addr {
	for _, h := range p.Hosts {
		for _, a := range h.Addrs {
			if a.Is4() == client.Is4() {
				return a
			}
		}
	}
	if client.Is4() {
		return netip.MustParseAddr("198.51.100.25")
	}
	return netip.MustParseAddr("2001:db8:25::25")
}
