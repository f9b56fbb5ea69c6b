//go:build linux

package mta

import (
	"context"
	"errors"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"strictmx/internal/wire"
)

func TestLogLine(t *testing.T) {
	for _, tt := range []struct{ datagram, want string }{
		{"<22>Nov 24 06:05:15 postfix/smtp[7]: text\n", "Nov 24 06:05:15 services02 postfix/smtp[7]: text"},
		{"Nov  4 06:05:15 postfix/smtp[7]: text\x00", "Nov  4 06:05:15 services02 postfix/smtp[7]: text"},
		{"<22>no time", "no time"},
		{"", ""},
	} {
		if got := logLine("services02.example.com", tt.datagram); got != tt.want {
			t.Errorf("logLine(%q) = %q, want %q", tt.datagram, got, tt.want)
		}
	}
}

func FuzzLogLine(f *testing.F) {
	f.Add("<22>Nov 24 06:05:15 postfix/smtp[7]: text\n")
	f.Fuzz(func(t *testing.T, datagram string) {
		got := logLine("host.example.com", datagram)
		if len(got) > len(datagram)+len("host ") {
			t.Errorf("logLine(%q) = %q: more than the host was added", datagram, got)
		}
	})
}

func TestLogSocketHandsOutAllBeforeAMark(t *testing.T) {
	s, err := listenLog(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.conn.Close()
	var got []string
	go s.read("host", func(line string) { got = append(got, line) })
	for _, line := range []string{"one", "two"} {
		if err := s.send(line); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if strings.Join(got, ",") != "one,two" {
		t.Errorf("handed out %q before the mark, want one and two", got)
	}
}

func TestResolvConf(t *testing.T) {
	got := resolvConf([]netip.Addr{netip.MustParseAddr("198.51.100.53"), netip.MustParseAddr("2001:db8::53")})
	want := "nameserver 198.51.100.53\nnameserver 2001:db8::53\noptions timeout:1 attempts:2\n"
	if got != want {
		t.Errorf("resolvConf = %q, want %q", got, want)
	}
}

func TestBrokenSetUpIsTold(t *testing.T) {
	var out strings.Builder
	err := Run(t.Context(), strings.NewReader("{\n"), &out)
	if err == nil || !strings.Contains(out.String(), `"kind":"error"`) {
		t.Errorf("Run(broken JSON) = %v and wrote %q, want an event of kind error", err, out.String())
	}
}

func TestEndOfInputIsNoError(t *testing.T) {
	var out strings.Builder
	if err := Run(t.Context(), strings.NewReader(""), &out); err != nil || out.Len() > 0 {
		t.Errorf("Run(nothing) = %v and wrote %q, want nothing", err, out.String())
	}
}

func TestEndingNamesTheCause(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errEnd)
	if err := ending(ctx); err != nil {
		t.Errorf("ending(end of input) = %v, want none", err)
	}
	gone := errors.New("gone")
	ctx, cancel = context.WithCancelCause(context.Background())
	cancel(gone)
	if err := ending(ctx); !errors.Is(err, gone) {
		t.Errorf("ending(%v) = %v", gone, err)
	}
}

func TestUnknownCommand(t *testing.T) {
	m := &mta{}
	if r := m.do(t.Context(), nil, wire.Command{Op: "bogus"}); r.err == nil || !strings.Contains(r.err.Error(), wire.OpSubmit) {
		t.Errorf("do(bogus) = %v, want an error that lists what there is", r.err)
	}
}

// The last words of a program are heard though a child of its keeps its output open.
func TestAttendHearsLastWords(t *testing.T) {
	c := newChildren()
	stop := make(chan struct{})
	defer close(stop)
	go c.reap(stop)
	for range 20 {
		_, ended, err := c.attend("/bin/sh", "-c", "sleep 60 & echo $! last words; exit 3")
		if err != nil {
			t.Fatal(err)
		}
		o := <-ended
		pid, words, _ := strings.Cut(strings.TrimSpace(o.stderr), " ")
		if words != "last words" || o.status.ExitStatus() != 3 {
			t.Errorf("%q and status %d, want the last words and 3", o.stderr, o.status.ExitStatus())
		}
		if n, err := strconv.Atoi(pid); err == nil {
			syscall.Kill(n, syscall.SIGKILL)
		}
	}
}
