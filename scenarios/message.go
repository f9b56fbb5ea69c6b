package scenarios

import (
	"fmt"
	"mime"
	"regexp"
	"slices"
	"strings"

	"strictmx/internal/spelling"
)

// A sendDraft is a message as scenario.yaml has it.
type sendDraft struct {
	at            Position
	from          string
	to            []placed
	via           string
	step          int
	stepAt        Position
	file          placed // path of the message, if it is in a file
	subject, body string
	noID          bool // has no Message-ID
}

func (l *loader) send(n node) sendDraft {
	s := sendDraft{at: n.at, via: ways[0]}
	have := l.mapping(n, "send",
		l.one("from", func(n node, v string) {
			if v == "<>" {
				v = ""
			}
			if s.from = v; v != "" {
				l.address(n.at, "from", v)
			}
		}),
		l.texts("to", func(n node, v string) {
			l.address(n.at, "to", v)
			if slices.ContainsFunc(s.to, func(p placed) bool { return sameAddress(p.text, v) }) {
				l.wrong(n, "", "to: %s twice", v)
			}
			s.to = append(s.to, placed{v, n.at})
		}),
		l.one("via", func(n node, v string) {
			if s.via = v; !slices.Contains(ways, v) {
				l.wrong(n, spelling.Wanted(v, ways), "via: unknown way %q", v)
			}
		}),
		key{"step", func(n node) { l.step(n, func(i int) { s.step, s.stepAt = i, n.at }) }},
		l.one("message", func(n node, v string) {
			s.file = placed{v, n.at}
			if !strings.HasPrefix(v, MessageFolder) {
				l.wrong(n, "", "message %q: want a file in messages, as in messages/one.eml", v)
			}
		}),
		l.one("subject", func(n node, v string) {
			if s.subject = v; strings.ContainsAny(v, "\r\n") {
				l.wrong(n, "", "subject: want one line")
			}
		}),
		l.into("body", &s.body),
		l.one("message-id", func(n node, v string) {
			if s.noID = true; v != "none" {
				l.wrong(n, "a message that needs a certain one brings it in its file", "message-id: want none, or no such key")
			}
		}))
	if have == nil {
		return s
	}
	for _, k := range []string{"from", "to"} {
		if _, ok := have[k]; !ok {
			l.wrong(n, "", "send: %s is missing", k)
		}
	}
	if len(s.to) > MaxRecipients {
		l.wrong(n, "", "%d recipients: want at most %d", len(s.to), MaxRecipients)
	}
	if _, ok := have["message"]; ok {
		for _, k := range []string{"subject", "body"} {
			if f, both := have[k]; both {
				l.add(f.key, "", "%s: want it only without message, which is the whole content", k)
			}
		}
	}
	return s
}

func (l *loader) address(at Position, what, s string) {
	if err := checkAddress(s); err != nil {
		l.add(at, "", "%s %q: %v", what, s, err)
	}
}

// messages makes the case's messages of its drafts.
func (l *loader) messages(c *caseDraft, at node) {
	if len(c.sends) == 0 {
		l.wrong(at, "add send: {from: ADDRESS, to: ADDRESS}", "case %s: nothing to send", c.Name)
	}
	ids := map[string]int{}
	for i, s := range c.sends {
		m := Message{From: s.from, Via: s.via, Step: s.step}
		for _, to := range s.to {
			m.To = append(m.To, to.text)
			l.recipient(c, s.via, to)
		}
		field := fmt.Sprintf("Message-ID: <%s.%s.%d@%s>\n", messageIDPart(l.sc.Name), c.Name, i, l.sc.Host.Name)
		if s.noID {
			field = ""
		}
		text, ok := s.made(c.Name, field), true
		if s.file.text != "" {
			text, ok = l.messageFile(c, s.file, field)
		}
		if !ok {
			continue
		}
		m.Content = []byte(crlf(text))
		got := messageID(text)
		switch other, twice := ids[got]; {
		case s.noID && got != "":
			l.add(s.at, "", "message-id: none, and %s has one", s.file.text)
		case twice && s.noID:
			l.add(s.at, "", "messages %d and %d of a case have no Message-ID: want at most one, or they cannot be told apart", other, i)
		case twice:
			l.add(s.at, "leave the field out of the files, and each message gets its own",
				"messages %d and %d of a case have the Message-ID %s both", other, i, got)
		}
		ids[got] = i
		c.Messages = append(c.Messages, m)
	}
}

// messageIDPart makes a name fit for a dot-atom (RFC 5322 section 3.6.4).
func messageIDPart(s string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, s), "-")
}

