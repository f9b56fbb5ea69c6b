package confine

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// lent is the capability that the making of namespaces takes, and that a container
// does not have by default.
const lent = unix.CAP_SYS_ADMIN

// dropPrivileges takes the lent capability and its system calls away from all
// threads, for good: a program cannot get what is not in its bounding set
// (capabilities(7)), and a filter is inherited (seccomp(2)).
func dropPrivileges() error {
	if err := filterCalls(unix.SECCOMP_FILTER_FLAG_TSYNC); err != nil { // takes what is dropped next
		return fmt.Errorf("filter of system calls: %w", err)
	}
	if _, _, errno := syscall.AllThreadsSyscall(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, lent, 0); errno != 0 {
		return fmt.Errorf("bounding set: %w", errno)
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil {
		return fmt.Errorf("capabilities: %w", err)
	}
	s, bit := &sets[lent/32], uint32(1)<<(lent%32)
	s.Effective &^= bit
	s.Permitted &^= bit
	s.Inheritable &^= bit
	_, _, errno := syscall.AllThreadsSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&sets[0])), 0)
	runtime.KeepAlive(&header)
	runtime.KeepAlive(&sets)
	if errno != 0 {
		return fmt.Errorf("capabilities: %w", errno)
	}
	return dropped()
}

// dropped wants every thread to be without what was lent.
func dropped() error {
	if err := unix.Unshare(0); err != unix.EPERM {
		return fmt.Errorf("filter of system calls: unshare was let through: %v", err)
	}
	names, err := filepath.Glob("/proc/self/task/*/status")
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return fmt.Errorf("capabilities: no thread in /proc/self/task")
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if os.IsNotExist(err) {
			continue // the thread ended
		}
		if err != nil {
			return err
		}
		if err := lacksLent(string(text)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// capSets is how many sets of capabilities a status of proc(5) lists.
const capSets = 5

// lacksLent reads the sets of capabilities in the status of a thread.
func lacksLent(status string) error {
	seen := 0
	for line := range strings.Lines(status) {
		name, value, ok := strings.Cut(line, ":")
		if !ok || !strings.HasPrefix(name, "Cap") {
			continue
		}
		set, err := strconv.ParseUint(strings.TrimSpace(value), 16, 64)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		seen++
		if set&(1<<lent) != 0 {
			return fmt.Errorf("%s is %x: a capability is left that was to be dropped", name, set)
		}
	}
	if seen < capSets {
		return fmt.Errorf("%d sets of capabilities, want %d", seen, capSets)
	}
	return nil
}
