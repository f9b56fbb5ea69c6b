package fakemx

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"strictmx/internal/mail"
)

// A front is the connection that the engine sees. Its Read gives the engine one
// command line at a time, so that every reply belongs to a known command even if
// the client sends many at once; its Write gathers a reply and says it in the
// profile's words.
type front struct {
	*session
	stream *stream

	turn    string   // the verb of the command that the engine has; "" before the greeting
	path    path     // of MAIL and RCPT
	next    []byte   // for the engine to read
	line    []byte   // what next is a part of
	heard   []byte   // of the engine's reply, up to now
	answer  *refusal // what to say in place of the engine's next reply
	content int      // what the engine's next read means
	tooMuch *refusal // the content cannot be taken, whatever rules say
	barred  bool     // refused at connect: RFC 5321 section 3.1
	ending  bool     // nothing is read any more
	dead    bool     // nothing is said any more
	errors  int      // see Limits.Errors
	closed  chan struct{}
	gone    func() // ends what began with the session
}

// emptyContent is an empty message.
var emptyContent = []byte(".\r\n")

// States of front.content.
const (
	noContent   = iota
	contentNext // the client sends it next, after the 354
	contentHeld // it came in chunks and is here
	contentOver // the engine has been told of its end
)

// Read gives the engine the next command line, or the end of the content.
func (f *front) Read(b []byte) (int, error) {
	if len(f.next) == 0 && !f.dead {
		switch f.content {
		case contentNext:
			f.readContent()
		case contentHeld:
		default:
			f.command()
		}
		if !f.dead && (f.content == contentNext || f.content == contentHeld) {
			// The engine unpacks dots and looks for the end in its own way, which misses
			// CR CR LF "." CR LF: it is given an empty message.
			f.content, f.next = contentOver, emptyContent
		}
	}
	if f.dead || len(f.next) == 0 {
		return 0, net.ErrClosed
	}
	n := copy(b, f.next)
	f.next = f.next[n:]
	return n, nil
}

// command reads command lines until one is for the engine.
func (f *front) command() {
	for !f.ending && !f.dead && len(f.next) == 0 {
		line, n, err := f.stream.line(f.limits.Line)
		f.tick()
		switch {
		case errors.Is(err, errTooLong):
			f.spoke = true
			f.said.note("C: ", "a line of %d octets", n)
			f.wrong("line-too-long")
		case errors.Is(err, errBareLF):
			f.spoke = true
			f.said.client(line + "\n")
			f.wrong("bare-lf")
		case err != nil:
			f.lost(err)
		default:
			f.spoke = true
			f.dispatch(line)
		}
	}
	if f.ending {
		f.dead = true
	}
}

// pass gives a command to the engine, in parts.
func (f *front) pass(verb string, line ...string) {
	f.line = f.line[:0]
	for _, part := range line {
		f.line = append(f.line, part...)
	}
	f.line = append(f.line, "\r\n"...)
	f.turn, f.next = verb, f.line
}

// say answers the client.
func (f *front) say(lines []string) {
	f.said.server(lines)
	f.stream.reply(lines)
}

// wrong answers a command that cannot be taken, and counts it.
func (f *front) wrong(phrase string) {
	f.errors++
	if f.errors > f.limits.Errors {
		f.end("too-many-errors")
		return
	}
	f.say(f.phrase(phrase, nil))
	f.ending = f.ending || f.srv.Profile.Closes(phrase)
}

// end ends the session with last words.
func (f *front) end(phrase string) {
	lines := f.phrase(phrase, nil)
	f.finish(lines)
	f.say(lines)
	f.ending, f.quit = true, true // the attempt is recorded
}

// refuse records that a MAIL or RCPT was refused without a rule, and answers it.
func (f *front) refuse(phrase string) { f.refuseWith(f.phrase(phrase, nil)) }

func (f *front) refuseWith(lines []string) {
	r := refusal{lines: lines}
	if f.turn == "RCPT" {
		f.record(mail.Rcpt, r, []string{f.path.addr})
		f.tx.recorded = true
	} else {
		from := f.tx.from
		f.tx.from = f.path.addr
		f.record(mail.Mail, r, nil)
		f.tx.from = from
	}
	f.say(lines)
}

// lost ends the session after a read that failed.
func (f *front) lost(err error) {
	switch {
	case f.ctx.Err() != nil:
		f.end("shutdown")
	case errors.Is(err, os.ErrDeadlineExceeded):
		f.end("timeout")
	default: // the client hung up
		f.finish(nil)
	}
	f.log.DebugContext(f.ctx, "connection lost", slog.Any("error", err))
	f.dead = true
}

