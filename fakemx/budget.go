package fakemx

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A budget is a context that ends at a time, as that of [context.WithDeadline]. It
// has a timer only once somebody waits for its end, which a resolver in memory never
// does; most checks ask nobody at all.
type budget struct {
	context.Context // the parent
	end             time.Time
	over            atomic.Pointer[error] // why it has ended, once somebody asked; see close

	once sync.Once
	wait context.Context
	stop context.CancelFunc
}

func newBudget(parent context.Context, limit time.Duration) *budget {
	return &budget{Context: parent, end: time.Now().Add(limit)}
}

func (b *budget) Deadline() (time.Time, bool) {
	if end, ok := b.Context.Deadline(); ok && end.Before(b.end) {
		return end, true
	}
	return b.end, true
}

func (b *budget) Done() <-chan struct{} {
	b.once.Do(func() { b.wait, b.stop = context.WithDeadline(b.Context, b.end) })
	return b.wait.Done()
}

// Err stays what it is once it is an error.
func (b *budget) Err() error {
	if err := b.over.Load(); err != nil {
		return *err
	}
	if err := b.Context.Err(); err != nil {
		return b.because(err)
	}
	if !time.Now().Before(b.end) {
		return b.because(context.DeadlineExceeded)
	}
	return nil
}

func (b *budget) because(err error) error {
	b.over.CompareAndSwap(nil, &err)
	return *b.over.Load()
}

// close ends the budget, if its time is not over already, and lets go of the timer.
func (b *budget) close() {
	b.because(context.Canceled)
	b.once.Do(func() { b.wait, b.stop = ended, func() {} })
	b.stop()
}

// ended is a context that has ended, for who waits for the end of a budget that is
// closed.
var ended = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()
