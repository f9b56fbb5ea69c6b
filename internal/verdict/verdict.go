// Package verdict compares what a case wants with what was seen ([Judge]), and
// decides what the cases of a scenario prove together ([Conclude]). It is pure:
// it starts nothing, waits for nothing and looks nothing up.
package verdict

import (
	"fmt"
	"strings"

	"strictmx/internal/mail"
	"strictmx/scenarios"
)

// Observed is what one run of a case brought to light.
type Observed struct {
	Deliveries []mail.Delivery // of the case's messages, in the order of the log
	Attempts   []mail.Attempt  // at all receivers, in the order in which they ended
	Questions  []mail.Question // that the DNS server was asked

	// Notices are attempts to deliver delivery notices. Those among Attempts need
	// not be here too.
	Notices []mail.Attempt
}

// A Mismatch is one thing that was wanted and not seen. It is no error: the lab
// worked, and the mail did something else.
type Mismatch struct {
	Field     string             `json:"field"` // a key of want, or "duplicate", "dsn", "cure"
	Want      string             `json:"want"`
	Got       string             `json:"got"`
	Message   int                `json:"message"` // index; -1 where it is about no one message
	Step      int                `json:"step"`
	Recipient string             `json:"recipient,omitempty"`
	At        scenarios.Position `json:"-"` // of the want
}

func (m Mismatch) String() string {
	return fmt.Sprintf("%s: want %s, got %s", m.Field, m.Want, m.Got)
}

// None stands in a [Mismatch] for what there is not.
const None = "none"

// Judge compares what is written in the case's wants, and nothing else, but for
// two things that no case may do: lose a recipient, or give one a message twice.
//
// A want without a recipient speaks of every recipient that no other want of the
// case names. A want's recipient may be an alias; then it speaks of all that the
// alias was expanded to. Outcome, status, text and seconds are those of the last
// delivery of a recipient; client, stage, rule, reply and receiver those of the
// deciding attempt, which is the last one of that delivery. What attempts belong
// to a recipient is told at [attribution].
func Judge(c scenarios.Case, o Observed) []Mismatch {
	notices, attempts := splitNotices(o)
	j := judge{c: c, o: o, attempts: attribute(o.Deliveries, attempts)}
	recipients := recipientsOf(o.Deliveries)
	for _, w := range c.Want {
		j.want(w, recipients)
	}
	j.lost(recipients)
	j.twice(recipients)
	return append(j.out, judgeNotices(c, notices)...)
}

// A judge gathers the mismatches of one case.
type judge struct {
	c        scenarios.Case
	o        Observed
	attempts attribution
	out      []Mismatch
}

// A recipient is one address to which a message was to be delivered, with its
// deliveries in the order of the log.
type recipient struct {
	message    int
	address    string
	deliveries []mail.Delivery
}

func (r recipient) last() mail.Delivery { return r.deliveries[len(r.deliveries)-1] }

// named tells whether an address is the recipient, or the alias that it came of.
func (r recipient) named(addr string) bool {
	if SameAddress(r.address, addr) {
		return true
	}
	for _, d := range r.deliveries {
		if d.OrigTo != "" && SameAddress(d.OrigTo, addr) {
			return true
		}
	}
	return false
}

// recipientsOf groups deliveries by message and address, in the order in which
// they came first. Mail that is none of the case's is left out.
func recipientsOf(deliveries []mail.Delivery) []recipient {
	var out []recipient
next:
	for _, d := range deliveries {
		if d.Message < 0 {
			continue
		}
		for i := range out {
			if r := &out[i]; r.message == d.Message && SameAddress(r.address, d.Recipient) {
				r.deliveries = append(r.deliveries, d)
				continue next
			}
		}
		out = append(out, recipient{d.Message, d.Recipient, []mail.Delivery{d}})
	}
	return out
}

