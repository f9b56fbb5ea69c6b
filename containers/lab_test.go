package containers

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"strictmx/internal/wire"
)

// hostName is that of the pretend machine.
const hostName = "services02.example.com"

// aLab is the smallest lab: a host, a DNS server that knows nothing, and a Postfix.
func aLab(images Images) Lab {
	dns := []netip.Addr{netip.MustParseAddr("198.51.100.53")}
	return Lab{
		Images: images,
		Plan: wire.Plan{
			Host: wire.Host{
				Name: hostName, IPv4: netip.MustParseAddr("203.0.113.10"), IPv6: netip.MustParseAddr("2001:db8::10"),
			},
			DNS: dns,
		},
		Setup: wire.Setup{
			Hostname: hostName, DNS: dns,
			Files: map[string]string{"main.cf": "compatibility_level = 3.6\nmyhostname = " + hostName + "\n"},
		},
	}
}

// open finds the engine and builds the images. The tests that need it are not
// there with -short.
func open(t testing.TB) (*Engine, Images) {
	t.Helper()
	e, err := Open(t.Context())
	if err != nil {
		t.Fatalf("these tests need a container engine; go test -short runs the others: %v", err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	images, err := e.Prepare(t.Context(), func(s string) { t.Log(s) })
	if err != nil {
		t.Fatal(err)
	}
	return e, images
}

func TestContainers(t *testing.T) {
	if run := os.Getenv(killedRun); run != "" {
		runUntilKilled(t, run)
		return
	}
	if testing.Short() {
		t.Log("-short: no container")
		return
	}
	e, images := open(t)
	t.Run("images are built once", func(t *testing.T) { builtOnce(t, e, images) })
	t.Run("message", func(t *testing.T) { message(t, e, images) })
	t.Run("labs do not meet", func(t *testing.T) { apart(t, e, images) })
	t.Run("refused plan", func(t *testing.T) { refusedPlan(t, e, images) })
	t.Run("cancelled", func(t *testing.T) { cancelled(t, e, images) })
	t.Run("nothing is kept", func(t *testing.T) { nothingKept(t, e, images) })
	t.Run("privileges", func(t *testing.T) { privileges(t, e, images) })
	t.Run("spoiled", func(t *testing.T) { spoiled(t, e, images) })
	t.Run("unable", func(t *testing.T) { unableToKeep(t, e, images) })
	t.Run("killed", func(t *testing.T) { killed(t, e, images) })
}

func builtOnce(t *testing.T, e *Engine, images Images) {
	again, err := e.Prepare(t.Context(), func(s string) {
		if strings.Contains(s, "image") {
			t.Errorf("second time: %s", s)
		}
	})
	if err != nil || again != images {
		t.Errorf("Prepare = %+v, %v, want %+v again", again, err, images)
	}
}

// message follows one message to its bounce: nobody serves its domain.
func message(t *testing.T, e *Engine, images Images) {
	l := aLab(images)
	bounced := make(chan string, 10)
	var asked sync.Map
	l.Listen = func(s wire.Side, ev wire.Event) {
		if s == wire.MailSystem && strings.Contains(ev.Log, "status=bounced") {
			bounced <- ev.Log
		}
		if ev.Question != nil {
			asked.Store(ev.Question.Name, ev.Question.RCode)
		}
	}
	r, err := e.Start(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	defer closeLab(t, e, r)
	if v := r.Versions[wire.MailSystem]; !strings.HasPrefix(v, "3.") {
		t.Errorf("version of Postfix = %q, want 3.x", v)
	}
	msg := &wire.Message{From: "me@example.com", To: []string{"you@nowhere.example"}, Content: []byte("Subject: x\n\nx\n")}
	if _, err := r.Do(t.Context(), wire.MailSystem, wire.Command{Op: wire.OpSubmit, Message: msg}); err != nil {
		t.Fatal(err)
	}
	var line string
	select {
	case line = <-bounced:
	case <-time.After(time.Minute):
		t.Fatal("no bounce in the log")
	}
	if !strings.Contains(line, "to=<you@nowhere.example>") || !strings.Contains(line, " services02 postfix/smtp[") {
		t.Errorf("log says %q, want a bounce of the message", line)
	}
	if _, err := r.Do(t.Context(), wire.Node, wire.Command{Op: wire.OpSync}); err != nil {
		t.Error(err)
	}
	if code, ok := asked.Load("nowhere.example."); !ok || code != "NXDOMAIN" {
		t.Errorf("question for nowhere.example. answered %v, want NXDOMAIN", code)
	}
	if _, err := r.Do(t.Context(), wire.MailSystem, wire.Command{Op: "bogus"}); err == nil {
		t.Error("unknown command: want an error")
	}
}

func closeLab(t *testing.T, e *Engine, r *Running) {
	t.Helper()
	if err := errors.Join(r.Close(t.Context()), r.Close(t.Context())); err != nil {
		t.Errorf("close, twice: %v", err)
	}
	onlyKept(t, e)
}

// onlyKept wants no container of this run but those that are kept.
func onlyKept(t *testing.T, e *Engine) {
	t.Helper()
	kept := map[string]bool{}
	for _, s := range e.slots.all {
		kept["/"+s.node.name] = true
		if s.mta != nil {
			kept["/"+s.mta.name] = true
		}
	}
	for _, name := range running(t, e, e.lease.run) {
		if !kept[name] {
			t.Errorf("container %s remains", name)
		}
	}
}

// running lists the containers of a run, started or not.
func running(t *testing.T, e *Engine, run string) []string {
	t.Helper()
	f := make(client.Filters).Add("label", labelRun+"="+run)
	list, err := e.client.ContainerList(context.WithoutCancel(t.Context()), client.ContainerListOptions{All: true, Filters: f})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range list.Items {
		out = append(out, strings.Join(c.Names, ","))
	}
	return out
}

// apart runs labs with the same addresses at the same time and one after the other,
// in the same containers.
func apart(t *testing.T, e *Engine, images Images) {
	first, err := e.Start(t.Context(), aLab(images))
	if err != nil {
		t.Fatal(err)
	}
	defer closeLab(t, e, first)
	second, err := e.Start(t.Context(), aLab(images))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []*Running{second, nil} {
		if r == nil { // once more, where the second was
			if r, err = e.Start(t.Context(), aLab(images)); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if n := len(e.slots.all); n > 2 {
		t.Errorf("%d slots for two labs at a time, want 2", n)
	}
	for _, s := range []wire.Side{wire.Node, wire.MailSystem} {
		if _, err := first.Do(t.Context(), s, wire.Command{Op: wire.OpSync}); err != nil {
			t.Errorf("first lab, %s, after the second closed: %v", s, err)
		}
	}
}

func refusedPlan(t *testing.T, e *Engine, images Images) {
	l := aLab(images)
	l.Plan.Receivers = []wire.Receiver{{Name: "x", Profile: "no-such-profile"}}
	r, err := e.Start(t.Context(), l)
	if told, ok := errors.AsType[*wire.Error](err); !ok || !strings.Contains(told.Message, "no-such-profile") {
		t.Errorf("Start with an unknown profile = %v, %v, want the node's own error", r, err)
	}
}

func cancelled(t *testing.T, e *Engine, images Images) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("enough")
	l := aLab(images)
	l.Listen = func(s wire.Side, _ wire.Event) { cancel(why) }
	r, err := e.Start(ctx, l)
	if err == nil {
		closeLab(t, e, r)
		t.Fatal("Start with a cancelled context: want an error")
	}
	onlyKept(t, e)
}

// killedRun tells this test, run as a process of its own, when it wants to be
// killed.
const killedRun = "STRICTMX_TEST_KILLED"

// killed kills runs at several moments. Afterwards nothing of them remains, and a
// lab of another run goes on.
func killed(t *testing.T, e *Engine, images Images) {
	living, err := e.Start(t.Context(), aLab(images))
	if err != nil {
		t.Fatal(err)
	}
	defer closeLab(t, e, living)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, moment := range []string{"node created", "both created", "running"} {
		t.Run(moment, func(t *testing.T) {
			cmd := exec.Command(self, "-test.run=^TestContainers$")
			cmd.Env = append(os.Environ(), killedRun+"="+moment)
			cmd.Stderr = os.Stderr
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			run := ""
			for lines := bufio.NewScanner(out); run == "" && lines.Scan(); {
				run, _ = strings.CutPrefix(lines.Text(), "run ")
				if run == lines.Text() {
					run = ""
				}
			}
			if run == "" {
				t.Fatal("the other run ended before it was killed")
			}
			if len(running(t, e, run)) == 0 {
				t.Error("the other run has no container yet: nothing is shown")
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // killed
			if _, err := e.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			nothingLeft(t, e, run)
			if _, err := living.Do(t.Context(), wire.MailSystem, wire.Command{Op: wire.OpSync}); err != nil {
				t.Errorf("the living run: %v", err)
			}
		})
	}
}

// nothingLeft waits until a run has no containers. The engine lists one for a moment
// after it said that it is gone.
func nothingLeft(t *testing.T, e *Engine, run string) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for left := running(t, e, run); len(left) > 0; left = running(t, e, run) {
		if time.Now().After(deadline) {
			t.Fatalf("containers %q remain", left)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// runUntilKilled goes as far as told, says so, and waits.
func runUntilKilled(t *testing.T, moment string) {
	e, images := open(t)
	l := aLab(images)
	sl := e.take(l, keepBoth)
	sl.mta = e.newBox(sl.name + "-mta")
	var err error
	switch moment {
	case "running":
		_, err = e.Start(t.Context(), l)
	default:
		err = e.create(t.Context(), sl.node, images.Node, nodeContainer(hostName))
		if err == nil && moment == "both created" {
			err = e.create(t.Context(), sl.mta, images.Postfix, keptMailSystem("container:"+sl.node.name, e.lent))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("run", e.lease.run)
	select {
	case <-t.Context().Done():
	case <-time.After(10 * time.Minute): // nobody killed us
	}
}

// BenchmarkLab is one cold case: both containers from their creation until they are
// gone, with one message submitted.
func BenchmarkLab(b *testing.B) {
	e, images := open(b)
	msg := &wire.Message{From: "me@example.com", To: []string{"you@nowhere.example"}, Content: []byte("Subject: x\n\nx\n")}
	one := func() {
		r, err := e.Start(b.Context(), aLab(images))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := r.Do(b.Context(), wire.MailSystem, wire.Command{Op: wire.OpSubmit, Message: msg}); err != nil {
			b.Fatal(err)
		}
		if err := r.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	one() // makes the node's container
	for b.Loop() {
		one()
	}
}
