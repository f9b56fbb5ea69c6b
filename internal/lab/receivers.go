package lab

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sort"
	"strings"

	"strictmx/fakemx/profile"
	"strictmx/internal/wire"
	"strictmx/scenarios"
)

// planReceivers gives each receiver its MX hosts and their addresses.
func planReceivers(sc *scenarios.Scenario, set *profile.Set) ([]wire.Receiver, error) {
	var out []wire.Receiver
	var errs []error
	owner := map[netip.Addr]string{}
	for _, a := range []netip.Addr{sc.Host.IPv4, sc.Host.IPv6} {
		owner[a] = "the host " + sc.Host.Name
	}
	for _, a := range slices.Concat(dnsAddrs, elsewhereAddrs) {
		owner[a] = "the lab's own servers"
	}
	for i, r := range sc.Receivers {
		prof, err := set.Find(r.Profile)
		if err != nil {
			errs = append(errs, at(r.At, err))
			continue
		}
		rcv := wire.Receiver{Name: r.Name, Profile: prof.String(), Domains: r.Domains, Hosts: mxHosts(r, prof, i)}
		mine := "receiver " + r.Name
		told := map[string]bool{mine: true} // once for each other owner, however many addresses they share
		for _, a := range slices.Concat(addrsOf(rcv)...) {
			if other, taken := owner[a]; taken && !told[other] {
				told[other] = true
				errs = append(errs, at(r.At, fmt.Errorf(
					"%s and %s have the address %s both: give one receiver all the domains, or hosts of its own", other, mine, a)))
			}
			owner[a] = mine
		}
		out = append(out, rcv)
	}
	return out, errors.Join(errs...)
}

// mxHosts are the hosts of the i-th receiver: the scenario's, or the profile's, or
// one that is made up.
func mxHosts(r scenarios.Receiver, p *profile.Profile, i int) []wire.MXHost {
	var out []wire.MXHost
	for _, h := range r.Hosts {
		out = append(out, wire.MXHost{Name: h.Name + ".", Pref: h.Pref, Addrs: h.Addrs})
	}
	if len(out) > 0 {
		return out
	}
	for _, h := range p.Hosts {
		out = append(out, wire.MXHost{Name: h.Name, Pref: h.Pref, Addrs: h.Addrs})
	}
	if len(out) > 0 {
		return out
	}
	return []wire.MXHost{madeUpHost("mx."+r.Domains[0]+".", i)}
}

// madeUpHost is the MX host of a receiver whose profile names none.
func madeUpHost(name string, i int) wire.MXHost {
	return wire.MXHost{Name: name, Pref: 10, Addrs: []netip.Addr{
		netip.AddrFrom4([4]byte{198, 51, 100, byte(200 + i)}),
		netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 0, 0x25, 14: byte(i >> 8), 15: byte(i + 1)}),
	}}
}

// capture sees to it that what delivery notices say is kept: by the receivers of
// the senders' domains and, for domains that have no mail server in the scenario,
// by a receiver that is added here.
func capture(c scenarios.Case, receivers []wire.Receiver, has func(name, typ string) bool) []wire.Receiver {
	var added []string
	for _, m := range c.Messages {
		_, domain, ok := cutDomain(m.From)
		if !ok {
			continue
		}
		i := slices.IndexFunc(receivers, func(r wire.Receiver) bool { return slices.Contains(r.Domains, domain) })
		switch {
		case i >= 0:
			receivers[i].Keep = true
		case !has(domain+".", "MX") && !slices.Contains(added, domain):
			added = append(added, domain)
		}
	}
	if len(added) == 0 {
		return receivers
	}
	sort.Strings(added)
	return append(receivers, wire.Receiver{
		Name: senderReceiver, Profile: "postfix", Domains: added, Keep: true,
		Hosts: []wire.MXHost{madeUpHost("mx."+added[0]+".", 50)},
	})
}

// cutDomain splits an address at its last @ and lowers the domain.
func cutDomain(addr string) (local, domain string, ok bool) {
	i := strings.LastIndexByte(addr, '@')
	if i < 0 || i == len(addr)-1 {
		return addr, "", false
	}
	return addr[:i], strings.ToLower(addr[i+1:]), true
}
