package anchor

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"strictmx/internal/wire"
)

// endTime is how long a child may take to end by itself.
const endTime = 2 * time.Second

// A child is the process of one lab.
type child struct {
	name   string // for errors
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	out    *bufio.Reader
	ending atomic.Bool
	done   chan struct{} // closed when it has ended and all it said was passed on
}

// startChild starts a program in the calling thread's namespaces, but those that
// flags, as of clone(2), make new.
func startChild(name string, flags uintptr, self string, args ...string) (*child, error) {
	c := &child{name: name, cmd: exec.Command(self, args...), done: make(chan struct{})}
	// A pipe of its own, copied: labs have no open file in common.
	c.cmd.Stderr = struct{ io.Writer }{os.Stderr}
	c.cmd.WaitDelay = endTime
	c.cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"} // and not the engine's
	// No signal at the parent's death: that is the container's first process, with
	// which all others end.
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags}
	var err error
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	c.out = bufio.NewReaderSize(out, 64<<10)
	return c, nil
}

// send gives a line to the child.
func (c *child) send(line []byte) error {
	if _, err := c.stdin.Write(line); err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	return nil
}

// sendJSON gives a value to the child, as a line.
func (c *child) sendJSON(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return c.send(append(b, '\n'))
}

// serve passes on what the child says until it ends, and tells if that was its own
// doing.
func (c *child) serve(write func([]byte) error) {
	defer close(c.done)
	for {
		line, err := c.out.ReadBytes('\n')
		if err != nil {
			break // its end
		}
		if write(line) != nil {
			break // the runner is gone, and so are we soon
		}
	}
	err := c.cmd.Wait()
	if c.ending.Load() {
		return
	}
	why := "ended by itself"
	if err != nil {
		why = err.Error()
	}
	b, err := json.Marshal(wire.Event{
		Kind: wire.KindError, Error: &wire.Error{Kind: c.name, Message: fmt.Sprintf("%s: %s", c.name, why)},
	})
	if err == nil {
		_ = write(append(b, '\n')) // as above
	}
}

// end closes the child's input, after which it ends by itself, and waits.
func (c *child) end() {
	c.ending.Store(true)
	c.stdin.Close()
	late := time.AfterFunc(endTime, func() { c.cmd.Process.Kill() })
	defer late.Stop()
	<-c.done
	// What it left behind is ours now, and no other process of ours is waited for.
	for {
		if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); pid <= 0 || err != nil {
			return
		}
	}
}

// drop ends a child that nobody listens to.
func (c *child) drop() {
	c.cmd.Process.Kill()
	c.ending.Store(true)
	c.serve(func([]byte) error { return io.ErrClosedPipe })
}
