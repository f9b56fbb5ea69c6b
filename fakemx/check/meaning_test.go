package check

import (
	"maps"
	"slices"
	"testing"
)

// Every value that a check can give has a meaning, and no meaning is left over.
func TestMeanings(t *testing.T) {
	left := maps.Clone(meanings)
	for _, m := range Methods {
		c, err := m.Make(m.Name, m.Sample())
		if err != nil {
			t.Errorf("method %s with sample settings: %v", m.Name, err)
			continue
		}
		facets := map[string][]string{"": c.Values}
		maps.Copy(facets, c.Facets)
		for _, facet := range slices.Sorted(maps.Keys(facets)) {
			for _, v := range facets[facet] {
				if _, ok := Meaning(m.Name, facet, v); !ok {
					t.Errorf("%s, facet %q: value %q has no meaning", m.Name, facet, v)
				}
				key := m.Name + ": " + v
				if facet != "" {
					key = m.Name + "." + facet + ": " + v
				}
				delete(left, key)
			}
		}
	}
	for key := range left {
		t.Errorf("%s has a meaning, and no check gives it", key)
	}
}
