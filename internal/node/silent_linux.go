package node

import (
	"context"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// listenSilent takes the port at address and drops every packet that comes for
// it: a client waits until its own timeout, as behind a firewall that discards.
func listenSilent(ctx context.Context, address string) (net.Listener, error) {
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var set error
		err := c.Control(func(fd uintptr) {
			// A filter that accepts no byte of any packet: "ret #0".
			filter := []unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: 0}}
			prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
			set = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &prog)
		})
		if err != nil {
			return err
		}
		return set
	}}
	return lc.Listen(ctx, "tcp", address)
}