// SameAddress compares two addresses: the domain in any case, the local part, which
// is for the receiver to interpret (RFC 5321 section 2.4), as it is.
func SameAddress(a, b string) bool {
	i, j := strings.LastIndexByte(a, '@'), strings.LastIndexByte(b, '@')
	if i < 0 || j < 0 {
		return a == b
	}
	return a[:i] == b[:j] && strings.EqualFold(a[i:], b[j:])
}

// want compares one want with the recipients that it speaks of.
func (j *judge) want(w scenarios.Want, recipients []recipient) {
	found := false
	for _, r := range recipients {
		if w.Message >= 0 && w.Message != r.message {
			continue
		}
		if w.To != "" && !r.named(w.To) || w.To == "" && j.namedElsewhere(r) {
			continue
		}
		found = true
		j.compare(w, r)
	}
	if !found && w.To != "" && !j.isSent(w) {
		// Not one of the envelope's recipients, which lost reports.
		j.out = append(j.out, Mismatch{
			Field: "outcome", Want: string(w.Outcome), Got: None, Message: w.Message, Recipient: w.To, At: w.At,
		})
	}
}

// namedElsewhere tells whether a want speaks of the recipient by name.
func (j *judge) namedElsewhere(r recipient) bool {
	for _, w := range j.c.Want {
		if w.To != "" && (w.Message < 0 || w.Message == r.message) && r.named(w.To) {
			return true
		}
	}
	return false
}

// isSent tells whether the want's recipient is one of a message's envelope.
func (j *judge) isSent(w scenarios.Want) bool {
	for i, m := range j.c.Messages {
		if w.Message >= 0 && w.Message != i {
			continue
		}
		for _, to := range m.To {
			if SameAddress(to, w.To) {
				return true
			}
		}
	}
	return false
}

// lost reports envelope recipients of which nothing was heard.
func (j *judge) lost(recipients []recipient) {
	for i, m := range j.c.Messages {
	next:
		for _, to := range m.To {
			for _, r := range recipients {
				if r.message == i && r.named(to) {
					continue next
				}
			}
			mm := Mismatch{Field: "outcome", Want: "any", Got: None, Message: i, Recipient: to, At: j.c.At}
			for _, w := range j.c.Want {
				if (w.Message < 0 || w.Message == i) && (w.To == "" || SameAddress(w.To, to)) {
					mm.Want, mm.At = string(w.Outcome), w.At
				}
			}
			j.out = append(j.out, mm)
		}
	}
}

// twice reports recipients that were given a message more than once: by the mail
// system's account or by the receivers'. The two differ where a connection was
// lost after the receiver had accepted.
func (j *judge) twice(recipients []recipient) {
	for _, r := range recipients {
		sent, taken := 0, 0
		for _, d := range r.deliveries {
			if d.Outcome == mail.Sent && !handedOver(d, j.o.Deliveries) {
				sent++
			}
		}
		for _, a := range j.attempts.of(r) {
			if accepted(a) && names(a, r.address) {
				taken++
			}
		}
		if n := max(sent, taken); n > 1 {
			j.out = append(j.out, Mismatch{
				Field: "duplicate", Want: "sent once", Got: fmt.Sprintf("sent %d times", n),
				Message: r.message, Step: r.last().Step, Recipient: r.address, At: j.c.At,
			})
		}
	}
}

// handedOver tells a delivery to another queue of the same mail system: a content
// filter that gave the message back, or local(8) that forwarded it.
func handedOver(d mail.Delivery, all []mail.Delivery) bool {
	for _, before := range []string{"queued as ", "forwarded as "} {
		_, id, ok := strings.Cut(d.Text, before)
		if !ok {
			continue
		}
		id = strings.TrimRight(strings.Fields(id + " .")[0], ".,;)")
		for _, o := range all {
			if id != "" && o.QueueID == id && o.QueueID != d.QueueID && o.Message == d.Message {
				return true
			}
		}
	}
	return false
}

// accepted tells whether the receiver took the message.
func accepted(a mail.Attempt) bool {
	return a.Stage == mail.Data && len(a.Reply) > 0 && strings.HasPrefix(a.Reply[0], "2")
}
