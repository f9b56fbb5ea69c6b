package check

import (
	"maps"
	"regexp"
	"slices"
	"testing"
)

// What a setting may be has the form of its kind.
func FuzzForms(f *testing.F) {
	for _, s := range []string{
		"1", "+1", "007", "0", "-1", "5m", "1h30m", "+.5s", "1.s", "0", "-0", "-0.1ns", "-5m", "20µs", "bl.example.org", "BL.Example.", "a_b.*", ".", "", "a..b",
		"\u212a.example", "127.0.0.2", "127.0.0.0/8", "0.0.0.0/0", "127.0.0.0/08", "::1", "TLSv1.2", "[", "^a$",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for kind, form := range forms {
			if (Setting{Kind: kind}).check(value, nil) == nil && !regexp.MustCompile(form).MatchString(value) {
				t.Errorf("a setting of kind %d can be %q, which is not of the form %s", kind, value, form)
			}
		}
	})
}

// Whatever words a check is set up with, it finds nothing else than with the defaults, and
// one that needs no settings is known no earlier.
func TestWordsAddNothing(t *testing.T) {
	for _, m := range Methods {
		plain, err := m.Make(m.Name, m.Sample())
		if err != nil {
			t.Fatal(m.Name, err)
		}
		all := []Settings{m.Sample()}
		for _, s := range m.Settings {
			for _, given := range all {
				for _, w := range s.NamesWith(given.Text(s.Of)) {
					more := maps.Clone(given)
					more[s.Name] = []string{w}
					all = append(all, more)
				}
			}
		}
		for _, given := range all {
			c, err := m.Make(m.Name, given)
			if err != nil {
				t.Errorf("%s with %v: %v", m.Name, given, err)
				continue
			}
			if c.At < plain.At && len(m.Sample()) == 0 {
				t.Errorf("%s with %v is known at %s, and with the defaults at %s", m.Name, given, c.At, plain.At)
			}
			for _, v := range c.Values {
				if !slices.Contains(plain.Values, v) {
					t.Errorf("%s with %v finds %s", m.Name, given, v)
				}
			}
			for facet, values := range c.Facets {
				for _, v := range values {
					if !slices.Contains(plain.Facets[facet], v) {
						t.Errorf("%s with %v finds %s of %s", m.Name, given, v, facet)
					}
				}
			}
		}
	}
}
