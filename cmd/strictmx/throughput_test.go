//go:build smtptools

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// These tests measure the program itself, `strictmx serve` with Gmail's whole table,
// against smtp-source and smtp-sink of Debian's postfix package, which have to be in
// $PATH: `make bench-smtp`. They print figures for docs/performance.md, and assert no
// time and no size.

// messages is how many are sent in one round; $MESSAGES has another number.
func messages(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("MESSAGES"))
	if os.Getenv("MESSAGES") == "" {
		return 5000
	}
	if err != nil || n < 1 {
		t.Fatalf("MESSAGES=%s: want a number from 1", os.Getenv("MESSAGES"))
	}
	return n
}

const parallel = 10 // sessions that smtp-source has at a time

// forSource writes a message as smtp-source wants it.
func forSource(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "message")
	if err := os.WriteFile(path, bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A server is one of those that are compared.
type server struct {
	address string
	pid     int    // 0 is this process
	printed string // file that its standard output goes to; empty is none
}

// gmail is the program itself.
func (d sendingDomain) gmail(t *testing.T) server {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "strictmx")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	s := server{address: freeAddress(t), printed: filepath.Join(t.TempDir(), "printed")}
	out, err := os.Create(s.printed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close() })
	cmd := exec.Command(binary, "serve", "--zones", d.zones, "--receiver", "gmail="+s.address, "--client", sender)
	cmd.Stdout = out // who reads it now takes its CPU from all
	started(t, cmd)
	s.pid = cmd.Process.Pid
	s.wantListens(t)
	return s
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l := listen(t)
	defer l.Close()
	return l.Addr().String()
}

// wantListens waits until a server takes connections.
func (s server) wantListens(t *testing.T) {
	t.Helper()
	for range 500 {
		if c, err := net.Dial("tcp", s.address); err == nil {
			c.Close()
			return
		}
		time.Sleep(10 * time.Millisecond) // smtp-sink does not tell when it listens
	}
	t.Fatalf("nothing listens at %s", s.address)
}

// accepted is how many messages the program has said that it accepted.
func (s server) accepted(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(s.printed)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(text, []byte(" at data rule none: 250 "))
}

// bare is go-smtp with nothing behind it: what the library takes by itself.
func bare(t *testing.T) server {
	t.Helper()
	l := listen(t)
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return taker{}, nil }))
	srv.Domain = "mx.google.com"
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() {
		srv.Close()
		<-served
	})
	return server{address: l.Addr().String()}
}

// A taker accepts everything.
type taker struct{}

func (taker) Mail(string, *smtp.MailOptions) error { return nil }
func (taker) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (taker) Reset()                               {}
func (taker) Logout() error                        { return nil }

func (taker) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

// canned has the same answers for everybody, and understands nothing but DATA, its end
// and QUIT: what Go's runtime leaves to whoever answers in it.
func canned(t *testing.T) server {
	t.Helper()
	l := listen(t)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // the test is over
			}
			go answer(c)
		}
	}()
	return server{address: l.Addr().String()}
}

func answer(c net.Conn) {
	defer c.Close()
	in := bufio.NewReader(c)
	content, over, reply := false, false, "220 mx.google.com ESMTP\r\n"
	for {
		if reply != "" {
			if _, err := io.WriteString(c, reply); err != nil {
				return
			}
		}
		if over {
			return
		}
		line, err := in.ReadString('\n')
		switch {
		case err != nil:
			return
		case !content && line == "QUIT\r\n":
			over, reply = true, "221 bye\r\n"
		case content && line != ".\r\n":
			reply = ""
		case !content && line == "DATA\r\n":
			content, reply = true, "354 go ahead\r\n"
		default:
			content, reply = false, "250 OK\r\n"
		}
	}
}

// sink is smtp-sink, which accepts everything.
func sink(t *testing.T) server {
	t.Helper()
	s := server{address: freeAddress(t)}
	args := []string{"-h", "mx.google.com", s.address, "1000"}
	if os.Getuid() == 0 {
		args = append([]string{"-u", "nobody"}, args...) // it wants to know who to be
	}
	cmd := exec.Command(tool(t, "smtp-sink"), args...)
	started(t, cmd)
	s.pid = cmd.Process.Pid
	s.wantListens(t)
	return s
}

