package main

import (
	"context"
	"io"
	"sync"
	"time"
)

// mostUnprinted is how much may wait to be written, in octets.
const mostUnprinted = 1 << 20

// together is how long a line waits for others to be written with it, if one was
// written just before: a write for each message costs more than a check.
const together = 5 * time.Millisecond

// lines prints whole lines from several goroutines. A writer of its own writes what
// there is, one line at once and many together, so that no session waits for a
// terminal; they do if too much is waiting, until ctx ends.
type lines struct {
	mu      sync.Mutex
	changed *sync.Cond
	waiting []byte
	ended   bool          // nobody waits for a reader any more
	closed  bool          // nothing more is printed
	over    chan struct{} // closed when it has ended
	done    chan struct{}
	forget  func() bool
}

func printTo(ctx context.Context, w io.Writer) *lines {
	l := &lines{over: make(chan struct{}), done: make(chan struct{})}
	l.changed = sync.NewCond(&l.mu)
	l.forget = context.AfterFunc(ctx, l.end)
	go l.write(w)
	return l
}

// lastLines is how long the last lines may take, where nobody may be reading.
const lastLines = time.Second

// print prints a line in parts.
func (l *lines) print(parts ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.waiting) > mostUnprinted {
		if l.ended {
			return // nobody reads, and the session must end
		}
		l.changed.Wait()
	}
	for _, part := range parts {
		l.waiting = append(l.waiting, part...)
	}
	l.waiting = append(l.waiting, '\n')
	l.changed.Broadcast()
}

// write writes until close is called.
func (l *lines) write(w io.Writer) {
	defer close(l.done)
	var free []byte
	for {
		l.mu.Lock()
		for len(l.waiting) == 0 && !l.closed {
			l.changed.Wait()
		}
		out := l.waiting
		l.waiting = free[:0]
		l.changed.Broadcast()
		l.mu.Unlock()
		if len(out) == 0 {
			return
		}
		// Standard output that is gone ends with the process; there is nobody to tell.
		_, _ = w.Write(out)
		free = out
		select {
		case <-l.over:
		case <-time.After(together):
		}
	}
}

// end lets nobody wait any more.
func (l *lines) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.ended {
		l.ended = true
		close(l.over)
	}
	l.changed.Broadcast()
}

// close returns when all is written, or nobody reads it.
func (l *lines) close() {
	l.forget()
	l.end()
	l.mu.Lock()
	l.closed = true
	l.changed.Broadcast()
	l.mu.Unlock()
	select {
	case <-l.done:
	case <-time.After(lastLines):
	}
}
