package fakemx

import (
	"slices"

	"strictmx/internal/mail"
)

// findings are what checks found, in the order in which they were asked.
type findings struct {
	results []mail.Result
	about   []about // each of the results
}

// about is what a session keeps of a result beside it.
type about struct {
	name   string     // of the check; empty if none was asked
	at     mail.Stage // where its facts were known: with those it is forgotten
	broken string     // why there is no result to rely on; else empty
	lasts  bool       // the same envelope and key have the same result
	key    string     // see [check.Check]
}

func newFindings(most int) findings {
	return findings{make([]mail.Result, 0, most), make([]about, 0, most)}
}

func (f *findings) add(r mail.Result, a about) {
	f.results, f.about = append(f.results, r), append(f.about, a)
}

func (f *findings) addAll(others findings) {
	f.results, f.about = append(f.results, others.results...), append(f.about, others.about...)
}

// named is what the check of a name found; nil if it was not asked. It is of use until
// the next is added.
func (f *findings) named(name string) *mail.Result {
	for i := range f.about {
		if f.about[i].name == name {
			return &f.results[i]
		}
	}
	return nil
}

// broken is the first result that is not to be relied on, and why.
func (f *findings) broken() (r *mail.Result, why string) {
	i := slices.IndexFunc(f.about, func(a about) bool { return a.broken != "" })
	if i < 0 {
		return nil, ""
	}
	return &f.results[i], f.about[i].broken
}

// forget drops, in place, what was found out with facts of a stage or a later one.
func (f *findings) forget(from mail.Stage) {
	kept := 0
	for i, a := range f.about {
		if a.at >= from {
			continue
		}
		if kept < i {
			f.results[kept], f.about[kept] = f.results[i], a
		}
		kept++
	}
	clear(f.results[kept:])
	clear(f.about[kept:])
	f.results, f.about = f.results[:kept], f.about[:kept]
}

// since is a copy of what was found out with facts of a stage or a later one.
func (f *findings) since(from mail.Stage) findings {
	var out findings
	for i, a := range f.about {
		if a.at >= from {
			out.add(f.results[i], a)
		}
	}
	return out
}

// addConnect adds what others know of the connection, and f does not: that stays,
// whatever becomes of a greeting, and nothing is counted twice.
func (f *findings) addConnect(others findings) {
	for i, a := range others.about {
		if a.at == mail.Connect && f.named(a.name) == nil {
			f.add(others.results[i], a)
		}
	}
}

func (f *findings) clone() findings {
	return findings{slices.Clone(f.results), slices.Clone(f.about)}
}
