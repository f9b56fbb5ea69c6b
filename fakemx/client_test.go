package fakemx

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"strictmx/fakemx/check"
	"strictmx/internal/mail"
)

// A pipeEnd is one end of a connection in memory, with addresses.
type pipeEnd struct {
	net.Conn
	local, remote net.Addr
}

func (e pipeEnd) LocalAddr() net.Addr  { return e.local }
func (e pipeEnd) RemoteAddr() net.Addr { return e.remote }

// pipe connects in memory; serve has the other end, which is closed after it.
func pipe(t testing.TB, serve func(net.Conn)) net.Conn {
	t.Helper()
	a, b := net.Pipe()
	client, server := tcpAddr("[2001:db8::25]:50000"), tcpAddr("[2001:db8:25::25]:25")
	var wg sync.WaitGroup
	wg.Go(func() {
		defer b.Close()
		serve(pipeEnd{b, server, client})
	})
	t.Cleanup(func() {
		a.Close()
		wg.Wait()
	})
	return pipeEnd{a, client, server}
}

func dial(t testing.TB, srv *Server) net.Conn {
	t.Helper()
	return pipe(t, func(c net.Conn) { srv.ServeConn(context.Background(), c) })
}

// A recorder keeps attempts.
type recorder struct {
	mu  sync.Mutex
	all []mail.Attempt
}

func (r *recorder) record(a mail.Attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, a)
}

func (r *recorder) attempts() []mail.Attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all
}

var message = []byte("Message-ID: <1@example.com>\r\nSubject: x\r\n\r\n.\r\n..\r\nbare\nline feed\r\nno end")

// What Submit sends is what the server gets, with or without TLS and pipelining.
func TestSubmit(t *testing.T) {
	ca, err := NewCA()
	if err != nil {
		t.Fatal(err)
	}
	for name, e := range map[string]Envelope{
		"plain":     {},
		"pipelined": {Pipeline: true},
		"tls":       {StartTLS: &tls.Config{RootCAs: ca.Pool(), ServerName: "mx.example.net"}},
		"tls 1.2":   {Pipeline: true, StartTLS: &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12}},
	} {
		t.Run(name, func(t *testing.T) {
			var rec recorder
			srv := testServer(t, "strict")
			srv.Record, srv.KeepContent = rec.record, true
			if srv.TLS, err = ca.Config("mx.example.net."); err != nil {
				t.Fatal(err)
			}
			e.Helo, e.From, e.Content = "mta.example.com", "a@example.com", message
			e.To = []string{"b@example.net", "c@example.net"}
			d, err := Submit(t.Context(), dial(t, srv), e)
			if err != nil {
				t.Fatal(err, d.Transcript)
			}
			for _, r := range d.Recipients {
				if !r.Reply.Positive() || r.Stage != mail.Data {
					t.Errorf("recipient %+v, want accepted at data", r)
				}
			}
			got := rec.attempts()
			if len(got) != 1 {
				t.Fatalf("%d attempts, want 1: %+v", len(got), got)
			}
			a := got[0]
			want := mail.Attempt{
				Message: -1, Time: srv.now(), Receiver: "strict",
				Server: addrOf(tcpAddr("[2001:db8:25::25]:25")), Client: addrOf(tcpAddr("[2001:db8::25]:50000")),
				From: e.From, Recipients: e.To, Helo: e.Helo, TLS: d.TLS, Stage: mail.Data,
				Reply:     []string{"250 2.6.0 <1@example.com> 74 octets queued as queue-id-1"},
				MessageID: "1@example.com", Content: append(bytes.Clone(message), "\r\n"...),
			}
			if len(a.Results) == 0 || len(a.Transcript) == 0 {
				t.Errorf("%d results and %d lines of transcript, want some of each", len(a.Results), len(a.Transcript))
			}
			a.Results, a.Transcript = nil, nil
			if diff := cmp.Diff(want, a, cmp.Comparer(sameAddr)); diff != "" {
				t.Errorf("attempt (-want +got):\n%s", diff)
			}
			if wantTLS := e.StartTLS != nil; (d.TLS != "") != wantTLS {
				t.Errorf("TLS %q, want some: %v", d.TLS, wantTLS)
			}
		})
	}
}

