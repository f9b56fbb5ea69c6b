package containers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/testcontainers/testcontainers-go"

	"strictmx/internal/wire"
)

// A Lab is what to start.
type Lab struct {
	Plan   wire.Plan
	Setup  wire.Setup
	Images Images
	// Listen is called with every event, those of one side in order and never two
	// at a time. Nil is allowed.
	Listen func(wire.Side, wire.Event)
}

// A Running is a lab that was started.
type Running struct {
	Versions map[wire.Side]string // what each said when it was ready: Postfix's is "3.7.11"

	engine *Engine
	sides  map[wire.Side]*side
}

// A side is one container of a running lab.
type side struct {
	*Process
	container testcontainers.Container // nil until it is created
	started   bool                     // whether the engine said that it runs
}

// begin starts the container.
func (s *side) begin(ctx context.Context) error {
	err := s.container.Start(ctx)
	s.started = err == nil
	return err
}

// serial numbers the labs of this process.
var serial atomic.Int64

// closeTime bounds the removal of a lab.
const closeTime = 30 * time.Second

// Start makes a lab and returns when the mail system is ready to take messages.
// Beside an error nothing is left of it. What the node or the mail system says it
// cannot do is a [*wire.Error].
func (e *Engine) Start(ctx context.Context, l Lab) (*Running, error) {
	r := &Running{engine: e, sides: map[wire.Side]*side{}, Versions: map[wire.Side]string{}}
	for _, s := range []wire.Side{wire.Node, wire.MailSystem} {
		p := NewProcess(nil)
		p.api = e.client
		if l.Listen != nil {
			p.Listen = func(ev wire.Event) { l.Listen(s, ev) }
		}
		r.sides[s] = &side{Process: p}
	}
	err := r.start(ctx, l)
	if err == nil {
		return r, nil
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
	defer cancel()
	return nil, errors.Join(err, r.Close(closing))
}

func (r *Running) start(ctx context.Context, l Lab) error {
	e, node, mta := r.engine, r.sides[wire.Node], r.sides[wire.MailSystem]
	a := e.takeAnchor(l)
	defer e.leaveAnchor(a)
	name := fmt.Sprintf("strictmx-%s-%d", e.lease.run, serial.Add(1))
	err := together(
		func() error { return e.freshNetwork(ctx, a, l.Images.Node) },
		func() (err error) {
			node.container, err = e.create(ctx, l.Images.Node, name+"-node", nodeContainer(a.network()), node.Process)
			return err
		},
		func() (err error) {
			mta.container, err = e.create(ctx, l.Images.Postfix, name+"-mta", MailSystemContainer(a.network()), mta.Process)
			return err
		},
	)
	if err != nil {
		return err
	}
	err = together(
		func() error { return r.startNode(ctx, l.Plan) },
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
		return mta.why(wire.MailSystem, err)
	}
	return nil
}

func (r *Running) startNode(ctx context.Context, plan wire.Plan) (err error) {
	node := r.sides[wire.Node]
	if err = node.begin(ctx); err == nil {
		r.Versions[wire.Node], err = node.Begin(ctx, plan)
	}
	if err != nil {
		return node.why(wire.Node, err)
	}
	return nil
}

// checkSetup starts the mail system's container, which checks the set-up and waits.
func (r *Running) checkSetup(ctx context.Context, setup wire.Setup) (err error) {
	mta := r.sides[wire.MailSystem]
	setup.Hold = true
	if err = mta.begin(ctx); err == nil {
		err = mta.send(ctx, setup)
	}
	if err != nil {
		return mta.why(wire.MailSystem, err)
	}
	return nil
}

// why prefers what the process said to what came of it.
func (s *side) why(which wire.Side, err error) error {
	if told, ok := errors.AsType[*wire.Error](s.reason(err)); ok {
		return told
	}
	return fmt.Errorf("%s: %w", which, err)
}

// createTime bounds the making of a container.
const createTime = time.Minute

// create makes a container without starting it. It does not end with ctx: the
// engine makes what it was asked for in any case, and only its answer tells what
// there is to remove.
func (e *Engine) create(ctx context.Context, image, name string, opts ...testcontainers.ContainerCustomizer) (testcontainers.Container, error) {
	req := testcontainers.GenericContainerRequest{
		ContainerRequest: testcontainers.ContainerRequest{Image: image, Name: name},
	}
	for _, opt := range opts {
		if err := opt.Customize(&req); err != nil {
			return nil, err
		}
	}
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), createTime)
	defer cancel()
	return e.provider.CreateContainer(ctx, req.ContainerRequest)
}

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
	p, ok := r.sides[s]
	if !ok {
		return wire.Event{}, fmt.Errorf("side %q: want %s or %s", s, wire.Node, wire.MailSystem)
	}
	ev, err := p.Do(ctx, cmd)
	if err != nil {
		return ev, p.why(s, err)
	}
	return ev, nil
}

// Close ends the lab, in whatever state it is, and returns when both containers
// are gone and all events were told. It may be called more than once.
func (r *Running) Close(ctx context.Context) error {
	remove := func(s *side) func() error {
		return func() error {
			if s.container == nil {
				return nil
			}
			err := removeContainer(ctx, r.engine.client, s.container.GetContainerID())
			if !s.started { // the engine does not end the streams of what never ran
				err = errors.Join(err, s.Hangup())
			}
			return errors.Join(err, s.Drain(ctx), s.Hangup())
		}
	}
	return together(remove(r.sides[wire.Node]), remove(r.sides[wire.MailSystem]))
}
