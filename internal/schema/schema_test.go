package schema

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/tools/txtar"

	"strictmx/fakemx/profile"
	"strictmx/scenarios"
)

func compiled(t testing.TB, name string) *jsonschema.Schema {
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

// document reads a YAML text as a JSON document.
func document(text []byte) (any, error) {
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		return nil, err
	}
	j, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(j))
}

// valid reads a YAML text as a JSON document and validates it.
func valid(t *testing.T, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	doc, err := document(text)
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

// The scenario.yaml of every scenario of ours is valid.
func TestScenarios(t *testing.T) {
	s := compiled(t, "scenario")
	names, err := fs.Glob(scenarios.Embedded(), "*.txtar")
	if err != nil || len(names) == 0 {
		t.Fatalf("%d scenarios, %v", len(names), err)
	}
	for _, name := range names {
		b, err := fs.ReadFile(scenarios.Embedded(), name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range txtar.Parse(b).Files {
			if f.Name != "scenario.yaml" {
				continue
			}
			if err := valid(t, s, f.Data); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestUnknown(t *testing.T) {
	if _, err := JSON("profil"); err == nil || !strings.Contains(err.Error(), "profile") {
		t.Errorf("JSON(profil): %v", err)
	}
}

// Every key that the loader of scenarios knows is in the schema.
func TestScenarioKeys(t *testing.T) {
	b, err := JSON("scenario")
	if err != nil {
		t.Fatal(err)
	}
	unknown, err := os.ReadFile("../../scenarios/testdata/unknown-keys.txtar")
	if err != nil {
		t.Fatal(err)
	}
	_, err = scenarios.Load(fstest.MapFS{"s.txtar": {Data: unknown}}, "s.txtar")
	if err == nil {
		t.Fatal("unknown keys were taken")
	}
	known := regexp.MustCompile(`unknown key "z+" in [a-z ]+: want one of (.*)`).FindAllStringSubmatch(err.Error(), -1)
	if len(known) < 8 {
		t.Fatalf("%d lists of keys in\n%v", len(known), err)
	}
	for _, m := range known {
		for key := range strings.SplitSeq(m[1], ", ") {
			if !strings.Contains(string(b), `"`+key+`": {`) {
				t.Errorf("the schema lacks the key %s", key)
			}
		}
	}
}
