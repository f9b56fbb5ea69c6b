package fakedns

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
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

// addFaults reads a YAML list of faults and goes on after a wrong one.
func (b *Builder) addFaults(file string, text []byte) {
	doc, err := parser.ParseBytes(text, 0)
	if err != nil {
		b.errs = append(b.errs, yamlError(file, 0, err))
		return
	}
	for _, d := range doc.Docs {
		if d.Body == nil {
			continue
		}
		list, ok := d.Body.(*ast.SequenceNode)
		if !ok {
			b.errs = append(b.errs, &Error{
				file, d.Body.GetToken().Position.Line,
				errors.New("want a list of faults, as in - {name: example.com, type: TXT, fault: servfail}"),
			})
			continue
		}
		for _, item := range list.Values {
			line := item.GetToken().Position.Line
			var f Fault
			if err := yaml.NodeToValue(item, &f, yaml.Strict()); err != nil {
				b.errs = append(b.errs, yamlError(file, line, err))
				continue
			}
			b.addFault(file, line, f)
		}
	}
}

// yamlError takes line and message out of an error of the YAML parser, whose text
// has several lines and shows the source.
func yamlError(file string, line int, err error) error {
	var y yaml.Error
	if errors.As(err, &y) {
		if t := y.GetToken(); t != nil && t.Position != nil {
			line = t.Position.Line
		}
		err = errors.New(y.GetMessage())
		if strings.Contains(y.GetMessage(), "time.Duration") {
			err = errors.New("want a time with its unit, as in 3s")
		}
	}
	return &Error{file, line, err}
}
