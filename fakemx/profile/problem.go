package profile

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
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
func wanted(word string, known []string) string {
	list := strings.Join(known, ", ")
	if near := nearest(word, known); near != "" && len(known) > 1 {
		return fmt.Sprintf("did you mean %s? known are %s", near, list)
	}
	return "want one of " + list
}

// nearest finds the known word that a typing mistake may have meant; empty if
// none is near.
func nearest(word string, known []string) string {
	best, least := "", min(max(1, len(word)/3)+1, len(word)) // fewer mistakes than letters
	for _, k := range known {
		if d := distance(strings.ToLower(word), k); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance is the number of letters to insert, delete, change or swap with their
// neighbour (optimal string alignment).
func distance(a, b string) int {
	prev, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			change := row[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			next[j] = min(row[j]+1, next[j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], prev[j-2]+1)
			}
		}
		prev, row = row, next
	}
	return row[len(b)]
}
