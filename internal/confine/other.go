//go:build !linux

package confine

import "errors"

// Enter says that it can do nothing here.
func Enter(string) error { return errors.New("confine runs in a Linux container only") }
