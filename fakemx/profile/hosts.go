package profile

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"strictmx/internal/mail"
	"strictmx/internal/spelling"
)

func (t *table) readHosts(n ast.Node) {
	r, lines, named := t.r, make(map[netip.Addr]int), make(map[string]int)
	for _, item := range r.items(n, "hosts") {
		var h Host
		have := r.fields(item, "a host", []field{
			{"name", func(n ast.Node) {
				h.Name = t.readHostName(n, named)
			}},
			{"pref", func(n ast.Node) {
				s, ok := r.scalar(n)
				pref, err := strconv.ParseUint(s, 10, 16)
				if ok && err != nil {
					r.problem(n, "pref %q: want a number from 0 to 65535", s)
				}
				h.Pref = uint16(pref)
			}},
			{"addrs", func(n ast.Node) {
				for _, a := range r.items(n, "addresses") {
					if addr, ok := t.readAddr(a, lines); ok {
						h.Addrs = append(h.Addrs, addr)
					}
				}
			}},
		})
		for _, key := range []string{"name", "pref", "addrs"} {
			if have[key] == nil {
				r.problem(item, "a host without %s", key)
			}
		}
		t.hosts = append(t.hosts, h)
	}
}

// readHostName reads the name of a host, which no other has, in whatever case. Lines are
// those of the names before it.
func (t *table) readHostName(n ast.Node, lines map[string]int) string {
	s, ok := t.r.scalar(n)
	key := strings.ToLower(s)
	switch line := lines[key]; {
	case !ok:
	case !hostForm.MatchString(s):
		t.r.problem(n, "host %q: want a host name with final dot", s)
	case line > 0:
		t.r.problem(n, "host %s twice: first in line %d", s, line)
	default:
		lines[key], _ = place(n)
	}
	return s
}

// readAddr reads an address of a host, which no host has twice. Lines are those of the
// addresses before it.
func (t *table) readAddr(n ast.Node, lines map[netip.Addr]int) (netip.Addr, bool) {
	if spelling.Kind(n) == "keys and values" {
		t.r.problem(n, "want an address: quote one of IPv6, which has colons")
		return netip.Addr{}, false
	}
	s, ok := t.r.scalar(n)
	if !ok {
		return netip.Addr{}, false
	}
	addr, err := netip.ParseAddr(s)
	addr = addr.Unmap()
	switch line := lines[addr]; {
	case err != nil || addr.Zone() != "":
		t.r.problem(n, "address %q: want an IPv4 or IPv6 address without a zone", s)
	case !mail.IsHost(addr):
		t.r.problem(n, "address %q: want an address of a host, reachable from elsewhere", s)
	case line > 0:
		t.r.problem(n, "address %s twice: first in line %d", addr, line)
	default:
		lines[addr], _ = place(n)
		return addr, true
	}
	return netip.Addr{}, false
}
