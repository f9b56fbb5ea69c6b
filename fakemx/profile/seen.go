package profile

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// dateLike is what begins as a date does.
var dateLike = regexp.MustCompile(`\b[0-9]{4}(-[0-9]+)*`)

// dated is the field seen: when words were seen. It has a year, a month or a day, in
// whatever words, or says that none is known.
func (r *reader) dated(into *string) field {
	f := r.text("seen", into)
	return field{f.name, func(n ast.Node) {
		f.set(n)
		switch {
		case isDated(*into):
		case strings.HasPrefix(*into, "undated") && !dateLike.MatchString(*into):
			r.problem(n, "seen %.40q: want a blank after undated, and then what is known", *into)
		default:
			r.problem(n, `seen %.40q: want a date as in 2026-11-02, 2026-11 or 2026, or "undated" and what is known`, *into)
		}
	}}
}

// isDated tells whether a text has dates, and only such as there are. An empty one is
// for others to tell of.
func isDated(s string) bool {
	dates := dateLike.FindAllString(s, -1)
	for _, d := range dates {
		if !isDate(d) {
			return false
		}
	}
	return s == "" || len(dates) > 0 || s == "undated" || strings.HasPrefix(s, "undated ")
}

// isDate reads a day, a month, a year, or the years from one to another.
func isDate(s string) bool {
	for _, form := range []string{time.DateOnly, "2006-01", "2006"} {
		if _, err := time.Parse(form, s); err == nil {
			return true
		}
	}
	from, to, _ := strings.Cut(s, "-")
	a, _ := strconv.Atoi(from)
	b, err := strconv.Atoi(to)
	return err == nil && len(to) == 4 && a < b
}
