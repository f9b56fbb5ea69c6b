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

// endTime is how long a node may take to end by itself.
const endTime = 2 * time.Second

// A node is the process that a lab's pretend internet is made by.
type node struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	ending atomic.Bool
	done   chan struct{} // closed when it has ended and all it said was passed on
}

// startNode starts a node in the calling thread's namespace. Its output goes to
// write line by line.
func startNode(self string, args []string, write func([]byte) error) (*node, error) {
	n := &node{cmd: exec.Command(self, args...), done: make(chan struct{})}
	n.cmd.Stderr = os.Stderr
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var err error
	if n.stdin, err = n.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := n.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := n.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(n.done)
		n.serve(out, write)
	}()
	return n, nil
}

// serve passes on what the node says until it ends, and tells if that was its own
// doing.
func (n *node) serve(out io.Reader, write func([]byte) error) {
	r := bufio.NewReaderSize(out, 64<<10)
	for {
		line, err := r.ReadBytes('\n')
		if err != nil {
			break // its end
		}
		if write(line) != nil {
			break // the runner is gone, and so are we soon
		}
	}
	err := n.cmd.Wait()
	if n.ending.Load() {
		return
	}
	why := "ended by itself"
	if err != nil {
		why = err.Error()
	}
	b, err := json.Marshal(wire.Event{
		Kind: wire.KindError, Error: &wire.Error{Kind: "node", Message: fmt.Sprintf("node: %s", why)},
	})
	if err == nil {
		_ = write(append(b, '\n')) // as above
	}
}

// end closes the node's input, after which it ends by itself, and waits.
func (n *node) end() {
	n.ending.Store(true)
	n.stdin.Close()
	late := time.AfterFunc(endTime, func() { n.cmd.Process.Kill() })
	defer late.Stop()
	<-n.done
	// What it left behind is ours now, and no other process of ours is waited for.
	for {
		if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); pid <= 0 || err != nil {
			return
		}
	}
}
