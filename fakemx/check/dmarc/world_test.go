package dmarc

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"strictmx/internal/mail"
)

// A world has TXT records by name without final dot. A name without records exists;
// the record "FAIL" makes every lookup of its name time out.
type world map[string][]string

// newWorld reads lines of NAME DATA. DATA may be quoted as in Go, and be missing. The
// name of a policy record may be written without "_dmarc." as DOMAIN: DATA.
func newWorld(t testing.TB, text string) world {
	t.Helper()
	w := world{}
	for line := range strings.Lines(text) {
		name, data, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "" {
			continue
		}
		if d, ok := strings.CutSuffix(name, ":"); ok {
			name = "_dmarc." + d
		}
		data = strings.TrimSpace(data)
		if strings.HasPrefix(data, `"`) {
			var err error
			if data, err = strconv.Unquote(data); err != nil {
				t.Fatalf("world: %s: %v", line, err)
			}
		}
		if w[name] == nil {
			w[name] = []string{}
		}
		if data != "" {
			w[name] = append(w[name], data)
		}
	}
	return w
}

func (w world) Resolve(ctx context.Context, name, typ string) (mail.Answer, error) {
	if err := ctx.Err(); err != nil {
		return mail.Answer{}, err
	}
	name = strings.TrimSuffix(name, ".")
	texts, ok := w[name]
	a := mail.Answer{RCode: mail.NoError}
	if !ok && !w.above(name) {
		a.RCode = mail.NXDomain
	}
	for _, text := range texts {
		if text == "FAIL" {
			return mail.Answer{}, &mail.LookupError{Name: name, Type: typ, RCode: "TIMEOUT"}
		}
		if typ == "TXT" {
			a.Records = append(a.Records, mail.Record{Name: name, Type: typ, Text: text})
		}
	}
	return a, nil
}

// above tells whether a name exists because another one is below it.
func (w world) above(name string) bool {
	for other := range w {
		if strings.HasSuffix(other, "."+name) {
			return true
		}
	}
	return false
}

// counter keeps the questions.
type counter struct {
	Resolver
	asked []string
}

func (c *counter) Resolve(ctx context.Context, name, typ string) (mail.Answer, error) {
	c.asked = append(c.asked, name+" "+typ)
	return c.Resolver.Resolve(ctx, name, typ)
}

// signed is the result of dkim for signatures, each as "example.com" for one that
// passes or "example.com/fail".
func signed(domains ...string) mail.Result {
	res := mail.Result{Method: "dkim", Value: mail.None}
	for _, d := range domains {
		d, value, ok := strings.Cut(d, "/")
		if !ok {
			value = mail.Pass
		}
		res.Value = value
		res.Parts = append(res.Parts, mail.Result{
			Method: "dkim", Value: value, Domain: d, Properties: map[string]string{"header.d": d},
		})
	}
	return res
}

// sent is the result of spf, as signed.
func sent(domain string) mail.Result {
	d, value, ok := strings.Cut(domain, "/")
	switch {
	case d == "":
		return mail.Result{Method: "spf", Value: mail.None}
	case !ok:
		value = mail.Pass
	}
	return mail.Result{Method: "spf", Identity: "mailfrom", Value: value, Domain: d}
}

// from is a message with a From field.
func from(value string) []byte {
	return []byte("From: " + value + "\r\nMessage-ID: <1@example.com>\r\n\r\nHello\r\n")
}
