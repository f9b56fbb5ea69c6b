package confine

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Enter gives this process, which must be the first in new process, mount, IPC and
// UTS namespaces, a system of its own whose machine has the name host, and takes its
// privileges away. The root file system must be read only before: it is what the
// system is made from. After an error the process is of no use.
func Enter(host string) error {
	if pid := os.Getpid(); pid != 1 {
		return fmt.Errorf("confine: process %d, want the first of a namespace", pid)
	}
	if err := onlyRead("/"); err != nil {
		return fmt.Errorf("confine: %w", err)
	}
	if err := unix.Sethostname([]byte(host)); err != nil {
		return fmt.Errorf("confine: host name: %w", err)
	}
	if err := newRoot(host); err != nil {
		return fmt.Errorf("confine: %w", err)
	}
	if err := dropPrivileges(); err != nil {
		return fmt.Errorf("confine: %w", err)
	}
	return nil
}

// onlyRead wants a file system to be read only: what others write to it would shine
// through.
func onlyRead(path string) error {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return err
	}
	if s.Flags&unix.ST_RDONLY == 0 {
		return errors.New("the root file system can be written")
	}
	return nil
}
