package verdict

import (
	"fmt"
	"slices"
	"strings"

	"strictmx/internal/dsn"
	"strictmx/internal/mail"
	"strictmx/scenarios"
)

// splitNotices parts the attempts to deliver delivery notices from the others.
// A notice comes from the null sender (RFC 3464 section 2) and is none of the
// case's messages. Of those that the lab may have listed twice one is kept.
func splitNotices(o Observed) (notices, others []mail.Attempt) {
	seen := map[string]bool{}
	for _, a := range slices.Concat(o.Notices, o.Attempts) {
		if a.Message >= 0 || a.From != "" || len(a.Content) == 0 {
			continue
		}
		if id := a.Time.String() + a.Server.String() + string(a.Content); !seen[id] {
			seen[id] = true
			notices = append(notices, a)
		}
	}
	for _, a := range o.Attempts {
		if a.Message >= 0 || a.From != "" || len(a.Content) == 0 {
			others = append(others, a)
		}
	}
	return notices, others
}

// An arrived is a notice that a receiver took.
type arrived struct {
	to string // its envelope's recipients
	*dsn.Notice
	err error // why it is no notice that can be read
	use bool  // some want spoke of it
}

// judgeNotices compares the notices that arrived with those that are wanted, if
// the case says anything about notices: each wanted one exactly once, and no
// others.
func judgeNotices(c scenarios.Case, attempts []mail.Attempt) []Mismatch {
	if len(c.DSN) == 0 && !c.NoDSN {
		return nil
	}
	var notices []arrived
	for _, a := range attempts {
		if accepted(a) {
			n, err := dsn.Parse(a.Content)
			notices = append(notices, arrived{to: strings.Join(a.Recipients, ", "), Notice: n, err: err})
		}
	}
	var out []Mismatch
	for _, w := range c.DSN {
		out = append(out, judgeNotice(w, notices)...)
	}
	for _, n := range notices {
		if !n.use {
			out = append(out, Mismatch{Field: "dsn", Want: None, Got: n.String(), Message: -1, Recipient: n.to, At: c.At})
		}
	}
	return out
}

// judgeNotice compares one wanted notice.
func judgeNotice(w scenarios.DSN, notices []arrived) []Mismatch {
	differ := func(field, want, got string) Mismatch {
		return Mismatch{Field: field, Want: want, Got: got, Message: -1, Recipient: w.To, At: w.At}
	}
	var found []*arrived
	for i := range notices {
		n := &notices[i]
		if (w.To == "" || SameAddress(w.To, n.to)) && n.err == nil && sameRecipients(w.Recipients, n.Recipients) {
			n.use = true
			found = append(found, n)
		}
	}
	wanted := "one notice about " + strings.Join(w.Recipients, ", ")
	if len(found) != 1 {
		got := None
		if len(found) > 1 {
			got = fmt.Sprintf("%d notices", len(found))
		}
		return []Mismatch{differ("dsn", wanted, got)}
	}
	var out []Mismatch
	for _, r := range found[0].Recipients {
		if w.Action != "" && !strings.EqualFold(w.Action, r.Action) {
			out = append(out, differ("dsn action", w.Action, r.Action+" for "+r.Final))
		}
		if !w.Status.IsZero() && w.Status != r.Status {
			out = append(out, differ("dsn status", w.Status.String(), r.Status.String()+" for "+r.Final))
		}
		if w.Diagnostic != "" && !contains(r.Diagnostic, w.Diagnostic) {
			out = append(out, differ("dsn diagnostic", quote(w.Diagnostic), quote(r.Diagnostic)+" for "+r.Final))
		}
	}
	return out
}

// sameRecipients tells whether a notice speaks of exactly the wanted recipients.
func sameRecipients(want []string, got []dsn.Recipient) bool {
	if len(want) != len(got) {
		return false
	}
	left := slices.Clone(got)
	for _, w := range want {
		i := slices.IndexFunc(left, func(r dsn.Recipient) bool { return SameAddress(w, r.Final) })
		if i < 0 {
			return false
		}
		left = slices.Delete(left, i, i+1)
	}
	return true
}

func (n arrived) String() string {
	if n.err != nil {
		return n.err.Error()
	}
	var about []string
	for _, r := range n.Recipients {
		about = append(about, fmt.Sprintf("%s %s %s", r.Final, r.Action, r.Status))
	}
	return "a notice about " + strings.Join(about, ", ")
}
