package fakemx

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"strictmx/fakemx/check"
	"strictmx/fakemx/profile"
	"strictmx/internal/mail"
)

func sameAddr(a, b netip.Addr) bool { return a == b }

// serveTCP serves on loopback until the test ends, and tells what Serve returned.
func serveTCP(t testing.TB, srv *Server) (address string, stop func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ctx, l) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() { _ = stop() })
	return l.Addr().String(), stop
}

// A lineConn speaks line by line.
type lineConn struct {
	t testing.TB
	net.Conn
	in *bufio.Reader
}

func dialTCP(t testing.TB, address string) *lineConn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &lineConn{t, c, bufio.NewReader(c)}
}

// ask sends a command, unless it is empty, and wants a reply that begins so.
func (c *lineConn) ask(send, want string) {
	c.t.Helper()
	if send != "" {
		if _, err := io.WriteString(c.Conn, send+"\r\n"); err != nil {
			c.t.Fatal(err)
		}
	}
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			c.t.Fatalf("after %q: %v, want %q", send, err, want)
		}
		if len(line) > 3 && line[3] == '-' {
			continue
		}
		if !strings.HasPrefix(line, want) {
			c.t.Fatalf("after %q: %q, want %q", send, line, want)
		}
		return
	}
}

func (c *lineConn) wantEOF() {
	c.t.Helper()
	if b, err := io.ReadAll(c.in); err != nil || len(b) > 0 {
		c.t.Errorf("then %q, %v, want the end of the connection", b, err)
	}
}

// The end of ctx says 421 to who is connected, and Serve waits for them.
func TestServeShutdown(t *testing.T) {
	var rec recorder
	srv := testServer(t, "strict")
	srv.Record = rec.record
	address, stop := serveTCP(t, srv)
	c := dialTCP(t, address)
	c.ask("", "220")
	c.ask("EHLO mta.example.com", "250")
	c.ask("MAIL FROM:<a@example.com>", "250")
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("Serve = %v, want that the context was cancelled", err)
	}
	c.ask("", "421")
	c.wantEOF()
	if got := rec.attempts(); len(got) != 1 || got[0].Stage != mail.Mail || len(got[0].Reply) == 0 || got[0].Reply[0][:3] != "421" {
		t.Errorf("attempts %+v, want one at mail with the 421", got)
	}
}

// A listener that its owner closes ends Serve with net.ErrClosed.
func TestServeListenerClosed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := testServer(t, "strict").Serve(t.Context(), l); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve = %v, want %v", err, net.ErrClosed)
	}
}

func TestServeTooManyConnections(t *testing.T) {
	srv := testServer(t, "strict")
	srv.Limits.Connections = 1
	address, _ := serveTCP(t, srv)
	first := dialTCP(t, address)
	first.ask("", "220")
	second := dialTCP(t, address)
	second.ask("", "421")
	second.wantEOF()
	first.ask("QUIT", "221")
	first.wantEOF()
}

// A client that says nothing, or stops in the middle, is told so after a while.
func TestTimeout(t *testing.T) {
	for name, limits := range map[string]Limits{
		"command": {Command: 20 * time.Millisecond},
		"session": {Session: 20 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			srv := testServer(t, "strict")
			srv.Limits = limits
			address, _ := serveTCP(t, srv)
			c := dialTCP(t, address)
			c.ask("", "220")
			c.ask("", "421") // 4.4.2
			c.wantEOF()
		})
	}
}

// A refusal that closes reaches a client that has sent more than was read.
func TestCloseLingers(t *testing.T) {
	srv := testServer(t, "strict")
	srv.Checks = func(m string) (check.Check, bool) { return fixed(m, mail.TempError), true }
	address, _ := serveTCP(t, srv)
	c := dialTCP(t, address)
	if _, err := io.WriteString(c.Conn, strings.Repeat("NOOP\r\n", 1000)); err != nil {
		t.Fatal(err)
	}
	c.ask("", "421")
	c.wantEOF()
}

