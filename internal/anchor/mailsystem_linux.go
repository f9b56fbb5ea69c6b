package anchor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"golang.org/x/sys/unix"

	"strictmx/internal/wire"
)

// ownNamespaces are those of a mail system, beside the network's.
const ownNamespaces = unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS

// A mailSide starts mail systems.
type mailSide struct {
	self string
	args []string
	home *namespace
}

// RunMailSystem is the first process of the mail system's container. A lab's mail
// system is self, the program's own file, with args and the host's name. It must make
// itself a system of its own and say with an event of kind done that it has; what it
// reads then is the set-up. RunMailSystem must be called by the main goroutine, and
// returns when in ends or ctx is done.
func RunMailSystem(ctx context.Context, in io.Reader, out io.Writer, self string, args ...string) error {
	home, err := present()
	if err != nil {
		return err
	}
	defer home.close()
	return run(ctx, in, out, &mailSide{self: self, args: args, home: home})
}

func (s *mailSide) begin(cmd wire.Command) (*child, error) {
	if cmd.Setup == nil || cmd.Setup.Hostname == "" {
		return nil, fmt.Errorf("%s: want a set-up with a host name", wire.OpFresh)
	}
	c, err := s.start(cmd.Setup.Hostname)
	if err != nil {
		return nil, &wire.Error{Kind: KindUnable, Message: err.Error()}
	}
	if err := c.sendJSON(cmd.Setup); err != nil {
		c.drop()
		return nil, err
	}
	return c, nil
}

func (s *mailSide) start(host string) (*child, error) {
	lab, err := askNetwork()
	if err != nil {
		return nil, err
	}
	defer lab.close()
	if err := lab.enter(); err != nil {
		return nil, fmt.Errorf("the lab's network: %w", err)
	}
	c, err := startChild("mail-system", ownNamespaces, s.self, append(slices.Clone(s.args), host)...)
	if err != nil {
		err = fmt.Errorf("namespaces for a mail system: %w", err)
	}
	if back := s.home.enter(); back != nil {
		err = errors.Join(err, fmt.Errorf("back from the lab's network: %w", back))
	}
	if err == nil {
		err = c.confined()
	}
	if err != nil && c != nil {
		c.drop()
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// leave has nothing to do: only the start of a child takes the thread away from home.
func (s *mailSide) leave() error { return nil }

// confined reads the child's first word, which says if it has a system of its own.
func (c *child) confined() error {
	line, err := c.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("%s ended before it began: %w", c.name, err)
	}
	var ev wire.Event
	if err := json.Unmarshal(line, &ev); err != nil {
		return fmt.Errorf("%s said %q first: %w", c.name, line, err)
	}
	if ev.Error != nil {
		return ev.Error
	}
	if ev.Kind != wire.KindDone {
		return fmt.Errorf("%s said %s first, want %s", c.name, ev.Kind, wire.KindDone)
	}
	return nil
}
