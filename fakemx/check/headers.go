package check

import (
	"context"
	"maps"
	"strconv"
	"strings"

	"strictmx/internal/mail"
)

// headersMethod is the method headers.
var headersMethod = Method{
	Name: "headers", Doc: "the form of the message: its header fields and its lines (RFC 5322)",
	Settings: []Setting{
		{Name: "max-hops", Kind: Count, Default: "50", Doc: "how many Received fields there may be; Postfix has 50 (hopcount_limit)"},
		{
			Name: "max-line", Kind: Count, Default: "998",
			Doc: "how long a line may be, in octets without its CR LF (RFC 5322 section 2.1.1)",
		},
	},
	New: newHeaders,
}

// headerFacets are the facets of the method headers in the order in which faults are
// told; the first value of each is that of a message without fault.
var headerFacets = []struct {
	name   string
	values []string
}{
	{"syntax", []string{"ok", "malformed"}},
	{"from", []string{"ok", "missing", "multiple-fields", "multiple-addresses", "malformed"}},
	{"date", []string{"ok", "missing", "malformed", "multiple"}},
	{"message-id", []string{"ok", "missing", "malformed", "multiple"}},
	{"to", []string{"ok", "missing"}},
	{"duplicate", []string{"no", "yes"}},
	{"hops", []string{"ok", "many"}},
	{"eight-bit", []string{"ok", "undeclared"}},
	{"line-ends", []string{"ok", "bare-cr", "bare-lf"}},
	{"lines", []string{"ok", "long"}},
}

// noFaults are the facets of a message without fault.
var noFaults = func() map[string]string {
	out := make(map[string]string, len(headerFacets))
	for _, f := range headerFacets {
		out[f.name] = f.values[0]
	}
	return out
}()

func newHeaders(s Settings) (Check, error) {
	hops, line := s.Count("max-hops"), s.Count("max-line")
	facets := make(map[string][]string)
	for _, f := range headerFacets {
		facets[f.name] = f.values
	}
	return Check{
		At: mail.Data, Values: []string{mail.Pass, mail.Fail}, Facets: facets,
		Properties: []string{"duplicate-field", "hops"},
		Run:        func(_ context.Context, _ Env, f Facts) mail.Result { return headersResult(hops, line, f) },
	}, nil
}

// fewHops are the properties of messages with less than so many hops.
var fewHops = func() (out [32]map[string]string) {
	for n := range out {
		out[n] = map[string]string{"hops": strconv.Itoa(n)}
	}
	return out
}()

func hops(n int) map[string]string {
	if n < len(fewHops) {
		return fewHops[n]
	}
	return map[string]string{"hops": strconv.Itoa(n)}
}

// headersResult judges the form of a message: pass if there is no fault, and fail
// with any. Facets tell which:
//
//	syntax      a line of the header is no field (RFC 5322 section 2.2), or the header
//	            is over a limit. Such a line ends the header.
//	from, date, message-id
//	            the fields that a message has to have once (section 3.6; Message-ID
//	            should be there). Obsolete forms (section 4) are taken. Of From,
//	            multiple-addresses is no fault of syntax but one of RFC 7489 section
//	            6.6.1 and of what many receivers take.
//	to          there is none; section 3.6 allows that, receivers may not
//	duplicate   a field is there twice that section 3.6 allows once
//	hops        more Received fields than the check is set up for
//	eight-bit   octets above 127 in the header without SMTPUTF8 (RFC 6531 section
//	            3.6), or in the body without BODY=8BITMIME (RFC 6152)
//	line-ends   CR and LF that do not stand together (RFC 5321 section 2.3.8); if
//	            there are both kinds, bare-lf is told
//	lines       a line is too long. Any LF ends a line here.
func headersResult(maxHops, maxLine int, f Facts) mail.Result {
	s := scanner{facts: f, maxHops: maxHops, maxLine: maxLine}
	s.scan(f.Content)
	res := mail.Result{
		Value: mail.Pass, Reason: "the header and the lines of the message are without fault",
		Facets: noFaults, Properties: hops(s.hops),
	}
	if s.twice != "" {
		res.Properties = maps.Clone(res.Properties)
		res.Properties["duplicate-field"] = s.twice
	}
	if len(s.faults) == 0 {
		return res
	}
	res.Facets = maps.Clone(noFaults)
	var reasons []string
	for _, facet := range headerFacets {
		if bad, ok := s.faults[facet.name]; ok {
			res.Facets[facet.name] = bad.value
			reasons = append(reasons, bad.text)
			res.Steps = append(res.Steps, mail.Step{Text: facet.name + " " + bad.value + ": " + bad.text})
		}
	}
	res.Value, res.Reason = mail.Fail, strings.Join(reasons, "; ")
	return res
}
