package lab_test

import (
	"runtime"
	"slices"
	"testing"

	"strictmx/internal/lab"
	"strictmx/internal/verdict"
	"strictmx/scenarios"
)

// BenchmarkColdCase is one case from the creation of its containers to their end.
func BenchmarkColdCase(b *testing.B) {
	d := openDriver(b)
	all, err := scenarios.LoadAll(scenarios.Embedded(), "gmail-ipv6-ptr.txtar")
	if err != nil {
		b.Fatal(err)
	}
	p, err := lab.Prepare(all[0], all[0].Cases[0], base)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := lab.Run(b.Context(), d, p, lab.DefaultDeadline); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCorpusContainers is all scenarios that come with the program, as run does
// them, in seconds for each case.
func BenchmarkCorpusContainers(b *testing.B) {
	d := openDriver(b)
	all, err := scenarios.LoadAll(scenarios.Embedded())
	if err != nil {
		b.Fatal(err)
	}
	selected, err := lab.Select(all, "")
	if err != nil {
		b.Fatal(err)
	}
	works, err := lab.PrepareAll(selected, base)
	if err != nil {
		b.Fatal(err)
	}
	cases := 0
	for b.Loop() {
		cases = 0
		for _, f := range slices.Concat(lab.Runner{Driver: d, Parallel: runtime.NumCPU() + 1}.Run(b.Context(), works)...) {
			cases++
			if f.Result != verdict.Pass {
				b.Errorf("%s/%s: %s %s %v", f.Prepared.Scenario.Name, f.Case.Name, f.Result, f.Reason, f.Err)
			}
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N*cases), "s/case")
}
