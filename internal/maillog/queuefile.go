package maillog

import (
	"fmt"
	"slices"
	"strings"

	"strictmx/internal/mail"
)

// A queueFile is a message in Postfix's queue, from its arrival to its removal.
type queueFile struct {
	id        string
	messageID string
	known     bool // cleanup(8) logged the Message-ID, or that there is none
	sender    string
	parent    *queueFile // the message that this one is a notice about

	nrcpt   int                     // recipients after aliases were expanded; 0 before the first round
	round   map[string]mail.Outcome // what became of each in this round
	final   int                     // recipients that were sent or bounced in earlier rounds
	again   bool                    // another round was asked for
	noticed bool                    // a notice was sent, or will not be, since this round began
	expired bool                    // was given up
	stopped bool                    // was refused, thrown away or put on hold by cleanup(8)
	removed bool
}

// file finds or makes the queue file of an id.
func (t *Tracker) file(id string) *queueFile {
	if f := t.files[id]; f != nil {
		return f
	}
	t.forget()
	f := &queueFile{id: id}
	t.files[id] = f
	t.order = append(t.order, f)
	return f
}

// arrive is file for a line that begins a message: short queue ids are used again
// once a message is gone.
func (t *Tracker) arrive(id string) *queueFile {
	if f := t.files[id]; f != nil && f.ended() {
		delete(t.files, id)
		t.leave(id)
	}
	return t.file(id)
}

// identify enters the Message-ID. Where cleanup(8) makes a message of Postfix's
// own, this is its first line. What header checks did to the fields before comes
// earlier in the log.
func (t *Tracker) identify(id, messageID string) {
	f := t.file(id)
	if f.removed || f.messageID != "" && f.messageID != messageID {
		delete(t.files, id)
		t.leave(id)
		f = t.file(id)
	}
	f.messageID, f.known = messageID, true
}

// postfixs tells whether a message is one of Postfix's own, and none that was sent by
// somebody: Postfix may have written another sender than the one it was given, but those
// two it has for itself.
func (f *queueFile) postfixs(sender string) bool {
	return f.nrcpt > 0 && (f.sender == "" && sender != "" || strings.HasPrefix(f.sender, "double-bounce@"))
}

// given tells whether cleanup(8) gave a message its Message-ID, which has the queue
// id in it then ("20261124133500.4A3B7C1@mail.example.com").
func (f *queueFile) given() bool { return strings.Contains(f.messageID, "."+f.id+"@") }

// forget drops the oldest mail that was not announced, with its deliveries, when
// there is too much of it.
func (t *Tracker) forget() {
	if len(t.order) < maxFiles {
		return
	}
	gone := map[*queueFile]bool{}
	for _, f := range t.order {
		if len(gone) < maxFiles/2 && t.index(f) < 0 && t.origin(f) < 0 {
			gone[f] = true
		}
	}
	dropped := func(f *queueFile) bool { return gone[f] }
	t.order = slices.DeleteFunc(t.order, dropped)
	t.done = slices.DeleteFunc(t.done, func(d delivered) bool { return gone[d.file] })
	for id, f := range t.files {
		if gone[f] {
			delete(t.files, id)
		}
	}
	if len(t.rejects) > maxFiles {
		t.rejects = slices.Clone(t.rejects[maxFiles/2:])
	}
}

// activate begins a round: the queue manager hands the recipients that are left to
// delivery agents. What it logs as their number is the one at the first round.
func (f *queueFile) activate(sender string, nrcpt int) {
	f.sender = sender
	if f.nrcpt == 0 {
		f.nrcpt = nrcpt
	}
	for _, o := range f.round {
		if o != mail.Deferred {
			f.final++
		}
	}
	f.round, f.again, f.noticed = map[string]mail.Outcome{}, false, false
}

// status enters what became of a recipient. Aliases can make one address of
// several: they count apart by what they were made of.
func (f *queueFile) status(d mail.Delivery) {
	if f.round == nil {
		f.round = map[string]mail.Outcome{}
	}
	f.round[d.Recipient+"\x00"+d.OrigTo] = d.Outcome
}

// ended tells that nothing more will be heard of the message.
func (f *queueFile) ended() bool { return f.removed || f.stopped }

// pending says what is still to come of the message in this round, or nothing.
func (f *queueFile) pending() string {
	left := f.nrcpt - f.final - len(f.round)
	switch {
	case f.ended():
		return ""
	case f.nrcpt == 0:
		return "not yet active"
	case f.again:
		return "not yet tried again"
	case left > 0:
		return fmt.Sprintf("%d of %d recipients without outcome", left, f.nrcpt)
	case f.expired:
		return "not yet removed" // after its notice
	}
	deferred, bounced := false, false
	for _, o := range f.round {
		deferred = deferred || o == mail.Deferred
		bounced = bounced || o == mail.Bounced
	}
	switch {
	case !deferred:
		return "not yet removed"
	case bounced && !f.noticed && f.sender != "":
		return "no notice yet"
	}
	return ""
}

// index is the message that a queue file holds, or -1. A message that came back
// from a filter, or was forwarded, has its Message-ID in more than one file. One that
// was announced without has none, or the one that it was given.
func (t *Tracker) index(f *queueFile) int {
	if f.parent != nil || !f.known {
		return -1
	}
	id := f.messageID
	if slices.ContainsFunc(t.order, func(o *queueFile) bool { return o.messageID == id && o.parent == nil && o.given() }) {
		id = ""
	}
	for _, e := range t.expected {
		if e.messageID == id && (id != "" || !f.postfixs(e.sender)) {
			return e.index
		}
	}
	return -1
}

// origin is the message that a notice is about, at any remove, or -1.
func (t *Tracker) origin(f *queueFile) int {
	for seen := 0; f.parent != nil && seen < maxFiles; seen++ {
		f = f.parent
	}
	return t.index(f)
}

// Settled lists what is missing, one line each. It is empty when of every expected
// message and every notice that came of one, either the queue file is gone, or
// each recipient has an outcome in the present round and some are deferred.
//
// A message that bounces for some recipients and is deferred for others is not
// settled before the notice is on its way, which Postfix sends at once.
func (t *Tracker) Settled() (missing []string) {
	seen := map[int]bool{}
	for _, f := range t.order {
		index := t.index(f)
		seen[index] = true
		what := fmt.Sprintf("message %d", index)
		if index < 0 {
			if index = t.origin(f); index < 0 {
				continue
			}
			what = fmt.Sprintf("notice about message %d", index)
		}
		if p := f.pending(); p != "" {
			missing = append(missing, fmt.Sprintf("%s, queue id %s: %s", what, f.id, p))
		}
	}
	for _, e := range t.expected {
		if !seen[e.index] {
			missing = append(missing, fmt.Sprintf("message %d: not in the queue", e.index)+t.whyMissing())
		}
	}
	slices.SortStableFunc(missing, strings.Compare)
	return missing
}

// whyMissing tells why a message may not be found: a milter kept it out, or it has lost
// its Message-ID on the way and cannot be told from others.
func (t *Tracker) whyMissing() string {
	for _, r := range t.rejects {
		if strings.HasPrefix(r.Text, "milter-reject: ") {
			return ": " + r.Text
		}
	}
	for _, f := range t.order {
		if f.known && f.messageID == "" && f.parent == nil && t.index(f) < 0 {
			return fmt.Sprintf(" under its Message-ID, and queue id %s has none: is there a line in the header, before that field, that is no field?", f.id)
		}
	}
	return ""
}
