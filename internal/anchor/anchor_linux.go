package anchor

import (
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
	if len(os.Args) > 1 && (os.Args[1] == NodeName || os.Args[1] == MailSystemName) {
		runtime.LockOSThread()
	}
}

// A side is what the two anchors differ in. Both methods are called by the main
// goroutine.
type side interface {
	// begin starts the process of a lab and gives it its first line. Beside an error
	// there is none.
	begin(wire.Command) (*child, error)
	// leave comes after the end of that process.
	leave() error
}

// An anchor is a container's first process.
type anchor struct {
	side side

	mu    sync.Mutex // held for one line of output
	out   io.Writer
	child *child // nil between labs
}

// run reads commands from in, one a line, and writes to out how they went (package
// wire). It carries out [wire.OpFresh] and [wire.OpEnd]; all others are for the lab's
// process. It must be called by the main goroutine, and returns when in ends or ctx is
// done.
func run(ctx context.Context, in io.Reader, out io.Writer, s side) error {
	if unix.Gettid() != unix.Getpid() {
		return errors.New("anchor: not on the main thread")
	}
	a := &anchor{side: s, out: out}
	defer a.end()
	lines := make(chan []byte)
	go func() {
		defer close(lines)
		wire.ReadLines(ctx, in, lines)
	}()
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

// line carries out one command. Its error is that of the output.
func (a *anchor) line(line []byte) error {
	var cmd wire.Command
	err := json.Unmarshal(line, &cmd)
	if err == nil {
		switch cmd.Op {
		case wire.OpFresh:
			err = a.fresh(cmd)
		case wire.OpEnd:
			err = a.end()
		default:
			if err = a.pass(line); err == nil {
				return nil // the lab's process answers
			}
		}
	}
	ev := wire.Event{Kind: wire.KindDone, ID: cmd.ID}
	if err != nil {
		told, ok := errors.AsType[*wire.Error](err)
		if !ok {
			told = &wire.Error{Kind: "network", Message: err.Error()}
		}
		ev.Kind, ev.Error = wire.KindError, told
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

// fresh begins a lab.
func (a *anchor) fresh(cmd wire.Command) error {
	if a.child != nil {
		return fmt.Errorf("%s: the last lab has not ended", wire.OpFresh)
	}
	c, err := a.side.begin(cmd)
	if err != nil {
		return err
	}
	a.child = c
	go c.serve(a.write)
	return nil
}

// pass gives a line to the lab's process.
func (a *anchor) pass(line []byte) error {
	if a.child == nil {
		return errors.New("no lab has begun")
	}
	return a.child.send(line)
}

// end ends the lab, if there is one, after all that its process said was passed on.
func (a *anchor) end() error {
	if a.child == nil {
		return nil
	}
	a.child.end()
	a.child = nil
	return a.side.leave()
}
