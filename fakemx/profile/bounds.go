package profile

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// What a session takes where the table says nothing. Beyond it the session answers
// before any rule is asked.
const (
	maxSize = 64 << 20
	// MaxRecipients are the RCPT commands of a transaction.
	MaxRecipients = 1000
)

// MaxSize is the size in octets of the largest message that a session takes: the
// number after SIZE. None and zero mean that there is no fixed maximum (RFC 1870
// section 4).
func (p *Profile) MaxSize() int64 {
	if n := p.announced(); n > 0 {
		return n
	}
	return maxSize
}

// announced is the number after SIZE; 0 if there is none.
func (p *Profile) announced() int64 {
	for _, e := range p.extensions {
		_, arg, _ := strings.Cut(e, " ")
		if n, err := strconv.ParseInt(arg, 10, 64); keyword(e) == "SIZE" && err == nil {
			return n
		}
	}
	return 0
}

// beyond tells why a condition of a rule cannot hold in any session: what it waits for
// the session refuses by itself. Empty if it can hold.
func (t *table) beyond(p *Profile, r Rule) string {
	for _, c := range r.When {
		most, given := t.most[c.Check]
		switch {
		case !given:
		case c.Facet == "" && int64(most) >= p.MaxSize() && !slices.Contains(c.Values, "pass"):
			of := "for a table without a number after SIZE"
			if n := p.announced(); n > 0 {
				of = fmt.Sprintf("as SIZE %d in the extensions has it", n)
			}
			return fmt.Sprintf("a session refuses more than %d octets first, %s: want a max below that for %s, or the words as reply size of the dialogue",
				p.MaxSize(), of, c.Check)
		case c.Facet == "count" && most >= MaxRecipients && !slices.Contains(c.Values, "ok"):
			return fmt.Sprintf("a session refuses more than %d recipients first: want a max below that for %s, or the words as reply too-many-rcpts of the dialogue",
				MaxRecipients, c.Check)
		}
	}
	return ""
}
