package lab

import (
	"context"

	"strictmx/internal/wire"
)

// A Driver makes labs: a node with the pretend internet, and a mail system that
// can reach nothing else.
type Driver interface {
	// Start makes a lab and returns when the mail system is ready to take
	// messages. Events go to listen, those of one side in order and never two at
	// a time, until Close has returned.
	Start(ctx context.Context, plan wire.Plan, setup wire.Setup, listen func(wire.Side, wire.Event)) (Session, error)
}

// A Session is one lab while it runs.
type Session interface {
	// Do carries out a command and returns the event that ended it. An event of
	// kind error is returned as a [*wire.Error].
	Do(ctx context.Context, side wire.Side, cmd wire.Command) (wire.Event, error)
	// Close removes the lab, whatever state it is in.
	Close(ctx context.Context) error
}
