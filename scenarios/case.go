package scenarios

import (
	"slices"
	"strings"

	"strictmx/internal/mail"
	"strictmx/internal/spelling"
)

// The limits of a scenario's cases.
const (
	MaxCases      = 200
	MaxMessages   = 100  // of a case
	MaxRecipients = 1000 // of a message
	MaxCount      = MaxMessages * MaxRecipients
	MaxAttempts   = 1000
	// MaxAnswers are those after which a fault of the DNS heals.
	MaxAnswers = 1_000_000
)

// A caseDraft is a case while it is read, with the places of what can only be
// checked later.
type caseDraft struct {
	Case
	sends   []sendDraft
	replace []placed
	cures   placed // baseline named by cures or fails-to-cure
}

// A placed is a text and where it stands.
type placed struct {
	text string
	at   Position
}

// caseNames learns the names of all cases, which files and other cases refer to.
func (l *loader) caseNames(cases []node) {
	if len(cases) > MaxCases {
		l.wrong(cases[MaxCases], "", "%d cases: want at most %d", len(cases), MaxCases)
	}
	quiet := &loader{reader: &reader{&problems{}, l.start}}
	for _, n := range cases {
		quiet.mapping(n, "a case", l.one("name", func(n node, s string) {
			switch {
			case slices.Contains(l.names, s):
				l.wrong(n, "", "case %s twice: want names that differ", s)
			case slices.Contains(folders, s):
				l.wrong(n, "", "case name %s: want another, this is the name of a folder", s)
			}
			l.names = append(l.names, l.shortName(n, "case", s))
		}))
	}
}

// cases reads all cases and checks what one says of another.
func (l *loader) cases(nodes []node) {
	var drafts []*caseDraft
	for _, n := range nodes {
		if c := l.readCase(n); c != nil {
			drafts = append(drafts, c)
		}
	}
	for _, c := range drafts {
		l.checkCure(c, drafts)
		l.sc.Cases = append(l.sc.Cases, c.Case)
	}
}

func (l *loader) readCase(n node) *caseDraft {
	c := l.base
	c.At = n.at
	have := l.mapping(n, "a case",
		key{"name", nil}, l.into("about", &c.About),
		l.one("cures", func(n node, s string) { c.Cures, c.cures = s, placed{s, n.at} }),
		l.one("fails-to-cure", func(n node, s string) { c.FailsToCure, c.cures = s, placed{s, n.at} }),
		key{"send", nil}, key{"down", nil}, key{"silent", nil}, key{"faults", nil}, key{"wait", nil}, key{"receivers", nil},
		key{"want", nil}, key{"dsn", nil},
		l.texts("replace", func(n node, s string) { c.replace = append(c.replace, placed{s, n.at}) }))
	if have == nil {
		return nil
	}
	if f, ok := have["name"]; !ok {
		l.wrong(n, "", "a case without name")
		return nil
	} else if c.Name, ok = l.text(f.node, "name"); !ok {
		return nil
	} else {
		c.At = f.at
	}
	c.About = strings.TrimSpace(c.About)
	c.world(l, have)
	if f, ok := have["receivers"]; ok {
		l.seeds(&c, f.node)
	}
	l.compose(&c)
	l.checkSteps(&c)
	l.checkSeeds(&c)
	l.messages(&c, n)
	l.wants(&c, n, have)
	return &c
}

// checkCure checks that a cure names a case that can be cured.
func (l *loader) checkCure(c *caseDraft, all []*caseDraft) {
	word := "cures"
	if c.FailsToCure != "" {
		word = "fails-to-cure"
	}
	switch i := slices.IndexFunc(all, func(o *caseDraft) bool { return o.Name == c.cures.text }); {
	case c.cures.text == "":
		if c.cures.at.Line != 0 {
			l.add(c.cures.at, "", "%s: want the name of a case", word)
		}
		return
	case c.Cures != "" && c.FailsToCure != "":
		l.add(c.cures.at, "", "case %s: want cures or fails-to-cure, not both", c.Name)
		return
	case c.cures.text == c.Name:
		l.add(c.cures.at, "", "%s: want another case than %s itself", word, c.Name)
		return
	case i < 0:
		if others := without(l.names, c.Name); len(others) == 0 {
			l.add(c.cures.at, "", "%s: there is no case %s: %s is the only one", word, c.cures.text, c.Name)
		} else if !slices.Contains(l.names, c.cures.text) {
			l.add(c.cures.at, spelling.Wanted(c.cures.text, others), "%s: there is no case %s", word, c.cures.text)
		}
		return
	case all[i].cures.text != "":
		l.add(c.cures.at, "name the case that it is about", "%s: %s is itself no baseline", word, c.cures.text)
	case settled(all[i].Case) && !fails(all[i].Case):
		l.add(c.cures.at, "", "%s: case %s does not want to fail, so there is nothing to cure", word, c.cures.text)
	}
	switch {
	case !settled(c.Case):
	case c.FailsToCure != "" && !fails(c.Case):
		l.add(c.cures.at, "write cures if it helps", "fails-to-cure: case %s wants nothing to fail", c.Name)
	case c.Cures != "" && !slices.ContainsFunc(c.Want, func(w Want) bool { return inTheEnd(c.Case, w) && w.Outcome == mail.Sent }):
		l.add(c.cures.at, "write fails-to-cure if it does not help", "cures: case %s wants nothing to be sent", c.Name)
	}
}

// settled tells whether the case says what it wants, in words that are known. What
// it does not say is reported already.
func settled(c Case) bool {
	return len(c.Want) > 0 && !slices.ContainsFunc(c.Want, func(w Want) bool { return w.Outcome == "" })
}

// fails tells whether some recipient is wanted not to be reached in the end.
func fails(c Case) bool {
	return slices.ContainsFunc(c.Want, func(w Want) bool {
		return inTheEnd(c, w) && (w.Outcome == mail.Bounced || w.Outcome == mail.Deferred)
	})
}

// inTheEnd tells whether a want is about the end of a case, and about anybody.
func inTheEnd(c Case, w Want) bool {
	return c.StepOf(w) == len(c.Waits) && (w.Count == nil || *w.Count > 0)
}

func without(names []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name })
}

// unused reports message files that no case sends.
func (l *loader) unused() {
	for section, files := range l.sections {
		for _, f := range files {
			if !strings.HasPrefix(f.Path, MessageFolder) || l.used[section+"\n"+f.Path] {
				continue
			}
			name := f.Path
			if section != "" {
				name = section + "/" + name
			}
			l.add(l.marker(name), "name it under send, as in message: "+f.Path, "no case sends this message")
		}
	}
}
