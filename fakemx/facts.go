package fakemx

import (
	"strings"

	"strictmx/internal/mail"
)

// declare takes from the parameters of MAIL what they say of the message to come;
// none is what a message without them is. They have been checked.
func (s *session) declare(params []param) {
	s.facts.Size = declaredSize(params)
	body, _ := value(params, "BODY")
	s.facts.EightBit = strings.EqualFold(body, "8BITMIME") || strings.EqualFold(body, "BINARYMIME")
	_, s.facts.UTF8 = value(params, "SMTPUTF8")
}

// disregard drops what was found out about a recipient that was refused, and takes
// up what was known before: at DATA the last one that was accepted counts. What does
// not depend on the recipient stays.
func (s *session) disregard(before findings) {
	s.found.forget(mail.Rcpt)
	s.found.addAll(before)
}
