package mta

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"strictmx/internal/wire"
)

// startMilter starts OpenDKIM if the set-up has its configuration, and waits until
// it takes connections: a Postfix that meets no milter defers the mail.
func (m *mta) startMilter(ctx context.Context, s wire.Setup) error {
	conf, ok := s.Files[opendkimConf]
	if !ok {
		return nil
	}
	at, err := socketOf(conf)
	if err != nil {
		return &wire.Error{Kind: KindMilter, File: opendkimConf, Message: err.Error()}
	}
	if err := handOver(s, at); err != nil {
		return err
	}
	// -n reads the configuration only.
	o, err := m.children.run(ctx, command{args: []string{opendkim, "-n", "-x", opendkimConf, "-u", opendkimUser}})
	if err != nil {
		return err
	}
	if !o.ok() {
		return milterError(o.why())
	}
	ended, err := m.runMilter()
	if err != nil {
		return err
	}
	return waitForMilter(ctx, at, ended)
}

// handOver gives OpenDKIM its keys, which it wants nobody else to read, and the
// directory of its socket.
func handOver(s wire.Setup, at milterSocket) error {
	u, err := user.Lookup(opendkimUser)
	if err != nil {
		return fmt.Errorf("OpenDKIM is not in the image: %w", err)
	}
	uid, errUID := strconv.Atoi(u.Uid)
	gid, errGID := strconv.Atoi(u.Gid)
	if err := errors.Join(errUID, errGID); err != nil {
		return fmt.Errorf("account %s: %w", opendkimUser, err)
	}
	if err := os.MkdirAll(keyDir, 0o700); err != nil {
		return err
	}
	private := map[string]os.FileMode{strings.TrimSuffix(keyDir, "/"): 0o700}
	for name := range s.Files {
		if strings.HasPrefix(name, keyDir) {
			private[name] = 0o600
			for d := filepath.Dir(name); len(d) >= len(keyDir); d = filepath.Dir(d) {
				private[d] = 0o700
			}
		}
	}
	if at.path != "" {
		dir := filepath.Dir(at.path)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		private[dir] = 0o755 // Postfix connects as another user
	}
	for name, mode := range private {
		if err := errors.Join(os.Chown(name, uid, gid), os.Chmod(name, mode)); err != nil {
			return err
		}
	}
	return nil
}

// runMilter starts OpenDKIM in the foreground. Its end is an error of the lab.
func (m *mta) runMilter() (<-chan output, error) {
	_, ended, err := m.children.attend(opendkim, "-f", "-x", opendkimConf, "-u", opendkimUser)
	if err != nil {
		return nil, err
	}
	told := make(chan output, 1)
	go func() {
		o := <-ended
		told <- o
		m.tell(wire.Event{Kind: wire.KindError, Error: &wire.Error{Kind: KindMilter, Message: "OpenDKIM ended: " + o.why()}})
	}()
	return told, nil
}

// waitForMilter asks until the milter takes a connection.
func waitForMilter(ctx context.Context, at milterSocket, ended <-chan output) error {
	var d net.Dialer
	for {
		c, err := d.DialContext(ctx, at.network, at.address)
		if err == nil {
			return c.Close()
		}
		select {
		case o := <-ended:
			return &wire.Error{Kind: KindMilter, File: opendkimConf, Message: "OpenDKIM ended: " + o.why()}
		case <-ctx.Done():
			return fmt.Errorf("OpenDKIM at %s: %w", at.address, context.Cause(ctx))
		case <-time.After(5 * time.Millisecond):
		}
	}
}
