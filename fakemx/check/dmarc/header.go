package dmarc

import "bytes"

// named are the bodies of the header fields of a name, in lower case, folds undone.
// A line ends with LF, with or without CR, so that what some reader would take for a
// field counts as one. whole is false if the header is over the limit. Of a body it
// keeps little more than maxFrom octets.
func named(content []byte, name string) (bodies []string, whole bool) {
	var body []byte // of the field that is read
	open := false   // it is one of the name
	shut := func() {
		if open {
			bodies = append(bodies, string(body))
		}
	}
	for rest, read := content, 0; len(rest) > 0; {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		read += len(rest) - len(after)
		rest = after
		line = bytes.TrimSuffix(line, []byte("\r"))
		switch {
		case len(line) == 0:
			shut()
			return bodies, true
		case read > maxHeader:
			return nil, false
		case line[0] == ' ' || line[0] == '\t':
			if open && len(body) <= maxFrom {
				body = append(body, line...)
			}
			continue
		}
		shut()
		key, value, ok := bytes.Cut(line, []byte(":"))
		open = ok && bytes.EqualFold(bytes.TrimRight(key, " \t"), []byte(name))
		if open {
			body = append(body[:0], value...)
		}
	}
	shut()
	return bodies, true
}
