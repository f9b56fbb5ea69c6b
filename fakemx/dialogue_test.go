package fakemx

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"strictmx/fakemx/check"
	"strictmx/fakemx/profile"
	"strictmx/internal/mail"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestDialogues holds conversations. A file of testdata/dialogues begins with
// comments and settings; then come the client's lines, "C: " before a line with CR
// LF and "C " before a Go string of any octets. Each is sent when the server waits
// for it; with "pipelined: yes" lines that follow each other are sent in one piece. With
// "real: checks" the profile's own checks run, over no DNS; else each passes or has
// the value that a line "METHOD: VALUE" gives it.
// What the server says ("S: ") and records ("A: ") is compared
// with the file, and rewritten with -update. As attempts stand where they were
// recorded, the files show that this is before the reply.
func TestDialogues(t *testing.T) {
	files, err := filepath.Glob("testdata/dialogues/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no dialogues found", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := replay(t, string(want))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(want), got); diff != "" && !*update {
				t.Errorf("%s (-want +got, rewrite with -update):\n%s", file, diff)
			}
		})
	}
}

// replay runs a dialogue file and returns it with what was said.
func replay(t *testing.T, text string) string {
	t.Helper()
	d := dialogue{out: new(bytes.Buffer), results: map[string]string{}}
	srv := testServer(t, "strict")
	for line := range strings.Lines(text) {
		d.read(t, srv, strings.TrimSuffix(line, "\n"))
	}
	d.flush()
	if !d.real {
		srv.Checks = d.check
	} else {
		srv.Checks = nil
		srv.Seed = check.Seed{Unknown: []string{"nobody@example.net"}, Full: []string{"full@example.net"}}
	}
	srv.Record = d.attempt
	srv.ServeConn(t.Context(), &d)
	for _, b := range d.blocks {
		fmt.Fprintf(d.out, "%s\n", strings.Join(b.lines, "\n")) // not read
	}
	return d.out.String()
}

func testServer(t testing.TB, name string) *Server {
	t.Helper()
	set, err := profile.Load(os.DirFS("testdata/profiles"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := set.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return &Server{
		Profile: p,
		Now:     func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
		IDs:     func(kind string) string { return kind + "-1" },
		Checks:  func(m string) (check.Check, bool) { return fixed(m, mail.Pass), true },
	}
}

// fixed is a check of one value.
func fixed(method, value string) check.Check {
	c, _ := check.ByMethod(method)
	c.Run = func(context.Context, check.Env, check.Facts) mail.Result {
		if value == "panic" {
			panic("out of order")
		}
		return mail.Result{Method: method, Value: value, Reason: "so it was set"}
	}
	return c
}

// A dialogue is a connection whose client is a file. The server is waiting when it
// reads, and so nothing has to wait for it.
type dialogue struct {
	out      *bytes.Buffer
	results  map[string]string
	block    []byte // being gathered
	lines    []string
	blocks   []block
	pending  []byte
	partial  []byte
	together bool
	finished bool
	real     bool // checks are those of the profile
}

type block struct {
	lines []string // of the file
	bytes []byte
}

func (d *dialogue) read(t *testing.T, srv *Server, line string) {
	t.Helper()
	key, rest, _ := strings.Cut(line, " ")
	if !d.together {
		d.flush()
	}
	switch key {
	case "C:":
		d.lines, d.block = append(d.lines, line), append(d.block, rest+"\r\n"...)
		return
	case "C":
		s, err := strconv.Unquote(rest)
		if err != nil {
			t.Fatalf("%s: want a Go string", line)
		}
		d.lines, d.block = append(d.lines, line), append(d.block, s...)
		return
	}
	d.flush()
	switch key {
	case "S:", "A:", "--":
		return
	case "#", "":
	case "real:":
		d.real = true
	case "pipelined:":
		d.together = true
	case "profile:":
		p := testServer(t, rest)
		srv.Profile = p.Profile
	case "limit:":
		what, number, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(number)
		if err != nil {
			t.Fatal(err)
		}
		if what == "size" {
			srv.Limits.Size = int64(n)
			break
		}
		*map[string]*int{
			"line": &srv.Limits.Line, "content-line": &srv.Limits.ContentLine,
			"recipients": &srv.Limits.Recipients, "errors": &srv.Limits.Errors,
		}[what] = n
	default:
		method, ok := strings.CutSuffix(key, ":")
		if _, known := check.ByMethod(method); !ok || !known {
			t.Fatalf("%s: want a comment, a setting, or C:, S:, A:", line)
		}
		d.results[method] = rest
	}
	fmt.Fprintln(d.out, line)
}

func (d *dialogue) flush() {
	if len(d.block) > 0 {
		d.blocks = append(d.blocks, block{d.lines, d.block})
		d.lines, d.block = nil, nil
	}
}

func (d *dialogue) check(method string) (check.Check, bool) {
	v := d.results[method]
	if v == "unknown" {
		return check.Check{}, false
	}
	if v == "" {
		v = mail.Pass
	}
	return fixed(method, v), true
}

func (d *dialogue) attempt(a mail.Attempt) {
	results := ""
	for _, r := range a.Results {
		results += " " + r.Method + "=" + r.Value
	}
	reply := "no reply"
	if len(a.Reply) > 0 {
		reply = a.Reply[len(a.Reply)-1]
	}
	if a.Fault != "" {
		results += " (" + a.Fault + ")"
	}
	fmt.Fprintf(d.out, "A: at %s, rule %q, helo %q, from <%s> to %v,%s: %s\n",
		a.Stage, a.Rule, a.Helo, a.From, a.Recipients, results, reply)
}

// Read is called when the server waits for the client.
func (d *dialogue) Read(b []byte) (int, error) {
	if len(d.pending) == 0 {
		if len(d.blocks) == 0 {
			fmt.Fprintln(d.out, "-- closed by the client")
			return 0, io.EOF
		}
		next := d.blocks[0]
		d.blocks, d.pending = d.blocks[1:], next.bytes
		fmt.Fprintln(d.out, strings.Join(next.lines, "\n"))
	}
	n := copy(b, d.pending)
	d.pending = d.pending[n:]
	return n, nil
}

func (d *dialogue) Write(b []byte) (int, error) {
	d.partial = append(d.partial, b...)
	for {
		line, rest, ok := bytes.Cut(d.partial, []byte("\r\n"))
		if !ok {
			return len(b), nil
		}
		fmt.Fprintf(d.out, "S: %s\n", line)
		d.partial = rest
	}
}

func (d *dialogue) Close() error {
	if !d.finished {
		d.finished = true
		fmt.Fprintln(d.out, "-- closed by the server")
	}
	return nil
}

func (d *dialogue) LocalAddr() net.Addr              { return tcpAddr("[2001:db8:25::25]:25") }
func (d *dialogue) RemoteAddr() net.Addr             { return tcpAddr("[2001:db8::25]:50000") }
func (d *dialogue) SetDeadline(time.Time) error      { return nil }
func (d *dialogue) SetReadDeadline(time.Time) error  { return nil }
func (d *dialogue) SetWriteDeadline(time.Time) error { return nil }

func tcpAddr(s string) net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(s)) }
