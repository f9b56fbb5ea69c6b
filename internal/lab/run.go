package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"strictmx/internal/mail"
	"strictmx/internal/maillog"
	"strictmx/internal/wire"
	"strictmx/scenarios"
)

// DefaultDeadline bounds one case, from the start of its lab to its last outcome.
const DefaultDeadline = 60 * time.Second

// A Record is all that one run of a case brought to light.
type Record struct {
	Deliveries []mail.Delivery // of the case's messages, in the order of the log
	Notices    []mail.Delivery // of delivery notices
	Attempts   []mail.Attempt  // at the receivers
	Questions  []mail.Question // that the DNS server was asked
	Log        []string        // the mail system's
	Warnings   []string        // what it has to say against its configuration: "unused parameter: ..."
	Heard      []string        // what its programs warned of while they ran, each once: "smtp: cannot load ..."
	Version    string          // the mail system's
	Unsettled  []string        // what had no outcome when the deadline came
	Elapsed    time.Duration
}

// Run runs a case in a lab of its own. The record is there even beside an error,
// which is always the lab's: mail that goes astray is in the record.
func Run(ctx context.Context, d Driver, p *Prepared, deadline time.Duration) (rec Record, err error) {
	start := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, deadline, fmt.Errorf("no end within %s", deadline))
	defer cancel()
	w := newWatch(cancel)
	s, err := d.Start(ctx, p.Plan, p.Setup, w.event)
	if err == nil {
		err = drive(ctx, s, p, w)
	}
	if s != nil {
		closing, done := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer done()
		err = errors.Join(err, s.Close(closing))
	}
	rec = w.record()
	rec.Elapsed = time.Since(start)
	assign(rec.Attempts, p.Case.Messages, rec.Deliveries)
	complete(rec.Deliveries, rec.Attempts)
	if broken := w.broken(); broken != nil {
		err = broken // what came first explains the rest
	}
	return rec, err
}

func inject(ctx context.Context, s Session, i int, m scenarios.Message) error {
	cmd := wire.Command{Op: wire.OpSubmit, Message: &wire.Message{
		Index: i, From: m.From, To: m.To, Content: m.Content,
	}}
	side := wire.MailSystem
	if m.Via == "smtp" {
		cmd.Op, side = wire.OpSend, wire.Node
	}
	if _, err := s.Do(ctx, side, cmd); err != nil {
		return fmt.Errorf("message %d to %s: %w", i, strings.Join(m.To, ", "), err)
	}
	return nil
}

// A watch gathers the events of a lab.
type watch struct {
	cancel func()
	moved  chan struct{} // holds a token when something was added

	mu   sync.Mutex
	step int
	rec  Record
	logs *maillog.Tracker
	err  error
}

func newWatch(cancel func()) *watch {
	return &watch{cancel: cancel, moved: make(chan struct{}, 1), logs: maillog.NewTracker()}
}

func (w *watch) expect(index int, m scenarios.Message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if id := maillog.MessageID(m.Content); id != "" {
		w.logs.Expect(index, id)
		return
	}
	w.logs.ExpectNameless(index, m.From)
}

func (w *watch) event(side wire.Side, ev wire.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch ev.Kind {
	case wire.KindLog:
		w.rec.Log = append(w.rec.Log, ev.Log)
		w.logs.Line(ev.Log)
		if text, ok := configWarning(ev.Log); ok {
			w.rec.Warnings = append(w.rec.Warnings, text)
		} else if text, ok := runtimeWarning(ev.Log); ok && len(w.rec.Heard) < maxHeard && !slices.Contains(w.rec.Heard, text) {
			w.rec.Heard = append(w.rec.Heard, text)
		}
		if line, fatal := w.logs.Fatal(); fatal {
			w.fail(&wire.Error{Kind: kindFatal, Message: line})
		}
	case wire.KindAttempt:
		a := *ev.Attempt
		a.Step = w.step
		w.rec.Attempts = append(w.rec.Attempts, a)
		if err := faultOf(a); err != nil {
			w.fail(err)
		}
	case wire.KindQuestion:
		w.rec.Questions = append(w.rec.Questions, *ev.Question)
	case wire.KindReady:
		if side == wire.MailSystem {
			w.rec.Version = ev.Text
		}
	case wire.KindError:
		if ev.ID == 0 {
			w.fail(ev.Error)
		}
	}
	select {
	case w.moved <- struct{}{}:
	default:
	}
}

// faultOf is what is wrong with a receiver: a refusal for that is no outcome to
// compare.
func faultOf(a mail.Attempt) *wire.Error {
	if a.Fault == "" {
		return nil
	}
	return &wire.Error{Kind: "receiver", Message: fmt.Sprintf("receiver %s: %s", a.Receiver, a.Fault)}
}

// checkers are the programs that read the configuration before the mail system
// starts, as the log names them.
var checkers = []string{"postconf", "postmap", "newaliases"}

