package fakemx

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"time"
)

const (
	bufferSize  = 4096
	lingerTime  = time.Second // for the client to take our last words
	lingerBytes = 64 << 10    // of what it had still to say
)

// A stream is the client's connection: buffered, with deadlines, in clear or TLS.
// Replies are held back until the server waits for the client, as RFC 2920 section
// 3.2 asks of servers that pipeline.
type stream struct {
	ctx  context.Context // of the connection
	raw  net.Conn
	conn net.Conn // raw, or TLS on it
	*buffers
	wait   time.Duration // for each read and write
	end    time.Time     // of the session
	closed bool

	readBy, writeBy time.Time // deadlines that the connection has
}

func newStream(ctx context.Context, c net.Conn, l Limits) *stream {
	s := &stream{ctx: ctx, raw: c, conn: c, wait: l.Command, end: time.Now().Add(l.Session)}
	s.buffers = unused.Get().(*buffers)
	s.in.Reset(s)
	s.out.Reset(writer{s})
	return s
}

// buffers are those of a stream. They go from one that is closed to the next: most
// sessions are short.
type buffers struct {
	in  *bufio.Reader
	out *bufio.Writer
}

var unused = sync.Pool{New: func() any {
	return &buffers{bufio.NewReaderSize(nil, bufferSize), bufio.NewWriterSize(nil, bufferSize)}
}}

// release gives the buffers back, with nothing of this stream in them.
func (s *stream) release() {
	s.in.Reset(nil)
	s.out.Reset(nil)
	unused.Put(s.buffers)
	s.buffers = nil // who reads or writes now is wrong, and must not meet another session
}

// interrupt ends the read or write that is going on. It is the only method to be
// called from another goroutine. A connection that cannot have deadlines is closed.
func (s *stream) interrupt() {
	if err := s.raw.SetDeadline(time.Unix(1, 0)); err != nil {
		_ = s.raw.Close() // the reader sees the end of it
	}
}

// deadline is that of the next read or write. It is a sixteenth later than it need be,
// so that it can stand for some time.
func (s *stream) deadline(now time.Time) time.Time {
	d := now.Add(s.wait + s.wait/16)
	if s.end.Before(d) {
		return s.end
	}
	return d
}

// stale tells whether a deadline that stands has to make way for another one. To change
// it for each read and write was some 3 % of what a session costs.
func (s *stream) stale(stands, next, now time.Time) bool {
	return stands.Before(now.Add(min(s.wait, lingerTime))) || // it is over, or last words need a moment
		next.Before(stands) || // the wait is a shorter one
		next.Sub(stands) > s.wait/16 ||
		next.Equal(s.end) && !stands.Equal(next)
}

// Read sends the replies that were held back, then waits for the client. Deadlines
// are set before ctx is asked, and interrupt is called after ctx has ended: one of
// the two stops the read.
func (s *stream) Read(b []byte) (int, error) {
	if err := s.out.Flush(); err != nil {
		return 0, err
	}
	now := time.Now()
	if d := s.deadline(now); s.stale(s.readBy, d, now) {
		if err := s.raw.SetReadDeadline(d); err != nil {
			return 0, err
		}
		s.readBy = d
	}
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	// Others first, here too: where they keep the processor busy the client's answer is
	// here by then, and nobody has to look twice or to be woken.
	runtime.Gosched()
	return s.conn.Read(b)
}

// early tells whether the client sends something before it is greeted, and waits no
// longer than hold for it. What comes is read later, in its place.
func (s *stream) early(hold time.Duration) (octets int) {
	command := s.wait
	s.wait = min(hold, command) * 16 / 17 // see deadline
	_, _ = s.in.Peek(1)                   // a connection that is at its end is seen by the next read
	s.wait = command
	return s.in.Buffered()
}

// A writer is the lower side of a stream's output buffer.
type writer struct{ s *stream }

// Write waits for the client to take b. Last words, when time is up or ctx has
// ended, get a moment.
func (w writer) Write(b []byte) (int, error) {
	now := time.Now()
	moment, d := now.Add(lingerTime), w.s.deadline(now)
	if d.Before(moment) {
		d = moment
	}
	if w.s.stale(w.s.writeBy, d, now) {
		if err := w.s.raw.SetWriteDeadline(d); err != nil {
			return 0, err
		}
		w.s.writeBy = d
	}
	if w.s.ctx.Err() != nil {
		if err := w.s.raw.SetWriteDeadline(moment); err != nil {
			return 0, err
		}
	}
	// Others that wait for the processor first: replies that go out together wake a client
	// of many sessions once, and not each time (docs/performance.md).
	runtime.Gosched()
	return w.s.conn.Write(b)
}

// reply writes lines. An error stays with the buffer and is met by the next read.
func (s *stream) reply(lines []string) {
	for _, l := range lines {
		_, _ = s.out.WriteString(l)
		_, _ = s.out.WriteString("\r\n")
	}
}

// What can be wrong with a line.
var (
	errBareLF  = errors.New("line ends with a bare LF")
	errTooLong = errors.New("line too long")
)

// line reads a command line of at most max octets with its CR LF, and returns it
// without. With errBareLF and errTooLong the line has been read to its LF, and the
// session can go on; a line that is too long is given by its length only.
func (s *stream) line(max int) (text string, length int, err error) {
	var long []byte // nil as long as there is one piece
	for {
		piece, err := s.in.ReadSlice('\n')
		length += len(piece)
		switch {
		case length > max:
		case err == nil && long == nil:
			long = piece
		default:
			long = append(long, piece...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil:
			return "", length, err
		case length > max:
			return "", length, errTooLong
		}
		break
	}
	n := len(long)
	if n < 2 || long[n-2] != '\r' {
		return string(long[:n-1]), length, errBareLF
	}
	return string(long[:n-2]), length, nil
}

// startTLS makes a TLS server of the stream, in the time that a command has. It
// returns how many octets had come too early: RFC 3207 section 4.2 wants them
// dropped.
func (s *stream) startTLS(conf *tls.Config) (early int, err error) {
	if err := s.out.Flush(); err != nil {
		return 0, err
	}
	early = s.in.Buffered()
	conn := tls.Server(s.raw, conf)
	if err := s.raw.SetDeadline(s.deadline(time.Now())); err != nil {
		return early, err
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.wait)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		return early, err
	}
	s.conn = conn
	s.in.Reset(s)
	return early, nil
}

// tlsState is nil for a session in clear.
func (s *stream) tlsState() *tls.ConnectionState {
	c, ok := s.conn.(*tls.Conn)
	if !ok {
		return nil
	}
	state := c.ConnectionState()
	return &state
}

// close sends what was held back and closes. If the client may still be sending,
// linger waits a moment for it to see our last words: a socket that is closed with
// unread input resets the connection, and the reply on its way may be lost.
func (s *stream) close(linger bool) {
	if s.closed {
		return
	}
	s.closed = true
	if s.out.Flush() == nil && linger {
		s.drain()
	}
	_ = s.conn.Close() // nobody is left to be told
	s.release()
}

// drain takes what the client was still sending, up to a limit. It does so while our
// side is closed: over a pipe the client reads nothing before its QUIT is taken.
func (s *stream) drain() {
	half, ok := s.conn.(interface{ CloseWrite() error })
	if !ok || s.raw.SetReadDeadline(time.Now().Add(lingerTime)) != nil || s.ctx.Err() != nil {
		return
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_ = half.CloseWrite() // if it fails, so does what is read
	}()
	_, _ = io.CopyN(io.Discard, s.raw, lingerBytes) // whatever it is, and however it ends
	<-closed
}
