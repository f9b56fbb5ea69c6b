package fakedns

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// A Builder gathers fragments of zones, in any order, and makes Zones of them.
// The zero value is ready. What is wrong with a fragment is kept and returned by
// [Builder.Build], all at once.
type Builder struct {
	origins  []string // of zones that were given, canonical
	signed   []string
	records  []placed
	ptrs     []record
	defaults []placed
	faults   []*activeFault
	errs     []error
}

// placed is a record and the zone whose file it is from.
type placed struct {
	record
	zone string
}

// AddZone reads a master file (RFC 1035 section 5), or a fragment of one, of the
// zone origin. Each is read afresh: $ORIGIN, $TTL and the last owner do not carry
// over from another. The TTL is 3600 where none is stated; missing SOA and NS
// records are made up; a record given twice counts once. A comment line "; signed"
// marks the zone as signed. $INCLUDE and $GENERATE are errors. file is for
// messages only.
func (b *Builder) AddZone(origin, file, text string) {
	zone, err := canonical(origin)
	if err != nil {
		b.errs = append(b.errs, &Error{file, 0, fmt.Errorf("origin: %w", err)})
		return
	}
	m := readMaster(zone, file, text)
	b.origins = append(b.origins, zone)
	if m.signed {
		b.signed = append(b.signed, zone)
	}
	for _, r := range m.records {
		b.records = append(b.records, placed{r, zone})
	}
	b.errs = append(b.errs, m.errs...)
}

// AddDefault reads a master file as AddZone does, for records that somebody else
// may give: a record is left out where the other fragments have one of the same
// owner and type, or a CNAME and anything else would meet. What is left goes into
// the zone given by AddZone that holds the owner, and only without one into a
// zone origin of its own.
func (b *Builder) AddDefault(origin, text string) {
	file := "default records of " + origin
	zone, err := canonical(origin)
	if err != nil {
		b.errs = append(b.errs, &Error{file, 0, fmt.Errorf("origin: %w", err)})
		return
	}
	m := readMaster(zone, file, text)
	for _, r := range m.records {
		b.defaults = append(b.defaults, placed{r, zone})
	}
	b.errs = append(b.errs, m.errs...)
}

// AddPTR reads lines of the form ADDRESS NAME... with comments after #. Each name
// becomes a PTR record of the address. It goes into the reverse zone given by
// AddZone, and without one into a made-up zone for 256 IPv4 addresses or an
// IPv6 /64.
func (b *Builder) AddPTR(file, text string) {
	records, errs := readPTR(file, text)
	b.ptrs = append(b.ptrs, records...)
	b.errs = append(b.errs, errs...)
}

// AddFault adds a fault after those added before.
func (b *Builder) AddFault(f Fault) { b.addFault("", 0, f) }

func (b *Builder) addFault(file string, line int, f Fault) {
	a, err := f.parse()
	if err == nil && slices.ContainsFunc(b.faults, func(o *activeFault) bool { return o.Fault == f }) {
		err = fmt.Errorf("fault for %q: want it once, it is there before", f.Name)
	}
	if err != nil {
		b.errs = append(b.errs, &Error{file, line, err})
		return
	}
	b.faults = append(b.faults, a)
}

// Sign marks a zone as signed: its answers get the AD bit for those who ask for it
// (RFC 6840 section 5.7).
func (b *Builder) Sign(origin string) {
	zone, err := canonical(origin)
	if err != nil {
		b.errs = append(b.errs, &Error{"", 0, fmt.Errorf("origin: %w", err)})
		return
	}
	b.signed = append(b.signed, zone)
}

// Build makes Zones of all that was added. Its error joins every [*Error] found,
// in the order of files and lines. The Builder may be added to and built again.
func (b *Builder) Build() (*Zones, error) {
	w := &world{zones: map[string]*zone{".": newZone(".")}}
	given := make(map[string]bool)
	for _, o := range b.origins {
		given[o] = true
		w.need(o)
	}
	all := slices.Clone(b.records)
	for _, p := range b.ptrs {
		all = append(all, placed{p, givenZone(given, p.name, reverseCut(p.name))})
	}
	all = append(all, b.wantedDefaults(given, all)...)
	for _, r := range all {
		w.need(r.zone)
	}
	errs := slices.Clone(b.errs)
	errs = append(errs, w.fill(all)...)
	for _, s := range b.signed {
		if z := w.zones[s]; z != nil {
			z.signed = true
		} else {
			errs = append(errs, &Error{"", 0, fmt.Errorf("zone %s is marked as signed: want records of it", s)})
		}
	}
	if len(errs) > 0 {
		slices.SortStableFunc(errs, byPlace)
		return nil, errors.Join(errs...)
	}
	w.finish()
	w.faults = slices.Clone(b.faults)
	zones := new(Zones)
	zones.p.Store(w)
	return zones, nil
}

func byPlace(a, b error) int {
	var x, y *Error
	if !errors.As(a, &x) || !errors.As(b, &y) {
		return 0
	}
	return cmp.Or(strings.Compare(x.File, y.File), cmp.Compare(x.Line, y.Line))
}

// givenZone finds the longest given origin of a name, other than the root.
func givenZone(given map[string]bool, name, otherwise string) string {
	for off, end := 0, false; !end; off, end = dns.NextLabel(name, off) {
		if given[name[off:]] && name[off:] != "." {
			return name[off:]
		}
	}
	return otherwise
}

// wantedDefaults leaves out the default records that others take the place of.
func (b *Builder) wantedDefaults(given map[string]bool, others []placed) []placed {
	types := make(map[string]map[uint16]bool)
	for _, o := range others {
		if types[o.name] == nil {
			types[o.name] = make(map[uint16]bool)
		}
		types[o.name][o.rr.Header().Rrtype] = true
	}
	var wanted []placed
	for _, d := range b.defaults {
		has, t := types[d.name], d.rr.Header().Rrtype
		if has[t] || has[dns.TypeCNAME] || t == dns.TypeCNAME && len(has) > 0 {
			continue
		}
		d.zone = givenZone(given, d.name, d.zone)
		wanted = append(wanted, d)
	}
	return wanted
}

func (w *world) need(origin string) {
	if w.zones[origin] == nil {
		w.zones[origin] = newZone(origin)
	}
}

// finish adds what follows from the records: made-up SOA and NS, and the names
// that exist in a zone because another one begins below them.
func (w *world) finish() {
	for origin, z := range w.zones {
		z.complete()
		if origin != "." {
			w.zoneOf(origin, dns.TypeDS).exist(origin)
		}
	}
}
