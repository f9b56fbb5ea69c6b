// Strictmx simulates strict mail receivers and proves, against a real Postfix,
// which mail they refuse, why, and what cures it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"strictmx/internal/spelling"
)

// version is set by the linker.
var version = "unknown"

// The exit codes. Other programs rely on them.
const (
	exitOK        = 0
	exitMismatch  = 1   // a case differs or is unproven; judge: a receiver does not accept; receivers --find: nothing is like it
	exitUsage     = 2   // bad scenario or usage
	exitLab       = 3   // the lab is broken
	exitInterrupt = 130 // SIGINT or SIGTERM
)

// An exitError carries an exit code. Its error may be nil where everything was
// said already.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func main() {
	collectLess()
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// collectLess lets the garbage collector wait for more than the runtime's default,
// which costs a message a tenth more CPU (docs/performance.md). The limit keeps a node
// with many sessions small. What the user has set counts instead.
func collectLess() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(400)
		debug.SetMemoryLimit(40 << 20)
	}
}

// run is main without the process: it returns the exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := command()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if ctx.Err() != nil {
		fmt.Fprintln(stderr, "strictmx: interrupted")
		return exitInterrupt
	}
	if err == nil {
		return exitOK
	}
	exit, coded := errors.AsType[*exitError](err)
	if !coded {
		exit = &exitError{code: exitUsage, err: err}
	}
	if exit.err != nil {
		fmt.Fprintf(stderr, "strictmx: %v\n", exit.err)
	}
	return exit.code
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use:   "strictmx",
		Short: "simulate strict mail receivers and prove what they refuse",
		Long: `strictmx runs a real Postfix against simulated mail receivers that refuse mail
as Gmail, Microsoft, Yahoo and others do, and proves which cure gets it delivered.

Exit codes: 0 all as wanted, 1 a case differs or is unproven, 2 bad scenario or
usage, 3 the lab is broken, 130 interrupted.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		// No Args: only then an unknown command is an error, with what is meant.
	}
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(
		runCommand(), listCommand(), showCommand(), judgeCommand(), serveCommand(), receiversCommand(), schemaCommand(),
		cleanCommand(), doctorCommand(), versionCommand(),
		anchorCommand(), mtaAnchorCommand(), internetCommand(), mtaCommand(),
	)
	return root
}

// flagError adds what was meant to an error about an unknown flag.
func flagError(c *cobra.Command, err error) error {
	word, unknown := strings.CutPrefix(err.Error(), "unknown flag: --")
	if !unknown {
		return err
	}
	var known []string
	c.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	if near := spelling.Nearest(word, known); near != "" {
		return fmt.Errorf("%w: did you mean --%s?", err, near)
	}
	return err
}
