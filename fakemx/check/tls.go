package check

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"strictmx/internal/mail"
)

// tlsVersions are the versions of TLS in use, oldest first, as facts have them.
// RFC 8996 gives up the first two.
var tlsVersions = []string{"TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3"}

// tlsMethod is the method tls.
var tlsMethod = Method{
	Name: "tls", Doc: "the encryption of the session: its version, and whether the client has a certificate (RFC 3207)",
	Settings: []Setting{{
		Name: "min", Default: "TLSv1.2",
		Doc:   "the oldest version that passes (RFC 8996 gives up the first two)",
		Words: wordsOf(tlsVersions...),
	}},
	New: newTLS,
}

func newTLS(s Settings) (Check, error) {
	oldest := s.Text("min")
	return Check{
		At: mail.Mail, Values: []string{mail.None, mail.Pass, mail.Fail},
		Facets: map[string][]string{
			"version":     append([]string{mail.None}, tlsVersions...),
			"certificate": {mail.None, "presented"},
		},
		Run: func(_ context.Context, _ Env, f Facts) mail.Result { return tlsResult(oldest, f) },
	}, nil
}

var noTLS = map[string]string{"version": mail.None, "certificate": mail.None}

// tlsResult is none for a plain session. A version that is not known, which no
// client of today has, counts as too old and has no facet of its own.
func tlsResult(oldest string, f Facts) mail.Result {
	if f.TLS == "" {
		return mail.Result{Value: mail.None, Reason: "the session is not encrypted", Facets: noTLS}
	}
	res := mail.Result{Facets: maps.Clone(noTLS)}
	with := "without a certificate"
	if f.TLSClient != "" {
		res.Facets["certificate"], with = "presented", "with a certificate of "+f.TLSClient
	}
	at := slices.Index(tlsVersions, f.TLS)
	if at >= 0 {
		res.Facets["version"] = f.TLS
	}
	if at < slices.Index(tlsVersions, oldest) {
		res.Value, res.Reason = mail.Fail, fmt.Sprintf("the session has %s, and %s is the oldest that passes", f.TLS, oldest)
		return res
	}
	res.Value, res.Reason = mail.Pass, fmt.Sprintf("the session has %s, the client is %s", f.TLS, with)
	return res
}
