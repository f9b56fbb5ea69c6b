package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"strictmx/fakedns"
	"strictmx/fakemx"
	"strictmx/fakemx/check"
	"strictmx/fakemx/profile"
	"strictmx/internal/mail"
)

// serveFlags say what to serve, and where.
type serveFlags struct {
	zones, profiles, dns, client string
	receivers                    []string
	recursion                    bool
}

func serveCommand() *cobra.Command {
	var f serveFlags
	c := &cobra.Command{
		Use:   "serve",
		Short: "serve the DNS and receivers on loopback, for dig, swaks and hands",
		Long: `serve answers DNS questions from --zones and plays receivers on loopback ports
until it is interrupted. It prints where it listens, then a line for each question
and each transaction. Receivers see a client at a loopback address, unless --client
says as which address to judge it.`,
		Example: `  strictmx serve --zones dns --dns 127.0.0.1:5300 --receiver gmail=127.0.0.1:2525 --client 2001:db8::25
  dig @127.0.0.1 -p 5300 gmail.com MX`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			leaveCPU()
			return f.run(c.Context(), c.OutOrStdout())
		},
	}
	c.Flags().StringVar(&f.zones, "zones", "", "directory of zone files")
	profilesFlag(c, &f.profiles)
	c.Flags().StringVar(&f.dns, "dns", "127.0.0.1:0", "`ADDR:PORT` of the DNS server, UDP and TCP; port 0 takes a free one")
	c.Flags().StringArrayVar(&f.receivers, "receiver", nil, "receiver to play, `NAME[@LABEL]=ADDR:PORT`; may be given again")
	c.Flags().BoolVar(&f.recursion, "recursion", false, "play a resolver: set RA, and answer SERVFAIL instead of a referral")
	c.Flags().StringVar(&f.client, "client", "", "judge every client as if it came from this `address`")
	return c
}

// leaveCPU leaves one CPU to the client, which is on this machine, too: with two they
// would take turns on both, and a session of its own for each message took a fifth
// longer. $GOMAXPROCS counts instead if it is set.
func leaveCPU() {
	if n := runtime.GOMAXPROCS(0); os.Getenv("GOMAXPROCS") == "" && n > 1 {
		runtime.GOMAXPROCS(n - 1)
	}
}

// A service is what serve runs: a name to print, how to serve, and how to let go of
// its ports without.
type service struct {
	name  string
	run   func(context.Context) error
	close func() error
}

func (f serveFlags) run(ctx context.Context, out io.Writer) error {
	printed := printTo(ctx, out)
	defer printed.close()
	services, err := f.open(ctx, printed)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	errs := make(chan error, len(services))
	for _, s := range services {
		printed.print(s.name)
		wg.Go(func() {
			if err := s.run(ctx); err != nil && ctx.Err() == nil {
				errs <- fmt.Errorf("%s: %w", s.name, err)
				cancel()
			}
		})
	}
	wg.Wait()
	close(errs)
	var all []error
	for err := range errs {
		all = append(all, err)
	}
	return labError(errors.Join(all...))
}

// open opens every port before anything is served.
func (f serveFlags) open(ctx context.Context, out *lines) ([]service, error) {
	zones, err := loadZones("serve", f.zones)
	if err != nil {
		return nil, err
	}
	var asIf netip.Addr
	if f.client != "" {
		if asIf, err = clientAddr("serve", f.client); err != nil {
			return nil, err
		}
	}
	set, err := profiles(f.profiles)
	if err != nil {
		return nil, err
	}
	ca, err := fakemx.NewCA()
	if err != nil {
		return nil, fmt.Errorf("test CA: %w", err)
	}
	dns, err := f.openDNS(ctx, zones, out)
	if err != nil {
		return nil, err
	}
	services := []service{dns}
	for _, r := range f.receivers {
		s, err := openReceiver(ctx, r, set, zones, ca, asIf, out)
		if err != nil {
			for _, s := range services {
				err = errors.Join(err, s.close())
			}
			return nil, err
		}
		services = append(services, s)
	}
	return services, nil
}

func (f serveFlags) openDNS(ctx context.Context, zones *fakedns.Zones, out *lines) (service, error) {
	pc, l, err := listenBoth(ctx, f.dns)
	if err != nil {
		return service{}, err
	}
	srv := &fakedns.Server{
		Zones: zones, Recursion: f.recursion,
		Log:   out.question,
		Asker: func(a netip.AddrPort) string { return a.Addr().String() },
	}
	return service{
		name:  "dns " + pc.LocalAddr().String(),
		run:   func(ctx context.Context) error { return srv.Serve(ctx, pc, l) },
		close: func() error { return errors.Join(pc.Close(), l.Close()) },
	}, nil
}

// listenBoth opens one port for UDP and TCP.
func listenBoth(ctx context.Context, address string) (net.PacketConn, net.Listener, error) {
	ap, err := loopback("--dns", address)
	if err != nil {
		return nil, nil, err
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", ap.String())
	if err != nil {
		return nil, nil, fmt.Errorf("serve: --dns: %w", err)
	}
	pc, err := lc.ListenPacket(ctx, "udp", l.Addr().String())
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("serve: --dns: %w", err), l.Close())
	}
	return pc, l, nil
}

func openReceiver(
	ctx context.Context, flag string, set *profile.Set, zones *fakedns.Zones, ca *fakemx.CA, asIf netip.Addr, out *lines,
) (service, error) {
	name, address, ok := strings.Cut(flag, "=")
	if !ok {
		return service{}, fmt.Errorf("serve: --receiver %q: want NAME[@LABEL]=ADDR:PORT", flag)
	}
	p, err := set.Find(name)
	if err != nil {
		return service{}, err
	}
	ap, err := loopback("--receiver", address)
	if err != nil {
		return service{}, err
	}
	conf, err := ca.Config(p.Hostname())
	if err != nil {
		return service{}, fmt.Errorf("certificate: %w", err)
	}
	lc := net.ListenConfig{KeepAlive: -1} // sessions have deadlines, and clients are on this machine
	l, err := lc.Listen(ctx, "tcp", ap.String())
	if err != nil {
		return service{}, fmt.Errorf("serve: --receiver %s: %w", name, err)
	}
	srv := &fakemx.Server{
		Profile: p, TLS: conf, AsIf: asIf, State: check.NewState(),
		Resolver: zones.Resolver(p.Name, out.question),
		Record:   out.attempt,
		Brief:    true,
	}
	return service{
		name:  p.String() + " " + l.Addr().String(),
		run:   func(ctx context.Context) error { return srv.Serve(ctx, l) },
		close: l.Close,
	}, nil
}

// loopback reads an address and port, and wants them out of reach of others: what
// is served here answers anybody anything.
func loopback(flag, s string) (netip.AddrPort, error) {
	ap, err := netip.ParseAddrPort(s)
	if err != nil {
		return ap, fmt.Errorf("serve: %s %q: want ADDR:PORT, as in 127.0.0.1:2525 or [::1]:2525", flag, s)
	}
	if !ap.Addr().IsLoopback() {
		return ap, fmt.Errorf("serve: %s %s: want a loopback address: these servers are for tests on this machine only", flag, s)
	}
	return ap, nil
}

func (l *lines) question(q mail.Question) {
	l.print("question ", q.Name, " ", q.Type, " ", q.RCode, " from ", q.Asker)
}

func (l *lines) attempt(a mail.Attempt) {
	l.print("attempt ", a.Receiver, " from ", a.Client.String(), " at ", a.Stage.String(), " rule ", orNone(a.Rule), ": ", strings.Join(a.Reply, " "))
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
