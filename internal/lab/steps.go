package lab

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"strictmx/internal/wire"
)

// drive sends the messages, step by step, and waits until each has an outcome. In
// each step but the first the receivers' clock is moved on, and what is deferred is
// tried again before anything else is sent.
func drive(ctx context.Context, s Session, p *Prepared, w *watch) error {
	var ahead time.Duration
	for step := range len(p.Case.Waits) + 1 {
		if step > 0 {
			ahead += p.Case.Waits[step-1]
			if err := begin(ctx, s, step, ahead, w); err != nil {
				return err
			}
		}
		if err := sendAll(ctx, s, p, step, w); err != nil {
			return err
		}
		if w.late() {
			break // nothing more will come of it
		}
	}
	// An attempt is told before its reply is sent, but the two sides are read
	// apart: the mail system's log may be ahead. The deadline may have passed.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_, err := s.Do(ctx, wire.Node, wire.Command{Op: wire.OpSync})
	return err
}

// sendAll sends the messages of a step and waits for their outcomes.
func sendAll(ctx context.Context, s Session, p *Prepared, step int, w *watch) error {
	sent := step == 0 // a case sends something, if not at once
	for i, m := range p.Case.Messages {
		if m.Step != step {
			continue
		}
		sent = true
		w.expect(i, m)
		if err := inject(ctx, s, i, m); err != nil {
			return err
		}
	}
	if !sent {
		return nil
	}
	return rest(ctx, s, w)
}

// begin begins a step. All that was seen until then belongs to the one before.
func begin(ctx context.Context, s Session, step int, ahead time.Duration, w *watch) error {
	for _, side := range []wire.Side{wire.MailSystem, wire.Node} {
		if _, err := s.Do(ctx, side, wire.Command{Op: wire.OpSync}); err != nil {
			return err
		}
	}
	w.begin(step)
	if _, err := s.Do(ctx, wire.Node, wire.Command{Op: wire.OpClock, Ahead: ahead}); err != nil {
		return err
	}
	if !w.flush() {
		return nil
	}
	if _, err := s.Do(ctx, wire.MailSystem, wire.Command{Op: wire.OpFlush}); err != nil {
		return err
	}
	return rest(ctx, s, w)
}

// rest waits until all mail has an outcome and, where the log alone cannot tell it, the
// queue has come to rest. Between the line that tells of a deferral and the end of the
// round Postfix may give a message up, and a flush passes over what is not yet put
// aside. What a program hands to sendmail(1) is in no line of the log before pickup(8)
// takes it: it is in the maildrop, and has lines by the time it is no longer there.
func rest(ctx context.Context, s Session, w *watch) error {
	for {
		if err := w.settle(ctx); err != nil || w.late() || !w.unsure() {
			return err
		}
		ev, err := s.Do(ctx, wire.MailSystem, wire.Command{Op: wire.OpQueue})
		if err != nil {
			return w.gaveUp(ctx, err)
		}
		busy, err := moving(ev.Text)
		if err != nil {
			return err
		}
		if busy {
			w.pause(ctx)
			continue
		}
		if _, err := s.Do(ctx, wire.MailSystem, wire.Command{Op: wire.OpSync}); err != nil {
			return w.gaveUp(ctx, err)
		}
		if len(w.missing()) == 0 {
			return nil
		}
	}
}

// moving tells whether the queue, as postqueue -j lists it, holds mail that is on its
// way. Lines are as long as their recipients are many.
func moving(queue string) (bool, error) {
	r := bufio.NewScanner(strings.NewReader(queue))
	r.Buffer(nil, len(queue)+1)
	for r.Scan() {
		var entry struct {
			Queue string `json:"queue_name"`
		}
		if err := json.Unmarshal(r.Bytes(), &entry); err != nil {
			return false, fmt.Errorf("postqueue -j: %q: %w", r.Text(), err)
		}
		switch entry.Queue {
		case "maildrop", "incoming", "active":
			return true, nil
		}
	}
	return false, r.Err()
}

// begin gives what is told from now on to a step.
func (w *watch) begin(step int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.step = step
	w.logs.Step(step)
}

// flush expects that what is deferred is tried again, and tells whether there is any.
func (w *watch) flush() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	waiting := w.logs.Waiting()
	w.logs.Flush()
	return waiting
}

// unsure tells whether the queue may hold mail of which the log does not tell yet.
func (w *watch) unsure() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.logs.Waiting() || w.logs.HandedOn()
}

func (w *watch) missing() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.logs.Settled()
}

// late tells whether the deadline came before all mail had an outcome.
func (w *watch) late() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.rec.Unsettled) > 0
}

// gaveUp is the error of a question about the queue, or nothing where the deadline
// came over it.
func (w *watch) gaveUp(ctx context.Context, err error) error {
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) || w.broken() != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rec.Unsettled = append(w.rec.Unsettled, "the queue: mail is still on its way in it")
	return nil
}

// pause waits for news, or for as long as a round may take to end without any.
func (w *watch) pause(ctx context.Context) {
	t := time.NewTimer(20 * time.Millisecond)
	defer t.Stop()
	select {
	case <-w.moved:
	case <-t.C:
	case <-ctx.Done():
	}
}
