package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/smtp"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The world that is served: a host with PTR and SPF, and one address without.
var served = map[string]string{
	"example.com.zone": `
@     TXT   "v=spf1 ip6:2001:db8::10 ip6:2001:db8::99 -all"
@     MX    10 mail
mail  A     203.0.113.10
      AAAA  2001:db8::10
many  TXT   "` + strings.Repeat("a", 250) + `" "` + strings.Repeat("b", 250) + `" "` + strings.Repeat("c", 250) + `"
`,
	"ptr": "2001:db8::10  mail.example.com\n127.0.0.1  mail.example.com\n",
}

// A serving is the serve command while it runs.
type serving struct {
	t     *testing.T
	lines *bufio.Scanner
	where map[string]string // what listens at which address
	seen  []string          // lines after those that say where
}

// serve starts the serve command on free ports, and stops it when the test ends.
func serve(t *testing.T, f serveFlags) *serving {
	t.Helper()
	f.zones = t.TempDir()
	for name, text := range served {
		if err := os.WriteFile(filepath.Join(f.zones, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if f.dns == "" {
		f.dns = "127.0.0.1:0"
	}
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		err := f.run(ctx, w)
		w.CloseWithError(errors.Join(err, io.EOF))
		done <- err
	}()
	s := &serving{t: t, lines: bufio.NewScanner(r), where: map[string]string{}}
	t.Cleanup(func() {
		cancel()
		for s.lines.Scan() { // what is printed meanwhile must not block it
		}
		if err := <-done; err != nil {
			t.Errorf("serve ended with %v", err)
		}
	})
	for range 1 + len(f.receivers) {
		name, address, _ := strings.Cut(s.next(), " ")
		s.where[name] = address
	}
	return s
}

// next waits for the next line.
func (s *serving) next() string {
	s.t.Helper()
	if !s.lines.Scan() {
		s.t.Fatalf("no more lines: %v", s.lines.Err())
	}
	return s.lines.Text()
}

// await reads lines until one begins with the text.
func (s *serving) await(prefix string) string {
	s.t.Helper()
	for {
		line := s.next()
		s.seen = append(s.seen, line)
		if strings.HasPrefix(line, prefix) {
			return line
		}
	}
}

// resolver asks the served DNS over UDP, or TCP where the answer is truncated.
func (s *serving) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, s.where["dns"])
	}}
}

func TestServeDNS(t *testing.T) {
	s := serve(t, serveFlags{})
	drained := s.drain()
	r := s.resolver()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	addrs, err := r.LookupNetIP(ctx, "ip", "mail.example.com.")
	if err != nil || len(addrs) != 2 {
		t.Errorf("addresses of mail.example.com: %v, %v", addrs, err)
	}
	if mx, err := r.LookupMX(ctx, "example.com."); err != nil || len(mx) != 1 || mx[0].Host != "mail.example.com." {
		t.Errorf("MX of example.com: %v, %v", mx, err)
	}
	if names, err := r.LookupAddr(ctx, "2001:db8::10"); err != nil || !slices.Equal(names, []string{"mail.example.com."}) {
		t.Errorf("PTR of 2001:db8::10: %v, %v", names, err)
	}
	if txt, err := r.LookupTXT(ctx, "many.example.com."); err != nil || len(txt) != 1 || len(txt[0]) != 750 {
		t.Errorf("TXT of many.example.com: %d records, %v, want one of 750 octets", len(txt), err)
	}
	_, err = r.LookupTXT(ctx, "nowhere.example.com.")
	if e, ok := errors.AsType[*net.DNSError](err); !ok || !e.IsNotFound {
		t.Errorf("TXT of nowhere.example.com: %v, want not found", err)
	}
	lines := drained()
	for _, want := range []string{
		"question mail.example.com. AAAA NOERROR from 127.0.0.1", "question nowhere.example.com. TXT NXDOMAIN from 127.0.0.1",
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("printed %q, want %q too", lines, want)
		}
	}
}

// drain reads lines in the background; the function that it returns asks one last
// question and returns what was printed until then.
func (s *serving) drain() func() []string {
	const last = "last.example.com."
	done := make(chan struct{})
	go func() {
		defer close(done)
		for s.lines.Scan() {
			s.seen = append(s.seen, s.lines.Text())
			if strings.HasPrefix(s.lines.Text(), "question "+last) {
				return
			}
		}
	}()
	return func() []string {
		s.t.Helper()
		if _, err := s.resolver().LookupTXT(s.t.Context(), last); err == nil {
			s.t.Error("last.example.com has a TXT record")
		}
		<-done
		return s.seen
	}
}

