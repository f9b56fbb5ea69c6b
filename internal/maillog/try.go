package maillog

import (
	"strings"

	"strictmx/internal/mail"
)

// parseTry reads a line of smtp(8) or lmtp(8) that tells why one server did not
// do, before the next is tried. Postfix writes these with the queue id, but for
// those about connections that did not come about.
func parseTry(l Line) (mail.Try, bool) {
	if l.Severity != "" || strings.HasPrefix(l.Text, "to=<") { // a status= line, which says the same of the last server
		return mail.Try{}, false
	}
	for _, form := range tryForms {
		if form.id != (l.QueueID != "") {
			continue
		}
		before, after, ok := strings.Cut(l.Text, form.before)
		if !ok || before != "" && !form.inside {
			continue
		}
		relay, rest, ok := cutHost(after)
		if !ok || !strings.HasPrefix(rest, form.after) {
			continue
		}
		return mail.Try{Host: relay.Host, Addr: relay.Addr, Text: l.Text, Cut: l.QueueID != "" && cut(l)}, true
	}
	return mail.Try{}, false
}

// tryForms are the texts in smtp_trouble.c, smtp_connect.c and smtp_proto.c, by
// what stands before and after "host[address]".
var tryForms = []struct {
	id     bool // with a queue id
	inside bool // more text stands before
	before string
	after  string
}{
	{id: true, before: "host ", after: " said: "},
	{id: true, before: "host ", after: " refused to talk to me: "},
	{id: true, before: "lost connection with ", after: " while "},
	{id: true, before: "conversation with ", after: " timed out while "},
	{id: true, before: "host ", after: " offers SMTPUTF8 support, but not 8BITMIME"},
	{id: true, inside: true, before: "TLS is required, but was not offered by host "},
	{id: true, inside: true, before: "TLS is required, but host ", after: " refused to start TLS: "},
	{id: true, inside: true, before: "SMTPUTF8 is required, but was not offered by host "},
	{id: true, inside: true, before: "SASL authentication failed; server ", after: " said: "},
	{id: true, inside: true, before: "SASL authentication failed: server ", after: " offered no "},
	{before: "connect to ", after: ":"},
	{before: "SSL_connect error to ", after: ":"},
}

// maxTries bounds what is kept of one process. Postfix tries five addresses at
// most by default (smtp_mx_address_limit).
const maxTries = 64

// A client is one process of smtp(8) or lmtp(8), and the servers that it tried
// for the delivery at hand.
type client struct {
	queueID string
	tries   []mail.Try
	last    *mail.Delivery // of the delivery at hand, if any was logged
	since   int            // length of tries when last was logged
}

// try enters what was tried. A line without queue id belongs to the delivery at
// hand or the next.
func (c *client) try(queueID string, t mail.Try) {
	if queueID != "" && queueID != c.queueID {
		c.begin(queueID)
	}
	if len(c.tries) < maxTries {
		c.tries = append(c.tries, t)
	}
}

// begin starts with another message. What has been tried since the last delivery
// was logged, if there was one, was tried for this message.
func (c *client) begin(queueID string) {
	c.queueID, c.tries, c.last, c.since = queueID, c.tries[c.since:], nil, 0
}

// own returns the tries that a logged delivery had before it, and remembers it.
// Recipients of one delivery are logged one by one, and share them.
func (c *client) own(d mail.Delivery) []mail.Try {
	if d.QueueID != c.queueID || c.last != nil && !sameRequest(*c.last, d) {
		c.begin(d.QueueID)
	}
	c.last, c.since = &d, len(c.tries)
	var out []mail.Try
	for i, t := range c.tries {
		// The last failure is logged twice where no server is left: alone, and as
		// the delivery's text.
		if i == len(c.tries)-1 && t.Text == d.Text {
			continue
		}
		// Another recipient was refused by the server that took this one.
		if d.Relay != nil && t.Addr == d.Relay.Addr {
			continue
		}
		out = append(out, t)
	}
	return out
}

// sameRequest tells whether two deliveries of a message by one process can be of
// one request to it: they have a destination, or a server, in common.
func sameRequest(a, b mail.Delivery) bool {
	if strings.EqualFold(domain(a.Recipient), domain(b.Recipient)) {
		return true
	}
	if a.Relay == nil || b.Relay == nil {
		return a.Relay == b.Relay && a.Text == b.Text
	}
	return *a.Relay == *b.Relay
}

func domain(addr string) string { return addr[strings.LastIndexByte(addr, '@')+1:] }
