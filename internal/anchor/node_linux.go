package anchor

import (
	"context"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"

	"strictmx/internal/wire"
)

// A nodeSide makes nodes: a network namespace for the mail system, joined to one with
// the process of the internet side.
type nodeSide struct {
	connect func(pid int, plan wire.Plan) error
	self    string   // the program's file
	args    []string // that make it the internet side
	home    *namespace
	door    *door
}

// RunNode is the first process of the node's container. The internet side is self, the
// program's own file, with args; connect joins the calling thread's network namespace
// to that of its process. RunNode must be called by the main goroutine, and returns
// when in ends or ctx is done.
func RunNode(
	ctx context.Context, in io.Reader, out io.Writer, connect func(pid int, plan wire.Plan) error, self string, args ...string,
) error {
	home, err := present()
	if err != nil {
		return err
	}
	defer home.close()
	d, err := openDoor()
	if err != nil {
		return err
	}
	defer d.close()
	return run(ctx, in, out, &nodeSide{connect: connect, self: self, args: args, home: home, door: d})
}

func (s *nodeSide) begin(cmd wire.Command) (*child, error) {
	if cmd.Plan == nil {
		return nil, fmt.Errorf("%s: want a plan", wire.OpFresh)
	}
	if err := freshNetwork(); err != nil {
		return nil, fmt.Errorf("new network namespace: %w", err)
	}
	c, err := s.start(*cmd.Plan)
	if err != nil {
		return nil, errors.Join(err, s.leave())
	}
	return c, nil
}

func (s *nodeSide) start(plan wire.Plan) (*child, error) {
	lab, err := present()
	if err != nil {
		return nil, err
	}
	s.door.show(lab)
	c, err := startChild("node", unix.CLONE_NEWNET, s.self, s.args...)
	if err != nil {
		return nil, fmt.Errorf("network namespace of the internet side: %w", err)
	}
	if err := errors.Join(s.connect(c.cmd.Process.Pid, plan), c.sendJSON(plan)); err != nil {
		c.drop()
		return nil, err
	}
	return c, nil
}

// leave goes back, so that the lab's namespace ends with the last process in it.
func (s *nodeSide) leave() error {
	s.door.show(nil)
	return s.home.enter()
}

// freshNetwork moves to a new namespace and brings its loopback up: Postfix wants
// an active device before it looks at its configuration.
func freshNetwork() error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return err
	}
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	defer unix.Close(s)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	if err := unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, lo); err != nil {
		return fmt.Errorf("loopback up: %w", err)
	}
	return nil
}
