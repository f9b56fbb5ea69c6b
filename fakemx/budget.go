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
	spent           atomic.Bool // see close

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

func (b *budget) Err() error {
	switch {
	case b.Context.Err() != nil:
		return b.Context.Err()
	case !time.Now().Before(b.end):
		return context.DeadlineExceeded
	case b.spent.Load():
		return context.Canceled
	}
	return nil
}

// close lets go of the timer. Nobody may use the budget any more.
func (b *budget) close() {
	b.spent.Store(true)
	b.once.Do(func() {})
	if b.stop != nil {
		b.stop()
	}
}
