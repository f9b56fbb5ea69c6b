// Package arch holds the test of the project's structure: imports point downwards,
// and each library is used by the package that it was taken in for.
package arch

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// levels are the packages from the ground up. A package may import those of lower
// levels, and those of its own level that stand before it.
var levels = [][]string{
	{"internal/mail", "internal/wire", "internal/spelling", "internal/pattern"},
	{"internal/catalogue", "fakemx/check/address", "fakemx/check/spf", "fakemx/check/dkim", "fakemx/check/arc", "fakemx/check/dmarc", "fakemx/check", "fakemx/profile", "fakedns", "scenarios", "internal/maillog", "internal/dsn"},
	{"fakemx", "internal/anchor", "internal/confine", "internal/mta", "containers", "containers/postfix", "internal/verdict"},
	{"internal/world", "internal/node", "internal/judge", "internal/reference", "internal/schema", "internal/report", "internal/lab"},
	{"cmd/strictmx"},
}

// apart are packages of one level that must not know each other, though the order
// above would let them.
var apart = map[string][]string{
	"fakedns":   {"fakemx", "fakemx/check", "fakemx/check/address", "fakemx/check/spf", "fakemx/check/dkim", "fakemx/check/arc", "fakemx/check/dmarc", "fakemx/profile"},
	"scenarios": {"fakedns", "fakemx/profile", "fakemx/check"},
	"fakemx":    {"fakedns", "scenarios"},
}

// libraries may be imported by the packages named only, tests included.
var libraries = map[string][]string{
	"github.com/miekg/dns":          {"fakedns"},
	"github.com/emersion/go-smtp":   {"fakemx"},
	"github.com/testcontainers":     {"containers", "containers/postfix"},
	"github.com/moby":               {"containers", "containers/postfix"},
	"github.com/vishvananda":        {"internal/node"},
	"github.com/spf13/cobra":        {"cmd/strictmx"},
	"github.com/santhosh-tekuri":    {"internal/schema"},
	"blitiri.com.ar/go/spf":         {"fakemx/check/spf"},
	"github.com/emersion/go-msga":   {"fakemx/check/dkim", "fakemx/check/dmarc"},
	"golang.org/x/net/publicsuffix": {"fakemx/check", "fakemx/check/dmarc"},
	"github.com/rogpeppe/go-inter":  {"cmd/strictmx"},
}

// measured may be imported by the tests of the program besides, which measure it
// beside the libraries.
var measured = []string{"github.com/emersion/go-smtp", "github.com/emersion/go-msga"}

const module = "strictmx/"

func TestImportsPointDownwards(t *testing.T) {
	rank := map[string]int{}
	for i, level := range levels {
		for j, pkg := range level {
			rank[pkg] = i*100 + j
		}
	}
	seen := map[string]bool{}
	for pkg, imports := range packages(t) {
		at, known := rank[pkg]
		if !known {
			if pkg != "internal/arch" {
				t.Errorf("package %s has no level: add it to levels", pkg)
			}
			continue
		}
		seen[pkg] = true
		for _, imp := range imports {
			target, ours := strings.CutPrefix(imp.path, module)
			if !ours || imp.test {
				continue
			}
			if r, ok := rank[target]; !ok || r >= at {
				t.Errorf("%s imports %s, which does not stand below it", imp.file, target)
			}
			for _, other := range apart[pkg] {
				if other == target {
					t.Errorf("%s imports %s: they must not know each other", imp.file, target)
				}
			}
		}
	}
	for pkg := range rank {
		if !seen[pkg] {
			t.Errorf("levels names %s, and there is no such package", pkg)
		}
	}
}

func TestLibrariesStayWhereTheyAreNeeded(t *testing.T) {
	used := map[string]bool{}
	for pkg, imports := range packages(t) {
		for _, imp := range imports {
			for lib, homes := range libraries {
				if !strings.HasPrefix(imp.path, lib) {
					continue
				}
				used[lib] = true
				allowed := pkg == "cmd/strictmx" && imp.test && slices.Contains(measured, lib)
				for _, home := range homes {
					allowed = allowed || home == pkg
				}
				if !allowed {
					t.Errorf("%s imports %s, which only %v may", imp.file, imp.path, homes)
				}
			}
		}
	}
	for lib := range libraries {
		if !used[lib] {
			t.Errorf("nothing imports %s: drop it from the list", lib)
		}
	}
}

// The vocabulary needs nothing but the standard library and itself.
func TestVocabularyIsPlain(t *testing.T) {
	for pkg, imports := range packages(t) {
		if pkg != "internal/mail" && pkg != "internal/wire" {
			continue
		}
		for _, imp := range imports {
			if !imp.test && strings.Contains(strings.Split(imp.path, "/")[0], ".") {
				t.Errorf("%s imports %s", imp.file, imp.path)
			}
		}
	}
}

// An imported is one import of one file.
type imported struct {
	path, file string
	test       bool
}

// packages reads the imports of every package, by folder.
func packages(t *testing.T) map[string][]imported {
	t.Helper()
	root := os.DirFS("../..")
	out := map[string][]imported{}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && name != "." || d.Name() == "testdata" || d.Name() == "bin") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		src, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
		if err != nil {
			return err
		}
		pkg := path.Dir(name)
		out[pkg] = append(out[pkg], []imported{}...)
		for _, spec := range f.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			out[pkg] = append(out[pkg], imported{p, name, strings.HasSuffix(name, "_test.go")})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 5 {
		t.Fatalf("only %d packages found", len(out))
	}
	return out
}
