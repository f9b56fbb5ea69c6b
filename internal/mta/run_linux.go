package mta

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"syscall"

	"strictmx/internal/wire"
)

// An mta is one Postfix from its set-up to its end.
type mta struct {
	children *children
	log      *logSocket
	hostname string

	out    sync.Mutex
	encode *json.Encoder
	lost   context.CancelCauseFunc // the runner does not read any more

	started chan string // the version, from master's first line

	files  map[string]string // the set-up's
	warned []string          // what postconf and others warned of

	mu      sync.Mutex
	holding bool     // lines of the log go to held
	held    []string // see release
	fatal   bool     // a daemon's death was told
	last    []string // the last lines of the log
}

// Run reads a [wire.Setup] and then [wire.Command]s from in, and writes
// [wire.Event]s to out. It returns when in ends, on the command to stop, or when
// ctx is done; as the container's first process it takes Postfix with it.
func Run(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, lost := context.WithCancelCause(ctx)
	defer lost(nil)
	m := &mta{
		children: newChildren(), encode: json.NewEncoder(out), lost: lost,
		started: make(chan string, 1), holding: true,
	}
	m.encode.SetEscapeHTML(false)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	defer wg.Wait()
	defer close(stop)
	wg.Go(func() { m.children.reap(stop) })

	// Reading cannot be interrupted: whoever waits for a line also waits for ctx.
	lines := make(chan []byte, 1024)
	go func() {
		wire.ReadLines(ctx, in, lines)
		lost(errEnd) // whatever is going on
	}()
	first, ok := receive(ctx, lines)
	if !ok {
		return ending(ctx)
	}
	var setup wire.Setup
	if err := json.Unmarshal(first, &setup); err != nil {
		return m.broken(fmt.Errorf("set-up: %w", err))
	}
	process, err := m.bringUp(ctx, setup, lines)
	if process != nil {
		defer process.stop()
	}
	if ctx.Err() != nil {
		return ending(ctx)
	}
	if err != nil {
		err = m.broken(err)
		m.release()
		return err
	}
	return m.serve(ctx, process, lines)
}

// errEnd is the cause where standard input ended: the runner is gone, or done.
var errEnd = errors.New("end of input")

// ending is the error for a context that is done.
func ending(ctx context.Context) error {
	if err := context.Cause(ctx); !errors.Is(err, errEnd) {
		return err
	}
	return nil
}

// receive waits for a line. One that came before the end of the input counts.
func receive(ctx context.Context, lines <-chan []byte) ([]byte, bool) {
	select {
	case line := <-lines:
		return line, true
	default:
	}
	select {
	case line := <-lines:
		return line, true
	case <-ctx.Done():
		return nil, false
	}
}

// bringUp carries out the set-up and starts master(8). The process is returned
// even beside an error, if there is one.
func (m *mta) bringUp(ctx context.Context, s wire.Setup, lines <-chan []byte) (*masterProcess, error) {
	var err error
	if m.hostname, err = os.Hostname(); err != nil {
		return nil, err
	}
	m.files = s.Files
	if s.Hostname != "" && s.Hostname != m.hostname {
		return nil, fmt.Errorf("host name is %s, want %s: the container has the wrong one", m.hostname, s.Hostname)
	}
	if m.log, err = listenLog(logPath); err != nil {
		return nil, err
	}
	go m.log.read(m.hostname, m.logged)
	if err := m.configure(ctx, s); err != nil {
		return nil, err
	}
	m.release()
	if err := m.startMilter(ctx, s); err != nil {
		return nil, err
	}
	if s.Hold {
		if err := m.hold(ctx, lines); err != nil {
			return nil, err
		}
	}
	p, err := m.startMaster()
	if err != nil {
		return nil, err
	}
	select {
	case version := <-m.started:
		m.tell(wire.Event{Kind: wire.KindReady, Text: version})
		return p, nil
	case <-p.ended:
		return nil, m.died(ctx, p)
	case <-ctx.Done():
		return p, context.Cause(ctx)
	}
}

// hold waits for the command to start.
func (m *mta) hold(ctx context.Context, lines <-chan []byte) error {
	line, ok := receive(ctx, lines)
	if !ok {
		return context.Cause(ctx)
	}
	var cmd wire.Command
	if err := json.Unmarshal(line, &cmd); err != nil {
		return fmt.Errorf("command: %w", err)
	}
	if cmd.Op != wire.OpStart {
		return fmt.Errorf("command %q: want %s first", cmd.Op, wire.OpStart)
	}
	m.answer(cmd, result{})
	return nil
}

// serve carries out commands until there are no more.
func (m *mta) serve(ctx context.Context, p *masterProcess, lines <-chan []byte) error {
	for {
		select {
		case line := <-lines:
			var cmd wire.Command
			if err := json.Unmarshal(line, &cmd); err != nil {
				return m.broken(fmt.Errorf("command: %w", err))
			}
			m.answer(cmd, m.do(ctx, p, cmd))
			if cmd.Op == wire.OpStop {
				return nil
			}
		case <-p.ended:
			return m.broken(m.died(ctx, p))
		case <-ctx.Done():
			return ending(ctx)
		}
	}
}

// A masterProcess is master(8).
type masterProcess struct {
	pid    int
	ended  chan struct{} // closed when it ended
	output output
}

// startMaster starts the master daemon itself: the script that is meant for it
// takes long and checks what the image's builder checked.
func (m *mta) startMaster() (*masterProcess, error) {
	// -s: standard error stays open, where it tells what it cannot log yet.
	pid, ended, err := m.children.attend(master, "-s")
	if err != nil {
		return nil, err
	}
	p := &masterProcess{pid: pid, ended: make(chan struct{})}
	go func() {
		p.output = <-ended
		close(p.ended)
	}()
	return p, nil
}

// stop ends Postfix, unless our own end does.
func (p *masterProcess) stop() {
	if os.Getpid() == 1 {
		return
	}
	if err := syscall.Kill(p.pid, syscall.SIGTERM); err == nil {
		<-p.ended
	}
}

// died is the error for a master that ended by itself.
func (m *mta) died(ctx context.Context, p *masterProcess) error {
	if err := m.log.flush(ctx); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	words := p.output.stderr
	for _, line := range m.last {
		words += line + "\n"
	}
	if strings.TrimSpace(words) == "" {
		words = "master " + p.output.why()
	}
	e := configError(words, m.files)
	e.Kind = KindStart
	return e
}

// broken tells the runner why there is no going on.
func (m *mta) broken(err error) error {
	e, ok := errors.AsType[*wire.Error](err)
	if !ok {
		e = &wire.Error{Kind: KindSetup, Message: err.Error()}
	}
	m.tell(wire.Event{Kind: wire.KindError, Error: e})
	return err
}

// tell writes an event.
func (m *mta) tell(ev wire.Event) {
	m.out.Lock()
	defer m.out.Unlock()
	if err := m.encode.Encode(ev); err != nil {
		m.lost(fmt.Errorf("runner does not listen: %w", err))
	}
}
