package fakedns

import (
	"context"
	"slices"
	"time"

	"strictmx/internal/mail"
)

// A Resolver answers from Zones in memory what a [Client] would find at a [Server]
// with the field Recursion. It passes real packets but no sockets, and waits for
// nothing: a reply that comes too late, or not at all, is a timeout at once.
type Resolver struct {
	Timeout time.Duration // of one try; 0 is 2 s
	Tries   int           // 0 is 2

	zones *Zones
	asker string
	log   func(mail.Question)
}

// Resolver returns a resolver whose questions are told to log, unless it is nil,
// in the name of asker. log may be called by several goroutines at once.
func (z *Zones) Resolver(asker string, log func(mail.Question)) *Resolver {
	return &Resolver{zones: z, asker: asker, log: log}
}

// Resolve looks records up. name may lack the final dot; typ is a mnemonic or the
// form TYPE65280. Every error is a [*mail.LookupError], or the cause of ctx.
func (r *Resolver) Resolve(ctx context.Context, name, typ string) (mail.Answer, error) {
	if ctx.Err() != nil {
		return mail.Answer{}, context.Cause(ctx)
	}
	w := r.zones.world()
	if s, ok := w.settled.find(name, typ); ok {
		r.tell(s.question)
		return mail.Answer{RCode: s.answer.RCode, Records: slices.Clone(s.answer.Records)}, nil
	}
	var asked []mail.Question
	exchange := func(ctx context.Context, query []byte, tcp bool, accept func([]byte) bool) ([]byte, error) {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		a := w.react(query, tcp, true)
		if a.query {
			asked = append(asked, a.question)
			r.tell(a.question)
		}
		if a.reply == nil || a.delay >= orDefault(r.Timeout, defaultTimeout) || !accept(a.reply) {
			return nil, errNoReply
		}
		return a.reply, nil
	}
	a, err := stub{orDefault(r.Tries, defaultTries), exchange}.resolve(ctx, name, typ)
	if err == nil && len(asked) == 1 && len(w.faults) == 0 {
		w.settled.keep(name, typ, settled{mail.Answer{RCode: a.RCode, Records: slices.Clone(a.Records)}, asked[0]})
	}
	return a, err
}

func (r *Resolver) tell(q mail.Question) {
	if r.log != nil {
		q.Asker = r.asker
		r.log(q)
	}
}

func orDefault[T int | time.Duration](v, otherwise T) T {
	if v <= 0 {
		return otherwise
	}
	return v
}
