package mta

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
)

// maxDatagram bounds one line of the log, in bytes. Postfix writes 2,000 at most.
const maxDatagram = 64 << 10

// A logSocket is where programs leave what they log with syslog(3).
type logSocket struct {
	path string
	conn *net.UnixConn
	mu   sync.Mutex
	next int
	mark map[string]chan struct{}
}

func listenLog(path string) (*logSocket, error) {
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return nil, fmt.Errorf("log socket: %w", err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		conn.Close()
		return nil, fmt.Errorf("log socket: %w", err)
	}
	return &logSocket{path: path, conn: conn, mark: map[string]chan struct{}{}}, nil
}

// read hands out lines until the socket is closed.
func (s *logSocket) read(host string, line func(string)) {
	buf := make([]byte, maxDatagram)
	for {
		n, err := s.conn.Read(buf)
		if err != nil {
			return // closed: there is no other end to be lost
		}
		text := string(buf[:n])
		if s.passed(text) {
			continue
		}
		line(logLine(host, text))
	}
}

// flush returns when all that was logged before has been handed out.
func (s *logSocket) flush(ctx context.Context) error {
	s.mu.Lock()
	s.next++
	name := fmt.Sprintf("\x00mark %d", s.next) // no program logs a NUL
	done := make(chan struct{})
	s.mark[name] = done
	s.mu.Unlock()
	if err := s.send(name); err != nil {
		return err
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// send logs as another program would.
func (s *logSocket) send(text string) error {
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: s.path, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("log socket: %w", err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(text)); err != nil {
		return fmt.Errorf("log socket: %w", err)
	}
	return nil
}

// passed tells a mark from a line.
func (s *logSocket) passed(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	done, ok := s.mark[text]
	if ok {
		delete(s.mark, text)
		close(done)
	}
	return ok
}

// logLine writes a datagram of syslog(3), "<22>Nov 24 06:05:15 name[pid]: text", as
// a line of a log file, which has the host's name and no priority (RFC 3164 section
// 4.1 has both).
func logLine(host, datagram string) string {
	text := strings.TrimRight(datagram, "\x00\r\n")
	if pri, rest, ok := strings.Cut(text, ">"); ok && strings.HasPrefix(pri, "<") && len(pri) <= 4 {
		text = rest
	}
	host, _, _ = strings.Cut(host, ".")
	if len(text) > stampLen && text[stampLen] == ' ' && text[3] == ' ' && text[6] == ' ' {
		return text[:stampLen+1] + host + text[stampLen:]
	}
	return text
}

// stampLen is the length of "Nov 24 06:05:15".
const stampLen = 15
