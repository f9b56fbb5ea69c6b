package check

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func TestSpent(t *testing.T) {
	s := NewState()
	for i, want := range []bool{false, false, true, true} {
		if got := s.Spent(noon, "a", 2); got != want {
			t.Errorf("use %d of a is spent: %v, want %v", i+1, got, want)
		}
	}
	if s.Spent(noon.Add(365*24*time.Hour), "b", 1) || !s.Spent(noon, "a", 2) {
		t.Error("a use of b counted for a, or a was forgotten with time")
	}
	var none *State
	for range 2 {
		if none.Spent(noon, "a", 1) {
			t.Error("a nil state remembers")
		}
	}
}

// Sessions are counted by whose they are until they end.
func TestEnter(t *testing.T) {
	s := NewState()
	enter := func(addr string, client, network, all int) func() {
		t.Helper()
		got, leave := s.Enter(netip.MustParseAddr(addr))
		if got.Client != client || got.Network != network || got.All != all {
			t.Errorf("%s enters: %+v, want %d of the client, %d of the network, %d of all", addr, got, client, network, all)
		}
		return leave
	}
	first := enter("203.0.113.1", 1, 1, 1)
	enter("203.0.113.1", 2, 2, 2)
	leave := enter("203.0.113.2", 1, 3, 3)
	enter("2001:db8::1", 1, 1, 4)()
	enter("2001:db8::2", 1, 1, 4)()
	enter("2001:db8:0:1::2", 1, 1, 4)()
	first()
	leave()
	enter("203.0.113.1", 2, 2, 2)
	if len(s.open) != 3 {
		t.Errorf("open %v, want one address, one network and all", s.open)
	}
	got, leave := s.Enter(netip.Addr{}) // a connection in memory
	leave()
	if got.Network != 1 || got.Number != 8 {
		t.Errorf("a session without address: %+v, want number 8 and 1 of its kind", got)
	}
}

// A memory has an end, and what is over first goes first.
func TestMemoryIsBounded(t *testing.T) {
	s := NewState()
	for i := range maxKeys + 1000 {
		s.add(noon.Add(time.Duration(i)*time.Millisecond), digest(fmt.Sprint(i)), 1, time.Hour)
		s.Spent(noon, fmt.Sprint(i%10), 1)
	}
	if len(s.counts.by) != maxKeys || len(s.counts.queue) != maxKeys {
		t.Errorf("%d counts and %d in the queue, want %d", len(s.counts.by), len(s.counts.queue), maxKeys)
	}
	later := noon.Add(10 * time.Minute)
	for i, want := range map[int]int{0: 1, 999: 1, maxKeys + 999: 2, maxKeys: 2} {
		if got := s.add(later, digest(fmt.Sprint(i)), 1, time.Hour); got != want {
			t.Errorf("count %d is %d, want %d", i, got, want)
		}
	}
	for place, e := range s.counts.queue {
		if e.place != place || s.counts.by[e.key] != e {
			t.Fatalf("entry %x at place %d says %d", e.key, place, e.place)
		}
	}
}

// Many sessions may use a state at once, and each is counted.
func TestStateConcurrently(t *testing.T) {
	s := NewState()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			client := netip.AddrFrom4([4]byte{203, 0, 113, byte(i)})
			for range 500 {
				_, leave := s.Enter(client)
				s.add(noon, digest("all"), 1, time.Hour)
				s.Spent(noon, "all", 1<<20)
				s.visit(noon, digest("all"), greylist{}, 1)
				leave()
			}
		})
	}
	wg.Wait()
	if n := s.add(noon, digest("all"), 1, time.Hour); n != 4001 || len(s.open) != 0 {
		t.Errorf("counted %d with %v open, want 4001 and none", n, s.open)
	}
}
