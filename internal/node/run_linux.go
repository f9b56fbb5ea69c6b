package node

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"strictmx/internal/wire"
)

// maxPlan bounds the line that holds the plan, in bytes.
const maxPlan = 64 << 20

// Run is the node container's first process. It reads the plan from in, prepares
// the host side, and starts self, the program's own file, with args in the
// internet side's namespace. That process writes its events to the same standard
// output. Run returns when in ends, ctx is done, or that process has ended.
func Run(ctx context.Context, in io.Reader, out io.Writer, self string, args ...string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := bufio.NewReaderSize(in, 64<<10)
	line, plan, err := readPlan(r)
	if err != nil {
		return tell(out, "plan", err)
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return tell(out, "network", err)
	}
	if err := cmd.Start(); err != nil {
		return tell(out, "network", fmt.Errorf("network namespace of the internet side: %w", hint(err)))
	}
	if err := hostSide(cmd.Process.Pid, plan); err != nil {
		cancel()
		return errors.Join(tell(out, "network", err), ignoreExit(cmd.Wait()))
	}
	go func() {
		defer stdin.Close() // the end of our input is the end of theirs
		if _, err := stdin.Write(line); err == nil {
			_, _ = io.Copy(stdin, r) // ends with either side, which cmd.Wait reports
		}
	}()
	if err := cmd.Wait(); err != nil && ctx.Err() == nil {
		return tell(out, "node", fmt.Errorf("internet side ended: %w", err))
	}
	return nil
}

// hostSide gives the mail system's side its device, addresses and routes.
func hostSide(pid int, plan wire.Plan) error {
	if err := connect(pid); err != nil {
		return err
	}
	return configure(hostDevice, plan.Host.Addrs())
}

func readPlan(r *bufio.Reader) ([]byte, wire.Plan, error) {
	var plan wire.Plan
	line, err := readLine(r, maxPlan)
	if err != nil {
		return nil, plan, fmt.Errorf("plan: want one line of JSON: %w", err)
	}
	if err := json.Unmarshal(line, &plan); err != nil {
		return nil, plan, fmt.Errorf("plan: %w", err)
	}
	return line, plan, nil
}

// readLine reads up to and with the next line end.
func readLine(r *bufio.Reader, limit int) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > limit:
			return nil, fmt.Errorf("more than %d bytes", limit)
		case errors.Is(err, bufio.ErrBufferFull):
		case err != nil:
			return line, err
		default:
			return line, nil
		}
	}
}

// tell reports a broken lab to the runner, and returns the error for the log.
func tell(out io.Writer, kind string, err error) error {
	ev := wire.Event{Kind: wire.KindError, Error: &wire.Error{Kind: kind, Message: err.Error()}}
	return errors.Join(err, json.NewEncoder(out).Encode(ev))
}

// ignoreExit drops the error of a process that was ended on purpose.
func ignoreExit(err error) error {
	if _, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil
	}
	return err
}
