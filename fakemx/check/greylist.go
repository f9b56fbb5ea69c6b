package check

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"strictmx/internal/mail"
)

// greylistSettings are those of the method greylist.
var greylistSettings = []Setting{
	{
		Name: "by", Default: "triplet", Doc: "who has to come back",
		Words: []Word{{Name: "triplet", Doc: "the same sender to the same recipient from the same network, /24 or /64"}, {Name: "client", Doc: "the address"}},
	},
	{Name: "delay", Kind: Delay, Default: "5m", Doc: "how long a client has to wait before it comes back; 0s: the next session will do"},
	{Name: "window", Kind: Span, Default: "48h", Doc: "within what time of the first try it has to come back"},
	{Name: "keep", Kind: Delay, Default: "840h", Doc: "for how long it is known after each time that it was let in"},
}

// A greylist is set up to have clients come back (RFC 6647). The first try fails,
// and so do others until the delay is over. One after that, within the window,
// passes, and so do all later ones; each is remembered for as long as keep says.
// One that comes after the window is a first one again. With by: client and a delay
// of 0s it is what postscreen(8) says of its tests after 220: whoever
// passes them is let in at its next connection.
type greylist struct {
	client              bool
	delay, window, keep time.Duration
}

// A visit is what a receiver remembers of those that it knows.
type visit struct {
	first   time.Time
	session uint64    // of the first try
	let     time.Time // when it was let in last; zero if it was not yet
}

func newGreylist(s Settings) (Check, error) {
	g := greylist{client: s.Text("by") == "client", delay: s.Duration("delay"), window: s.Duration("window"), keep: s.Duration("keep")}
	if g.window <= g.delay {
		return Check{}, &SettingError{"window", fmt.Errorf("%s: want a time longer than the delay of %s", span(g.window), span(g.delay))}
	}
	return Check{
		At: mail.Rcpt, Values: []string{mail.Pass, mail.Fail}, Properties: []string{"wait"}, Counts: true, Run: g.run,
	}, nil
}

// run judges the recipient at hand, or all of them where it is asked for after the
// content: then it passes if all pass.
func (g greylist) run(_ context.Context, e Env, f Facts) mail.Result {
	var out mail.Result
	for _, rcpt := range g.rcpts(f) {
		res, wait := g.judge(e, f, rcpt)
		res.Properties = map[string]string{"wait": strconv.FormatInt(seconds(wait), 10)}
		if out.Value == "" || out.Value == mail.Pass && res.Value == mail.Fail {
			out.Value, out.Reason, out.Properties = res.Value, res.Reason, res.Properties
		}
		out.Steps = append(out.Steps, mail.Step{Text: res.Reason})
	}
	return out
}

func (g greylist) rcpts(f Facts) []string {
	if g.client || len(f.Rcpts) == 0 {
		return []string{""}
	}
	return rcptsAtHand(f)
}

func (g greylist) judge(e Env, f Facts, rcpt string) (mail.Result, time.Duration) {
	who := f.Client.Unmap().String()
	words := []string{"greylist", e.Check, who}
	if !g.client {
		who = fmt.Sprintf("<%s> to <%s> from %s", f.MailFrom, rcpt, Network(f.Client))
		words = []string{"greylist", e.Check, Network(f.Client).String(), strings.ToLower(f.MailFrom), strings.ToLower(rcpt)}
	}
	known, now, before := e.State.visit(e.Clock(), digest(words...), g, f.Sessions.Number)
	if !known.let.IsZero() {
		return mail.Result{Value: mail.Pass, Reason: fmt.Sprintf("%s came back after %s", who, age(now.Sub(known.first)))}, 0
	}
	wait := max(known.first.Add(g.delay).Sub(now), 0)
	res := mail.Result{Value: mail.Fail}
	switch {
	case !before:
		res.Reason = fmt.Sprintf("%s comes for the first time and has to come back after %s", who, span(g.delay))
	case wait == 0:
		res.Reason = fmt.Sprintf("%s came for the first time in this session and has to come back in another", who)
	default:
		res.Reason = fmt.Sprintf("%s came back after %s, %s too early", who, age(now.Sub(known.first)), age(wait))
	}
	return res, wait
}

// visit notes a try. before tells whether it was known, now is the time that counts.
func (s *State) visit(t time.Time, k key, g greylist, session uint64) (v visit, now time.Time, before bool) {
	if s == nil {
		return visit{first: t}, t, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now = s.now(t)
	v, before = s.visits.find(k)
	over := v.first.Add(g.window)
	if !v.let.IsZero() {
		over = v.let.Add(g.keep)
	}
	if !before || now.After(over) {
		v, before = visit{first: now, session: session}, false
		s.visits.keep(k, v, now.Add(g.window))
		return v, now, before
	}
	same := g.delay == 0 && session != 0 && session == v.session
	if !v.let.IsZero() || !now.Before(v.first.Add(g.delay)) && !same {
		v.let = now
		s.visits.keep(k, v, now.Add(g.keep))
	}
	return v, now, before
}

// seconds are whole ones, the last that has begun included: after so many the wait
// is over.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// age is a duration to the second.
func age(d time.Duration) string { return span(time.Duration(seconds(d)) * time.Second) }
