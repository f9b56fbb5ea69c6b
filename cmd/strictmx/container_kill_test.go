package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// A moment is a point in the life of a run: the engine does not get its n-th request
// of a kind, nor those that follow. With n 0 it is while Postfix waits for a receiver
// that is silent.
type moment struct {
	name string
	step step
	n    int
}

var (
	atImages    = moment{"before the images are looked for", lookImage, 1}
	atFirst     = moment{"before the first container is made", create, 1}
	between     = moment{"between the creation of two containers", create, 2}
	atStart     = moment{"before the second container starts", start, 2}
	whileRuns   = moment{name: "while Postfix runs"}
	atTeardown  = moment{"before the first container is removed", remove, 1}
	midTeardown = moment{"between the removal of two containers", remove, 2}
)

// killed lets runs die in all ways and places. Afterwards nothing of them is there;
// after an interrupt at once, else after the next run. A run beside them, which is
// in the middle of its case all the while, does not notice.
func (r *rig) killed(t *testing.T) {
	living := r.bring(t, atStart)
	its := r.ids(t, living)

	for _, tt := range []struct {
		moment
		signal syscall.Signal
	}{
		{atImages, syscall.SIGKILL},
		{atFirst, syscall.SIGKILL},
		{between, syscall.SIGKILL},
		{atStart, syscall.SIGKILL},
		{whileRuns, syscall.SIGKILL},
		{atTeardown, syscall.SIGKILL},
		{midTeardown, syscall.SIGKILL},
		// The runtime ends the program as on a panic: no deferred call is made.
		{between, syscall.SIGQUIT},
		{whileRuns, syscall.SIGABRT},
	} {
		t.Run(tt.signal.String()+" "+tt.name, func(t *testing.T) {
			v := r.bring(t, tt.moment)
			v.signal(t, tt.signal)
			r.next(t, v)
			r.nothingLeft(t, v.child)
		})
	}
	for _, tt := range []struct {
		moment
		signal syscall.Signal
	}{
		{atImages, syscall.SIGINT},
		{between, syscall.SIGINT},
		{atStart, syscall.SIGINT},
		{whileRuns, syscall.SIGINT},
		{whileRuns, syscall.SIGTERM},
		{midTeardown, syscall.SIGINT},
	} {
		t.Run(tt.signal.String()+" "+tt.name, func(t *testing.T) {
			if tt.moment == midTeardown {
				// What the run's first sweep removes is not of its own teardown.
				dead := []*victim{r.bring(t, atStart), r.bring(t, atStart)}
				for _, v := range dead {
					v.signal(t, syscall.SIGKILL)
				}
			}
			v := r.bring(t, tt.moment)
			if err := v.cmd.Process.Signal(tt.signal); err != nil {
				t.Fatal(err)
			}
			v.letGo()
			if got := v.exit(); got != exitInterrupt {
				t.Errorf("exit code = %d, want %d\n%s", got, exitInterrupt, &v.stderr)
			}
			v.answered()
			r.nothingLeft(t, v.child)
			// The containers are kept until all cases are reported.
			whole := tt.moment == midTeardown
			if got := v.stdout.String(); strings.Contains(got, " as wanted in ") != whole || !whole && got != "" {
				t.Errorf("report: %s\nwant one of a whole run: %t", got, whole)
			}
		})
	}

	if got := r.ids(t, living); !slices.Equal(got, its) {
		t.Errorf("containers of the run beside = %v, want %v", got, its)
	}
	living.letGo()
	if got := living.exit(); got != exitOK {
		t.Errorf("exit code of the run beside = %d, want %d\n%s", got, exitOK, &living.stderr)
	}
	r.nothingLeft(t, living.child)
}

// ids lists the containers of a run.
func (r *rig) ids(t *testing.T, v *victim) []string {
	t.Helper()
	made, err := r.api.boxes(t.Context(), v.pid())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, b := range made {
		out = append(out, b.ID)
	}
	slices.Sort(out)
	return out
}

// A victim is a run at a moment of its life.
type victim struct {
	*child

	mu       sync.Mutex
	released chan struct{} // closed to let held requests through
	held     int           // requests that the engine has not answered yet
}

