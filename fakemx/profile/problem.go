package profile

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"strictmx/internal/spelling"
)

// A Problem is one fault of a table, with its place.
type Problem struct {
	File         string
	Line, Column int // from 1; 0 if the whole file is meant
	Text         string
}

func (p *Problem) Error() string {
	if p.Line == 0 {
		return p.File + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
}

// join makes one error of all problems, in the order of their places; nil if
// there are none.
func join(problems []*Problem) error {
	slices.SortStableFunc(problems, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	errs := make([]error, len(problems))
	for i, p := range problems {
		errs[i] = p
	}
	return errors.Join(errs...)
}

// wanted says which words are known, the nearest to the given one first.
func wanted(word string, known []string) string { return meant(spelling.Nearest(word, known), known) }

// meant says which words are known, and first the one that is near, if any.
func meant(near string, known []string) string {
	list := spelling.List(known)
	if near != "" && len(known) > 1 {
		return fmt.Sprintf("did you mean %s? known are %s", near, list)
	}
	return "want one of " + list
}
