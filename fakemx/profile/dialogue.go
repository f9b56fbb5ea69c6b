package profile

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// A phrase is one reply of the dialogue that a rule does not give.
type phrase struct {
	name  string
	class byte   // the first digit of its code
	text  string // where a table says nothing
	when  string // what a refusal answers to; empty for the others
}

// phrases lists the dialogue in the order of a session. The words are those of
// RFC 5321 section 4.2.2 and of the extension's RFC where there are any, the
// statuses those of RFC 3463.
var phrases = []phrase{
	{"banner", '2', "220 {host} ESMTP", ""},
	{"ehlo", '2', "250 {host}", ""},
	{"helo", '2', "250 {host}", ""},
	{"starttls", '2', "220 2.0.0 Ready to start TLS", ""}, // RFC 3207 section 4
	{"mail", '2', "250 2.1.0 OK", ""},
	{"rcpt", '2', "250 2.1.5 OK", ""},
	{"data", '3', "354 Start mail input; end with <CRLF>.<CRLF>", ""},
	{"chunk", '2', "250 2.0.0 OK", ""}, // a BDAT that is not the last, RFC 3030 section 2
	{"accepted", '2', "250 2.0.0 OK", ""},
	{"rset", '2', "250 2.0.0 OK", ""},
	{"noop", '2', "250 2.0.0 OK", ""},
	{"vrfy", '2', "252 2.0.0 Cannot VRFY user, but will accept message and attempt delivery", ""},
	{"help", '2', "214 2.0.0 See RFC 5321", ""},
	{"quit", '2', "221 2.0.0 {host} Service closing transmission channel", ""},
	{"unknown", '5', "500 5.5.1 Syntax error, command unrecognized", "an unknown command"},
	{"unimplemented", '5', "502 5.5.1 Command not implemented", "a command that the server has not"},
	{"syntax", '5', "501 5.5.4 Syntax error in parameters or arguments", "a command that is malformed"},
	{"parameter", '5', "555 5.5.4 MAIL FROM/RCPT TO parameters not recognized or not implemented", "a parameter of MAIL or RCPT that the server does not know"},
	{"line-too-long", '5', "500 5.5.2 Line too long", "a line that is too long"}, // section 4.5.3.1.9
	{"bare-lf", '5', "550 5.5.2 Bare <LF> received", "a line that ends with LF alone"},
	{"bad-sequence", '5', "503 5.5.1 Bad sequence of commands", "a command out of order"},
	{"helo-empty", '5', "501 5.5.4 Syntax error in parameters or arguments", "HELO or EHLO without a name"},
	{"helo-first", '5', "503 5.5.1 Bad sequence of commands", "a command before HELO or EHLO"},
	{"mail-first", '5', "503 5.5.1 Bad sequence of commands", "RCPT or DATA before MAIL"},
	{"nested-mail", '5', "503 5.5.1 Bad sequence of commands", "a second MAIL"},
	{"rcpt-first", '5', "503 5.5.1 Bad sequence of commands", "DATA without a recipient that was accepted"},
	{"tls-active", '5', "503 5.5.1 Bad sequence of commands", "a second STARTTLS"},
	{"tls-unavailable", '4', "454 4.7.0 TLS not available due to temporary reason", "STARTTLS that cannot be served"},              // RFC 3207 section 4
	{"too-many-rcpts", '4', "452 4.5.3 Too many recipients", "more recipients than a session may have"},                            // section 4.5.3.1.10
	{"size", '5', "552 5.3.4 Message size exceeds fixed maximum message size", "a message larger than the SIZE of the EHLO reply"}, // RFC 1870 section 6
	{"unknown-user", '5', "550 5.1.1 Requested action not taken: mailbox unavailable", "a mailbox that does not exist"},
	{"failure", '4', "451 4.3.0 Requested action aborted: local error in processing", "a fault of the server itself"},
	{"too-many-connections", '4', "421 4.7.0 {host} Service not available, closing transmission channel", "one connection too many"},
	{"too-many-errors", '4', "421 4.7.0 {host} Service not available, closing transmission channel", "too many commands that are wrong"},
	{"timeout", '4', "421 4.4.2 {host} Service not available, closing transmission channel", "a client that says nothing for too long"},
	{"shutdown", '4', "421 4.3.2 {host} Service not available, closing transmission channel", "the end of the server"}, // section 3.8
}

