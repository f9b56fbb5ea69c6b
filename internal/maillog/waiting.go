package maillog

// Waiting tells whether some message that was announced, or a notice about one, is
// deferred: all of its recipients have an outcome in the present round, and it
// stays in the queue.
func (t *Tracker) Waiting() bool {
	for _, f := range t.order {
		if t.index(f) < 0 && t.origin(f) < 0 {
			continue
		}
		if !f.ended() && f.pending() == "" {
			return true
		}
	}
	return false
}

// HandedOn tells whether some mail was given to a program that Postfix does not know:
// by pipe(8), or by local(8), whose mailbox_command, aliases and .forward files may
// name one. It can have sent the mail on by sendmail(1), of which no line tells before
// pickup(8) takes it in.
func (t *Tracker) HandedOn() bool { return t.handedOn }
