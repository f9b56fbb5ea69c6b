package mta

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"strconv"
	"syscall"

	"strictmx/internal/wire"
)

// submitter is the account that messages are submitted from, as a person's are.
const submitter = "user"

// A result is how a command went.
type result struct {
	text string
	err  error
}

// do carries out one command.
func (m *mta) do(ctx context.Context, p *masterProcess, cmd wire.Command) result {
	switch cmd.Op {
	case wire.OpSubmit:
		return result{err: m.submit(ctx, cmd.Message)}
	case wire.OpFlush:
		_, err := m.postqueue(ctx, "-f")
		return result{err: err}
	case wire.OpQueue:
		text, err := m.postqueue(ctx, "-j")
		return result{text, err}
	case wire.OpSync:
		return result{err: m.log.flush(ctx)}
	case wire.OpStop:
		return result{err: m.shutDown(ctx, p)}
	}
	return result{err: fmt.Errorf("command %q: the mail system knows %s, %s, %s, %s and %s", cmd.Op,
		wire.OpSubmit, wire.OpFlush, wire.OpQueue, wire.OpSync, wire.OpStop)}
}

// answer tells how a command went.
func (m *mta) answer(cmd wire.Command, r result) {
	if r.err == nil {
		m.tell(wire.Event{Kind: wire.KindDone, ID: cmd.ID, Text: r.text})
		return
	}
	e, ok := errors.AsType[*wire.Error](r.err)
	if !ok {
		e = &wire.Error{Kind: KindSetup, Message: r.err.Error()}
	}
	m.tell(wire.Event{Kind: wire.KindError, ID: cmd.ID, Error: e})
}

// submit hands a message to sendmail(1).
func (m *mta) submit(ctx context.Context, msg *wire.Message) error {
	if msg == nil {
		return &wire.Error{Kind: KindSubmit, Message: "submit: want a message"}
	}
	credential, err := account(submitter)
	if err != nil {
		return err
	}
	from := msg.From
	if from == "" {
		from = "<>"
	}
	o, err := m.children.run(ctx, command{
		args:  append([]string{sendmail, "-i", "-f", from, "--"}, msg.To...),
		stdin: msg.Content, credential: credential,
	})
	if err != nil {
		return err
	}
	if !o.ok() {
		return &wire.Error{Kind: KindSubmit, Message: o.why()}
	}
	return nil
}

func account(name string) (*syscall.Credential, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	uid, errUID := strconv.ParseUint(u.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(errUID, errGID)
}

func (m *mta) postqueue(ctx context.Context, flag string) (string, error) {
	o, err := m.children.run(ctx, command{args: []string{postqueue, flag}})
	if err != nil {
		return "", err
	}
	if !o.ok() {
		return "", &wire.Error{Kind: KindSetup, Message: o.why()}
	}
	return o.stdout, nil
}

// shutDown ends master(8) in order, so that nothing it says is missed.
func (m *mta) shutDown(ctx context.Context, p *masterProcess) error {
	if err := syscall.Kill(p.pid, syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop master: %w", err)
	}
	select {
	case <-p.ended:
		return m.log.flush(ctx)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
