package fakemx

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// What a client takes of a server in one reply: RFC 5321 section 4.5.3.1.5 has 512
// octets a line.
const (
	replyLine  = 4096
	replyLines = 200
)

// A wire is a client's connection.
type wire struct {
	conn  net.Conn
	in    *bufio.Reader
	err   error      // of an earlier send
	along chan error // what a send that goes on meanwhile will say; else nil
}

func newWire(c net.Conn) *wire { return &wire{conn: c, in: bufio.NewReaderSize(c, replyLine)} }

// send sends. An error comes out with the next reply, if there is none: a server
// that hung up may have said why.
func (w *wire) send(b []byte) {
	_, err := w.conn.Write(b)
	w.err = errors.Join(w.err, err)
}

// sendAlong sends while replies are read. A connection in memory has no buffer, and
// a server that answers the first of many commands must be heard before it takes
// the last. [wire.settle] waits for it.
func (w *wire) sendAlong(b []byte) {
	w.along = make(chan error, 1)
	go func() {
		_, err := w.conn.Write(b)
		w.along <- err
	}()
}

// settle waits for what is sent along.
func (w *wire) settle() {
	if w.along != nil {
		w.err = errors.Join(w.err, <-w.along)
		w.along = nil
	}
}

// reply reads the lines of one reply.
func (w *wire) reply() ([]string, error) {
	var lines []string
	for {
		line, err := w.line()
		if err != nil {
			if w.along != nil {
				// The server will not read on: what is being sent must not wait for it.
				err = errors.Join(err, w.conn.SetDeadline(time.Unix(1, 0)))
				w.settle()
			}
			return lines, errors.Join(err, w.err)
		}
		lines = append(lines, line)
		if len(line) < 4 || line[3] != '-' || !digits(line[:3]) {
			return lines, nil
		}
		if len(lines) == replyLines {
			return lines, fmt.Errorf("want a reply of at most %d lines", replyLines)
		}
	}
}

func (w *wire) line() (string, error) {
	b, err := w.in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return "", fmt.Errorf("want reply lines of at most %d octets", replyLine)
	}
	if err != nil {
		return "", err
	}
	s, ok := strings.CutSuffix(string(b), "\r\n")
	if !ok {
		return "", fmt.Errorf("reply %q: want CR LF at its end", b)
	}
	return s, nil
}
