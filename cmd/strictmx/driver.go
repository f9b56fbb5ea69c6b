package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"strictmx/containers"
	"strictmx/internal/lab"
	"strictmx/internal/wire"
)

// containerDriver makes labs of containers.
type containerDriver struct {
	engine *containers.Engine
	images containers.Images
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
	n, err := e.Sweep(ctx)
	if n > 0 {
		say(fmt.Sprintf("removed %d containers of runs that had died", n))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("containers of earlier runs: %w", err), e.Close())
	}
	images, err := e.Prepare(ctx, say)
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return &containerDriver{engine: e, images: images}, nil
}

func (d *containerDriver) Start(
	ctx context.Context, plan wire.Plan, setup wire.Setup, listen func(wire.Side, wire.Event),
) (lab.Session, error) {
	r, err := d.engine.Start(ctx, containers.Lab{Plan: plan, Setup: setup, Images: d.images, Listen: listen})
	if err != nil {
		return nil, err // and not a nil session in an interface
	}
	return r, nil
}
