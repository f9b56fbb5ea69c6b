package fakedns

import (
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

// fill puts records into their zones, drops repeated ones, and tells those that
// cannot stand together.
func (w *world) fill(all []placed) []error {
	type owner struct{ zone, name string }
	var order []owner
	at := make(map[owner][]record)
	for _, r := range all {
		o := owner{r.zone, r.name}
		if at[o] == nil {
			order = append(order, o)
		}
		if !repeated(at[o], r.rr) {
			at[o] = append(at[o], r.record)
		}
	}
	var errs []error
	for _, o := range order {
		if err := together(at[o], o.name == o.zone); err != nil {
			errs = append(errs, err)
			continue
		}
		for off, end := dns.NextLabel(o.name, 0); !end && below(o.name[off:], o.zone); off, end = dns.NextLabel(o.name, off) {
			above := at[owner{o.zone, o.name[off:]}]
			if i := find(above, dns.TypeDNAME); i >= 0 {
				errs = append(errs, wrongf(at[o][0], "%s lies below the DNAME of %s (%s): want no records there (RFC 6672 section 2.4)",
					o.name, o.name[off:], above[i].place()))
			}
		}
		for _, r := range sameTTL(at[o]) {
			w.zones[o.zone].add(o.name, r)
		}
	}
	return errs
}

func repeated(have []record, rr dns.RR) bool {
	for _, h := range have {
		if dns.IsDuplicate(h.rr, rr) {
			return true
		}
	}
	return false
}

// sameTTL gives the records of each type the lowest TTL of them (RFC 2181 section
// 5.2 wants one for the set).
func sameTTL(records []record) []dns.RR {
	lowest := make(map[uint16]uint32)
	for _, r := range records {
		h := r.rr.Header()
		if ttl, ok := lowest[h.Rrtype]; !ok || h.Ttl < ttl {
			lowest[h.Rrtype] = h.Ttl
		}
	}
	var rrs []dns.RR
	for _, r := range records {
		rr := r.rr
		if ttl := lowest[rr.Header().Rrtype]; ttl != rr.Header().Ttl {
			rr = dns.Copy(rr)
			rr.Header().Ttl = ttl
		}
		rrs = append(rrs, rr)
	}
	return rrs
}

// together checks the records of one name.
func together(records []record, apex bool) error {
	single := map[uint16]string{
		dns.TypeCNAME: "RFC 2181 section 10.1", dns.TypeSOA: "RFC 1035 section 5.2", dns.TypeDNAME: "RFC 6672 section 2.4",
	}
	cname := find(records, dns.TypeCNAME)
	for i, r := range records {
		t := r.rr.Header().Rrtype
		if first := find(records, t); first != i && single[t] != "" {
			return wrongf(r, "%s has another %s record (%s): want one (%s)", r.name, dns.Type(t), records[first].place(), single[t])
		}
		switch {
		case cname >= 0 && t != dns.TypeCNAME && t != dns.TypeRRSIG && t != dns.TypeNSEC:
			later, other := r, records[cname]
			if cname > i {
				later, other = other, later
			}
			return wrongf(later, "%s has a CNAME record and a %s record (the other is at %s): want the CNAME alone (RFC 1034 section 3.6.2)",
				r.name, dns.Type(t), other.place())
		case t == dns.TypeCNAME && apex:
			return wrongf(r, "CNAME at the origin %s: want other records, as the SOA is there too (RFC 1034 section 3.6.2)", r.name)
		case t == dns.TypeSOA && !apex:
			return wrongf(r, "SOA at %s: want it at the origin of the zone only", r.name)
		case strings.HasPrefix(r.name, "*.") && (t == dns.TypeNS || t == dns.TypeDNAME):
			return wrongf(r, "%s at the wildcard %s: want a name, its meaning is undefined (RFC 4592 section 4)", dns.Type(t), r.name)
		}
	}
	return nil
}

func find(records []record, typ uint16) int {
	for i, r := range records {
		if r.rr.Header().Rrtype == typ {
			return i
		}
	}
	return -1
}

func wrongf(r record, format string, args ...any) error {
	return &Error{r.file, r.line, fmt.Errorf(format, args...)}
}
