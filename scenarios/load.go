package scenarios

import (
	"embed"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed *.txtar
var embedded embed.FS

// Embedded returns the scenarios that strictmx brings along, as *.txtar files.
func Embedded() fs.FS { return embedded }

// Load reads one scenario: a *.txtar file, or a directory with scenario.yaml. The
// error joins an [*Error] for everything that is wrong, in the order of places.
func Load(fsys fs.FS, name string) (*Scenario, error) {
	var ps problems
	sc := load(fsys, name, Options{}, &ps)
	if err := ps.err(); err != nil {
		return nil, err
	}
	return sc, nil
}

// LoadAll reads the scenarios at the paths or, without any, every *.txtar file and
// every directory with scenario.yaml at the top of fsys. They come in the order of
// their names, which must differ. The error is that of [Load] for all of them.
func LoadAll(fsys fs.FS, paths ...string) ([]*Scenario, error) {
	return LoadWith(fsys, Options{}, paths...)
}

// Options are what the loader cannot know of itself.
type Options struct {
	// Show is what [Scenario.Path] and errors say for a path of a scenario, where the
	// paths of the file system are not those that people know; nil is the path itself.
	Show func(path string) string
	// Profiles are the names of the profiles that a scenario need not bring along. With
	// none any name will do: whether there is such a profile is for others to tell.
	Profiles []string
}

func (o Options) show(path string) string {
	if o.Show == nil {
		return path
	}
	return o.Show(path)
}

// LoadWith is [LoadAll] with options.
func LoadWith(fsys fs.FS, o Options, paths ...string) ([]*Scenario, error) {
	var ps problems
	if len(paths) == 0 {
		var err error
		if paths, err = scenarioPaths(fsys); err != nil {
			return nil, err
		}
	}
	var out []*Scenario
	for _, p := range paths {
		sc := load(fsys, p, o, &ps)
		if sc == nil {
			continue
		}
		if i := slices.IndexFunc(out, func(o *Scenario) bool { return o.Name == sc.Name }); i >= 0 {
			ps.add(Position{File: o.show(p)}, "give one of them another name", "scenario %s is at %s, too", sc.Name, out[i].Path)
			continue
		}
		out = append(out, sc)
	}
	if err := ps.err(); err != nil {
		return nil, err
	}
	slices.SortFunc(out, func(a, b *Scenario) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// scenarioPaths finds the scenarios at the top of a file system.
func scenarioPaths(fsys fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if e.IsDir() {
			if _, err := fs.Stat(fsys, path.Join(e.Name(), yamlFile)); err != nil {
				continue
			}
		} else if !strings.HasSuffix(e.Name(), ".txtar") {
			continue
		}
		out = append(out, e.Name())
	}
	if len(out) == 0 {
		return nil, errors.New("no scenario here: want *.txtar files or directories with scenario.yaml")
	}
	return out, nil
}

// yamlFile is the one file that every scenario has.
const yamlFile = "scenario.yaml"

// A loader reads one scenario.
type loader struct {
	*reader
	*tree
	sc       *Scenario
	base     caseDraft // what every case starts from
	sections sections
	names    []string        // of the cases, in file order
	used     map[string]bool // message files that some case sends
	domains  domains
	// profiles are the names that a profile can have; nil where any may be one.
	profiles []string
	// unsure is set where the name of a receiver is not known for what was wrong with
	// the receiver, so that any name may be its.
	unsure bool
}

func load(fsys fs.FS, name string, o Options, ps *problems) *Scenario {
	shown := o.show(name)
	t := readTree(fsys, name, shown, ps)
	if t == nil {
		return nil
	}
	at, found := t.at[yamlFile]
	if !found {
		ps.add(Position{File: shown}, "see docs/scenario-format.md", "want a file scenario.yaml in it")
		return nil
	}
	src, ok := t.read(yamlFile, ps)
	if !ok {
		return nil
	}
	l := &loader{reader: &reader{ps, at}, tree: t, used: map[string]bool{}, domains: newDomains()}
	l.profiles = l.profileNames(o.Profiles)
	l.sc = &Scenario{Name: scenarioName(name), Path: shown}
	before := len(ps.list)
	if root, ok := l.root(src); ok {
		l.scenario(root)
	}
	if len(ps.list) > before {
		return nil
	}
	return l.sc
}

// scenarioName is the last part of the path. The top of a file system has no name
// of its own.
func scenarioName(p string) string {
	name := strings.TrimSuffix(path.Base(p), ".txtar")
	if name == "." {
		return "scenario"
	}
	return name
}

// scenario reads the document and then all that hangs on it.
func (l *loader) scenario(root node) {
	have := l.mapping(root, "the scenario",
		key{"title", nil}, key{"host", nil}, key{"receivers", nil}, key{"send", nil},
		key{"faults", nil}, key{"down", nil}, key{"silent", nil},
		key{"wait", nil}, key{"cases", nil})
	if have == nil {
		return
	}
	for _, k := range []string{"title", "host", "receivers", "cases"} {
		if _, ok := have[k]; !ok {
			l.wrong(root, "", "%s is missing", k)
		}
	}
	if f, ok := have["title"]; ok {
		if s, ok := l.text(f.node, "title"); ok && collapse(s) == "" {
			l.wrong(f.node, "", "title: want one line of text")
		} else {
			l.sc.Title = collapse(s)
		}
	}
	if f, ok := have["host"]; ok {
		l.host(f.node)
	}
	if f, ok := have["receivers"]; ok {
		l.receivers(f.node)
	} else {
		l.unsure = true
	}
	l.base.world(l, have)
	f, ok := have["cases"]
	var cases []node
	if ok {
		cases = l.members(f.node, "", "cases")
		l.caseNames(cases)
	}
	l.sections = l.readSections()
	l.about = l.readAbout()
	l.sc.About = l.about
	if ok {
		l.cases(cases)
		l.unserved()
		l.unused()
	}
}

// readAbout is the text before the archive's first file, else that of README.
func (l *loader) readAbout() string {
	if l.about != "" {
		return l.about
	}
	for _, name := range l.tree.names {
		if isReadme(name) {
			text, _ := l.read(name, l.problems)
			return strings.TrimSpace(text)
		}
	}
	return ""
}
