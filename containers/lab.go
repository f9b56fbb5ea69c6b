package containers

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/moby/moby/client"
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
	node   *node // nil after the end
	mta    *Process
	good   bool // it came up

	container testcontainers.Container // the mail system's; nil until it is created
	started   bool                     // whether the engine said that it runs
}

// serial numbers the labs of this process.
var serial atomic.Int64

// closeTime bounds the removal of a lab.
const closeTime = 30 * time.Second

// Start makes a lab and returns when the mail system is ready to take messages.
// Beside an error nothing is left of it. What the node or the mail system says it
// cannot do is a [*wire.Error].
func (e *Engine) Start(ctx context.Context, l Lab) (*Running, error) {
	told := func(s wire.Side) func(wire.Event) {
		if l.Listen == nil {
			return nil
		}
		return func(ev wire.Event) { l.Listen(s, ev) }
	}
	r := &Running{
		Versions: map[wire.Side]string{},
		engine:   e, node: e.takeNode(l), mta: NewProcess(told(wire.MailSystem)),
	}
	r.mta.api = e.client
	r.node.serve(told(wire.Node))
	err := r.start(ctx, l)
	if err == nil {
		r.good = true
		return r, nil
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
	defer cancel()
	return nil, errors.Join(err, r.Close(closing))
}

func (r *Running) start(ctx context.Context, l Lab) error {
	e, n := r.engine, r.node
	name := fmt.Sprintf("strictmx-%s-%d-mta", e.lease.run, serial.Add(1))
	err := together(
		func() error { return e.run(ctx, n, l.Images.Node) },
		func() (err error) {
			r.container, err = e.create(ctx, l.Images.Postfix, name, MailSystemContainer(n.network()), r.mta)
			return err
		},
	)
	if err != nil {
		return err
	}
	// The network is there when this is done; its devices, addresses and servers come
	// while the other container starts.
	if _, err := n.Do(ctx, wire.Command{Op: wire.OpFresh, Plan: &l.Plan}); err != nil {
		return why(n.Process, wire.Node, err)
	}
	err = together(
		func() (err error) {
			if r.Versions[wire.Node], err = n.await(ctx); err != nil {
				return why(n.Process, wire.Node, err)
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
	if r.Versions[wire.MailSystem], err = r.mta.await(ctx); err != nil {
		return why(r.mta, wire.MailSystem, err)
	}
	return nil
}

// checkSetup starts the mail system's container, which checks the set-up and waits.
func (r *Running) checkSetup(ctx context.Context, setup wire.Setup) error {
	setup.Hold = true
	err := r.container.Start(ctx)
	if err == nil {
		r.started = true
		err = r.mta.send(ctx, setup)
	}
	if err != nil {
		return why(r.mta, wire.MailSystem, err)
	}
	return nil
}

// why prefers what the process said to what came of it.
func why(p *Process, s wire.Side, err error) error {
	if told, ok := errors.AsType[*wire.Error](p.reason(err)); ok {
		return told
	}
	return fmt.Errorf("%s: %w", s, err)
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
	p := r.mta
	switch {
	case s == wire.Node && r.node != nil:
		p = r.node.Process
	case s != wire.MailSystem:
		return wire.Event{}, fmt.Errorf("side %q of the lab: there is none", s)
	}
	ev, err := p.Do(ctx, cmd)
	if err != nil {
		return ev, why(p, s, err)
	}
	return ev, nil
}

// Close ends the lab, in whatever state it is, and returns when the mail system's
// container is gone, the node has ended, and all events were told. It may be called
// more than once.
func (r *Running) Close(ctx context.Context) error {
	n := r.node
	r.node = nil
	return together(
		func() error {
			if n == nil {
				return nil
			}
			return r.engine.leaveNode(ctx, n, r.good)
		},
		func() error { return discard(ctx, r.engine.client, r.container, r.started, r.mta) },
	)
}

// discard removes a container, if there is one, and returns when all its process
// said was told.
func discard(ctx context.Context, api client.APIClient, c testcontainers.Container, started bool, p *Process) error {
	if c == nil {
		return nil
	}
	err := removeContainer(ctx, api, c.GetContainerID())
	if !started { // the engine does not end the streams of what never ran
		err = errors.Join(err, p.Hangup())
	}
	return errors.Join(err, p.Drain(ctx), p.Hangup())
}
