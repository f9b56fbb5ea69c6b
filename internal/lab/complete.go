package lab

import (
	"slices"
	"strings"

	"strictmx/internal/mail"
)

// complete adds to the texts that the mail system's log has cut what the receivers
// said beyond. A receiver's reply is taken if it went to the relay of the delivery, in
// the same step and about its recipient or nobody, and begins with what the log has.
func complete(deliveries []mail.Delivery, attempts []mail.Attempt) {
	for i := range deliveries {
		d := &deliveries[i]
		before, said, ok := strings.Cut(d.Text, " said: ")
		if !d.Cut || d.Relay == nil || !ok {
			continue
		}
		for _, a := range attempts {
			reply := strings.Join(a.Reply, " ")
			if a.Server == d.Relay.Addr.Unmap() && a.Step == d.Step && concerns(a, d.Recipient) && strings.HasPrefix(reply, said) {
				d.Text = before + " said: " + reply
				break
			}
		}
	}
}

func concerns(a mail.Attempt, recipient string) bool {
	return len(a.Recipients) == 0 || slices.ContainsFunc(a.Recipients, func(r string) bool { return strings.EqualFold(r, recipient) })
}
