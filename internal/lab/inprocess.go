package lab

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"strictmx/internal/mail"
	"strictmx/internal/wire"
	"strictmx/internal/world"
	"strictmx/scenarios"
)

// Unprovable says why the in-process ring cannot tell how a case ends, or returns
// nothing where it can. It has no mail system: what depends on one is skipped and
// never passed. Delivery notices, which only a mail system sends, are no reason to
// skip all else: see [WithoutNotices].
func Unprovable(p *Prepared) string {
	for _, f := range p.Case.Added {
		switch {
		case f.Path == "postfix/main.cf":
			if name := unfollowed(f); name != "" {
				return "only a mail system can show what " + name + " does"
			}
		case strings.HasPrefix(f.Path, "postfix/"):
			return "only a mail system can show what " + f.Path + " does"
		}
	}
	// Keys without a configuration sign nothing: a case may have both, the base the keys.
	if _, ok := p.Case.Files["opendkim/"+opendkimConf]; ok {
		return "only a mail system has OpenDKIM sign its mail"
	}
	set := settingsOf(p)
	for _, m := range p.Case.Messages {
		if _, _, ok := cutDomain(m.From); m.From != "" && !ok {
			return "only a mail system completes the sender " + m.From
		}
		for _, to := range m.To {
			_, domain, _ := cutDomain(to)
			if r := receiverFor(p.Plan, to); r == nil || r.Name == senderReceiver || slices.Contains(set.local, domain) {
				return "only a mail system knows where " + to + " goes"
			}
		}
	}
	if _, ok := p.Case.Files["postfix/master.cf"]; ok {
		return "only a mail system can show what postfix/master.cf does"
	}
	if slices.ContainsFunc(p.Case.Want, func(w scenarios.Want) bool { return w.Count != nil }) {
		return "only a mail system sends several messages at once"
	}
	switch {
	case set.other != "":
		return "only a mail system can show what " + set.other + " does"
	case strings.Contains(set.helo, "$"):
		return "only a mail system can expand the HELO name " + set.helo
	}
	return ""
}

// WithoutNotices is the case as far as the in-process ring can prove it.
func WithoutNotices(c scenarios.Case) scenarios.Case {
	c.DSN, c.NoDSN = nil, false
	return c
}

// InProcess sends a case's messages from the host's addresses to the receivers,
// over connections in memory. Each recipient is handled as Postfix 3.7 does by
// default, seen in its log: a 5xx greeting and any 4xx lead to the next address,
// any other 5xx bounces, and what is left after the last address is deferred. It speaks
// TLS where that is offered, and the configuration does not say otherwise. It is
// tried again in the next step, if the case has one.
func InProcess(ctx context.Context, p *Prepared) (Record, error) {
	start := time.Now()
	var mu sync.Mutex
	var rec Record
	var q queue
	w, err := world.Build(p.Plan, world.Hooks{
		Attempt: func(a mail.Attempt) {
			mu.Lock()
			defer mu.Unlock()
			a.Step = q.step
			rec.Attempts = append(rec.Attempts, a)
		},
		Question: func(q mail.Question) { mu.Lock(); defer mu.Unlock(); rec.Questions = append(rec.Questions, q) },
		Now:      func() time.Time { mu.Lock(); defer mu.Unlock(); return time.Now().Add(q.ahead) },
	})
	if err != nil {
		return rec, err
	}
	set := settingsOf(p)
	q.client = client{world: w, plan: p.Plan, helo: set.helo, only: set.only, tls: set.tls}
	for step := range len(p.Case.Waits) + 1 {
		mu.Lock()
		q.step = step
		if step > 0 {
			q.ahead += p.Case.Waits[step-1]
		}
		mu.Unlock()
		if err := q.run(ctx, p, set); err != nil {
			return rec, err
		}
	}
	mu.Lock()
	defer mu.Unlock()
	rec.Deliveries = q.done
	assign(rec.Attempts, p.Case.Messages, rec.Deliveries)
	rec.Elapsed = time.Since(start)
	for _, a := range rec.Attempts {
		if err := faultOf(a); err != nil {
			return rec, err
		}
	}
	return rec, nil
}

func receiverFor(plan wire.Plan, to string) *wire.Receiver {
	_, domain, _ := cutDomain(to)
	for i, r := range plan.Receivers {
		if slices.Contains(r.Domains, domain) {
			return &plan.Receivers[i]
		}
	}
	return nil
}
