package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"strictmx/fakedns"
	"strictmx/fakemx"
	"strictmx/internal/mail"
	"strictmx/internal/wire"
)

// listen opens the DNS server's ports and every receiver's.
func (n *internet) listen(ctx context.Context) error {
	n.dns = &fakedns.Server{
		Zones: n.world.Zones, Recursion: true,
		Log:   func(q mail.Question) { n.emit(wire.Event{Kind: wire.KindQuestion, Question: &q}) },
		Asker: func(a netip.AddrPort) string { return n.world.Asker(a.Addr()) },
	}
	for _, a := range n.plan.DNS {
		if err := n.listenDNS(ctx, netip.AddrPortFrom(a, 53).String()); err != nil {
			return err
		}
	}
	return n.setDoors(ctx, n.plan)
}

func (n *internet) listenDNS(ctx context.Context, address string) error {
	var lc net.ListenConfig
	pc, err := lc.ListenPacket(ctx, "udp", address)
	if err != nil {
		return fmt.Errorf("DNS server: %w", err)
	}
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return errors.Join(fmt.Errorf("DNS server: %w", err), pc.Close())
	}
	n.serves.Go(func() {
		if err := n.dns.Serve(ctx, pc, l); err != nil && ctx.Err() == nil {
			_ = n.broken("dns", err) // told to the runner, which ends the case
		}
	})
	return nil
}

// setDoors opens, closes or silences each receiver's port as plan says.
func (n *internet) setDoors(ctx context.Context, plan wire.Plan) error {
	for i, r := range plan.Receivers {
		srv := n.world.Receivers[i].Server
		for _, h := range r.Hosts {
			for _, a := range h.Addrs {
				if err := n.setDoor(ctx, a, wantedState(r, a), srv); err != nil {
					return fmt.Errorf("receiver %s: %w", r.Name, err)
				}
			}
		}
	}
	return nil
}

func wantedState(r wire.Receiver, a netip.Addr) doorState {
	switch {
	case slices.Contains(r.Down, a):
		return down
	case slices.Contains(r.Silent, a):
		return silent
	}
	return open
}

func (n *internet) setDoor(ctx context.Context, a netip.Addr, want doorState, srv *fakemx.Server) error {
	if d := n.doors[a]; d != nil {
		if d.state == want {
			return nil
		}
		if d.listener != nil {
			if err := d.listener.Close(); err != nil {
				return fmt.Errorf("port 25 at %s: %w", a, err)
			}
		}
	}
	d := &door{state: want}
	n.doors[a] = d
	address := netip.AddrPortFrom(a, 25).String()
	var err error
	switch want {
	case silent:
		d.listener, err = listenSilent(ctx, address)
	case open:
		var lc net.ListenConfig
		if d.listener, err = lc.Listen(ctx, "tcp", address); err == nil {
			l := d.listener
			n.serves.Go(func() {
				if err := srv.Serve(ctx, l); err != nil && ctx.Err() == nil && !errors.Is(err, net.ErrClosed) {
					_ = n.broken("receiver", err) // told to the runner, which ends the case
				}
			})
		}
	}
	if err != nil {
		return fmt.Errorf("port 25 at %s: %w", a, err)
	}
	return nil
}

// change takes over zones, faults and closed addresses of another plan.
func (n *internet) change(ctx context.Context, plan wire.Plan) error {
	if len(plan.Receivers) != len(n.plan.Receivers) {
		return fmt.Errorf("change: want the %d receivers there are, not %d", len(n.plan.Receivers), len(plan.Receivers))
	}
	if err := n.world.Change(plan); err != nil {
		return err
	}
	return n.setDoors(ctx, plan)
}
