package lab

import (
	"context"
	"slices"
	"time"

	"strictmx/internal/mail"
)

// A queue is what the client in memory has to deliver, and what became of it.
type queue struct {
	client   client
	step     int
	ahead    time.Duration // of the receivers' clock
	deferred []parcel
	done     []mail.Delivery
}

// A parcel is a message for recipients that it goes to in one transaction: those of
// one domain.
type parcel struct {
	message int
	family  string // of the addresses that are tried first
	domain  string
	to      []string
}

// run tries what is deferred again, and then sends the messages of the step.
func (q *queue) run(ctx context.Context, p *Prepared, set settings) error {
	parcels := q.deferred
	q.deferred = nil
	for i, m := range p.Case.Messages {
		if m.Step == q.step {
			parcels = append(parcels, parcelsOf(p, set, i)...)
		}
	}
	for _, parcel := range parcels {
		c := q.client
		c.family = parcel.family
		deliveries, err := c.deliver(ctx, p.Case.Messages[parcel.message], parcel.to)
		if err != nil {
			return err
		}
		parcel.to = nil
		for _, d := range deliveries {
			d.Message, d.Step = parcel.message, q.step
			q.done = append(q.done, d)
			if d.Outcome == mail.Deferred {
				parcel.to = append(parcel.to, d.Recipient)
			}
		}
		if len(parcel.to) > 0 {
			q.deferred = append(q.deferred, parcel)
		}
	}
	return nil
}

// parcelsOf parts a message's recipients by domain, and those of one domain where
// there are more than go into one transaction.
func parcelsOf(p *Prepared, set settings, message int) []parcel {
	var out []parcel
	for _, to := range p.Case.Messages[message].To {
		next := parcel{message: message, family: set.family}
		if _, next.domain, _ = cutDomain(to); next.family == "" {
			next.family = wantedFamily(p.Case, to)
		}
		i := slices.IndexFunc(out, func(o parcel) bool {
			return o.domain == next.domain && o.family == next.family && len(o.to) < set.rcpts
		})
		if i < 0 {
			i, out = len(out), append(out, next)
		}
		out[i].to = append(out[i].to, to)
	}
	return out
}
