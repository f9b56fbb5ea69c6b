package containers

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/testcontainers/testcontainers-go"

	"strictmx/internal/wire"
)

// A box is one container of a lab, from the plan to make it on.
type box struct {
	*Process
	name      string
	container testcontainers.Container // nil until it is created
	started   bool                     // whether the engine said that it runs

	mu     sync.Mutex
	listen func(wire.Event) // of the lab at hand
}

func (e *Engine) newBox(name string) *box {
	b := &box{name: name}
	b.Process = NewProcess(b.deliver)
	b.api = e.client
	return b
}

func (b *box) deliver(ev wire.Event) {
	b.mu.Lock()
	listen := b.listen
	b.mu.Unlock()
	if listen != nil {
		listen(ev)
	}
}

// serve has events told to another function.
func (b *box) serve(listen func(wire.Event)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listen = listen
}

// create makes a container, unless it is there, without starting it. It does not end
// with ctx: the engine makes what it was asked for in any case, and only its answer
// tells what there is to remove.
func (e *Engine) create(ctx context.Context, b *box, image string, custom testcontainers.ContainerCustomizer) error {
	if b.container != nil {
		return nil
	}
	req := testcontainers.GenericContainerRequest{
		ContainerRequest: testcontainers.ContainerRequest{Image: image, Name: b.name},
	}
	for _, c := range []testcontainers.ContainerCustomizer{custom, b.Process} {
		if err := c.Customize(&req); err != nil {
			return err
		}
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), createTime)
	defer cancel()
	c, err := e.provider.CreateContainer(ctx, req.ContainerRequest)
	if err != nil {
		return fmt.Errorf("container %s: %w", b.name, err)
	}
	b.container = c
	return nil
}

// start starts it, unless it runs.
func (b *box) start(ctx context.Context) error {
	if b.started {
		return nil
	}
	if err := b.container.Start(ctx); err != nil {
		return fmt.Errorf("container %s: %w", b.name, err)
	}
	b.started = true
	return nil
}

// endLab ends the lab in a kept container, and tells whether the container can hold
// another.
func (b *box) endLab(ctx context.Context) bool {
	if b.reason(nil) != nil {
		return false
	}
	_, err := b.Do(ctx, wire.Command{Op: wire.OpEnd})
	b.serve(nil)
	return err == nil && b.reason(nil) == nil
}

// discard removes a container, if there is one, and returns when all its process
// said was told.
func (e *Engine) discard(ctx context.Context, b *box) error {
	if b == nil || b.container == nil {
		return nil
	}
	err := removeContainer(ctx, e.client, b.container.GetContainerID())
	if !b.started { // the engine does not end the streams of what never ran
		err = errors.Join(err, b.Hangup())
	}
	return errors.Join(err, b.Drain(ctx), b.Hangup())
}
