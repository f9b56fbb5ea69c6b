package fakedns

import (
	"context"
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
	return stub{orDefault(r.Tries, defaultTries), r.exchange}.resolve(ctx, name, typ)
}

func (r *Resolver) exchange(ctx context.Context, query []byte, tcp bool, accept func([]byte) bool) ([]byte, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	a := r.zones.world().react(query, tcp, true)
	if r.log != nil && a.query {
		a.question.Asker = r.asker
		r.log(a.question)
	}
	if a.reply == nil || a.delay >= orDefault(r.Timeout, defaultTimeout) || !accept(a.reply) {
		return nil, errNoReply
	}
	return a.reply, nil
}

func orDefault[T int | time.Duration](v, otherwise T) T {
	if v <= 0 {
		return otherwise
	}
	return v
}