// Each refusal reaches Submit's caller with its stage, by recipient.
func TestSubmitRefused(t *testing.T) {
	for _, tt := range []struct {
		method, value string
		stage         mail.Stage
		code          int
	}{
		{"iprev", mail.Fail, mail.Connect, 554},
		{"iprev", mail.TempError, mail.Connect, 421}, // and closed
		{"helo", mail.Fail, mail.Helo, 550},
		{"spf", mail.Fail, mail.Mail, 550},
		{"spf", mail.SoftFail, mail.Rcpt, 450},
		{"iprev", mail.PermError, mail.Data, 550},
	} {
		for _, pipeline := range []bool{false, true} {
			var rec recorder
			srv := testServer(t, "strict")
			srv.Record = rec.record
			srv.Checks = func(m string) (check.Check, bool) {
				if m == tt.method {
					return fixed(m, tt.value), true
				}
				return fixed(m, mail.Pass), true
			}
			d, err := Submit(t.Context(), dial(t, srv), Envelope{
				Helo: "mta.example.com", To: []string{"b@example.net", "c@example.net"}, Content: message, Pipeline: pipeline,
			})
			if err != nil {
				t.Errorf("%s=%s: %v\n%s", tt.method, tt.value, err, strings.Join(d.Transcript, "\n"))
				continue
			}
			for _, r := range d.Recipients {
				if r.Stage != tt.stage || r.Reply.Code != tt.code {
					t.Errorf("%s=%s: %s got %v at %s, want %d at %s", tt.method, tt.value, r.To, r.Reply, r.Stage, tt.code, tt.stage)
				}
			}
			want := 1
			if tt.stage == mail.Rcpt {
				want = 2 // one for each recipient
			}
			if got := len(rec.attempts()); got != want {
				t.Errorf("%s=%s: %d attempts, want %d", tt.method, tt.value, got, want)
			}
		}
	}
}

// saying is a server that sends the parts of a text, which bars separate, each but the
// first after a line from the client, and hangs up.
func saying(text string) func(net.Conn) {
	return func(c net.Conn) {
		w := newWire(c)
		for i, part := range strings.Split(text, "|") {
			if i > 0 {
				if _, err := w.line(); err != nil {
					return
				}
			}
			if _, err := io.WriteString(c, part); err != nil {
				return
			}
		}
	}
}

// Servers that are not ours: without EHLO, without words, without manners.
func TestSubmitOddServers(t *testing.T) {
	for _, tt := range []struct {
		name, says, err string
		code            int
	}{
		{"HELO only", "220 x\r\n|500 what\r\n|250 x\r\n|250 x\r\n|250 x\r\n|354 x\r\n|250 x\r\n", "", 250},
		{"closing at EHLO", "220 x\r\n|421 later\r\n", "", 421},
		{"greylisted EHLO", "220 x\r\n|450 later\r\n|250 x\r\n|250 x\r\n|250 x\r\n|354 x\r\n|250 x\r\n", "", 250},
		{"hangs up", "220 x\r\n|250 x\r\n", "EOF", 0},
		{"no reply", "SSH-2.0-x\r\n", "want a three-digit code", 0},
		{"bare LF", "220 x\n", "CR LF", 0},
		{"endless line", strings.Repeat("2", replyLine+1), "at most 4096 octets", 0},
		{"endless reply", strings.Repeat("220-x\r\n", replyLines+1), "at most 200 lines", 0},
		{"no TLS after all", "220 x\r\n|250-x\r\n250 STARTTLS\r\n|454 x\r\n|250 x\r\n|250 x\r\n|354 x\r\n|250 x\r\n", "", 250},
		{"no handshake", "220 x\r\n|250-x\r\n250 STARTTLS\r\n|220 x\r\n|500 what\r\n", ErrHandshake.Error(), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conn := pipe(t, saying(tt.says))
			d, err := Submit(t.Context(), conn, Envelope{
				Helo: "mta.example.com", To: []string{"b@example.net"}, StartTLS: &tls.Config{InsecureSkipVerify: true},
			})
			if got := d.Recipients[0].Reply.Code; got != tt.code {
				t.Errorf("code %d, want %d", got, tt.code)
			}
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
		})
	}
}

