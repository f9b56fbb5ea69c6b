package containers

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"strictmx/internal/wire"
)

func TestOrphaned(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	started := func(pid int) string { return map[int]string{7: "100", 8: "200"}[pid] }
	created := func(ago time.Duration) string { return strconv.FormatInt(now.Add(-ago).Unix(), 10) }
	for _, tt := range []struct {
		name                           string
		machine, pid, started, created string
		want                           bool
	}{
		{"living", "here", "7", "100", created(48 * time.Hour), false},
		{"dead", "here", "9", "100", created(0), true},
		{"its number was given to another process", "here", "8", "100", created(0), true},
		{"elsewhere", "there", "9", "100", created(59 * time.Minute), false},
		{"elsewhere, long ago", "there", "9", "100", created(61 * time.Minute), true},
		{"without labels", "", "", "", "", true},
		{"without a process", "here", "", "", created(0), true},
	} {
		labels := map[string]string{
			labelMachine: tt.machine, labelPID: tt.pid, labelStarted: tt.started, labelCreated: tt.created,
		}
		if got := orphaned(labels, "here", now, started); got != tt.want {
			t.Errorf("%s: orphaned = %t, want %t", tt.name, got, tt.want)
		}
	}
}

func TestProcessStartTellsProcessesApart(t *testing.T) {
	self, err := processStart(os.Getpid())
	if err != nil || self == "" {
		t.Fatalf("processStart(self) = %q, %v", self, err)
	}
	again, err := processStart(os.Getpid())
	if err != nil || again != self {
		t.Errorf("processStart(self) = %q, then %q, %v", self, again, err)
	}
	if other, err := processStart(1 << 30); err == nil {
		t.Errorf("processStart(no process) = %q, want an error", other)
	}
}

// speaks is a process without a container: what it says is read from a string.
func speaks(t *testing.T, out string, listen func(wire.Event)) *Process {
	t.Helper()
	p := NewProcess(listen)
	if err := p.dispatch(strings.NewReader(out)); err != nil {
		t.Fatalf("dispatch(%q): %v", out, err)
	}
	return p
}

func TestDispatch(t *testing.T) {
	var kinds []string
	p := speaks(t, `{"kind":"ready","text":"3.7.11"}
{"kind":"log","log":"a"}

{"kind":"error","error":{"kind":"postfix-start","message":"first"}}
{"kind":"error","error":{"kind":"postfix-start","message":"second"}}
`, func(ev wire.Event) { kinds = append(kinds, ev.Kind) })
	if d := cmp.Diff([]string{"ready", "log", "error", "error"}, kinds); d != "" {
		t.Errorf("events told: (-want +got)\n%s", d)
	}
	told, ok := errors.AsType[*wire.Error](p.reason(errors.New("what came of it")))
	if !ok || told.Message != "first" {
		t.Errorf("reason = %v, want the first error told", told)
	}
}

func TestAwait(t *testing.T) {
	p := speaks(t, `{"kind":"log","log":"a"}
{"kind":"ready","text":"3.7.11"}
`, nil)
	if v, err := p.await(t.Context()); v != "3.7.11" || err != nil {
		t.Errorf("await = %q, %v", v, err)
	}
	p = speaks(t, `{"kind":"error","error":{"kind":"network","message":"no"}}
`, nil)
	if v, err := p.await(t.Context()); err == nil || err.Error() != "no" {
		t.Errorf("await = %q, %v, want the error told", v, err)
	}
}

func TestDispatchRefusesOtherText(t *testing.T) {
	if err := NewProcess(nil).dispatch(strings.NewReader("panic: oh\n")); err == nil || !strings.Contains(err.Error(), "panic: oh") {
		t.Errorf("dispatch(no JSON) = %v, want an error that quotes it", err)
	}
}

func TestUnstartedProcess(t *testing.T) {
	p := NewProcess(nil)
	if _, err := p.Do(t.Context(), wire.Command{Op: wire.OpSync}); err == nil {
		t.Error("Do before the start: want an error")
	}
	if err := errors.Join(p.Drain(t.Context()), p.Hangup()); err != nil {
		t.Errorf("Drain and Hangup before the start: %v", err)
	}
}

func FuzzDispatch(f *testing.F) {
	f.Add(`{"kind":"done","id":1}`)
	f.Add("{\"kind\":\"ready\"}\n{\"kind\":\"error\"}\n")
	f.Fuzz(func(t *testing.T, out string) {
		n := 0
		err := NewProcess(func(wire.Event) { n++ }).dispatch(strings.NewReader(out))
		lines := 0
		for line := range strings.Lines(out) {
			if strings.TrimSpace(line) != "" {
				lines++
			}
		}
		if err == nil && n != lines {
			t.Errorf("dispatch(%q) told %d events of %d lines", out, n, lines)
		}
	})
}

func TestTailKeepsTheEnd(t *testing.T) {
	var x tail
	for i := range 3000 {
		if _, err := x.Write([]byte(strconv.Itoa(i) + "\n")); err != nil {
			t.Fatal(err)
		}
	}
	if got := x.String(); len(got) != tailSize || !strings.HasSuffix(got, "2998\n2999\n") {
		t.Errorf("tail keeps %d bytes that end in %q", len(got), got[len(got)-10:])
	}
}