func phraseNames() []string {
	out := make([]string, len(phrases))
	for i, ph := range phrases {
		out[i] = ph.name
	}
	return out
}

// Phrases lists the names that [Profile.Reply] knows, in the order of a session.
func Phrases() []string { return phraseNames() }

// Answers tells what a refusal of the dialogue answers to, as "a second MAIL"; empty for
// what is no refusal.
func Answers(name string) string {
	i := slices.IndexFunc(phrases, func(ph phrase) bool { return ph.name == name })
	if i < 0 {
		return ""
	}
	return phrases[i].when
}

// parsePhrase reads a reply of the dialogue and checks its class.
func parsePhrase(name, text string) (template, error) {
	i := slices.IndexFunc(phrases, func(ph phrase) bool { return ph.name == name })
	if i < 0 {
		return template{}, fmt.Errorf("unknown reply %q: %s", name, wanted(name, phraseNames()))
	}
	t, err := parseTemplate(text)
	if c := phrases[i].class; t.code != 0 && byte('0'+t.code/100) != c { // first: the status is right for another code
		return template{}, fmt.Errorf("reply %q for %s: want a %cxx code", firstLine(text), name, c)
	}
	return t, err
}

// usual are the replies of the dialogue where tables say nothing.
var usual = sync.OnceValue(func() map[string]template {
	out := make(map[string]template, len(phrases))
	for _, ph := range phrases {
		t, err := parseTemplate(ph.text)
		if err != nil {
			panic(err) // the texts are ours
		}
		out[ph.name] = t
	}
	return out
})

// Reply renders a reply of the dialogue that no rule gives, such as "banner",
// "mail", "data" (the 354) or "accepted" (after the content). For "ehlo" it is
// the first line only: see [Profile.Ehlo]. [Phrases] lists the names.
func (p *Profile) Reply(name string, v Vars) ([]string, error) {
	t, ok := p.replies[name]
	if !ok {
		return nil, fmt.Errorf("profile %s: unknown reply %q: %s", p, name, wanted(name, phraseNames()))
	}
	lines, err := p.render(t, v)
	if err != nil {
		return nil, fmt.Errorf("profile %s: reply %s: %w", p, name, err)
	}
	return lines, nil
}

// Closes tells whether the server ends the session after a reply of the dialogue that
// refuses a command.
func (p *Profile) Closes(name string) bool { return slices.Contains(p.closing, name) }

// Ehlo renders the whole reply to EHLO: first line and extensions.
func (p *Profile) Ehlo(v Vars) ([]string, error) {
	first, err := p.Reply("ehlo", v)
	if err != nil {
		return nil, err
	}
	lines := first
	for _, e := range p.Extensions(v.TLS != "") {
		lines = append(lines, "250 "+e)
	}
	for i := range len(lines) - 1 {
		lines[i] = lines[i][:3] + "-" + lines[i][4:]
	}
	return lines, nil
}

// Extensions lists the lines of the EHLO reply after the first (RFC 5321 section
// 4.1.1.1) in the server's order. STARTTLS is left out once TLS is active (RFC
// 3207 section 4.2).
func (p *Profile) Extensions(tls bool) []string {
	return slices.DeleteFunc(slices.Clone(p.extensions), func(e string) bool {
		return tls && keyword(e) == "STARTTLS"
	})
}

func (p *Profile) enhanced() bool {
	return slices.ContainsFunc(p.extensions, func(e string) bool { return keyword(e) == "ENHANCEDSTATUSCODES" })
}

func keyword(extension string) string {
	word, _, _ := strings.Cut(extension, " ")
	return strings.ToUpper(word)
}