// What comes in clear after STARTTLS is dropped (RFC 3207 section 4.2), and the
// session begins again.
func TestStartTLS(t *testing.T) {
	ca, err := NewCA()
	if err != nil {
		t.Fatal(err)
	}
	var rec recorder
	srv := testServer(t, "strict")
	srv.Record = rec.record
	if srv.TLS, err = ca.Config("mx.example.net"); err != nil {
		t.Fatal(err)
	}
	c := dial(t, srv)
	l := &lineConn{t, c, bufio.NewReader(c)}
	l.ask("", "220")
	l.ask("STARTTLS", "503")
	l.ask("EHLO mta.example.com", "250 ENHANCEDSTATUSCODES")
	l.ask("STARTTLS now", "501")
	l.ask("STARTTLS\r\nMAIL FROM:<early@example.com>", "220")
	tc := tls.Client(c, &tls.Config{RootCAs: ca.Pool(), ServerName: "mx.example.net"})
	l = &lineConn{t, tc, bufio.NewReader(tc)}
	l.ask("MAIL FROM:<a@example.com>", "503")
	l.ask("EHLO mta.example.com", "250 ENHANCEDSTATUSCODES")
	l.ask("STARTTLS", "503")
	l.ask("MAIL FROM:<a@example.com>", "250")
	l.ask("RCPT TO:<b@example.net>", "250")
	l.ask("DATA", "354")
	l.ask(".", "250")
	a := rec.attempts()[0]
	if a.TLS != "TLSv1.3" || a.From != "a@example.com" {
		t.Errorf("attempt over %q from %q, want TLSv1.3 and a@example.com", a.TLS, a.From)
	}
	said := strings.Join(a.Transcript, "\n")
	for _, want := range []string{"C: [31 octets before the TLS handshake, dropped]", "\n[TLSv1.3]\n", "250-STARTTLS"} {
		if !strings.Contains(said, want) {
			t.Errorf("transcript lacks %q:\n%s", want, said)
		}
	}
	if strings.Count(said, "250-STARTTLS") != 1 {
		t.Errorf("STARTTLS offered after it was used:\n%s", said)
	}
	l.ask("QUIT", "221")
}

// A handshake that fails ends the session, and leaves a record of why.
func TestStartTLSBroken(t *testing.T) {
	ca, err := NewCA()
	if err != nil {
		t.Fatal(err)
	}
	var rec recorder
	srv := testServer(t, "strict")
	srv.Record = rec.record
	if srv.TLS, err = ca.Config("mx.example.net"); err != nil {
		t.Fatal(err)
	}
	address, stop := serveTCP(t, srv)
	c := dialTCP(t, address)
	c.ask("", "220")
	c.ask("EHLO mta.example.com", "250")
	c.ask("STARTTLS", "220")
	if _, err := io.WriteString(c.Conn, "MAIL FROM:<a@example.com>\r\n"); err != nil {
		t.Fatal(err)
	}
	_, _ = io.ReadAll(c.in) // an alert, perhaps, and the end
	_ = stop()
	got := rec.attempts()
	if len(got) != 1 || got[0].Stage != mail.Helo || !strings.Contains(strings.Join(got[0].Transcript, "\n"), "no TLS: ") {
		t.Errorf("attempts %+v, want one at helo that says why there is no TLS", got)
	}
}

// AsIf takes the place of the peer's address; an IPv4 address in IPv6 form is IPv4.
func TestClientAddress(t *testing.T) {
	srv := testServer(t, "strict")
	for _, tt := range []struct{ asIf, want string }{
		{"", "2001:db8::25"},
		{"203.0.113.5", "203.0.113.5"},
		{"::ffff:203.0.113.5", "203.0.113.5"},
	} {
		srv.AsIf = netip.Addr{}
		if tt.asIf != "" {
			srv.AsIf = netip.MustParseAddr(tt.asIf)
		}
		if got := srv.session(t.Context(), new(dialogue)).facts.Client; got.String() != tt.want {
			t.Errorf("AsIf %q: client %s, want %s", tt.asIf, got, tt.want)
		}
	}
	a, _ := net.Pipe()
	if got := addrOf(a.RemoteAddr()); got.IsValid() {
		t.Errorf("a pipe is at %s, want no address", got)
	}
}

