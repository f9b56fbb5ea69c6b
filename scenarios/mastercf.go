package scenarios

import (
	"regexp"
	"slices"
	"strings"
)

// MergeMasterCF makes one master.cf of fragments. A later service of the same name
// and type takes the place of an earlier one, where that stood; lines stay as they
// were written. The result is empty or ends in a line end. What the master would
// not read is an error with its place.
func MergeMasterCF(fragments ...Fragment) (string, error) {
	var ps problems
	var all []logical
	for _, f := range fragments {
		all = append(all, masterCF(f, &ps)...)
	}
	if err := ps.err(); err != nil {
		return "", err
	}
	return merge(all, masterCFKey), nil
}

// masterColumn is one of the columns of master(5) that have a fixed form.
type masterColumn struct {
	name, want string
	form       *regexp.Regexp
}

var (
	yesOrNo       = regexp.MustCompile(`^[yn-]$`)
	masterColumns = []masterColumn{
		{"type", "inet, unix, unix-dgram, fifo or pass", regexp.MustCompile(`^(inet|unix|unix-dgram|fifo|pass)$`)},
		{"private", "y, n or -", yesOrNo},
		{"unprivileged", "y, n or -", yesOrNo},
		{"chroot", "y, n or -", yesOrNo},
		{"wakeup time", "seconds, perhaps with a question mark, or -", regexp.MustCompile(`^([0-9]{1,9}\??|-)$`)},
		{"process limit", "a number or -", regexp.MustCompile(`^([0-9]{1,9}|-)$`)},
	}
)

func masterCF(f Fragment, ps *problems) []logical {
	lines := logicalLines(f, ps)
	for _, l := range lines {
		if l.note {
			continue
		}
		words := masterWords(l)
		if len(words) < 8 {
			ps.add(l.at, "the columns are service, type, private, unprivileged, chroot, wakeup, limit, command",
				"%q has %d columns: want at least 8", firstLine(l.value), len(words))
			continue
		}
		for i, c := range masterColumns {
			if w := words[i+1]; !c.form.MatchString(w.text) {
				ps.add(w.at, "", "column %d, %s: want %s, not %q", i+2, c.name, c.want, w.text)
			}
		}
		masterOptions(words[8:], ps)
	}
	return lines
}

// masterOptions checks the -o options of a service. What follows argv= is the
// command line of another program.
func masterOptions(words []masterWord, ps *problems) {
	for i := 0; i < len(words); i++ {
		w := words[i]
		if strings.HasPrefix(w.text, "argv=") {
			return
		}
		option, value := w.text, w
		switch {
		case option == "-o" && i+1 == len(words):
			ps.add(w.at, "", "-o at the end: want -o name=value")
			return
		case option == "-o":
			i++
			value = words[i]
			option = value.text
		case strings.HasPrefix(option, "-o"):
			option = option[2:]
		default:
			value, option = w, ""
		}
		if value.open {
			ps.add(value.at, "", "%q: want a brace that closes", firstLine(value.text))
			continue
		}
		if option == "" {
			continue
		}
		if inner, braced := strings.CutPrefix(option, "{"); braced {
			option = trim(strings.TrimSuffix(inner, "}"))
		}
		name, _, found := strings.Cut(option, "=")
		if name = trim(name); !found || !parameterName.MatchString(name) {
			ps.add(value.at, "without blanks around the equals sign, or in braces: -o { name = value }",
				"-o %s: want -o name=value", firstLine(value.text))
		}
	}
}

func masterCFKey(l logical) string {
	words := masterWords(l)
	return words[0].text + "\n" + words[1].text
}

// A masterWord is a blank-separated word of a service's entry, or a part in
// braces, which may hold blanks.
type masterWord struct {
	text string
	at   Position
	open bool // a brace is not closed
}

func masterWords(l logical) []masterWord {
	var out []masterWord
	start, depth, braced := -1, 0, false
	end := func(i int) {
		if start >= 0 {
			out = append(out, masterWord{l.value[start:i], l.wordAt(start), depth > 0})
		}
		start, depth, braced = -1, 0, false
	}
	for i := 0; i < len(l.value); i++ {
		c := l.value[i]
		switch {
		case start < 0 && blank(c):
		case start < 0:
			start, braced = i, c == '{' && len(out) >= 8
			if braced {
				depth = 1
			}
		case braced && c == '{':
			depth++
		case braced && c == '}':
			if depth--; depth == 0 {
				end(i + 1)
			}
		case !braced && blank(c):
			end(i)
		}
	}
	end(len(l.value))
	return out
}

// wordAt is the place of a byte of the value, whose lines are those of the text
// without the comments.
func (l logical) wordAt(offset int) Position {
	want := strings.Count(l.value[:offset], "\n")
	lines := slices.Collect(strings.Lines(l.text))
	for i, text := range lines {
		if word := trim(text); word == "" || word[0] == '#' {
			continue
		}
		if want == 0 {
			return l.at.line(i)
		}
		want--
	}
	return l.at
}
