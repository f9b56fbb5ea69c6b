package lab

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"strictmx/fakedns"
	"strictmx/scenarios"
)

// Faults are read alike from a scenario and from a directory of zones, and what is
// wrong with them is said in the same words.
func TestFaultsAreReadAlike(t *testing.T) {
	const scenario = "-- scenario.yaml --\ntitle: Faults\nhost: {name: mail.example.com, ipv4: 203.0.113.10}\n" +
		"receivers: [{profile: gmail, domains: [gmail.com]}]\nsend: {from: me@example.com, to: you@gmail.com}\n" +
		"cases: [{name: red, want: {outcome: bounced}}]\nfaults:\n"
	for _, tt := range []struct {
		fault string
		wrong bool
	}{
		{"{name: example.com, fault: servfail}", false},
		{"{name: '*', type: any, fault: refused, times: 0}", false},
		{"{name: '*.example.com.', type: type65280, fault: delay, delay: 1500ms, times: 2}", false},
		{"{name: 203.0.113.1, type: PTR, fault: timeout}", false},
		{"{name: '2001:db8::1', type: ptr, fault: wrong-id}", false},
		{"{nam: example.com, fault: servfail}", true},
		{"{nothing: like it}", true},
		{"{name: a b, fault: servfail}", true},
		{"{name: bücher.example, fault: servfail}", true},
		{"{name: '', fault: servfail}", true},
		{"{name: '2001:db8::x', fault: servfail}", true},
		{"{name: '::ffff:203.0.113.1', fault: servfail}", true},
		{"{name: [a], fault: {b: c}}", true},
		{"{name: a, name: b, fault: servfail}", true},
		{"{name: a, type: PRT, fault: servfail}", true},
		{"{name: a, type: ptr, fault: servfial}", true},
		{"{name: a, fault: zzzzzzzzzzzz}", true},
		{"{name: a, fault: delay}", true},
		{"{name: a, fault: delay, delay: 3}", true},
		{"{name: a, fault: delay, delay: 2h}", true},
		{"{name: a, fault: refused, delay: 3s}", true},
		{"{name: a, fault: refused, times: two}", true},
		{"{name: a, fault: refused, times: -1}", true},
		{"{name: a, fault: refused, times: 010}", true},
		{"{name: a, fault: refused, times: 1000001}", true},
		{"a", true},
	} {
		_, dir := fakedns.Load(fstest.MapFS{"faults.yaml": {Data: []byte("- " + tt.fault + "\n")}})
		_, own := scenarios.Load(fstest.MapFS{"s.txtar": {Data: []byte(scenario + "  - " + tt.fault + "\n")}}, "s.txtar")
		if (dir != nil) != tt.wrong || !slices.Equal(complaints(dir), complaints(own)) {
			t.Errorf("%s: faults.yaml: %v; a scenario: %v", tt.fault, dir, own)
		}
	}
}

var placed = regexp.MustCompile(`(?m)^[a-z.]+:[0-9]+: |[0-9]+$`)

// complaints are the lines of an error without places, sorted.
func complaints(err error) []string {
	if err == nil {
		return nil
	}
	out := strings.Split(placed.ReplaceAllString(err.Error(), ""), "\n")
	slices.Sort(out)
	return out
}
