package profile

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

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

	hostname   string
	wrap       wrapping
	extensions []string
	dialogue   map[string]template
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
}

// A Condition holds if the result of a check is one of some values.
type Condition struct {
	Method string
	Text   string   // "fail or permerror", "not pass"
	Values []string // what Text stands for
}

func (c Condition) String() string { return c.Method + ": " + c.Text }

// holds tells whether the first result of the method has one of the values. A
// method without a result is not known, and then nothing is decided by it.
func (c Condition) holds(results []mail.Result) bool {
	i := slices.IndexFunc(results, func(r mail.Result) bool { return r.Method == c.Method })
	return i >= 0 && slices.Contains(c.Values, results[i].Value)
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

// Methods lists the checks that rules of this stage need and rules of earlier
// stages did not, in the order of [check.All].
func (p *Profile) Methods(at mail.Stage) []string {
	first := make(map[string]mail.Stage)
	for _, r := range p.Rules {
		for _, c := range r.When {
			if s, ok := first[c.Method]; !ok || r.At < s {
				first[c.Method] = r.At
			}
		}
	}
	var out []string
	for _, c := range check.All {
		if s, ok := first[c.Method]; ok && s == at {
			out = append(out, c.Method)
		}
	}
	return out
}

// Decide finds the first rule of a stage whose conditions all hold, given the
// results of the checks so far. Without one the server goes on.
func (p *Profile) Decide(at mail.Stage, results []mail.Result) (Decision, bool) {
	for _, r := range p.Rules {
		if r.At == at && !slices.ContainsFunc(r.When, func(c Condition) bool { return !c.holds(results) }) {
			return Decision{Rule: p.Name + "/" + r.ID, Stage: at, Code: r.Code, Status: r.Status, Close: r.Close}, true
		}
	}
	return Decision{}, false
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
