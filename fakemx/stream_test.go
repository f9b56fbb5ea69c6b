package fakemx

import (
	"net"
	"testing"
	"time"
)

// A deadline that stands is at least a whole wait away, never more than a sixteenth of
// it further, and never beyond the session's end.
func TestDeadlinesStand(t *testing.T) {
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	s := &stream{wait: 160 * time.Second, end: now.Add(time.Hour)}
	var stands time.Time
	set := 0
	for range 100 { // the client says something every second
		if next := s.deadline(now); s.stale(stands, next, now) {
			stands = next
			set++
		}
		if left := stands.Sub(now); left < s.wait || left > s.wait+s.wait/16 {
			t.Fatalf("%s are left, want %s to %s", left, s.wait, s.wait+s.wait/16)
		}
		now = now.Add(time.Second)
	}
	if set < 9 || set > 11 {
		t.Errorf("set %d times in 100 seconds, want every tenth", set)
	}

	s.wait = 10 * time.Second // for the answer to something else
	if next := s.deadline(now); !s.stale(stands, next, now) {
		t.Error("a longer wait stands for a shorter one")
	}
	now = s.end.Add(-5 * time.Second)
	if next := s.deadline(now); !next.Equal(s.end) || !s.stale(now.Add(4900*time.Millisecond), next, now) || s.stale(s.end, next, now) {
		t.Error("an earlier deadline stands for the session's end")
	}
	now = s.end.Add(time.Second) // last words
	if moment := now.Add(lingerTime); !s.stale(s.end, moment, now) {
		t.Error("a deadline that is over stands")
	}
}

// A greeting is held back for as long as it is said to be.
func TestHoldIsExact(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	c := &deadlines{Conn: b}
	s := newStream(t.Context(), c, Limits{Command: time.Minute, Session: time.Hour})
	begin := time.Now()
	s.early(17 * time.Millisecond)
	if by := c.read.Sub(begin); by < 17*time.Millisecond {
		t.Errorf("waited until %s after the beginning, want 17ms", by)
	}
	if by := c.read.Sub(c.at); by > 17*time.Millisecond {
		t.Errorf("the deadline is %s ahead, want no more than 17ms", by)
	}
	if s.wait != time.Minute {
		t.Errorf("then waits %s, want a minute", s.wait)
	}
}

// deadlines notes the last one that a connection was given for reading, and when.
type deadlines struct {
	net.Conn
	read, at time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error {
	d.read, d.at = t, time.Now()
	return d.Conn.SetReadDeadline(t)
}

// What one session did not read, or did not get rid of, no other one meets.
func TestBuffersComeEmpty(t *testing.T) {
	for range 10 { // the pool need not keep what it is given
		a, b := net.Pipe()
		s := newStream(t.Context(), b, Limits{Command: time.Minute, Session: time.Hour})
		if n, p := s.in.Buffered(), s.out.Buffered(); n != 0 || p != 0 {
			t.Fatalf("a new stream has %d octets to read and %d to write", n, p)
		}
		go func() { _, _ = a.Write([]byte("MAIL FROM:<me@example.com>\r\n")) }() // it may see the end
		if _, err := s.in.Peek(4); err != nil {
			t.Fatal(err)
		}
		a.Close()
		s.reply([]string{"250 2.1.0 OK"})
		s.close(false)
	}
}
