package scenarios

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"strictmx/internal/spelling"
)

// A reader walks the syntax tree of scenario.yaml. It is stricter than YAML: no
// anchors, tags or merge keys, no key twice, and no number with a leading zero,
// which YAML 1.1 and 1.2 read differently.
type reader struct {
	*problems
	start Position // of the file's first line
}

// A node is a value in scenario.yaml. The value of a key without one is at the key.
type node struct {
	ast.Node
	at Position
}

// is tells whether the value is a word.
func (n node) is(word string) bool {
	s, ok := n.Node.(*ast.StringNode)
	return ok && s.Value == word
}

func (r *reader) wrong(n node, hint, format string, args ...any) {
	r.add(n.at, hint, format, args...)
}

// node finds the place of n. The token of a block mapping is its first colon, so
// the key before it is asked.
func (r *reader) node(n ast.Node, otherwise Position) node {
	at := n
	for {
		switch m := at.(type) {
		case *ast.MappingNode:
			if len(m.Values) > 0 && !m.IsFlowStyle {
				at = m.Values[0].Key
				continue
			}
		case *ast.MappingValueNode:
			at = m.Key
			continue
		}
		break
	}
	if at == nil {
		return node{n, otherwise}
	}
	if t := at.GetToken(); t != nil && t.Position != nil && n.Type() != ast.NullType {
		return node{n, r.start.line(t.Position.Line - 1)}
	}
	return node{n, otherwise}
}

// The limits of scenario.yaml. The parser takes time with the square of both.
const (
	maxYAML  = 64 << 10 // bytes
	maxDepth = 50       // lists and mappings in one another
)

var nested = regexp.MustCompile(`^[ ]*([-?:][ \t]+){20}`)

// bounded tells whether the parser can be trusted with a file.
func (r *reader) bounded(src string) bool {
	if len(src) > maxYAML {
		r.add(r.start, "", "%d bytes: want at most %d", len(src), maxYAML)
		return false
	}
	depth, n := 0, 0
	for l := range strings.Lines(src) {
		depth += strings.Count(l, "[") + strings.Count(l, "{")
		if depth > maxDepth || nested.MatchString(l) {
			r.add(r.start.line(n), "", "lists or mappings in one another: want at most %d", maxDepth)
			return false
		}
		depth = max(0, depth-strings.Count(l, "]")-strings.Count(l, "}"))
		n++
	}
	return true
}

// root parses the file into its one document. Editors may put a byte order mark in front.
func (r *reader) root(src string) (node, bool) {
	src = strings.TrimPrefix(src, "\ufeff")
	if !r.bounded(src) {
		return node{}, false
	}
	f, err := parser.ParseBytes([]byte(src), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		at, text, hint := r.start, err.Error(), ""
		var se *yaml.SyntaxError
		if errors.As(err, &se) {
			text = se.Message
			if se.Token != nil && se.Token.Position != nil {
				at = r.start.line(se.Token.Position.Line - 1)
				hint = spelling.Unparsed(src, se.Token.Position.Line, r.start.line(0).Line)
			}
		}
		r.add(at, hint, "not YAML: %s", text)
		return node{}, false
	}
	var body ast.Node
	for _, d := range f.Docs {
		switch {
		case d.Body == nil || d.Body.Type() == ast.CommentType:
		case body != nil:
			r.wrong(r.node(d.Body, r.start), "", "a second document: want one per file")
			return node{}, false
		default:
			body = d.Body
		}
	}
	if body == nil {
		r.add(r.start, "", "empty: want title, host, receivers, send and cases")
		return node{}, false
	}
	return r.node(body, r.start), true
}

// A key is what to do with the value of one known key; nothing if set is nil.
type key struct {
	name string
	set  func(node)
}

// A field is a key that was there, and its value.
type field struct {
	key Position
	node
}

