package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// An example of a page: files in blocks of their own, the command, and what it prints.
const (
	pageFile    = "(?ms)^```text (dns/[^\n]*)\n(.*?)^```$"
	pageCommand = "(?m)^((?:    .*\n)+)\n```text judge\n((?s:.*?))^```$"
)

// What docs/judge.md shows is what its command prints, with the zones of the page.
func TestJudgePage(t *testing.T) {
	const file = "../../docs/judge.md"
	path, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(pageCommand).FindStringSubmatch(string(page))
	if m == nil {
		t.Fatalf("%s has no command before a block of judge", file)
	}
	args := strings.Fields(strings.ReplaceAll(m[1], "\\\n", " "))
	if args[0] != "strictmx" {
		t.Fatalf("%s: the command is %q, want strictmx", file, args[0])
	}
	dir := t.TempDir()
	for _, zone := range regexp.MustCompile(pageFile).FindAllStringSubmatch(string(page), -1) {
		at := filepath.Join(dir, zone[1])
		if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(zone[2]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	code, got, stderr := strictmx(args[1:]...)
	if code != exitMismatch || stderr != "" {
		t.Fatalf("%s: exit code %d, want %d\n%s", file, code, exitMismatch, stderr)
	}
	// Identifiers of the receivers' own making differ each time.
	made := regexp.MustCompile(`InternalId=\d+, Hostname=BY2PR03MB\d+`)
	if made.ReplaceAllString(m[2], "ID") == made.ReplaceAllString(got, "ID") {
		return
	}
	if !*update {
		t.Fatalf("%s says\n%s\nwant\n%s", file, m[2], got)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(page), m[2], got, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}
