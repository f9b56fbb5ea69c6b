package confine

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// machines are the kernel's numbers for the architectures whose system calls we know.
var machines = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}

// newNamespaces are the flags of clone(2) that make namespaces; on all architectures
// above they are in its first argument.
const newNamespaces = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC |
	unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET

// denied are the system calls that an engine denies to a container without
// SYS_ADMIN, beside clone and clone3 (Docker's default profile for seccomp, version 20.10
// and later ones). Without the capability most would fail anyway, but a user namespace,
// in which all capabilities are to be had, takes none.
var denied = []uint32{
	unix.SYS_BPF, unix.SYS_FANOTIFY_INIT, unix.SYS_FSCONFIG, unix.SYS_FSMOUNT, unix.SYS_FSOPEN, unix.SYS_FSPICK,
	unix.SYS_LOOKUP_DCOOKIE, unix.SYS_MOUNT, unix.SYS_MOUNT_SETATTR, unix.SYS_MOVE_MOUNT, unix.SYS_NAME_TO_HANDLE_AT,
	unix.SYS_OPEN_TREE, unix.SYS_PERF_EVENT_OPEN, unix.SYS_PIVOT_ROOT, unix.SYS_QUOTACTL, unix.SYS_QUOTACTL_FD,
	unix.SYS_SETDOMAINNAME, unix.SYS_SETHOSTNAME, unix.SYS_SETNS, unix.SYS_SYSLOG, unix.SYS_UMOUNT2, unix.SYS_UNSHARE,
}

// The places of fields in struct seccomp_data: nr, arch, instruction_pointer, args[0].
const (
	offNumber = 0
	offArch   = 4
	offArg0   = 16 // its lower half, on machines that write it first
)

// x32 marks the calls of amd64's other interface.
const x32 = 0x40000000

// callFilter is a program that refuses the denied calls with EPERM, and clone3, whose
// flags cannot be read, with ENOSYS: programs then use clone.
func callFilter(machine uint32) []unix.SockFilter {
	const (
		load   = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal  = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		more   = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
		some   = unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K
		result = unix.BPF_RET | unix.BPF_K
		no     = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
		never  = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
		yes    = unix.SECCOMP_RET_ALLOW
	)
	p := []unix.SockFilter{
		{Code: load, K: offArch},
		{Code: equal, K: machine, Jt: 1},
		{Code: result, K: no},
		{Code: load, K: offNumber},
		{Code: more, K: x32, Jf: 1},
		{Code: result, K: no},
		{Code: equal, K: unix.SYS_CLONE3, Jf: 1},
		{Code: result, K: never},
	}
	for _, nr := range denied {
		p = append(p, unix.SockFilter{Code: equal, K: nr, Jf: 1}, unix.SockFilter{Code: result, K: no})
	}
	return append(p,
		unix.SockFilter{Code: equal, K: unix.SYS_CLONE, Jt: 1},
		unix.SockFilter{Code: result, K: yes},
		unix.SockFilter{Code: load, K: offArg0},
		unix.SockFilter{Code: some, K: newNamespaces, Jf: 1},
		unix.SockFilter{Code: result, K: no},
		unix.SockFilter{Code: result, K: yes},
	)
}

// filterCalls puts the filter on the calling thread, or with
// [unix.SECCOMP_FILTER_FLAG_TSYNC] on all.
func filterCalls(flags uintptr) error {
	machine, ok := machines[runtime.GOARCH]
	if !ok {
		return fmt.Errorf("system calls of %s are not known", runtime.GOARCH)
	}
	p := callFilter(machine)
	prog := unix.SockFprog{Len: uint16(len(p)), Filter: &p[0]}
	r, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&prog)))
	runtime.KeepAlive(p)
	switch {
	case errno != 0:
		return errno
	case r != 0:
		return fmt.Errorf("thread %d has another one", r)
	}
	return nil
}