// Whenever the server hangs up, it is told what was going on, and who has no reply.
func TestSubmitLost(t *testing.T) {
	greeted := "220 x\r\n|250-x\r\n250 STARTTLS\r\n|454 x\r\n" // and no TLS after all
	for _, tt := range []struct {
		says, while string
		stage       mail.Stage
		last        int
		codes       [2]int
	}{
		{"", "receiving the initial server greeting", mail.Connect, 0, [2]int{}},
		{"220 x\r\n|", "performing the EHLO handshake", mail.Helo, 220, [2]int{}},
		{"220 x\r\n|550 x\r\n", "performing the HELO handshake", mail.Helo, 550, [2]int{}},
		{"220 x\r\n|250-x\r\n250 STARTTLS\r\n|", "receiving the STARTTLS response", mail.Helo, 250, [2]int{}},
		{greeted + "|", "sending MAIL FROM", mail.Mail, 454, [2]int{}},
		{greeted + "|250 x\r\n|", "sending RCPT TO", mail.Rcpt, 250, [2]int{}},
		{greeted + "|250 x\r\n|550 x\r\n", "sending RCPT TO", mail.Rcpt, 550, [2]int{550, 0}},
		{greeted + "|250 x\r\n|250 x\r\n|550 x\r\n", "sending DATA command", mail.Data, 550, [2]int{0, 550}},
		{
			greeted + "|250 x\r\n|250 x\r\n|250 x\r\n|354 x\r\n",
			"sending end of data -- message may be sent more than once", mail.Data, 354,
			[2]int{},
		},
	} {
		conn := pipe(t, saying(tt.says))
		d, err := Submit(t.Context(), conn, Envelope{
			Helo: "mta.example.com", To: []string{"b@example.net", "c@example.net"}, StartTLS: &tls.Config{InsecureSkipVerify: true},
		})
		lost, ok := errors.AsType[*LostError](err)
		if !ok {
			t.Errorf("%q: error %v, want that the connection was lost", tt.says, err)
			continue
		}
		if lost.Stage != tt.stage || lost.While != tt.while || lost.Last.Code != tt.last {
			t.Errorf("%q: lost at %s while %s after %d, want at %s while %s after %d",
				tt.says, lost.Stage, lost.While, lost.Last.Code, tt.stage, tt.while, tt.last)
		}
		for i, r := range d.Recipients {
			if r.Reply.Code != tt.codes[i] {
				t.Errorf("%q: %s got %d, want %d", tt.says, r.To, r.Reply.Code, tt.codes[i])
			}
		}
	}
}

// The end of the context ends a session with a silent server.
func TestSubmitDeadline(t *testing.T) {
	conn := pipe(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	ctx, cancel := context.WithTimeout(t.Context(), 1)
	defer cancel()
	_, err := Submit(ctx, conn, Envelope{Helo: "mta.example.com", To: []string{"b@example.net"}})
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("error %v, want both deadlines", err)
	}
}

func TestSubmitEnvelope(t *testing.T) {
	for _, e := range []Envelope{
		{Helo: "x"},
		{Helo: "x\r\nQUIT", To: []string{"b@example.net"}},
		{Helo: "x", To: []string{"b@example.net\n"}},
	} {
		if _, err := Submit(t.Context(), nil, e); err == nil {
			t.Errorf("Submit(%+v) = nil, want an error", e)
		}
	}
}

// A client that minds SIZE hangs up where the server's is too small.
func TestMindSize(t *testing.T) {
	srv := testServer(t, "form")
	for _, tt := range []struct {
		octets int
		minds  bool
		limit  int64
		code   int
	}{{1000, true, 0, 250}, {1000 + 1, true, 1000, 0}, {1000 + 1, false, 0, 552}} {
		content := []byte("\r\n" + strings.Repeat("x", tt.octets-4) + "\r\n")
		d, err := Submit(t.Context(), dial(t, srv), Envelope{
			Helo: "client.example.com", From: "a@example.com", To: []string{"b@example.net"}, Content: content, MindSize: tt.minds,
		})
		if err != nil || d.Limit != tt.limit || d.Recipients[0].Reply.Code != tt.code {
			t.Errorf("%d octets: %+v, %v, want limit %d and reply %d", tt.octets, d, err, tt.limit, tt.code)
		}
	}
}
