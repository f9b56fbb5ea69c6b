package scenarios

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"strictmx/internal/mail"
	"strictmx/internal/pattern"
	"strictmx/internal/spelling"
)

// A Seed is what a receiver knows, or is told to do, before the first message
// comes. The zero value is a receiver that has nobody on a list, has every mailbox,
// and goes by its profile.
type Seed struct {
	// Listed are addresses, networks, domains and mailboxes, by the name of the
	// profile's list.
	Listed map[string][]string
	// Unknown and Full are recipients, or all of a domain as "@example.org".
	Unknown []string
	Full    []string
	Force   []Force
	// At are the places of "unknown", "full", each "listed NAME" and each "listed NAME
	// ENTRY" in scenario.yaml.
	At map[string]Position
}

// A Force makes a receiver refuse by a rule of its profile whatever it sees.
type Force struct {
	Rule  string // an id, or a row of the catalogue of replies
	Times int    // for one sender, recipient and client network; 0: always
	At    Position
}

// The limits of what a receiver is told beforehand.
const (
	MaxEntries = 1000 // of each list
	MaxTimes   = 1000
)

// seedKeys are the keys of a receiver, and of a case for a receiver, that tell it
// something beforehand.
func (l *loader) seedKeys(s *Seed) []key {
	return []key{
		{"listed", func(n node) { l.listed(n, s) }},
		l.texts("unknown", func(n node, v string) {
			s.at("unknown", n.at)
			s.Unknown = l.mailbox(n, "unknown", s.Unknown, v)
		}),
		l.texts("full", func(n node, v string) {
			s.at("full", n.at)
			s.Full = l.mailbox(n, "full", s.Full, v)
		}),
		{"force", func(n node) {
			for _, item := range l.oneOrMore(n, "rules") {
				if f, ok := l.force(item); ok {
					s.Force = append(slices.Clip(s.Force), f)
				}
			}
		}},
	}
}

// at remembers where something stands first.
func (s *Seed) at(what string, at Position) {
	if s.At == nil {
		s.At = map[string]Position{}
	}
	if _, known := s.At[what]; !known {
		s.At[what] = at
	}
}

// listName is what a profile can call a list.
var listName = regexp.MustCompile(pattern.Any(ListForm))

// listed reads lists by their names.
func (l *loader) listed(n node, s *Seed) {
	lists := map[string][]string{}
	named, _ := l.entries(n, "listed")
	for _, e := range named {
		if !listName.MatchString(e.name) {
			l.add(e.key, "", "list %q: want the name of a list of the profile", e.name)
			continue
		}
		s.at("listed "+e.name, e.key)
		for _, item := range l.oneOrMore(e.node, "addresses, networks and domains") {
			v, ok := l.text(item, "listed")
			if !ok {
				continue
			}
			before := len(lists[e.name])
			lists[e.name] = l.listedEntry(item, lists[e.name], v)
			for _, entry := range lists[e.name][before:] {
				s.at("listed "+e.name+" "+entry, item.at)
			}
		}
	}
	s.Listed = joinLists(s.Listed, lists)
}

// listedEntry adds an entry of a list.
func (l *loader) listedEntry(n node, to []string, s string) []string {
	if strings.Contains(s, "@") {
		return l.mailbox(n, "listed", to, s)
	}
	d, errDomain := mail.ParseDomain(s)
	_, errPrefix := netip.ParsePrefix(s)
	a, errAddr := netip.ParseAddr(s)
	switch {
	case errPrefix == nil, errAddr == nil && a.Zone() == "":
	case errDomain == nil && !numeric.MatchString(d):
		s = d
	default:
		l.wrong(n, "", "listed %q: want an address, a network such as 203.0.113.0/24, a domain or a mailbox", s)
		return to
	}
	return l.limited(n, "listed", to, s)
}

// numeric is what was meant to be an IPv4 address and is none: no top-level domain
// is a number.
var numeric = regexp.MustCompile(pattern.Any(NumericForm))

// mailbox adds a mailbox, or all of a domain.
func (l *loader) mailbox(n node, what string, to []string, s string) []string {
	if domain, all := strings.CutPrefix(s, "@"); all {
		if _, err := mail.ParseDomain(domain); err != nil {
			l.wrong(n, "", "%s %q: %v", what, s, err)
			return to
		}
		return l.limited(n, what, to, s)
	}
	if err := checkAddress(s); err != nil {
		l.wrong(n, "", "%s %q: %v", what, s, err)
		return to
	}
	if _, _, ok := cutAddress(s); !ok {
		l.wrong(n, "", "%s %q: want LOCAL@DOMAIN, or @DOMAIN for all of a domain", what, s)
		return to
	}
	return l.limited(n, what, to, s)
}

