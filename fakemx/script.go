package fakemx

import (
	"fmt"
	"net/netip"
	"strings"

	"strictmx/fakemx/profile"
	"strictmx/internal/mail"
)

// forcePrefix begins the local part of a recipient that asks for a refusal: mail
// to force+RULE at any domain of a receiver is refused by that rule.
const forcePrefix = "force+"

// scripted is the refusal that a scenario or a recipient asks for, if its stage has
// come and it has not been made often enough.
func (s *session) scripted(at mail.Stage) (profile.Decision, bool) {
	for _, f := range s.srv.Force {
		d, ok := s.srv.Profile.Force(f.Rule, at)
		if ok && (f.Times == 0 || !s.count("force "+f.Rule, f.Times)) {
			s.script(d, "the scenario")
			return d, true
		}
	}
	local, _, _ := strings.Cut(s.tx.at, "@")
	if rule, ok := strings.CutPrefix(strings.ToLower(local), forcePrefix); ok {
		if d, ok := s.srv.Profile.Force(rule, at); ok {
			s.script(d, "the recipient's address")
			return d, true
		}
	}
	return profile.Decision{}, false
}

// script puts it on record that no fact led to a refusal.
func (s *session) script(d profile.Decision, by string) {
	s.found = append(s.found, finding{at: d.Stage, Result: mail.Result{
		Method: "script", Value: mail.Fail, Reason: fmt.Sprintf("%s asks for the refusal %s", by, d.Rule),
	}})
}

// spent tells whether a rule has refused this sender, recipient and network as often
// as it may.
func (s *session) spent(r profile.Rule) bool { return s.count("rule "+r.ID, r.Times) }

func (s *session) count(what string, times int) bool {
	return s.srv.State.Spent(fmt.Sprintf("%s from %s to %s by %s", what, s.tx.from, s.tx.at, network(s.facts.Client)), times)
}

// network is the network that receivers take for one sender: /24 and /64.
func network(a netip.Addr) netip.Prefix {
	bits := 64
	if a.Is4() {
		bits = 24
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // no address: a connection in memory without one
	}
	return p
}
