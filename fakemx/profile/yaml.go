package profile

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"strictmx/internal/spelling"
)

// A reader walks the syntax tree of one YAML file and gathers what is wrong with
// it. It is stricter than YAML: no anchors, tags or merge keys, no key twice, and
// no number with a leading zero, which YAML 1.1 and 1.2 read differently.
type reader struct {
	file     string
	problems []*Problem
}

func (r *reader) problem(n ast.Node, format string, args ...any) {
	p := &Problem{File: r.file, Text: fmt.Sprintf(format, args...)}
	if n != nil {
		p.Line, p.Column = place(n)
	}
	r.problems = append(r.problems, p)
}

// place is where a node begins. The token of a block mapping is its first colon,
// so the key before it is asked.
func place(n ast.Node) (line, column int) {
	switch m := n.(type) {
	case *ast.MappingNode:
		if len(m.Values) > 0 && !m.IsFlowStyle {
			return place(m.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return place(m.Key)
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line, t.Position.Column
	}
	return 0, 0
}

// root parses the file into the value of its one document, nil if it has none. Editors
// may put a byte order mark in front, which YAML allows (section 5.2).
func (r *reader) root(src []byte) ast.Node {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	f, err := parser.ParseBytes(src, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		p := &Problem{File: r.file, Text: "not YAML: " + err.Error()}
		var se *yaml.SyntaxError
		if errors.As(err, &se) {
			p.Text = "not YAML: " + se.Message
			if se.Token != nil && se.Token.Position != nil {
				p.Line, p.Column = se.Token.Position.Line, se.Token.Position.Column
				p.Text += ": " + spelling.Unparsed(string(src), p.Line, 1)
			}
		}
		r.problems = append(r.problems, p)
		return nil
	}
	var body ast.Node
	for _, d := range f.Docs {
		switch {
		case d.Body == nil:
		case body != nil:
			r.problem(d.Body, "a second document: want one per file")
			return body
		default:
			body = d.Body
		}
	}
	if body == nil {
		r.problem(nil, "empty: want a table that begins with name")
	}
	return body
}

// An entry is one key of a mapping.
type entry struct {
	key  string
	at   ast.Node // of the key
	node ast.Node
}

// entries lists the keys of a mapping in file order, each once.
func (r *reader) entries(n ast.Node, what string) []entry {
	var values []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		r.problem(n, "want %s as keys and values, not %s", what, spelling.Kind(n))
		return nil
	}
	var out []entry
	for _, v := range values {
		key, ok := r.scalar(v.Key)
		if !ok {
			continue
		}
		if i := slices.IndexFunc(out, func(e entry) bool { return e.key == key }); i >= 0 {
			line, _ := place(out[i].at)
			r.problem(v.Key, "%s twice: first in line %d", key, line)
			continue
		}
		out = append(out, entry{key: key, at: v.Key, node: v.Value})
	}
	return out
}

// A field is what to do with the value of one known key.
type field struct {
	name string
	set  func(ast.Node)
}

// fields hands each value of a mapping to the field of its key, and tells which
// keys were there. A misspelt key counts as the one that was meant, so that this is not
// missing, too.
func (r *reader) fields(n ast.Node, what string, known []field) map[string]ast.Node {
	names := make([]string, len(known))
	for i, f := range known {
		names[i] = f.name
	}
	have, entries := make(map[string]ast.Node), r.entries(n, what)
	for _, e := range entries {
		key := e.key
		if !slices.Contains(names, key) {
			r.problem(e.at, "unknown key %q in %s: %s", key, what, wanted(key, names))
			key = spelling.Nearest(key, names)
			if key == "" || have[key] != nil || hasKey(entries, key) {
				continue
			}
		}
		have[key] = e.node
		known[slices.Index(names, key)].set(e.node)
	}
	return have
}

func hasKey(entries []entry, key string) bool {
	return slices.ContainsFunc(entries, func(e entry) bool { return e.key == key })
}

// items lists the members of a sequence.
func (r *reader) items(n ast.Node, what string) []ast.Node {
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		r.problem(n, "want a list of %s, not %s", what, spelling.Kind(n))
		return nil
	}
	return s.Values
}

// scalar reads a text, or a number or date as it is written.
func (r *reader) scalar(n ast.Node) (string, bool) {
	s, unclear, ok := spelling.Scalar(n)
	switch {
	case !ok:
		r.problem(n, "want a text, not %s", spelling.Kind(n))
		return "", false
	case unclear:
		r.problem(n, "number %s: want no leading zero, or quotes if it is a text", s)
		return "", false
	}
	return s, true
}

func (r *reader) boolean(n ast.Node) (value, ok bool) {
	b, ok := n.(*ast.BoolNode)
	if !ok {
		r.problem(n, "want true or false, not %s", spelling.Kind(n))
		return false, false
	}
	return b.Value, true
}

// text is a field that holds one text.
func (r *reader) text(name string, into *string) field {
	return field{name, func(n ast.Node) {
		s, ok := r.scalar(n)
		if ok && control.MatchString(s) {
			r.problem(n, "%s %.40q: want no control characters", name, s)
		} else if ok {
			*into = s
		}
	}}
}

// flag is a field that holds true or false.
func (r *reader) flag(name string, into *bool) field {
	return field{name, func(n ast.Node) {
		if b, ok := r.boolean(n); ok {
			*into = b
		}
	}}
}
