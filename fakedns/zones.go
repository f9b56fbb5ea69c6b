package fakedns

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/miekg/dns"
)

// Zones are the records and faults of a pretend internet. They come from [Load]
// or a [Builder]; the zero value holds an empty root. Zones are safe for
// concurrent use and may be replaced while they are served.
type Zones struct {
	p atomic.Pointer[world]
}

// A world never changes once it is in a Zones, but for the count of faults used, and
// for what it has ready.
type world struct {
	zones   map[string]*zone // by canonical origin; the root is always there
	faults  []*activeFault
	settled answers
}

// A zone holds what lies between its origin and the zones nested in it.
type zone struct {
	origin string
	labels int
	signed bool
	nodes  map[string]*node // by canonical name, empty non-terminals included
	soa    dns.RR           // for negative answers, TTL as RFC 2308 section 3 says
}

// A node is a name that exists; one without sets is an empty non-terminal (RFC
// 4592 section 2.2.2).
type node struct {
	sets map[uint16][]dns.RR
}

// empty is what the zero value of Zones holds.
var empty = sync.OnceValue(func() *world {
	root := newZone(".")
	root.complete()
	return &world{zones: map[string]*zone{".": root}}
})

func (z *Zones) world() *world {
	if w := z.p.Load(); w != nil {
		return w
	}
	return empty()
}

// Replace makes z hold what other holds, at once for all that serve or resolve
// from z. A fault that was there before goes on with its count of answers.
func (z *Zones) Replace(other *Zones) {
	old, w := z.world(), other.world()
	next := &world{zones: w.zones}
	for _, f := range w.faults {
		g := *f
		for _, o := range old.faults {
			if o.Fault == f.Fault {
				g.hits = o.hits
			}
		}
		next.faults = append(next.faults, &g)
	}
	z.p.Store(next)
}

// Fresh returns Zones with the same records and faults, of which none has spoilt
// an answer yet: the same world for somebody else.
func (z *Zones) Fresh() *Zones {
	w := z.world()
	next := &world{zones: w.zones}
	for _, f := range w.faults {
		g := *f
		g.hits = new(atomic.Int64)
		next.faults = append(next.faults, &g)
	}
	fresh := new(Zones)
	fresh.p.Store(next)
	return fresh
}

// Sound returns Zones with the same records and without faults; false if there are none.
func (z *Zones) Sound() (*Zones, bool) {
	w := z.world()
	if len(w.faults) == 0 {
		return z, false
	}
	sound := new(Zones)
	sound.p.Store(&world{zones: w.zones})
	return sound, true
}

// Has tells whether there is a record of exactly this name and type, or of any
// type if typ is empty. It knows nothing of wildcards, faults and CNAME.
func (z *Zones) Has(name, typ string) bool {
	key, err := canonical(name)
	if err != nil {
		return false
	}
	w := z.world()
	t, ok := parseType(typ)
	if !ok && typ != "" {
		return false
	}
	n := w.zoneOf(key, t).nodes[key]
	return n != nil && (len(n.sets[t]) > 0 || typ == "" && len(n.sets) > 0)
}

// Names lists the owner names of all records, lower case, with final dot, sorted.
// Those of made-up SOA and NS records are among them.
func (z *Zones) Names() []string {
	var names []string
	for _, zn := range z.world().zones {
		for name, n := range zn.nodes {
			if len(n.sets) > 0 {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// zoneOf returns the zone that answers for a canonical name: the one of the
// longest origin. Of the two that hold the origin of a nested zone, the outer one
// has its DS records (RFC 4035 section 3.1.4.1).
func (w *world) zoneOf(name string, typ uint16) *zone {
	for off, end := 0, false; !end; off, end = dns.NextLabel(name, off) {
		if off == 0 && typ == dns.TypeDS {
			continue
		}
		if z := w.zones[name[off:]]; z != nil {
			return z
		}
	}
	return w.zones["."]
}

func newZone(origin string) *zone {
	return &zone{origin: origin, labels: dns.CountLabel(origin), nodes: make(map[string]*node)}
}

// add puts a record in, with the empty non-terminals above it. name is canonical
// and within the zone.
func (z *zone) add(name string, rr dns.RR) {
	n := z.exist(name)
	if n.sets == nil {
		n.sets = make(map[uint16][]dns.RR)
	}
	t := rr.Header().Rrtype
	n.sets[t] = append(n.sets[t], rr)
}

// exist makes a name and all between it and the origin exist.
func (z *zone) exist(name string) *node {
	if n := z.nodes[name]; n != nil {
		return n
	}
	n := new(node)
	z.nodes[name] = n
	if name != z.origin {
		if off, end := dns.NextLabel(name, 0); !end {
			z.exist(name[off:])
		} else {
			z.exist(".")
		}
	}
	return n
}

// Figures of made-up records, in seconds. The negative TTL is the last one.
const (
	defaultTTL  = 3600
	negativeTTL = 3600
)

// complete makes up what the apex lacks of SOA and NS. Their names are under
// invalid (RFC 2606 section 2), so that nobody takes them for the zone's own.
func (z *zone) complete() {
	apex := z.exist(z.origin)
	if len(apex.sets[dns.TypeNS]) == 0 {
		z.add(z.origin, &dns.NS{Hdr: z.header(dns.TypeNS), Ns: "ns.invalid."})
	}
	if len(apex.sets[dns.TypeSOA]) == 0 {
		z.add(z.origin, &dns.SOA{
			Hdr: z.header(dns.TypeSOA), Ns: "ns.invalid.", Mbox: "hostmaster.invalid.",
			Serial: 1, Refresh: 7200, Retry: 3600, Expire: 1209600, Minttl: negativeTTL,
		})
	}
	z.soa = dns.Copy(apex.sets[dns.TypeSOA][0])
	if soa, ok := z.soa.(*dns.SOA); ok {
		soa.Hdr.Ttl = min(soa.Hdr.Ttl, soa.Minttl)
	}
}

func (z *zone) header(typ uint16) dns.RR_Header {
	return dns.RR_Header{Name: z.origin, Rrtype: typ, Class: dns.ClassINET, Ttl: defaultTTL}
}
