package lab

import (
	"net/netip"
	"slices"
	"strings"

	"strictmx/internal/mail"
)

// complete adds to the texts that the mail system's log has cut what the receivers
// said beyond. A receiver's reply is taken if it came from the server that the text is
// about, in the same step and about its recipient or nobody, and begins with what the
// log has.
func complete(deliveries []mail.Delivery, attempts []mail.Attempt) {
	for i := range deliveries {
		d := &deliveries[i]
		if d.Cut && d.Relay != nil {
			d.Text = completed(d.Text, d.Relay.Addr, *d, attempts)
		}
		for k := range d.Tries {
			if t := &d.Tries[k]; t.Cut {
				t.Text = completed(t.Text, t.Addr, *d, attempts)
			}
		}
	}
}

// completed is a text of a delivery with all of the reply that it quotes.
func completed(text string, server netip.Addr, d mail.Delivery, attempts []mail.Attempt) string {
	for _, verb := range []string{" said: ", " refused to talk to me: "} {
		before, said, ok := strings.Cut(text, verb)
		if !ok {
			continue
		}
		for _, a := range attempts {
			reply := strings.Join(a.Reply, " ")
			if a.Server == server.Unmap() && a.Step == d.Step && concerns(a, d.Recipient) && strings.HasPrefix(reply, said) {
				return before + verb + reply
			}
		}
	}
	return text
}

func concerns(a mail.Attempt, recipient string) bool {
	return len(a.Recipients) == 0 || slices.ContainsFunc(a.Recipients, func(r string) bool { return strings.EqualFold(r, recipient) })
}
