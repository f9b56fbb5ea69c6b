package check

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
)

// Limits of a header. What is beyond them is judged as body, and the facet syntax is
// malformed.
const (
	maxHeaderSize   = 1 << 20 // octets; the default of header_size_limit in Postfix 3.7 is 102400
	maxHeaderFields = 10_000
	maxFieldName    = 77 // octets: a line of 78 with its colon (RFC 5322 section 2.1.1)
)

// once are the fields that RFC 5322 section 3.6 allows once, lower case.
var once = []string{
	"date", "from", "sender", "reply-to", "to", "cc", "bcc", "message-id", "in-reply-to", "references", "subject",
}

var onceIndex = func() map[string]int {
	out := make(map[string]int)
	for i, name := range once {
		out[name] = i
	}
	return out
}()

// A fault is what a facet tells when it is not well.
type fault struct{ value, text string }

// A scanner goes once through a message, line by line, and keeps no part of it.
type scanner struct {
	facts            Facts
	maxHops, maxLine int

	faults map[string]fault // by facet, the first of each; nil if there is none
	hops   int
	twice  string // the first field that is there twice, as written

	body   bool   // the header has ended
	field  []byte // the field that is being read, folds included
	fields int
	counts [16]int // by index in once
}

// fault keeps the first fault of a facet.
func (s *scanner) fault(facet, value, format string, args ...any) {
	if _, told := s.faults[facet]; !told {
		s.put(facet, fault{value, fmt.Sprintf(format, args...)})
	}
}

// put takes a fault in the place of one that the facet may have.
func (s *scanner) put(facet string, f fault) {
	if s.faults == nil {
		s.faults = make(map[string]fault)
	}
	s.faults[facet] = f
}

