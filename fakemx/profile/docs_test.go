package profile

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

const page = "../../docs/own-receiver.md"

func pageText(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Every placeholder that a table can use without values of its own is on the page.
func TestPageNamesEveryPlaceholder(t *testing.T) {
	text := pageText(t)
	var want []string
	for name := range placeholders {
		want = append(want, name)
	}
	for name := range builtinValues {
		want = append(want, name)
	}
	for _, key := range foundKeys {
		want = append(want, "CHECK."+key)
	}
	for _, name := range want {
		if !strings.Contains(text, "`{"+name+"}`") {
			t.Errorf("%s does not explain the placeholder {%s}", page, name)
		}
	}
}

// So is every key that the loader knows.
func TestPageNamesEveryKey(t *testing.T) {
	text := pageText(t)
	const wrong = "{zzzzzzzzzz: 1}"
	table := "zzzzzzzzzz: 1\nhosts: [" + wrong + "]\nwrap: " + wrong + "\nvalues: {v: " + wrong + "}\nchanges: [" + wrong +
		"]\ntexts: {x: " + wrong + "}\nrules: [" + wrong + "]\n"
	_, err := Load(fstest.MapFS{"t.yaml": {Data: []byte(table)}})
	if err == nil {
		t.Fatal("unknown keys were taken")
	}
	lists := regexp.MustCompile(`unknown key "zzzzzzzzzz" in [a-z ]+: want one of (.*)`).FindAllStringSubmatch(err.Error(), -1)
	if len(lists) != 7 {
		t.Errorf("Load gave\n%v\nwant seven lists of known keys", err)
	}
	for _, m := range lists {
		for key := range strings.SplitSeq(m[1], ", ") {
			if !strings.Contains(text, "`"+key+"`") {
				t.Errorf("%s does not explain the key %s", page, key)
			}
		}
	}
}

// The parts of a table on the page load, as a table.
func TestPageBlocks(t *testing.T) {
	found := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindAllStringSubmatch(pageText(t), -1)
	if len(found) == 0 {
		t.Errorf("%s has no block of yaml", page)
	}
	for _, m := range found {
		if _, err := Load(fstest.MapFS{"own.yaml": {Data: []byte(minimal + m[1])}}); err != nil {
			t.Errorf("%s: %v, in\n%s", page, err, m[1])
		}
	}
}
