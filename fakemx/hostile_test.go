package fakemx

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"
)

// inspector is a receiver that has every check of the content made.
func inspector(t testing.TB) *Server {
	srv := madeUp(t, "",
		`id: dkim, at: data, when: {dkim: permerror}, reply: "550 5.7.20 {dkim.reason}"`,
		`id: dmarc, at: data, when: {dmarc: permerror}, reply: "550 5.7.1 {dmarc.reason}"`,
		`id: arc, at: data, when: {arc: fail}, reply: "550 5.7.29 {arc.reason}"`,
		`id: headers, at: data, when: {headers: fail}, reply: "550 5.6.0 {headers.reason}"`)
	srv.Resolver = nowhere{}
	return srv
}

// What a message is made of does not matter: it is judged in a time and with a memory
// that grow with its size only, and the session goes on.
func TestHostileContent(t *testing.T) {
	const head = "From: a@example.com\r\nTo: b@example.net\r\nDate: Fri, 02 Jan 2026 03:04:05 +0000\r\nMessage-ID: <1@example.com>\r\n"
	signature := "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=x; h=from:to:subject;" +
		" bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=" + strings.Repeat("QUJD", 80) + "\r\n"
	seal := func(i int) string {
		return fmt.Sprintf("ARC-Seal: i=%d; a=rsa-sha256; cv=pass; d=example.com; s=x; b=QUJD\r\n"+
			"ARC-Message-Signature: i=%d; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=x; h=from; bh=QUJD; b=QUJD\r\n"+
			"ARC-Authentication-Results: i=%d; mx.example.net; dkim=pass\r\n", i, i, i)
	}
	var seals, parts strings.Builder
	for i := range 1000 {
		seals.WriteString(seal(i))
		fmt.Fprintf(&parts, "--%d\r\nContent-Type: multipart/mixed; boundary=%d\r\n\r\n", i, i+1)
	}
	for name, content := range map[string]string{
		"one long line":             head + "Subject: " + strings.Repeat("x", 1<<18) + "\r\n\r\n",
		"a field of many folds":     head + "Subject: x\r\n" + strings.Repeat(" x\r\n", 1<<18) + "\r\n",
		"many fields":               head + strings.Repeat("X:\r\n", 1<<18) + "\r\n",
		"a header without end":      strings.Repeat("X-Long: "+strings.Repeat("y", 900)+"\r\n", 5000),
		"no header":                 strings.Repeat("\x00\xff\r\n", 1<<18),
		"a thousand signatures":     strings.Repeat(signature, 1000) + head + "\r\nx\r\n",
		"a long signature":          "DKIM-Signature: v=1; b=" + strings.Repeat("A", 1<<18) + "\r\n" + head + "\r\nx\r\n",
		"a signature of many tags":  "DKIM-Signature: " + strings.Repeat("x=1; ", 100_000) + "\r\n" + head + "\r\nx\r\n",
		"a signature of many names": strings.Replace(signature, "from:", strings.Repeat("from:", 5000), 1) + head + "\r\nx\r\n",
		"a thousand seals":          seals.String() + head + "\r\nx\r\n",
		"a thousand From fields":    strings.Repeat("From: a@example.com\r\n", 1000) + head + "\r\nx\r\n",
		"many authors":              "From: " + strings.Repeat("a@b.example,", 1<<17) + "\r\n\r\n",
		"nested comments":           "From: " + strings.Repeat("(", 1<<17) + " a@example.com\r\n\r\n",
		"nested groups and quotes":  "From: " + strings.Repeat(`g:"\"`, 1<<17) + "\r\n\r\n",
		"nested parts":              head + "Content-Type: multipart/mixed; boundary=0\r\n\r\n" + parts.String(),
		"many parts":                head + "Content-Type: multipart/mixed; boundary=x\r\n\r\n" + strings.Repeat("--x\r\n\r\n", 1<<17),
		"blank lines at the end":    signature + head + "\r\n" + strings.Repeat("\r\n", 1<<18),
		"bare line ends":            head + strings.Repeat("\r", 1<<18) + strings.Repeat("\n", 1<<18) + "\r\n",
		"dots":                      head + "\r\n" + strings.Repeat(".\r\n", 1<<18),
	} {
		t.Run(name, func(t *testing.T) {
			srv := inspector(t)
			c := connect(t, srv)
			c.ask("", "220")
			c.ask("EHLO mta.example.com", "250")
			c.ask("MAIL FROM:<a@example.com>", "250")
			c.ask("RCPT TO:<b@example.net>", "250")
			c.ask("DATA", "354")
			wire := stuffed([]byte(content))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := c.Write(wire); err != nil {
				t.Fatal(err)
			}
			c.ask("", "") // one reply, whatever it is
			runtime.ReadMemStats(&after)
			if got, bound := after.TotalAlloc-before.TotalAlloc, uint64(64*len(wire)+(16<<20)); got > bound {
				t.Errorf("%d octets took %d of memory, want at most %d", len(wire), got, bound)
			}
			c.ask("NOOP", "250")
			c.ask("QUIT", "221")
		})
	}
}