// Write takes what the engine says. When its reply is whole, the client gets
// another in its place.
func (f *front) Write(b []byte) (int, error) {
	f.heard = append(f.heard, b...)
	for {
		n := replyEnd(f.heard)
		if n == 0 {
			return len(b), nil
		}
		if !f.dead {
			f.translate(engineReply(f.heard[:n]))
		}
		f.heard = append(f.heard[:0], f.heard[n:]...)
	}
}

// An engineReply is a whole reply of the engine, as it wrote it.
type engineReply []byte

// replyEnd is the length of the first reply, or 0 where it is not whole yet.
func replyEnd(b []byte) int {
	for at := 0; ; {
		n := bytes.Index(b[at:], []byte("\r\n"))
		if n < 0 {
			return 0
		}
		last := n < 4 || b[at+3] != '-'
		if at += n + len("\r\n"); last {
			return at
		}
	}
}

// lines are what is said where the profile has no words.
func (r engineReply) lines() []string {
	return strings.Split(strings.TrimSuffix(string(r), "\r\n"), "\r\n")
}

// translate says a reply of the engine in the profile's words.
func (f *front) translate(engine engineReply) {
	class := engine[0]
	if r := f.answer; r != nil {
		f.answer = nil
		f.content, f.tooMuch = noContent, nil
		f.say(r.lines)
		f.ending = f.ending || r.close
		return
	}
	switch {
	case f.turn == "":
		f.greeting(engine)
	case class == '3':
		f.goAhead(engine)
	case class == '2':
		lines := f.positive(engine)
		if f.turn == "MAIL" || f.turn == "RCPT" {
			f.tx.last = lines
		}
		f.say(lines)
	case f.turn == "MAIL" || f.turn == "RCPT":
		f.refuseWith(f.phrase(f.complaint(engine), engine.lines))
	default:
		f.content = noContent
		f.wrong(f.complaint(engine))
	}
}

// greeting answers the connection itself.
func (f *front) greeting(engine engineReply) {
	f.holdBack()
	f.tick()
	r := f.judge(mail.Connect)
	if r == nil {
		f.say(f.phrase("banner", engine.lines))
		return
	}
	f.record(mail.Connect, *r, nil)
	f.say(r.lines)
	f.barred, f.ending = true, r.close
}

// holdBack keeps the greeting back where a rule asks whether the client waits for
// it.
func (f *front) holdBack() {
	hold := f.srv.Profile.Hold()
	if hold == 0 {
		return
	}
	if n := f.stream.early(hold); n > 0 {
		f.facts.Early = true
		f.said.note("C: ", "%d octets before the greeting", n)
	}
}

// goAhead answers DATA. The content that came in chunks is here already.
func (f *front) goAhead(engine engineReply) {
	if f.turn == "BDAT" {
		f.content = contentHeld
		return
	}
	f.content = contentNext
	f.say(f.phrase("data", engine.lines))
}

// positive renders a 250, or another reply that says yes.
func (f *front) positive(engine engineReply) []string {
	switch f.turn {
	case "EHLO":
		return f.ehlo(engine)
	case "HELO", "MAIL", "RCPT", "RSET", "NOOP", "VRFY", "QUIT":
		return f.phrase(strings.ToLower(f.turn), engine.lines)
	}
	return engine.lines()
}

// ehlo renders the reply to EHLO: one line for the name and one for each extension
// (RFC 5321 section 4.1.1.1).
func (f *front) ehlo(engine engineReply) []string {
	lines := f.phrase("ehlo", func() []string { return []string{"250 " + engine.lines()[0][4:]} })
	for _, e := range f.extensions() {
		lines = append(lines, "250 "+e)
	}
	for i := range len(lines) - 1 {
		lines[i] = lines[i][:3] + "-" + lines[i][4:]
	}
	return lines
}

// complaint names the reply for a command that the engine did not take: it says
// 502 for commands out of order, where RFC 5321 section 4.3.2 has 503.
func (f *front) complaint(engine engineReply) string {
	switch string(engine[:3]) {
	case "502", "503":
		return "bad-sequence"
	case "500", "501", "504":
		return "syntax"
	}
	return "failure"
}

// Close ends the session; the engine calls it more than once.
func (f *front) Close() error {
	if f.stream.closed {
		return nil
	}
	f.dead = true
	f.stream.close(f.ending && f.ctx.Err() == nil)
	f.finish(nil)
	f.gone()
	close(f.closed)
	return nil
}

func (f *front) LocalAddr() net.Addr  { return f.stream.raw.LocalAddr() }
func (f *front) RemoteAddr() net.Addr { return f.stream.raw.RemoteAddr() }

// The engine has no time-outs; the stream has.

func (f *front) SetDeadline(time.Time) error      { return nil }
func (f *front) SetReadDeadline(time.Time) error  { return nil }
func (f *front) SetWriteDeadline(time.Time) error { return nil }
