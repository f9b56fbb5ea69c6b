package fakemx

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"strictmx/fakemx/check"
	"strictmx/internal/mail"
)

// Whatever a client sends, the session ends, every reply parses, no reply comes
// after the connection is closed, and there is at most one attempt for each
// reply, recorded before it, and one for the end.
func FuzzServeConn(f *testing.F) {
	for _, seed := range []string{
		"EHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n.\r\nQUIT\r\n",
		"HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<postmaster>\r\nBDAT 3\r\nabcBDAT 0 LAST\r\nRSET\r\n",
		"EHLO x\r\nMAIL FROM:<\xff@x> SIZE=1\r\nRCPT TO:<\"\\\n",
		"STARTTLS\r\nNOOP\nQUIT\r\n", "BDAT 99999999999999999999\r\n", "\x00", "\r\r\n",
		"EHLO 5.7.1\r\nVRFY 5.7.1\r\nMAIL FROM:<\"4.1.1 x\"@example.com> RET=FULL ENVID=+ AUTH=<>\r\n",
	} {
		f.Add([]byte(seed), uint8(0))
		f.Add([]byte(seed), uint8(3))
	}
	values := []string{mail.Pass, mail.Fail, mail.TempError, mail.PermError, mail.SoftFail, "panic"}
	srv := testServer(f, "strict")
	f.Fuzz(func(t *testing.T, input []byte, choice uint8) {
		s := *srv
		s.Limits = Limits{Line: 100, Recipients: 3, Size: 200, Errors: 5}
		s.Checks = func(m string) (check.Check, bool) {
			value := mail.Pass
			if m == []string{"iprev", "helo", "spf"}[choice%3] {
				value = values[int(choice)/3%len(values)]
			}
			return fixed(m, value), true
		}
		d := &dialogue{out: new(bytes.Buffer)}
		if len(input) > 0 {
			d.blocks = []block{{bytes: input}}
		}
		attempts := 0
		s.Record = func(a mail.Attempt) {
			attempts++
			if len(a.Reply) > 0 {
				if _, err := mail.ParseReply(a.Reply...); err != nil {
					t.Error(err)
				}
			}
		}
		s.ServeConn(context.Background(), d)
		if replies := checkReplies(t, d.out.String()); attempts > replies+1 {
			t.Errorf("%d attempts for %d replies", attempts, replies)
		}
		if !d.finished || len(d.partial) > 0 {
			t.Errorf("closed %v, with %q unfinished", d.finished, d.partial)
		}
	})
}

// checkReplies counts the replies of a dialogue, and wants each to be one.
func checkReplies(t *testing.T, out string) (n int) {
	var lines []string
	over := false
	for l := range strings.SplitSeq(strings.TrimSuffix(out, "\n"), "\n") {
		if l == "-- closed by the server" {
			over = true
		}
		l, ok := strings.CutPrefix(l, "S: ")
		if !ok {
			continue
		}
		if over {
			t.Errorf("%q after the end", l)
		}
		lines = append(lines, l)
		if len(l) < 4 || l[3] != '-' {
			if _, err := mail.ParseReply(lines...); err != nil {
				t.Error(err)
			}
			n, lines = n+1, nil
		}
	}
	if lines != nil {
		t.Errorf("reply without end: %q", lines)
	}
	return n
}

// Content that was stuffed is read as it was, and nothing after its end.
func FuzzContent(f *testing.F) {
	f.Add([]byte(".\r\n..\r\n"), uint8(16))
	f.Add([]byte("a\r\r\n.\r\nb\n.\r\n.\n"), uint8(1))
	f.Add(bytes.Repeat([]byte("x"), 20), uint8(0))
	f.Fuzz(func(t *testing.T, content []byte, size uint8) {
		wire := append(stuffed(content), "NEXT"...)
		r := bufio.NewReaderSize(bytes.NewReader(wire), 16+int(size))
		c := collector{max: int64(len(content)) + 2}
		if err := c.read(r); err != nil {
			t.Fatalf("read %q: %v", wire, err)
		}
		want := bytes.Clone(content)
		if len(want) > 0 && !bytes.HasSuffix(want, []byte("\r\n")) {
			want = append(want, "\r\n"...)
		}
		if !bytes.Equal(c.kept, want) {
			t.Errorf("sent %q, read %q", want, c.kept)
		}
		if rest, err := io.ReadAll(r); err != nil || string(rest) != "NEXT" {
			t.Errorf("rest %q, %v, want NEXT", rest, err)
		}
	})
}

// A path that was accepted is accepted again as it is written, and the engine
// finds nothing in it that could end it early.
func FuzzParsePath(f *testing.F) {
	f.Add("FROM:<a@example.com> SIZE=1")
	f.Add(`TO:<"a>b\""@example.com> NOTIFY=NEVER ORCPT=rfc822;x`)
	f.Add("FROM:<>")
	f.Add("TO:<@a,@b:c@[IPv6:::1]>")
	f.Fuzz(func(t *testing.T, arg string) {
		prefix := "FROM:"
		if len(arg) > 3 && strings.EqualFold(arg[:3], "TO:") {
			prefix = "TO:"
		}
		p, err := parsePath(arg, prefix)
		if err != nil {
			return
		}
		written := prefix + "<" + p.addr + ">"
		for _, q := range p.params {
			written += " " + q.String()
		}
		again, err := parsePath(written, prefix)
		if err != nil || again.addr != p.addr || len(again.params) != len(p.params) {
			t.Errorf("parsePath(%q) = %+v, then of %q %+v, %v", arg, p, written, again, err)
		}
	})
}
