package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"strictmx/internal/spelling"
)

// domains are those of receivers and of recipients, which must meet.
type domains struct {
	at      map[string]Position // where receivers name theirs
	mailed  map[string]bool     // those of receivers to which some case sends
	strange map[string][]placed // recipients whose mail no receiver takes, by domain
}

func newDomains() domains {
	return domains{map[string]Position{}, map[string]bool{}, map[string][]placed{}}
}

// unserved reports each domain once whose mail no receiver takes, however many
// messages go there. Several recipients are right where one domain that nothing is
// sent to is nearly theirs: then that is misspelt.
func (l *loader) unserved() {
	served := slices.Sorted(maps.Keys(l.domains.at))
	idle := slices.DeleteFunc(slices.Clone(served), func(d string) bool { return l.domains.mailed[d] })
	for _, d := range slices.Sorted(maps.Keys(l.domains.strange)) {
		to := l.domains.strange[d]
		if near := spelling.Nearest(d, idle); near != "" && len(to) > 1 {
			where, send := lines(to), "send"
			if len(where) == 1 {
				send = "sends"
			}
			l.add(l.domains.at[near], "did you mean "+d+"?", "domain %s: nothing is sent to it, and %s %s to %s, which no receiver serves",
				near, named(where), send, d)
			continue
		}
		hint := spelling.Wanted(d, served)
		if near := spelling.Nearest(d, served); near != "" {
			hint = fmt.Sprintf("did you mean %s, as in line %d?", near, l.domains.at[near].Line)
		}
		also := ""
		if more := lines(to)[1:]; len(more) > 0 {
			also = ", also in " + named(more)
		}
		l.add(to[0].at, hint, "no receiver serves the domain %s%s", d, also)
	}
}

// lines are those on which texts stand, each once.
func lines(texts []placed) []string {
	var out []string
	for _, t := range texts {
		if n := strconv.Itoa(t.at.Line); !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// named is how lines are told, not more of them than one reads.
func named(lines []string) string {
	const most = 5
	switch n := len(lines); {
	case n == 1:
		return "line " + lines[0]
	case n > most:
		return fmt.Sprintf("lines %s and %d more", strings.Join(lines[:most], ", "), n-most)
	}
	return "lines " + strings.Join(lines, ", ")
}
