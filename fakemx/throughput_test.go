//go:build smtptools

package fakemx_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"strictmx/fakemx"
	"strictmx/fakemx/check"
	"strictmx/fakemx/profile"
	"strictmx/internal/mail"
)

// These tests measure against smtp-source and smtp-sink of Debian's postfix package,
// which have to be in $PATH: `make bench-smtp`. They print figures for
// docs/performance.md, and assert no time and no size.

// messages is how many are sent in one round; $MESSAGES has another number.
func messages(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("MESSAGES"))
	if os.Getenv("MESSAGES") == "" {
		return 2000
	}
	if err != nil || n < 1 {
		t.Fatalf("MESSAGES=%s: want a number from 1", os.Getenv("MESSAGES"))
	}
	return n
}

// parallel is the number of sessions that smtp-source has at a time.
const parallel = 10

// gmailServer is Gmail with a sender that passes iprev, spf, dkim and dmarc, and
// counts what it accepts and refuses.
func gmailServer(t *testing.T) (srv *fakemx.Server, message string, accepted, refused *atomic.Int64) {
	t.Helper()
	p, err := profile.Builtin().Find("gmail")
	if err != nil {
		t.Fatal(err)
	}
	f := firing{sign: "example.com"}.withDefaults()
	message = filepath.Join(t.TempDir(), "message")
	if err := os.WriteFile(message, []byte(strings.ReplaceAll(f.content, "\r\n", "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	accepted, refused = new(atomic.Int64), new(atomic.Int64)
	return &fakemx.Server{
		Profile: p, Resolver: f.zones(t).Resolver(p.Name, nil), State: check.NewState(),
		AsIf: netip.MustParseAddr(f.client), Limits: fakemx.Limits{Connections: 600},
		Record: func(a mail.Attempt) {
			for _, want := range []string{"iprev", "spf", "dkim", "dmarc"} {
				if !slices.ContainsFunc(a.Results, func(r mail.Result) bool { return r.Method == want && r.Value == mail.Pass }) {
					refused.Add(1)
					return
				}
			}
			accepted.Add(1)
		},
	}, message, accepted, refused
}

func listen(t *testing.T, srv *fakemx.Server) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// sink is smtp-sink, which accepts everything.
func sink(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	args := []string{"-h", "mx.google.com", address, "1000"}
	if os.Getuid() == 0 {
		args = append([]string{"-u", "nobody"}, args...) // it wants to know who to be
	}
	cmd := exec.Command(tool(t, "smtp-sink"), args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	for range 500 {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return address
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("smtp-sink does not listen")
	return ""
}

func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%v: it is in Debian's package postfix", err)
	}
	return path
}

// source has smtp-source send messages, and tells how many a second.
func source(t *testing.T, address, message string, n int, kept bool) float64 {
	t.Helper()
	args := []string{
		"-s", strconv.Itoa(parallel), "-m", strconv.Itoa(n), "-M", "mail.example.com",
		"-f", "me@example.com", "-t", "you@gmail.com", "-F", message,
	}
	if kept {
		args = append(args, "-d")
	}
	begin := time.Now()
	out, err := exec.Command(tool(t, "smtp-source"), append(args, address)...).CombinedOutput()
	if err != nil {
		t.Fatalf("smtp-source: %v\n%s", err, out)
	}
	return float64(n) / time.Since(begin).Seconds()
}

// TestThroughput sends the same message to both, in turns, and prints the medians.
func TestThroughput(t *testing.T) {
	n := messages(t)
	for name, kept := range map[string]bool{"a session each": false, "kept sessions": true} {
		t.Run(name, func(t *testing.T) {
			srv, message, accepted, refused := gmailServer(t)
			ours, theirs := listen(t, srv), sink(t)
			var us, them []float64
			for range 5 {
				them = append(them, source(t, theirs, message, n, kept))
				us = append(us, source(t, ours, message, n, kept))
			}
			slices.Sort(us)
			slices.Sort(them)
			fmt.Printf("%s: fakemx with gmail %.0f/s, smtp-sink %.0f/s, ratio %.2f (medians of 5 rounds of %d)\n",
				name, us[2], them[2], us[2]/them[2], n)
			if accepted.Load() != int64(5*n) || refused.Load() != 0 {
				t.Errorf("%d messages passed and %d did not, want %d that pass", accepted.Load(), refused.Load(), 5*n)
			}
		})
	}
}

// TestMemoryIsFlat sends 100,000 messages and prints what lives after each tenth.
func TestMemoryIsFlat(t *testing.T) {
	srv, message, _, _ := gmailServer(t)
	address := listen(t, srv)
	for i := range 10 {
		source(t, address, message, 10_000, true)
		fmt.Printf("after %d messages: %s\n", (i+1)*10_000, memory(t))
	}
}

// TestOpenSessions500 holds 500 sessions open in the middle of a message's header.
func TestOpenSessions500(t *testing.T) {
	srv, _, _, _ := gmailServer(t)
	address := listen(t, srv)
	fmt.Printf("before: %s\n", memory(t))
	for range 500 {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		for _, say := range []string{
			"", "EHLO mail.example.com\r\n", "MAIL FROM:<me@example.com>\r\n", "RCPT TO:<you@gmail.com>\r\n", "DATA\r\n",
		} {
			if _, err := io.WriteString(c, say); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Read(make([]byte, 1024)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := io.WriteString(c, strings.Repeat("X-Header: some of it\r\n", 100)); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Printf("with 500 sessions open: %s\n", memory(t))
}

// memory is what lives, and what the kernel counts, of this process.
func memory(t *testing.T) string {
	t.Helper()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rss, _ := bytes.Cut(status, []byte("VmRSS:"))
	rss, _, _ = bytes.Cut(rss, []byte("\n"))
	return fmt.Sprintf("%.1f MiB live, %d goroutines, resident %s", float64(m.HeapAlloc+m.StackInuse)/(1<<20),
		runtime.NumGoroutine(), bytes.TrimSpace(rss))
}
