package scenarios

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/tools/txtar"
)

// The limits of a scenario. They are far above what a person writes and keep a
// wrong path, such as a mail spool, from being read whole.
const (
	maxArchive = 4 << 20 // bytes of an archive, or of all files of a directory
	maxFile    = 1 << 20 // bytes of one file
	maxFiles   = 1000
)

// A tree is the files of one scenario. An archive and a directory are read the
// same way; they differ only in where a file's lines are.
type tree struct {
	fsys  fs.FS
	path  string              // of the archive or directory, for messages
	about string              // the text before the archive's first file, or the README
	names []string            // in the archive's order, or by name
	at    map[string]Position // of each file's first line
}

// readTree reads an archive or a directory of fsys, which is shown to people as
// another path.
func readTree(fsys fs.FS, name, shown string, ps *problems) *tree {
	info, err := fs.Stat(fsys, name)
	switch {
	case err != nil:
		ps.add(Position{File: shown}, "", "want a *.txtar file or a directory with scenario.yaml: %v", cause(err))
		return nil
	case info.IsDir():
		return readDir(fsys, name, shown, ps)
	case !strings.HasSuffix(name, ".txtar"):
		ps.add(Position{File: shown}, "", "want a *.txtar file or a directory with scenario.yaml")
		return nil
	case info.Size() > maxArchive:
		ps.add(Position{File: shown}, "", "%d bytes: want at most %d in a scenario", info.Size(), maxArchive)
		return nil
	}
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		ps.add(Position{File: shown}, "", "want a file that can be read: %v", cause(err))
		return nil
	}
	return readArchive(shown, data, ps)
}

// cause takes the path out of a file system's error; the position has it.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// almostMarker is a line that was probably meant to start a file: the blanks of
// the form "-- NAME --" are not quite right.
var almostMarker = regexp.MustCompile(`^--\s*((\S+/)?(dns|postfix|messages|profiles)/\S+|scenario\.yaml)\s*--\s*$`)

// readArchive takes a txtar archive apart. Line ends of CR LF become LF.
func readArchive(name string, data []byte, ps *problems) *tree {
	t := &tree{path: name, at: map[string]Position{}}
	if !utf8.Valid(data) {
		ps.add(Position{File: name}, "", "not text: want UTF-8")
		return nil
	}
	ar := txtar.Parse([]byte(plainLines(string(data))))
	t.about = strings.TrimSpace(string(ar.Comment))
	line := 1 + t.scan(1, string(ar.Comment), ps)
	var kept []txtar.File
	dirs := map[string]bool{}
	for _, f := range ar.Files {
		at := Position{name, line}
		line += 1 + t.scan(line+1, string(f.Data), ps)
		switch first, twice := t.at[f.Name]; {
		case twice:
			ps.add(at, "", "file %s twice: first in line %d", f.Name, first.Line-1)
		case !fs.ValidPath(f.Name) || f.Name == "." || strings.Contains(f.Name, `\`):
			ps.add(at, "", "file %q: want a path below the scenario, as in postfix/main.cf", f.Name)
		case dirs[f.Name] || t.below(f.Name):
			ps.add(at, "", "%s is both a file and a folder", f.Name)
		default:
			kept = append(kept, f)
			t.at[f.Name] = at.line(1)
			t.names = append(t.names, f.Name)
			for d := path.Dir(f.Name); d != "."; d = path.Dir(d) {
				dirs[d] = true
			}
		}
	}
	var err error
	if t.fsys, err = txtar.FS(&txtar.Archive{Files: kept}); err != nil {
		ps.add(Position{File: name}, "", "%v", err)
		return nil
	}
	return t.limit(ps)
}

// below tells whether a folder on the way to a name is a file.
func (t *tree) below(name string) bool {
	for d := path.Dir(name); d != "."; d = path.Dir(d) {
		if _, is := t.at[d]; is {
			return true
		}
	}
	return false
}

// scan counts the lines of a text and reports those that are almost markers.
func (t *tree) scan(first int, text string, ps *problems) int {
	n := 0
	for l := range strings.Lines(text) {
		if m := almostMarker.FindStringSubmatch(l); m != nil {
			ps.add(Position{t.path, first + n}, "write -- "+m[1]+" --",
				"a line like the start of a file, without its blanks")
		}
		n++
	}
	return n
}

var lineEnd = regexp.MustCompile(`\r+(\n|$)`)

// plainLines makes LF of line ends of CR LF. Some editors add the CR twice.
func plainLines(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	return lineEnd.ReplaceAllString(s, "$1")
}

// readDir lists the files of a directory.
func readDir(fsys fs.FS, name, shown string, ps *problems) *tree {
	t := &tree{path: shown, at: map[string]Position{}}
	var err error
	if t.fsys, err = fs.Sub(fsys, name); err != nil {
		ps.add(Position{File: shown}, "", "%v", err)
		return nil
	}
	total := int64(0)
	err = fs.WalkDir(t.fsys, ".", func(p string, d fs.DirEntry, err error) error {
		at := Position{File: path.Join(shown, p)}
		if err != nil {
			ps.add(at, "", "want to read it: %v", cause(err))
			return nil
		}
		if d.IsDir() {
			return nil
		}
		info, err := d.Info()
		switch {
		case err != nil:
			ps.add(at, "", "want to read it: %v", cause(err))
			return nil
		case !info.Mode().IsRegular():
			ps.add(at, "put the file itself there", "want a regular file, not %s", modeWord(info.Mode()))
			return nil
		}
		if total += info.Size(); total > maxArchive || len(t.names) == maxFiles {
			ps.add(Position{File: shown}, "is it the directory of a scenario?",
				"want at most %d files of %d bytes together", maxFiles, maxArchive)
			return fs.SkipAll
		}
		t.names = append(t.names, p)
		t.at[p] = at.line(0)
		return nil
	})
	if err != nil {
		ps.add(Position{File: shown}, "", "%v", cause(err))
		return nil
	}
	return t.limit(ps)
}

// modeWord names what a directory entry is that is no regular file.
func modeWord(m fs.FileMode) string {
	switch {
	case m&fs.ModeSymlink != 0:
		return "a symbolic link"
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}

func (t *tree) limit(ps *problems) *tree {
	if len(t.names) > maxFiles {
		ps.add(Position{File: t.path}, "", "%d files: want at most %d", len(t.names), maxFiles)
		return nil
	}
	return t
}

// read returns a file of the tree with LF line ends.
func (t *tree) read(name string, ps *problems) (string, bool) {
	at := Position{File: t.at[name].File}
	info, err := fs.Stat(t.fsys, name)
	if err == nil && info.Size() > maxFile {
		ps.add(at, "", "%s has %d bytes: want at most %d", name, info.Size(), maxFile)
		return "", false
	}
	b, err := fs.ReadFile(t.fsys, name)
	switch {
	case err != nil:
		ps.add(at, "", "want to read it: %v", cause(err))
		return "", false
	case !utf8.Valid(b) || strings.ContainsRune(string(b), 0):
		ps.add(t.at[name], "tables are built from their sources: leave out *.db files", "not text: want UTF-8")
		return "", false
	}
	return plainLines(string(b)), true
}
