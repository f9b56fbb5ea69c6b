package maillog

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"strictmx/internal/mail"
)

// ParseDelivery reads the text of a status= line:
//
//	to=<A>, orig_to=<B>, relay=H[ADDR]:25, delay=8.7, delays=8/0/0.1/0.6, dsn=5.7.1, status=bounced (TEXT)
//
// It tells false for every other line, and for the probes of address verification
// (deliverable, undeliverable), which deliver nothing. With soft_bounce Postfix
// writes SOFTBOUNCE for what it defers. Message, Step and Tries are left for a
// [Tracker] to fill in; of a time without a year the year is 0. A text that Postfix
// cut has no closing parenthesis.
func ParseDelivery(l Line) (mail.Delivery, bool) {
	rest, ok := strings.CutPrefix(l.Text, "to=<")
	if !ok || l.QueueID == "" || l.QueueID == NoQueue || l.Severity != "" {
		return mail.Delivery{}, false
	}
	d := mail.Delivery{QueueID: l.QueueID, Time: l.At(time.Time{})}
	if d.Recipient, rest, ok = cutAddress(rest); !ok {
		return mail.Delivery{}, false
	}
	if after, found := strings.CutPrefix(rest, "orig_to=<"); found {
		if d.OrigTo, rest, ok = cutAddress(after); !ok {
			return mail.Delivery{}, false
		}
	}
	fields, text, ok := strings.Cut(rest, ", status=")
	if !ok || !attributes(&d, fields) {
		return mail.Delivery{}, false
	}
	word, text, ok := strings.Cut(text, " (")
	whole := strings.HasSuffix(text, ")")
	if !ok || !whole && !cut(l) {
		return mail.Delivery{}, false
	}
	d.Text, d.Cut = strings.TrimSuffix(text, ")"), !whole
	switch word {
	case "sent", "deferred", "bounced":
		d.Outcome = mail.Outcome(word)
	case "SOFTBOUNCE":
		d.Outcome = mail.Deferred
	default:
		return mail.Delivery{}, false
	}
	return d, true
}

// maxRecord is how long a record that Postfix logs can be, in octets, from the queue
// id on: MSG_SYSLOG_RECLEN in msg_syslog.c, seen with 3.7.11 and a reply of 2.5 kB.
const maxRecord = 2000

// cut tells whether a line is as long as a record can be.
func cut(l Line) bool { return len(l.QueueID)+len(": ")+len(l.Text) == maxRecord }

// cutAddress takes an address and ">, " from the beginning of s. Addresses are
// logged as RFC 5321 writes them (info_log_addr_form), so that a ">" inside a
// quoted local part does not end one; where the quotes do not match, the first
// ">, " does.
func cutAddress(s string) (addr, rest string, ok bool) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case !quoted && strings.HasPrefix(s[i:], ">, "):
			return s[:i], s[i+len(">, "):], true
		}
	}
	return strings.Cut(s, ">, ")
}

// attributes reads what stands between the addresses and status=: a relay, a delay and
// a dsn, each once. Attributes that it does not know are passed over: conn_use=, and
// those of later versions.
func attributes(d *mail.Delivery, s string) bool {
	var relay, delay, dsn int // how many there are
	for _, f := range strings.Split(s, ", ") {
		name, value, ok := strings.Cut(f, "=")
		if !ok {
			return false
		}
		switch name {
		case "relay":
			d.Relay = parseRelay(value)
			relay++
		case "delay":
			seconds, err := strconv.ParseFloat(value, 64)
			if err != nil || !(seconds >= 0 && seconds < 1e12) {
				return false
			}
			d.Delay = seconds
			delay++
		case "dsn":
			status, err := mail.ParseStatus(value)
			if err != nil {
				return false
			}
			d.Status = status
			dsn++
		}
	}
	return relay == 1 && delay == 1 && dsn == 1
}

// parseRelay reads "host[address]:port". It returns nil for what is no server on
// the network: "none", "local", a transport's name, a socket's path.
func parseRelay(s string) *mail.Relay {
	host, rest, ok := cutHost(s)
	if !ok {
		return nil
	}
	port, err := strconv.ParseUint(strings.TrimPrefix(rest, ":"), 10, 16)
	if rest == "" || rest[0] != ':' || err != nil {
		return nil
	}
	host.Port = uint16(port)
	return host
}

// cutHost takes "host[address]" from the beginning of s.
func cutHost(s string) (*mail.Relay, string, bool) {
	name, rest, ok := strings.Cut(s, "[")
	if !ok || strings.ContainsAny(name, " \t") {
		return nil, "", false
	}
	text, rest, ok := strings.Cut(rest, "]")
	if !ok {
		return nil, "", false
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return nil, "", false
	}
	return &mail.Relay{Host: name, Addr: addr}, rest, true
}
