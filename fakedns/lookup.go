package fakedns

import (
	"slices"
	"time"

	"github.com/miekg/dns"
)

// maxLinks is how many CNAME and DNAME records are followed, as in BIND.
const maxLinks = 16

// A query is one question of class IN.
type query struct {
	name      string // with final dot, in the case it was asked in
	typ       uint16
	recursive bool // a stub asks a resolver: a delegation to nobody is a failure
	do        bool // wants DNSSEC records (RFC 3225)
}

// A result is what there is to say about a query, before it becomes a packet.
type result struct {
	rcode      int
	aa         bool // authoritative, for the first owner (RFC 1035 section 4.1.1)
	secure     bool // all of it is from signed zones
	answer     []dns.RR
	authority  []dns.RR
	additional []dns.RR
	why        string // more about a failure (RFC 8914)
	unreached  bool   // it fails because a delegation leads nowhere

	silent, truncated, wrongID bool // faults
	delay                      time.Duration
}

// A kind is what a zone has for a name and type.
type kind int

const (
	found    kind = iota // records of the type
	noData               // the name exists and has none
	noName               // the name does not exist
	alias                // a CNAME
	redirect             // a DNAME above the name
	cut                  // a delegation at or above the name
)

// answer follows RFC 1034 section 4.3.2 from zone to zone.
func (w *world) answer(q query) result {
	res := result{secure: true}
	name := q.name
	for link := 0; link <= maxLinks; link++ {
		key := lower(name)
		z := w.zoneOf(key, q.typ)
		if f := w.fault(key, q.typ); f != nil && res.spoil(f, link > 0, z) {
			return res
		}
		res.secure = res.secure && z.signed
		k, rrs, owner := z.match(key, q.typ)
		if link == 0 {
			res.aa = k != cut
		}
		switch k {
		case alias, redirect:
			var last bool
			name, last = res.follow(k, rrs, name, q.typ)
			if last {
				return res
			}
			continue
		case found:
			res.answer = appendAs(res.answer, rrs, name)
		case noData:
			res.authority = []dns.RR{z.soa}
		case noName:
			res.rcode = dns.RcodeNameError
			res.authority = []dns.RR{z.soa}
		case cut:
			res.refer(z, rrs, owner, q)
		}
		return res
	}
	res.fail("the chain of CNAME and DNAME records from " + q.name + " is a loop or too long")
	return res
}

// match looks a canonical name up in the zone that holds it. owner is the name at
// which the records are.
func (z *zone) match(name string, typ uint16) (k kind, rrs []dns.RR, owner string) {
	offs := append(dns.Split(name), len(name)-1) // the last one is the root
	if name == "." {
		offs = []int{0}
	}
	n := z.nodes[z.origin]
	for i := len(offs) - 1 - z.labels; ; i-- {
		at := name[offs[i]:]
		if at != z.origin && len(n.sets[dns.TypeNS]) > 0 && (i > 0 || typ != dns.TypeDS) {
			return cut, n.sets[dns.TypeNS], at
		}
		if i == 0 {
			k, rrs = n.pick(typ)
			return k, rrs, at
		}
		if d := n.sets[dns.TypeDNAME]; len(d) > 0 {
			return redirect, d, at
		}
		child := z.nodes[name[offs[i-1]:]]
		if child == nil {
			// at is the closest encloser (RFC 4592 section 3.3.1).
			w := z.nodes[wildcard(at)]
			if w == nil {
				return noName, nil, at
			}
			k, rrs = w.pick(typ)
			return k, rrs, name
		}
		n = child
	}
}

// pick chooses from the sets of one name.
func (n *node) pick(typ uint16) (kind, []dns.RR) {
	if typ == dns.TypeANY && len(n.sets) > 0 {
		return found, n.all()
	}
	if rrs := n.sets[typ]; len(rrs) > 0 {
		return found, rrs
	}
	if c := n.sets[dns.TypeCNAME]; len(c) > 0 {
		return alias, c
	}
	return noData, nil
}

