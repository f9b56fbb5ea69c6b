package fakemx

import (
	"fmt"
	"log/slog"
	"strings"

	"strictmx/internal/mail"
)

// dispatch answers a command line alone or passes it to the engine.
func (f *front) dispatch(line string) {
	c, err := parseCommand(line)
	if c.verb == "MAIL" && !f.tx.open {
		f.said.mail()
	}
	f.said.client(line)
	switch {
	case err != nil:
		f.wrong("syntax")
	case c.verb == "QUIT" && c.arg == "":
		f.quit = true
		f.abandon()
		f.pass("QUIT", "QUIT")
	case f.barred: // RFC 5321 section 3.1
		f.wrong("bad-sequence")
	default:
		f.byVerb(c)
	}
}

func (f *front) byVerb(c command) {
	switch c.verb {
	case "EHLO", "HELO":
		f.hello(c)
	case "STARTTLS":
		f.startTLS(c)
	case "MAIL":
		f.mail(c)
	case "RCPT":
		f.rcpt(c)
	case "DATA":
		f.data(c)
	case "BDAT":
		f.bdat(c)
	case "RSET", "QUIT":
		if c.arg != "" {
			f.wrong("syntax") // RFC 5321 section 4.1.1.5, 4.1.1.10
			return
		}
		f.pass(c.verb, c.verb)
	case "NOOP": // an argument is ignored: section 4.1.1.9
		f.pass("NOOP", "NOOP")
	case "VRFY":
		if c.arg == "" {
			f.wrong("syntax") // section 4.1.1.6
			return
		}
		f.pass("VRFY", "VRFY x")
	case "HELP":
		f.say(f.phrase("help", nil))
	case "EXPN", "AUTH", "TURN", "ETRN", "SEND", "SOML", "SAML":
		f.wrong("unimplemented")
	default:
		f.wrong("unknown")
	}
}

// hello decides at HELO. A greeting that is refused leaves all as it was (RFC 5321
// section 4.1.4); one that is accepted ends a transaction.
func (f *front) hello(c command) {
	if c.arg == "" {
		f.wrong("helo-empty")
		return
	}
	found, helo := f.found.clone(), f.facts.Helo
	f.facts.Helo = c.arg
	f.found.forget(mail.Helo)
	r := f.judge(mail.Helo)
	found.addConnect(f.found)
	if r != nil {
		if f.heloRule != r.rule || r.rule == "" {
			f.heloRule = r.rule
			f.record(mail.Helo, *r, nil)
		}
		f.found = found
		f.facts.Helo = helo
		f.say(r.lines)
		f.ending = r.close
		return
	}
	now := f.found
	f.found = found
	f.facts.Helo = helo
	f.abandon()
	f.found = now
	f.facts.Helo = c.arg
	f.greeted, f.esmtp = true, c.verb == "EHLO"
	name, _, _ := strings.Cut(c.arg, " ")
	f.pass(c.verb, c.verb, " ", name)
}

// startTLS begins TLS, after which the client has to greet again (RFC 3207 section
// 4.2).
func (f *front) startTLS(c command) {
	switch {
	case c.arg != "":
		f.wrong("syntax")
		return
	case f.facts.TLS != "":
		f.wrong("tls-active")
		return
	case !f.offers("STARTTLS"):
		f.wrong("unimplemented")
		return
	case !f.greeted:
		f.wrong("helo-first")
		return
	}
	f.say(f.phrase("starttls", func() []string { return []string{"220 Ready to start TLS"} }))
	early, err := f.stream.startTLS(f.srv.tlsConfig())
	if early > 0 {
		f.said.note("C: ", "%d octets before the TLS handshake, dropped", early)
	}
	if err != nil {
		// The connection is in no state to say anything on it.
		f.said.note("", "no TLS: %v", err)
		f.log.WarnContext(f.ctx, "no TLS", slog.Any("client", f.facts.Client), slog.Any("error", err))
		f.finish(nil)
		f.dead = true
		return
	}
	f.abandon()
	f.found.forget(mail.Helo)
	f.greeted, f.esmtp, f.facts.Helo, f.heloRule = false, false, "", ""
	state := f.stream.tlsState()
	f.facts.TLS, f.facts.TLSClient = tlsName(state), tlsClient(state)
	f.said.note("", "%s", f.facts.TLS)
}

