//go:build !linux

package mta

import (
	"context"
	"errors"
	"io"
)

// Run says that it can do nothing here.
func Run(context.Context, io.Reader, io.Writer) error {
	return errors.New("mta runs in a Linux container only")
}
