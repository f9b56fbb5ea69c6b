package profile

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"strictmx/fakemx/check"
	"strictmx/internal/mail"
)

// A Profile is one version of a provider's behaviour. It is not changed after
// loading and may be used by many sessions at once.
type Profile struct {
	Name   string // "gmail"
	Label  string // "2014"; empty if there is only one version
	Title  string // for people
	About  string // what the table rests on, in a few sentences
	Source string // where the words of the dialogue were seen; may be empty
	Seen   string // when
	Hosts  []Host
	Rules  []Rule // in the order in which they are asked
	// Checks are those that rules can ask for: every method that needs no settings,
	// or as the table sets it up, and the table's own.
	Checks []check.Check

	asked      [mail.Data + 1][]string // see Asked
	tests      [mail.Data + 1][]test   // see Decide
	counts     map[string]bool         // see Counts
	settings   map[string][]Setting    // of the table's own checks, as written
	hostname   string
	wrap       wrapping
	extensions []string
	dialogue   map[string]template // as the table has it
	replies    map[string]template // see Reply
	closing    []string            // replies of the dialogue after which the server ends the session
	values     map[string]form
}

// A Host is one mail exchanger of a provider.
type Host struct {
	Name  string       // with final dot
	Pref  uint16       // MX preference
	Addrs []netip.Addr // those of its A and AAAA records
}

// A Rule is one reason to refuse.
type Rule struct {
	ID   string // "ptr-missing"
	At   mail.Stage
	When []Condition // all must hold; none means always
	// Scripted tells that no fact leads to the refusal, because reputation or
	// content does: it is made where a scenario or a recipient asks for it only.
	Scripted bool
	// Times bounds how often the rule refuses the same sender, recipient and client
	// network; 0 is no bound.
	Times int

	Code   int
	Status mail.Status // zero if the reply carries none
	Reply  string      // as the table has it, code included
	Close  bool        // the server ends the session after it

	Source    string // where the wording was seen
	Seen      string // when it was seen there
	Exact     bool   // the wording is known to the byte
	Catalogue string // the row of the catalogue of replies that it is; may be empty
	Remedy    string // what a sender can do; may be empty
	Note      string // doubts; may be empty

	template template
	quoted   []string // see [Profile.Quoted]
}

// A Condition holds if the result of a check is one of some values, or one of its
// facets is.
type Condition struct {
	Check  string   // by name
	Facet  string   // empty is the value
	Text   string   // "fail or permerror", "not pass"
	Values []string // what Text stands for
}

// Key is what a table writes the condition under.
func (c Condition) Key() string {
	if c.Facet == "" {
		return c.Check
	}
	return c.Check + "." + c.Facet
}

func (c Condition) String() string { return c.Key() + ": " + c.Text }

// holds tells whether the result of the check has one of the values. A check
// without a result is not known, and then nothing is decided by it.
func (c *Condition) holds(find Finder) bool {
	r, ok := find(c.Check)
	switch {
	case !ok:
		return false
	case c.Facet != "":
		return slices.Contains(c.Values, r.Facets[c.Facet])
	}
	return slices.Contains(c.Values, r.Value)
}

// A Finder tells what a check found, by its name, if it found anything. It may run
// the check when it is asked.
type Finder func(check string) (*mail.Result, bool)

// Found finds what there is in results.
func Found(results []mail.Result) Finder {
	return func(check string) (*mail.Result, bool) {
		for i := range results {
			if r := &results[i]; r.Called() == check {
				return r, true
			}
		}
		return nil, false
	}
}

// A Decision is to refuse.
type Decision struct {
	Rule   string // "gmail/ptr-missing"
	Stage  mail.Stage
	Code   int
	Status mail.Status
	Close  bool // end the session after the reply (RFC 5321 section 3.8)
}

// Temporary tells a refusal that invites another try.
func (d Decision) Temporary() bool { return d.Code/100 == 4 }

// String is the name to find the profile by: name@label, or only the name if the
// profile has one version.
func (p *Profile) String() string {
	if p.Label == "" {
		return p.Name
	}
	return p.Name + "@" + p.Label
}

// Hostname is the name the server calls itself by, without final dot.
func (p *Profile) Hostname() string { return p.hostname }

// Columns is where the server breaks the lines of its refusals; 0 if it does not.
func (p *Profile) Columns() int { return p.wrap.columns }

// Check finds a check of the profile.
func (p *Profile) Check(name string) (check.Check, bool) {
	for i := range p.Checks { // without a copy of each
		if p.Checks[i].Name == name {
			return p.Checks[i], true
		}
	}
	return check.Check{}, false
}

// A Setting is how the table sets up a check in one point. The first is "method" for a
// check with a name of its own.
type Setting struct{ Name, Value string }

func (s Setting) String() string { return s.Name + ": " + s.Value }

// Settings are how the table sets up a check, as written; empty if it is left as it
// comes.
func (p *Profile) Settings(name string) []Setting { return p.settings[name] }

// Asked lists the names of the checks that rules of this stage need, for their
// conditions or for their replies, and rules of earlier stages did not, those first
// whose results others take. Those that count are not among them: they are for
// [Profile.Decide] to ask for, see [Profile.Counts].
func (p *Profile) Asked(at mail.Stage) []string { return p.asked[at] }

// Counts tells of a check that to ask is to be remembered, and that it is asked only
// where a rule comes down to it.
func (p *Profile) Counts(name string) bool { return p.counts[name] }