// deliver speaks SMTP with TLS to a receiver, and returns its refusal.
func deliver(t *testing.T, address, from, to string) error {
	t.Helper()
	c, err := smtp.Dial(address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Hello("mail.example.com"); err != nil {
		return err
	}
	// Opportunistic, as between mail servers: the certificate is not verified.
	if err := c.StartTLS(&tls.Config{InsecureSkipVerify: true}); err != nil {
		t.Fatal(err)
	}
	if err := c.Mail(from); err != nil {
		return err
	}
	if err := c.Rcpt(to); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, "From: "+from+"\r\nTo: "+to+"\r\nMessage-ID: <1@example.com>\r\n\r\nHello.\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		return err
	}
	return c.Quit()
}

// The receivers judge clients as if they came from --client.
func TestServeReceivers(t *testing.T) {
	for _, tt := range []struct {
		client, rule string // empty: accepted
	}{
		{"2001:db8::10", ""},
		{"2001:db8::99", "gmail/ptr-missing"},
		{"::ffff:203.0.113.99", ""}, // IPv4, which is not held to reverse DNS
	} {
		s := serve(t, serveFlags{client: tt.client, receivers: []string{
			"gmail@2013-unsolicited=127.0.0.1:0", "dreamhost=[::1]:0",
		}})
		told := make(chan string, 1)
		go func() { told <- s.await("attempt gmail@2013-unsolicited ") }()
		err := deliver(t, s.where["gmail@2013-unsolicited"], "me@example.com", "you@gmail.com")
		client := strings.TrimPrefix(tt.client, "::ffff:")
		want := "attempt gmail@2013-unsolicited from " + client + " at data rule "
		if tt.rule == "" {
			want += "none: 250 2.0.0 "
			if err != nil {
				t.Errorf("as %s: %v", tt.client, err)
			}
		} else {
			want += tt.rule + ": 550-5.7.1 [" + tt.client
			if e, ok := errors.AsType[*textproto.Error](err); !ok || e.Code != 550 || !strings.Contains(e.Msg, "likely unsolicited mail") {
				t.Errorf("as %s: %v, want 550 likely unsolicited mail", tt.client, err)
			}
		}
		if got := <-told; !strings.HasPrefix(got, want) {
			t.Errorf("as %s: printed %q, want %q first", tt.client, got, want)
		}
		if !slices.ContainsFunc(s.seen, func(l string) bool { return strings.HasPrefix(l, "question ") && strings.HasSuffix(l, " from gmail") }) {
			t.Errorf("as %s: no question of gmail's in %q", tt.client, s.seen)
		}
	}
}

// Without --client the client is who it is.
func TestServeClient(t *testing.T) {
	s := serve(t, serveFlags{receivers: []string{"gmail@2013-unsolicited=127.0.0.1:0"}})
	told := make(chan string, 1)
	go func() { told <- s.await("attempt ") }()
	if err := deliver(t, s.where["gmail@2013-unsolicited"], "me@example.com", "you@gmail.com"); err != nil {
		t.Error(err) // IPv4 clients are not held to reverse DNS
	}
	if got := <-told; !strings.HasPrefix(got, "attempt gmail@2013-unsolicited from 127.0.0.1 at data rule none: 250 ") {
		t.Errorf("printed %q", got)
	}
}

func TestServeErrors(t *testing.T) {
	zones := t.TempDir()
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "example.com.zone"), []byte("mail A 203.0.113.999\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, "want --zones DIR"},
		{[]string{"--zones", filepath.Join(zones, "none")}, "none: want a directory with NAME.zone files"},
		{[]string{"--zones", broken}, filepath.Join(broken, "example.com.zone") + ":1: "},
		{[]string{"--zones", zones, "--dns", "0.0.0.0:53"}, "want a loopback address"},
		{[]string{"--zones", zones, "--dns", "localhost"}, "want ADDR:PORT"},
		{[]string{"--zones", zones, "--client", "here"}, `--client "here": want an IPv4 or IPv6 address`},
		{[]string{"--zones", zones, "--client", "fe80::1%lo"}, "want an IPv4 or IPv6 address"},
		{[]string{"--zones", zones, "--receiver", "gmail"}, "want NAME[@LABEL]=ADDR:PORT"},
		{[]string{"--zones", zones, "--receiver", "gmial=127.0.0.1:0"}, "did you mean gmail?"},
		{[]string{"--zones", zones, "--receiver", "gmail=203.0.113.1:25"}, "want a loopback address"},
		{[]string{"--zones", zones, "--receiver", "gmail=" + taken.Addr().String()}, "address already in use"},
		{[]string{"--zones", zones, "--dns", taken.Addr().String()}, "address already in use"},
	} {
		code, stdout, stderr := strictmx(append([]string{"serve"}, tt.args...)...)
		if code != exitUsage || !strings.Contains(stderr, tt.want) || stdout != "" {
			t.Errorf("serve %q: exit code %d, %q, %q, want %d and %q", tt.args, code, stdout, stderr, exitUsage, tt.want)
		}
	}
}
