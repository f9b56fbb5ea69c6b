package scenarios

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

// A block is a fenced block of a page.
type block struct {
	info string // after the opening fence
	text string
	line int // of the opening fence
}

func blocks(t *testing.T, file string) []block {
	t.Helper()
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []block
	open := false
	n := 0
	for l := range strings.Lines(string(page)) {
		n++
		info, fence := strings.CutPrefix(strings.TrimSuffix(l, "\n"), "```")
		switch {
		case fence && !open:
			out = append(out, block{info: info, line: n})
			open = true
		case fence:
			open = false
		case open:
			out[len(out)-1].text += l
		}
	}
	return out
}

const reference = "../docs/scenario-format.md"

// What the reference shows is true: whole scenarios load, parts do so in a
// scenario around them, and a broken one gives the errors that follow it.
func TestReferenceBlocks(t *testing.T) {
	all := blocks(t, reference)
	seen := map[string]int{}
	for i, b := range all {
		seen[b.info]++
		at := fmt.Sprintf("%s:%d", reference, b.line)
		text := b.text
		switch b.info {
		case "yaml":
			text = around(b.text)
		case "txtar broken":
			_, err := Load(fstest.MapFS{"mine.txtar": {Data: []byte(text)}}, "mine.txtar")
			if err == nil || err.Error()+"\n" != all[i+1].text {
				t.Errorf("%s: loading it gave\n%v\nwant what follows it:\n%s", at, err, all[i+1].text)
			}
			continue
		case "text":
			continue
		}
		if _, err := Load(archive(text), "s.txtar"); err != nil {
			t.Errorf("%s: %v, in\n%s", at, err, text)
		}
	}
	for _, info := range []string{"txtar", "yaml", "txtar broken"} {
		if seen[info] == 0 {
			t.Errorf("%s has no block of %q", reference, info)
		}
	}
}

var topKey = regexp.MustCompile(`(?m)^[a-z-]+:`)

// around puts keys of scenario.yaml, or of a case, into a scenario.
func around(part string) string {
	top := map[string]string{
		"receivers:": "receivers:\n  - {profile: gmail, domains: [gmail.com]}\n",
		"send:":      "send: {from: me@example.com, to: [you@gmail.com, me@gmail.com]}\n",
	}
	ofCase := map[string]string{"want:": "want: {outcome: sent}\n"}
	starts := topKey.FindAllStringIndex(part, -1)
	for i, s := range starts {
		end := len(part)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		key := part[s[0]:s[1]]
		if key == "want:" || key == "dsn:" {
			ofCase[key] = part[s[0]:end]
		} else {
			top[key] = part[s[0]:end]
		}
	}
	var b strings.Builder
	b.WriteString(`-- scenario.yaml --
title: A part
host: {name: mail.example.com, ipv4: 203.0.113.10, ipv6: "2001:db8::10"}
`)
	for _, text := range top {
		b.WriteString(text)
	}
	b.WriteString("cases:\n  - name: one\n")
	for _, text := range ofCase {
		for l := range strings.Lines(text) {
			b.WriteString("    " + l)
		}
	}
	if strings.Contains(part, "messages/one.eml") {
		b.WriteString("-- messages/one.eml --\nFrom: me@example.com\n\nHello\n")
	}
	return b.String()
}

// The scenario for a configuration of one's own loads as it stands.
func TestValidateBlock(t *testing.T) {
	const page = "../docs/validate-main-cf.md"
	all := blocks(t, page)
	if len(all) != 1 || all[0].info != "yaml" {
		t.Fatalf("%s: %d blocks, want one of YAML", page, len(all))
	}
	sc, err := Load(archive("-- scenario.yaml --\n"+all[0].text), "s.txtar")
	if err != nil || len(sc.Cases) != 2 {
		t.Errorf("%s: %v, want a scenario of two cases", page, err)
	}
}

// Every key that the loader knows is in the reference.
func TestReferenceNamesEveryKey(t *testing.T) {
	page, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	hint := regexp.MustCompile(`unknown key "zzzzzzzzzz" in [a-z ]+: want one of (.*)`)
	unknown, err := os.ReadFile("testdata/unknown-keys.txtar")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Load(archive(string(unknown)), "s.txtar")
	if err == nil {
		t.Fatal("unknown keys were taken")
	}
	lists := hint.FindAllStringSubmatch(err.Error(), -1)
	if len(lists) != 8 {
		t.Errorf("Load gave\n%v\nwant eight lists of known keys", err)
	}
	for _, m := range lists {
		for key := range strings.SplitSeq(m[1], ", ") {
			if !strings.Contains(string(page), "`"+key+"`") {
				t.Errorf("%s does not explain the key %s", reference, key)
			}
		}
	}
}
