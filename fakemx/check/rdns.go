package check

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"strictmx/internal/mail"
)

// rdnsMethod is the method rdns-generic.
var rdnsMethod = Method{
	Name: "rdns-generic", Doc: "whether the PTR name is one that providers give to all their addresses",
	Settings: []Setting{{
		Name: "patterns", List: true, Kind: Pattern,
		Doc: "RE2 patterns of such names, in lower case and without final dot, in place of our own: " +
			"the address in the name, and words such as dynamic, dialup, pool or dsl",
	}},
	New: newRDNS,
}

func newRDNS(s Settings) (Check, error) {
	judge := genericName
	if given, ok := s["patterns"]; ok {
		var patterns []*regexp.Regexp
		for _, p := range given {
			patterns = append(patterns, regexp.MustCompile(p)) // of its kind
		}
		judge = func(name string, _ Facts) string { return matching(name, patterns) }
	}
	return Check{
		At: mail.Connect, Values: []string{mail.None, mail.Pass, mail.Fail, mail.TempError},
		Properties: []string{propertyName},
		Run: func(ctx context.Context, e Env, f Facts) mail.Result {
			return rdnsResult(ctx, e.Resolver, f, judge)
		},
	}, nil
}

// matching tells which pattern a name matches, or nothing.
func matching(name string, patterns []*regexp.Regexp) string {
	for _, re := range patterns {
		if re.MatchString(name) {
			return fmt.Sprintf("matches %q", re)
		}
	}
	return ""
}

// rdnsResult fails a client all whose PTR names are generic: one name of its own is
// enough. Whether the names point back is for iprev to tell. judge says why a name
// is generic, or nothing.
func rdnsResult(ctx context.Context, r Resolver, f Facts, judge func(string, Facts) string) mail.Result {
	client := f.Client.Unmap().WithZone("")
	res := mail.Result{Properties: make(map[string]string)}
	reverse := ReverseName(client)
	ptr, err := r.Resolve(ctx, reverse, "PTR")
	switch {
	case err != nil:
		res.Value, res.Reason = mail.TempError, fmt.Sprintf("the PTR lookup for %s broke: %v", client, err)
		return res
	case len(ptr.Records) == 0:
		res.Value, res.Reason = mail.None, fmt.Sprintf("%s has no PTR record (%s)", client, ptr.RCode)
		return res
	}
	for _, rr := range ptr.Records[:min(len(ptr.Records), maxPTRNames)] {
		name := strings.ToLower(strings.TrimSuffix(rr.Text, "."))
		why := judge(name, f)
		if why == "" {
			res.Value, res.Domain, res.Properties[propertyName] = mail.Pass, name, name
			res.Reason = fmt.Sprintf("%s has the PTR name %s, which is not a generic one", client, name)
			return res
		}
		res.Steps = append(res.Steps, mail.Step{Text: name + " " + why})
		if res.Reason == "" {
			res.Value, res.Domain, res.Properties[propertyName] = mail.Fail, name, name
			res.Reason = fmt.Sprintf("%s has the generic PTR name %s, which %s", client, name, why)
		}
	}
	return res
}