// bring starts a run and brings it to a moment.
func (r *rig) bring(t *testing.T, m moment) *victim {
	t.Helper()
	v := &victim{released: make(chan struct{})}
	if m.n == 0 {
		v.child = r.begin(t, "", "--timeout", "5m", write(t, "silent", silentWorld))
		r.mailSystem(t, v.child)
		return v
	}
	reached := make(chan struct{}, 100)
	p := openTap(t, r.api, watch{
		before: func(s step, n int, _ http.ResponseWriter) bool {
			if s == m.step && n >= m.n {
				v.count(1)
				reached <- struct{}{}
				<-v.released
			}
			return false
		},
		after: func(s step, n int) {
			if s == m.step && n >= m.n {
				v.count(-1)
			}
		},
	})
	t.Cleanup(v.letGo)
	v.child = r.begin(t, p, "--timeout", "10m", "gmail-ipv6-ptr", "--case", "no-ptr")
	select {
	case <-reached:
	case <-v.ended:
		t.Fatalf("the run ended before: exit code %d\n%s", v.exit(), &v.stderr)
	case <-time.After(soon):
		t.Fatal("the run did not get there")
	}
	if m == between {
		r.until(t, v.child, "its first container", func(ctx context.Context) (bool, error) {
			made, err := r.api.boxes(ctx, v.pid())
			return len(made) == 1, err
		})
	}
	return v
}

func (v *victim) count(n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.held += n
}

// letGo lets the engine have the requests. It may be called more than once.
func (v *victim) letGo() {
	v.mu.Lock()
	defer v.mu.Unlock()
	select {
	case <-v.released:
	default:
		close(v.released)
	}
}

// answered waits until the engine has answered them.
func (v *victim) answered() {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for ; ; <-tick.C {
		v.mu.Lock()
		held := v.held
		v.mu.Unlock()
		if held == 0 {
			return
		}
	}
}

// next does the run after a victim's death. The engine carries out the victim's
// last requests only when this run has looked for what was left: that late an engine
// can be that has much to do.
func (r *rig) next(t *testing.T, v *victim) {
	t.Helper()
	var swept atomic.Bool
	p := openTap(t, r.api, watch{before: func(s step, _ int, _ http.ResponseWriter) bool {
		switch {
		case s == create:
			if !swept.Swap(true) {
				v.letGo()
			}
		case s == remove && swept.Load(): // before that, it is the victim's containers
			v.answered()
		}
		return false
	}})
	c := r.begin(t, p, "gmail-ipv6-ptr", "--case", "no-ptr")
	if got := c.exit(); got != exitOK {
		t.Errorf("exit code of the next run = %d, want %d\n%s", got, exitOK, &c.stderr)
	}
	v.answered()
	r.nothingLeft(t, c)
}

// until asks again and again for a fact about a run that lives.
func (r *rig) until(t *testing.T, c *child, what string, fact func(context.Context) (bool, error)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := fact(ctx)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if ok {
			return
		}
		select {
		case <-tick.C:
		case <-c.ended:
			t.Fatalf("%s: the run ended before: exit code %d\n%s", what, c.exit(), &c.stderr)
		}
	}
}

// silentWorld keeps Postfix waiting for a receiver.
var silentWorld = strings.Replace(world, "to: you@gmail.com", "to: you@example.net", 1) + `cases:
  - {name: waits, silent: [google-apps], want: {outcome: deferred}}
-- postfix/main.cf --
smtp_connect_timeout = 300s
`

// mailSystem waits until smtp(8) of a run's only lab is at work, and returns the
// container.
func (r *rig) mailSystem(t *testing.T, c *child) string {
	t.Helper()
	id := ""
	r.until(t, c, "Postfix at work", func(ctx context.Context) (bool, error) {
		made, err := r.api.boxes(ctx, c.pid())
		if err != nil {
			return false, err
		}
		for _, b := range made {
			if b.Labels["strictmx.role"] != "mail-system" || b.State != "running" {
				continue
			}
			id = b.ID
			names, err := r.api.exec(ctx, b.ID, "cat /proc/[0-9]*/comm")
			return strings.Contains("\n"+names, "\nsmtp\n"), err
		}
		return false, nil
	})
	return id
}