// configWarning reads a line in which one of them finds fault.
func configWarning(line string) (string, bool) {
	l, ok := maillog.ParseLine(line)
	return l.Text, ok && slices.Contains(checkers, l.Program) && l.Severity == maillog.Warning
}

// maxHeard bounds what programs are heard to warn of.
const maxHeard = 10

// runtimeWarning reads a line in which a program that is none of those warns. Mail may
// go out all the same, and in clear, say, because certificates cannot be loaded.
func runtimeWarning(line string) (string, bool) {
	l, ok := maillog.ParseLine(line)
	// The line that tells what comes of it has no severity.
	warns := l.Severity == maillog.Warning && !strings.HasPrefix(l.Text, "TLS library problem") || strings.Contains(l.Text, "disabling TLS support")
	return l.Program + ": " + l.Text, ok && warns
}

// fail ends the case with the first error of the lab. A later one takes its place
// only if it knows the file: the line in which a program dies is told before the
// error that says where its reason stands.
func (w *watch) fail(err *wire.Error) {
	if placed, ok := errors.AsType[*wire.Error](w.err); ok && placed.File == "" && err.File != "" {
		w.err = err
	}
	if w.err == nil {
		w.err = err
		w.cancel()
	}
}

func (w *watch) broken() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// settle waits until every message, and every notice about one, has an outcome.
// At the deadline it notes what is missing; that is for the verdict to judge.
func (w *watch) settle(ctx context.Context) error {
	for {
		w.mu.Lock()
		missing, err := w.logs.Settled(), w.err
		w.mu.Unlock()
		if err != nil || len(missing) == 0 {
			return err
		}
		select {
		case <-w.moved:
		case <-ctx.Done():
			w.mu.Lock()
			defer w.mu.Unlock()
			if errors.Is(ctx.Err(), context.DeadlineExceeded) && w.err == nil {
				w.rec.Unsettled = missing
				return nil
			}
			return fmt.Errorf("no outcome yet for %s: %w", strings.Join(missing, ", "), context.Cause(ctx))
		}
	}
}

func (w *watch) record() Record {
	w.mu.Lock()
	defer w.mu.Unlock()
	rec := w.rec
	rec.Deliveries, rec.Notices = w.logs.Deliveries(), w.logs.Notices()
	return rec
}

// assign says of each attempt which message of the case it was about: the one
// with its Message-ID or, where the receiver saw no content, the only one of those
// that were tried in its step that goes from its sender to its recipients. A message
// without a Message-ID may have been given one on its way: it is the one that comes
// from its sender with an id that no other has.
func assign(attempts []mail.Attempt, messages []scenarios.Message, deliveries []mail.Delivery) {
	byID := map[string]int{}
	for i, m := range messages {
		byID[maillog.MessageID(m.Content)] = i
	}
	for k := range attempts {
		a := &attempts[k]
		a.Message = -1
		if i, ok := byID[a.MessageID]; ok && a.MessageID != "" {
			a.Message = i
			continue
		}
		seen := a.MessageID != "" || a.Stage == mail.Data // the content
		if i, ok := byID[""]; ok && seen && nameless(*a, messages[i]) {
			a.Message = i
		} else if a.MessageID == "" && (a.From != "" || len(a.Recipients) > 0) {
			a.Message = onlyMessage(messages, deliveries, *a)
		}
	}
}

// nameless tells whether an attempt can be about the message that was sent without a
// Message-ID. Postfix may write its sender anew; notices come from the null sender, too,
// and go to others.
func nameless(a mail.Attempt, m scenarios.Message) bool {
	if m.From != "" {
		return a.From != "" && !strings.HasPrefix(a.From, "double-bounce@")
	}
	return a.From == "" && !slices.ContainsFunc(a.Recipients, func(r string) bool { return !slices.Contains(m.To, r) })
}

// onlyMessage finds the one message that an attempt without content can be about:
// the only one from its sender, or the only one of those to its recipients.
func onlyMessage(messages []scenarios.Message, deliveries []mail.Delivery, a mail.Attempt) int {
	var same, exact []int
	for i, m := range messages {
		if !strings.EqualFold(m.From, a.From) || !triedIn(a.Step, i, m, deliveries) {
			continue
		}
		same = append(same, i)
		if !slices.ContainsFunc(a.Recipients, func(r string) bool { return !slices.Contains(m.To, r) }) {
			exact = append(exact, i)
		}
	}
	switch {
	case len(same) == 1:
		return same[0]
	case len(exact) == 1:
		return exact[0]
	}
	return -1
}

// triedIn tells whether a message can have been tried in a step: it was sent by then
// and, if anything is known of it, something became of it in that step.
func triedIn(step, index int, m scenarios.Message, deliveries []mail.Delivery) bool {
	if m.Step > step {
		return false
	}
	known := false
	for _, d := range deliveries {
		if d.Message == index {
			if known = true; d.Step == step {
				return true
			}
		}
	}
	return !known
}
