package containers

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"

	"strictmx/internal/wire"
)

// A Process is the first process of a container, with the runner attached to its
// standard streams, which carry the protocol of package wire. It customizes the
// request of that container, and is attached before the container starts, so that
// nothing is missed. When the runner's end goes, the container goes.
type Process struct {
	// Listen is called with every event, in order and never twice at a time. It
	// must not call the process.
	Listen func(wire.Event)

	api   client.APIClient // nil: one is made while attaching
	write sync.Mutex       // held for one line to standard input
	conn  *client.HijackedResponse

	ready  chan string   // the version, once
	failed chan struct{} // closed when an error was told that was no command's
	gone   chan struct{} // closed when the streams have ended
	// strict tells that such an error ends the commands at hand: the container does
	// not end with it, and nobody would answer them.
	strict bool

	mu      sync.Mutex
	waiters map[int]chan wire.Event
	lastID  int
	broken  error // the first error that was no command's
	stderr  tail
}

// NewProcess returns the process of a container to be made. listen may be nil.
func NewProcess(listen func(wire.Event)) *Process {
	return &Process{
		Listen: listen, ready: make(chan string, 1), failed: make(chan struct{}), gone: make(chan struct{}),
		waiters: map[int]chan wire.Event{},
	}
}

// Customize prepares a container to be attached to.
func (p *Process) Customize(req *testcontainers.GenericContainerRequest) error {
	config := req.ConfigModifier
	req.ConfigModifier = func(c *container.Config) {
		if config != nil {
			config(c)
		}
		c.OpenStdin, c.StdinOnce = true, true
		c.AttachStdin, c.AttachStdout, c.AttachStderr = true, true, true
		c.StopTimeout = new(int)
	}
	host := req.HostConfigModifier
	req.HostConfigModifier = func(h *container.HostConfig) {
		if host != nil {
			host(h)
		}
		h.AutoRemove = true
		h.LogConfig = container.LogConfig{Type: "none"} // we read the streams ourselves
	}
	req.LifecycleHooks = append(req.LifecycleHooks, testcontainers.ContainerLifecycleHooks{
		PreStarts: []testcontainers.ContainerHook{
			func(ctx context.Context, c testcontainers.Container) error { return p.attach(ctx, c.GetContainerID()) },
		},
	})
	return nil
}

// attach connects the streams of a container that has not started yet.
func (p *Process) attach(ctx context.Context, id string) error {
	api := p.api
	if api == nil {
		own, err := testcontainers.NewDockerClientWithOpts(ctx)
		if err != nil {
			return fmt.Errorf("attach: %w", err)
		}
		defer own.Close() // drops idle connections, not the attached one
		api = own
	}
	res, err := api.ContainerAttach(ctx, id, client.ContainerAttachOptions{Stream: true, Stdin: true, Stdout: true, Stderr: true})
	if err != nil {
		return fmt.Errorf("attach to container %.12s: %w", id, err)
	}
	p.write.Lock()
	p.conn = &res.HijackedResponse
	p.write.Unlock()
	go p.read(res.Reader)
	return nil
}

// Hangup closes the streams. The process reads the end of its input, and ends.
func (p *Process) Hangup() error {
	p.write.Lock()
	defer p.write.Unlock()
	if p.conn == nil {
		return nil
	}
	if err := p.conn.Conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// read takes events until the streams end.
func (p *Process) read(from io.Reader) {
	events, lines := io.Pipe()
	go func() {
		_, err := stdcopy.StdCopy(lines, &p.stderr, from)
		lines.CloseWithError(err) // nil is io.EOF
	}()
	err := p.dispatch(events)
	events.CloseWithError(err)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken == nil {
		p.broken = p.ended(err)
	}
	close(p.gone)
}

// dispatch hands out the events of a stream. It returns nil at its end.
func (p *Process) dispatch(from io.Reader) error {
	r := bufio.NewReaderSize(from, 64<<10)
	for {
		line, err := r.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var ev wire.Event
			if bad := json.Unmarshal(line, &ev); bad != nil {
				return fmt.Errorf("%.200q: want an event: %w", line, bad)
			}
			p.handle(ev)
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			return err
		}
	}
}

