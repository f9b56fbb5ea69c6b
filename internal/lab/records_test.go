package lab

import (
	"net/netip"
	"slices"
	"testing"

	"strictmx/fakemx/profile"
	"strictmx/internal/wire"
	"strictmx/internal/world"
)

// Every MX host of every profile is found through the records that are added for
// it, one receiver at a time.
func TestReceiversCanBeFound(t *testing.T) {
	for _, p := range profile.Builtin().Profiles() {
		r := wire.Receiver{Name: p.Name, Domains: []string{"example.net"}}
		for _, h := range p.Hosts {
			r.Hosts = append(r.Hosts, wire.MXHost{Name: h.Name, Pref: h.Pref, Addrs: h.Addrs})
		}
		if len(r.Hosts) == 0 {
			r.Hosts = []wire.MXHost{madeUpHost("mx.example.net.", 0)}
		}
		zones, err := world.Zones(wire.Plan{Zones: defaultZones([]wire.Receiver{r}, nil)})
		if err != nil {
			t.Fatalf("%s: %v", p, err)
		}
		resolver := zones.Resolver("test", nil)
		mx, err := resolver.Resolve(t.Context(), "example.net.", "MX")
		if err != nil || len(mx.Records) != len(r.Hosts) {
			t.Errorf("%s: MX of example.net: %+v, %v, want %d records", p, mx, err, len(r.Hosts))
		}
		for _, h := range r.Hosts {
			var found []netip.Addr
			for _, typ := range []string{"A", "AAAA"} {
				a, err := resolver.Resolve(t.Context(), h.Name, typ)
				if err != nil {
					t.Errorf("%s: %s %s: %v", p, h.Name, typ, err)
				}
				for _, rr := range a.Records {
					found = append(found, rr.Addr)
				}
			}
			want := slices.SortedFunc(slices.Values(h.Addrs), netip.Addr.Compare)
			slices.SortFunc(found, netip.Addr.Compare)
			if !slices.Equal(found, want) {
				t.Errorf("%s: %s has %v, want %v", p, h.Name, found, want)
			}
		}
	}
}

// The records of a host are where they are found, whichever zones there are.
func TestHostsBelowOtherZones(t *testing.T) {
	addr := netip.MustParseAddr("198.51.100.63")
	receivers := []wire.Receiver{
		{Name: "itself", Domains: []string{"relay.example.net"}, Hosts: []wire.MXHost{{Name: "relay.example.net.", Addrs: []netip.Addr{addr}}}},
		{Name: "below", Domains: []string{"example.org"}, Hosts: []wire.MXHost{{Name: "mx.inner.example.org.", Addrs: []netip.Addr{addr}}}},
		{Name: "beside", Domains: []string{"a.example.com"}, Hosts: []wire.MXHost{{Name: "mx.b.example.com.", Addrs: []netip.Addr{addr}}}},
	}
	own := []wire.ZoneText{{Origin: "inner.example.org.", File: "own", Text: "@ TXT x\n"}}
	zones, err := world.Zones(wire.Plan{Zones: append(own, defaultZones(receivers, own)...)})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range receivers {
		a, err := zones.Resolver("test", nil).Resolve(t.Context(), r.Hosts[0].Name, "A")
		if err != nil || len(a.Records) != 1 {
			t.Errorf("%s A: %+v, %v, want one record", r.Hosts[0].Name, a, err)
		}
		if mx, err := zones.Resolver("test", nil).Resolve(t.Context(), r.Domains[0], "MX"); err != nil || len(mx.Records) != 1 {
			t.Errorf("%s MX: %+v, %v, want one record", r.Domains[0], mx, err)
		}
	}
}