// A client that sends without end costs no memory, and is told so in the end.
func TestHostileClient(t *testing.T) {
	for name, tt := range map[string]struct{ before, endless, after string }{
		"a command line without end":       {"", strings.Repeat("x", 1<<14), "\r\n"},
		"commands without end":             {"", strings.Repeat("WHAT\r\n", 1<<8), ""},
		"greetings without end":            {"", strings.Repeat("EHLO a.example\r\n", 1<<8), ""},
		"transactions without end":         {"EHLO a.example\r\n", strings.Repeat("MAIL FROM:<a@example.com>\r\nRSET\r\n", 1<<7), ""},
		"recipients without end":           {"EHLO a.example\r\nMAIL FROM:<a@example.com>\r\n", strings.Repeat("RCPT TO:<b@example.net>\r\n", 1<<7), ""},
		"content beyond the limit":         {"EHLO a.example\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n", strings.Repeat("x", 1<<14), "\r\n.\r\n"},
		"chunks beyond the limit":          {"EHLO a.example\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.net>\r\n", "BDAT 16384\r\n" + strings.Repeat("x", 1<<14), "BDAT 0 LAST\r\n"},
		"a chunk of all that there can be": {"EHLO a.example\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.net>\r\nBDAT 9223372036854775807 LAST\r\n", strings.Repeat("x", 1<<14), ""},
	} {
		t.Run(name, func(t *testing.T) {
			srv := inspector(t)
			srv.Limits.Size = 1 << 20
			c := dial(t, srv)
			var replies bytes.Buffer
			read := make(chan struct{})
			go func() { // who does not read what it is told would wait for itself
				defer close(read)
				_, _ = io.Copy(&limited{kept: &replies, left: 1 << 16}, c) // until the server has ended
			}()
			_, err := io.WriteString(c, tt.before)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			const rounds = 100
			n := 0
			for ; n < rounds && err == nil; n++ {
				_, err = io.WriteString(c, tt.endless)
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			if err == nil {
				_, _ = io.WriteString(c, tt.after+"QUIT\r\n")
			}
			c.Close()
			<-read
			if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 8<<20 {
				t.Errorf("%d octets left %d in memory", n*len(tt.endless), grown)
			}
			if !strings.Contains(replies.String(), "220 mx.example.net ready") {
				t.Errorf("replies %.200q", replies.String())
			}
		})
	}
}

// limited keeps the first octets of what is written.
type limited struct {
	kept *bytes.Buffer
	left int
}

func (l *limited) Write(b []byte) (int, error) {
	keep := min(len(b), l.left)
	l.left -= keep
	l.kept.Write(b[:keep])
	return len(b), nil
}

// A client that takes nothing of what it is told, and one that sends an octet from
// time to time, are got rid of by the limits of time.
func TestSlowClients(t *testing.T) {
	srv := inspector(t)
	srv.Limits = Limits{Command: 200 * time.Millisecond, Session: 400 * time.Millisecond}
	served := make(chan struct{})
	a, b := net.Pipe()
	defer a.Close()
	go func() {
		defer close(served)
		srv.ServeConn(context.Background(), b)
	}()
	go func() {
		buf := make([]byte, 64)
		if _, err := a.Read(buf); err != nil { // the greeting, and no more
			return
		}
		for {
			if _, err := a.Write([]byte("x")); err != nil {
				return // the server has ended
			}
		}
	}()
	<-served
}
