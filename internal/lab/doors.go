package lab

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"strictmx/internal/wire"
	"strictmx/scenarios"
)

// closeDoors enters the addresses that are down or silent.
func closeDoors(receivers []wire.Receiver, c scenarios.Case) error {
	var errs []error
	for _, e := range c.Down {
		errs = append(errs, closeDoor(receivers, e, c, func(r *wire.Receiver) *[]netip.Addr { return &r.Down }))
	}
	for _, e := range c.Silent {
		errs = append(errs, closeDoor(receivers, e, c, func(r *wire.Receiver) *[]netip.Addr { return &r.Silent }))
	}
	return errors.Join(errs...)
}

func closeDoor(receivers []wire.Receiver, e scenarios.Endpoint, c scenarios.Case, list func(*wire.Receiver) *[]netip.Addr) error {
	found := false
	for i := range receivers {
		r := &receivers[i]
		for _, a := range slices.Concat(addrsOf(*r)...) {
			if !matches(e, r.Name, a) || slices.Contains(*list(r), a) {
				continue
			}
			*list(r) = append(*list(r), a)
			found = true
		}
	}
	if !found {
		return at(c.At, fmt.Errorf("case %s: no receiver has an address %q", c.Name, endpointText(e)))
	}
	return nil
}

func addrsOf(r wire.Receiver) [][]netip.Addr {
	out := make([][]netip.Addr, len(r.Hosts))
	for i, h := range r.Hosts {
		out[i] = h.Addrs
	}
	return out
}

func matches(e scenarios.Endpoint, receiver string, a netip.Addr) bool {
	switch {
	case e.Addr.IsValid():
		return e.Addr == a
	case e.Receiver != receiver:
		return false
	}
	return e.Family == "" || (e.Family == "ipv4") == a.Is4()
}

func endpointText(e scenarios.Endpoint) string {
	if e.Addr.IsValid() {
		return e.Addr.String()
	}
	return strings.TrimSpace(e.Receiver + " " + e.Family)
}