// made is the content of a message for which the scenario gives none, with a
// Message-ID field or none. It is the same in every run, so that reports can be
// compared.
func (s sendDraft) made(name, messageID string) string {
	from := s.from
	if from == "" {
		from = "MAILER-DAEMON"
	}
	var to []string
	for _, a := range s.to {
		to = append(to, a.text)
	}
	subject := s.subject
	if subject == "" {
		subject = "strictmx " + name
	}
	body, encoding := s.body, "7bit"
	if body == "" {
		body = "This message is for the case " + name + ".\n"
	}
	if strings.ContainsFunc(body, func(r rune) bool { return r > '~' }) {
		encoding = "8bit"
	}
	if !strings.HasSuffix(body, "\n") {
		body += "\n"
	}
	return "From: " + from + "\n" +
		"To: " + strings.Join(to, ",\n ") + "\n" +
		"Subject: " + mime.QEncoding.Encode("utf-8", subject) + "\n" +
		"Date: Wed, 26 Feb 2014 21:58:24 +0000\n" +
		messageID +
		"MIME-Version: 1.0\n" +
		"Content-Type: text/plain; charset=utf-8\n" +
		"Content-Transfer-Encoding: " + encoding + "\n\n" + body
}

var headerField = regexp.MustCompile(`^[!-9;-~]+[ \t]*:`)

// messageFile reads a message of the case's files. One without a Message-ID gets the
// field that is given, as most mail systems would give it one.
func (l *loader) messageFile(c *caseDraft, file placed, field string) (string, bool) {
	f, ok := c.Files[file.text]
	if !ok {
		var known []string
		for p := range c.Files {
			if strings.HasPrefix(p, MessageFolder) {
				known = append(known, p)
			}
		}
		slices.Sort(known)
		l.add(file.at, spelling.Wanted(file.text, known), "message: there is no file %s", file.text)
		return "", false
	}
	l.used["\n"+file.text], l.used[c.Name+"\n"+file.text] = true, true
	switch first := firstLine(f.Text); {
	case strings.HasPrefix(f.Text, "From "):
		l.add(f.Fragments[0].At, "delete this line", "%s begins with the line of a mailbox file: want header fields", file.text)
		return "", false
	case !headerField.MatchString(f.Text):
		l.add(f.Fragments[0].At, "", "%s begins with %q: want header fields, as in From: me@example.com", file.text, first)
		return "", false
	}
	if messageID(f.Text) == "" {
		return field + f.Text, true
	}
	return f.Text, true
}

var messageIDField = regexp.MustCompile(`(?im)^message-id[ \t]*:(?:[ \t]*\n?[ \t]+)?[ \t]*<([^>\n]*)>`)

// messageID is the content of the Message-ID field, without angle brackets.
func messageID(text string) string {
	header, _, _ := strings.Cut(text, "\n\n")
	if m := messageIDField.FindStringSubmatch(header); m != nil {
		return m[1]
	}
	return ""
}

// crlf makes CR LF of every line end (RFC 5321 section 2.3.8).
func crlf(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	if !strings.HasSuffix(s, "\n") {
		s += "\n"
	}
	return strings.ReplaceAll(s, "\n", "\r\n")
}

// recipient checks that mail for an address can go somewhere: a receiver, a zone
// that may have an MX, the host itself, or what the case's own files say.
func (l *loader) recipient(c *caseDraft, via string, to placed) {
	if checkAddress(to.text) != nil {
		return // reported when it was read
	}
	_, domain, ok := cutAddress(to.text)
	if !ok {
		if via == "smtp" && !strings.EqualFold(to.text, "postmaster") {
			l.add(to.at, "", "to %q: want LOCAL@DOMAIN for a message that is sent by SMTP", to.text)
		}
		return
	}
	domain = strings.ToLower(domain)
	if _, served := l.domains.at[domain]; served {
		l.domains.mailed[domain] = true
		return
	}
	if len(l.domains.at) == 0 || strings.HasPrefix(domain, "[") ||
		domain == l.sc.Host.Name || domain == "localhost" || l.senderDomain(c, domain) || c.names(domain) {
		return
	}
	if all := l.domains.strange[domain]; !slices.Contains(all, to) {
		l.domains.strange[domain] = append(all, to)
	}
}

// names tells whether the case's own zones, which may have an MX for it, or its
// mail system's files have a domain.
func (c *caseDraft) names(domain string) bool {
	for p, f := range c.Files {
		zone := strings.TrimSuffix(strings.TrimPrefix(p, "dns/"), ".zone")
		if strings.HasPrefix(p, "dns/") && (domain == zone || strings.HasSuffix(domain, "."+zone) || zone == "root") ||
			strings.HasPrefix(p, "postfix/") && strings.Contains(strings.ToLower(f.Text), domain) {
			return true
		}
	}
	return false
}

// senderDomain tells whether mail for a domain is taken by the receiver that
// captures notices.
func (l *loader) senderDomain(c *caseDraft, domain string) bool {
	return slices.ContainsFunc(c.sends, func(s sendDraft) bool {
		_, d, ok := cutAddress(s.from)
		return ok && strings.EqualFold(d, domain)
	})
}
