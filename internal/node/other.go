//go:build !linux

package node

import (
	"context"
	"errors"
	"io"

	"strictmx/internal/wire"
)

var errLinux = errors.New("node: network namespaces need linux; this program runs inside a lab's container")

// HostSide reports that it needs linux.
func HostSide(int, wire.Plan) error { return errLinux }

// RunInternet reports that it needs linux.
func RunInternet(context.Context, io.Reader, io.Writer) error { return errLinux }
