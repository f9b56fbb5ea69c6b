//go:build !linux

package anchor

import (
	"context"
	"errors"
	"io"

	"strictmx/internal/wire"
)

var errSystem = errors.New("anchor runs in a Linux container only")

// RunNode says that it can do nothing here.
func RunNode(context.Context, io.Reader, io.Writer, func(int, wire.Plan) error, string, ...string) error {
	return errSystem
}

// RunMailSystem says that it can do nothing here.
func RunMailSystem(context.Context, io.Reader, io.Writer, string, ...string) error { return errSystem }
