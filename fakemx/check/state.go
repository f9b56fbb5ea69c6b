package check

import "sync"

// maxKeys bounds what a State remembers of one kind. What is too much is not
// remembered, and a receiver then is milder than it would be.
const maxKeys = 100_000

// A State is what a receiver remembers from session to session. It is safe for
// concurrent use; a lab's receivers each have one of their own. A nil State
// remembers nothing.
type State struct {
	mu    sync.Mutex
	spent map[string]int
}

// NewState remembers nothing yet.
func NewState() *State { return &State{spent: make(map[string]int)} }

// Spent counts the uses of key, up to times, and tells whether there were as many
// before this one.
func (s *State) Spent(key string, times int) bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, known := s.spent[key]
	if n >= times {
		return true
	}
	if known || len(s.spent) < maxKeys {
		s.spent[key] = n + 1
	}
	return false
}
