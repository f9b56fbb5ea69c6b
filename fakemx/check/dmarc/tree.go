package dmarc

import (
	"context"
	"strings"
)

// A walk is what a walk up the tree from a domain found.
type walk struct {
	org string // the organizational domain
	psd string // the domain with psd=y that ended the walk above its start; empty if none did
	err error
}

// walkNames are the names that a walk from a domain asks for, in order, unless a
// record ends it (RFC 9989 section 4.10).
func walkNames(domain string) []string {
	names := []string{domain}
	labels := strings.Split(domain, ".")
	for n := min(len(labels)-1, maxLabels); n > 0; n-- {
		names = append(names, strings.Join(labels[len(labels)-n:], "."))
	}
	return names
}

// walk finds the organizational domain of a domain (RFC 9989 section 4.10.2): that
// of the first record with psd=n, else the one below the first record with psd=y
// that is not the domain's own, else the shortest with a record, else the domain
// itself.
func (e *evaluation) walk(ctx context.Context, domain string) walk {
	if w, ok := e.walks[domain]; ok {
		return w
	}
	w := walk{org: domain}
	for _, name := range walkNames(domain) {
		f := e.find(ctx, name)
		if f.err != nil {
			w.err = f.err
			break
		}
		if f.record != nil {
			w.org = name
			if f.record.PSD == "y" && name != domain {
				w.org, w.psd = below(name, domain), name
			}
			if f.record.PSD != "u" {
				break
			}
		}
	}
	if e.walks == nil {
		e.walks = make(map[string]walk)
	}
	e.walks[domain] = w
	return w
}

// below is the name one label below another one, on the way down to a domain.
func below(name, domain string) string {
	rest := strings.TrimSuffix(domain, "."+name)
	return rest[strings.LastIndexByte(rest, '.')+1:] + "." + name
}

// discoverByWalk finds the record for an author domain that has none of its own:
// that of the organizational domain, else of the public suffix domain (RFC 9989
// section 4.10.1). The section starts its walk at the parent; the one from the
// domain itself asks nothing more, for that answer is known.
func (e *evaluation) discoverByWalk(ctx context.Context, author string) (policyRecord, error) {
	w := e.walk(ctx, author)
	if w.err != nil {
		return policyRecord{}, w.err
	}
	for _, domain := range []string{w.org, w.psd} {
		if f, _ := e.asked(domain); f.record != nil {
			e.step(0, "the record of %s applies: it is the %s of %s", domain,
				map[bool]string{true: "organizational domain", false: "public suffix domain"}[domain == w.org], author)
			return policyRecord{domain: domain, record: f.record}, nil
		}
	}
	return policyRecord{why: e.noRecord(walkNames(author), "no domain above it has one")}, nil
}
