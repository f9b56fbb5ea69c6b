// Package address reads the addresses of a From field. Whatever asks about authors
// asks here, so that no two checks read two messages.
package address

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// A parser reads the address-list of RFC 5322 section 3.4, which RFC 6854
// lets a From field have, with the obsolete syntax of section 4.4 and UTF-8 (RFC
// 6532 section 3.2). It is milder than the grammar in one point: a display name may
// have dots, which section 4.1 lets readers take.
type parser struct {
	text    string
	at      int
	group   bool
	domains []string
	atoms   []string // room for words
}

// maxDepth is how deep comments may be nested.
const maxDepth = 32

// Domains gives the domain of each address of a field's body, whose folds are undone:
// as written without white space and comments, with its brackets for a literal, or
// empty if the address has none. A field that is malformed is an error; one of empty
// groups only has no address (RFC 6854).
func Domains(s string) ([]string, error) {
	if !utf8.ValidString(s) {
		return nil, errors.New("it is not UTF-8")
	}
	if strings.IndexByte(s, 0) >= 0 {
		return nil, errors.New("it has a NUL")
	}
	var room [8]string
	p := &parser{text: s, atoms: room[:0]}
	for {
		if err := p.skip(); err != nil {
			return nil, err
		}
		if p.at == len(p.text) {
			break
		}
		if err := p.element(); err != nil {
			return nil, fmt.Errorf("%w (octet %d)", err, p.at+1)
		}
	}
	if p.group {
		return nil, errors.New("a group has no end")
	}
	return p.domains, nil
}

// peek is the octet at hand; 0 at the end, which is nowhere else.
func (p *parser) peek() byte {
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

// element reads an address, a group's name or end, or a comma.
func (p *parser) element() error {
	switch {
	case p.peek() == ',': // an empty element, or what is between two
		p.at++
		return nil
	case p.peek() == ';' && p.group:
		p.group = false
		p.at++
		return p.between()
	}
	words, err := p.words()
	if err != nil {
		return err
	}
	switch c := p.peek(); {
	case c == ':' && len(words) > 0 && !p.group:
		p.group = true
		p.at++
		return nil
	case c == '<':
		err = p.angle()
	case c == '@':
		if !isLocalPart(words) {
			return errors.New("there is no local part before @")
		}
		err = p.domain()
	case len(words) > 0 && (c == ',' || c == 0 || c == ';' && p.group):
		p.domains = append(p.domains, "")
	case c == 0:
		return errors.New("the field ends too soon")
	default:
		return fmt.Errorf("%q stands where no such character may", c)
	}
	if err != nil {
		return err
	}
	return p.between()
}

// between wants the end of an element.
func (p *parser) between() error {
	if err := p.skip(); err != nil {
		return err
	}
	if c := p.peek(); c != 0 && c != ',' && (c != ';' || !p.group) {
		return fmt.Errorf("there is %q behind an address, where a comma is wanted", c)
	}
	return nil
}

// words reads atoms, dots and quoted strings. They are of use until the next are read.
func (p *parser) words() ([]string, error) {
	out := p.atoms[:0]
	for {
		if err := p.skip(); err != nil {
			return nil, err
		}
		start := p.at
		switch c := p.peek(); {
		case c == '"':
			if err := p.quoted(); err != nil {
				return nil, err
			}
		case c == '.':
			p.at++
		case isAtom(c):
			for isAtom(p.peek()) {
				p.at++
			}
		default:
			p.atoms = out
			return out, nil
		}
		out = append(out, p.text[start:p.at])
	}
}

// isLocalPart wants words with single dots between (RFC 5322 section 4.4,
// obs-local-part).
func isLocalPart(words []string) bool {
	for i, w := range words {
		if (w == ".") != (i%2 == 1) {
			return false
		}
	}
	return len(words)%2 == 1
}

// angle reads an address in angle brackets, which may have a route.
func (p *parser) angle() error {
	p.at++
	if err := p.route(); err != nil {
		return err
	}
	words, err := p.words()
	if err != nil {
		return err
	}
	switch {
	case p.peek() == '>' && isLocalPart(words):
		p.domains = append(p.domains, "")
	case !isLocalPart(words):
		return errors.New("there is no local part behind <")
	case p.peek() != '@':
		return errors.New("there is no @ behind <")
	default:
		if err := p.domain(); err != nil {
			return err
		}
	}
	if err := p.skip(); err != nil {
		return err
	}
	if p.peek() != '>' {
		return errors.New("there is no > behind an address")
	}
	p.at++
	return nil
}

// route passes over the source route of RFC 5322 section 4.4: "@a,@b:".
func (p *parser) route() error {
	if err := p.skip(); err != nil || p.peek() != '@' && p.peek() != ',' {
		return err
	}
	for {
		if err := p.skip(); err != nil {
			return err
		}
		switch p.peek() {
		case ':':
			p.at++
			return nil
		case ',':
			p.at++
		case '@':
			if err := p.domain(); err != nil {
				return err
			}
			p.domains = p.domains[:len(p.domains)-1]
		default:
			return errors.New("a route has no end")
		}
	}
}

// domain reads what stands behind @.
func (p *parser) domain() error {
	p.at++
	if err := p.skip(); err != nil {
		return err
	}
	if p.peek() == '[' {
		return p.literal()
	}
	words, err := p.words()
	if err != nil {
		return err
	}
	name := strings.Join(words, "")
	if !isLocalPart(words) || strings.Contains(name, `"`) {
		return errors.New("there is no domain behind @")
	}
	p.domains = append(p.domains, name)
	return nil
}

// literal reads an address literal, in which a backslash may stand before any octet
// (RFC 5322 section 4.4, obs-dtext).
func (p *parser) literal() error {
	for i := p.at + 1; i < len(p.text) && p.text[i] != '['; i++ {
		switch p.text[i] {
		case '\\':
			i++
		case ']':
			p.domains = append(p.domains, p.text[p.at:i+1])
			p.at = i + 1
			return nil
		}
	}
	return errors.New("an address literal has no end")
}

// quoted passes over a quoted string.
func (p *parser) quoted() error {
	for i := p.at + 1; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '\\':
			i++
		case c == '"':
			p.at = i + 1
			return nil
		case c < ' ' && c != '\t' || c == 0x7f:
			return fmt.Errorf("a quoted string has the octet %#02x", c)
		}
	}
	return errors.New("a quoted string has no end")
}

// skip passes over white space and comments (RFC 5322 section 3.2.2).
func (p *parser) skip() error {
	depth := 0
	for ; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '(':
			if depth++; depth > maxDepth {
				return fmt.Errorf("comments are nested deeper than %d", maxDepth)
			}
		case c == ')' && depth > 0:
			depth--
		case c == '\\' && depth > 0:
			p.at = min(p.at+1, len(p.text)-1)
		case c != ' ' && c != '\t' && depth == 0:
			return nil
		case (c < ' ' && c != '\t') || c == 0x7f:
			return fmt.Errorf("a comment has the octet %#02x", c)
		}
	}
	if depth > 0 {
		return errors.New("a comment has no end")
	}
	return nil
}

// isAtom knows the atext of RFC 5322 section 3.2.3 and RFC 6532 section 3.2.
func isAtom(c byte) bool {
	switch {
	case 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9', c >= 0x80:
		return true
	}
	return c != 0 && strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}
