package fakedns

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/miekg/dns"

	"strictmx/internal/spelling"
)

// A record is a resource record and where it was written.
type record struct {
	rr   dns.RR
	name string // canonical owner
	file string
	line int // from 1; 0 if it was not written in a file
}

func (r record) place() string {
	if r.line == 0 {
		return r.file
	}
	return fmt.Sprintf("%s:%d", r.file, r.line)
}

// An Error is something wrong with the input, and where.
type Error struct {
	File string
	Line int // from 1; 0 if it is about the file as a whole
	Err  error
}

func (e *Error) Error() string {
	switch {
	case e.File == "":
		return e.Err.Error()
	case e.Line == 0:
		return e.File + ": " + e.Err.Error()
	}
	return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// A masterFile is a zone file, or a fragment of one, being read.
type masterFile struct {
	zone    string // origin of the zone, canonical
	file    string
	origin  string // for relative names; $ORIGIN changes it
	owner   string // of the record before; empty at the start
	ttl     uint32 // for records without one
	fixed   bool   // ttl was set by $TTL (RFC 2308 section 4)
	signed  bool
	records []record
	errs    []error
}

// readMaster reads a fragment from the start, without owner or TTL from elsewhere.
func readMaster(zone, file, text string) *masterFile {
	m := &masterFile{zone: zone, file: file, origin: zone, ttl: defaultTTL}
	for _, e := range entries(text) {
		line, err := e.line, error(nil)
		switch {
		case e.wrong != "":
			err = errors.New(e.wrong)
		case len(e.tokens) == 0:
			m.signed = m.signed || strings.EqualFold(e.comment, "signed")
		case !e.indented && !e.tokens[0].quoted && e.tokens[0].text[0] == '$':
			err = m.directive(e)
		default:
			line, err = m.record(e)
		}
		if err != nil {
			m.errs = append(m.errs, &Error{file, line, err})
		}
	}
	return m
}

func (m *masterFile) directive(e entry) error {
	word := strings.ToUpper(e.tokens[0].text)
	switch word {
	case "$INCLUDE", "$GENERATE":
		return fmt.Errorf("%s is not supported here: write its records out", word)
	case "$ORIGIN", "$TTL":
	default:
		return fmt.Errorf("unknown directive %q: want $ORIGIN or $TTL", e.tokens[0].text)
	}
	if len(e.tokens) != 2 || e.tokens[1].quoted {
		return fmt.Errorf("%s: want one word after it", word)
	}
	arg := e.tokens[1].text
	if word == "$ORIGIN" {
		origin, err := fqdn(m.absolute(arg))
		if err == nil {
			m.origin = origin
		}
		return err
	}
	ttl, err := parseTTL(arg)
	if err == nil {
		m.ttl, m.fixed = ttl, true
	}
	return err
}

// absolute completes a relative name with the origin.
func (m *masterFile) absolute(name string) string {
	switch {
	case name == "@":
		return m.origin
	case dns.IsFqdn(name):
		return name
	case m.origin == ".":
		return name + "."
	}
	return name + "." + m.origin
}

var ttlForm = regexp.MustCompile(`^([0-9]+[smhdwSMHDW])*[0-9]*$`)

// parseTTL reads seconds, or BIND's form 1w2d3h4m5s.
func parseTTL(s string) (uint32, error) {
	if ttlForm.MatchString(s) && len(s) < 20 {
		zp := dns.NewZoneParser(strings.NewReader(". "+s+" A 203.0.113.1\n"), ".", "")
		if rr, ok := zp.Next(); ok && rr.Header().Ttl <= math.MaxInt32 {
			return rr.Header().Ttl, nil
		}
	}
	return 0, fmt.Errorf("TTL %q: want seconds or a form such as 1h30m, at most %d seconds (RFC 2181 section 8)",
		s, math.MaxInt32)
}

// record reads the entry of a record. The line is where it is wrong.
func (m *masterFile) record(e entry) (line int, err error) {
	text, rest := e.raw, e.tokens
	if e.indented {
		if m.owner == "" {
			return e.line, errors.New("a line that starts with a blank has the owner of the record before: want an owner on the first record")
		}
		text = m.owner + " " + text
	} else {
		if e.tokens[0].quoted {
			return e.line, errors.New("want an owner name without quotation marks")
		}
		owner, err := fqdn(m.absolute(e.tokens[0].text))
		if err != nil {
			return e.line, fmt.Errorf("owner: %w", err)
		}
		m.owner = owner
		rest = rest[1:]
	}
	typ, hasTTL, err := m.checkWords(rest, e.indented)
	if err != nil {
		return e.line, err
	}
	rr, bad, err := parseRecord(text, m.origin, m.ttl)
	if err != nil {
		if hint := syntax[typ]; hint != "" {
			err = fmt.Errorf("%w: want %s", err, hint)
		}
		if i := slices.IndexFunc(rest, func(t token) bool { return t.text == bad }); i >= 0 {
			return e.line + rest[i].off, err
		}
		return e.line, err
	}
	if hasTTL && !m.fixed {
		m.ttl = rr.Header().Ttl // RFC 1035 section 5.1: the last one stated
	}
	name := lower(rr.Header().Name)
	if !below(name, m.zone) {
		return e.line, fmt.Errorf("owner %s is outside the zone %s: want a name in it (is a final dot missing or one too many?)",
			rr.Header().Name, m.zone)
	}
	m.records = append(m.records, record{rr, name, m.file, e.line})
	return 0, nil
}

// checkWords looks at the words after the owner, for errors that a person can
// understand: [TTL] [class] type data.
func (m *masterFile) checkWords(rest []token, indented bool) (typ uint16, hasTTL bool, err error) {
	for len(rest) > 0 && !rest[0].quoted {
		word := strings.ToUpper(rest[0].text)
		class, isClass := dns.StringToClass[word]
		isClass = isClass && class != dns.ClassANY || strings.HasPrefix(word, "CLASS")
		if isClass && word != "IN" && word != "CLASS1" {
			return 0, false, fmt.Errorf("class %s: want IN", word)
		}
		if digit(word[0]) {
			if _, err := parseTTL(word); err != nil {
				return 0, false, err
			}
			hasTTL = true
		} else if !isClass {
			break
		}
		rest = rest[1:]
	}
	if len(rest) == 0 {
		return 0, false, errors.New("want a record type after the owner, such as A or TXT")
	}
	if rest[0].quoted {
		return 0, false, fmt.Errorf("want a record type without quotation marks, not %q", rest[0].text)
	}
	typ, ok := parseType(rest[0].text)
	if !ok {
		why := wantType(rest[0].text)
		if indented {
			why += "; a line that starts with a blank has no owner of its own"
		}
		return 0, false, fmt.Errorf("unknown record type %q: %s", rest[0].text, why)
	}
	if metaType(typ) {
		return 0, false, fmt.Errorf("type %s is for queries: want a type that zones have", rest[0].text)
	}
	data := rest[1:]
	if len(data) == 0 {
		return 0, false, fmt.Errorf("want data after %s: %s", rest[0].text, syntax[typ])
	}
	if typ == dns.TypeTXT || typ == dns.TypeSPF {
		for _, t := range data {
			if n := octets(t.text); n > 255 {
				return 0, false, fmt.Errorf("a string of %d octets: want at most 255 in each, as in \"first part \" \"second part\"", n)
			}
		}
	}
	return typ, hasTTL, nil
}

var parseErrorForm = regexp.MustCompile(`(?s)^dns: (.*: (".*")) at line: [0-9]+:[0-9]+$`)

// parseRecord reads exactly one record and gives it the form it has when read from
// a packet. An error comes with the word that is wrong, if it is known.
func parseRecord(text, origin string, ttl uint32) (rr dns.RR, bad string, err error) {
	if text[0] == '$' {
		text = `\` + text // a repeated owner, not a directive
	}
	zp := dns.NewZoneParser(strings.NewReader(text+"\n"), origin, "")
	zp.SetDefaultTTL(ttl)
	rr, ok := zp.Next()
	if err := zp.Err(); err != nil {
		m := parseErrorForm.FindStringSubmatch(err.Error())
		if m == nil {
			return nil, "", err
		}
		if bad, err = strconv.Unquote(m[2]); err != nil {
			bad = ""
		}
		return nil, bad, errors.New(m[1])
	}
	if !ok {
		return nil, "", errors.New("want a record")
	}
	if _, more := zp.Next(); more || zp.Err() != nil {
		return nil, "", errors.New("want one record only")
	}
	rr, err = rewrite(rr)
	return rr, "", err
}

// rewrite packs and unpacks a record: what does not survive cannot be served.
func rewrite(rr dns.RR) (dns.RR, error) {
	wire := make([]byte, dns.Len(rr)+512)
	end, err := dns.PackRR(rr, wire, 0, nil, false)
	if err != nil {
		return nil, fmt.Errorf("record does not fit in a packet: %w", err)
	}
	if _, generic := rr.(*dns.RFC3597); rr.Header().Rdlength == 0 && !generic {
		return nil, errors.New("record has no data")
	}
	got, n, err := dns.UnpackRR(wire[:end], 0)
	if err != nil || n != end {
		return nil, errors.Join(errors.New("record data is incomplete"), err)
	}
	return got, nil
}

func wantType(s string) string {
	var types []string
	for t, n := range dns.StringToType {
		if !metaType(n) {
			types = append(types, t)
		}
	}
	slices.Sort(types)
	if near := spelling.Nearest(s, types); near != "" {
		return "did you mean " + near + "?"
	}
	return "want one such as A, AAAA, MX, TXT, PTR or TYPE65280"
}

// syntax says what the data of common types look like.
var syntax = map[uint16]string{
	dns.TypeA:     "an IPv4 address, as in 203.0.113.10",
	dns.TypeAAAA:  "an IPv6 address, as in 2001:db8::10",
	dns.TypeMX:    "preference and name, as in 10 mail.example.com.",
	dns.TypeTXT:   `strings in quotation marks, as in "v=spf1 -all"`,
	dns.TypePTR:   "a name",
	dns.TypeCNAME: "a name",
	dns.TypeDNAME: "a name",
	dns.TypeNS:    "a name",
	dns.TypeSRV:   "priority, weight, port and name",
	dns.TypeSOA:   "server, mailbox, serial, refresh, retry, expire and minimum",
	dns.TypeCAA:   `flags, tag and value, as in 0 issue "ca.example.net"`,
	dns.TypeTLSA:  "usage, selector, matching type and data in hexadecimal",
}
