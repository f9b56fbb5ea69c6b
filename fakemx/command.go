package fakemx

import (
	"errors"
	"strings"
)

// A command is one command line taken apart (RFC 5321 section 4.1.1).
type command struct {
	verb string // upper case
	arg  string // without blanks around it
}

var errSyntax = errors.New("want a verb, a blank and printable characters")

// parseCommand reads a line without its CR LF. Blanks at the end are allowed
// (section 4.1.1), control characters are not.
func parseCommand(line string) (command, error) {
	for i := range len(line) {
		if c := line[i]; c < ' ' && c != '\t' || c == 0x7f {
			return command{}, errSyntax
		}
	}
	verb, arg, _ := strings.Cut(line, " ")
	return command{strings.ToUpper(verb), strings.Trim(arg, " \t")}, nil
}

// A path is the argument of MAIL or RCPT.
type path struct {
	known  bool   // false if the address is not one
	addr   string // without angle brackets and source route; empty is the null sender
	params []param
}

// A param is one ESMTP parameter.
type param struct {
	key   string // upper case
	value string // empty if there is no "="
}

func (p param) String() string {
	if p.value == "" {
		return p.key
	}
	return p.key + "=" + p.value
}

// parsePath reads "FROM:<path> params" or "TO:<path> params" (section 4.1.2), given
// the prefix. A source route is dropped (section 4.1.1.3). If only the parameters
// are at fault, the path comes with the error.
func parsePath(arg, prefix string) (path, error) {
	if len(arg) < len(prefix) || !strings.EqualFold(arg[:len(prefix)], prefix) {
		return path{}, errors.New("want " + prefix + "<address>")
	}
	rest := strings.TrimLeft(arg[len(prefix):], " ")
	if !strings.HasPrefix(rest, "<") {
		return path{}, errors.New("want an address in angle brackets")
	}
	end := closingBracket(rest)
	if end < 0 {
		return path{}, errors.New("want a closing angle bracket")
	}
	addr := rest[1:end]
	if strings.HasPrefix(addr, "@") {
		_, after, ok := strings.Cut(addr, ":")
		if !ok {
			return path{}, errors.New("want a colon after the source route")
		}
		addr = after
	}
	switch {
	case addr == "" && prefix == "FROM:" && end == 1:
	case prefix == "TO:" && strings.EqualFold(addr, "postmaster"): // section 4.1.1.3: without a domain, too
	default:
		if err := CheckMailbox(addr); err != nil {
			return path{}, err
		}
	}
	params, err := parseParams(rest[end+1:])
	return path{known: true, addr: addr, params: params}, err
}

// closingBracket finds the bracket that ends a path, outside quoted strings.
func closingBracket(s string) int {
	quoted := false
	for i := 1; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == '>' && !quoted:
			return i
		}
	}
	return -1
}

// CheckMailbox tells what is wrong with an address that servers would answer with a
// syntax error: it wants Local-part "@" ( Domain / address-literal ). Octets above
// ASCII count as letters (RFC 6531 section 3.3).
func CheckMailbox(s string) error {
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at == len(s)-1 {
		return errors.New("want local-part@domain")
	}
	local, domain := s[:at], s[at+1:]
	if strings.HasPrefix(local, `"`) {
		if !quotedString(local) {
			return errors.New("want a quoted string that ends before the @")
		}
	} else if !dots(local, atext) {
		return errors.New("want a dot-string or a quoted string before the @")
	}
	if lit, ok := strings.CutPrefix(domain, "["); ok {
		if lit, ok = strings.CutSuffix(lit, "]"); !ok || lit == "" || strings.ContainsAny(lit, `[]\ `) {
			return errors.New("want an address in square brackets")
		}
		return nil
	}
	if !dots(domain, letDigHyp) {
		return errors.New("want a domain after the @")
	}
	return nil
}

// dots wants one or more atoms, joined by single dots.
func dots(s string, ok func(byte) bool) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" {
			return false
		}
		for i := range len(atom) {
			if !ok(atom[i]) {
				return false
			}
		}
	}
	return true
}

func alnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func atext(c byte) bool { return alnum(c) || strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0 }

// letDigHyp allows the underscore, too: host names have it, right or wrong, and
// whether that matters is for a profile to say.
func letDigHyp(c byte) bool { return alnum(c) || c == '-' || c == '_' }

// quotedString wants a whole quoted string with something in it.
func quotedString(s string) bool {
	if len(s) < 3 {
		return false
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i == len(s)-1
		}
	}
	return false
}

// parseParams reads the parameters after a path, blanks before each. A keyword
// given twice is an error.
func parseParams(s string) ([]param, error) {
	if s != "" && s[0] != ' ' {
		return nil, errors.New("want a blank after the closing angle bracket")
	}
	var out []param
	for word := range strings.FieldsSeq(s) {
		key, value, ok := strings.Cut(word, "=")
		p := param{strings.ToUpper(key), value}
		switch {
		case !keywordOK(p.key):
			return nil, errors.New("want a keyword of letters, digits and hyphens")
		case ok && value == "", strings.Contains(value, "="):
			return nil, errors.New("want one value after the =")
		}
		for _, other := range out {
			if other.key == p.key {
				return nil, errors.New("want each keyword once")
			}
		}
		out = append(out, p)
	}
	return out, nil
}

// keywordOK wants (ALPHA / DIGIT) *(ALPHA / DIGIT / "-"), section 4.1.2.
func keywordOK(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= 0x80 || !alnum(c) && (c != '-' || i == 0) {
			return false
		}
	}
	return s != ""
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