// scan judges the message. A line ends with LF, or with the message.
func (s *scanner) scan(content []byte) {
	fieldAt := 0
	for at, number := 0, 1; at < len(content); number++ {
		end := len(content)
		if i := bytes.IndexByte(content[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		text := s.line(content[at:end], number)
		if !s.body {
			switch {
			case len(text) == 0:
				s.endOfHeader()
			case end > maxHeaderSize:
				s.fault("syntax", "malformed", "the header is longer than %d octets", maxHeaderSize)
				s.endOfHeader()
			case text[0] != ' ' && text[0] != '\t':
				s.endOfField()
				if s.startsField(text, number) {
					fieldAt = at
					s.field = content[fieldAt:end]
				}
			case s.field == nil:
				s.fault("syntax", "malformed", "line %d goes on with a field, and there is none", number)
				s.endOfHeader()
			default:
				s.field = content[fieldAt:end]
			}
		}
		s.eightBit(content[at:end], number)
		at = end
	}
	s.endOfHeader()
	s.count()
}

// line judges a line's end and length, and gives it without its end.
func (s *scanner) line(line []byte, number int) []byte {
	text, ended := bytes.CutSuffix(line, []byte("\n"))
	if ended {
		var crlf bool
		if text, crlf = bytes.CutSuffix(text, []byte("\r")); !crlf {
			s.put("line-ends", s.bareLF(number))
		}
	}
	if bytes.IndexByte(text, '\r') >= 0 {
		s.fault("line-ends", "bare-cr", "line %d has a CR without LF", number)
	}
	if len(text) > s.maxLine {
		s.fault("lines", "long", "line %d has %d octets, more than %d", number, len(text), s.maxLine)
	}
	return text
}

// bareLF is the fault that stands before that of a bare CR.
func (s *scanner) bareLF(number int) fault {
	if old := s.faults["line-ends"]; old.value == "bare-lf" {
		return old
	}
	return fault{"bare-lf", fmt.Sprintf("line %d ends with an LF without CR", number)}
}

// startsField wants the name of a field and a colon (RFC 5322 section 2.2), with
// blanks before the colon as the obsolete syntax allows (section 4.5). A line "From "
// at the top comes out of a mailbox file, and does not end the header.
func (s *scanner) startsField(text []byte, number int) bool {
	if number == 1 && bytes.HasPrefix(text, []byte("From ")) && !bytes.HasPrefix(bytes.TrimLeft(text[5:], " \t"), []byte(":")) {
		s.fault("syntax", "malformed", "line 1 is the first line of a mailbox file and no field")
		return false
	}
	if s.fields++; s.fields > maxHeaderFields {
		s.fault("syntax", "malformed", "the header has more than %d fields", maxHeaderFields)
		s.endOfHeader()
		return false
	}
	if _, ok := fieldName(text); !ok {
		s.fault("syntax", "malformed", "line %d is no header field", number)
		s.endOfHeader()
		return false
	}
	return true
}

// fieldName is what stands before the colon, of visible ASCII.
func fieldName(text []byte) ([]byte, bool) {
	name, _, ok := bytes.Cut(text[:min(len(text), maxHeaderSize)], []byte(":"))
	name = bytes.TrimRight(name, " \t")
	if !ok || len(name) == 0 || len(name) > maxFieldName {
		return nil, false
	}
	for _, c := range name {
		if c <= ' ' || c > '~' {
			return nil, false
		}
	}
	return name, true
}

// endOfField judges the field that has been read.
func (s *scanner) endOfField() {
	field := s.field
	s.field = nil
	name, ok := fieldName(field)
	if !ok {
		return // there is none
	}
	value := field[bytes.IndexByte(field, ':')+1:]
	if bytes.IndexByte(value, 0) >= 0 {
		s.fault("syntax", "malformed", "the field %s has a NUL in it", name)
	}
	var buf [maxFieldName]byte
	lower := buf[:0]
	for _, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower = append(lower, c)
	}
	if string(lower) == "received" {
		s.hops++
	}
	i, single := onceIndex[string(lower)]
	if !single {
		return
	}
	if s.counts[i]++; s.counts[i] > 1 {
		if s.twice == "" {
			s.twice = string(name)
		}
		s.fault("duplicate", "yes", "the field %s is there twice", name)
		return
	}
	s.value(once[i], value)
}

// value judges the first field of a name.
func (s *scanner) value(name string, value []byte) {
	switch name {
	case "from":
		n, why := mailboxes(value)
		switch {
		case why != "":
			s.fault("from", "malformed", "the From field is malformed: %s", why)
		case n > 1:
			s.fault("from", "multiple-addresses", "the From field has %d addresses", n)
		}
	case "date":
		if why := badDate(value); why != "" {
			s.fault("date", "malformed", "the Date field is malformed: %s", why)
		}
	case "message-id":
		if why := badMessageID(value); why != "" {
			s.fault("message-id", "malformed", "the Message-ID field is malformed: %s", why)
		}
	}
}

func (s *scanner) endOfHeader() {
	s.endOfField()
	s.body = true
}

// count judges how often fields are there. Two of a field say more than what is
// wrong with the first.
func (s *scanner) count() {
	for _, f := range []struct{ facet, name, several string }{
		{"from", "From", "multiple-fields"},
		{"date", "Date", "multiple"},
		{"message-id", "Message-ID", "multiple"},
		{"to", "To", ""},
	} {
		switch n := s.counts[onceIndex[f.facet]]; {
		case n == 0:
			s.fault(f.facet, "missing", "there is no %s field", f.name)
		case n > 1 && f.several != "":
			s.put(f.facet, fault{f.several, "there are " + strconv.Itoa(n) + " " + f.name + " fields"})
		}
	}
	if s.hops > s.maxHops {
		s.fault("hops", "many", "there are %d Received fields, more than %d", s.hops, s.maxHops)
	}
}

// eightBit judges octets above 127.
func (s *scanner) eightBit(line []byte, number int) {
	switch {
	case s.body && s.facts.EightBit, !s.body && s.facts.UTF8, !highBits(line):
	case s.body:
		s.fault("eight-bit", "undeclared", "line %d of the body has octets above 127, and BODY=8BITMIME was not said", number)
	default:
		s.fault("eight-bit", "undeclared", "line %d of the header has octets above 127, and SMTPUTF8 was not said", number)
	}
}

// highBits tells whether an octet is above 127, eight at a time.
func highBits(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if binary.LittleEndian.Uint64(b)&0x8080808080808080 != 0 {
			return true
		}
	}
	for _, c := range b {
		if c >= 0x80 {
			return true
		}
	}
	return false
}
