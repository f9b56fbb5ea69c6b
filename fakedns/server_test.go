package fakedns

import (
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"strictmx/internal/mail"
)

func TestReplace(t *testing.T) {
	const before = "-- example.com.zone --\na A 203.0.113.1\n-- faults.yaml --\n- {name: a.example.com, fault: servfail, times: 2}\n"
	z := load(t, before)
	c := &Client{Server: serve(t, &Server{Zones: z}, "127.0.0.1")}
	if _, err := c.Resolve(soon(t), "a.example.com", "A"); err == nil {
		t.Error("a.example.com A: no error, want SERVFAIL")
	}
	z.Replace(load(t, strings.Replace(before, "a A", "b A 203.0.113.2\na A", 1)))
	if a, err := c.Resolve(soon(t), "b.example.com", "A"); err != nil || len(a.Records) != 1 {
		t.Errorf("b.example.com A after Replace = %v, %v; want the new record", a, err)
	}
	if _, err := c.Resolve(soon(t), "a.example.com", "A"); err == nil {
		t.Error("a.example.com A after Replace: no error, want SERVFAIL the second time")
	}
	if a, err := c.Resolve(soon(t), "a.example.com", "A"); err != nil || len(a.Records) != 1 {
		t.Errorf("a.example.com A = %v, %v; want it healed, as the count goes on", a, err)
	}
}

// Replies that are delayed for longer than the test do not hold up others.
func TestDelayHoldsUpNobody(t *testing.T) {
	at := serve(t, &Server{Zones: load(t, faulty)}, "127.0.0.1")
	for _, network := range []string{"udp", "tcp"} {
		conn, err := dns.DialTimeout(network, at.String(), 20*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		for i, name := range []string{"late.faulty.example.", "time.faulty.example.", "mail.example.com."} {
			m := message(name, dns.TypeA)
			m.Id = uint16(i)
			if err := conn.WriteMsg(m); err != nil {
				t.Fatal(err)
			}
		}
		if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		in, err := conn.ReadMsg()
		if err != nil || in.Id != 2 {
			t.Errorf("first reply over %s = %v, %v; want that about mail.example.com", network, in, err)
		}
	}
}

// Pipelined queries are all answered, also when the client has closed its side.
func TestPipeline(t *testing.T) {
	var r recorder
	at := serve(t, &Server{Zones: load(t, faulty), Log: r.log}, "::1")
	conn, err := net.Dial("tcp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	co := &dns.Conn{Conn: conn}
	const n = 200
	for i := range n {
		m := message("soon.faulty.example.", dns.TypeA)
		m.Id = uint16(i)
		if err := co.WriteMsg(m); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	seen := make(map[uint16]bool)
	for {
		in, err := co.ReadMsg()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		seen[in.Id] = true
	}
	if len(seen) != n || len(r.questions()) != n {
		t.Errorf("%d replies and %d log entries, want %d", len(seen), len(r.questions()), n)
	}
	for _, q := range r.questions() {
		if want := (mail.Question{Asker: "::1", Name: "soon.faulty.example.", Type: "A", RCode: "NOERROR"}); q != want {
			t.Errorf("log entry %+v, want %+v", q, want)
		}
	}
}

func TestConnectionLimits(t *testing.T) {
	at := serve(t, &Server{Zones: load(t, internet), MaxConns: 1, Idle: 20 * time.Second}, "127.0.0.1")
	first, err := dns.DialTimeout("tcp", at.String(), 20*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if err := first.WriteMsg(message("mail.example.com.", dns.TypeA)); err != nil {
		t.Fatal(err)
	}
	if _, err := first.ReadMsg(); err != nil {
		t.Fatal(err)
	}
	second, err := net.Dial("tcp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if _, err := second.Read(make([]byte, 1)); err == nil {
		t.Error("second connection is served, want it closed")
	}
}

func TestIdleConnectionIsClosed(t *testing.T) {
	at := serve(t, &Server{Zones: load(t, internet), Idle: time.Millisecond}, "127.0.0.1")
	for _, sent := range []string{"", "\x00", "\x00\x20half a message"} {
		conn, err := net.Dial("tcp", at.String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, sent); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Errorf("after %q: a reply, want the connection closed", sent)
		}
		conn.Close()
	}
}

// Garbage gets what RFC 1035 says and the server goes on.
func TestServerSurvivesGarbage(t *testing.T) {
	var r recorder
	at := serve(t, &Server{Zones: load(t, internet), Log: r.log}, "127.0.0.1")
	conn, err := net.Dial("udp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, p := range []string{"", "x", "\x12\x34\x81\x00garbage.", "\x12\x34\x01\x00garbage!", strings.Repeat("\xff", 1400)} {
		if _, err := io.WriteString(conn, p); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 512)
	n, err := conn.Read(buf)
	if want := "\x12\x34\x81\x01\x00\x00\x00\x00\x00\x00\x00\x00"; err != nil || string(buf[:n]) != want {
		t.Errorf("reply %x, %v; want FORMERR %x", buf[:n], err, want)
	}
	if want := []mail.Question{{Asker: "127.0.0.1", RCode: "FORMERR"}}; !slices.Equal(r.questions(), want) {
		t.Errorf("log = %+v, want %+v", r.questions(), want)
	}
}

// Many askers at once, while zones change.
func TestConcurrentUse(t *testing.T) {
	z := load(t, faulty)
	c := &Client{Server: serve(t, &Server{Zones: z, Recursion: true, Log: func(mail.Question) {}}, "127.0.0.1"), Timeout: 20 * time.Second}
	next := []*Zones{load(t, faulty), load(t, internet)}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 100 {
				z.Replace(next[i%2])
				if a, err := c.Resolve(soon(t), "www.example.com", "A"); err != nil || len(a.Records) != 1 {
					t.Errorf("www.example.com A = %v, %v", a, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestServeReturnsTheErrorOfASocket(t *testing.T) {
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	pc.Close()
	if err := (&Server{Zones: new(Zones)}).Serve(t.Context(), pc, nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve = %v, want %v", err, net.ErrClosed)
	}
}