func started(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
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

// TestThroughput sends the same message to all four, in turns, and prints the
// medians.
func TestThroughput(t *testing.T) {
	const rounds = 5
	d, n := newSendingDomain(t), messages(t)
	gmail := d.gmail(t)
	servers := []server{sink(t), canned(t), bare(t), gmail}
	leaveCPU() // as the program does
	for _, kept := range []bool{false, true} {
		for _, m := range d.messages() {
			message := forSource(t, m.content)
			before := gmail.accepted(t)
			var rates [4][]float64
			for range rounds {
				for i, s := range servers {
					rates[i] = append(rates[i], source(t, s.address, message, n, kept))
				}
			}
			for _, r := range rates {
				slices.Sort(r)
			}
			theirs, least, library, ours := rates[0][rounds/2], rates[1][rounds/2], rates[2][rounds/2], rates[3][rounds/2]
			fmt.Printf("kept=%-5t %-6s smtp-sink %.0f/s; of that gmail %.2f, go-smtp alone %.2f, canned answers %.2f\n",
				kept, m.name, theirs, ours/theirs, library/theirs, least/theirs)
			gmail.wantAccepted(t, before+rounds*n)
		}
	}
}

// wantAccepted waits until the program has told of all messages.
func (s server) wantAccepted(t *testing.T, want int) {
	t.Helper()
	got := s.accepted(t)
	for range 500 {
		if got >= want {
			break
		}
		time.Sleep(10 * time.Millisecond) // between smtp-source's end and the last line
		got = s.accepted(t)
	}
	if got != want {
		t.Errorf("%d messages accepted, want %d", got, want)
	}
}

// TestMemoryIsFlat sends 100,000 messages and prints the size after each tenth.
func TestMemoryIsFlat(t *testing.T) {
	d := newSendingDomain(t)
	message := forSource(t, d.signed)
	gmail := d.gmail(t)
	for i := range 10 {
		source(t, gmail.address, message, 10_000, true)
		fmt.Printf("after %d messages: %s\n", (i+1)*10_000, gmail.memory(t))
	}
	gmail.wantAccepted(t, 100_000)
}

// TestOpenSessions500 holds 500 sessions open in the middle of a message's header.
func TestOpenSessions500(t *testing.T) {
	gmail := newSendingDomain(t).gmail(t)
	fmt.Printf("before: %s\n", gmail.memory(t))
	for range 500 {
		c, err := net.Dial("tcp", gmail.address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		for _, step := range []struct{ say, want string }{
			{"", "220"},
			{"EHLO mail.example.com\r\n", "250"},
			{"MAIL FROM:<me@example.com>\r\n", "250"},
			{"RCPT TO:<you@gmail.com>\r\n", "250"},
			{"DATA\r\n", "354"},
		} {
			if _, err := io.WriteString(c, step.say); err != nil {
				t.Fatal(err)
			}
			b := make([]byte, 1024)
			if n, err := c.Read(b); err != nil || !strings.HasPrefix(string(b[:n]), step.want) {
				t.Fatalf("after %q: %q, %v, want %s", step.say, b[:n], err, step.want)
			}
		}
		if _, err := io.WriteString(c, strings.Repeat("X-Header: some of it\r\n", 100)); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Printf("with 500 sessions open: %s\n", gmail.memory(t))
}

// memory is what the kernel counts of the process, at the moment and at most.
func (s server) memory(t *testing.T) string {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.pid))
	if err != nil {
		t.Fatal(err)
	}
	field := func(name string) string {
		_, text, _ := strings.Cut(string(status), name+":")
		text, _, _ = strings.Cut(text, "\n")
		return strings.TrimSpace(text)
	}
	return "resident " + field("VmRSS") + ", at most " + field("VmHWM")
}