func (l *loader) limited(n node, what string, to []string, s string) []string {
	switch {
	case slices.Contains(to, s):
		l.wrong(n, "", "%s: %s twice", what, s)
		return to
	case len(to) == MaxEntries:
		l.wrong(n, "", "%s: want at most %d", what, MaxEntries)
		return to
	}
	return append(slices.Clip(to), s)
}

// force reads RULE, or {rule: RULE, times: N}.
func (l *loader) force(n node) (Force, bool) {
	f := Force{At: n.at}
	switch spelling.Kind(n.Node) {
	case "keys and values":
		have := l.mapping(n, "force", l.one("rule", func(n node, s string) { f.Rule, f.At = s, n.at }),
			key{"times", func(n node) {
				var ok bool
				if f.Times, ok = l.number(n, "times", MaxTimes); ok && f.Times == 0 {
					l.wrong(n, "leave the key out for always", "times: want a whole number from 1 to %d", MaxTimes)
				}
			}})
		if have == nil {
			return f, false
		}
		if _, ok := have["rule"]; !ok {
			l.wrong(n, "", "force: rule is missing")
			return f, false
		}
	default:
		var ok bool
		if f.Rule, ok = l.text(n, "force"); !ok {
			return f, false
		}
	}
	if !ruleName.MatchString(f.Rule) {
		l.add(f.At, "", "force %q: want a rule of the receiver's profile, as strictmx receivers lists them", f.Rule)
		return f, false
	}
	return f, true
}

// owned checks that rules that are named with a profile are named with the
// receiver's, and takes the profile's name off.
func (l *loader) owned(forces []Force, r Receiver) {
	own, _, _ := strings.Cut(r.Profile, "@")
	for i, f := range forces {
		profile, rule, full := strings.Cut(f.Rule, "/")
		switch {
		case !full:
		case profile != own:
			l.add(f.At, "leave the name out, or write "+own+"/"+rule, "force: %s is not the profile of receiver %s", profile, r.Name)
		default:
			forces[i].Rule = rule
		}
	}
}

// told enters what the scenario tells a receiver.
func (l *loader) told(r Receiver) {
	if r.Seed.IsZero() {
		return
	}
	l.owned(r.Seed.Force, r)
	if l.base.Seeds == nil {
		l.base.Seeds = map[string]Seed{}
	}
	l.base.Seeds[r.Name] = r.Seed
}

// seeds reads what a case tells its receivers, beside what the scenario tells them.
func (l *loader) seeds(c *caseDraft, n node) {
	own := map[string]Seed{}
	entries, ok := l.entries(n, "the receivers")
	if !ok {
		return
	}
	for _, e := range entries {
		if !l.isReceiver(e.name) {
			l.add(e.key, spelling.Wanted(e.name, l.receiverNames()), "unknown key %q in the receivers", e.name)
			continue
		}
		var s Seed
		if l.mapping(e.node, "receiver "+e.name, l.seedKeys(&s)...) == nil {
			continue
		}
		if i := slices.IndexFunc(l.sc.Receivers, func(r Receiver) bool { return r.Name == e.name }); i >= 0 {
			l.owned(s.Force, l.sc.Receivers[i])
		}
		own[e.name] = s
	}
	for name, s := range c.Seeds {
		own[name] = s.with(own[name])
	}
	c.Seeds = own
}

// with is what a seed and another tell together.
func (s Seed) with(o Seed) Seed {
	out := Seed{
		Listed: joinLists(s.Listed, o.Listed), Unknown: joinTexts(s.Unknown, o.Unknown), Full: joinTexts(s.Full, o.Full),
		Force: slices.Concat(s.Force, o.Force),
	}
	for _, places := range []map[string]Position{o.At, s.At} {
		for what, at := range places {
			out.at(what, at)
		}
	}
	return out
}

// IsZero tells whether nothing is told.
func (s Seed) IsZero() bool {
	return len(s.Listed)+len(s.Unknown)+len(s.Full)+len(s.Force) == 0
}

func joinLists(a, b map[string][]string) map[string][]string {
	out := map[string][]string{}
	for _, lists := range []map[string][]string{a, b} {
		for name, entries := range lists {
			out[name] = joinTexts(out[name], entries)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// joinTexts is two lists one after the other, each text once.
func joinTexts(a, b []string) []string {
	out := slices.Clip(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// checkSeeds reports recipients that a receiver is told of and that it never gets.
func (l *loader) checkSeeds(c *caseDraft) {
	for _, r := range l.sc.Receivers {
		s := c.Seeds[r.Name]
		for _, list := range []struct {
			what    string
			entries []string
		}{{"unknown", s.Unknown}, {"full", s.Full}} {
			for _, e := range list.entries {
				_, domain, _ := cutAddress(e)
				domain = strings.ToLower(domain)
				if slices.Contains(r.Domains, domain) || c.names(domain) {
					continue
				}
				l.add(s.At[list.what], spelling.Wanted(domain, r.Domains), "%s: receiver %s does not serve the domain of %s", list.what, r.Name, e)
			}
		}
	}
}
