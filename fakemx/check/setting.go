package check

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"strictmx/internal/pattern"
	"strictmx/internal/spelling"
)

// A Setting is one thing that can be set up.
type Setting struct {
	Name     string
	Doc      string // what it means, with its unit; what its words mean is with them
	Kind     Kind
	Words    []Word // of a Choice
	Default  string // as written in a profile; empty is none
	Required bool
	Example  string // of one that is required
	List     bool   // may have several values
	Least    int    // of a Count; 0 is 1
	// Of names the setting on whose word it depends which words this one may have.
	Of string
}

// A Word is one that a setting can have.
type Word struct {
	Name string
	Doc  string // empty for what the name says
	// With are the words of the setting [Setting.Of] that this one goes with; nil is all.
	With []string
}

func wordsOf(names ...string) []Word {
	out := make([]Word, len(names))
	for i, name := range names {
		out[i].Name = name
	}
	return out
}

// A Kind is what the values of a setting are.
type Kind int

// The kinds of settings.
const (
	Choice  Kind = iota // one of the setting's words
	Count               // a whole number from 1, or from Least
	Delay               // a time with its unit, as in 5m; 0 is at once
	Span                // such a time, longer than 0
	Zone                // a domain name that can be asked for
	IPv4                // an IPv4 address or network
	Pattern             // a regular expression (RE2)
)

// forms are the kinds' values as text. What a form lets through can yet be wrong: a
// number that is too large, a label that is too long. RE2 and ECMA-262 read them alike.
var forms = map[Kind]string{
	Count: pattern.Any(`\+?0*[1-9][0-9]*`),
	Delay: pattern.Any(pattern.Delay),
	Span:  pattern.Any(pattern.Span),
	Zone:  pattern.Any(`([!-\-/-\[\]-~]{1,63}\.)*[!-\-/-\[\]-~]{1,63}\.?`),
	IPv4:  pattern.Any(pattern.IPv4, pattern.IPv4Network),
}

// Form is a pattern that all values of the kind have as text, for those who describe
// settings; empty where there is none.
func (k Kind) Form() string { return forms[k] }

// About is what the setting means, with its words.
func (s Setting) About() string {
	if len(s.Words) == 0 {
		return s.Doc
	}
	words := make([]string, len(s.Words))
	for i, w := range s.Words {
		words[i] = w.Name
		if w.Doc != "" {
			words[i] += " (" + w.Doc + ")"
		}
	}
	last := len(words) - 1
	return s.Doc + ": " + strings.Join(words[:last], ", ") + " or " + words[last]
}

// Names are the setting's words.
func (s Setting) Names() []string {
	out := make([]string, len(s.Words))
	for i, w := range s.Words {
		out[i] = w.Name
	}
	return out
}

// NamesWith are those that go with a word of the setting [Setting.Of].
func (s Setting) NamesWith(word string) []string {
	var out []string
	for _, w := range s.Words {
		if w.With == nil || slices.Contains(w.With, word) {
			out = append(out, w.Name)
		}
	}
	return out
}

// check tells what is wrong with a value, beside the method's other settings.
func (s Setting) check(value string, beside Settings) error {
	switch s.Kind {
	case Choice:
		return s.checkWord(value, beside.Text(s.Of))
	case Count:
		least := max(s.Least, 1)
		if n, err := strconv.Atoi(value); err != nil || n < least {
			return fmt.Errorf("%q: want a number from %d", value, least)
		}
	case Delay, Span:
		switch d, err := time.ParseDuration(value); {
		case err != nil || d < 0:
			return fmt.Errorf("%q: want a time with its unit, as in 5m", value)
		case d == 0 && s.Kind == Span:
			return errors.New("want a time longer than 0")
		}
	case Zone:
		if !canBeAsked(strings.TrimSuffix(value, ".")) {
			return fmt.Errorf("%q: want a domain name", value)
		}
	case IPv4:
		if _, err := addressOrNetwork(value); err != nil {
			return fmt.Errorf("%q: want an IPv4 address or network", value)
		}
	case Pattern:
		if _, err := regexp.Compile(value); err != nil {
			return fmt.Errorf("%q: %w", value, err)
		}
	}
	return nil
}

// checkWord tells what is wrong with a word beside that of the setting [Setting.Of].
func (s Setting) checkWord(word, of string) error {
	known := s.NamesWith(of)
	if slices.Contains(known, word) {
		return nil
	}
	list := strings.Join(known, ", ")
	if i := slices.IndexFunc(s.Words, func(w Word) bool { return w.Name == word }); i >= 0 {
		return fmt.Errorf("%q goes with %s: %s only: with %s: %s want one of %s", word, s.Of, strings.Join(s.Words[i].With, " or "), s.Of, of, list)
	}
	if near := spelling.Nearest(word, known); near != "" {
		return fmt.Errorf("%q: did you mean %s? known are %s", word, near, list)
	}
	return fmt.Errorf("%q: want one of %s", word, list)
}

// Settings are what a profile sets up, by name. Values are as written.
type Settings map[string][]string

// Text is the value of a setting that has one, or empty.
func (s Settings) Text(name string) string {
	if len(s[name]) == 0 {
		return ""
	}
	return s[name][0]
}

// Count is the value of a setting of that kind; 0 if there is none.
func (s Settings) Count(name string) int {
	n, err := strconv.Atoi(s.Text(name))
	if err != nil {
		return 0
	}
	return n
}

// Duration is the value of a setting that is a time; 0 if there is none.
func (s Settings) Duration(name string) time.Duration {
	d, err := time.ParseDuration(s.Text(name))
	if err != nil {
		return 0
	}
	return d
}