// all lists every set, types in ascending order.
func (n *node) all() []dns.RR {
	var rrs []dns.RR
	for _, t := range sortedKeys(n.sets) {
		rrs = append(rrs, n.sets[t]...)
	}
	return rrs
}

// follow puts the CNAME, or the DNAME and the CNAME made from it (RFC 6672 section
// 3.1), in the answer. It returns the name to go on with, or that this is the end.
func (res *result) follow(k kind, rrs []dns.RR, name string, typ uint16) (next string, last bool) {
	if k == alias {
		res.answer = appendAs(res.answer, rrs[:1], name)
		c, ok := rrs[0].(*dns.CNAME)
		if !ok {
			res.fail("CNAME data cannot be read")
			return "", true
		}
		return c.Target, false
	}
	d, ok := rrs[0].(*dns.DNAME)
	if !ok {
		res.fail("DNAME data cannot be read")
		return "", true
	}
	if !slices.Contains(res.answer, dns.RR(d)) { // a chain may come by twice
		res.answer = append(res.answer, d)
	}
	prefix := name[:len(name)-len(d.Hdr.Name)]
	if d.Hdr.Name == "." {
		prefix = name
	}
	target := prefix + d.Target
	if d.Target == "." {
		target = prefix
	}
	target, err := fqdn(target)
	if err != nil {
		res.rcode = dns.RcodeYXDomain // RFC 6672 section 2.2: the name got too long
		return "", true
	}
	res.answer = append(res.answer, &dns.CNAME{
		Hdr:    dns.RR_Header{Name: name, Rrtype: dns.TypeCNAME, Class: dns.ClassINET, Ttl: d.Hdr.Ttl},
		Target: target,
	})
	return target, typ == dns.TypeCNAME
}

// refer tells who answers below a delegation: a referral with glue from an
// authority; from a resolver a failure, as nobody here plays that server.
func (res *result) refer(z *zone, ns []dns.RR, owner string, q query) {
	if q.recursive {
		res.fail("no zone file for " + owner + ", which " + z.origin + " delegates")
		res.unreached = true
		return
	}
	res.authority = ns
	res.secure = false
	if n := z.nodes[owner]; n != nil && q.do { // RFC 4035 sections 3.1.4 and 3.2.1
		res.authority = append(res.authority[:len(ns):len(ns)], n.sets[dns.TypeDS]...)
	}
	for _, rr := range ns {
		server, ok := rr.(*dns.NS)
		if !ok {
			continue
		}
		if n := z.nodes[lower(server.Ns)]; n != nil {
			res.additional = append(res.additional, n.sets[dns.TypeA]...)
			res.additional = append(res.additional, n.sets[dns.TypeAAAA]...)
		}
	}
}

func (res *result) fail(why string) {
	*res = result{rcode: dns.RcodeServerFailure, why: why, delay: res.delay}
}

// spoil does what a fault says and tells whether that is all there is to say. z is
// the zone of the name; chained means that a CNAME or DNAME led there.
func (res *result) spoil(f *activeFault, chained bool, z *zone) (last bool) {
	switch f.Fault.Fault {
	case FaultDelay:
		res.delay += f.Delay
		return false
	case FaultNXDomain:
		res.rcode, res.aa, res.secure = dns.RcodeNameError, true, false
		res.authority = []dns.RR{z.soa}
		return true
	case FaultTruncate:
		res.truncated = !chained
		return false
	}
	if chained || f.Fault.Fault == FaultServFail {
		res.fail("")
		return true
	}
	switch f.Fault.Fault {
	case FaultRefused:
		*res = result{rcode: dns.RcodeRefused}
		return true
	case FaultTimeout:
		*res = result{silent: true}
		return true
	case FaultWrongID:
		res.wrongID = true
	}
	return false
}

// appendAs appends records with name as their owner.
func appendAs(to, rrs []dns.RR, name string) []dns.RR {
	for _, rr := range rrs {
		if rr.Header().Name != name {
			rr = dns.Copy(rr)
			rr.Header().Name = name
		}
		to = append(to, rr)
	}
	return to
}
