package dmarc

// facets are those of a result.
type facets struct{ policy, spf, dkim string }

// shared has all of them: results have them in common.
var shared = func() map[facets]map[string]string {
	out := make(map[facets]map[string]string)
	for _, policy := range []string{absent, string(None), string(Quarantine), string(Reject)} {
		for _, spf := range []string{aligned, unaligned, none} {
			for _, dkim := range []string{aligned, unaligned, none} {
				out[facets{policy, spf, dkim}] = map[string]string{"policy": policy, "spf": spf, "dkim": dkim}
			}
		}
	}
	return out
}()

func (f facets) of() map[string]string { return shared[f] }

// judged takes up what alignment says of an identifier that passes; one that is
// aligned counts more than others.
func (f *facets) judged(method string, ok bool) {
	facet := &f.spf
	if method == "dkim" {
		facet = &f.dkim
	}
	switch {
	case ok:
		*facet = aligned
	case *facet == none:
		*facet = unaligned
	}
}
