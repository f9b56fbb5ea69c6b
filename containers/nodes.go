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

// nodes are the containers that nodes run in, one lab at a time each (package
// anchor). A lab's processes and namespaces are its own.
type nodes struct {
	mu   sync.Mutex
	all  []*node
	free []*node
}

// A node is one such container.
type node struct {
	*Process
	key       string
	host      string
	name      string
	container testcontainers.Container // nil until it is created
	started   bool                     // whether the engine said that it runs

	mu     sync.Mutex
	listen func(wire.Event) // of the lab at hand
}

// network is how another container joins.
func (n *node) network() string { return "container:" + n.name }

func (n *node) deliver(ev wire.Event) {
	n.mu.Lock()
	listen := n.listen
	n.mu.Unlock()
	if listen != nil {
		listen(ev)
	}
}

// serve has events told to another function.
func (n *node) serve(listen func(wire.Event)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.listen = listen
}

// shared are the files that a container takes over from the one it joins, and that
// a set-up may write.
var shared = []string{"/etc/resolv.conf", "/etc/hosts", "/etc/hostname"}

// nodeKey tells which labs may use the same container: those whose mail systems
// write the same into the files that they share with it.
func nodeKey(l Lab) string {
	key := []string{l.Images.Node, l.Setup.Hostname, fmt.Sprint(l.Setup.DNS)}
	for _, name := range shared {
		text, written := l.Setup.Files[name]
		key = append(key, fmt.Sprint(written), text)
	}
	return strings.Join(key, "\x00")
}

// takeNode takes a free container that fits, or plans a new one.
func (e *Engine) takeNode(l Lab) *node {
	e.nodes.mu.Lock()
	defer e.nodes.mu.Unlock()
	key := nodeKey(l)
	i := slices.IndexFunc(e.nodes.free, func(n *node) bool { return n.key == key })
	if i >= 0 {
		n := e.nodes.free[i]
		e.nodes.free = slices.Delete(e.nodes.free, i, i+1)
		return n
	}
	n := &node{
		key: key, host: l.Setup.Hostname,
		name: fmt.Sprintf("strictmx-%s-%d-node", e.lease.run, serial.Add(1)),
	}
	n.Process = NewProcess(n.deliver)
	n.api, n.strict = e.client, true
	e.nodes.all = append(e.nodes.all, n)
	return n
}

// run makes and starts the container unless it runs already.
func (e *Engine) run(ctx context.Context, n *node, image string) (err error) {
	if n.container != nil {
		return nil
	}
	if n.container, err = e.create(ctx, image, n.name, nodeContainer(n.host), n.Process); err != nil {
		return err
	}
	if err := n.container.Start(ctx); err != nil {
		return fmt.Errorf("node: %w", err)
	}
	n.started = true
	return nil
}

// leaveNode ends a lab's node and gives the container back. One in which something
// went wrong is removed.
func (e *Engine) leaveNode(ctx context.Context, n *node, good bool) error {
	if good && n.reason(nil) == nil {
		if _, err := n.Do(ctx, wire.Command{Op: wire.OpEnd}); err == nil && n.reason(nil) == nil {
			n.serve(nil)
			e.nodes.mu.Lock()
			defer e.nodes.mu.Unlock()
			e.nodes.free = append(e.nodes.free, n)
			return nil
		}
	}
	e.nodes.mu.Lock()
	e.nodes.all = slices.DeleteFunc(e.nodes.all, func(other *node) bool { return other == n })
	e.nodes.mu.Unlock()
	return e.removeNode(ctx, n)
}

func (e *Engine) removeNode(ctx context.Context, n *node) error {
	return discard(ctx, e.client, n.container, n.started, n.Process)
}

// removeNodes ends all node containers.
func (e *Engine) removeNodes(ctx context.Context) error {
	e.nodes.mu.Lock()
	all := e.nodes.all
	e.nodes.all, e.nodes.free = nil, nil
	e.nodes.mu.Unlock()
	fs := make([]func() error, len(all))
	for i, n := range all {
		fs[i] = func() error { return e.removeNode(ctx, n) }
	}
	return errors.Join(together(fs...))
}