// Our profiles have words for everything that the server says.
func TestPhrases(t *testing.T) {
	all := profile.Phrases()
	for _, name := range []string{
		"banner", "ehlo", "helo", "starttls", "mail", "rcpt", "data", "chunk", "accepted", "rset", "noop", "vrfy",
		"help", "quit", "unknown", "unimplemented", "syntax", "parameter", "line-too-long", "bare-lf", "bad-sequence",
		"helo-first", "mail-first", "nested-mail", "rcpt-first", "tls-active", "too-many-rcpts", "size", "failure",
		"too-many-connections", "too-many-errors", "timeout", "shutdown",
	} {
		if !strings.Contains(" "+strings.Join(all, " ")+" ", " "+name+" ") {
			t.Errorf("no profile has words for %q", name)
		}
	}
}

// A transcript has what the client sent, visible, and stays of one size.
func TestTranscript(t *testing.T) {
	var tr transcript
	tr.client("a\x00b\x1b[0m\xff\u0085ä\uFFFD")
	if got, want := tr.with([]string{"250 x"}), `C: a\x00b\x1b[0m\xff\u0085ä`+"\uFFFD"; got[0] != want || got[1] != "S: 250 x" {
		t.Errorf("transcript %q, want %q", got, want)
	}
	const many = 3 * moreLines
	tr.mail()
	for i := range many {
		tr.client(fmt.Sprint(i))
	}
	got := tr.with(nil)
	if len(got) > 1+keepLines+1+moreLines || got[1] != "C: 0" || got[keepLines] != fmt.Sprintf("C: %d", keepLines-1) ||
		got[1+keepLines] != fmt.Sprintf("[%d lines left out]", tr.within) || got[len(got)-1] != fmt.Sprintf("C: %d", many-1) ||
		1+many != len(got)-1+tr.within {
		t.Errorf("%d lines with %d left out, %q", len(got), tr.within, got[:keepLines+3])
	}
}

// An attempt tells how its session began and of its own transaction.
func TestTranscriptOfLaterTransaction(t *testing.T) {
	var tr transcript
	tr.client("EHLO a")
	for _, who := range []string{"b", "c", "d"} {
		tr.mail()
		tr.client("MAIL FROM:<" + who + ">")
		tr.server([]string{"250 OK"})
	}
	want := []string{"C: EHLO a", "[4 lines left out]", "C: MAIL FROM:<d>", "S: 250 OK", "S: 550 no"}
	if diff := cmp.Diff(want, tr.with([]string{"550 no"})); diff != "" {
		t.Error(diff)
	}
}

// A certificate is good for its names, in the past and future that a lab can be in.
func TestCA(t *testing.T) {
	ca, err := NewCA()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Certificate("mx.example.net.", "2001:db8::25")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"mx.example.net", "2001:db8::25"} {
		if err := cert.Leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	if !strings.HasPrefix(string(ca.PEM()), "-----BEGIN CERTIFICATE-----") || !ca.cert.IsCA {
		t.Errorf("PEM %q", ca.PEM())
	}
	if _, err := ca.Certificate(); err == nil {
		t.Error("a certificate without a name was made")
	}
}

// A brief server decides the same, and its attempts leave out how they came about.
func TestBrief(t *testing.T) {
	e := Envelope{Helo: "mta.example.com", From: "a@example.com", To: []string{"b@example.net"}, Content: message}
	attempts := func(brief bool) []mail.Attempt {
		var rec recorder
		srv := testServer(t, "strict")
		srv.Record, srv.Brief = rec.record, brief
		if _, err := Submit(t.Context(), dial(t, srv), e); err != nil {
			t.Fatal(err)
		}
		return rec.attempts()
	}
	want := attempts(false)
	for i := range want {
		want[i].Results, want[i].Transcript = nil, nil
	}
	if diff := cmp.Diff(want, attempts(true), cmp.Comparer(sameAddr)); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
}
