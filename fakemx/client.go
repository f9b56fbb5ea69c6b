package fakemx

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"strictmx/internal/mail"
)

// An Envelope is a message and where it goes.
type Envelope struct {
	Helo    string   // argument of EHLO
	From    string   // without angle brackets; empty is the null sender
	To      []string // without angle brackets; at least one
	Content []byte   // CR LF line ends; sent as it is but for the dots and a last CR LF
	// StartTLS asks for TLS if the server offers it; nil stays in clear. Without a
	// ServerName the certificate must not be verified.
	StartTLS *tls.Config
	// Pipeline sends MAIL, RCPT and DATA at once if the server offers PIPELINING (RFC
	// 2920).
	Pipeline bool
	// MindSize gives up, as Postfix does, where the server says with SIZE that the
	// content is too large (RFC 1870 section 7); see [Dialogue.Limit].
	MindSize bool
}

// A Dialogue is how a server took an envelope.
type Dialogue struct {
	Recipients []Recipient // in the order of Envelope.To
	TLS        string      // "" or "TLSv1.3"
	// Limit is the server's SIZE where the client gave up because of it, hung up and
	// got no reply for the recipients; else 0.
	Limit      int64
	Transcript []string // "S: 220 ...", "C: EHLO ..."
}

// A Recipient is what decided about one of them.
type Recipient struct {
	To    string
	Reply mail.Reply // zero if the session broke before there was one
	Stage mail.Stage
}

// ErrHandshake is a session whose STARTTLS was taken and whose TLS handshake failed. Nothing
// can be said on such a connection any more.
var ErrHandshake = errors.New("TLS handshake failed")

// A LostError is a connection that the server closed before it answered.
type LostError struct {
	Stage mail.Stage // at which that was
	While string     // what was going on, in the words of Postfix's log: "sending RCPT TO"
	Last  mail.Reply // what the server had said before; zero if nothing
	Err   error
}

func (e *LostError) Error() string { return "connection lost while " + e.While + ": " + e.Err.Error() }
func (e *LostError) Unwrap() error { return e.Err }

// Submit sends one message to the server at the other end of c, says QUIT, and
// leaves c open. Refusals are no errors: they are in the dialogue. An error is a
// connection that broke or a server that does not speak SMTP, and comes with what
// was seen until then. The deadline is that of ctx.
func Submit(ctx context.Context, c net.Conn, e Envelope) (Dialogue, error) {
	cl, err := newClient(ctx, c, e)
	if err != nil {
		return Dialogue{}, err
	}
	stop := context.AfterFunc(ctx, cl.interrupt)
	defer stop()
	err = cl.run()
	if err != nil {
		if cause := context.Cause(ctx); cause != nil && errors.Is(err, os.ErrDeadlineExceeded) {
			err = errors.Join(err, cause)
		}
		err = fmt.Errorf("session with %s: %w", c.RemoteAddr(), err)
	}
	cl.d.Transcript = cl.said.with(nil)
	return cl.d, err
}

// A client is the other side of a session.
type client struct {
	ctx  context.Context // of the call of Submit
	raw  net.Conn
	wire *wire
	e    Envelope
	d    Dialogue
	said transcript
	has  map[string]string // EHLO keywords and what follows them
	done int               // recipients with a final reply
	last mail.Reply
}

// doing is what a client is about, and the stage that it belongs to.
type doing struct {
	stage mail.Stage
	while string
}

var (
	beingGreeted = doing{mail.Connect, "receiving the initial server greeting"}
	sayingEHLO   = doing{mail.Helo, "performing the EHLO handshake"}
	sayingHELO   = doing{mail.Helo, "performing the HELO handshake"}
	startingTLS  = doing{mail.Helo, "receiving the STARTTLS response"}
	sendingMAIL  = doing{mail.Mail, "sending MAIL FROM"}
	sendingRCPT  = doing{mail.Rcpt, "sending RCPT TO"}
	sendingDATA  = doing{mail.Data, "sending DATA command"}
	endingDATA   = doing{mail.Data, "sending end of data -- message may be sent more than once"}
	leaving      = doing{mail.Data, "sending QUIT command"}
)

