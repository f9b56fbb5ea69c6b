package scenarios

import (
	"regexp"
	"strings"
)

// A Parameter is one setting of main.cf.
type Parameter struct {
	Name  string
	Value string // its lines joined by a blank, as Postfix reads them
	At    Position
}

// MergeMainCF makes one main.cf of fragments. A later setting of a parameter takes
// the place of an earlier one, where that stood; values and comments stay as they
// were written. The result is empty or ends in a line end. What Postfix would not
// read is an error with its place.
func MergeMainCF(fragments ...Fragment) (string, error) {
	var ps problems
	var all []logical
	for _, f := range fragments {
		lines, _ := mainCF(f, &ps)
		all = append(all, lines...)
	}
	if err := ps.err(); err != nil {
		return "", err
	}
	return merge(all, mainCFName), nil
}

// MainCFParameters lists the settings of a fragment in its order, those that come
// twice twice. It is meant for asking where a parameter was set, for example one
// that no Postfix program knows.
func MainCFParameters(f Fragment) ([]Parameter, error) {
	var ps problems
	_, out := mainCF(f, &ps)
	return out, ps.err()
}

// parameterName is what the name of a parameter looks like. Names that begin with
// that of a service may have its dots and colons (127.0.0.1:10025_time_limit).
var parameterName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.:@/+\-]*$`)

func mainCF(f Fragment, ps *problems) ([]logical, []Parameter) {
	lines := logicalLines(f, ps)
	var out []Parameter
	for _, l := range lines {
		if l.note {
			continue
		}
		name, value, found := strings.Cut(l.value, "=")
		name = trim(name)
		switch {
		case !found:
			ps.add(l.at, "write "+firstWord(l.value)+" = VALUE", "%q: want name = value", firstLine(l.value))
		case name == "":
			ps.add(l.at, "", "%q: want a name before the equals sign", firstLine(l.value))
		case !parameterName.MatchString(name):
			ps.add(l.at, "", "%q: want the name of a parameter before the equals sign", name)
		default:
			out = append(out, Parameter{name, unfold(value), l.at})
		}
	}
	return lines, out
}

func mainCFName(l logical) string {
	name, _, _ := strings.Cut(l.value, "=")
	return trim(name)
}

// unfold joins the lines of a value as Postfix does: each keeps its inner blanks.
func unfold(value string) string {
	var parts []string
	for l := range strings.Lines(value) {
		if l = trim(l); l != "" {
			parts = append(parts, l)
		}
	}
	return strings.Join(parts, " ")
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return trim(line)
}

func firstWord(s string) string {
	if words := strings.Fields(s); len(words) > 0 {
		return words[0]
	}
	return "NAME"
}
