package scenarios

import (
	"errors"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"strictmx/internal/mail"
	"strictmx/internal/pattern"
	"strictmx/internal/spelling"
)

var outcomes = []string{string(mail.Sent), string(mail.Deferred), string(mail.Bounced)}

// wants reads what must become of a case's messages.
func (l *loader) wants(c *caseDraft, at node, have map[string]field) {
	if f, ok := have["want"]; ok {
		which := "say which with to or message"
		if len(c.Waits) > 0 {
			which = "say which with to, message or step"
		}
		var sound []Want
		for _, n := range l.oneOrMore(f.node, "wants") {
			before := len(l.problems.list)
			w := l.want(c, n)
			c.Want = append(c.Want, w)
			if len(l.problems.list) > before {
				continue // whom it is about is not known
			}
			for _, o := range sound {
				if (w.Count == nil || o.Count == nil) && w.To == o.To && w.Message == o.Message && c.StepOf(w) == c.StepOf(o) {
					l.wrong(n, which, "case %s: two wants for the same recipients: the first is in line %d",
						c.Name, o.At.Line)
				}
			}
			sound = append(sound, w)
		}
	} else {
		l.wrong(at, "add want: {outcome: bounced}", "case %s: want is missing", c.Name)
	}
	if f, ok := have["dsn"]; ok {
		if f.is("none") {
			c.NoDSN = true
			return
		}
		for _, n := range l.oneOrMore(f.node, "notices") {
			c.DSN = append(c.DSN, l.dsn(c, n))
		}
	}
}

func (l *loader) want(c *caseDraft, n node) Want {
	w := Want{Message: -1, At: n.at}
	have := l.mapping(n, "want",
		l.one("to", func(n node, s string) {
			w.To = s
			l.address(n.at, "to", s)
			l.possible(c, n, s)
		}),
		key{"message", func(n node) {
			if i, ok := l.number(n, "message", MaxMessages); ok {
				w.Message = i
				if i >= len(c.sends) {
					l.wrong(n, "the first is 0", "message %d: case %s sends %d", i, c.Name, len(c.sends))
				}
			}
		}},
		key{"step", func(n node) {
			l.step(n, func(i int) {
				w.Step = &i
				l.haveStep(c, i, n.at)
			})
		}},
		l.one("outcome", func(n node, s string) {
			if !slices.Contains(outcomes, s) {
				l.wrong(n, spelling.Wanted(s, outcomes), "unknown outcome %q", s)
				return
			}
			w.Outcome = mail.Outcome(s)
		}),
		l.status("status", &w.Status),
		l.one("stage", func(n node, s string) {
			var stage mail.Stage
			if err := stage.UnmarshalText([]byte(s)); err != nil {
				l.wrong(n, spelling.Wanted(s, stageNames()), "unknown stage %q", s)
				return
			}
			w.Stage = &stage
		}),
		l.one("rule", func(n node, s string) { w.Rule = l.rule(n, s) }),
		l.one("client", func(n node, s string) { w.Client = l.client(n, s) }),
		l.phrase("reply", &w.Reply), l.phrase("text", &w.Text),
		l.one("receiver", func(n node, s string) {
			if w.Receiver = s; !l.isReceiver(s) {
				l.wrong(n, spelling.Wanted(s, l.receiverNames()), "there is no receiver %q", s)
			}
		}),
		key{"attempts", func(n node) {
			if i, ok := l.number(n, "attempts", MaxAttempts); ok {
				w.Attempts = &i
			}
		}},
		key{"count", func(n node) {
			if i, ok := l.number(n, "count", MaxCount); ok {
				w.Count = &i
			}
		}},
		l.one("seconds", func(n node, s string) {
			r, err := parseRange(s)
			if err != nil {
				l.wrong(n, "", "seconds %q: %v", s, err)
			}
			w.Seconds = r
		}))
	if have == nil {
		return w
	}
	if _, ok := have["outcome"]; !ok {
		l.wrong(n, "want one of "+strings.Join(outcomes, ", "), "want: outcome is missing")
	}
	l.agree(w, have)
	if first := c.firstStep(w); w.Step != nil && first > *w.Step {
		l.wrong(have["step"].node, "", "step %d: what this speaks of is sent in step %d", *w.Step, first)
	}
	return w
}

// agree reports what cannot be true together.
func (l *loader) agree(w Want, have map[string]field) {
	class := strconv.Itoa(w.Status.Class)
	if known, ok := classes[w.Outcome]; ok && !w.Status.IsZero() && !strings.Contains(known, class) {
		l.wrong(have["status"].node, "the status is the one after dsn= in the mail log",
			"status %s never comes with outcome %s", w.Status, w.Outcome)
	}
	if w.Outcome == mail.Sent && w.Stage != nil && *w.Stage != mail.Data {
		l.wrong(have["stage"].node, "", "stage %s: what is sent was taken at stage data", *w.Stage)
	}
}

// possible reports a recipient that the case cannot have. One that is not sent to
// may come of an alias, so only a case without any is sure.
func (l *loader) possible(c *caseDraft, n node, s string) {
	var known []string
	for _, m := range c.sends {
		for _, to := range m.to {
			if sameAddress(to.text, s) {
				return
			}
			known = append(known, to.text)
		}
	}
	for p, f := range c.Files {
		if strings.HasPrefix(p, "postfix/") && p != masterCFPath && (p != mainCFPath || rewrites.MatchString(f.Text)) {
			return
		}
	}
	l.wrong(n, spelling.Wanted(s, known), "case %s sends nothing to %s", c.Name, s)
}

