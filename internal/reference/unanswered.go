package reference

import (
	"regexp"
	"strings"
)

// unanswered are what Postfix writes of a delivery for which no receiver's reply is to
// blame, and what plays it; the first that matches counts. The words were seen with
// Postfix 3.7.11 on 2026-11-30, each brought about by what is said to play it; those of
// an address to which there is no way, and of a conversation that timed out, are those
// of its sources (smtp_connect.c, smtp_trouble.c), and only something near is told.
var unanswered = []struct {
	text  *regexp.Regexp
	plays string
}{
	{
		regexp.MustCompile(`\bconnect to \S+: Connection refused`),
		"no receiver answered: the address refuses connections. down: in a scenario plays that (docs/scenario-format.md, down and silent)",
	},
	{
		regexp.MustCompile(`\bconnect to \S+: (?:Connection|Operation) timed out`),
		"no receiver answered: nothing is heard from the address. silent: in a scenario plays that (docs/scenario-format.md, down and silent)",
	},
	{
		regexp.MustCompile(`\bconnect to \S+: (?:No route to host|(?:Network|Host) is unreachable)`),
		"no receiver answered: there is no way to the address. down: in a scenario comes near, an address that refuses connections (docs/scenario-format.md, down and silent)",
	},
	{
		regexp.MustCompile(`\bconversation with \S+ timed out while `),
		"the receiver stopped answering and there is no reply. silent: in a scenario comes near, an address from which nothing is heard (docs/scenario-format.md, down and silent)",
	},
	{
		regexp.MustCompile(`\blost connection with \S+ while performing the (?:EHLO|HELO) handshake`),
		"the receiver hung up and Postfix has no reply to tell of. A receiver of your own plays that with a rule at helo that has close: true (docs/own-receiver.md)",
	},
	{
		regexp.MustCompile(`\blost connection with \S+ while `),
		"the receiver hung up and Postfix has no reply to tell of. A receiver of your own hangs up behind a refusal with close: true in the rule; the recipients after that have no reply (docs/own-receiver.md)",
	},
	{
		regexp.MustCompile(`\bName service error for name=\S+ type=\S+: Host not found, try again`),
		"no receiver was asked: the DNS gave no answer. faults: in a scenario plays that, with servfail or timeout (docs/scenario-format.md, faults)",
	},
	{
		regexp.MustCompile(`\bName service error for name=\S+ type=\S+: Host found but no data record of requested type`),
		"no receiver was asked: the name has no such record. A zone of the scenario plays that, dns/NAME.zone without the record (docs/scenario-format.md, dns)",
	},
	{
		regexp.MustCompile(`\bName service error for name=\S+ type=\S+: Host not found`),
		"no receiver was asked: the name does not exist. faults: in a scenario plays that, with nxdomain (docs/scenario-format.md, faults)",
	},
	{
		regexp.MustCompile(`(?:^|\(|>: )Domain \S+ does not accept mail \(nullMX\)`),
		"no receiver was asked: the recipient's domain has a null MX. A zone of the scenario plays that, dns/NAME.zone with MX 0 . (docs/scenario-format.md, dns)",
	},
	{
		regexp.MustCompile(`\bmail for \S+ loops back to myself`),
		"no receiver was asked: the best MX names the host itself. A zone of the scenario plays that, dns/NAME.zone with such an MX (docs/scenario-format.md, dns)",
	},
	{
		regexp.MustCompile(`\bTLS is required, but was not offered by host `),
		"the receiver offered no TLS, and Postfix goes no further. A receiver of your own plays that with extensions without STARTTLS (docs/own-receiver.md)",
	},
}

// said is what Postfix writes before a reply that it quotes, and bare what a reply
// begins with.
var (
	said = regexp.MustCompile(` (?:said|refused to talk to me): `)
	bare = regexp.MustCompile(`^[245][0-9]{2}[- ]`)
)

// Quotes tells whether a line of Postfix's log or of its bounce quotes a reply.
func Quotes(text string) bool { return said.MatchString(text) }

// Unanswered says what plays a delivery that failed without a receiver's reply, if a
// line of Postfix's log or of its bounce is about one; else nothing.
func Unanswered(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if Quotes(text) || bare.MatchString(text) { // a receiver can have asked another, and say so
		return ""
	}
	for _, u := range unanswered {
		if u.text.MatchString(text) {
			return u.plays
		}
	}
	return ""
}
