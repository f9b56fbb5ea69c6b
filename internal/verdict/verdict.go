// Package verdict compares what a case wants with what was seen ([Judge]), and
// decides what the cases of a scenario prove together ([Conclude]). It is pure:
// it starts nothing, waits for nothing and looks nothing up.
package verdict

import (
	"fmt"
	"slices"
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

	// Unsettled says what had no outcome when the time was up, a line for each.
	Unsettled []string
}

// A Mismatch is one thing that was wanted and not seen. It is no error: the lab
// worked, and the mail did something else.
type Mismatch struct {
	Field     string             `json:"field"` // a key of want, or "duplicate", "unsettled", "dsn", "cure"
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
// what no case may do: lose a recipient, give one a message twice, or have mail
// that comes to no end, with the notice about it.
//
// A want without a recipient speaks of every recipient that no other want of the
// case names. A want's recipient may be an alias; then it speaks of all that the
// alias was expanded to. Outcome, status, text and seconds are those of the last
// delivery of a recipient; client, stage, rule, reply and receiver those of the
// deciding attempt, which is the last one of that delivery. A want with a step is
// compared with what was seen until the end of that step. What attempts belong
// to a recipient is told at [Recipients].
func Judge(c scenarios.Case, o Observed) []Mismatch {
	notices, attempts := splitNotices(o)
	j := judge{c: c, o: o}
	recipients := account(o.Deliveries, attempts)
	for _, w := range c.Want {
		j.want(w, recipients)
	}
	j.lost(recipients)
	j.twice(recipients)
	for _, s := range o.Unsettled {
		j.out = append(j.out, Mismatch{Field: "unsettled", Want: None, Got: s, Message: -1, At: c.At})
	}
	return append(j.out, judgeNotices(c, notices)...)
}

// A judge gathers the mismatches of one case.
type judge struct {
	c   scenarios.Case
	o   Observed
	out []Mismatch
}

// A Recipient is one address to which a message was to be delivered, and all that
// was seen of it.
type Recipient struct {
	Message    int
	Address    string
	Deliveries []mail.Delivery // in the order of the log; never empty
	Attempts   []mail.Attempt  // at receivers, in the order in which they ended
	Deciding   *mail.Attempt   // the last one of the last delivery; nil if no receiver saw it
}

// Last is the last delivery.
func (r Recipient) Last() mail.Delivery { return r.Deliveries[len(r.Deliveries)-1] }

// Recipients puts together what the mail system and the receivers saw of each
// recipient of the case's messages, in the order in which they were first logged.
//
// An attempt that names recipients (RCPT) belongs to each of those that the mail
// system has a delivery for, in the attempt's message; where the message could not
// be told, in the only message that has such a recipient.
//
// A session that ended before RCPT names nobody. It belongs to a delivery that went
// to its server, by the relay or a try of the log, and that no naming attempt at
// that server accounts for. Such sessions are given out in their order, one for
// each server, message, round and destination domain; where they do not suffice,
// recipients of one message share the last one, as recipients of one transaction do.
func Recipients(o Observed) []Recipient {
	_, attempts := splitNotices(o)
	return account(o.Deliveries, attempts)
}

// until is the recipient as things stood at the end of a step. It tells false if
// nothing had become of it by then.
func (r Recipient) until(step int) (Recipient, bool) {
	after := func(of int) bool { return of > step }
	r.Deliveries = slices.DeleteFunc(slices.Clone(r.Deliveries), func(d mail.Delivery) bool { return after(d.Step) })
	r.Attempts = slices.DeleteFunc(slices.Clone(r.Attempts), func(a mail.Attempt) bool { return after(a.Step) })
	if len(r.Deliveries) == 0 {
		return r, false
	}
	r.Deciding = deciding(r)
	return r, true
}

// named tells whether an address is the recipient, or the alias that it came of.
func (r Recipient) named(addr string) bool {
	if SameAddress(r.Address, addr) {
		return true
	}
	for _, d := range r.Deliveries {
		if d.OrigTo != "" && SameAddress(d.OrigTo, addr) {
			return true
		}
	}
	return false
}

// recipientsOf groups deliveries by message and address, in the order in which
// they came first. Mail that is none of the case's is left out.
func recipientsOf(deliveries []mail.Delivery) []Recipient {
	var out []Recipient
next:
	for _, d := range deliveries {
		if d.Message < 0 {
			continue
		}
		for i := range out {
			if r := &out[i]; r.Message == d.Message && SameAddress(r.Address, d.Recipient) {
				r.Deliveries = slices.Insert(r.Deliveries, inOrder(r.Deliveries, d, deliveries), d)
				continue next
			}
		}
		out = append(out, Recipient{Message: d.Message, Address: d.Recipient, Deliveries: []mail.Delivery{d}})
	}
	return out
}

// inOrder is where a delivery goes among those before it: last, but what was handed
// over goes first in its step. The program of a filter may end, and Postfix log it,
// after the message that it gave back has an outcome.
func inOrder(before []mail.Delivery, d mail.Delivery, all []mail.Delivery) int {
	if !handedOver(d, all) {
		return len(before)
	}
	if at := slices.IndexFunc(before, func(o mail.Delivery) bool { return o.Step >= d.Step }); at >= 0 {
		return at
	}
	return len(before)
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

// want compares one want with the recipients that it speaks of. One with a count is
// compared with all of them together.
func (j *judge) want(w scenarios.Want, recipients []Recipient) {
	if w.Count != nil {
		j.count(w, recipients)
		return
	}
	found := false
	for _, r := range recipients {
		if !j.speaksOf(w, r) {
			continue
		}
		found = true
		if then, ok := r.until(j.c.StepOf(w)); ok {
			j.compare(w, then)
			continue
		}
		j.out = append(j.out, Mismatch{
			Field: "outcome", Want: string(w.Outcome), Got: None, Message: r.Message, Step: j.c.StepOf(w), Recipient: r.Address, At: w.At,
		})
	}
	if !found && w.To != "" && !j.isSent(w) {
		// Not one of the envelope's recipients, which lost reports.
		j.out = append(j.out, Mismatch{
			Field: "outcome", Want: string(w.Outcome), Got: None, Message: w.Message, Recipient: w.To, At: w.At,
		})
	}
}

// count compares the number of recipients of which all that is wanted is true. Which
// they are is chance: the order in which sessions begin, say.
func (j *judge) count(w scenarios.Want, recipients []Recipient) {
	each := w
	each.Count = nil
	n, of := 0, 0
	for _, r := range recipients {
		if !j.speaksOf(w, r) {
			continue
		}
		one := judge{c: j.c, o: j.o}
		one.want(each, []Recipient{r})
		if of++; len(one.out) == 0 {
			n++
		}
	}
	if n != *w.Count {
		j.out = append(j.out, Mismatch{
			Field: "count", Want: fmt.Sprintf("%d %s as written", *w.Count, w.Outcome), Got: fmt.Sprintf("%d of %d", n, of),
			Message: w.Message, Step: j.c.StepOf(w), At: w.At,
		})
	}
}

// speaksOf tells whether a want is about a recipient.
func (j *judge) speaksOf(w scenarios.Want, r Recipient) bool {
	switch {
	case w.Message >= 0 && w.Message != r.Message, j.sentAfter(w, r):
		return false
	case w.To != "":
		return r.named(w.To)
	}
	return !j.namedElsewhere(w, r)
}

// sentAfter tells whether the recipient's message is sent after the step that a
// want speaks of.
func (j *judge) sentAfter(w scenarios.Want, r Recipient) bool {
	return r.Message < len(j.c.Messages) && j.c.Messages[r.Message].Step > j.c.StepOf(w)
}

// namedElsewhere tells whether another want about the same step speaks of the
// recipient by name.
func (j *judge) namedElsewhere(than scenarios.Want, r Recipient) bool {
	for _, w := range j.c.Want {
		if w.To != "" && j.c.StepOf(w) == j.c.StepOf(than) && (w.Message < 0 || w.Message == r.Message) && r.named(w.To) {
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
func (j *judge) lost(recipients []Recipient) {
	for i, m := range j.c.Messages {
	next:
		for _, to := range m.To {
			for _, r := range recipients {
				if r.Message == i && r.named(to) {
					continue next
				}
			}
			mm := Mismatch{Field: "outcome", Want: "any", Got: None, Message: i, Step: m.Step, Recipient: to, At: j.c.At}
			for _, w := range j.c.Want {
				if j.c.StepOf(w) >= m.Step && (w.Message < 0 || w.Message == i) && (w.To == "" || SameAddress(w.To, to)) {
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
func (j *judge) twice(recipients []Recipient) {
	for _, r := range recipients {
		sent, taken := 0, 0
		for _, d := range r.Deliveries {
			if d.Outcome == mail.Sent && !handedOver(d, j.o.Deliveries) {
				sent++
			}
		}
		for _, a := range r.Attempts {
			if accepted(a) && names(a, r.Address) {
				taken++
			}
		}
		if n := max(sent, taken); n > 1 {
			j.out = append(j.out, Mismatch{
				Field: "duplicate", Want: "sent once", Got: fmt.Sprintf("sent %d times", n),
				Message: r.Message, Step: r.Last().Step, Recipient: r.Address, At: j.c.At,
			})
		}
	}
}

// handedOver tells a delivery to another queue of the same mail system: a content
// filter that gave the message back, or local(8) that forwarded it. A filter behind
// pipe(8) does not name the queue; there it is one with the same recipient.
func handedOver(d mail.Delivery, all []mail.Delivery) bool {
	if d.Relay == nil && strings.HasPrefix(d.Text, "delivered via ") {
		return slices.ContainsFunc(all, func(o mail.Delivery) bool {
			return o.QueueID != d.QueueID && o.Message == d.Message && SameAddress(o.Recipient, d.Recipient)
		})
	}
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
