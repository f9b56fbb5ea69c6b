package reference

import (
	"strings"
	"testing"
)

func TestUnanswered(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"connect to mx.example[203.0.113.1]:25: Connection timed out", "silent: in a scenario plays that"},
		{"Nov 30 10:00:00 mail postfix/smtp[12]: A: to=<a@example.net>, relay=none, delay=30, dsn=4.4.1, status=deferred (connect to mx.example[2001:db8::1]:25: Operation timed out)", "silent: in a scenario plays that"},
		{"<a@example.net>: connect to mx.example[203.0.113.1]:25:\n    Connection refused", "down: in a scenario plays that"},
		{"connect to mx.example[203.0.113.1]:25: No route to host", "down: in a scenario comes near"},
		{"connect to mx.example[2001:db8::1]:25: Network is unreachable", "down: in a scenario comes near"},
		{"conversation with mx.example[203.0.113.1] timed out while sending MAIL FROM", "silent: in a scenario comes near"},
		{"lost connection with mx.example[203.0.113.1] while performing the HELO handshake", "a rule at helo that has close: true"},
		{"lost connection with mx.example[203.0.113.1] while sending RCPT TO", "with close: true in the rule"},
		{"Host or domain name not found. Name service error for name=example.net type=MX: Host not found, try again", "with servfail or timeout"},
		{"Host or domain name not found. Name service error for name=example.net type=AAAA: Host not found", "with nxdomain"},
		{"unable to look up host mx.example: Name service error for name=mx.example type=A: Host found but no data record of requested type", "without the record"},
		{"host mx.example[203.0.113.1] said: 450 4.4.1 connect to db.example[203.0.113.2]:25: Connection timed out (in reply to RCPT TO command)", ""},
		{"host mx.example[203.0.113.1] refused to talk to me: 421 lost connection with mx.example while x", ""},
		{"<a@example.net>: Domain example.net does not accept mail (nullMX)", "MX 0 ."},
		{"Nov 30 10:00:00 mail postfix/smtp[12]: A: to=<a@example.net>, relay=none, delay=0, dsn=5.1.0, status=bounced (Domain example.net does not accept mail (nullMX))", "MX 0 ."},
		{"mail for example.net loops back to myself", "names the host itself"},
		{"status=deferred (TLS is required, but was not offered by host mx.example[203.0.113.1])", "without STARTTLS"},
		{"550 5.7.27 <me@example.com>: Sender address rejected: Domain example.com does not accept mail (nullMX)", ""},
		{"450 4.1.7 <me@example.com>: Sender address rejected: unverified address: connect to mx.example[203.0.113.1]:25: Connection refused", ""},
		{"450-4.1.8 Domain not found: Name service error for name=example.com type=MX: Host not found, try again", ""},
		{"550 5.7.1 no", ""},
		{"450 4.7.1 <mail>: Helo command rejected: Host not found", ""},
		{"", ""},
	} {
		if got := Unanswered(tt.text); !strings.Contains(got, tt.want) || (got == "") != (tt.want == "") {
			t.Errorf("Unanswered(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}
