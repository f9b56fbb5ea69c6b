// Package postfix runs a real Postfix in a container for integration tests, as a
// module of testcontainers. The container has no network of its own: alone it can
// reach nothing, and in a lab it joins the network of a node (package containers),
// where the pretend internet is.
//
// The image must be one that [strictmx/containers.Engine.Prepare] built: Debian's
// Postfix with a first process that takes configuration and commands from the
// standard input to which the caller is attached, and gives out the log. When the
// caller dies, so does the container.
package postfix

import (
	"context"
	"errors"
	"fmt"

	"github.com/moby/moby/api/types/container"
	"github.com/testcontainers/testcontainers-go"

	"strictmx/containers"
	"strictmx/internal/wire"
)

// The words of the protocol, for importers that cannot name an internal package.
type (
	Setup   = wire.Setup   // the configuration's files and tables
	Message = wire.Message // a message to submit
	Event   = wire.Event   // a line of the log, or how a command went
	Error   = wire.Error   // what Postfix said, with file and line where it told
)

// A Container is a running Postfix.
type Container struct {
	testcontainers.Container
	Version string // "3.7.11"

	process *containers.Process
}

// options are what a request has no place for.
type options struct {
	setup   Setup
	network string
	listen  func(Event)
}

// An Option changes how [Run] starts Postfix.
type Option func(*options)

// Customize is there so that options can stand among those of testcontainers; [Run]
// takes them out before.
func (Option) Customize(*testcontainers.GenericContainerRequest) error {
	return errors.New("option is for postfix.Run only")
}

// WithSetup gives the configuration. Where it lacks main.cf or master.cf the base's
// are taken; where it lacks a host name, localhost.localdomain.
func WithSetup(s Setup) Option { return func(o *options) { o.setup = s } }

// WithNetworkOf lets Postfix join the network of another container, by its name or
// number. The host name must be that container's then.
func WithNetworkOf(id string) Option { return func(o *options) { o.network = "container:" + id } }

// WithEvents has every event told to a function, in order and never two at a time.
// It must not call the container's methods.
func WithEvents(listen func(Event)) Option { return func(o *options) { o.listen = listen } }

// Run starts Postfix and returns when it takes messages. The container is returned
// even beside an error, once it was created, so that it can be looked at and
// terminated. What Postfix itself finds wrong is an [*Error].
func Run(ctx context.Context, img string, opts ...testcontainers.ContainerCustomizer) (*Container, error) {
	o := options{network: "none"}
	var rest []testcontainers.ContainerCustomizer
	for _, opt := range opts {
		if own, ok := opt.(Option); ok {
			own(&o)
			continue
		}
		rest = append(rest, opt)
	}
	setup := complete(o.setup)
	p := containers.NewProcess(o.listen)
	all := append([]testcontainers.ContainerCustomizer{
		containers.MailSystemContainer(o.network), hostName(setup.Hostname, o.network), p,
	}, rest...)
	ctr, err := testcontainers.Run(ctx, img, all...)
	var c *Container
	if ctr != nil {
		c = &Container{Container: ctr, process: p}
	}
	if err != nil {
		return c, fmt.Errorf("run postfix: %w", err)
	}
	if c.Version, err = p.Begin(ctx, setup); err != nil {
		return c, fmt.Errorf("run postfix: %w", err)
	}
	return c, nil
}

// complete fills in what a set-up lacks, and does not change it.
func complete(s Setup) Setup {
	if s.Hostname == "" {
		s.Hostname = "localhost.localdomain"
	}
	files := map[string]string{
		"main.cf":   BaseMainCF + "\nmyhostname = " + s.Hostname + "\n",
		"master.cf": BaseMasterCF,
	}
	for name, text := range s.Files {
		files[name] = text
	}
	s.Files = files
	return s
}

// hostName names the container, unless it has the name of another whose network it
// joins.
func hostName(name, network string) testcontainers.CustomizeRequestOption {
	if network != "none" {
		return func(*testcontainers.GenericContainerRequest) error { return nil }
	}
	return testcontainers.WithConfigModifier(func(c *container.Config) { c.Hostname = name })
}

// Submit hands a message to sendmail(1). It returns when the message is in the
// queue, which says nothing about its delivery.
func (c *Container) Submit(ctx context.Context, m Message) error {
	_, err := c.process.Do(ctx, wire.Command{Op: wire.OpSubmit, Message: &m})
	return wrap("submit", err)
}

// Flush has Postfix try all deferred mail now.
func (c *Container) Flush(ctx context.Context) error {
	_, err := c.process.Do(ctx, wire.Command{Op: wire.OpFlush})
	return wrap("flush", err)
}

// Queue lists what is in the queue, as postqueue -j prints it: one JSON object a
// line.
func (c *Container) Queue(ctx context.Context) (string, error) {
	ev, err := c.process.Do(ctx, wire.Command{Op: wire.OpQueue})
	return ev.Text, wrap("queue", err)
}

// Sync returns when every line that Postfix has logged so far was told to the
// function of [WithEvents].
func (c *Container) Sync(ctx context.Context) error {
	_, err := c.process.Do(ctx, wire.Command{Op: wire.OpSync})
	return wrap("sync", err)
}

// Shutdown ends Postfix in order and waits until everything it said was told. The
// container then removes itself; [Container.Terminate] may still be called.
func (c *Container) Shutdown(ctx context.Context) error {
	_, err := c.process.Do(ctx, wire.Command{Op: wire.OpStop})
	return wrap("shutdown", errors.Join(err, c.process.Drain(ctx)))
}

// Terminate removes the container. Where Postfix has ended by itself the engine is
// removing it already and refuses to stop it; then this waits until it is gone.
func (c *Container) Terminate(ctx context.Context, opts ...testcontainers.TerminateOption) error {
	err := c.Container.Terminate(ctx, opts...)
	if err == nil {
		return nil
	}
	if other := containers.Remove(ctx, c.GetContainerID()); other != nil {
		return wrap("terminate", errors.Join(err, other))
	}
	return nil
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
