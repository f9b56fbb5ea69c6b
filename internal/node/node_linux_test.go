package node

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"strictmx/internal/wire"
)

// A line comes back as it was written, or is refused because it is too long.
func FuzzReadLine(f *testing.F) {
	f.Add([]byte("{}\nrest"), 10)
	f.Add(bytes.Repeat([]byte("x"), 100), 99)
	f.Fuzz(func(t *testing.T, in []byte, limit int) {
		line, err := readLine(bufio.NewReaderSize(bytes.NewReader(in), 16), limit)
		want, _, found := bytes.Cut(in, []byte("\n"))
		want = in[:min(len(want)+1, len(in))]
		switch {
		case err == nil && (!bytes.Equal(line, want) || len(line) > limit):
			t.Errorf("readLine(%q, %d) = %q, want %q", in, limit, line, want)
		case err != nil && found && len(want) <= limit:
			t.Errorf("readLine(%q, %d): %v", in, limit, err)
		}
	})
}

func TestReadPlan(t *testing.T) {
	for in, want := range map[string]string{
		"":              "want one line of JSON",
		"{\"host\":":    "want one line of JSON",
		"nonsense\n":    "invalid character",
		"{\"dns\":1}\n": "dns",
	} {
		_, _, err := readPlan(bufio.NewReader(strings.NewReader(in)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("readPlan(%q) = %v, want an error about %q", in, err, want)
		}
	}
}

// A plan that cannot be read is told as an event, so that the runner can say it.
func TestBadPlanIsTold(t *testing.T) {
	var out bytes.Buffer
	if err := RunInternet(t.Context(), strings.NewReader("x\n"), &out); err == nil {
		t.Error("no error")
	}
	var ev wire.Event
	if err := json.Unmarshal(out.Bytes(), &ev); err != nil || ev.Kind != wire.KindError || ev.Error.Kind != "plan" {
		t.Errorf("told %q (%v), want an error about the plan", out.String(), err)
	}
}

func TestUnknownCommand(t *testing.T) {
	n := &internet{}
	for _, cmd := range []wire.Command{{Op: "dance"}, {Op: wire.OpSend}} {
		if _, err := n.do(t.Context(), cmd); err == nil || !strings.Contains(err.Error(), "want sync") {
			t.Errorf("do(%q) = %v, want an error that lists the commands", cmd.Op, err)
		}
	}
	if _, err := n.do(t.Context(), wire.Command{Op: wire.OpSync}); err != nil {
		t.Errorf("do(sync) = %v", err)
	}
}

// The receivers' clock is as much ahead as it was last told, whatever it was before.
func TestClock(t *testing.T) {
	n := &internet{}
	for _, ahead := range []time.Duration{0, time.Hour, 48 * time.Hour} {
		before := time.Now()
		if _, err := n.do(t.Context(), wire.Command{Op: wire.OpClock, Ahead: ahead}); err != nil {
			t.Fatal(err)
		}
		if got := n.now(); got.Before(before.Add(ahead)) || got.After(time.Now().Add(ahead)) {
			t.Errorf("the clock is at %s, want %s and %s", got, before, ahead)
		}
	}
	if _, err := n.do(t.Context(), wire.Command{Op: wire.OpClock, Ahead: -time.Hour}); err == nil {
		t.Error("the clock was put back before the time of day")
	}
}

// A silent address takes no connection and refuses none.
func TestListenSilent(t *testing.T) {
	for _, network := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := listenSilent(t.Context(), network)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		conn, err := net.DialTimeout("tcp", l.Addr().String(), 200*time.Millisecond)
		if err == nil {
			conn.Close()
		}
		if e, ok := errors.AsType[net.Error](err); !ok || !e.Timeout() {
			t.Errorf("connecting to a silent %s: %v, want a time-out", l.Addr(), err)
		}
	}
}

func TestWantedState(t *testing.T) {
	a, b, c := netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("198.51.100.2"), netip.MustParseAddr("198.51.100.3")
	r := wire.Receiver{Down: []netip.Addr{a}, Silent: []netip.Addr{b}}
	for addr, want := range map[netip.Addr]doorState{a: down, b: silent, c: open} {
		if got := wantedState(r, addr); got != want {
			t.Errorf("wantedState(%s) = %d, want %d", addr, got, want)
		}
	}
}
