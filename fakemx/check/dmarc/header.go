package dmarc

import (
	"bytes"
	"strings"
)

// named are the bodies of the header fields of a name, in lower case, folds undone.
// A line ends with LF, with or without CR, so that what some reader would take for a
// field counts as one. whole is false if the header is over the limit. Of a body it
// keeps little more than maxFrom octets.
func named(content []byte, name string) (bodies []string, whole bool) {
	open := false // the field that continues is one of the name
	for rest, read := content, 0; len(rest) > 0; {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		read += len(rest) - len(after)
		rest = after
		line = bytes.TrimSuffix(line, []byte("\r"))
		switch {
		case len(line) == 0:
			return bodies, true
		case read > maxHeader:
			return nil, false
		case line[0] == ' ' || line[0] == '\t':
			if last := len(bodies) - 1; open && len(bodies[last]) <= maxFrom {
				bodies[last] += string(line)
			}
			continue
		}
		key, value, ok := bytes.Cut(line, []byte(":"))
		open = ok && lowerASCII(string(bytes.TrimRight(key, " \t"))) == name
		if open {
			bodies = append(bodies, strings.TrimSpace(string(value)))
		}
	}
	return bodies, true
}
