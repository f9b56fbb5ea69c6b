package profile

import (
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// readLabels reads the list of all versions, oldest first.
func (t *table) readLabels(n ast.Node) {
	for _, item := range t.r.items(n, "versions") {
		s, ok := t.r.scalar(item)
		switch {
		case !ok:
		case !labelForm.MatchString(s):
			t.r.problem(item, "version %q: want lower-case letters and digits, joined by single hyphens or dots", s)
		case slices.Contains(t.labels, s):
			t.r.problem(item, "version %s twice", s)
		default:
			t.labels = append(t.labels, s)
		}
	}
}

// readRange reads labels and ranges of labels ("2014..2016", "..2016", "2022..",
// both ends included) into a list of labels. Versions must be declared above it.
func (t *table) readRange(n ast.Node) []string {
	nodes := []ast.Node{n}
	if _, ok := n.(*ast.SequenceNode); ok {
		nodes = t.r.items(n, "versions")
	}
	in := []string{}
	for _, item := range nodes {
		s, ok := t.r.scalar(item)
		if !ok {
			continue
		}
		from, to, ranged := strings.Cut(s, "..")
		lo := t.label(item, from, 0)
		hi := lo
		if ranged {
			hi = t.label(item, to, len(t.labels)-1)
		}
		switch {
		case lo < 0 || hi < 0:
		case lo > hi:
			t.r.problem(item, "versions %q: want the older label first, of %s", s, strings.Join(t.labels, ", "))
		default:
			in = append(in, t.labels[lo:hi+1]...)
		}
	}
	return in
}

// label is the index of a label, or the open end's.
func (t *table) label(n ast.Node, s string, open int) int {
	if s == "" && len(t.labels) > 0 {
		return open
	}
	i := slices.Index(t.labels, s)
	switch {
	case i >= 0:
	case len(t.labels) == 0:
		t.r.problem(n, "version %q: the table lists no versions above this line", s)
	default:
		t.r.problem(n, "unknown version %q: %s", s, wanted(s, t.labels))
	}
	return i
}

// wantedLabel says which labels the table has, once all of it is read.
func (t *table) wantedLabel(s string) string {
	if len(t.labels) == 0 {
		return "the table lists no versions"
	}
	return wanted(s, t.labels)
}

// belongs tells whether a part with these labels is of a version.
func belongs(in []string, label string) bool { return in == nil || slices.Contains(in, label) }
