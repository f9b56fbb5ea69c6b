package check

import (
	"container/heap"
	"crypto/sha256"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// maxKeys bounds what a State remembers of one kind. Of more than that it forgets
// first what it would forget first by the clock.
const maxKeys = 100_000

// A State is what a receiver remembers from session to session. It is safe for
// concurrent use; a lab's receivers each have one of their own. A nil State
// remembers nothing.
//
// Its time is that of the receiver's clock ([Env.Clock]). The clock may jump
// forward, and what is over by then is forgotten. It does not go back: a time
// before the latest one that was seen counts as that one.
type State struct {
	mu      sync.Mutex
	latest  time.Time
	counts  memory[count]          // of rate, and the uses of rules
	visits  memory[visit]          // of greylist
	open    map[string]int         // sessions open now, by whose they are
	session uint64                 // number of the latest session
	within  map[uint64]map[key]int // of rate by session, while the session lasts
}

// NewState remembers nothing yet.
func NewState() *State {
	return &State{counts: newMemory[count](), visits: newMemory[visit](), open: make(map[string]int), within: make(map[uint64]map[key]int)}
}

// A count is how often something happened since a time.
type count struct {
	since time.Time
	n     int
}

// now is the time that counts. s.mu is held.
func (s *State) now(t time.Time) time.Time {
	if t.After(s.latest) {
		s.latest = t
	}
	return s.latest
}

// Spent counts the uses of key, up to times, and tells whether there were as many
// before this one. Keys have no end: of too many the one that was used longest ago
// is forgotten.
func (s *State) Spent(now time.Time, key string, times int) bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now = s.now(now)
	c, _ := s.counts.find(digest("spent", key))
	if c.n >= times {
		return true
	}
	c.n++
	s.counts.keep(digest("spent", key), c, now.Add(forever))
	return false
}

// forever is longer than any lab.
const forever = 100 * 365 * 24 * time.Hour

// add counts n more of key within per. The time begins with the first that is
// counted and not at full hours, and then with the first after its end, as that of
// Postfix's anvil (anvil(8)).
func (s *State) add(now time.Time, key key, n int, per time.Duration) int {
	if s == nil {
		return n
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now = s.now(now)
	c, known := s.counts.find(key)
	if !known || !now.Before(c.since.Add(per)) {
		c = count{since: now}
	}
	c.n += n
	s.counts.keep(key, c, c.since.Add(per))
	return c.n
}

// addWithin counts n more of k within a session, whatever the clock says. Sessions
// whose number is not known are one.
func (s *State) addWithin(session uint64, k key, n int) int {
	if s == nil {
		return n
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := s.within[session]
	if counts == nil {
		counts = make(map[key]int)
		s.within[session] = counts
	}
	counts[k] += n
	return counts[k]
}

// Sessions are how many are open at one receiver at the moment when one begins, it
// included.
type Sessions struct {
	Client, Network, All int // of the same address, of its network, of anybody
	// Number is how many have begun, it included; 0 is not known.
	Number uint64
}

// Enter notes that a session has begun. leave is to be called once, when it ends.
func (s *State) Enter(client netip.Addr) (now Sessions, leave func()) {
	if s == nil {
		return Sessions{Client: 1, Network: 1, All: 1}, func() {}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	whose := []string{client.String(), Network(client).String(), ""}
	for _, w := range whose {
		s.open[w]++
	}
	s.session++
	now = Sessions{Client: s.open[whose[0]], Network: s.open[whose[1]], All: s.open[whose[2]], Number: s.session}
	return now, func() { s.leave(whose, now.Number) }
}

func (s *State) leave(whose []string, number uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.within, number)
	for _, w := range whose {
		if s.open[w]--; s.open[w] == 0 {
			delete(s.open, w)
		}
	}
}

// Network is the network that receivers take for one sender: /24 and /64. It is
// the zero value for the zero address.
func Network(a netip.Addr) netip.Prefix {
	a = a.Unmap()
	bits := 64
	if a.Is4() {
		bits = 24
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // no address: a connection in memory without one
	}
	return p
}

// A key has one size, however much a client sent to make it.
type key [16]byte

// digest is the key of some words.
func digest(words ...string) key {
	sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	return key(sum[:len(key{})])
}

// A memory keeps values until a time, and never more than maxKeys.
type memory[V any] struct {
	by    map[key]*entry[V]
	queue queue[V]
}

type entry[V any] struct {
	key   key
	value V
	until time.Time
	place int // in the queue
}

func newMemory[V any]() memory[V] { return memory[V]{by: make(map[key]*entry[V])} }

// find does not ask the clock: the caller knows what a value that is over means.
func (m *memory[V]) find(k key) (V, bool) {
	e, ok := m.by[k]
	if !ok {
		var none V
		return none, false
	}
	return e.value, true
}

// keep remembers v until a time at least, unless there is too much to remember.
func (m *memory[V]) keep(k key, v V, until time.Time) {
	if e, ok := m.by[k]; ok {
		e.value, e.until = v, until
		heap.Fix(&m.queue, e.place)
		return
	}
	if len(m.queue) >= maxKeys {
		delete(m.by, heap.Pop(&m.queue).(*entry[V]).key)
	}
	e := &entry[V]{key: k, value: v, until: until}
	m.by[k] = e
	heap.Push(&m.queue, e)
}

// A queue is a heap, first what is over first.
type queue[V any] []*entry[V]

func (q queue[V]) Len() int           { return len(q) }
func (q queue[V]) Less(i, j int) bool { return q[i].until.Before(q[j].until) }

func (q queue[V]) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].place, q[j].place = i, j
}

func (q *queue[V]) Push(x any) {
	e := x.(*entry[V])
	e.place = len(*q)
	*q = append(*q, e)
}

func (q *queue[V]) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	return e
}
