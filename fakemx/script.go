package fakemx

import (
	"fmt"
	"strings"

	"strictmx/fakemx/check"
	"strictmx/fakemx/profile"
	"strictmx/internal/mail"
)

// forcePrefix begins the local part of a recipient that asks for a refusal: mail
// to force+RULE at any domain of a receiver is refused by that rule.
const forcePrefix = "force+"

// ForcedRule is the rule that a recipient asks for, if it does. It may be none of the
// receiver's: then the recipient is a mailbox like any other.
func ForcedRule(rcpt string) (rule string, ok bool) {
	local, _, _ := strings.Cut(rcpt, "@")
	return strings.CutPrefix(strings.ToLower(local), forcePrefix)
}

// scripted is the refusal that a scenario or a recipient asks for, if its stage has
// come and it has not been made often enough.
func (s *session) scripted(at mail.Stage) (profile.Decision, bool) {
	for _, f := range s.srv.Force {
		d, ok := s.srv.Profile.Force(f.Rule, at)
		if ok && s.due(f, at) && (f.Times == 0 || !s.count(at, "force "+f.Rule, f.Times)) {
			s.script(d, "the scenario")
			return d, true
		}
	}
	if rule, ok := ForcedRule(s.tx.at); ok {
		if d, ok := s.srv.Profile.Force(rule, at); ok {
			s.script(d, "the recipient's address")
			return d, true
		}
	}
	return profile.Decision{}, false
}

// due tells whether a refusal that has an end is made at a stage: at that of its
// rule only, since at later ones the sender and the recipient are known, and it
// would begin to count anew.
func (s *session) due(f Force, at mail.Stage) bool {
	r, _ := s.srv.Profile.RuleNamed(f.Rule)
	return f.Times == 0 || r.At == at
}

// script puts it on record that no fact led to a refusal.
func (s *session) script(d profile.Decision, by string) {
	s.found.add(mail.Result{
		Method: "script", Value: mail.Fail, Reason: fmt.Sprintf("%s asks for the refusal %s", by, d.Rule),
	}, about{at: d.Stage})
}

// spent tells whether a rule has refused this sender, recipient and network as often
// as it may.
func (s *session) spent(r profile.Rule) bool { return s.count(r.At, "rule "+r.ID, r.Times) }

// count tells whether something was done to this sender, recipient and network as
// often as it may, and counts it. A greeting counts once in a session: a client whose
// EHLO is refused goes on with HELO (RFC 5321 section 3.2).
func (s *session) count(at mail.Stage, what string, times int) bool {
	key := fmt.Sprintf("%s from %s to %s by %s", what, s.tx.from, s.tx.at, check.Network(s.facts.Client))
	if at > mail.Helo {
		return s.srv.State.Spent(s.now, key, times)
	}
	if _, known := s.counted[key]; !known {
		s.counted[key] = s.srv.State.Spent(s.now, key, times)
	}
	return s.counted[key]
}
