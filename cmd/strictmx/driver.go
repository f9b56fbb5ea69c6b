package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"strictmx/containers"
	"strictmx/internal/lab"
	"strictmx/internal/wire"
)

// containerDriver makes labs of containers.
type containerDriver struct {
	engine *containers.Engine
	images containers.Images
	fresh  bool // each lab has containers of its own
}

var _ lab.Driver = (*containerDriver)(nil)

// openContainers finds the engine, removes what dead runs left, and builds the
// images that are missing, telling what it does.
func openContainers(ctx context.Context, progress io.Writer) (*containerDriver, error) {
	e, err := containers.Open(ctx)
	if err != nil {
		return nil, err
	}
	say := func(s string) { fmt.Fprintf(progress, "strictmx: %s\n", s) }
	e.Report = say
	if err := sweep(ctx, e, say); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	images, err := e.Prepare(ctx, say)
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return &containerDriver{engine: e, images: images}, nil
}

// sweep removes what dead runs left.
func sweep(ctx context.Context, e *containers.Engine, say func(string)) error {
	n, err := e.Sweep(ctx)
	if n > 0 {
		say(fmt.Sprintf("removed %d containers of runs that had died", n))
	}
	if err != nil {
		return fmt.Errorf("containers of earlier runs: %w", err)
	}
	return nil
}

// sweepTime bounds the last sweep of a run.
const sweepTime = 30 * time.Second

// close sweeps once more and lets go of the engine. When a run dies while the
// engine makes a container for it, that container may come to be after the next
// run's first sweep.
func (d *containerDriver) close(ctx context.Context, progress io.Writer) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sweepTime)
	defer cancel()
	err := sweep(ctx, d.engine, func(s string) { fmt.Fprintf(progress, "strictmx: %s\n", s) })
	return errors.Join(err, d.engine.Close())
}

func (d *containerDriver) Start(
	ctx context.Context, plan wire.Plan, setup wire.Setup, listen func(wire.Side, wire.Event),
) (lab.Session, error) {
	r, err := d.engine.Start(ctx, containers.Lab{Plan: plan, Setup: setup, Images: d.images, Listen: listen, Fresh: d.fresh})
	if err != nil {
		return nil, err // and not a nil session in an interface
	}
	return r, nil
}
