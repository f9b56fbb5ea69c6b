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
