package lab

import (
	"os"
	"regexp"
	"testing"
	"testing/fstest"

	"strictmx/internal/verdict"
	"strictmx/scenarios"
)

// The scenario of docs/own-receiver.md does what the page says.
func TestOwnReceiverPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/own-receiver.md")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?ms)^```txtar\n(.*?)^```$").FindSubmatch(page)
	if m == nil {
		t.Fatal("the page has no scenario")
	}
	sc, err := scenarios.Load(fstest.MapFS{"own.txtar": {Data: m[1]}}, "own.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range (Runner{}).Run(t.Context(), worksOf(t, sc))[0] {
		if f.Result != verdict.Pass {
			t.Errorf("%s: %s %s %v %v", f.Case.Name, f.Result, f.Reason, f.Mismatches, f.Err)
		}
	}
}
