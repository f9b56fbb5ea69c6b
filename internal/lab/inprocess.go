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
		if strings.HasPrefix(f.Path, "postfix/") {
			return "only a mail system can show what " + f.Path + " does"
		}
	}
	if len(sortedPaths(p.Case, "opendkim/")) > 0 {
		return "only a mail system has OpenDKIM sign its mail"
	}
	for _, m := range p.Case.Messages {
		for _, to := range m.To {
			if r := receiverFor(p.Plan, to); r == nil || r.Name == senderReceiver {
				return "only a mail system knows where " + to + " goes"
			}
		}
	}
	if _, ok := p.Case.Files["postfix/master.cf"]; ok {
		return "only a mail system can show what postfix/master.cf does"
	}
	set := settingsOf(p)
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
// any other 5xx bounces, and what is left after the last address is deferred.
func InProcess(ctx context.Context, p *Prepared) (Record, error) {
	start := time.Now()
	var mu sync.Mutex
	var rec Record
	w, err := world.Build(p.Plan, world.Hooks{
		Attempt:  func(a mail.Attempt) { mu.Lock(); defer mu.Unlock(); rec.Attempts = append(rec.Attempts, a) },
		Question: func(q mail.Question) { mu.Lock(); defer mu.Unlock(); rec.Questions = append(rec.Questions, q) },
	})
	if err != nil {
		return rec, err
	}
	set := settingsOf(p)
	for i, m := range p.Case.Messages {
		for _, to := range m.To {
			c := client{world: w, plan: p.Plan, helo: set.helo, family: set.family}
			if c.family == "" {
				c.family = wantedFamily(p.Case, to)
			}
			d, err := c.deliver(ctx, m, to)
			if err != nil {
				return rec, err
			}
			d.Message = i
			rec.Deliveries = append(rec.Deliveries, d)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	assign(rec.Attempts, p.Case.Messages)
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
