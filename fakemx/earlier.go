package fakemx

import (
	"context"
	"slices"

	"strictmx/fakemx/check"
	"strictmx/internal/mail"
)

// An envelope is what checks at MAIL go by.
type envelope struct {
	helo, tls, tlsClient, from string
	size                       int64
	eightBit, utf8             bool
}

func (s *session) envelope() envelope {
	f := &s.facts
	return envelope{f.Helo, f.TLS, f.TLSClient, f.MailFrom, f.Size, f.EightBit, f.UTF8}
}

// An earlier transaction of the session lends the next one what its checks found about
// the same envelope, as a resolver with a cache would answer: the same facts lead to the
// same result. What broke, or missed an answer, is tried again, and what is remembered
// beyond the session is asked for again.
type earlier struct {
	envelope envelope
	found    findings
}

// keep takes what a transaction found that lasts, before it is forgotten.
func (e *earlier) keep(of envelope, f *findings) {
	e.envelope = of
	e.found.forget(mail.Connect)
	for i, a := range f.about {
		if a.lasts && a.broken == "" {
			e.found.add(f.results[i], a)
		}
	}
}

// lasting tells whether a check has the same result where the envelope and its key are
// the same, and the key.
func lasting(c *check.Check, f check.Facts) (key string, ok bool) {
	switch {
	case c.Counts:
		return "", false
	case c.Key != nil:
		return c.Key(f), true
	}
	return "", c.At == mail.Mail
}

// result is what the check of a name found about the same envelope and key; nil is
// nothing.
func (e *earlier) result(of envelope, name, key string) *mail.Result {
	i := slices.IndexFunc(e.found.about, func(a about) bool { return a.name == name && a.key == key })
	if i < 0 || e.envelope != of {
		return nil
	}
	return &e.found.results[i]
}

// answers are a resolver's, and tell whether one of them broke: a check can come to a
// result without it, and to another one with it.
type answers struct {
	from  check.Resolver
	broke bool
}

func (a *answers) Resolve(ctx context.Context, name, typ string) (mail.Answer, error) {
	got, err := a.from.Resolve(ctx, name, typ)
	a.broke = a.broke || err != nil
	return got, err
}