func newClient(ctx context.Context, c net.Conn, e Envelope) (*client, error) {
	if len(e.To) == 0 {
		return nil, errors.New("envelope: want at least one recipient")
	}
	for _, s := range append([]string{e.Helo, e.From}, e.To...) {
		if strings.ContainsAny(s, "\r\n") {
			return nil, fmt.Errorf("envelope: %q: want no line end", s)
		}
	}
	cl := &client{ctx: ctx, raw: c, wire: newWire(c), e: e}
	for _, to := range e.To {
		cl.d.Recipients = append(cl.d.Recipients, Recipient{To: to})
	}
	d, _ := ctx.Deadline() // the zero time is none
	return cl, c.SetDeadline(d)
}

// interrupt ends what is going on when ctx ends.
func (cl *client) interrupt() {
	if err := cl.raw.SetDeadline(time.Unix(1, 0)); err != nil {
		_ = cl.raw.Close() // the session sees the end of it
	}
}

// run is the session.
func (cl *client) run() error {
	r, err := cl.reply(beingGreeted)
	if err != nil {
		return err
	}
	if !r.Positive() {
		cl.all(mail.Connect, r)
		return cl.quit()
	}
	if r, err = cl.hello(); err != nil {
		return err
	}
	if _, offered := cl.has["STARTTLS"]; r.Positive() && offered && cl.e.StartTLS != nil {
		if r, err = cl.startTLS(r); err != nil {
			return err
		}
	}
	if !r.Positive() {
		cl.all(mail.Helo, r)
		return cl.quit()
	}
	if limit := cl.limit(); cl.e.MindSize && limit > 0 && int64(len(cl.e.Content)) > limit {
		cl.d.Limit = limit
		return nil
	}
	_, pipelining := cl.has["PIPELINING"]
	if err = cl.transaction(cl.e.Pipeline && pipelining); err != nil {
		return err
	}
	return cl.quit()
}

