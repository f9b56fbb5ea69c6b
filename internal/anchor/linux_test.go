//go:build linux

package anchor

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"strictmx/internal/wire"
)

func TestCommands(t *testing.T) {
	for _, tt := range []struct{ line, kind, message string }{
		{`{"id":1,"op":"end"}`, wire.KindDone, ""}, // nothing to end
		{`{"id":1,"op":"fresh"}`, wire.KindError, "want a plan"},
		{`{"id":1,"op":"sync"}`, wire.KindError, "no lab has begun"},
		{`{`, wire.KindError, "unexpected end of JSON input"},
	} {
		var out strings.Builder
		a := &anchor{side: &nodeSide{}, out: &out}
		if err := a.line([]byte(tt.line + "\n")); err != nil {
			t.Fatal(err)
		}
		var ev wire.Event
		if err := json.Unmarshal([]byte(out.String()), &ev); err != nil {
			t.Fatalf("line(%s) wrote %q: %v", tt.line, out.String(), err)
		}
		if ev.Kind != tt.kind || ev.Error != nil && !strings.Contains(ev.Error.Message, tt.message) {
			t.Errorf("line(%s) wrote %q, want %s %s", tt.line, out.String(), tt.kind, tt.message)
		}
	}
}

// written is the output of a node that is a shell script. With lines it is ended
// after them, else it ends by itself.
func written(t *testing.T, script string, lines ...string) string {
	t.Helper()
	var mu sync.Mutex
	var out strings.Builder
	c, err := startChild("node", 0, "/bin/sh", "-c", script)
	if err != nil {
		t.Fatal(err)
	}
	go c.serve(func(line []byte) error {
		mu.Lock()
		defer mu.Unlock()
		_, err := out.Write(line)
		return err
	})
	for _, line := range lines {
		if err := c.send([]byte(line + "\n")); err != nil {
			t.Fatal(err)
		}
	}
	if len(lines) > 0 {
		c.end()
	}
	<-c.done
	return out.String()
}

func TestNodeIsHeardToItsEnd(t *testing.T) {
	if got := written(t, "cat; echo last", "one", "two"); got != "one\ntwo\nlast\n" {
		t.Errorf("passed on %q, want all that was said", got)
	}
}

func TestNodeThatEndsByItselfIsTold(t *testing.T) {
	for _, tt := range []struct{ script, want string }{
		{"exit 3", "exit status 3"},
		{"exit 0", "ended by itself"},
	} {
		if got := written(t, tt.script); !strings.Contains(got, tt.want) || !strings.Contains(got, `"kind":"error"`) {
			t.Errorf("%s: passed on %q, want an error that says %s", tt.script, got, tt.want)
		}
	}
}

func TestNodeThatDoesNotEndIsKilled(t *testing.T) {
	if got := written(t, "echo up; exec sleep 600", "x"); got != "up\n" {
		t.Errorf("passed on %q, want one line", got)
	}
}

func TestMissingProgram(t *testing.T) {
	if _, err := startChild("node", 0, "/no/such/program"); err == nil {
		t.Error("startChild of nothing: want an error")
	}
}

// What a mail system says first decides whether it may be told anything.
func TestFirstWord(t *testing.T) {
	for _, tt := range []struct{ script, want string }{
		{`echo '{"kind":"done"}'; exec cat`, ""},
		{`echo '{"kind":"error","error":{"message":"no overlay"}}'`, "no overlay"},
		{`echo '{"kind":"ready"}'`, "said ready first, want done"},
		{`echo hello`, `said "hello\n" first`},
		{`exit 1`, "ended before it began"},
	} {
		c, err := startChild("mail-system", 0, "/bin/sh", "-c", tt.script)
		if err != nil {
			t.Fatal(err)
		}
		err = c.confined()
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: confined = %v, want %q", tt.script, err, tt.want)
		}
		c.drop()
	}
}

// The namespace of a lab is handed out while there is one.
func TestDoor(t *testing.T) {
	d, err := openDoor()
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	if n, err := askNetwork(); err == nil {
		n.close()
		t.Error("askNetwork without a lab: want an error")
	}
	lab, err := present()
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.Readlink("/proc/thread-self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	d.show(lab)
	got, err := askNetwork()
	if err != nil {
		t.Fatal(err)
	}
	defer got.close()
	if name, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", got.file.Fd())); err != nil || name != want {
		t.Errorf("was handed %s, %v, want %s", name, err, want)
	}
	d.show(nil)
	if n, err := askNetwork(); err == nil {
		n.close()
		t.Error("askNetwork after the lab: want an error")
	}
}
