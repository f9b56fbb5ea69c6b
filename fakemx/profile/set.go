package profile

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"strictmx/internal/spelling"
)

//go:embed tables/*.yaml
var tables embed.FS

// A Set is a number of profiles to choose from. It is not changed after loading.
type Set struct {
	families []lazyFamily // sorted by name
}

// A lazyFamily is a family that is read when it is asked for: a receiver needs one
// of our tables, and reading all of them takes longer than the rest of its start.
type lazyFamily struct {
	name string
	file string // of an own table; empty for one of ours
	get  func() family
}

// A family is all versions of one profile.
type family struct {
	name     string
	versions []*Profile // oldest first
	bare     *Profile   // what the name alone means
}

// Load reads every *.yaml file of a directory as a table. The error joins a
// [*Problem] for each fault of all files.
func Load(fsys fs.FS) (*Set, error) { return (&Set{}).With(fsys) }

// Builtin holds the profiles that strictmx brings along.
var Builtin = sync.OnceValue(func() *Set {
	files, err := fs.Glob(Tables(), "*.yaml")
	if err != nil {
		panic(err) // the pattern is a valid one
	}
	s := &Set{}
	for _, file := range files {
		s.families = append(s.families, lazyFamily{name: strings.TrimSuffix(file, ".yaml"), get: sync.OnceValue(func() family { return builtin(file) })})
	}
	return s
})

// builtin reads one of our tables, which has the name of its profile.
func builtin(file string) family {
	src, err := fs.ReadFile(Tables(), file)
	if err != nil {
		panic(err) // it was listed
	}
	t, f, faults := readTable(file, src)
	if err := join(faults); err != nil || t.name+".yaml" != file {
		panic(fmt.Sprintf("table %s of %q: %v", file, t.name, err)) // part of the program, and a test loads all
	}
	return f
}

// Tables are the texts of the profiles of [Builtin], to read and to copy from.
func Tables() fs.FS {
	dir, err := fs.Sub(tables, "tables")
	if err != nil {
		panic(err) // the name is a valid one
	}
	return dir
}

// With is the set and the profiles of another directory beside it. A name that
// the set has already is a fault: a changed provider is another provider.
func (s *Set) With(own fs.FS) (*Set, error) {
	files, err := fs.Glob(own, "*.yaml")
	if err != nil {
		return nil, err
	}
	out := &Set{families: slices.Clone(s.families)}
	problems, err := misnamed(own)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		src, err := fs.ReadFile(own, file)
		if err != nil {
			return nil, fmt.Errorf("profiles: %w", err)
		}
		t, f, faults := readTable(file, src)
		if t.name != "" && slices.ContainsFunc(out.families, func(o lazyFamily) bool { return o.name == t.name }) {
			line, column := place(t.nameNode)
			faults = append(faults, &Problem{file, line, column, fmt.Sprintf("profile %s is there already: want another name", t.name)})
		}
		problems = append(problems, faults...)
		if len(faults) == 0 {
			out.families = append(out.families, lazyFamily{f.name, file, func() family { return f }})
		}
	}
	if err := join(problems); err != nil {
		return nil, err
	}
	slices.SortFunc(out.families, func(a, b lazyFamily) int { return strings.Compare(a.name, b.name) })
	return out, nil
}

// misnamed finds files that were meant as tables and would not be read.
func misnamed(own fs.FS) ([]*Problem, error) {
	names, err := fs.Glob(own, "*.*")
	if err != nil {
		return nil, err
	}
	var out []*Problem
	for _, file := range names {
		end := path.Ext(file)
		if end != ".yaml" && slices.Contains([]string{".yml", ".yaml"}, strings.ToLower(end)) {
			text := "a table is read from NAME.yaml: want " + strings.TrimSuffix(file, end) + ".yaml"
			out = append(out, &Problem{File: file, Text: text})
		}
	}
	return out, nil
}

// Find is the profile of a name such as "gmail", or of a name and a label such
// as "gmail@2013-unsolicited". An unknown one is an error that lists the known.
func (s *Set) Find(name string) (*Profile, error) {
	base, label, labelled := strings.Cut(name, "@")
	i := slices.IndexFunc(s.families, func(f lazyFamily) bool { return f.name == base })
	switch {
	case i < 0 && len(s.families) == 0:
		return nil, fmt.Errorf("unknown receiver %q: there are no profiles", base)
	case i < 0:
		return nil, fmt.Errorf("unknown receiver %q: %s", base, s.wantedName(base))
	case !labelled:
		return s.families[i].get().bare, nil
	}
	f := s.families[i].get()
	if j := slices.IndexFunc(f.versions, func(p *Profile) bool { return p.Label == label }); j >= 0 && label != "" {
		return f.versions[j], nil
	}
	if f.versions[0].Label == "" {
		return nil, fmt.Errorf("receiver %s has no versions: want %q without @%s", base, base, label)
	}
	return nil, fmt.Errorf("unknown version %q of receiver %s: %s", label, base, wanted(label, f.labels()))
}

// wantedName says which receiver may have been meant, and of own tables in which file
// they are: a file can have the name that was asked for, and its table another.
func (s *Set) wantedName(word string) string {
	names := s.Names()
	near := spelling.Nearest(word, names)
	var own []string
	for _, f := range s.families {
		if f.file == word+".yaml" {
			near = f.name
		}
		if f.file != "" {
			own = append(own, f.name+" in "+f.file)
		}
	}
	i := slices.Index(names, near)
	switch {
	case i < 0 && own != nil:
		return meant("", names) + "; own ones are " + strings.Join(own, ", ")
	case i < 0 || s.families[i].file == "":
		return meant(near, names)
	}
	return meant(near+", the name in "+s.families[i].file, names)
}

func (f family) labels() []string {
	out := make([]string, len(f.versions))
	for i, p := range f.versions {
		out[i] = p.Label
	}
	return out
}

// Versions lists the versions of a profile, from old to new; none if the set does not
// have it.
func (s *Set) Versions(name string) []*Profile {
	i := slices.IndexFunc(s.families, func(f lazyFamily) bool { return f.name == name })
	if i < 0 {
		return nil
	}
	return slices.Clone(s.families[i].get().versions)
}

// Names lists the names without labels, sorted.
func (s *Set) Names() []string {
	out := make([]string, len(s.families))
	for i, f := range s.families {
		out[i] = f.name
	}
	return out
}

// Profiles lists every version of every profile: names sorted, versions from old
// to new.
func (s *Set) Profiles() []*Profile {
	var out []*Profile
	for _, f := range s.families {
		out = append(out, f.get().versions...)
	}
	return out
}

// Problems takes the error of [Load] or [Set.With] apart; nil if it is another
// error.
func Problems(err error) []*Problem {
	var p *Problem
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var out []*Problem
		for _, e := range joined.Unwrap() {
			if errors.As(e, &p) {
				out = append(out, p)
			}
		}
		return out
	}
	if errors.As(err, &p) {
		return []*Problem{p}
	}
	return nil
}
