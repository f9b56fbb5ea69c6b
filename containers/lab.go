package containers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"strictmx/internal/wire"
)

// A Lab is what to start.
type Lab struct {
	Plan   wire.Plan
	Setup  wire.Setup // with a host name
	Images Images
	// Listen is called with every event, those of one side in order and never two
	// at a time. Nil is allowed.
	Listen func(wire.Side, wire.Event)
	// Fresh has both containers made for this lab and removed after it. Otherwise they
	// are kept for the next one, where that is possible, as empty as they were.
	Fresh bool
}

// A Running is a lab that was started.
type Running struct {
	Versions map[wire.Side]string // what each said when it was ready: Postfix's is "3.7.11"

	engine *Engine
	slot   *slot       // nil after the end
	up     bool        // it came up
	late   atomic.Bool // its context ended before it did
	unbind func() bool // no longer watches the context
}

// serial numbers the labs of this process.
var serial atomic.Int64

// closeTime bounds the removal of a lab.
const closeTime = 30 * time.Second

// createTime bounds the making of a container.
const createTime = time.Minute

// Start makes a lab and returns when the mail system is ready to take messages.
// Beside an error nothing is left of it. What the node or the mail system says it
// cannot do is a [*wire.Error]. Where ctx ends before the lab is closed, its containers
// are not used again.
func (e *Engine) Start(ctx context.Context, l Lab) (*Running, error) {
	w := e.wayOf(l)
	r, err := e.begin(ctx, l, w)
	if w == keepBoth && unable(err) {
		e.keepLess(err)
		return e.begin(ctx, l, keepNode)
	}
	return r, err
}

func (e *Engine) begin(ctx context.Context, l Lab, w way) (*Running, error) {
	r := &Running{Versions: map[wire.Side]string{}, engine: e, slot: e.take(l, w)}
	r.unbind = context.AfterFunc(ctx, func() { r.late.Store(true) })
	err := r.start(ctx, l)
	if err == nil {
		r.up = true
		return r, nil
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
	defer cancel()
	return nil, errors.Join(err, r.Close(closing))
}

func (r *Running) start(ctx context.Context, l Lab) error {
	if err := r.engine.run(ctx, r.slot, l.Images); err != nil {
		return err
	}
	node, mta := r.slot.node, r.slot.mta
	node.serve(l.told(wire.Node))
	mta.serve(l.told(wire.MailSystem))
	// The network is there when this is done; its devices, addresses and servers come
	// while the mail system looks at its set-up.
	if _, err := node.Do(ctx, freshLab(&l.Plan, nil)); err != nil {
		return why(node.Process, wire.Node, err)
	}
	err := together(
		func() (err error) {
			if r.Versions[wire.Node], err = node.await(ctx); err != nil {
				return why(node.Process, wire.Node, err)
			}
			return nil
		},
		func() error { return r.checkSetup(ctx, l.Setup) },
	)
	if err != nil {
		return err
	}
	// The addresses are there: Postfix may listen on them.
	if _, err := r.Do(ctx, wire.MailSystem, wire.Command{Op: wire.OpStart}); err != nil {
		return err
	}
	if r.Versions[wire.MailSystem], err = mta.await(ctx); err != nil {
		return why(mta.Process, wire.MailSystem, err)
	}
	return nil
}

// told is who listens to a side.
func (l Lab) told(s wire.Side) func(wire.Event) {
	if l.Listen == nil {
		return nil
	}
	return func(ev wire.Event) { l.Listen(s, ev) }
}

// checkSetup starts the mail system, which checks the set-up and waits.
func (r *Running) checkSetup(ctx context.Context, setup wire.Setup) error {
	setup.Hold = true
	mta := r.slot.mta
	if r.slot.way == keepBoth {
		if _, err := mta.Do(ctx, freshLab(nil, &setup)); err != nil {
			return why(mta.Process, wire.MailSystem, err)
		}
		return nil
	}
	err := mta.start(ctx)
	if err == nil {
		err = mta.send(ctx, setup)
	}
	if err != nil {
		return why(mta.Process, wire.MailSystem, err)
	}
	return nil
}

// why prefers what the process said to what came of it.
func why(p *Process, s wire.Side, err error) error {
	if told, ok := asTold(p.reason(err)); ok {
		return told
	}
	return fmt.Errorf("%s: %w", s, err)
}

// asTold finds the error that a process told.
func asTold(err error) (*wire.Error, bool) { return errors.AsType[*wire.Error](err) }

// together runs functions side by side.
func together(fs ...func() error) error {
	errs := make([]error, len(fs))
	var wg sync.WaitGroup
	for i, f := range fs {
		wg.Go(func() { errs[i] = f() })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Do carries out a command on one side and returns the event that ended it. An
// event of kind error is returned as a [*wire.Error].
func (r *Running) Do(ctx context.Context, s wire.Side, cmd wire.Command) (wire.Event, error) {
	if r.slot == nil {
		return wire.Event{}, errors.New("the lab has ended")
	}
	b := r.slot.mta
	switch s {
	case wire.Node:
		b = r.slot.node
	case wire.MailSystem:
	default:
		return wire.Event{}, fmt.Errorf("side %q of the lab: there is none", s)
	}
	ev, err := b.Do(ctx, cmd)
	if err != nil {
		return ev, why(b.Process, s, err)
	}
	return ev, nil
}

// Close ends the lab, in whatever state it is, and returns when all its processes have
// ended and all events were told. It may be called more than once.
func (r *Running) Close(ctx context.Context) error {
	s := r.slot
	if s == nil {
		return nil
	}
	r.slot = nil
	r.unbind()
	return r.engine.leave(ctx, s, r.up && !r.late.Load())
}
