package mta

import (
	"regexp"
	"slices"
	"sync"

	"strictmx/internal/maillog"
	"strictmx/internal/wire"
)

// lastLines is how many lines of the log are kept for the case that master dies.
const lastLines = 20

// startLine is the first thing that master(8) logs, after it has opened all its
// sockets.
var startLine = regexp.MustCompile(`^daemon started -- version ([^ ,]+)`)

// ofCommands are the programs whose death is told by the command that ran them.
var ofCommands = []string{"sendmail", "postdrop", "postqueue", "postmap", "postalias", "postconf"}

// logged passes a line of the log on, and tells if it says that a daemon died.
func (m *mta) logged(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.holding {
		m.held = append(m.held, text)
		return
	}
	m.pass(text)
}

// release passes on the lines that were held back while the configuration was
// checked. The programs that check it log as well as print what is wrong, and an
// error should be told first with its file and line.
func (m *mta) release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.holding = false
	for _, text := range m.held {
		m.pass(text)
	}
	m.held = nil
}

// pass is called with the lock held.
func (m *mta) pass(text string) {
	m.tell(wire.Event{Kind: wire.KindLog, Log: text})
	if m.last = append(m.last, text); len(m.last) > lastLines {
		m.last = slices.Delete(m.last, 0, 1)
	}
	line, ok := maillog.ParseLine(text)
	if !ok {
		return
	}
	if s := startLine.FindStringSubmatch(line.Text); s != nil && line.Program == "master" {
		select {
		case m.started <- s[1]:
		default: // it was reloaded
		}
	}
	died := line.Severity == maillog.Fatal || line.Severity == maillog.Panic
	if died && !m.fatal && !slices.Contains(ofCommands, line.Program) {
		m.fatal = true
		e := configError(line.Program+": "+line.Severity+": "+line.Text, m.files)
		e.Kind = KindStart
		m.tell(wire.Event{Kind: wire.KindError, Error: e})
	}
}

// lastBytes keeps what a program printed, up to a bound.
type lastBytes struct {
	mu  sync.Mutex
	buf []byte
}

const maxOutput = 16 << 10

func (b *lastBytes) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buf = append(b.buf, p...)
	b.buf = b.buf[max(0, len(b.buf)-maxOutput):]
	return len(p), nil
}

func (b *lastBytes) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.buf)
}
