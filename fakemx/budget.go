package fakemx

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A budget is a context that ends some time after somebody first looks at it, and has a
// timer only once somebody waits for its end. Most checks ask nobody and never look; a
// resolver in memory never waits.
type budget struct {
	context.Context // the parent
	limit           time.Duration
	over            atomic.Pointer[error] // why it has ended, once somebody asked; see close

	mu   sync.Mutex
	end  time.Time // zero before the first look
	wait context.Context
	stop context.CancelFunc
}

// budgets makes them several at a time: each is used once, and most for very little.
type budgets struct{ unused []budget }

func (b *budgets) next(parent context.Context, limit time.Duration) *budget {
	if len(b.unused) == 0 {
		b.unused = make([]budget, 8)
	}
	first := &b.unused[0]
	b.unused = b.unused[1:]
	first.Context, first.limit = parent, limit
	return first
}

// ends is when the time is over. It is called with mu held.
func (b *budget) ends() time.Time {
	if b.end.IsZero() {
		b.end = time.Now().Add(b.limit)
	}
	return b.end
}

func (b *budget) Deadline() (time.Time, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	own := b.ends()
	if end, ok := b.Context.Deadline(); ok && end.Before(own) {
		return end, true
	}
	return own, true
}

func (b *budget) Done() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.wait == nil {
		if b.over.Load() != nil {
			return ended.Done()
		}
		b.wait, b.stop = context.WithDeadline(b.Context, b.ends())
	}
	return b.wait.Done()
}

// Err stays what it is once it is an error.
func (b *budget) Err() error {
	if err := b.over.Load(); err != nil {
		return *err
	}
	if b.Context.Err() != nil {
		err := b.Context.Err()
		return b.because(&err)
	}
	b.mu.Lock()
	end := b.ends()
	b.mu.Unlock()
	if !time.Now().Before(end) {
		return b.because(&context.DeadlineExceeded)
	}
	return nil
}

func (b *budget) because(err *error) error {
	b.over.CompareAndSwap(nil, err)
	return *b.over.Load()
}

// close ends the budget, if its time is not over already, and lets go of the timer.
func (b *budget) close() {
	_ = b.because(&context.Canceled) // or it has ended before
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stop != nil {
		b.stop()
	}
}

// ended is a context that has ended, for who waits for the end of a budget that is
// closed.
var ended = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()
