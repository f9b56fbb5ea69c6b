package profile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"strictmx/fakemx/check"
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

// wantedPlaceholder says which one may have been meant: of a check those of what it
// finds, where the end of a property is enough; else those that need no check.
func (p *Profile) wantedPlaceholder(word string) string {
	name, key, dotted := strings.Cut(word, ".")
	c, known := p.Check(name)
	_, method := check.MethodNamed(name)
	switch {
	case !known && dotted && method:
		return wantedCheck(name, p.Checks)
	case !known:
		return wanted(word, p.words())
	}
	found := foundBy(c)
	for i, f := range found {
		found[i] = name + "." + f
	}
	if i := slices.IndexFunc(found, func(f string) bool { return strings.HasSuffix(f, "."+key) }); i >= 0 && dotted {
		return meant(found[i], found)
	}
	return wanted(word, found)
}

// foundBy are what replies can quote of a check, sorted.
func foundBy(c check.Check) []string {
	keys := slices.Concat(foundKeys, c.Properties, slices.Collect(maps.Keys(c.Facets)))
	slices.Sort(keys)
	return slices.Compact(keys)
}
