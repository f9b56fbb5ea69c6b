package scenarios

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// An Error is one thing that is wrong with a scenario, and where.
type Error struct {
	Position
	Msg  string // what is wrong and what was wanted; lower case, no full stop
	Hint string // what to change; may be empty
}

func (e *Error) Error() string {
	s := e.Position.String() + ": " + e.Msg
	if e.Hint != "" {
		s += ": " + e.Hint
	}
	return s
}

// String writes FILE:LINE, or FILE alone if the file as a whole is meant.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// line is the position n lines further down; a whole file's is its first line.
func (p Position) line(n int) Position { return Position{p.File, max(p.Line, 1) + n} }

// problems gathers errors, each once, so that loading can go on after one.
type problems struct {
	list []*Error
	seen map[Error]bool
}

func (ps *problems) add(at Position, hint, format string, args ...any) {
	e := Error{at, fmt.Sprintf(format, args...), hint}
	if ps.seen[e] {
		return
	}
	if ps.seen == nil {
		ps.seen = map[Error]bool{}
	}
	ps.seen[e] = true
	ps.list = append(ps.list, &e)
}

// err joins the errors in the order of their places; nil if there are none.
func (ps *problems) err() error {
	slices.SortStableFunc(ps.list, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	errs := make([]error, len(ps.list))
	for i, e := range ps.list {
		errs[i] = e
	}
	return errors.Join(errs...)
}
