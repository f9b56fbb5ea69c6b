package fakemx

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"strictmx/fakemx/check"
	"strictmx/fakemx/profile"
	"strictmx/internal/mail"
)

// A session is what the server knows of one connection: the facts, what checks
// made of them, and what has been said. Only the goroutine of the connection uses
// it.
type session struct {
	srv      *Server
	ctx      context.Context // of the connection
	limits   Limits
	log      *slog.Logger
	server   netip.Addr
	now      time.Time // when the client said what is at hand, by the receiver's clock; see tick
	facts    check.Facts
	values   *profile.Values
	newValue func(kind string) string // of values
	said     transcript

	greeted, esmtp bool // after HELO or EHLO; after EHLO
	spoke, quit    bool // a command was read; QUIT was
	recorded       bool // an attempt of the session was
	heloRule       string
	size           int64 // octets of a message that was too large to be kept, declared or received
	found          findings
	earlier        earlier
	answers        answers
	budgets        budgets
	counted        map[string]bool // what has had its end before this session; see count
	tx             transaction
}

// A transaction is what MAIL begins (RFC 5321 section 3.3).
type transaction struct {
	open     bool
	recorded bool // there is an attempt that tells how it went
	stage    mail.Stage
	from     string
	at       string   // the recipient at hand
	rcpts    []string // accepted
	tried    int      // RCPT commands
	last     []string // reply to MAIL or RCPT
	binary   bool     // BODY=BINARYMIME
	utf8     bool     // SMTPUTF8
	chunks   bool     // a BDAT was accepted, and none with LAST
	content  []byte
	id       string              // Message-ID
	counted  map[string][]string // by check that counts: the recipients that it was asked about
}

// A refusal is a reply that ends what a command was for.
type refusal struct {
	rule  string // empty if no rule of the profile refused
	lines []string
	close bool
	said  bool   // the lines have been written already
	fault string // of the server, which is why it refuses; else empty
}

func (s *Server) session(ctx context.Context, c net.Conn) *session {
	ses := &session{
		srv: s, ctx: ctx, limits: s.Limits.withDefaults(s.Profile), log: s.log(),
		server:  addrOf(c.LocalAddr()),
		facts:   check.Facts{Receiver: s.Profile.Hostname(), Client: addrOf(c.RemoteAddr())},
		values:  s.Profile.Values(rand.NewPCG(rand.Uint64(), rand.Uint64())),
		counted: make(map[string]bool),
	}
	ses.tick()
	ses.answers.from = s.Resolver
	ses.newValue, ses.said.off = ses.values.New, s.Brief
	checks := 0
	for _, at := range mail.Stages {
		checks += len(s.Profile.Asked(at))
	}
	ses.found = newFindings(checks)
	if s.AsIf.IsValid() {
		ses.facts.Client = s.AsIf.Unmap()
	}
	return ses
}

// tick looks at the receiver's clock, once for each thing that the client says.
func (s *session) tick() { s.now = s.srv.now() }

// judge runs the checks that rules of a stage need first and lets the profile
// decide, which may ask for more. nil means to go on.
func (s *session) judge(at mail.Stage) *refusal {
	p := s.srv.Profile
	for _, name := range p.Asked(at) {
		s.finding(name)
	}
	d, refused := s.scripted(at)
	if !refused {
		d, refused = p.Decide(at, s.lookup, s.spent)
	}
	if refused {
		for _, name := range p.Quoted(d) {
			s.finding(name)
		}
	}
	if r, why := s.found.broken(); r != nil {
		return s.failure(at, fmt.Sprintf("check %s: %s", r.Called(), why))
	}
	if !refused {
		return nil
	}
	lines, err := p.Refusal(d, s.vars())
	if err != nil {
		s.log.ErrorContext(s.ctx, "refusal not rendered", slog.String("rule", d.Rule), slog.Any("error", err))
		return s.failure(at, err.Error())
	}
	return &refusal{rule: d.Rule, lines: lines, close: d.Close}
}

