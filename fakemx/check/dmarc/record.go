package dmarc

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Policy is what a domain owner asks for messages that fail (RFC 9989 section
// 4.7); empty is no valid one.
type Policy string

const (
	None       Policy = "none"
	Quarantine Policy = "quarantine"
	Reject     Policy = "reject"
)

// lower is the next lower policy, which test mode (t=y, RFC 9989 section 4.7) and
// sampling (pct=, RFC 7489 section 6.6.4) ask for.
func (p Policy) lower() Policy {
	if p == Reject {
		return Quarantine
	}
	return None
}

// A Record is a DMARC policy record. Tags that are missing or faulty have their
// defaults, which is what RFC 7489 section 6.3 and RFC 9989 section 4.7 say of
// syntax errors. A faulty p=, sp= or np= is told by Invalid, because it changes the
// meaning of the record.
type Record struct {
	P, SP, NP  Policy
	StrictDKIM bool // adkim=s
	StrictSPF  bool // aspf=s
	// Percent is pct=, 0 to 100; 100 if there is none. RFC 9989 has no such tag.
	Percent int
	PSD     string   // "y", "n", or "u", the default
	Testing bool     // t=y
	RUA     []string // the valid reporting URIs of rua=
	// Invalid has the tags among p, sp and np that are there with no valid policy.
	Invalid []string
	// Faults are all that is wrong with the record, in its order, at most 20.
	Faults []Fault
	// Broken is why the record cannot be used at all, nil if it can: RFC 6376
	// section 3.2, whose lists records are, makes a list with a tag that is there
	// twice invalid as a whole; or the record is too long.
	Broken *Fault
}

// A Fault is what is wrong at one place of a record.
type Fault struct {
	Octet  int    // where the tag begins, from 1
	Reason string // lower case
}

func (f *Fault) Error() string { return fmt.Sprintf("%s (octet %d)", f.Reason, f.Octet) }

// String writes the tags that count, in one form for all records that mean the
// same.
func (r *Record) String() string {
	var b strings.Builder
	b.WriteString("v=DMARC1")
	tag := func(name, value string) {
		if value != "" {
			b.WriteString("; " + name + "=" + value)
		}
	}
	tag("p", string(r.P))
	tag("sp", string(r.SP))
	tag("np", string(r.NP))
	if r.StrictDKIM {
		tag("adkim", "s")
	}
	if r.StrictSPF {
		tag("aspf", "s")
	}
	if r.Percent != 100 {
		tag("pct", strconv.Itoa(r.Percent))
	}
	if r.PSD != "u" {
		tag("psd", r.PSD)
	}
	if r.Testing {
		tag("t", "y")
	}
	tag("rua", strings.Join(r.RUA, ","))
	return b.String()
}

// Parse reads a record by the grammar of RFC 9989 section 4.8, which is that of RFC
// 7489 section 6.4 without an order of the tags behind v=. The strings of a grammar
// match in any case (RFC 5234 section 2.3), DMARC1 excepted. It gives an error for a
// text that is no DMARC record: one that does not begin with v=DMARC1.
func Parse(text string) (*Record, error) {
	first, rest, more := strings.Cut(text, ";")
	if err := checkVersion(first); err != nil {
		return nil, err
	}
	r := &Record{Percent: 100, PSD: "u"}
	if len(text) > maxRecord {
		r.Broken = &Fault{1, fmt.Sprintf("the record is longer than %d octets", maxRecord)}
		return r, nil
	}
	seen := []string{"v"} // tags that are known, each once
	for at := len(first) + 1; more; {
		var spec string
		spec, rest, more = strings.Cut(rest, ";")
		if more || strings.Trim(spec, space) != "" {
			r.add(spec, at+1, &seen)
		}
		at += len(spec) + 1
	}
	return r, nil
}

// space is the WSP of RFC 5234.
const space = " \t"

// checkVersion wants v=DMARC1 as the first tag, from the first octet.
func checkVersion(spec string) error {
	name, value, ok := strings.Cut(spec, "=")
	switch {
	case !ok || !strings.EqualFold(strings.TrimRight(name, space), "v"):
		return &Fault{1, "the record does not begin with v="}
	case strings.Trim(value, space) != "DMARC1":
		return &Fault{1, fmt.Sprintf("the version is %q, not DMARC1", brief(strings.Trim(value, space)))}
	}
	return nil
}

// add takes one tag that begins at an octet of the record.
func (r *Record) add(spec string, octet int, seen *[]string) {
	octet += len(spec) - len(strings.TrimLeft(spec, space))
	name, value, ok := strings.Cut(spec, "=")
	name, value = strings.ToLower(strings.Trim(name, space)), strings.Trim(value, space)
	set, known := tags[name]
	switch {
	case strings.Trim(spec, space) == "":
		r.fault(octet, "there is an empty tag")
	case !ok:
		r.fault(octet, "tag %q has no =", brief(name))
	case !isTagName(name):
		r.fault(octet, "%q is no name of a tag", brief(name))
	case !known:
		r.fault(octet, "tag %s= is not known", brief(name))
	case slices.Contains(*seen, name):
		r.fault(octet, "tag %s= is there twice", name)
		if r.Broken == nil {
			r.Broken = &Fault{octet, fmt.Sprintf("tag %s= is there twice (RFC 6376 section 3.2)", name)}
		}
	default:
		*seen = append(*seen, name)
		why := checkValue(value)
		if why == "" {
			why = set(r, value)
		} else if isPolicy[name] {
			r.Invalid = append(r.Invalid, name)
		}
		if why != "" {
			r.fault(octet, "%s= %s", name, why)
		}
	}
}

func (r *Record) fault(octet int, format string, args ...any) {
	if len(r.Faults) < maxFaults {
		r.Faults = append(r.Faults, Fault{octet, fmt.Sprintf(format, args...)})
	}
}

// isTagName knows the 1*ALPHA of RFC 9989 section 4.8; s is in lower case.
func isTagName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") == ""
}

// checkValue wants at least one character, all printing.
func checkValue(s string) string {
	if s == "" {
		return "has no value"
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return fmt.Sprintf("has the octet %#02x", s[i])
		}
	}
	return ""
}