// Quoted are the names of the checks whose findings the reply of a decision quotes.
func (p *Profile) Quoted(d Decision) []string {
	r, _ := p.Rule(d)
	return r.quoted
}

// counting finds out what [Profile.Counts] tells. What the dialogue quotes is asked
// for at once.
func (p *Profile) counting() map[string]bool {
	out := make(map[string]bool)
	for _, c := range p.Checks {
		if c.Counts {
			out[c.Name] = true
		}
	}
	for _, t := range p.dialogue {
		for _, name := range p.quoted(t.text) {
			delete(out, name)
		}
	}
	return out
}

// ask finds out what [Profile.Asked] tells.
func (p *Profile) ask(at mail.Stage) []string {
	first := make(map[string]mail.Stage)
	var need func(name string, at mail.Stage)
	need = func(name string, at mail.Stage) {
		if s, ok := first[name]; ok && s <= at {
			return
		}
		first[name] = at
		c, _ := p.Check(name)
		for _, n := range c.Needs {
			need(n, max(at, c.At))
		}
	}
	for _, r := range p.Rules {
		for _, c := range r.When {
			need(c.Check, r.At)
		}
		for _, name := range p.quoted(r.Reply) {
			need(name, r.At)
		}
	}
	for phrase, t := range p.dialogue {
		for _, name := range p.quoted(t.text) {
			c, _ := p.Check(name)
			need(name, max(c.At, phraseAt[phrase]))
		}
	}
	var out []string
	for _, c := range p.Checks {
		if s, ok := first[c.Name]; ok && s == at && !p.counts[c.Name] {
			out = append(out, c.Name)
		}
	}
	return out
}

// Hold is how long the greeting is held back for a check that a rule asks for, in
// real time; 0 is not at all.
func (p *Profile) Hold() time.Duration {
	var hold time.Duration
	for _, names := range p.asked {
		for _, name := range names {
			c, _ := p.Check(name)
			hold = max(hold, c.Hold)
		}
	}
	return hold
}

// Decide finds the first rule of a stage whose conditions all hold, given what the
// checks found, and of which spent, if not nil, does not say that it has refused
// often enough. Without one the server goes on. What later rules ask for is not
// looked up, as in a list of restrictions that ends at the first refusal, and a check
// that counts comes after the rule's other conditions.
func (p *Profile) Decide(at mail.Stage, find Finder, spent func(Rule) bool) (Decision, bool) {
	for i := range p.tests[at] { // without a copy of each
		t := &p.tests[at][i]
		switch {
		case !hold(t.when, find) || !hold(t.counting, find):
		case t.rule.Times > 0 && spent != nil && spent(*t.rule):
		default:
			return p.decision(*t.rule, at), true
		}
	}
	return Decision{}, false
}

// A test is a rule that facts can lead to, with its conditions in the order in which
// they are asked.
type test struct {
	rule           *Rule
	when, counting []Condition
}

// testing makes the tests of a stage.
func (p *Profile) testing(at mail.Stage) []test {
	var out []test
	for i := range p.Rules {
		t := test{rule: &p.Rules[i]}
		if t.rule.At != at || t.rule.Scripted {
			continue
		}
		for _, c := range t.rule.When {
			if p.counts[c.Check] {
				t.counting = append(t.counting, c)
			} else {
				t.when = append(t.when, c)
			}
		}
		out = append(out, t)
	}
	return out
}

func hold(conditions []Condition, find Finder) bool {
	for i := range conditions {
		if !conditions[i].holds(find) {
			return false
		}
	}
	return true
}

func (p *Profile) decision(r Rule, at mail.Stage) Decision {
	return Decision{Rule: p.Name + "/" + r.ID, Stage: at, Code: r.Code, Status: r.Status, Close: r.Close}
}

// Force is the decision of the rule with an id, or with a row of the catalogue,
// whatever the facts are, once its stage has come.
func (p *Profile) Force(name string, at mail.Stage) (Decision, bool) {
	r, ok := p.RuleNamed(name)
	if !ok || at < r.At {
		return Decision{}, false
	}
	return p.decision(r, at), true
}

// RuleNamed finds a rule by its id or by the row of the catalogue that it is. Where
// several rules are of one row, the one that has its wording is found.
func (p *Profile) RuleNamed(name string) (Rule, bool) {
	for _, is := range []func(Rule) bool{
		func(r Rule) bool { return r.ID == name },
		func(r Rule) bool { return r.Catalogue == name && r.Exact },
		func(r Rule) bool { return r.Catalogue == name },
	} {
		if i := slices.IndexFunc(p.Rules, is); i >= 0 && name != "" {
			return p.Rules[i], true
		}
	}
	return Rule{}, false
}

// Rule finds the rule that a decision names.
func (p *Profile) Rule(d Decision) (Rule, bool) {
	id, ok := strings.CutPrefix(d.Rule, p.Name+"/")
	i := slices.IndexFunc(p.Rules, func(r Rule) bool { return ok && r.ID == id })
	if i < 0 {
		return Rule{}, false
	}
	return p.Rules[i], true
}

// Refusal renders the reply of a decision, one string a line, without line ends.
func (p *Profile) Refusal(d Decision, v Vars) ([]string, error) {
	r, ok := p.Rule(d)
	if !ok {
		return nil, fmt.Errorf("profile %s: no rule %q", p, d.Rule)
	}
	lines, err := p.render(r.template, v)
	if err != nil {
		return nil, fmt.Errorf("profile %s: rule %s: %w", p, r.ID, err)
	}
	return lines, nil
}