// limit is the number after SIZE; 0 is none (RFC 1870 section 4).
func (cl *client) limit() int64 {
	n, err := strconv.ParseInt(cl.has["SIZE"], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// all gives one reply to every recipient that has none.
func (cl *client) all(at mail.Stage, r mail.Reply) {
	for i := range cl.d.Recipients {
		cl.decide(i, at, r)
	}
}

func (cl *client) decide(i int, at mail.Stage, r mail.Reply) {
	if rcpt := &cl.d.Recipients[i]; rcpt.Reply.Code == 0 {
		rcpt.Reply, rcpt.Stage = r, at
		cl.done++
	}
}

// quit takes leave. Every recipient has its reply, so that a server that is gone
// already, as after a 421, is no error.
func (cl *client) quit() error {
	if _, err := cl.command(leaving, "QUIT"); err != nil {
		cl.said.note("", "connection closed: %v", err)
	}
	return nil
}

// hello says EHLO, and HELO to a server that refuses it (RFC 5321 section 3.2), for
// whatever reason but that it closes the connection.
func (cl *client) hello() (mail.Reply, error) {
	r, err := cl.command(sayingEHLO, "EHLO "+cl.e.Helo)
	cl.has = make(map[string]string)
	if err != nil || r.Code == 421 {
		return r, err
	}
	if !r.Positive() {
		return cl.command(sayingHELO, "HELO "+cl.e.Helo)
	}
	for _, l := range r.Lines[1:] {
		if len(l) > 4 {
			word, rest, _ := strings.Cut(l[4:], " ")
			cl.has[strings.ToUpper(word)] = rest
		}
	}
	return r, nil
}

// startTLS goes over to TLS and greets again. A server that does not want to after
// all (454) is gone on with in clear, as mail servers do.
func (cl *client) startTLS(greeting mail.Reply) (mail.Reply, error) {
	r, err := cl.command(startingTLS, "STARTTLS")
	if err != nil || !r.Positive() {
		return greeting, err
	}
	conn := tls.Client(cl.raw, cl.e.StartTLS)
	if err := conn.HandshakeContext(cl.ctx); err != nil {
		return mail.Reply{}, fmt.Errorf("%w: %w", ErrHandshake, err)
	}
	state := conn.ConnectionState()
	cl.d.TLS = tlsName(&state)
	cl.said.note("", "%s", cl.d.TLS)
	cl.wire = newWire(conn)
	return cl.hello()
}

// transaction sends the envelope and the content.
func (cl *client) transaction(pipeline bool) error {
	lines := []string{cl.mailLine()}
	for _, to := range cl.e.To {
		lines = append(lines, "RCPT TO:<"+to+">")
	}
	say := cl.command
	if pipeline {
		for _, l := range append(lines, "DATA") {
			cl.said.client(l)
		}
		cl.wire.sendAlong([]byte(strings.Join(lines, "\r\n") + "\r\nDATA\r\n"))
		say = func(at doing, _ string) (mail.Reply, error) { return cl.reply(at) }
	}
	for i, l := range lines {
		at := sendingRCPT
		if i == 0 {
			at = sendingMAIL
		}
		r, err := say(at, l)
		if err != nil {
			return err
		}
		switch {
		case r.Positive():
		case i > 0:
			cl.decide(i-1, mail.Rcpt, r)
		default:
			cl.all(mail.Mail, r)
		}
		if i == 0 && !r.Positive() && !pipeline {
			return nil
		}
	}
	if cl.done == len(cl.e.To) && !pipeline {
		return nil
	}
	r, err := say(sendingDATA, "DATA")
	if err != nil {
		return err
	}
	cl.wire.settle()
	return cl.content(r)
}

// content sends the message after a 354, and takes the reply to it.
func (cl *client) content(r mail.Reply) error {
	if r.Code == 354 {
		body := stuffed(cl.e.Content)
		if cl.done == len(cl.e.To) {
			body = []byte(".\r\n") // a pipelined DATA that should not have been taken: RFC 2920 section 3.1
		}
		cl.said.note("C: ", "%d octets of content", len(body))
		cl.wire.send(body)
		var err error
		if r, err = cl.reply(endingDATA); err != nil {
			return err
		}
	}
	cl.all(mail.Data, r)
	return nil
}

// mailLine is MAIL with the parameters that the message needs and the server
// offers.
func (cl *client) mailLine() string {
	l := "MAIL FROM:<" + cl.e.From + ">"
	if _, ok := cl.has["SIZE"]; ok {
		l += fmt.Sprintf(" SIZE=%d", len(cl.e.Content))
	}
	if _, ok := cl.has["8BITMIME"]; ok && !ascii(string(cl.e.Content)) {
		l += " BODY=8BITMIME"
	}
	if _, ok := cl.has["SMTPUTF8"]; ok && !ascii(cl.e.From+strings.Join(cl.e.To, "")) {
		l += " SMTPUTF8"
	}
	return l
}

func (cl *client) command(at doing, line string) (mail.Reply, error) {
	cl.said.client(line)
	cl.wire.send([]byte(line + "\r\n"))
	return cl.reply(at)
}

func (cl *client) reply(at doing) (mail.Reply, error) {
	lines, err := cl.wire.reply()
	cl.said.server(lines)
	if lost(err) {
		return mail.Reply{}, &LostError{Stage: at.stage, While: at.while, Last: cl.last, Err: err}
	}
	if err != nil {
		return mail.Reply{}, err
	}
	cl.last, err = mail.ParseReply(lines...)
	return cl.last, err
}

// lost tells whether an error is that the server closed the connection.
func lost(err error) bool {
	return slices.ContainsFunc([]error{
		io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE,
	}, func(e error) bool { return errors.Is(err, e) })
}

// stuffed is the content as DATA wants it: a dot more where a line begins with
// one, and a last line of one dot (RFC 5321 section 4.5.2).
func stuffed(content []byte) []byte {
	var b bytes.Buffer
	b.Grow(len(content) + len(content)/64 + 8)
	rest, start := content, true
	for len(rest) > 0 {
		line := rest
		if i := bytes.Index(rest, []byte("\r\n")); i >= 0 {
			line = rest[:i+2]
		}
		if start && line[0] == '.' {
			b.WriteByte('.')
		}
		b.Write(line)
		rest = rest[len(line):]
	}
	if len(content) > 0 && !bytes.HasSuffix(content, []byte("\r\n")) {
		b.WriteString("\r\n")
	}
	b.WriteString(".\r\n")
	return b.Bytes()
}
