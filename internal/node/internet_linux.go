package node

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"strictmx/fakedns"
	"strictmx/fakemx"
	"strictmx/fakemx/check"
	"strictmx/internal/mail"
	"strictmx/internal/wire"
	"strictmx/internal/world"
)

// An internet is the internet side while it runs.
type internet struct {
	plan  wire.Plan
	world *world.World
	dns   *fakedns.Server
	ahead atomic.Int64 // of the receivers' clock, in nanoseconds

	mu     sync.Mutex // guards out
	out    *json.Encoder
	serves sync.WaitGroup
}

// A doorState is what becomes of connections to the mail port at an address.
type doorState int

const (
	open   doorState = iota
	down             // connections are refused
	silent           // packets are dropped
)

// RunInternet is the process in the internet side's namespace: it reads the plan
// and then commands from in, writes events to out, and serves until in ends or it
// is told to stop. When ctx is done it serves no more, and waits for either.
func RunInternet(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n := &internet{out: json.NewEncoder(out)}
	defer n.serves.Wait()
	defer cancel() // before the wait
	r := bufio.NewReaderSize(in, 64<<10)
	_, plan, err := readPlan(r)
	if err != nil {
		return n.broken("plan", err)
	}
	n.plan = plan
	if err := configure(internetDevice, n.addrs()); err != nil {
		return n.broken("network", err)
	}
	if n.world, err = world.Build(plan, n.hooks()); err != nil {
		return n.broken("plan", err)
	}
	if err := n.listen(ctx); err != nil {
		return n.broken("network", err)
	}
	n.emit(wire.Event{Kind: wire.KindReady})
	return n.commands(ctx, r)
}

// addrs lists every address of the internet side, each once.
func (n *internet) addrs() []netip.Addr {
	out := slices.Concat(n.plan.DNS, n.plan.Elsewhere)
	for _, r := range n.plan.Receivers {
		for _, h := range r.Hosts {
			out = append(out, h.Addrs...)
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return slices.Compact(out)
}

func (n *internet) hooks() world.Hooks {
	return world.Hooks{
		Attempt:  func(a mail.Attempt) { n.emit(wire.Event{Kind: wire.KindAttempt, Attempt: &a}) },
		Resolver: n.resolver,
		Now:      n.now,
	}
}

// now is the time by the receivers' clock.
func (n *internet) now() time.Time { return time.Now().Add(time.Duration(n.ahead.Load())) }

// resolver asks the DNS server over the network, from an address of the receiver.
func (n *internet) resolver(r wire.Receiver) check.Resolver {
	for _, server := range n.plan.DNS {
		for _, h := range r.Hosts {
			for _, a := range h.Addrs {
				if a.Is4() == server.Is4() {
					return &fakedns.Client{Server: netip.AddrPortFrom(server, 53), Local: a}
				}
			}
		}
	}
	return &fakedns.Client{Server: netip.AddrPortFrom(n.plan.DNS[0], 53)}
}

func (n *internet) emit(ev wire.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	// A runner that no longer reads has gone, and standard input ends as well.
	_ = n.out.Encode(ev)
}

func (n *internet) broken(kind string, err error) error {
	n.emit(wire.Event{Kind: wire.KindError, Error: &wire.Error{Kind: kind, Message: err.Error()}})
	return err
}

func (n *internet) commands(ctx context.Context, r *bufio.Reader) error {
	for {
		line, err := readLine(r, maxPlan)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return n.broken("command", err)
		}
		var cmd wire.Command
		if err := json.Unmarshal(line, &cmd); err != nil {
			return n.broken("command", fmt.Errorf("command: %w", err))
		}
		if cmd.Op == wire.OpStop {
			n.emit(wire.Event{Kind: wire.KindDone, ID: cmd.ID})
			return nil
		}
		text, err := n.do(ctx, cmd)
		if err != nil {
			told, ok := errors.AsType[*wire.Error](err)
			if !ok {
				told = &wire.Error{Kind: cmd.Op, Message: err.Error()}
			}
			n.emit(wire.Event{Kind: wire.KindError, ID: cmd.ID, Error: told})
			continue
		}
		n.emit(wire.Event{Kind: wire.KindDone, ID: cmd.ID, Text: text})
	}
}

func (n *internet) do(ctx context.Context, cmd wire.Command) (string, error) {
	switch {
	case cmd.Op == wire.OpSync:
		return "", nil
	case cmd.Op == wire.OpClock && cmd.Ahead >= 0:
		n.ahead.Store(int64(cmd.Ahead))
		return "", nil
	case cmd.Op == wire.OpSend && cmd.Message != nil:
		return n.send(ctx, *cmd.Message)
	}
	return "", fmt.Errorf("command %q: want sync, clock, send with a message, or stop", cmd.Op)
}

// send hands a message to the host by SMTP, as any server on the internet would.
func (n *internet) send(ctx context.Context, m wire.Message) (string, error) {
	var errs []error
	for _, to := range n.plan.Host.Addrs() {
		i := slices.IndexFunc(n.plan.Elsewhere, func(a netip.Addr) bool { return a.Is4() == to.Is4() })
		if i < 0 {
			continue
		}
		d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(n.plan.Elsewhere[i], 0))}
		conn, err := d.DialContext(ctx, "tcp", netip.AddrPortFrom(to, 25).String())
		if err != nil {
			errs = append(errs, err)
			continue
		}
		return submit(ctx, conn, m)
	}
	return "", fmt.Errorf("no way to the host's port 25: %w", errors.Join(errs...))
}

func submit(ctx context.Context, conn net.Conn, m wire.Message) (string, error) {
	defer conn.Close()
	d, err := fakemx.Submit(ctx, conn, fakemx.Envelope{
		Helo: "elsewhere.example.net", From: m.From, To: m.To, Content: m.Content,
	})
	if err != nil {
		return "", err
	}
	for _, r := range d.Recipients {
		if !r.Reply.Positive() {
			return "", &wire.Error{Kind: "submit", Message: fmt.Sprintf(
				"the host refuses %s: %s (mail that comes via: smtp is a stranger's; without it the message is a local user's)", r.To, r.Reply)}
		}
	}
	return d.Recipients[0].Reply.String(), nil
}
