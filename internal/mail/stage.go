package mail

import (
	"encoding"
	"fmt"
)

// A Stage is a point of an SMTP session at which a receiver can answer (RFC 5321
// section 3). Stages are ordered; the zero value is Connect.
type Stage int

const (
	Connect Stage = iota // the greeting, RFC 5321 section 3.1
	Helo                 // HELO or EHLO, section 4.1.1.1
	Mail                 // MAIL FROM, section 4.1.1.2
	Rcpt                 // RCPT TO, section 4.1.1.3
	Data                 // the end of content, after DATA or the last BDAT, section 4.1.1.4
)

// Stages lists all stages in the order of a session.
var Stages = []Stage{Connect, Helo, Mail, Rcpt, Data}

var stageNames = [...]string{"connect", "helo", "mail", "rcpt", "data"}

var (
	_ encoding.TextMarshaler   = Stage(0)
	_ encoding.TextUnmarshaler = (*Stage)(nil)
)

func (s Stage) String() string {
	if s < 0 || int(s) >= len(stageNames) {
		return fmt.Sprintf("Stage(%d)", int(s))
	}
	return stageNames[s]
}

// MarshalText writes the name of a known stage.
func (s Stage) MarshalText() ([]byte, error) {
	if s < 0 || int(s) >= len(stageNames) {
		return nil, fmt.Errorf("stage %d: want 0 to %d", int(s), len(stageNames)-1)
	}
	return []byte(stageNames[s]), nil
}

// UnmarshalText reads one of the names in [Stages].
func (s *Stage) UnmarshalText(b []byte) error {
	for i, n := range stageNames {
		if n == string(b) {
			*s = Stage(i)
			return nil
		}
	}
	return fmt.Errorf("stage %q: want one of connect, helo, mail, rcpt, data", b)
}
