package anchor

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"

	"strictmx/internal/wire"
)

// An engine takes the namespace of a process's main thread, so that is the one that
// must move. Only here is the main goroutine sure to be on it.
func init() {
	if len(os.Args) > 1 && os.Args[1] == Name {
		runtime.LockOSThread()
	}
}

// An anchor is the container's first process.
type anchor struct {
	self string   // the program's file
	args []string // that make it a node

	mu   sync.Mutex // held for one line of output
	out  io.Writer
	node *node // nil between labs
}

// Run reads commands from in, one a line, and writes to out how they went (package
// wire). It carries out [wire.OpFresh] and [wire.OpEnd]; all others are for the
// node, which is self, the program's own file, with args. It must be called by the
// main goroutine, and returns when in ends or ctx is done.
func Run(ctx context.Context, in io.Reader, out io.Writer, self string, args ...string) error {
	if unix.Gettid() != unix.Getpid() {
		return errors.New("anchor: not on the main thread")
	}
	a := &anchor{self: self, args: args, out: out}
	defer a.end()
	lines := make(chan []byte)
	go readLines(ctx, in, lines)
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				return nil
			}
			if err := a.line(line); err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// readLines sends the lines of in, and closes the channel at its end.
func readLines(ctx context.Context, in io.Reader, to chan<- []byte) {
	defer close(to)
	r := bufio.NewReaderSize(in, 64<<10)
	for {
		line, err := r.ReadBytes('\n')
		if err != nil {
			return // its end, or as good as that
		}
		select {
		case to <- line:
		case <-ctx.Done():
			return
		}
	}
}

// line carries out one command. Its error is that of the output.
func (a *anchor) line(line []byte) error {
	var cmd wire.Command
	err := json.Unmarshal(line, &cmd)
	if err == nil {
		switch cmd.Op {
		case wire.OpFresh:
			err = a.fresh(cmd.Plan)
		case wire.OpEnd:
			a.end()
		default:
			if err = a.pass(line); err == nil {
				return nil // the node answers
			}
		}
	}
	ev := wire.Event{Kind: wire.KindDone, ID: cmd.ID}
	if err != nil {
		ev.Kind, ev.Error = wire.KindError, &wire.Error{Kind: "network", Message: err.Error()}
	}
	b, err := json.Marshal(ev)
	if err != nil {
		return err
	}
	return a.write(append(b, '\n'))
}

func (a *anchor) write(line []byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, err := a.out.Write(line)
	return err
}

// fresh moves to a new namespace and starts a node there.
func (a *anchor) fresh(plan *wire.Plan) error {
	if plan == nil {
		return fmt.Errorf("%s: want a plan", wire.OpFresh)
	}
	if a.node != nil {
		return fmt.Errorf("%s: the last lab has not ended", wire.OpFresh)
	}
	if err := freshNetwork(); err != nil {
		return fmt.Errorf("new network namespace: %w", err)
	}
	n, err := startNode(a.self, a.args, a.write)
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	a.node = n
	first, err := json.Marshal(plan)
	if err != nil {
		return err
	}
	return a.pass(append(first, '\n'))
}

// pass gives a line to the node.
func (a *anchor) pass(line []byte) error {
	if a.node == nil {
		return errors.New("no lab has begun")
	}
	if _, err := a.node.stdin.Write(line); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	return nil
}

// end ends the node, if there is one, after all it said was passed on.
func (a *anchor) end() {
	if a.node == nil {
		return
	}
	a.node.end()
	a.node = nil
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
