//go:build linux

package anchor

import (
	"encoding/json"
	"errors"
	"fmt"
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
		a := &anchor{out: &out}
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
	n, err := startNode("/bin/sh", []string{"-c", script}, func(line []byte) error {
		mu.Lock()
		defer mu.Unlock()
		_, err := out.Write(line)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(n.stdin, line); err != nil {
			t.Fatal(err)
		}
	}
	if len(lines) > 0 {
		n.end()
	}
	<-n.done
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
	_, err := startNode("/no/such/program", nil, func([]byte) error { return errors.New("not called") })
	if err == nil {
		t.Error("startNode of nothing: want an error")
	}
}
