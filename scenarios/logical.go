package scenarios

import "strings"

// A logical line of a Postfix configuration file: a line and those after it that
// begin with a blank. Empty lines and comments do not end it (postconf(5)).
type logical struct {
	at    Position
	text  string // as written, comments within it included; ends in LF
	value string // without comments, its lines joined by LF
	// note is true for empty lines and comments between logical lines.
	note bool
}

// logicalLines takes a fragment apart so that the texts of the parts, one after
// the other, are the fragment again, with a final LF. A fragment that begins with
// a continuation, or holds NUL, has an error.
func logicalLines(f Fragment, ps *problems) []logical {
	var out []logical
	pending := 0 // notes at the end of out that a continuation would take in
	n := 0
	for l := range strings.Lines(plainLines(f.Text)) {
		at := f.place().line(n)
		n++
		if strings.ContainsRune(l, 0) {
			ps.add(at, "", "a NUL byte: want text")
			continue
		}
		l = strings.TrimSuffix(l, "\n") + "\n"
		switch word := trim(l); {
		case word == "" || word[0] == '#':
			out = append(out, logical{at: at, text: l, note: true})
			pending++
		case !blank(l[0]):
			out = append(out, logical{at: at, text: l, value: strings.TrimSuffix(l, "\n")})
			pending = 0
		case len(out) == pending:
			ps.add(at, "put the whole setting here, without a blank before its name",
				"%s begins with a continuation line: want a line that starts with a name", f.Path)
		default:
			i := len(out) - 1 - pending
			for _, note := range out[i+1:] {
				out[i].text += note.text
			}
			out = out[:i+1]
			out[i].text += l
			out[i].value += "\n" + strings.TrimSuffix(l, "\n")
			pending = 0
		}
	}
	return out
}

// blanks are those of C's isspace, which Postfix trims.
const blanks = " \t\n\v\f\r"

func trim(s string) string { return strings.Trim(s, blanks) }

func blank(c byte) bool { return strings.IndexByte(blanks, c) >= 0 }

// place is where a fragment's first line is; of one made in a program, its path.
func (f Fragment) place() Position {
	if f.At.File == "" {
		return Position{f.Path, max(f.At.Line, 1)}
	}
	return f.At
}

// merge puts entries of the same key together: a later one takes the place of the
// first. Notes stay where they are.
func merge(lines []logical, key func(logical) string) string {
	last := map[string]int{}
	for i, l := range lines {
		if !l.note {
			last[key(l)] = i
		}
	}
	var b strings.Builder
	done := map[string]bool{}
	for _, l := range lines {
		switch k := ""; {
		case l.note:
			b.WriteString(l.text)
		default:
			if k = key(l); !done[k] {
				b.WriteString(lines[last[k]].text)
				done[k] = true
			}
		}
	}
	return b.String()
}
