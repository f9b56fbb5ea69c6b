package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"strictmx/internal/lab"
	"strictmx/internal/report"
	"strictmx/internal/verdict"
)

// runFlags say what to run and how.
type runFlags struct {
	cases, shard, format string
	parallel             int
	inProcess, keep      bool
	fresh                bool
	timeout              time.Duration
}

func runCommand() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run [PATH...]",
		Short: "run scenarios against a real Postfix and report",
		Long: `run runs the scenarios at PATH, or those that come with strictmx: archives
(*.txtar), directories or the scenario.yaml in one, or names that strictmx list
prints. Each case has a lab of its own, with a real Postfix and no way out; images
are built if they are missing. Labs start from nothing, one after the other in containers that are kept for the
run, or with --fresh each in containers of its own.

Progress goes to standard error, the report to standard output. The evidence of
each case that is not as wanted, or with --keep of every case, is kept below
$TMPDIR/strictmx-evidence-*, which the report names. Nothing deletes it again.`,
		Example: `  strictmx run
  strictmx run gmail-ipv6-ptr --case ptr
  strictmx run my-bounce.txtar --in-process
  strictmx run --format json | jq -r 'select(.type == "case") | .case + " " + .result'`,
		RunE: func(c *cobra.Command, args []string) error {
			return f.run(c.Context(), args, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	c.Flags().StringVar(&f.cases, "case", "", "run only cases that match `GLOB`, as CASE or SCENARIO/CASE, and their baselines")
	c.Flags().StringVar(&f.shard, "shard", "", "run only part `I/N` of the scenarios")
	c.Flags().IntVar(&f.parallel, "parallel", 0, "cases at a time; 0 is one more than there are processors")
	c.Flags().BoolVar(&f.inProcess, "in-process", false, "no container: prove what the receivers alone can prove")
	c.Flags().BoolVar(&f.fresh, "fresh", false, "make new containers for each case, and none for the next")
	c.Flags().BoolVar(&f.keep, "keep", false, "keep the evidence of every case")
	c.Flags().StringVar(&f.format, "format", "text", "text or json")
	c.Flags().DurationVar(&f.timeout, "timeout", lab.DefaultDeadline, "give up on a case after this `time`")
	return c
}

func (f runFlags) run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	works, err := f.prepare(args)
	if err != nil {
		return err
	}
	start := time.Now()
	// In our own scenarios a parameter that Postfix does not use is a mistake.
	r := lab.Runner{Parallel: f.parallel, Deadline: f.timeout, Strict: len(args) == 0}
	if r.Parallel == 0 {
		r.Parallel = runtime.NumCPU() + 1
	}
	engine := ""
	if !f.inProcess {
		d, opening := openContainers(ctx, stderr)
		if opening != nil {
			return labError(opening)
		}
		defer func() {
			if closing := d.close(ctx, stderr); closing != nil {
				err = errors.Join(labError(closing), err)
			}
		}()
		d.fresh = f.fresh
		r.Driver, engine = d, d.engine.Version
	}
	progress := report.StyleFor(os.Stderr)
	var printing error
	r.Done = func(c *lab.Finished) {
		// What is not yet concluded may still turn out unproven; the report says so.
		printing = errors.Join(printing, report.Progress(stderr, reportCase(c, ""), progress), warnings(stderr, c))
	}
	finished := r.Run(ctx, works)
	if ctx.Err() != nil {
		return context.Cause(ctx) // interrupted: a report would be about half a run
	}
	rep, err := f.report(finished)
	rep.Summary = report.Summarize(rep.Cases, time.Since(start))
	rep.Summary.Engine, rep.Summary.Postfix = engine, versionOf(finished)
	if err := errors.Join(printing, err, f.write(stdout, rep)); err != nil {
		return labError(err)
	}
	if code := exitCode(rep); code != exitOK {
		return &exitError{code: code}
	}
	return nil
}

// prepare loads and checks everything before the first lab is started.
func (f runFlags) prepare(args []string) ([]lab.Work, error) {
	if f.format != "text" && f.format != "json" {
		return nil, fmt.Errorf("run: --format %q: want text or json", f.format)
	}
	if f.parallel < 0 || f.timeout <= 0 {
		return nil, errors.New("run: want --parallel 0 or more, and --timeout more than nothing")
	}
	all, err := loadScenarios(args)
	if err != nil {
		return nil, err
	}
	if all, err = lab.Shard(all, f.shard); err != nil {
		return nil, err
	}
	selected, err := lab.Select(all, f.cases)
	if err != nil {
		return nil, err
	}
	return lab.PrepareAll(selected, base())
}

// report turns what ran into a report and keeps the evidence that it names.
func (f runFlags) report(finished [][]*lab.Finished) (report.Report, error) {
	var rep report.Report
	var errs []error
	dir := ""
	for _, c := range slices.Concat(finished...) {
		kept := ""
		if f.keep || c.Result == verdict.Mismatched || c.Result == verdict.Errored {
			if dir == "" {
				var err error
				if dir, err = os.MkdirTemp("", "strictmx-evidence-"); err != nil {
					return rep, fmt.Errorf("evidence: %w", err)
				}
			}
			kept = filepath.Join(dir, c.Prepared.Scenario.Name, c.Case.Name)
			errs = append(errs, lab.Keep(kept, c.Prepared, c.Record))
		}
		rep.Cases = append(rep.Cases, reportCase(c, kept))
	}
	return rep, errors.Join(errs...)
}

func reportCase(c *lab.Finished, kept string) report.Case {
	return report.Of(c.Prepared.Scenario, c.CaseResult, report.Run{
		Elapsed: c.Record.Elapsed, Log: c.Record.Log, Kept: kept,
		Warnings: slices.Concat(c.Record.Warnings, c.Record.Heard),
	})
}

// warnings passes on what Postfix has to say against a configuration that it
// accepts, above all parameters that it does not use: they are misspelt; and what its
// programs warned of.
func warnings(w io.Writer, c *lab.Finished) error {
	var errs []error
	for _, text := range slices.Concat(c.Record.Warnings, c.Record.Heard) {
		_, err := fmt.Fprintf(w, "strictmx: warning: %s/%s: %s\n", c.Prepared.Scenario.Name, c.Case.Name, text)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (f runFlags) write(w io.Writer, rep report.Report) error {
	if f.format == "json" {
		return report.JSON(w, rep)
	}
	style := report.Style{}
	if file, ok := w.(*os.File); ok {
		style = report.StyleFor(file)
	}
	return report.Text(w, rep, style)
}

// versionOf is the version of Postfix that ran.
func versionOf(finished [][]*lab.Finished) string {
	for _, c := range slices.Concat(finished...) {
		if c.Record.Version != "" {
			return c.Record.Version
		}
	}
	return ""
}

// exitCode is the report's, but that a configuration that Postfix refuses is the
// scenario's fault and not the lab's.
func exitCode(rep report.Report) int {
	code := report.ExitCode(rep.Summary)
	if code != exitLab {
		return code
	}
	for _, c := range rep.Cases {
		if c.Error != nil && !c.Error.OfScenario() {
			return exitLab
		}
	}
	return exitUsage
}
