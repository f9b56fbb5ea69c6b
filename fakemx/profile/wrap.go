package profile

import (
	"regexp"
	"slices"
	"strings"
)

// A wrapping is how a server breaks its long replies.
type wrapping struct {
	columns int    // of a whole reply line, code included; 0 does not break
	tail    string // what the server adds to the last line after breaking
}

var address = regexp.MustCompile(`https?://[^ \n]*`)

// wrap breaks a text as Gmail does, which was worked out from transcripts:
//
//   - a line has at most so many columns (first for the first line, rest for the
//     others), and ends where a blank is, which the break takes away; a second
//     blank stays and begins the next line
//   - a full stop that would be the first character too many goes to the next
//     line without its word ("authentication" / ". Please review"; a domain is
//     cut there, too)
//   - a web address begins a line of its own and is never cut
//   - a word that has no blank before it on its line is cut at the last column
//
// A line end in the text is a break as well. Without a limit (less than one
// column) only those remain.
func wrap(text string, first, rest int) []string {
	var out []string
	width := first
	for para := range strings.SplitSeq(text, "\n") {
		for _, part := range splitAddresses(para) {
			lines := fill(part, width, rest)
			out = append(out, lines...)
			width = rest
		}
	}
	return out
}

// splitAddresses cuts a text before each web address that follows a word. The
// blank before it is the break.
func splitAddresses(s string) []string {
	var out []string
	start := 0
	for _, m := range address.FindAllStringIndex(s, -1) {
		at := m[0]
		before := strings.TrimRight(s[start:at], " ")
		if before == "" || at == start+len(before) {
			continue // at the start of a line, or in the middle of a word
		}
		out = append(out, before)
		start += len(before) + 1
	}
	return append(out, s[start:])
}

// fill breaks one run of text at blanks.
func fill(s string, first, rest int) []string {
	var out []string
	text, width := []rune(s), first
	for width > 0 && len(text) > width {
		end, next := breakAt(text, width)
		if end >= len(text) {
			break
		}
		out = append(out, string(text[:end]))
		text, width = text[next:], rest
	}
	return append(out, string(text))
}

// breakAt finds where a line of at most width columns ends, and where the next
// one begins.
func breakAt(text []rune, width int) (end, next int) {
	if n := addressEnd(text); n > width {
		if n < len(text) && text[n] == ' ' {
			return n, n + 1
		}
		return n, n
	}
	switch {
	case text[width] == ' ':
		return width, width + 1
	case text[width] == '.' && text[width-1] != ' ':
		return width, width
	}
	word := width
	for word > 0 && text[word-1] != ' ' {
		word--
	}
	if word == 0 || !slices.ContainsFunc(text[:word], func(r rune) bool { return r != ' ' }) {
		return width, width
	}
	return word - 1, word
}

// addressEnd is where the web address ends with which the text begins, blanks
// aside; 0 if it begins with none.
func addressEnd(text []rune) int {
	lead := 0
	for lead < len(text) && text[lead] == ' ' {
		lead++
	}
	rest := string(text[lead:min(lead+len("https://"), len(text))])
	if !strings.HasPrefix(rest, "http://") && rest != "https://" {
		return 0
	}
	end := lead
	for end < len(text) && text[end] != ' ' {
		end++
	}
	return end
}
