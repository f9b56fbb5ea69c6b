package main

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
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
	dir := b.TempDir()
	for name, text := range map[string]string{
		"example.com.zone": "@ MX 10 mail\n@ TXT \"v=spf1 ip4:203.0.113.10 -all\"\nmail A 203.0.113.10\n_dmarc TXT \"v=DMARC1; p=reject\"\n",
		"ptr":              "203.0.113.10  mail.example.com\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	zones, err := loadZones("bench", dir)
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
		Profile: p, State: check.NewState(), AsIf: netip.MustParseAddr("203.0.113.10"),
		Resolver: zones.Resolver(p.Name, printed.question),
		Record: func(a mail.Attempt) {
			if a.Rule == "" && a.Stage == mail.Data {
				accepted++
			}
			printed.attempt(a)
		},
	}
	b.ReportAllocs()
	srv.ServeConn(context.Background(), &talker{messages: b.N})
	if accepted != b.N {
		b.Errorf("%d messages accepted, want %d", accepted, b.N)
	}
}

// A talker is the connection of a client that says the next thing whenever it is
// listened to.
type talker struct {
	messages, said int
	rest           []byte
}

var (
	opening = [][]byte{[]byte("EHLO mail.example.com\r\n")}
	message = [][]byte{
		[]byte("MAIL FROM:<me@example.com>\r\n"), []byte("RCPT TO:<you@gmail.com>\r\n"), []byte("DATA\r\n"),
		[]byte("From: me@example.com\r\nTo: you@gmail.com\r\nDate: Tue, 24 Nov 2026 12:00:00 +0000\r\n" +
			"Message-ID: <1@example.com>\r\nSubject: hello\r\n\r\nThe body.\r\n.\r\n"),
	}
)

func (t *talker) Read(b []byte) (int, error) {
	if len(t.rest) == 0 {
		i := t.said - len(opening)
		switch {
		case i < 0:
			t.rest = opening[t.said]
		case i >= t.messages*len(message):
			return 0, io.EOF
		default:
			t.rest = message[i%len(message)]
		}
		t.said++
	}
	n := copy(b, t.rest)
	t.rest = t.rest[n:]
	return n, nil
}

func (t *talker) Write(b []byte) (int, error) { return len(b), nil }
func (t *talker) Close() error                { return nil }
func (t *talker) LocalAddr() net.Addr         { return &net.TCPAddr{IP: net.IPv6loopback, Port: 25} }

func (t *talker) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv6loopback, Port: 2525} }
func (t *talker) SetDeadline(time.Time) error      { return nil }
func (t *talker) SetReadDeadline(time.Time) error  { return nil }
func (t *talker) SetWriteDeadline(time.Time) error { return nil }
