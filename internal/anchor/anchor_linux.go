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

// Run reads commands from in, one a line, and writes to out how they went (package
// wire). [wire.OpFresh] is the only one. It must be called by the main goroutine,
// and returns when in ends or ctx is done.
func Run(ctx context.Context, in io.Reader, out io.Writer) error {
	if unix.Gettid() != unix.Getpid() {
		return errors.New("anchor: not on the main thread")
	}
	lines := make(chan []byte)
	go func() {
		defer close(lines)
		r := bufio.NewReader(in)
		for {
			line, err := r.ReadBytes('\n')
			if err != nil {
				return // its end, or as good as that
			}
			select {
			case lines <- line:
			case <-ctx.Done():
				return
			}
		}
	}()
	encode := json.NewEncoder(out)
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				return nil
			}
			if err := encode.Encode(answer(line)); err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func answer(line []byte) wire.Event {
	var cmd wire.Command
	err := json.Unmarshal(line, &cmd)
	if err == nil && cmd.Op != wire.OpFresh {
		err = fmt.Errorf("command %q: the anchor knows %s", cmd.Op, wire.OpFresh)
	}
	if err == nil {
		err = freshNetwork()
	}
	if err != nil {
		return wire.Event{
			Kind: wire.KindError, ID: cmd.ID,
			Error: &wire.Error{Kind: "network", Message: fmt.Sprintf("new network namespace: %v", err)},
		}
	}
	return wire.Event{Kind: wire.KindDone, ID: cmd.ID}
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
