package maillog

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"strictmx/internal/mail"
)

// A Tracker follows messages through a log that it is given line by line, in the
// order in which it was written. It knows a message by its Message-ID field, and
// the notices about it by the queue ids that bounce(8) logs. It is not for use by
// several goroutines at a time.
type Tracker struct {
	// Near is a time near which the log was written; it gives the year that
	// syslog's times lack. NewTracker sets it to the present.
	Near time.Time

	step     int
	expected []expectation
	files    map[string]*queueFile // by queue id; the newest, where an id was used again
	order    []*queueFile          // as they came
	clients  map[string]*client    // by program and process
	done     []delivered
	rejects  []Reject
	handedOn bool
	fatal    string
}

// An expectation is a message that was announced.
type expectation struct {
	index     int
	messageID string // empty for one that has none
	sender    string // of that one
}

// A delivered is a status= line and the queue file that it is about. What the
// message is, and whether it is a notice, may turn out later.
type delivered struct {
	mail.Delivery
	file *queueFile
}

// A Reject is mail that the mail system under test did not take in, as smtpd(8) or
// cleanup(8) logged it.
type Reject struct {
	QueueID string // or NoQueue
	From    string // envelope sender; empty where none was given yet
	To      string // recipient, likewise
	Text    string // the whole text of the line
	Index   int    // of the message; -1 if it cannot be told
	file    *queueFile
}

// The bounds of what a Tracker keeps about mail that nobody asked for.
const (
	maxFiles   = 4096
	maxClients = 1024
)

// NewTracker returns a Tracker that has read nothing.
func NewTracker() *Tracker {
	return &Tracker{
		Near:    time.Now(),
		files:   map[string]*queueFile{},
		clients: map[string]*client{},
	}
}

// Expect announces the message with an index and a Message-ID, which may stand in
// angle brackets. The log may already have told of it.
func (t *Tracker) Expect(index int, messageID string) {
	t.expected = append(t.expected, expectation{index: index, messageID: trimID(messageID)})
}

// ExpectNameless announces a message that is sent without a Message-ID. There can be
// one, which is known by having none, or the one that cleanup(8) gave it, and by its
// sender.
func (t *Tracker) ExpectNameless(index int, sender string) {
	t.expected = append(t.expected, expectation{index: index, sender: sender})
}

// Step gives the deliveries of the lines to come the number of a step. It is 0 at
// the beginning.
func (t *Tracker) Step(n int) { t.step = n }

// Flush tells that the queue is being flushed: deferred messages are not settled
// before they were tried again.
func (t *Tracker) Flush() {
	for _, f := range t.order {
		if !f.ended() && f.nrcpt > 0 && f.pending() == "" {
			f.again = true
		}
	}
}

// Line reads a line. Lines of other programs are passed over.
func (t *Tracker) Line(text string) {
	l, ok := ParseLine(text)
	if !ok {
		return
	}
	if t.fatal == "" && stops(l) {
		t.fatal = strings.TrimRight(text, "\r\n")
	}
	switch l.Program {
	case "smtp", "lmtp":
		if try, ok := parseTry(l); ok {
			t.client(l).try(l.QueueID, try)
			return
		}
	case "smtpd", "cleanup":
		if t.reject(l) {
			return
		}
	}
	if l.QueueID == "" || l.QueueID == NoQueue || l.Severity != "" {
		return
	}
	if d, ok := ParseDelivery(l); ok {
		t.deliver(l, d)
		return
	}
	t.event(l)
}

// client finds the process that wrote a line.
func (t *Tracker) client(l Line) *client {
	key := l.Program + strconv.Itoa(l.PID)
	c := t.clients[key]
	if c == nil {
		if len(t.clients) >= maxClients {
			clear(t.clients)
		}
		c = &client{}
		t.clients[key] = c
	}
	return c
}

// deliver enters a status= line.
func (t *Tracker) deliver(l Line, d mail.Delivery) {
	f := t.file(l.QueueID)
	d.Step, d.Time = t.step, l.At(t.Near)
	if c := t.clients[l.Program+strconv.Itoa(l.PID)]; c != nil {
		d.Tries = c.own(d)
	}
	f.status(d)
	t.handedOn = t.handedOn || l.Program == "pipe" || l.Program == "local"
	t.done = append(t.done, delivered{d, f})
}

var (
	queueActive = regexp.MustCompile(`^from=<(.*)>, size=[0-9]+, nrcpt=([0-9]+) \(queue active\)$`)
	expired     = regexp.MustCompile(`^from=<.*>, status=(?:force-)?expired, returned to sender$`)
	notice      = regexp.MustCompile(`^(?:sender|postmaster) (?:non-delivery|delay|delivery status) notification: ([0-9A-Za-z]+)$`)
)

// event reads a line that tells of a message on its way.
func (t *Tracker) event(l Line) {
	text := l.Text
	switch l.Program {
	case "pickup", "smtpd", "qmqpd":
		if strings.HasPrefix(text, "uid=") || strings.HasPrefix(text, "client=") {
			t.arrive(l.QueueID)
		}
	case "cleanup":
		if id, ok := strings.CutPrefix(text, "message-id="); ok {
			t.identify(l.QueueID, trimID(id))
		} else if word, _, ok := strings.Cut(text, ": "); ok && kept[word] {
			t.file(l.QueueID).stopped = true
		}
	case "qmgr", "oqmgr", "nqmgr":
		t.manager(l.QueueID, text)
	case "bounce":
		if m := notice.FindStringSubmatch(text); m != nil {
			child := t.file(m[1])
			child.parent = t.file(l.QueueID)
			child.parent.noticed = true
		} else if strings.HasSuffix(text, "notification discarded") {
			t.file(l.QueueID).noticed = true
		}
	}
}

