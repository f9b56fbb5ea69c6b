package fakemx

import "strictmx/internal/mail"

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
// same result. What broke is tried again, and what is remembered beyond the session is
// asked for again.
type earlier struct {
	envelope envelope
	found    findings
}

// keep takes what a transaction found about its envelope before it is forgotten.
func (e *earlier) keep(of envelope, f *findings, lasts func(name string) bool) {
	e.envelope = of
	e.found.forget(mail.Connect)
	for i, a := range f.about {
		if a.at == mail.Mail && a.broken == "" && f.results[i].Value != mail.TempError && lasts(a.name) {
			e.found.add(f.results[i], a)
		}
	}
}

// about is what the check of a name found about the same envelope; nil is nothing.
func (e *earlier) about(of envelope, name string) *mail.Result {
	if e.envelope != of {
		return nil
	}
	return e.found.named(name)
}
