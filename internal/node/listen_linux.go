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
	return n.openDoors(ctx)
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

// openDoors opens or silences each receiver's port as the plan says.
func (n *internet) openDoors(ctx context.Context) error {
	done := map[netip.Addr]bool{} // two hosts may have one address
	for i, r := range n.plan.Receivers {
		for _, h := range r.Hosts {
			for _, a := range h.Addrs {
				if done[a] {
					continue
				}
				done[a] = true
				if err := n.openDoor(ctx, a, wantedState(r, a), n.world.Receivers[i].Server); err != nil {
					return fmt.Errorf("receiver %s: port 25 at %s: %w", r.Name, a, err)
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

// openDoor takes the port at an address. Of one that is down nobody takes it, so
// that the kernel refuses connections.
func (n *internet) openDoor(ctx context.Context, a netip.Addr, want doorState, srv *fakemx.Server) error {
	address := netip.AddrPortFrom(a, 25).String()
	switch want {
	case down:
		return nil
	case silent:
		l, err := listenSilent(ctx, address)
		if err == nil {
			// It takes no connection, so there is nothing to be lost in closing it.
			n.serves.Go(func() { <-ctx.Done(); l.Close() })
		}
		return err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	n.serves.Go(func() {
		if err := srv.Serve(ctx, l); err != nil && ctx.Err() == nil {
			_ = n.broken("receiver", err) // told to the runner, which ends the case
		}
	})
	return nil
}