// failure is the answer when the server itself is at fault. The greeting has no
// 451 (RFC 5321 section 4.3.2).
func (s *session) failure(at mail.Stage, fault string) *refusal {
	if at == mail.Connect {
		return &refusal{lines: s.phrase("shutdown", nil), close: true, fault: fault}
	}
	return &refusal{lines: s.phrase("failure", nil), fault: fault}
}

// finding is what the check of a name says, which is run if it was not yet.
func (s *session) finding(name string) *mail.Result {
	r := s.found.named(name)
	if r == nil {
		s.found.add(s.find(name))
		r = &s.found.results[len(s.found.results)-1]
	}
	return r
}

// lookup is a [profile.Finder]. It runs those checks that count when a rule comes down
// to them.
func (s *session) lookup(name string) (*mail.Result, bool) {
	r := s.found.named(name)
	if r == nil && s.srv.Profile.Counts(name) {
		r = s.finding(name)
	}
	return r, r != nil
}

// find runs the check of a name, unless an earlier transaction knows. A panic in it is
// the check's fault, and must not end the lab: it counts as a temporary error that
// nothing is decided by.
func (s *session) find(name string) (res mail.Result, a about) {
	c, ok := s.srv.check(name)
	a.name, a.at = name, c.At
	defer func() {
		if r := recover(); r != nil {
			a.broken = fmt.Sprintf("the check panicked: %v", r)
		}
		if a.broken != "" {
			res = mail.Result{Method: cmp.Or(c.Method, name), Value: mail.TempError, Reason: a.broken}
			if res.Method != name {
				res.Name = name
			}
			s.log.ErrorContext(s.ctx, "check broken", slog.String("check", name), slog.String("reason", a.broken))
		}
	}()
	if !ok {
		a.broken = "there is no such check"
		return res, a
	}
	facts := s.facts
	facts.Results, facts.Counted = s.found.results, s.tx.counted[name]
	if a.key, a.lasts = lasting(&c, facts); a.lasts {
		if known := s.earlier.result(s.envelope(), name, a.key); known != nil {
			return *known, a
		}
	}
	ctx := s.budgets.next(s.ctx, s.limits.Check)
	defer ctx.close()
	s.answers.broke = false
	res = c.Run(ctx, s.env(), facts)
	a.lasts = a.lasts && !s.answers.broke && res.Value != mail.TempError
	if c.Counts && len(facts.Rcpts) > 0 {
		if s.tx.counted == nil {
			s.tx.counted = make(map[string][]string)
		}
		s.tx.counted[name] = append(s.tx.counted[name], asked(facts)...)
	}
	return res, a
}

// env is what a check may ask beside the facts.
func (s *session) env() check.Env {
	e := check.Env{State: s.srv.State, Seed: s.srv.Seed, Now: s.now}
	if s.answers.from != nil {
		e.Resolver = &s.answers
	}
	return e
}

// asked are the recipients that a check is asked about: the one at hand or, after the
// content, all.
func asked(f check.Facts) []string {
	if f.Content == nil {
		return f.Rcpts[len(f.Rcpts)-1:]
	}
	return f.Rcpts
}

func (s *session) vars() profile.Vars {
	v := profile.Vars{
		Client: s.facts.Client, Helo: s.facts.Helo, TLS: s.facts.TLS,
		From: s.tx.from, Rcpt: s.tx.at, MessageID: s.tx.id, Size: cmp.Or(int64(len(s.tx.content)), s.size),
		Time: s.now, Results: s.found.results, New: s.srv.IDs,
	}
	if v.New == nil {
		v.New = s.newValue
	}
	return v
}

