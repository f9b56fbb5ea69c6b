package fakemx

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"
)

// A budget ends as a context does, and stays ended, whoever looks and when.
func TestBudget(t *testing.T) {
	var made budgets
	parent, cancel := context.WithCancel(t.Context())
	b := made.next(parent, time.Hour)
	if end, ok := b.Deadline(); !ok || time.Until(end) > time.Hour || b.Err() != nil {
		t.Errorf("a new one ends at %s, %t, with %v", end, ok, b.Err())
	}
	select {
	case <-b.Done():
		t.Error("a new one has ended")
	default:
	}
	cancel()
	<-b.Done()
	if !errors.Is(b.Err(), context.Canceled) || !errors.Is(context.Cause(b), context.Canceled) {
		t.Errorf("after its parent's end: %v", b.Err())
	}
	b.close()

	over := made.next(t.Context(), -1)
	<-over.Done()
	if over.Err() != context.DeadlineExceeded {
		t.Errorf("after its time: %v", over.Err())
	}
	over.close()
	if over.Err() != context.DeadlineExceeded {
		t.Errorf("closed after its time: %v", over.Err())
	}

	// A check that has left something behind.
	closed := made.next(t.Context(), time.Millisecond)
	closed.close()
	<-closed.Done()
	child, stop := context.WithTimeout(closed, time.Hour)
	defer stop()
	<-child.Done()
	for end, _ := closed.Deadline(); !time.Now().After(end); { // beyond its time: the error must not change
		runtime.Gosched()
	}
	if closed.Err() != context.Canceled {
		t.Errorf("closed: %v", closed.Err())
	}
}
