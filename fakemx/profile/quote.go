package profile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"strictmx/internal/mail"
)

// givenAt has the placeholders that stand for what a client says, with the stage at
// which it has said it. All others have a value at any stage.
var givenAt = map[string]mail.Stage{"helo": mail.Helo, "from": mail.Mail, "rcpt": mail.Rcpt, "rcpt-domain": mail.Rcpt}

// phraseAt has the phrases of the dialogue that come at one stage. Others may come at
// any.
var phraseAt = map[string]mail.Stage{
	"banner": mail.Connect, "ehlo": mail.Helo, "helo": mail.Helo, "mail": mail.Mail, "rcpt": mail.Rcpt, "accepted": mail.Data,
}

// quoted are the names of the checks whose findings a reply quotes, in its order.
func (p *Profile) quoted(text string) []string {
	var out []string
	for _, m := range placeholder.FindAllString(text, -1) {
		word := strings.Trim(m, "{}")
		switch name, _, _ := strings.Cut(word, "."); {
		case word == "ptr":
			out = append(out, "iprev")
		case p.knowsFound(word):
			out = append(out, name)
		}
	}
	return out
}

// early tells of the first placeholder of a reply that has no value yet at a stage.
func (p *Profile) early(text string, at mail.Stage) error {
	for _, m := range placeholder.FindAllString(text, -1) {
		word := strings.Trim(m, "{}")
		known := givenAt[word]
		if p.knowsFound(word) {
			name, _, _ := strings.Cut(word, ".")
			c, _ := p.Check(name)
			known = c.At
		}
		if known > at {
			return fmt.Errorf("placeholder %s is not known at stage %s: want stage %s or later", m, at, known)
		}
	}
	return nil
}

// wordsLike are the placeholders that may have been meant: of a check those of what
// it finds, else those that need no check.
func (p *Profile) wordsLike(word string) []string {
	name, _, dotted := strings.Cut(word, ".")
	c, known := p.Check(name)
	if !dotted || !known {
		return p.words()
	}
	keys := slices.Concat(foundKeys, c.Properties, slices.Collect(maps.Keys(c.Facets)))
	for i, key := range keys {
		keys[i] = name + "." + key
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