// phrase renders a reply of the dialogue. fallback is said if the profile cannot;
// nil is a reply that invites another try.
func (s *session) phrase(name string, fallback func() []string) []string {
	lines, err := s.srv.Profile.Reply(name, s.vars())
	if err == nil {
		return lines
	}
	s.log.ErrorContext(s.ctx, "reply not rendered", slog.String("reply", name), slog.Any("error", err))
	if fallback == nil {
		return []string{"451 4.3.0 Requested action aborted: local error in processing"}
	}
	return fallback()
}

// extensions are the EHLO lines of the session as it is.
func (s *session) extensions() []string {
	return slices.DeleteFunc(s.srv.Profile.Extensions(s.facts.TLS != ""), func(e string) bool {
		return s.srv.TLS == nil && strings.EqualFold(e, "STARTTLS")
	})
}

// offers tells whether the server has an extension.
func (s *session) offers(keyword string) bool {
	return slices.ContainsFunc(s.extensions(), func(e string) bool {
		word, _, _ := strings.Cut(e, " ")
		return strings.EqualFold(word, keyword)
	})
}

// agreed tells whether a parameter of an extension is allowed: the client has to
// have asked what there is (RFC 5321 section 2.2.1).
func (s *session) agreed(keyword string) bool { return s.esmtp && s.offers(keyword) }

// begin starts a transaction.
func (s *session) begin(from string) {
	s.found.forget(mail.Mail)
	s.values.NextMessage()
	s.tx = transaction{open: true, stage: mail.Mail, from: from}
	s.facts.MailFrom, s.facts.Rcpts, s.facts.Content = from, nil, nil
}

// over forgets the transaction.
func (s *session) over() {
	if s.tx.open {
		s.earlier.keep(s.envelope(), &s.found)
	}
	s.tx = transaction{}
	s.facts.MailFrom, s.facts.Rcpts, s.facts.Content = "", nil, nil
	s.declare(nil)
	s.found.forget(mail.Mail)
}

// abandon ends a transaction that the client gave up: what the server said to its
// last MAIL or RCPT is all there is.
func (s *session) abandon() { s.giveUp(refusal{lines: s.tx.last, said: true}) }

func (s *session) giveUp(r refusal) {
	if s.tx.open && !s.tx.recorded {
		s.record(s.tx.stage, r, s.tx.rcpts)
	}
	s.over()
}

// finish ends the session. reply is the server's last word to a client that did
// not say QUIT, nil if there is none.
func (s *session) finish(reply []string) {
	s.giveUp(refusal{lines: reply})
	if s.recorded || s.quit || !s.spoke {
		return
	}
	stage := mail.Connect
	if s.greeted {
		stage = mail.Helo
	}
	s.record(stage, refusal{lines: reply}, nil)
}

// record hands out an attempt. It comes before the reply is written, and so the
// reply is added to its transcript here.
func (s *session) record(at mail.Stage, r refusal, rcpts []string) {
	s.recorded = true
	if s.log.Enabled(s.ctx, slog.LevelInfo) {
		s.log.InfoContext(s.ctx, "attempt",
			slog.String("rule", r.rule), slog.Any("client", s.facts.Client), slog.String("stage", at.String()),
			slog.String("reply", cmp.Or(strings.Join(r.lines, " "), "none")))
	}
	if s.srv.Record == nil {
		return
	}
	var coming []string
	if !r.said {
		coming = r.lines
	}
	a := mail.Attempt{
		Message: -1, Time: s.now, Receiver: s.srv.Profile.String(), Name: s.srv.ownName(), Server: s.server,
		Recipients: slices.Concat([]string{}, rcpts), From: s.tx.from,
		Client: s.facts.Client, Helo: s.facts.Helo, TLS: s.facts.TLS,
		Stage: at, Rule: r.rule, Reply: slices.Concat([]string{}, r.lines), Fault: r.fault,
		Transcript: s.said.with(coming), MessageID: s.tx.id,
	}
	if !s.srv.Brief {
		a.Results = slices.Clone(s.found.results)
	}
	if s.srv.KeepContent {
		a.Content = s.tx.content
	}
	s.srv.Record(a)
}