// leave ends what processes did for a message: what they do from now on is another
// round, or another message with the same queue id.
func (t *Tracker) leave(id string) {
	for _, c := range t.clients {
		if c.queueID == id {
			c.begin("")
		}
	}
}

// kept are the actions of cleanup(8) after which a message does not move.
var kept = map[string]bool{
	"hold": true, "milter-hold": true, "discard": true, "milter-discard": true,
}

// manager reads a line of qmgr(8).
func (t *Tracker) manager(id, text string) {
	f := t.file(id)
	switch m := queueActive.FindStringSubmatch(text); {
	case m != nil:
		n, err := strconv.Atoi(m[2])
		if err != nil {
			return
		}
		f.activate(m[1], n)
		t.leave(id)
	case expired.MatchString(text):
		t.expire(f)
	case text == "removed":
		f.removed = true
	}
}

// expire turns a message's last deferrals into failures. Postfix logs no status=
// line of its own for them.
func (t *Tracker) expire(f *queueFile) {
	settled := map[string]bool{}
	for i := len(t.done) - 1; i >= 0; i-- {
		d := &t.done[i]
		if d.file != f || settled[d.Recipient] {
			continue
		}
		settled[d.Recipient] = true
		if d.Outcome == mail.Deferred {
			d.Outcome, d.Expired = mail.Bounced, true
		}
	}
	f.expired = true
}

var (
	rejected = regexp.MustCompile(`^(?:milter-)?reject: `)
	envelope = regexp.MustCompile(`^from=<(.*?)>(?: to=<(.*?)>)?(?: proto=|:|$)`)
)

// reject reads a refusal of incoming mail. One by cleanup(8) ends the message.
func (t *Tracker) reject(l Line) bool {
	if !rejected.MatchString(l.Text) || l.QueueID == "" || l.Severity != "" {
		return false
	}
	r := Reject{QueueID: l.QueueID, Text: l.Text, Index: -1}
	if i := strings.LastIndex(l.Text, "; from=<"); i >= 0 {
		if m := envelope.FindStringSubmatch(l.Text[i+2:]); m != nil {
			r.From, r.To = m[1], m[2]
		}
	}
	if l.Program == "cleanup" && l.QueueID != NoQueue {
		t.file(l.QueueID).stopped = true
	}
	r.file = t.files[l.QueueID]
	t.rejects = append(t.rejects, r)
	return true
}

// Deliveries returns the status= lines about mail other than notices, in the order
// of the log. Message is the index of the message, or -1 for mail that was not
// announced.
func (t *Tracker) Deliveries() []mail.Delivery {
	return t.deliveries(func(f *queueFile) bool { return f.parent == nil })
}

// Notices returns the status= lines about notices that the mail system sent, in
// the order of the log. Their Message is -1.
func (t *Tracker) Notices() []mail.Delivery {
	return t.deliveries(func(f *queueFile) bool { return f.parent != nil })
}

func (t *Tracker) deliveries(which func(*queueFile) bool) []mail.Delivery {
	var out []mail.Delivery
	for _, d := range t.done {
		if !which(d.file) {
			continue
		}
		d.Message = t.index(d.file)
		d.Tries = slices.Clone(d.Tries)
		out = append(out, d.Delivery)
	}
	return out
}

// Rejects returns the mail that was not taken in, in the order of the log.
func (t *Tracker) Rejects() []Reject {
	out := slices.Clone(t.rejects)
	for i := range out {
		if out[i].file != nil {
			out[i].Index = t.index(out[i].file)
		}
		out[i].file = nil
	}
	return out
}

// QueueID returns the queue id that the message with an index had first, or
// nothing.
func (t *Tracker) QueueID(index int) string {
	for _, f := range t.order {
		if t.index(f) == index {
			return f.id
		}
	}
	return ""
}

// Fatal returns the first line that says that mail will not move any more, with
// its header.
func (t *Tracker) Fatal() (string, bool) { return t.fatal, t.fatal != "" }

// MessageID returns what the Message-ID field of a message holds, without angle
// brackets, or nothing.
func MessageID(content []byte) string {
	head := string(content[:min(len(content), 1<<20)])
	for line, rest := "", head; rest != ""; {
		line, rest, _ = strings.Cut(rest, "\n")
		if strings.TrimRight(line, "\r") == "" {
			break
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || !strings.EqualFold(strings.TrimRight(name, " \t"), "Message-ID") {
			continue
		}
		for strings.HasPrefix(rest, " ") || strings.HasPrefix(rest, "\t") {
			var more string
			more, rest, _ = strings.Cut(rest, "\n")
			value += more
		}
		return trimID(value)
	}
	return ""
}

// trimID takes blanks and angle brackets off a Message-ID.
func trimID(s string) string {
	s = strings.TrimSpace(s)
	if inner, ok := strings.CutPrefix(s, "<"); ok {
		return strings.TrimSuffix(inner, ">")
	}
	return s
}
