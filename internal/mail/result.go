package mail

import "encoding/json"

// The result values of RFC 8601 section 2.7 that more than one method uses.
const (
	None      = "none"
	Pass      = "pass"
	Fail      = "fail"
	SoftFail  = "softfail"
	Neutral   = "neutral"
	Policy    = "policy"
	TempError = "temperror"
	PermError = "permerror"
)

// A Result is what one check found: method, value and reason as in an
// Authentication-Results field (RFC 8601 section 2.2), with the evidence.
type Result struct {
	Method string `json:"method"` // "iprev", "spf", ...
	// Name is what a profile calls the check where it has several of a method, or
	// one that is set up in its own way ("spamhaus"); empty is the method.
	Name   string `json:"name,omitempty"`
	Value  string `json:"value"`  // one of the values the check declares
	Reason string `json:"reason"` // one sentence, lower case, naming names and addresses

	// Identity is what was judged ("mailfrom", "helo"); empty where a method has
	// only one. Domain is the domain of that identity.
	Identity string `json:"identity,omitempty"`
	Domain   string `json:"-"` // written where there is one, and always for spf

	// Lookups and VoidLookups are those of RFC 7208 section 4.6.4, Explanation that
	// of section 6.2; for spf only.
	Lookups     int    `json:"-"`
	VoidLookups int    `json:"-"`
	Explanation string `json:"-"`
	Steps       []Step `json:"steps,omitempty"`

	// Facets are what the check tells beside the value, each with one of the values
	// that the check declares for it: "policy" of dmarc is "none", "quarantine" or
	// "reject". Properties are free texts with the names of RFC 8601 section 2.2
	// ("header.from", "header.s") or of our own. Results may have them in common: who is
	// given a result does not change them.
	Facets     map[string]string `json:"facets,omitempty"`
	Properties map[string]string `json:"properties,omitempty"`
	// Parts are the results for each of several things of one kind: the signatures
	// of dkim in the order of the header, the sets of arc.
	Parts []Result `json:"parts,omitempty"`
}

// Called is the name by which a profile asks for the result.
func (r Result) Called() string {
	if r.Name != "" {
		return r.Name
	}
	return r.Method
}

// optional are the fields that are written, empty or not, for the methods that
// have them.
type optional struct {
	Domain      *string `json:"domain,omitempty"`
	Lookups     *int    `json:"lookups,omitempty"`
	VoidLookups *int    `json:"void_lookups,omitempty"`
	Explanation *string `json:"explanation,omitempty"`
}

// MarshalJSON writes the fields that the method has.
func (r Result) MarshalJSON() ([]byte, error) {
	type plain Result
	var opt optional
	switch {
	case r.Method == "spf":
		opt = optional{&r.Domain, &r.Lookups, &r.VoidLookups, &r.Explanation}
	case r.Domain != "":
		opt.Domain = &r.Domain
	}
	return json.Marshal(struct {
		plain
		optional
	}{plain(r), opt})
}

// UnmarshalJSON reads what [Result.MarshalJSON] writes.
func (r *Result) UnmarshalJSON(b []byte) error {
	type plain Result
	in := struct {
		*plain
		optional
	}{plain: (*plain)(r), optional: optional{&r.Domain, &r.Lookups, &r.VoidLookups, &r.Explanation}}
	return json.Unmarshal(b, &in)
}

// A Step is one line of the account of how a result came about, in the order of
// evaluation.
type Step struct {
	Depth int    `json:"depth"` // 0 for the record asked first, one more for each include or redirect
	Text  string `json:"text"`  // "include:_spf.example.com: not match (fail)"
}