// rewrites finds settings of main.cf that can give mail to other recipients.
var rewrites = regexp.MustCompile(`(?i)alias|canonical|bcc|relocated|luser|masquerade|origin|myhostname|mydomain|delimiter|maps|filter|milter`)

func stageNames() []string {
	out := make([]string, len(mail.Stages))
	for i, s := range mail.Stages {
		out[i] = s.String()
	}
	return out
}

var ruleName = regexp.MustCompile(pattern.Any(RuleForm))

// rule reads the name of a profile's rule, with or without the profile's. Whether
// there is one is for those who know the profiles.
func (l *loader) rule(n node, s string) string {
	if !ruleName.MatchString(s) {
		l.wrong(n, "", "rule %q: want PROFILE/RULE or RULE, as in gmail/ptr-missing", s)
	}
	return s
}

// client reads a family or one of the host's addresses.
func (l *loader) client(n node, s string) string {
	h := l.sc.Host
	switch a, err := netip.ParseAddr(s); {
	case s == "ipv4" && !h.IPv4.IsValid() && h.IPv6.IsValid(), s == "ipv6" && !h.IPv6.IsValid() && h.IPv4.IsValid():
		l.wrong(n, "", "client %s: the host has no such address", s)
	case s == "ipv4", s == "ipv6":
	case err != nil:
		l.wrong(n, spelling.Wanted(s, []string{"ipv4", "ipv6"}), "client %q: want ipv4, ipv6 or an address of the host", s)
	case a != h.IPv4 && a != h.IPv6:
		l.wrong(n, "", "client %s: the host does not have this address", a)
	default:
		return a.String()
	}
	return s
}

// status is a key with an enhanced status code.
func (l *loader) status(name string, into *mail.Status) key {
	return l.one(name, func(n node, s string) {
		st, err := mail.ParseStatus(s)
		if err != nil {
			l.wrong(n, "", "%v", err)
		}
		*into = st
	})
}

// phrase is a key with a text that is looked for, whatever its blanks.
func (l *loader) phrase(name string, into *string) key {
	return l.one(name, func(n node, s string) {
		if *into = collapse(s); *into == "" {
			l.wrong(n, "leave the key out to compare nothing", "%s: want some text", name)
		}
	})
}

var errSeconds = errors.New("want a number of seconds at most, or MIN..MAX")

var seconds = regexp.MustCompile(pattern.Any(secondsForm))

// parseRange reads MAX, MIN..MAX, MIN.. or ..MAX.
func parseRange(s string) (*Range, error) {
	low, high, found := strings.Cut(s, "..")
	if !found {
		low, high = "", s
	}
	var r Range
	for _, end := range []struct {
		text string
		into **float64
	}{{strings.TrimSpace(low), &r.Min}, {strings.TrimSpace(high), &r.Max}} {
		if end.text == "" {
			continue
		}
		v, err := strconv.ParseFloat(end.text, 64)
		if err != nil || !seconds.MatchString(end.text) {
			return nil, errSeconds
		}
		*end.into = &v
	}
	switch {
	case r.Min == nil && r.Max == nil:
		return nil, errSeconds
	case r.Min != nil && r.Max != nil && *r.Min > *r.Max:
		return nil, errors.New("want the smaller number first")
	}
	return &r, nil
}

var actions = []string{"failed", "delayed", "delivered", "relayed", "expanded"}

func (l *loader) dsn(c *caseDraft, n node) DSN {
	d := DSN{At: n.at}
	have := l.mapping(n, "dsn",
		l.one("to", func(n node, s string) {
			d.To = s
			l.address(n.at, "to", s)
		}),
		l.texts("recipients", func(n node, s string) {
			l.address(n.at, "recipients", s)
			if slices.Contains(d.Recipients, s) {
				l.wrong(n, "", "recipients: %s twice", s)
			}
			d.Recipients = append(d.Recipients, s)
		}),
		l.one("action", func(n node, s string) {
			if d.Action = s; !slices.Contains(actions, s) {
				l.wrong(n, spelling.Wanted(s, actions), "unknown action %q", s)
			}
		}),
		l.status("status", &d.Status), l.phrase("diagnostic", &d.Diagnostic))
	if have == nil {
		return d
	}
	if _, ok := have["recipients"]; !ok {
		l.wrong(n, "", "dsn: recipients is missing")
	}
	if _, ok := have["to"]; !ok {
		d.To = l.onlySender(c, n)
	}
	return d
}

// onlySender is who gets a case's notices if it is clear.
func (l *loader) onlySender(c *caseDraft, n node) string {
	var all []string
	for _, s := range c.sends {
		if s.from != "" && !slices.Contains(all, s.from) {
			all = append(all, s.from)
		}
	}
	switch len(all) {
	case 1:
		return all[0]
	case 0:
		l.wrong(n, "", "dsn: nobody to notify, every message has the null sender")
		return ""
	}
	l.wrong(n, "", "dsn: to is missing: case %s has several senders", c.Name)
	return ""
}
