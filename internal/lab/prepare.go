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
	"strictmx/internal/world"
	"strictmx/scenarios"
)

// The addresses of the pretend internet's own servers.
var (
	dnsAddrs       = []netip.Addr{netip.MustParseAddr("198.51.100.53"), netip.MustParseAddr("2001:db8:53::53")}
	elsewhereAddrs = []netip.Addr{netip.MustParseAddr("198.51.100.99"), netip.MustParseAddr("2001:db8:99::99")}
)

// senderReceiver names the receiver that captures delivery notices.
const senderReceiver = "sender"

// A Prepared case is ready to run.
type Prepared struct {
	Scenario *scenarios.Scenario
	Case     scenarios.Case
	Plan     wire.Plan
	Setup    wire.Setup
}

// Prepare works out what a case needs: zones, receivers with their addresses and
// records, and the mail system's files, merged over base. Everything that is wrong
// is reported at once, with file and line.
func Prepare(sc *scenarios.Scenario, c scenarios.Case, base Base) (*Prepared, error) {
	p := &Prepared{Scenario: sc, Case: c}
	p.Plan = wire.Plan{
		Host:      wire.Host{Name: sc.Host.Name, IPv4: sc.Host.IPv4, IPv6: sc.Host.IPv6},
		DNS:       dnsAddrs,
		Elsewhere: elsewhereAddrs,
		Zones:     zoneTexts(c),
		Profiles:  ownProfiles(c),
	}
	for _, f := range c.Faults {
		p.Plan.Faults = append(p.Plan.Faults, wire.Fault{
			Name: f.Name, Type: f.Type, Fault: f.Fault, Delay: f.Delay, Times: f.Times,
		})
	}
	var errs []error
	zones, err := world.Zones(p.Plan)
	if err != nil {
		errs = append(errs, err)
	}
	set, err := world.Profiles(p.Plan.Profiles)
	if err != nil {
		return nil, errors.Join(append(errs, placeProfiles(c, err))...)
	}
	receivers, err := planReceivers(sc, set)
	errs = append(errs, err)
	if zones != nil {
		receivers = capture(c, receivers, zones.Has)
		errs = append(errs, tell(receivers, c, set))
		if err == nil {
			errs = append(errs, knownRules(c, receivers, set))
		}
	}
	p.Plan.Receivers = receivers
	p.Plan.Zones = append(p.Plan.Zones, defaultZones(receivers, p.Plan.Zones)...)
	errs = append(errs, closeDoors(p.Plan.Receivers, c))
	p.Setup, err = base.setup(sc, c)
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	return p, nil
}

// zoneTexts lists the case's DNS data, files in order of their names.
func zoneTexts(c scenarios.Case) []wire.ZoneText {
	var out []wire.ZoneText
	for _, path := range sortedPaths(c, "dns/") {
		name := strings.TrimPrefix(path, "dns/")
		origin := ""
		if zone, ok := strings.CutSuffix(name, ".zone"); ok {
			origin = strings.TrimSuffix(zone, ".") + "."
			if zone == "root" {
				origin = "."
			}
		}
		for _, f := range c.Files[path].Fragments {
			out = append(out, wire.ZoneText{Origin: origin, File: f.At.File, Line: f.At.Line, Text: f.Text})
		}
	}
	return out
}

func ownProfiles(c scenarios.Case) map[string]string {
	out := map[string]string{}
	for _, path := range sortedPaths(c, "profiles/") {
		out[strings.TrimPrefix(path, "profiles/")] = c.Files[path].Text
	}
	return out
}

// placeProfiles says where in the scenario's files its own profiles are wrong.
func placeProfiles(c scenarios.Case, err error) error {
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = slices.Clone(joined.Unwrap())
	}
	for i, err := range all {
		p, ok := errors.AsType[*profile.Problem](err)
		if !ok {
			continue
		}
		moved := *p
		line := p.Line
		for _, f := range c.Files["profiles/"+p.File].Fragments {
			moved.File, moved.Line = f.At.File, max(f.At.Line, 1)+max(line, 1)-1
			n := strings.Count(f.Text, "\n")
			if line <= n {
				break
			}
			line -= n
		}
		all[i] = &moved
	}
	return errors.Join(all...)
}

func sortedPaths(c scenarios.Case, prefix string) []string {
	var out []string
	for path := range c.Files {
		if strings.HasPrefix(path, prefix) {
			out = append(out, path)
		}
	}
	sort.Strings(out)
	return out
}

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

// defaultZones are the receivers' records, for where the scenario, which has zones of
// its own, gives none. Those of a host go into the nearest zone that there is above it,
// which else would hide them.
func defaultZones(receivers []wire.Receiver, own []wire.ZoneText) []wire.ZoneText {
	texts, origins := map[string]string{}, []string{}
	for _, z := range own {
		if z.Origin != "" && z.Origin != "." {
			origins = append(origins, z.Origin)
		}
	}
	for _, r := range receivers {
		for _, d := range r.Domains {
			origins = append(origins, d+".")
		}
	}
	for _, r := range receivers {
		for _, h := range r.Hosts {
			for _, d := range r.Domains {
				texts[d+"."] += fmt.Sprintf("@ MX %d %s\n", h.Pref, h.Name)
			}
			for _, a := range h.Addrs {
				typ := "AAAA"
				if a.Is4() {
					typ = "A"
				}
				texts[zoneOf(h.Name, origins)] += fmt.Sprintf("%s %s %s\n", h.Name, typ, a)
			}
		}
	}
	var out []wire.ZoneText
	for _, origin := range sortedKeys(texts) {
		out = append(out, wire.ZoneText{
			Origin: origin, File: "records of the receivers", Text: texts[origin], Default: true,
		})
	}
	return out
}

// zoneOf is the zone for the address records of an MX host: the nearest of some above
// it, or its last two labels. With the parent's name a host below another host would
// make a zone that hides the other's records.
func zoneOf(host string, origins []string) string {
	nearest := ""
	for _, o := range origins {
		if len(o) > len(nearest) && (strings.EqualFold(host, o) || strings.HasSuffix(strings.ToLower(host), "."+o)) {
			nearest = o
		}
	}
	if nearest != "" {
		return nearest
	}
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	return strings.Join(labels[max(len(labels)-2, 0):], ".") + "."
}

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

// at puts a position before an error.
func at(pos scenarios.Position, err error) error {
	return fmt.Errorf("%s:%d: %w", pos.File, pos.Line, err)
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
