package main

import (
	"context"
	"io"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// All that is printed is written, in whole lines.
func TestLines(t *testing.T) {
	var out strings.Builder
	l := printTo(t.Context(), &out)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			for range 50 {
				l.print(strconv.Itoa(i), " ", strings.Repeat("x", 100))
			}
		})
	}
	wg.Wait()
	l.close()
	got := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(got) != 1000 {
		t.Fatalf("%d lines, want 1000", len(got))
	}
	for _, line := range got {
		if !strings.HasSuffix(line, " "+strings.Repeat("x", 100)) || len(line) > 103 {
			t.Fatalf("line %q", line)
		}
	}
}

// Where nobody reads, who prints waits until the end and no longer.
func TestLinesThatNobodyReads(t *testing.T) {
	r, w := io.Pipe()
	defer r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	l := printTo(ctx, w)
	printed := make(chan struct{})
	go func() {
		defer close(printed)
		for range 3 {
			l.print(strings.Repeat("x", mostUnprinted))
		}
	}()
	cancel()
	<-printed
	l.close()
}

// What sessions have to say when they are interrupted is written, too.
func TestLinesAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		ctx, cancel := context.WithCancel(t.Context())
		l := printTo(ctx, &out)
		cancel()
		synctest.Wait() // for the writer to know, and then to have written
		l.print("one")
		synctest.Wait()
		l.print("two")
		l.close()
		if got := out.String(); got != "one\ntwo\n" {
			t.Errorf("%q is written, want one and two", got)
		}
	})
}
