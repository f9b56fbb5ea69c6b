package containers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"strictmx/internal/anchor"
	"strictmx/internal/wire"
)

// A way says which of a lab's containers are kept for the next lab.
type way int

const (
	keepBoth way = iota
	// keepNode is for engines that do not let a kept container hold a mail system.
	keepNode
	keepNone
)

// A slot is the containers of one lab at a time (package anchor). A lab's processes
// and namespaces are its own.
type slot struct {
	way  way
	key  string
	name string
	host string // the name that the node's container has, and others that join it take over
	node *box
	mta  *box
}

// slots are those of an engine.
type slots struct {
	mu     sync.Mutex
	all    []*slot
	free   []*slot
	unable bool // kept containers cannot hold mail systems here
}

// shared are the files that a container takes over from the one it joins, and that
// a set-up may write.
var shared = []string{"/etc/resolv.conf", "/etc/hosts", "/etc/hostname"}

// slotKey tells which labs may use the same slot. A mail system in a kept container
// has a system of its own. One that joins the node's shares files with it, and may do
// so only with those that write the same into them.
func slotKey(l Lab, w way) string {
	key := []string{l.Images.Node, l.Images.Postfix}
	if w == keepNode {
		key = append(key, l.Setup.Hostname, fmt.Sprint(l.Setup.DNS))
		for _, name := range shared {
			text, written := l.Setup.Files[name]
			key = append(key, fmt.Sprint(written), text)
		}
	}
	return strings.Join(key, "\x00")
}

// wayOf is how a lab is made.
func (e *Engine) wayOf(l Lab) way {
	e.slots.mu.Lock()
	defer e.slots.mu.Unlock()
	switch {
	case l.Fresh:
		return keepNone
	case e.slots.unable:
		return keepNode
	}
	return keepBoth
}

// keepLess has mail systems put into containers of their own from now on.
func (e *Engine) keepLess(why error) {
	e.slots.mu.Lock()
	told := e.slots.unable
	e.slots.unable = true
	e.slots.mu.Unlock()
	if !told && e.Report != nil {
		e.Report("each case gets a Postfix container of its own, which takes longer: " + why.Error())
	}
}

// take takes a free slot that fits, or plans a new one.
func (e *Engine) take(l Lab, w way) *slot {
	e.slots.mu.Lock()
	defer e.slots.mu.Unlock()
	key := slotKey(l, w)
	i := slices.IndexFunc(e.slots.free, func(s *slot) bool { return s.way == w && s.key == key })
	if i >= 0 {
		s := e.slots.free[i]
		e.slots.free = slices.Delete(e.slots.free, i, i+1)
		return s
	}
	s := &slot{
		way: w, key: key, host: l.Setup.Hostname,
		name: fmt.Sprintf("strictmx-%s-%d", e.lease.run, serial.Add(1)),
	}
	s.node = e.newBox(s.name + "-node")
	s.node.strict = true
	e.slots.all = append(e.slots.all, s)
	return s
}

// run makes and starts what is missing of a slot's containers, but it does not start a
// mail system's own, which must wait until the lab's network is there.
func (e *Engine) run(ctx context.Context, s *slot, images Images) error {
	if s.mta == nil {
		name := s.name + "-mta"
		if s.way == keepNode { // the engine may not be done with the last one
			name = fmt.Sprintf("%s-%d", name, serial.Add(1))
		}
		s.mta = e.newBox(name)
		s.mta.strict = s.way == keepBoth
	}
	mailSystem := MailSystemContainer("container:" + s.node.name)
	if s.way == keepBoth {
		mailSystem = keptMailSystem("container:"+s.node.name, e.lent)
	}
	err := together(
		func() error {
			if err := e.create(ctx, s.node, images.Node, nodeContainer(s.host)); err != nil {
				return err
			}
			return s.node.start(ctx)
		},
		func() error { return e.create(ctx, s.mta, images.Postfix, mailSystem) },
	)
	if err != nil || s.way != keepBoth {
		return err
	}
	// It joins the network that the node's anchor is in between labs.
	return s.mta.start(ctx)
}

// leave ends a lab and gives its slot back. A slot in which something went wrong is
// removed.
func (e *Engine) leave(ctx context.Context, s *slot, good bool) error {
	var err error
	if good && s.way != keepNone {
		var ended bool
		if ended, err = e.end(ctx, s); ended {
			e.slots.mu.Lock()
			defer e.slots.mu.Unlock()
			e.slots.free = append(e.slots.free, s)
			return err
		}
	}
	e.slots.mu.Lock()
	e.slots.all = slices.DeleteFunc(e.slots.all, func(other *slot) bool { return other == s })
	e.slots.mu.Unlock()
	return errors.Join(err, e.removeSlot(ctx, s))
}

// end ends what is in the kept containers of a slot, and removes the other. It tells
// whether the slot can be used again.
func (e *Engine) end(ctx context.Context, s *slot) (ended bool, err error) {
	var node, mta bool
	err = together(
		func() error {
			node = s.node.endLab(ctx)
			return nil
		},
		func() error {
			if s.way == keepBoth {
				mta = s.mta.endLab(ctx)
				return nil
			}
			own := s.mta
			s.mta, mta = nil, true
			return e.discard(ctx, own)
		},
	)
	return node && mta, err
}

func (e *Engine) removeSlot(ctx context.Context, s *slot) error {
	return together(
		func() error { return e.discard(ctx, s.node) },
		func() error { return e.discard(ctx, s.mta) },
	)
}

// removeSlots ends all kept containers.
func (e *Engine) removeSlots(ctx context.Context) error {
	e.slots.mu.Lock()
	all := e.slots.all
	e.slots.all, e.slots.free = nil, nil
	e.slots.mu.Unlock()
	fs := make([]func() error, len(all))
	for i, s := range all {
		fs[i] = func() error { return e.removeSlot(ctx, s) }
	}
	return together(fs...)
}

// unable tells whether a lab failed because the containers cannot be kept here.
func unable(err error) bool {
	told, ok := asTold(err)
	return ok && told.Kind == anchor.KindUnable
}

// freshLab has a kept container begin a lab.
func freshLab(plan *wire.Plan, setup *wire.Setup) wire.Command {
	return wire.Command{Op: wire.OpFresh, Plan: plan, Setup: setup}
}
