package mail

import (
	"errors"
	"fmt"
	"strings"
)

// A Reply is one SMTP reply (RFC 5321 section 4.2) of one or more lines.
type Reply struct {
	Code   int    // 200 to 599
	Status Status // zero if the reply carries none
	// Lines are the lines as they go over the wire, code and enhanced status
	// included, without CR LF: "550-5.7.1 no", "550 5.7.1 PTR".
	Lines []string
}

// ParseReply reads the lines of one reply. It wants the same code on every line,
// a hyphen after it on all but the last (RFC 5321 section 4.2.1), no control
// characters but tab, and, where a line carries an enhanced status, the same one
// on each line that has one, of the class of the code (RFC 2034 section 4).
func ParseReply(lines ...string) (Reply, error) {
	r, err := reply(lines)
	if err == nil {
		r.Lines = append([]string(nil), lines...)
	}
	return r, err
}

// CheckReply is what [ParseReply] has to say against lines; nil is nothing.
func CheckReply(lines ...string) error {
	_, err := reply(lines)
	return err
}

// reply reads code and status.
func reply(lines []string) (Reply, error) {
	if len(lines) == 0 {
		return Reply{}, errors.New("reply: want at least one line")
	}
	var r Reply
	for i, l := range lines {
		code, err := replyLine(l, i == len(lines)-1)
		if err != nil {
			return Reply{}, fmt.Errorf("reply %q: %w", l, err)
		}
		if i > 0 && code != r.Code {
			return Reply{}, fmt.Errorf("reply %q: want code %d as on the first line", l, r.Code)
		}
		r.Code = code
		st := lineStatus(l)
		switch {
		case st.IsZero():
		case st.Class != code/100:
			return Reply{}, fmt.Errorf("reply %q: status %s and code %d differ in class", l, st, code)
		case !r.Status.IsZero() && st != r.Status:
			return Reply{}, fmt.Errorf("reply %q: want status %s as on the lines before", l, r.Status)
		default:
			r.Status = st
		}
	}
	return r, nil
}

// replyLine checks one line and returns its code.
func replyLine(l string, last bool) (int, error) {
	if len(l) < 3 || l[0] < '2' || l[0] > '5' || l[1] < '0' || l[1] > '9' || l[2] < '0' || l[2] > '9' {
		return 0, errors.New("want a three-digit code from 200 to 599 first")
	}
	for i := range len(l) {
		if l[i] < ' ' && l[i] != '\t' || l[i] == 0x7f {
			return 0, errors.New("want no control characters")
		}
	}
	code := int(l[0]-'0')*100 + int(l[1]-'0')*10 + int(l[2]-'0')
	switch {
	case last && len(l) > 3 && l[3] != ' ':
		return 0, errors.New("want a blank after the code of the last line")
	case !last && (len(l) < 4 || l[3] != '-'):
		return 0, errors.New("want a hyphen after the code of a line before the last")
	}
	return code, nil
}

// lineStatus returns the enhanced status that follows the code, or zero.
func lineStatus(l string) Status {
	if len(l) < 5 {
		return Status{}
	}
	word, _, _ := strings.Cut(l[4:], " ")
	st, _ := readStatus(word) // any other word stands for itself
	return st
}

// Positive tells a 2xx or 3xx reply.
func (r Reply) Positive() bool { return r.Code >= 200 && r.Code < 400 }

// Transient tells a 4xx reply: the client may try again (RFC 5321 section 4.2.1).
func (r Reply) Transient() bool { return r.Code/100 == 4 }

// Permanent tells a 5xx reply.
func (r Reply) Permanent() bool { return r.Code/100 == 5 }

// String joins the lines with a blank, as Postfix does in its log.
func (r Reply) String() string { return strings.Join(r.Lines, " ") }
