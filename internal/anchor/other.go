//go:build !linux

package anchor

import (
	"context"
	"errors"
	"io"
)

// Run says that it can do nothing here.
func Run(context.Context, io.Reader, io.Writer, string, ...string) error {
	return errors.New("anchor runs in a Linux container only")
}
