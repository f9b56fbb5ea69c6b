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