// mail checks what the engine does not, or does wrongly, and passes MAIL on with
// the parameters that it knows.
func (f *front) mail(c command) {
	switch {
	case !f.greeted:
		f.wrong("helo-first")
		return
	case f.tx.open:
		f.wrong("nested-mail")
		return
	}
	if !f.parse(c, "FROM:") {
		return
	}
	if f.size = declaredSize(f.path.params); f.size > f.limits.Size { // RFC 1870 section 6.1
		f.refuse("size")
		return
	}
	f.pass("MAIL", "MAIL FROM:<", f.path.addr, ">", forEngine(f.path.params))
}

// rcpt does the same for RCPT. <postmaster> has no domain (RFC 5321 section
// 4.1.1.3), which the engine needs.
func (f *front) rcpt(c command) {
	switch {
	case !f.greeted:
		f.wrong("helo-first")
		return
	case !f.tx.open:
		f.wrong("mail-first")
		return
	case f.tx.chunks:
		f.wrong("bad-sequence") // RFC 3030 section 2
		return
	}
	f.tx.tried++
	if !f.parse(c, "TO:") {
		return
	}
	if f.tx.tried > f.limits.Recipients {
		f.refuse("too-many-rcpts")
		return
	}
	addr := f.path.addr
	if strings.EqualFold(addr, "postmaster") {
		addr = "postmaster@" + f.facts.Receiver
	}
	f.pass("RCPT", "RCPT TO:<", addr, ">", forEngine(f.path.params))
}

// parse reads the path and parameters of a command, or refuses it.
func (f *front) parse(c command, prefix string) bool {
	p, err := parsePath(c.arg, prefix)
	f.turn, f.path = c.verb, p
	if err != nil {
		if !p.known {
			f.path.addr = c.arg // the attempt shows what was said: empty would be the null sender
		}
		f.log.DebugContext(f.ctx, "not understood", slog.String("arg", c.arg), slog.Any("error", err))
		f.refuse("syntax")
		return false
	}
	if reply := checkParams(c.verb, p.params, f.agreed); reply != paramsOK {
		f.refuse(reply)
		return false
	}
	if _, utf8 := value(p.params, "SMTPUTF8"); !ascii(p.addr) && !utf8 && (c.verb == "MAIL" || !f.tx.utf8) {
		f.refuseWith(f.plain(553, "5.6.7", "Address is not ASCII, and SMTPUTF8 was not asked for"))
		return false // RFC 6531 section 3.5
	}
	return true
}

// plain is a reply that profiles have no words for. The enhanced status is said
// where it was offered (RFC 2034 section 3).
func (f *front) plain(code int, status, text string) []string {
	if !f.offers("ENHANCEDSTATUSCODES") {
		return []string{fmt.Sprintf("%d %s", code, text)}
	}
	return []string{fmt.Sprintf("%d %s %s", code, status, text)}
}

func (f *front) data(c command) {
	switch {
	case c.arg != "":
		f.wrong("syntax")
	case !f.ready():
	case f.tx.chunks, f.tx.binary: // RFC 3030 sections 2 and 3
		f.wrong("bad-sequence")
	default:
		f.pass("DATA", "DATA")
	}
}

// ready tells whether there is somebody to send content to, or says what is
// missing.
func (f *front) ready() bool {
	switch {
	case !f.greeted:
		f.wrong("helo-first")
	case !f.tx.open:
		f.wrong("mail-first")
	case len(f.tx.rcpts) == 0:
		f.wrong("rcpt-first")
	default:
		return true
	}
	return false
}
