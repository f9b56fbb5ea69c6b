package spf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// A suiteCase is one test of the public suite with the world of its scenario.
type suiteCase struct {
	id          string
	world       world
	query       Query
	want        []string
	explanation string // "" if the suite says nothing; "DEFAULT" if there must be none
}

// readSuite reads the public suite for RFC 7208.
func readSuite(t testing.TB) []suiteCase {
	t.Helper()
	text, err := os.ReadFile("testdata/rfc7208-tests.yml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []suiteCase
	d := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var s struct {
			Description string
			Comment     string
			Tests       map[string]suiteTest
			Zonedata    map[string][]any
		}
		err := d.Decode(&s)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("suite: %v", err)
		}
		w := suiteWorld(t, s.Zonedata)
		for id, c := range s.Tests {
			cases = append(cases, c.in(t, s.Description+"/"+id, w))
		}
	}
	slices.SortFunc(cases, func(a, b suiteCase) int { return strings.Compare(a.id, b.id) })
	return cases
}

// A suiteTest is a test as the suite writes it.
type suiteTest struct {
	Helo, Host, Mailfrom, Explanation string
	Result                            any // a value or a list of values
}

func (c suiteTest) in(t testing.TB, id string, w world) suiteCase {
	client, err := netip.ParseAddr(c.Host)
	if err != nil {
		t.Fatalf("suite: %s: %v", id, err)
	}
	s := suiteCase{
		id: id, world: w, explanation: c.Explanation,
		query: Query{Client: client, Helo: c.Helo, MailFrom: c.Mailfrom},
	}
	switch r := c.Result.(type) {
	case string:
		s.want = []string{r}
	case []any:
		for _, v := range r {
			s.want = append(s.want, fmt.Sprint(v))
		}
	default:
		t.Fatalf("suite: %s: result %v", id, c.Result)
	}
	return s
}

// suiteWorld turns zone data of the suite to a world. Records of type SPF stand
// for TXT as well, unless a name has TXT records of its own.
func suiteWorld(t testing.TB, zones map[string][]any) world {
	w := world{}
	for name, entries := range zones {
		ownTXT := slices.ContainsFunc(entries, func(e any) bool {
			m, ok := e.(map[string]any)
			_, txt := m["TXT"]
			return ok && txt
		})
		n := w.node(name)
		for _, e := range entries {
			m, ok := e.(map[string]any)
			if !ok {
				n.fail[""] = true // the word TIMEOUT
				continue
			}
			for typ, v := range m {
				if typ == "SPF" {
					if ownTXT {
						continue
					}
					typ = "TXT"
				}
				if v == "NONE" {
					continue
				}
				if err := w.add(name, typ, suiteData(typ, v)); err != nil {
					t.Fatalf("suite: %v", err)
				}
			}
		}
	}
	return w
}

// suiteData joins the strings of a TXT record and the fields of an MX record.
func suiteData(typ string, v any) string {
	list, ok := v.([]any)
	if !ok {
		return fmt.Sprint(v)
	}
	var words []string
	for _, x := range list {
		words = append(words, fmt.Sprint(x))
	}
	if typ == "MX" {
		return strings.Join(words, " ")
	}
	return strings.Join(words, "")
}

// TestSuite holds the evaluator against the public suite for RFC 7208, results and
// explanations.
func TestSuite(t *testing.T) {
	cases := readSuite(t)
	if len(cases) != 203 {
		t.Fatalf("readSuite gave %d cases, want the 203 of release 2014.04", len(cases))
	}
	for _, c := range cases {
		t.Run(c.id, func(t *testing.T) {
			got := Evaluate(t.Context(), c.world, c.query)
			if !slices.Contains(c.want, got.Value) {
				t.Errorf("Evaluate(%+v) = %s (%s), want %v", c.query, got.Value, got.Reason, c.want)
			}
			want := c.explanation
			if want == "DEFAULT" {
				want = ""
			}
			if c.explanation != "" && got.Explanation != want {
				t.Errorf("Evaluate(%+v) explains %q, want %q", c.query, got.Explanation, want)
			}
			if t.Failed() {
				for _, s := range got.Steps {
					t.Logf("%*s%s", 2*s.Depth, "", s.Text)
				}
			}
		})
	}
}
