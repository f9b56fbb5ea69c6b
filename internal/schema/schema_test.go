package schema

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"strictmx/fakemx/profile"
)

func compiled(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	b, err := JSON(name)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(name+".json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// valid reads a YAML text as a JSON document and validates it.
func valid(t *testing.T, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	j, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(j))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(doc)
}

// Every table of ours is valid.
func TestTables(t *testing.T) {
	s := compiled(t, "profile")
	tables := profile.Tables()
	names, err := fs.Glob(tables, "*.yaml")
	if err != nil || len(names) < 10 {
		t.Fatalf("%d tables, %v", len(names), err)
	}
	for _, name := range names {
		b, err := fs.ReadFile(tables, name)
		if err != nil {
			t.Fatal(err)
		}
		if err := valid(t, s, b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

const minimal = "name: own\ntitle: Own\nhostname: mx.example.net\n"

// What the loader refuses for its form, the schema refuses.
func TestFaults(t *testing.T) {
	s := compiled(t, "profile")
	if err := valid(t, s, []byte(minimal)); err != nil {
		t.Errorf("minimal table: %v", err)
	}
	rule := "rules:\n  - {id: a, at: data, when: {%s}, reply: 550 5.7.1 no, source: test, seen: 2026-01-02}\n"
	for _, good := range []string{"spf: fail", "spf: fail or softfail", "iprev: not pass", "own: fail"} {
		if err := valid(t, s, []byte(minimal+fmt.Sprintf(rule, good))); err != nil {
			t.Errorf("when {%s}: %v", good, err)
		}
	}
	spoken := "texts: {row: {reply: 550 no, source: test, seen: today}}\nrules: [{id: a, at: data, text: %s}]\n"
	for _, good := range []string{"row", "{a..b: row, c: row}"} {
		if err := valid(t, s, []byte(minimal+fmt.Sprintf(spoken, good))); err != nil {
			t.Errorf("text %s: %v", good, err)
		}
	}
	for _, bad := range []string{
		minimal + fmt.Sprintf(spoken, "[row]"), minimal + fmt.Sprintf(spoken, "row, seen: today, source: test, reply: 550 no"),
		minimal + "texts: {row: {reply: 550 no}}\n",
		"name: own\n", minimal + "ruels: []\n", minimal + "rules: [{id: a}]\n", minimal + "dialogue: {baner: 220 x}\n",
		minimal + "wrap: {columns: 12}\n", minimal + "values: {x: {per: day}}\n", minimal + "checks: {own: {method: sfp}}\n",
		minimal + "checks: {own: {method: spf, limit: 3}}\n", minimal + "checks: {spf: {limit: 3}}\n",
		minimal + fmt.Sprintf(rule, "spf: failed"), minimal + fmt.Sprintf(rule, "spf: not fail or pass"),
		minimal + strings.Replace(fmt.Sprintf(rule, "spf: fail"), "at: data", "at: date", 1),
	} {
		if err := valid(t, s, []byte(bad)); err == nil {
			t.Errorf("the schema takes\n%s", bad)
		}
	}
}

func TestUnknown(t *testing.T) {
	if _, err := JSON("profil"); err == nil || !strings.Contains(err.Error(), "profile") {
		t.Errorf("JSON(profil): %v", err)
	}
}
