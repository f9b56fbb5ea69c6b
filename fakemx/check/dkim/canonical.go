package dkim

import (
	"bytes"
	"crypto/sha256"
	"hash"
)

// The canonicalization algorithms of RFC 6376 section 3.4.
const (
	simple  = "simple"
	relaxed = "relaxed"
)

// canonicalField is a header field as it is hashed, with its final CR LF (RFC 6376
// sections 3.4.1 and 3.4.2).
func canonicalField(raw []byte, form string) []byte {
	if form == simple {
		return raw
	}
	name, value, _ := bytes.Cut(raw, []byte(":"))
	out := make([]byte, 0, len(raw))
	for _, c := range bytes.TrimRight(name, " \t\r\n") {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		out = append(out, c)
	}
	out = append(out, ':')
	gap, begun := false, false
	for _, c := range value {
		switch c {
		case '\r', '\n': // unfolded
		case ' ', '\t':
			gap = true
		default:
			if gap && begun {
				out = append(out, ' ')
			}
			out, gap, begun = append(out, c), false, true
		}
	}
	return append(out, "\r\n"...)
}

// A bodyForm is one way to hash a body.
type bodyForm struct {
	form   string
	length int64 // octets of the canonical body that are hashed; -1 is all
}

// A bodyHash is the SHA-256 hash of a body, and the length of the whole canonical
// body in octets.
type bodyHash struct {
	sum    [sha256.Size]byte
	length int64
}

// bodyHash hashes the body once for each form.
func (m *Message) bodyHash(f bodyForm) bodyHash {
	if known, ok := m.bodies[f]; ok {
		return known
	}
	w := &bodyWriter{hash: sha256.New(), limit: f.length}
	if f.form == simple {
		w.simple(m.Body)
	} else {
		w.relaxed(m.Body)
	}
	h := bodyHash{length: w.length}
	w.hash.Sum(h.sum[:0])
	m.bodies[f] = h
	return h
}

// A bodyWriter hashes the first octets of what it is given, and counts all.
type bodyWriter struct {
	hash          hash.Hash
	limit, length int64 // octets; a limit of -1 is none
}

func (w *bodyWriter) write(p []byte) {
	taken := p
	if w.limit >= 0 {
		taken = p[:min(int64(len(p)), max(w.limit-w.length, 0))]
	}
	w.hash.Write(taken)
	w.length += int64(len(p))
}

var crlf = []byte("\r\n")

// simple is RFC 6376 section 3.4.3: empty lines at the end become one CR LF, and so
// does an empty body.
func (w *bodyWriter) simple(body []byte) {
	for bytes.HasSuffix(body, crlf) {
		body = body[:len(body)-2]
	}
	w.write(body)
	w.write(crlf)
}

// relaxed is RFC 6376 section 3.4.4: white space at the end of a line and empty
// lines at the end of the body go, other white space becomes one blank. An empty
// body stays empty.
func (w *bodyWriter) relaxed(body []byte) {
	empty, out := 0, []byte(nil)
	for len(body) > 0 {
		var line []byte
		line, body, _ = bytes.Cut(body, crlf)
		out = appendRelaxed(out[:0], line)
		if len(out) == 0 {
			empty++
			continue
		}
		for ; empty > 0; empty-- {
			w.write(crlf)
		}
		w.write(append(out, crlf...))
	}
}

// appendRelaxed adds a line without its CR LF.
func appendRelaxed(out, line []byte) []byte {
	gap := false
	for _, c := range line {
		if c == ' ' || c == '\t' {
			gap = true
			continue
		}
		if gap {
			out, gap = append(out, ' '), false
		}
		out = append(out, c)
	}
	return out
}
