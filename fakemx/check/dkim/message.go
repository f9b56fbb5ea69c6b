package dkim

import (
	"bytes"

	"strictmx/fakemx/check/address"
)

// A Field is one header field of a message.
type Field struct {
	Name  string // as written, without white space after it; empty if a line has no colon
	Raw   []byte // all of it, with its final CR LF
	index int    // in the message
}

// Value is what stands behind the colon, folds and final CR LF included.
func (f Field) Value() string {
	if f.Name == "" {
		return ""
	}
	_, value, _ := bytes.Cut(f.Raw, []byte(":"))
	return string(value)
}

// A Message is a message in its parts.
type Message struct {
	Fields []Field
	Body   []byte // what follows the empty line
	// Unfit is why signatures of this message cannot be judged; nil if they can.
	Unfit *Fault

	named  map[string][]int // indexes of fields by lower-case name, from the top
	bodies map[bodyForm]bodyHash
}

// Parse takes a message apart. Of a header over the limit it reads the beginning.
func Parse(content []byte) *Message {
	m := &Message{
		Unfit: unfit(content),
		named: make(map[string][]int), bodies: make(map[bodyForm]bodyHash),
	}
	rest, read := content, 0
	for len(rest) > 0 {
		n := bytes.IndexByte(rest, '\n') + 1
		if n == 0 {
			n = len(rest)
		}
		line := rest[:n]
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			m.Body = rest[n:]
			break
		}
		if read += n; read > maxHeader {
			m.Unfit = neutral("the header is longer than %d octets, and is not judged", maxHeader)
			break
		}
		m.add(line, content, len(content)-len(rest))
		if len(m.Fields) > maxFields {
			m.Unfit = neutral("the header has more than %d fields, and is not judged", maxFields)
			break
		}
		rest = rest[n:]
	}
	for i := range m.Fields {
		m.index(i)
	}
	return m
}

// mayHave tells whether a field of a name can be in the header of a message. If not,
// [Parse] would find none, and need not look.
func mayHave(content []byte, name string) bool {
	for len(content) > 0 && content[0] != '\n' && !bytes.HasPrefix(content, []byte("\r\n")) {
		if len(content) > len(name) && bytes.EqualFold(content[:len(name)], []byte(name)) {
			return true
		}
		n := bytes.IndexByte(content, '\n')
		if n < 0 {
			break
		}
		content = content[n+1:]
	}
	return false
}

// add takes one line of the header at an offset of content: the start of a field,
// or more of the one before.
func (m *Message) add(line, content []byte, at int) {
	if last := len(m.Fields) - 1; last >= 0 && (line[0] == ' ' || line[0] == '\t') {
		f := &m.Fields[last]
		start := at - len(f.Raw)
		f.Raw = content[start : at+len(line) : at+len(line)]
		return
	}
	m.Fields = append(m.Fields, Field{Raw: line[:len(line):len(line)], index: len(m.Fields)})
}

// index names a field. The last one gets the line end that it may lack.
func (m *Message) index(i int) {
	f := &m.Fields[i]
	if f.Raw[len(f.Raw)-1] != '\n' {
		f.Raw = append(f.Raw, "\r\n"...) // copies: Raw has no room behind it
	}
	name, _, ok := bytes.Cut(f.Raw, []byte(":"))
	name = bytes.TrimRight(name, " \t")
	if !ok || len(name) == 0 || bytes.ContainsAny(name, " \t\r\n") {
		return
	}
	f.Name = string(name)
	key := address.Lower(f.Name)
	m.named[key] = append(m.named[key], i)
}

// Named are the fields of a name, from the top.
func (m *Message) Named(name string) []Field {
	indexes := m.named[address.Lower(name)]
	out := make([]Field, len(indexes))
	for i, at := range indexes {
		out[i] = m.Fields[at]
	}
	return out
}

// unfit looks for CR and LF that do not stand together (RFC 5322 section 2.3).
// Readers disagree on whether such a one ends a line, so a signature over it is
// one over several messages.
func unfit(content []byte) *Fault {
	const why = "RFC 6376 section 5.3 wants CR LF, and the message is not judged"
	for i := 0; ; {
		at := bytes.IndexAny(content[i:], "\r\n")
		if at < 0 {
			return nil
		}
		i += at
		switch {
		case content[i] == '\n':
			return neutral("there is an LF without CR at octet %d: %s", i+1, why)
		case i+1 == len(content) || content[i+1] != '\n':
			return neutral("there is a CR without LF at octet %d: %s", i+1, why)
		}
		i += 2
	}
}
