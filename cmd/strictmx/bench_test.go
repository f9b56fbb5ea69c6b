package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"strictmx/fakemx"
	"strictmx/fakemx/check"
	"strictmx/fakemx/profile"
	"strictmx/internal/mail"
)

// BenchmarkMessage is one message of a kept session with Gmail's whole table, without
// the network: what the program itself does for it.
func BenchmarkMessage(b *testing.B) {
	d := newSendingDomain(b)
	for _, m := range d.messages() {
		b.Run(m.name, func(b *testing.B) {
			bench(b, d, func(srv *fakemx.Server) {
				srv.ServeConn(context.Background(), &talker{messages: b.N, content: ended(m.content), closed: func() {}})
			})
		})
	}
}

// BenchmarkSession is the same with a session for each message.
func BenchmarkSession(b *testing.B) {
	bench(b, newSendingDomain(b), func(srv *fakemx.Server) {
		l := talkers{sessions: b.N, content: ended([]byte(plain)), next: make(chan struct{}, 1)}
		l.next <- struct{}{}
		if err := srv.Serve(context.Background(), &l); !errors.Is(err, net.ErrClosed) {
			b.Error(err)
		}
	})
}

// bench gives a server to run, and wants it to accept as many messages as there are
// rounds.
func bench(b *testing.B, d sendingDomain, run func(*fakemx.Server)) {
	zones, err := loadZones("bench", d.zones)
	if err != nil {
		b.Fatal(err)
	}
	p, err := profile.Builtin().Find("gmail")
	if err != nil {
		b.Fatal(err)
	}
	printed := printTo(b.Context(), io.Discard)
	defer printed.close()
	accepted := 0
	srv := &fakemx.Server{
		Profile: p, State: check.NewState(), AsIf: netip.MustParseAddr(sender),
		Resolver: zones.Resolver(p.Name, printed.question),
		Brief:    true,
		Record: func(a mail.Attempt) {
			if a.Rule == "" && a.Stage == mail.Data {
				accepted++
			}
			printed.attempt(a)
		},
	}
	b.ReportAllocs()
	run(srv)
	if accepted != b.N {
		b.Errorf("%d messages accepted, want %d", accepted, b.N)
	}
}

func ended(content []byte) []byte { return slices.Concat(content, []byte(".\r\n")) }

// talkers is a listener that has one session after the other.
type talkers struct {
	sessions int
	content  []byte
	next     chan struct{}
}

func (l *talkers) Accept() (net.Conn, error) {
	<-l.next
	if l.sessions == 0 {
		return nil, net.ErrClosed
	}
	l.sessions--
	return &talker{messages: 1, content: l.content, closed: func() { l.next <- struct{}{} }}, nil
}

func (l *talkers) Close() error   { return nil }
func (l *talkers) Addr() net.Addr { return (&talker{}).LocalAddr() }

// A talker is the connection of a client that says the next thing whenever it is
// listened to.
type talker struct {
	messages int
	content  []byte // of each, to its end
	closed   func()

	said int // EHLO and, for each message, four things
	rest []byte
}

func (t *talker) Read(b []byte) (int, error) {
	if len(t.rest) == 0 {
		switch {
		case t.said == 0:
			t.rest = []byte("EHLO mail.example.com\r\n")
		case t.said > 4*t.messages:
			return 0, io.EOF
		case t.said%4 == 1:
			t.rest = []byte("MAIL FROM:<me@example.com>\r\n")
		case t.said%4 == 2:
			t.rest = []byte("RCPT TO:<you@gmail.com>\r\n")
		case t.said%4 == 3:
			t.rest = []byte("DATA\r\n")
		default:
			t.rest = t.content
		}
		t.said++
	}
	n := copy(b, t.rest)
	t.rest = t.rest[n:]
	return n, nil
}

func (t *talker) Write(b []byte) (int, error) { return len(b), nil }
func (t *talker) Close() error                { t.closed(); return nil }
func (t *talker) LocalAddr() net.Addr         { return &net.TCPAddr{IP: net.IPv6loopback, Port: 25} }

func (t *talker) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv6loopback, Port: 2525} }
func (t *talker) SetDeadline(time.Time) error      { return nil }
func (t *talker) SetReadDeadline(time.Time) error  { return nil }
func (t *talker) SetWriteDeadline(time.Time) error { return nil }
