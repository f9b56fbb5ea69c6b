//go:build !linux

package node

import (
	"context"
	"errors"
	"io"
)

var errLinux = errors.New("node: network namespaces need linux; this program runs inside a lab's container")

// Run reports that it needs linux.
func Run(context.Context, io.Reader, io.Writer, string, ...string) error { return errLinux }

// RunInternet reports that it needs linux.
func RunInternet(context.Context, io.Reader, io.Writer) error { return errLinux }
