package containers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/testcontainers/testcontainers-go"

	"strictmx/internal/wire"
)

// anchors are the containers that labs take their network from. Each serves one lab
// at a time, and only while that starts.
type anchors struct {
	mu   sync.Mutex
	all  []*holder
	free []*holder
}

// A holder is one such container, which runs package anchor.
type holder struct {
	*Process
	key       string
	host      string
	name      string
	container testcontainers.Container // nil until it is created
}

// network is how another container joins.
func (a *holder) network() string { return "container:" + a.name }

// shared are the files that a container takes over from the one it joins, and that
// a set-up may write.
var shared = []string{"/etc/resolv.conf", "/etc/hosts", "/etc/hostname"}

// anchorKey tells which labs may have an anchor in common: those that write the
// same into the files that they share with it.
func anchorKey(l Lab) string {
	key := []string{l.Images.Node, l.Setup.Hostname, fmt.Sprint(l.Setup.DNS)}
	for _, name := range shared {
		text, written := l.Setup.Files[name]
		key = append(key, fmt.Sprint(written), text)
	}
	return strings.Join(key, "\x00")
}

// takeAnchor takes a free anchor that fits, or plans a new one.
func (e *Engine) takeAnchor(l Lab) *holder {
	e.anchors.mu.Lock()
	defer e.anchors.mu.Unlock()
	key := anchorKey(l)
	i := slices.IndexFunc(e.anchors.free, func(a *holder) bool { return a.key == key })
	if i >= 0 {
		a := e.anchors.free[i]
		e.anchors.free = slices.Delete(e.anchors.free, i, i+1)
		return a
	}
	a := &holder{
		Process: NewProcess(nil), key: key, host: l.Setup.Hostname,
		name: fmt.Sprintf("strictmx-%s-%d-anchor", e.lease.run, serial.Add(1)),
	}
	a.api = e.client
	e.anchors.all = append(e.anchors.all, a)
	return a
}

// leaveAnchor gives an anchor back. One that broke is not used again.
func (e *Engine) leaveAnchor(a *holder) {
	e.anchors.mu.Lock()
	defer e.anchors.mu.Unlock()
	if a.container == nil || a.reason(nil) != nil {
		return
	}
	e.anchors.free = append(e.anchors.free, a)
}

// freshNetwork has the anchor move to a new namespace, for the next lab to join. It
// starts the anchor's container where it is new.
func (e *Engine) freshNetwork(ctx context.Context, a *holder, image string) error {
	if a.container == nil {
		c, err := e.create(ctx, image, a.name, anchorContainer(a.host), a.Process)
		if err != nil {
			return err
		}
		a.container = c
		if err := c.Start(ctx); err != nil {
			return fmt.Errorf("anchor: %w", err)
		}
	}
	if _, err := a.Do(ctx, wire.Command{Op: wire.OpFresh}); err != nil {
		return fmt.Errorf("anchor: %w", err)
	}
	return nil
}

// removeAnchors ends all anchors.
func (e *Engine) removeAnchors(ctx context.Context) error {
	e.anchors.mu.Lock()
	all := e.anchors.all
	e.anchors.all, e.anchors.free = nil, nil
	e.anchors.mu.Unlock()
	var fs []func() error
	for _, a := range all {
		if a.container != nil {
			fs = append(fs, func() error {
				err := removeContainer(ctx, e.client, a.container.GetContainerID())
				return errors.Join(err, a.Hangup())
			})
		}
	}
	return together(fs...)
}
