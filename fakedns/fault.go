package fakedns

import (
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"strictmx/internal/spelling"
)

// The faults that [Fault] knows.
const (
	FaultServFail = "servfail" // the reply is SERVFAIL
	FaultRefused  = "refused"  // the reply is REFUSED
	FaultNXDomain = "nxdomain" // the reply is NXDOMAIN, though the name may exist
	FaultTimeout  = "timeout"  // there is no reply
	FaultDelay    = "delay"    // the reply comes late
	FaultTruncate = "truncate" // over UDP an empty reply with TC; whole over TCP
	FaultWrongID  = "wrong-id" // the reply has another ID than the query
)

var faultNames = []string{
	FaultServFail, FaultRefused, FaultNXDomain, FaultTimeout, FaultDelay, FaultTruncate, FaultWrongID,
}

// A Fault makes answers about a name go wrong. Of several faults for one question
// the first one that has not healed is used.
//
// A fault counts also where a CNAME or DNAME leads to its name. The server then
// does what a resolver does when one authority fails: nxdomain and delay act as
// above, truncate not at all, all others become SERVFAIL.
type Fault struct {
	// Name is a domain name, "*.example.com" for every name below it, "*" for every
	// name, or an IP address for the name of its PTR records.
	Name  string
	Type  string        // "TXT"; empty or "ANY" is every type
	Fault string        // one of the constants above
	Delay time.Duration // for FaultDelay, which wants 1 ms or more
	Times int           // heals after so many answers; 0 never heals
}

// Validate tells everything that is wrong with the fault in one error, or nil.
func (f Fault) Validate() error {
	_, err := f.parse()
	return err
}

// An activeFault is a fault that is being served.
type activeFault struct {
	Fault
	suffix string // canonical; of names below, if below is set
	below  bool
	typ    uint16 // if any is unset
	any    bool
	hits   *atomic.Int64 // answers spoilt so far; shared by equal faults of Zones.Replace
}

func (f Fault) parse() (*activeFault, error) {
	a := &activeFault{Fault: f, hits: new(atomic.Int64)}
	var wrong []string
	wrongf := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	name := f.Name
	if addr, err := netip.ParseAddr(name); err == nil {
		name = Reverse(addr)
	}
	if name == "*" {
		name = "*."
	}
	if rest, ok := strings.CutPrefix(name, "*."); ok {
		name, a.below = rest, true
		if name == "" {
			name = "."
		}
	}
	var err error
	if a.suffix, err = canonical(name); err != nil {
		wrongf("%v", err)
	}
	a.any = f.Type == "" || strings.EqualFold(f.Type, "ANY")
	if !a.any {
		var ok bool
		if a.typ, ok = parseType(f.Type); !ok {
			wrongf("unknown type %q: %s", f.Type, wantType(f.Type))
		}
	}
	if !known(f.Fault) {
		hint := ""
		if n := spelling.Nearest(f.Fault, faultNames); n != "" {
			hint = fmt.Sprintf("; did you mean %s?", n)
		}
		wrongf("unknown fault %q: want %s%s", f.Fault, strings.Join(faultNames, ", "), hint)
	}
	switch {
	case f.Fault == FaultDelay && f.Delay < time.Millisecond:
		wrongf("delay %v: want a time with its unit, as in 3s, of 1ms or more", f.Delay)
	case f.Fault != FaultDelay && f.Delay != 0:
		wrongf("delay: want it with fault delay only")
	}
	if f.Times < 0 {
		wrongf("times %d: want 0 (never heals) or more", f.Times)
	}
	if wrong != nil {
		return nil, fmt.Errorf("fault for %q: %s", f.Name, strings.Join(wrong, "; "))
	}
	return a, nil
}

func known(fault string) bool {
	for _, n := range faultNames {
		if fault == n {
			return true
		}
	}
	return false
}

// matches tells whether the fault is about a question. name is canonical.
func (f *activeFault) matches(name string, typ uint16) bool {
	if !f.any && f.typ != typ {
		return false
	}
	if !f.below {
		return name == f.suffix
	}
	return below(name, f.suffix) && (name != f.suffix || name == ".")
}

// use counts one spoilt answer, unless the fault has healed.
func (f *activeFault) use() bool {
	if f.Times == 0 {
		return true
	}
	for {
		n := f.hits.Load()
		if n >= int64(f.Times) {
			return false
		}
		if f.hits.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// fault finds the fault for a question and counts it as used.
func (w *world) fault(name string, typ uint16) *activeFault {
	for _, f := range w.faults {
		if f.matches(name, typ) && f.use() {
			return f
		}
	}
	return nil
}
