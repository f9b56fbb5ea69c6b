package fakedns

import (
	"sync"

	"strictmx/internal/mail"
)

// maxSettled is how many answers a world keeps ready.
const maxSettled = 4096

// A settled answer is what a question always gets: in a world without faults the
// packets need not be made anew each time.
type settled struct {
	answer   mail.Answer
	question mail.Question // for the log
}

// answers are those of a world that are settled.
type answers struct {
	mu sync.RWMutex
	by map[[2]string]settled // by name and type as they were given
}

func (s *answers) find(name, typ string) (settled, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	a, ok := s.by[[2]string{name, typ}]
	return a, ok
}

// keep keeps an answer, unless there are too many.
func (s *answers) keep(name, typ string, a settled) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by == nil {
		s.by = make(map[[2]string]settled)
	}
	if len(s.by) < maxSettled {
		s.by[[2]string{name, typ}] = a
	}
}
