package fakedns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/tools/txtar"

	"strictmx/internal/mail"
)

// load makes Zones of a txtar archive.
func load(t testing.TB, archive string) *Zones {
	t.Helper()
	z, err := tryLoad(t, archive)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return z
}

func tryLoad(t testing.TB, archive string) (*Zones, error) {
	t.Helper()
	fsys, err := txtar.FS(txtar.Parse([]byte(archive)))
	if err != nil {
		t.Fatal(err)
	}
	return Load(fsys)
}

// A recorder keeps the questions it is told.
type recorder struct {
	mu   sync.Mutex
	list []mail.Question
}

func (r *recorder) log(q mail.Question) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, q)
}

func (r *recorder) questions() []mail.Question {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]mail.Question(nil), r.list...)
}

// serve runs a server on one port of a loopback address, UDP and TCP, until the
// test ends.
func serve(t testing.TB, s *Server, addr string) netip.AddrPort {
	t.Helper()
	var l net.Listener
	pc, err := net.ListenPacket("udp", net.JoinHostPort(addr, "0"))
	for range 10 { // another program may have the TCP port of this number
		if err != nil {
			t.Fatal(err)
		}
		l, err = net.Listen("tcp", pc.LocalAddr().String())
		if err == nil {
			break
		}
		pc.Close()
		pc, err = net.ListenPacket("udp", net.JoinHostPort(addr, "0"))
	}
	if l == nil {
		t.Fatal("no port is free for both UDP and TCP")
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, pc, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Serve = %v, want %v", err, context.Canceled)
		}
	})
	return netip.MustParseAddrPort(pc.LocalAddr().String())
}

// message makes a query of class IN with RD unset.
func message(name string, typ uint16) *dns.Msg {
	m := new(dns.Msg)
	m.Id = 0x1234
	m.Question = []dns.Question{{Name: name, Qtype: typ, Qclass: dns.ClassINET}}
	return m
}

// react packs a query, lets the zones react, and unpacks the reply.
func react(t testing.TB, z *Zones, m *dns.Msg, tcp, recursion bool) *dns.Msg {
	t.Helper()
	packet, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	r := z.world().react(packet, tcp, recursion)
	if r.reply == nil {
		return nil
	}
	in := new(dns.Msg)
	if err := in.Unpack(r.reply); err != nil {
		t.Fatalf("reply %x: %v", r.reply, err)
	}
	return in
}

// sketch writes a reply as a few lines: rcode and flags, then the records of each
// section with the section's initials and without class IN.
func sketch(m *dns.Msg) string {
	if m == nil {
		return "silence"
	}
	var b strings.Builder
	b.WriteString(rcodeText(m.Rcode))
	for _, f := range []struct {
		set  bool
		name string
	}{{m.Authoritative, " aa"}, {m.Truncated, " tc"}, {m.RecursionAvailable, " ra"}, {m.AuthenticatedData, " ad"}} {
		if f.set {
			b.WriteString(f.name)
		}
	}
	for _, s := range []struct {
		name string
		rrs  []dns.RR
	}{{"an", m.Answer}, {"ns", m.Ns}, {"ar", m.Extra}} {
		for _, rr := range s.rrs {
			if rr.Header().Rrtype == dns.TypeOPT {
				continue
			}
			words := strings.Fields(strings.Replace(rr.String(), "\tIN\t", "\t", 1))
			fmt.Fprintf(&b, "\n%s %s", s.name, strings.Join(words, " "))
		}
	}
	return b.String()
}

// lines takes the tabs off an expectation written in a test.
func lines(s string) string {
	var out []string
	for l := range strings.Lines(s) {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

// soon is a context for what must not take long; its end is a failure.
func soon(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}
