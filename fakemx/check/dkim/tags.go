package dkim

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A Tag is one of a tag list. Its value has no white space around it.
type Tag struct {
	Name, Value string
	start, end  int // where the value stands in the list, with the white space around it
}

// Tags are a tag list in its order (RFC 6376 section 3.2).
type Tags []Tag

// Folding white space in a header field, and in a TXT record when its folds are undone.
const (
	foldingSpace = " \t\r\n"
	plainSpace   = " \t"
)

// ParseTags reads the tag list of a header field. A tag that is there twice, one
// without "=" or name, and an octet that no value may have make the whole list
// invalid. Text outside of ASCII is UTF-8 (RFC 8616 section 5).
func ParseTags(s string) (Tags, error) { return parseTags(s, foldingSpace) }

func parseTags(s, space string) (Tags, error) {
	var tags Tags
	seen := make(map[string]bool)
	for at := 0; at <= len(s); {
		end := strings.IndexByte(s[at:], ';') + at
		last := end < at
		if last {
			end = len(s)
		}
		spec := s[at:end]
		if last && len(tags) > 0 && strings.Trim(spec, space) == "" {
			break // after the ";" that may end a list
		}
		name, value, ok := strings.Cut(spec, "=")
		t := Tag{
			Name: strings.Trim(name, space), Value: strings.Trim(value, space),
			start: at + len(name) + 1, end: end,
		}
		if err := t.check(ok, spec, space); err != nil {
			return nil, err
		}
		if seen[t.Name] {
			return nil, fmt.Errorf("tag %s= is there twice", t.Name)
		}
		seen[t.Name] = true
		tags = append(tags, t)
		at = end + 1
	}
	return tags, nil
}

// check tells whether a tag is of the grammar; ok whether it has a "=".
func (t Tag) check(ok bool, spec, space string) error {
	switch {
	case strings.Trim(spec, space) == "":
		return fmt.Errorf("there is an empty tag")
	case !ok:
		return fmt.Errorf("tag %q has no =", brief(strings.Trim(spec, space)))
	case !isTagName(t.Name):
		return fmt.Errorf("%q is no name of a tag", brief(t.Name))
	case !utf8.ValidString(t.Value):
		return fmt.Errorf("the value of tag %s= is not UTF-8", t.Name)
	}
	for _, c := range []byte(t.Value) {
		if c < ' ' && !strings.ContainsRune(space, rune(c)) || c == 0x7f {
			return fmt.Errorf("the value of tag %s= has the octet %#02x", t.Name, c)
		}
	}
	return nil
}

// isTagName knows the tag-name of RFC 6376 section 3.2.
func isTagName(s string) bool {
	for i, c := range []byte(s) {
		alpha := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !alpha && (i == 0 || (c < '0' || c > '9') && c != '_') {
			return false
		}
	}
	return s != ""
}

// Get is the value of a tag, and whether it is there. Names are case-sensitive.
func (t Tags) Get(name string) (string, bool) {
	for _, tag := range t {
		if tag.Name == name {
			return tag.Value, true
		}
	}
	return "", false
}

// compact is the value of a tag without any white space; empty if it is not there.
func (t Tags) compact(name string) string {
	v, _ := t.Get(name)
	return compact(v)
}

// unfolded is the value of a tag in one line (RFC 5322 section 2.2.3); empty if it is
// not there.
func (t Tags) unfolded(name string) string {
	v, _ := t.Get(name)
	return without(v, "\r\n")
}

// list is a value of parts with colons between, and whether the tag is there.
func (t Tags) list(name string) ([]string, bool) {
	v, ok := t.Get(name)
	if !ok {
		return nil, false
	}
	parts := strings.Split(v, ":")
	for i, p := range parts {
		parts[i] = strings.Trim(p, foldingSpace)
	}
	return parts, true
}

// compact takes out white space.
func compact(s string) string { return without(s, foldingSpace) }

// without takes some ASCII characters out.
func without(s, chars string) string {
	at := strings.IndexAny(s, chars)
	if at < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for ; at >= 0; at = strings.IndexAny(s, chars) {
		out = append(out, s[:at]...)
		s = s[at+1:]
	}
	return string(append(out, s...))
}

// decodeBase64 wants padding, and zeros in the bits that do not count (RFC 4648
// sections 3.2 and 3.5). White space may stand anywhere.
func decodeBase64(s string) ([]byte, error) {
	return base64.StdEncoding.Strict().DecodeString(compact(s))
}

// brief cuts text of a sender for a reason.
func brief(s string) string {
	const most = 64
	if len(s) <= most {
		return s
	}
	return s[:most] + "..."
}