func (p *Process) handle(ev wire.Event) {
	if p.Listen != nil {
		p.Listen(ev)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch ev.Kind {
	case wire.KindReady:
		select {
		case p.ready <- ev.Text:
		default: // a second one adds nothing
		}
	case wire.KindDone, wire.KindError:
		if c, ok := p.waiters[ev.ID]; ok {
			delete(p.waiters, ev.ID)
			c <- ev
			return
		}
		if ev.Error != nil && p.broken == nil {
			p.broken = ev.Error
			close(p.failed)
		}
	}
}

// ended says why the streams ended.
func (p *Process) ended(err error) error {
	words := strings.TrimSpace(p.stderr.String())
	switch {
	case err != nil:
		return fmt.Errorf("streams of the container: %w", err)
	case words != "":
		return fmt.Errorf("container ended: %s", words)
	}
	return errors.New("container ended")
}

// Begin sends the first line, a [wire.Plan] or a [wire.Setup], and waits until it
// is carried out. It returns what the process is ready with, its version.
func (p *Process) Begin(ctx context.Context, first any) (version string, err error) {
	if err := p.send(ctx, first); err != nil {
		return "", p.reason(err)
	}
	return p.await(ctx)
}

// await waits until the process is ready.
func (p *Process) await(ctx context.Context) (version string, err error) {
	select {
	case v := <-p.ready:
		return v, nil
	case <-p.failed:
		return "", p.reason(nil)
	case <-p.gone:
		return "", p.reason(nil)
	case <-ctx.Done():
		return "", p.reason(context.Cause(ctx))
	}
}

// Do carries out a command and returns the event that ended it. An event of kind
// error is returned as a [*wire.Error]. The command's ID is chosen here.
func (p *Process) Do(ctx context.Context, cmd wire.Command) (wire.Event, error) {
	done := make(chan wire.Event, 1)
	p.mu.Lock()
	p.lastID++
	cmd.ID = p.lastID
	p.waiters[cmd.ID] = done
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.waiters, cmd.ID)
	}()
	if err := p.send(ctx, cmd); err != nil {
		return wire.Event{}, p.reason(err)
	}
	var failed chan struct{}
	if p.strict {
		failed = p.failed
	}
	select {
	case ev := <-done:
		return result(ev)
	case <-failed:
	case <-p.gone:
	case <-ctx.Done():
		return wire.Event{}, fmt.Errorf("%s: %w", cmd.Op, context.Cause(ctx))
	}
	select {
	case ev := <-done: // it came just before the end
		return result(ev)
	default:
		return wire.Event{}, p.reason(nil)
	}
}

func result(ev wire.Event) (wire.Event, error) {
	if ev.Error != nil {
		return ev, ev.Error
	}
	return ev, nil
}

// reason is the error that the process itself told, or if it told none, err.
func (p *Process) reason(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil {
		return p.broken
	}
	return err
}

// send writes one line to standard input.
func (p *Process) send(ctx context.Context, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	p.write.Lock()
	defer p.write.Unlock()
	if p.conn == nil {
		return errors.New("container is not started")
	}
	conn := p.conn.Conn
	stop := context.AfterFunc(ctx, func() { conn.SetWriteDeadline(time.Now()) })
	defer stop()
	if _, err = conn.Write(append(b, '\n')); err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// Drain waits until the streams have ended and all events were told. It returns at
// once if the container was never started.
func (p *Process) Drain(ctx context.Context) error {
	p.write.Lock()
	attached := p.conn != nil
	p.write.Unlock()
	if !attached {
		return nil
	}
	select {
	case <-p.gone:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("end of the container's streams: %w", context.Cause(ctx))
	}
}
