package fakedns

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// Load reads a directory: zones from NAME.zone, where NAME is the origin and root
// the root zone, PTR records from the file ptr (see [Builder.AddPTR]), and faults
// from faults.yaml, a list of [Fault]. Any of them may be missing; any other file
// is an error. The error joins every [*Error] found.
func Load(fsys fs.FS) (*Zones, error) {
	files, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("zones: want a directory: %w", err)
	}
	var b Builder
	for _, f := range files {
		b.addFile(fsys, f)
	}
	return b.Build()
}

func (b *Builder) addFile(fsys fs.FS, f fs.DirEntry) {
	name := f.Name()
	origin, isZone := strings.CutSuffix(name, ".zone")
	if f.IsDir() || !isZone && name != "ptr" && name != "faults.yaml" {
		b.errs = append(b.errs, &Error{name, 0, errors.New("stray file: want NAME.zone, ptr or faults.yaml")})
		return
	}
	text, err := fs.ReadFile(fsys, name)
	if err != nil {
		b.errs = append(b.errs, &Error{name, 0, err})
		return
	}
	switch {
	case name == "ptr":
		b.AddPTR(name, string(text))
	case name == "faults.yaml":
		b.addFaults(name, text)
	case origin == "root":
		b.AddZone(".", name, string(text))
	default:
		b.AddZone(origin, name, string(text))
	}
}