func TestTagDependsOnEveryPart(t *testing.T) {
	seen := map[string][]string{}
	for _, parts := range [][]string{{"a", "b"}, {"ab"}, {"a", "", "b"}, {"b", "a"}, {}} {
		got := tag(parts...)
		if other, ok := seen[got]; ok {
			t.Errorf("tag(%q) = tag(%q) = %s", parts, other, got)
		}
		seen[got] = parts
	}
}

func TestSlotsAreSharedOnlyWhereFilesAre(t *testing.T) {
	lab := func(host string, files map[string]string) Lab {
		return Lab{Setup: wire.Setup{Hostname: host, Files: files}}
	}
	plain := lab("a.example.com", map[string]string{"main.cf": "x"})
	for _, w := range []way{keepBoth, keepNode} {
		if slotKey(plain, w) != slotKey(lab("a.example.com", map[string]string{"main.cf": "y"}), w) {
			t.Errorf("way %d: labs that differ in main.cf: want the same key", w)
		}
		for _, other := range []Lab{
			lab("b.example.com", nil),
			lab("a.example.com", map[string]string{"/etc/hosts": ""}),
		} {
			same := slotKey(plain, w) == slotKey(other, w)
			if same != (w == keepBoth) { // then the files belong to the lab
				t.Errorf("way %d: lab %+v has the key of another: %t", w, other.Setup, same)
			}
		}
	}
}

func TestReportIsMadeOnce(t *testing.T) {
	var told []string
	e := &Engine{Report: func(s string) { told = append(told, s) }}
	for range 2 {
		e.keepLess(errors.New("operation not permitted"))
	}
	if len(told) != 1 || !strings.Contains(told[0], "operation not permitted") {
		t.Errorf("told %q, want the reason once", told)
	}
	for _, tt := range []struct {
		fresh bool
		want  way
	}{{false, keepNode}, {true, keepNone}} {
		if got := e.wayOf(Lab{Fresh: tt.fresh}); got != tt.want {
			t.Errorf("way of a lab with Fresh %t, afterwards = %d, want %d", tt.fresh, got, tt.want)
		}
	}
}

func TestArchive(t *testing.T) {
	r, err := archive(file{"a", 0o755, []byte("x")}, file{"b", 0o644, nil})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, h.Name+" "+strconv.FormatInt(h.Mode, 8))
	}
	if d := cmp.Diff([]string{"a 755", "b 644"}, got); d != "" {
		t.Errorf("archive: (-want +got)\n%s", d)
	}
}

func TestLastWords(t *testing.T) {
	err := lastWords(strings.NewReader(`{"stream":"E: no such package\n"}{"error":"returned a non-zero code: 100"}`))
	if err == nil || !strings.Contains(err.Error(), "no such package") || !strings.Contains(err.Error(), "non-zero") {
		t.Errorf("lastWords = %v, want what was printed and the engine's error", err)
	}
	if err := lastWords(strings.NewReader(`{"stream":"done\n"}`)); err != nil {
		t.Errorf("lastWords of a good build = %v", err)
	}
}

func TestAptSourcesAreThoseOfTheSuite(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "sources.list.d"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"sources.list":                  "deb http://deb.debian.org/debian trixie main\n",
		"sources.list.d/debian.sources": "Types: deb\nURIs: http://deb.debian.org/debian\nSuites: bookworm bookworm-updates\n",
		"sources.list.d/other.list":     "deb https://packages.example.com apt-bookworm main\n",
		"sources.list.d/mirror.list":    "deb [arch=amd64] http://mirror.example.com/debian bookworm main\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := aptSources(dir)
	want := []string{filepath.Join(dir, "sources.list.d/mirror.list"), filepath.Join(dir, "sources.list.d/debian.sources")}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("aptSources: %v (-want +got)\n%s", err, d)
	}
}

func TestFitsWantsOurOwnProgram(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := fits(self, "amd64"); err == nil || !strings.Contains(err.Error(), "containers.test") {
		t.Errorf("fits(this test) = %v, want an error that says what it is", err)
	}
}

func TestUnavailableSaysWhatToDo(t *testing.T) {
	for _, e := range []*Unavailable{{Err: errors.New("x")}, {Host: "unix:///nowhere", Err: errors.New("x")}} {
		if got := e.Error(); !strings.Contains(got, "DOCKER_HOST") || !strings.Contains(got, e.Host) {
			t.Errorf("Unavailable{%q} says %q", e.Host, got)
		}
	}
}

func TestTogetherTellsEveryError(t *testing.T) {
	a, b := errors.New("a"), errors.New("b")
	err := together(func() error { return a }, func() error { return nil }, func() error { return b })
	if !errors.Is(err, a) || !errors.Is(err, b) {
		t.Errorf("together = %v, want both errors", err)
	}
}

func TestLockIsExclusive(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	unlock, err := lockImages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := lockImages(ctx); err == nil {
		t.Error("second lock: want an error as long as the first is held")
	}
	unlock()
	unlock, err = lockImages(t.Context())
	if err != nil {
		t.Fatalf("lock after unlock: %v", err)
	}
	unlock()
}
