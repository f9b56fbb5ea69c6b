package spelling

import (
	"fmt"
	"regexp"
	"strings"
)

// keyed is a line of YAML with a key and the beginning of its value.
var keyed = regexp.MustCompile(`^([ ]*(?:- +)*)([A-Za-z0-9_./@-]+):[ \t]+([^ \t#].*)$`)

// key begins a line that is a key rather than the rest of a text.
var key = regexp.MustCompile(`^[A-Za-z0-9_./@-]+:([ \t]|$)`)

// Unquoted says which text to quote after a parser's complaint of a line of YAML
// (from 1). It says nothing where missing quotes are hardly the reason.
func Unquoted(src string, line int) string {
	lines := strings.Split(src, "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	m := keyed.FindStringSubmatch(strings.TrimRight(lines[line-1], "\r"))
	if m == nil {
		return ""
	}
	indent, name, value := len(m[1]), m[2], m[3]
	why := ""
	switch value[0] {
	case '"', '\'', '|', '>':
		return "" // quoted, or a text in lines of their own
	case '{', '[':
		why = bracketed(value)
	case '@', '`', '%', '*', '&', '!':
		why = "begins with " + value[:1]
	default:
		for _, l := range append([]string{value}, continued(lines[line:], indent)...) {
			if bare, _, _ := strings.Cut(l, " #"); strings.Contains(bare, ": ") || strings.HasSuffix(bare, ":") {
				why = "has a colon and a blank in it"
			}
		}
	}
	if why == "" {
		return ""
	}
	return fmt.Sprintf("quote the text of %s, which %s", name, why)
}

// continued are the lines that go on with a text, as they are further in than its
// key and none is a key itself.
func continued(lines []string, indent int) []string {
	var out []string
	for _, l := range lines {
		text := strings.TrimSpace(l)
		if text == "" || len(l)-len(strings.TrimLeft(l, " ")) <= indent {
			break
		}
		if key.MatchString(text) {
			return nil // wrongly indented, and not a text
		}
		out = append(out, text)
	}
	return out
}

// bracketed says why a value cannot be the list or mapping as which it begins: it
// goes on behind that, or has a brace in the middle of a text.
func bracketed(value string) string {
	if strings.ContainsAny(value, `"'`) {
		return "" // some of it is quoted, and brackets there do not count
	}
	depth, last := 0, byte(0)
	for i := range len(value) {
		c := value[i]
		switch {
		case depth == 0 && last != 0 && c == '#':
			return ""
		case depth == 0 && last != 0 && c != ' ' && c != '\t':
			return "begins with " + value[:1]
		case (c == '{' || c == '[') && last != 0 && !strings.ContainsRune("{[,:", rune(last)):
			return "has " + string(c) + " in it"
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
		if c != ' ' && c != '\t' {
			last = c
		}
	}
	return ""
}
