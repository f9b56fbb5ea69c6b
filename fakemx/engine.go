package fakemx

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"

	"github.com/emersion/go-smtp"

	"strictmx/internal/mail"
)

// run lets the engine serve the fronts that l accepts, until l has no more and every
// session has ended. The engine has no limits of its own: the front has them, with the
// profile's words.
func (s *Server) run(ctx context.Context, l net.Listener) {
	engine := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return backend{c.Conn().(*front)}, nil
	}))
	engine.Domain = s.Profile.Hostname()
	engine.MaxLineLength = 0
	engine.EnableDSN = true
	engine.ErrorLog = engineLog{ctx, s.log()}
	_ = engine.Serve(l) // what l said, and l knows why
	// Serve does not wait for the sessions; each ends with its context.
	if err := engine.Shutdown(context.WithoutCancel(ctx)); err != nil {
		s.log().ErrorContext(ctx, "engine not shut down", slog.Any("error", err))
	}
}

// A single listener has one front, and no more when that is closed.
type single struct {
	front *front
	taken bool
}

func (l *single) Accept() (net.Conn, error) {
	if !l.taken {
		l.taken = true
		return l.front, nil
	}
	<-l.front.closed
	return nil, net.ErrClosed
}

func (l *single) Close() error   { return nil }
func (l *single) Addr() net.Addr { return l.front.LocalAddr() }

// A backend is the engine's view of a session. It is called in the goroutine of
// the connection, while a command is in the engine's hands.
type backend struct{ f *front }

var _ smtp.Session = backend{}

// toEngine is a refusal as the engine is told of it; the front knows the words.
func toEngine(r *refusal) error {
	return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.NoEnhancedCode, Message: fmt.Sprint("refused by ", r.rule)}
}

// Mail begins a transaction. The address is the front's, as the client wrote it:
// the engine takes the quotes of a local part away.
func (b backend) Mail(string, *smtp.MailOptions) error {
	s := b.f.session
	s.begin(b.f.path.addr)
	s.declare(b.f.path.params)
	r := s.judge(mail.Mail)
	if r == nil {
		body, _ := value(b.f.path.params, "BODY")
		s.tx.binary = strings.EqualFold(body, "BINARYMIME")
		_, s.tx.utf8 = value(b.f.path.params, "SMTPUTF8")
		return nil
	}
	s.record(mail.Mail, *r, nil)
	s.over()
	b.f.answer = r
	return toEngine(r)
}

// Rcpt takes or refuses one recipient.
func (b backend) Rcpt(string, *smtp.RcptOptions) error {
	s := b.f.session
	s.tx.at = b.f.path.addr
	s.facts.Rcpts = append(s.tx.rcpts[:len(s.tx.rcpts):len(s.tx.rcpts)], s.tx.at)
	before := s.found.since(mail.Rcpt)
	s.found.forget(mail.Rcpt)
	r := s.judge(mail.Rcpt)
	if r == nil {
		s.tx.stage = mail.Rcpt
		s.tx.rcpts = s.facts.Rcpts
		return nil
	}
	s.facts.Rcpts = s.tx.rcpts
	s.record(mail.Rcpt, *r, []string{s.tx.at})
	s.disregard(before)
	s.tx.recorded = true
	b.f.answer = r
	return toEngine(r)
}

// Data decides at the end of the content. What r gives is only the end: the
// content is in the front's keeping.
func (b backend) Data(r io.Reader) error {
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	s := b.f.session
	ans := b.f.tooMuch
	if ans == nil {
		if s.tx.content == nil {
			s.tx.content = []byte{} // an empty message, and not none
		}
		s.facts.Content, s.tx.id = s.tx.content, messageID(s.tx.content)
		s.tx.at = s.tx.rcpts[0]
		ans = s.judge(mail.Data)
	}
	if ans != nil {
		s.record(mail.Data, *ans, s.tx.rcpts)
		s.tx.recorded = true
		b.f.answer = ans
		return toEngine(ans)
	}
	lines := s.phrase("accepted", func() []string { return []string{"250 OK"} })
	s.record(mail.Data, refusal{lines: lines}, s.tx.rcpts)
	s.tx.recorded = true
	b.f.answer = &refusal{lines: lines}
	return nil
}

// Reset ends the transaction: after the content, at RSET and at another EHLO.
func (b backend) Reset() { b.f.abandon() }

// Logout does nothing: the front finishes the session.
func (b backend) Logout() error { return nil }

// An engineLog passes on what the engine finds worth a line: panics.
type engineLog struct {
	ctx context.Context
	log *slog.Logger
}

func (l engineLog) Printf(format string, args ...any) {
	l.log.ErrorContext(l.ctx, "engine", slog.String("text", fmt.Sprintf(format, args...)))
}

func (l engineLog) Println(args ...any) {
	l.log.ErrorContext(l.ctx, "engine", slog.String("text", fmt.Sprint(args...)))
}