// mapping hands each value to its key in file order, and returns all fields.
func (r *reader) mapping(n node, what string, known ...key) map[string]field {
	entries, ok := r.entries(n, what)
	if !ok {
		return nil
	}
	have := map[string]field{}
	for _, e := range entries {
		i := slices.IndexFunc(known, func(k key) bool { return k.name == e.name })
		if i < 0 {
			names := make([]string, len(known))
			for j, k := range known {
				names[j] = k.name
			}
			r.add(e.key, spelling.Wanted(e.name, names), "unknown key %q in %s", e.name, what)
			continue
		}
		have[e.name] = e.field
		if known[i].set != nil {
			known[i].set(e.node)
		}
	}
	return have
}

// An entry is a field with its name.
type entry struct {
	name string
	field
}

// entries lists what a mapping has in file order, each key once. It tells false for
// what is no mapping.
func (r *reader) entries(n node, what string) ([]entry, bool) {
	var values []*ast.MappingValueNode
	switch m := n.Node.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		r.wrong(n, "", "%s: want keys and values, not %s", what, spelling.Kind(n.Node))
		return nil, false
	}
	var out []entry
	for _, v := range values {
		at := r.node(v.Key, n.at)
		name, ok := r.text(at, "a key of "+what)
		if !ok {
			continue
		}
		if i := slices.IndexFunc(out, func(e entry) bool { return e.name == name }); i >= 0 {
			r.wrong(at, "", "%s twice: first in line %d", name, out[i].key.Line)
			continue
		}
		out = append(out, entry{name, field{at.at, r.node(v.Value, at.at)}})
	}
	return out, true
}

// list is the members of a sequence, of which there is at least one if its key is there.
func (r *reader) list(n node, what string) []node {
	return r.members(n, "leave the key out if there is none", what)
}

// members is the same for a key that cannot be left out, or with another hint.
func (r *reader) members(n node, hint, what string) []node {
	s, ok := n.Node.(*ast.SequenceNode)
	if !ok {
		r.wrong(n, "", "want a list of %s, not %s", what, spelling.Kind(n.Node))
		return nil
	}
	if len(s.Values) == 0 {
		r.wrong(n, hint, "an empty list: want %s", what)
	}
	out := make([]node, len(s.Values))
	for i, v := range s.Values {
		out[i] = r.node(v, n.at)
	}
	return out
}

// oneOrMore is the members of a sequence, or the one value itself.
func (r *reader) oneOrMore(n node, what string) []node {
	if _, ok := n.Node.(*ast.SequenceNode); ok {
		return r.list(n, what)
	}
	return []node{n}
}

// text reads a text, or a number or date as it is written.
func (r *reader) text(n node, what string) (string, bool) {
	s, unclear, ok := spelling.Scalar(n.Node)
	switch {
	case !ok:
		r.wrong(n, "", "%s: want a text, not %s", what, spelling.Kind(n.Node))
		return "", false
	case unclear:
		r.wrong(n, "put it in quotes if it is a text", "%s: number %s has a leading zero", what, s)
		return "", false
	}
	return s, true
}

// number reads a whole number from 0 to most.
func (r *reader) number(n node, what string, most int) (int, bool) {
	if _, ok := n.Node.(*ast.IntegerNode); ok {
		s, ok := r.text(n, what)
		if !ok {
			return 0, false
		}
		if i, err := strconv.Atoi(s); err == nil && i >= 0 && i <= most {
			return i, true
		}
	}
	r.wrong(n, "", "%s: want a whole number from 0 to %d", what, most)
	return 0, false
}

// texts is a key with one text or a list of them.
func (r *reader) texts(name string, each func(node, string)) key {
	return key{name, func(n node) {
		for _, v := range r.oneOrMore(n, name) {
			if s, ok := r.text(v, name); ok {
				each(v, s)
			}
		}
	}}
}

// one is a key with one text.
func (r *reader) one(name string, set func(node, string)) key {
	return key{name, func(n node) {
		if s, ok := r.text(n, name); ok {
			set(n, s)
		}
	}}
}

// into is a key whose text is stored as it is.
func (r *reader) into(name string, s *string) key {
	return r.one(name, func(_ node, v string) { *s = v })
}
