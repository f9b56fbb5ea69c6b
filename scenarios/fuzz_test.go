package scenarios

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Whatever the file, every error has its place. A scenario that was loaded is
// loaded the same again; each case has the base's files and its own and nothing
// else, a message for each that is sent, and it refers to cases that are there.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(plain))
	f.Add([]byte(told))
	names, err := fs.Glob(Embedded(), "*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(Embedded(), name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		sc, err := Load(archive(string(text)), "s.txtar")
		if err != nil {
			wantErrors(t, err)
			return
		}
		again, err := Load(archive(string(text)), "s.txtar")
		if diff := cmp.Diff(sc, again, values); err != nil || diff != "" {
			t.Errorf("loaded again: %v\n%s", err, diff)
		}
		for _, c := range sc.Cases {
			if cured := c.Cures + c.FailsToCure; cured != "" &&
				!slices.ContainsFunc(sc.Cases, func(o Case) bool { return o.Name == cured && o.Name != c.Name }) {
				t.Errorf("case %s refers to %s", c.Name, cured)
			}
			if len(c.Messages) == 0 || len(c.Want) == 0 {
				t.Errorf("case %s has %d messages and %d wants", c.Name, len(c.Messages), len(c.Want))
			}
			for _, w := range c.Want {
				if n := c.StepOf(w); n < 0 || n > len(c.Waits) {
					t.Errorf("case %s wants something at step %d of %d", c.Name, n, len(c.Waits))
				}
			}
			ids := map[string]bool{}
			for _, m := range c.Messages {
				if m.Step > len(c.Waits) {
					t.Errorf("case %s sends in step %d of %d", c.Name, m.Step, len(c.Waits))
				}
				id := messageID(strings.ReplaceAll(string(m.Content), "\r\n", "\n"))
				if ids[id] {
					t.Errorf("case %s: two messages with the Message-ID %q", c.Name, id)
				}
				ids[id] = true
			}
			checkFiles(t, c)
		}
	})
}

func checkFiles(t *testing.T, c Case) {
	t.Helper()
	own := map[string]bool{}
	for _, f := range c.Added {
		own[f.Path] = true
		last := c.Files[f.Path].Fragments
		if len(last) == 0 || last[len(last)-1] != f {
			t.Errorf("case %s: the last part of %s is not the case's own", c.Name, f.Path)
		}
	}
	for name, file := range c.Files {
		if n := len(file.Fragments); n == 0 || n > 2 || n == 2 && !own[name] {
			t.Errorf("case %s: %s has %d parts", c.Name, name, n)
		}
		if file.Text != mergeFile(name, file.Fragments) {
			t.Errorf("case %s: %s is not its parts merged", c.Name, name)
		}
	}
}

// A directory's files have no archive around them, so they may hold what an
// archive cannot.
func FuzzLoadDirectory(f *testing.F) {
	f.Add("title: x", "a = b", "mail A 203.0.113.10")
	f.Add(plain[strings.Index(plain, "title"):strings.Index(plain, "-- dns")], "a =\n b", "-- x --\n")
	f.Fuzz(func(t *testing.T, yaml, mainCF, zone string) {
		dir := directory("s", plain)
		dir["s/scenario.yaml"].Data = []byte(yaml)
		dir["s/postfix/main.cf"].Data = []byte(mainCF)
		dir["s/dns/example.com.zone"].Data = []byte(zone)
		sc, err := Load(dir, "s")
		if err != nil {
			wantErrors(t, err)
			return
		}
		for _, c := range sc.Cases {
			checkFiles(t, c)
		}
	})
}
