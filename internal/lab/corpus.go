package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"strictmx/internal/verdict"
	"strictmx/internal/wire"
)

// A Runner runs the cases of scenarios, several at a time.
type Runner struct {
	Driver   Driver        // nil is the in-process ring
	Parallel int           // cases at a time; 0 is one
	Deadline time.Duration // of a case; 0 is [DefaultDeadline]
	Strict   bool          // what the mail system warns of in its configuration is an error
	// Done is told each case when it has ended, before its scenario is concluded,
	// one at a time; nil tells nobody.
	Done func(*Finished)
}

// A Finished case, with its record beside the verdict.
type Finished struct {
	Prepared *Prepared
	Record   Record
	verdict.CaseResult
}

// A Work is the prepared cases of one scenario.
type Work []*Prepared

// PrepareAll prepares the cases of all selections, or reports all that is wrong.
func PrepareAll(selections []Selection, base Base) ([]Work, error) {
	var out []Work
	var errs []error
	told := map[string]bool{} // faults of the base come up in every case
	for _, s := range selections {
		var w Work
		for _, c := range s.Cases {
			p, err := Prepare(s.Scenario, c, base)
			if err != nil && !told[err.Error()] {
				told[err.Error()] = true
				errs = append(errs, err)
			}
			w = append(w, p)
		}
		out = append(out, w)
	}
	return out, errors.Join(errs...)
}

// Run runs all cases and concludes each scenario. It ends early only when ctx
// does; cases that were not begun by then are errors.
func (r Runner) Run(ctx context.Context, works []Work) [][]*Finished {
	out := make([][]*Finished, len(works))
	queue := make(chan func())
	var workers sync.WaitGroup
	for range max(r.Parallel, 1) {
		workers.Go(func() {
			for job := range queue {
				job()
			}
		})
	}
	var mu sync.Mutex
	for i, w := range works {
		out[i] = make([]*Finished, len(w))
		for k, p := range w {
			queue <- func() {
				f := r.one(ctx, p, w)
				out[i][k] = f
				if r.Done != nil {
					mu.Lock()
					defer mu.Unlock()
					r.Done(f)
				}
			}
		}
	}
	close(queue)
	workers.Wait()
	for _, cases := range out {
		conclude(cases)
	}
	return out
}

// one runs a case. Its result stands until the scenario is concluded.
func (r Runner) one(ctx context.Context, p *Prepared, w Work) *Finished {
	f := &Finished{Prepared: p, CaseResult: verdict.CaseResult{Case: p.Case, Result: verdict.Errored}}
	switch {
	case ctx.Err() != nil:
		f.Err = fmt.Errorf("not begun: %w", context.Cause(ctx))
		return f
	case r.Driver != nil:
		deadline := r.Deadline
		if deadline == 0 {
			deadline = DefaultDeadline
		}
		f.Record, f.Err = Run(ctx, r.Driver, p, deadline)
		f.Err = p.placed(f.Err)
		if text := chance(p, f.Record.Attempts); text != "" {
			f.Record.Warnings = append(f.Record.Warnings, text)
		}
		if f.Err == nil && r.Strict && len(f.Record.Warnings) > 0 {
			f.Err = &wire.Error{Kind: "postfix-config", Message: strings.Join(f.Record.Warnings, "; ")}
		}
	default:
		if f.Skip = w.unprovable(p); f.Skip != "" {
			f.Result = verdict.Skipped
			return f
		}
		f.Case = WithoutNotices(p.Case)
		f.Record, f.Err = InProcess(ctx, p)
	}
	if f.Err != nil {
		return f
	}
	f.Observed = verdict.Observed{
		Deliveries: f.Record.Deliveries, Attempts: f.Record.Attempts, Questions: f.Record.Questions,
		Unsettled: f.Record.Unsettled,
	}
	f.Mismatches = verdict.Judge(f.Case, f.Observed)
	f.Result = verdict.Pass
	if len(f.Mismatches) > 0 {
		f.Result = verdict.Mismatched
	}
	return f
}

func conclude(cases []*Finished) {
	results := make([]verdict.CaseResult, len(cases))
	for i, f := range cases {
		results[i] = f.CaseResult
	}
	verdict.Conclude(results)
	for i, f := range cases {
		f.CaseResult = results[i]
	}
}

// unprovable says why a case of the work cannot be proved in process: for a reason of
// its own, or one of its baseline's.
func (w Work) unprovable(p *Prepared) string {
	if why := Unprovable(p); why != "" {
		return why
	}
	name := p.Case.Cures + p.Case.FailsToCure
	i := slices.IndexFunc(w, func(o *Prepared) bool { return name != "" && o.Case.Name == name })
	if i < 0 {
		return ""
	}
	if why := Unprovable(w[i]); why != "" {
		return fmt.Sprintf("its baseline %s was skipped: %s", name, why)
	}
	return ""
}
