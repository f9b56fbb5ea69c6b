package mta

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// children starts processes and reaps all that end: as first process we are the
// parent of every orphan too. os/exec cannot be used beside it, as each would take
// the other's.
type children struct {
	mu      sync.Mutex
	waiting map[int]chan syscall.WaitStatus
}

func newChildren() *children {
	return &children{waiting: map[int]chan syscall.WaitStatus{}}
}

// reap collects ended processes until stop is closed.
func (c *children) reap(stop <-chan struct{}) {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGCHLD)
	defer signal.Stop(ended)
	for {
		c.collect()
		select {
		case <-ended:
		case <-stop:
			return
		}
	}
}

func (c *children) collect() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil || pid <= 0 {
			return // no children, or none that ended
		}
		if w, ok := c.waiting[pid]; ok {
			delete(c.waiting, pid)
			w <- status
		}
	}
}

// A command is a program to start.
type command struct {
	args       []string // the first is the path
	stdin      []byte
	credential *syscall.Credential // nil: ours
}

// environment is that of all programs. Postfix drops what it does not know.
var environment = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/"}

// start runs a program with standard output and error going to the files.
func (c *children) start(cmd command, stdin, stdout, stderr *os.File) (pid int, ended <-chan syscall.WaitStatus, err error) {
	c.mu.Lock() // so that it cannot be reaped before it is known
	defer c.mu.Unlock()
	pid, err = syscall.ForkExec(cmd.args[0], cmd.args, &syscall.ProcAttr{
		Dir:   "/",
		Env:   environment,
		Files: []uintptr{stdin.Fd(), stdout.Fd(), stderr.Fd()},
		Sys:   &syscall.SysProcAttr{Credential: cmd.credential},
	})
	if err != nil {
		return 0, nil, fmt.Errorf("start %s: %w", cmd.args[0], err)
	}
	w := make(chan syscall.WaitStatus, 1)
	c.waiting[pid] = w
	if cmd.credential != nil {
		// The child was in our memory when it became another user, which closes /proc
		// of ours (PR_SET_DUMPABLE in prctl(2)), and with it the way into the lab for
		// who wants to look. There is no secret in it.
		if err := unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0); err != nil {
			return pid, w, fmt.Errorf("start %s: %w", cmd.args[0], err)
		}
	}
	return pid, w, nil
}

// attend starts a program that runs on by itself. How it ended, with its last words,
// is told once.
func (c *children) attend(args ...string) (pid int, ended <-chan output, err error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return 0, nil, err
	}
	defer null.Close()
	r, w, err := os.Pipe()
	if err != nil {
		return 0, nil, err
	}
	defer w.Close()
	pid, status, err := c.start(command{args: args}, null, w, w)
	if err != nil {
		r.Close()
		return 0, nil, err
	}
	told := make(chan output, 1)
	go func() {
		defer r.Close()
		words, heard := &lastBytes{}, make(chan struct{})
		go func() {
			defer close(heard)
			io.Copy(words, r)
		}()
		o := output{status: <-status}
		// Its own children hold the other end, too, so that there may be no end to wait
		// for. What it said itself is in the pipe.
		r.SetReadDeadline(time.Now())
		<-heard
		drain(words, r)
		o.stderr = words.String()
		told <- o
	}()
	return pid, told, nil
}

// drain reads what is in a pipe now.
func drain(to io.Writer, from *os.File) {
	c, err := from.SyscallConn()
	if err != nil || from.SetReadDeadline(time.Time{}) != nil {
		return // it is closed
	}
	buf := make([]byte, 4096)
	_ = c.Read(func(fd uintptr) bool { // fails only for a closed one
		for {
			n, err := syscall.Read(int(fd), buf)
			if errors.Is(err, syscall.EINTR) {
				continue
			}
			if err != nil || n <= 0 {
				return true // empty, or at its end
			}
			_, _ = to.Write(buf[:n]) // into memory
		}
	})
}

// An output is what a program printed and how it ended.
type output struct {
	stdout, stderr string
	status         syscall.WaitStatus
}

// ok tells whether the program ended well.
func (o output) ok() bool { return o.status.Exited() && o.status.ExitStatus() == 0 }

// why is what the program had to say, or else how it ended.
func (o output) why() string {
	switch words := strings.TrimSpace(o.stderr); {
	case words != "":
		return words
	case o.status.Signaled():
		return "killed by " + o.status.Signal().String()
	}
	return fmt.Sprintf("exit status %d", o.status.ExitStatus())
}

// run runs a program to its end, which comes at once when ctx is done.
func (c *children) run(ctx context.Context, cmd command) (output, error) {
	var pipes [3]struct{ r, w *os.File }
	defer func() {
		for _, p := range pipes {
			p.r.Close() // a second time, or nil: both harmless
			p.w.Close()
		}
	}()
	for i := range pipes {
		var err error
		if pipes[i].r, pipes[i].w, err = os.Pipe(); err != nil {
			return output{}, err
		}
	}
	pid, ended, err := c.start(cmd, pipes[0].r, pipes[1].w, pipes[2].w)
	if err != nil {
		return output{}, err
	}
	pipes[0].r.Close()
	pipes[1].w.Close()
	pipes[2].w.Close()
	stop := context.AfterFunc(ctx, func() {
		syscall.Kill(pid, syscall.SIGKILL)
		for _, f := range []*os.File{pipes[0].w, pipes[1].r, pipes[2].r} {
			f.SetDeadline(time.Now()) // its own children may hold the other ends
		}
	})
	defer stop()
	var o output
	var wg sync.WaitGroup
	var errOut, errErr error
	wg.Go(func() { o.stdout, errOut = readAll(pipes[1].r) })
	wg.Go(func() { o.stderr, errErr = readWords(pipes[2].r, func() { syscall.Kill(pid, syscall.SIGKILL) }) })
	_, errIn := io.Copy(pipes[0].w, bytes.NewReader(cmd.stdin))
	if errors.Is(errIn, syscall.EPIPE) {
		errIn = nil // it did not want all of it, and says why itself
	}
	errIn = errors.Join(errIn, pipes[0].w.Close())
	o.status = <-ended
	wg.Wait()
	if ctx.Err() != nil {
		return o, context.Cause(ctx)
	}
	return o, errors.Join(errIn, errOut, errErr)
}

// readWords reads standard error. After its last words a program of Postfix sleeps
// for a second, lest it be started again too soon; it is spared that by dead.
func readWords(f *os.File, dead func()) (string, error) {
	var words strings.Builder
	r := bufio.NewReader(f)
	for {
		line, err := r.ReadString('\n')
		words.WriteString(line)
		if strings.Contains(line, ": fatal: ") {
			dead()
		}
		if errors.Is(err, io.EOF) {
			return words.String(), nil
		}
		if err != nil {
			return words.String(), err
		}
	}
}

func readAll(f *os.File) (string, error) {
	b, err := io.ReadAll(f)
	return string(b), err
}
