package scenarios

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"strictmx/internal/mail"
	"strictmx/internal/spelling"
)

// folders are where a scenario's files are; a case's section has the same.
var folders = []string{"dns", "postfix", "opendkim", "messages", "profiles"}

// sections are the files of a scenario: those of the base under "", those of each
// case under its name.
type sections map[string][]Fragment

// readSections sorts the tree's files and reads them. Each is checked once here, so
// that merging them for each case finds nothing new.
func (l *loader) readSections() sections {
	out := sections{}
	for _, name := range l.tree.names {
		if name == yamlFile || isReadme(name) {
			continue
		}
		at := l.marker(name)
		section, file, ok := l.place(name, at)
		if !ok {
			continue
		}
		text, ok := l.read(name, l.problems)
		if !ok || !l.fileName(file, at) {
			continue
		}
		f := Fragment{Path: file, Text: text, At: l.at[name]}
		switch file {
		case mainCFPath:
			mainCF(f, l.problems)
		case masterCFPath:
			masterCF(f, l.problems)
		}
		out[section] = append(out[section], f)
	}
	return out
}

const (
	mainCFPath   = "postfix/main.cf"
	masterCFPath = "postfix/master.cf"
)

// marker is the place of a file's name: the line before its text in an archive.
func (l *loader) marker(name string) Position {
	at := l.at[name]
	if at.File == l.tree.path {
		at.Line--
		return at
	}
	return Position{File: at.File}
}

var readme = regexp.MustCompile(`^README(\.[a-z]+)?$`)

func isReadme(name string) bool { return readme.MatchString(name) }

// place says to which section a file belongs and its path there.
func (l *loader) place(name string, at Position) (section, file string, ok bool) {
	first, rest, nested := strings.Cut(name, "/")
	if slices.Contains(folders, first) && nested {
		return "", name, true
	}
	if slices.Contains(l.names, first) && nested {
		if folder, _, deeper := strings.Cut(rest, "/"); deeper && slices.Contains(folders, folder) {
			return first, rest, true
		}
		l.add(at, spelling.Wanted(strings.Split(rest, "/")[0], folders), "stray file %s: want it in a folder of the case", name)
		return "", "", false
	}
	hint := spelling.Wanted(first, slices.Concat(folders, l.names))
	if !nested {
		hint = "want it below dns, postfix, messages, profiles, or a case's name"
		if near := spelling.Nearest(name, []string{yamlFile}); near != "" {
			hint = "did you mean " + near + "?"
		}
		l.add(at, hint, "stray file %s", name)
		return "", "", false
	}
	l.add(at, hint, "stray file %s: there is no case %s", name, first)
	return "", "", false
}

// fileName checks what a folder may hold.
func (l *loader) fileName(file string, at Position) bool {
	folder, name, _ := strings.Cut(file, "/")
	switch {
	case strings.HasPrefix(path.Base(name), "."):
		l.add(at, "", "stray file %s: want a name that does not begin with a dot", file)
		return false
	case folder == "profiles" && (strings.Contains(name, "/") || !strings.HasSuffix(name, ".yaml")):
		l.add(at, "", "stray file %s: want profiles/NAME.yaml", file)
		return false
	case folder == "dns":
		return l.zoneName(name, file, at)
	}
	return true
}

func (l *loader) zoneName(name, file string, at Position) bool {
	if name == "ptr" {
		return true
	}
	hint := ""
	if name == "faults.yaml" {
		hint = "write faults: in scenario.yaml"
	}
	zone, ok := strings.CutSuffix(name, ".zone")
	if !ok {
		l.add(at, hint, "stray file %s: want dns/ptr or dns/NAME.zone", file)
		return false
	}
	if d, err := mail.ParseDomain(zone); err != nil {
		l.add(at, "the name of the root zone is root.zone", "the zone's name %q: %v", zone, err)
		return false
	} else if d != zone {
		l.add(at, "", "the zone's name %q: want lower case", zone)
		return false
	}
	return true
}

// compose adds a case's files to the base.
func (l *loader) compose(c *caseDraft) {
	own := l.sections[c.Name]
	for _, r := range c.replace {
		i := slices.IndexFunc(own, func(f Fragment) bool { return f.Path == r.text })
		switch {
		case i < 0:
			l.add(r.at, spelling.Wanted(r.text, paths(own)), "replace: case %s has no file %q of its own", c.Name, r.text)
		case !slices.Contains(paths(l.sections[""]), r.text):
			l.add(r.at, "leave it out of replace", "replace: there is no %s in the scenario to replace", r.text)
		default:
			own[i].Replace = true
		}
	}
	c.Added = own
	c.Files = map[string]File{}
	for _, f := range slices.Concat(l.sections[""], own) {
		file := c.Files[f.Path]
		if f.Replace {
			file.Fragments = nil
		}
		file.Fragments = append(slices.Clip(file.Fragments), f)
		c.Files[f.Path] = file
	}
	for p, file := range c.Files {
		file.Text = mergeFile(p, file.Fragments)
		c.Files[p] = file
	}
}

func paths(fs []Fragment) []string {
	out := make([]string, len(fs))
	for i, f := range fs {
		out[i] = f.Path
	}
	return out
}

// mergeFile makes the text of a file. Fragments that cannot be merged were reported
// when they were read, and the scenario is not returned.
func mergeFile(p string, fragments []Fragment) string {
	switch {
	case strings.HasPrefix(p, "dns/"):
		return ""
	case p == mainCFPath:
		text, _ := MergeMainCF(fragments...)
		return text
	case p == masterCFPath:
		text, _ := MergeMasterCF(fragments...)
		return text
	}
	var b strings.Builder
	for i, f := range fragments {
		b.WriteString(f.Text)
		if i+1 < len(fragments) && f.Text != "" && !strings.HasSuffix(f.Text, "\n") {
			b.WriteByte('\n')
		}
	}
	return b.String()
}
