// Package world makes a plan's pretend internet: the zones, and a receiver for
// each mail provider. It opens no socket: the node serves a world on real
// addresses, the in-process ring over connections in memory, and the commands
// judge and serve do the same for people.
package world

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sort"
	"strings"
	"time"

	"golang.org/x/tools/txtar"

	"strictmx/fakedns"
	"strictmx/fakemx"
	"strictmx/fakemx/check"
	"strictmx/fakemx/profile"
	"strictmx/internal/mail"
	"strictmx/internal/wire"
)

// Hooks connect a world to what observes it. Every field may be nil.
type Hooks struct {
	Attempt  func(mail.Attempt)
	Question func(mail.Question)
	// Resolver gives the resolver of a receiver; by default it reads the zones in
	// memory and its questions go to Question.
	Resolver func(r wire.Receiver) check.Resolver
	Now      func() time.Time // the receivers' clock
	Log      *slog.Logger
}

// A World is the zones and receivers of a plan.
type World struct {
	Zones     *fakedns.Zones
	Receivers []*Receiver
	CA        *fakemx.CA // signs the receivers' certificates

	plan wire.Plan
}

// A Receiver is one of the plan's receivers, ready to take connections.
type Receiver struct {
	wire.Receiver
	Profile *profile.Profile
	Server  *fakemx.Server
}

// Build makes the world of a plan, or says all that is wrong with the plan.
func Build(plan wire.Plan, h Hooks) (*World, error) {
	zones, err := Zones(plan)
	if err != nil {
		return nil, err
	}
	set, err := Profiles(plan.Profiles)
	if err != nil {
		return nil, err
	}
	ca, err := fakemx.NewCA()
	if err != nil {
		return nil, fmt.Errorf("test CA: %w", err)
	}
	w := &World{Zones: zones, CA: ca, plan: plan}
	var errs []error
	for _, r := range plan.Receivers {
		rcv, err := w.receiver(r, set, h)
		if err != nil {
			errs = append(errs, fmt.Errorf("receiver %s: %w", r.Name, err))
			continue
		}
		w.Receivers = append(w.Receivers, rcv)
	}
	return w, errors.Join(errs...)
}

// Profiles returns our profiles together with own ones, given by file name.
func Profiles(own map[string]string) (*profile.Set, error) {
	if len(own) == 0 {
		return profile.Builtin(), nil
	}
	ar := &txtar.Archive{}
	for name, text := range own {
		ar.Files = append(ar.Files, txtar.File{Name: name, Data: []byte(text)})
	}
	sort.Slice(ar.Files, func(i, j int) bool { return ar.Files[i].Name < ar.Files[j].Name })
	fsys, err := txtar.FS(ar)
	if err != nil {
		return nil, fmt.Errorf("profiles: %w", err)
	}
	return profile.Builtin().With(fsys)
}

func (w *World) receiver(r wire.Receiver, set *profile.Set, h Hooks) (*Receiver, error) {
	p, err := set.Find(r.Profile)
	if err != nil {
		return nil, err
	}
	names := []string{p.Hostname()}
	for _, host := range r.Hosts {
		names = append(names, host.Name)
	}
	tls, err := w.CA.Config(names...)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	resolver := check.Resolver(w.Zones.Resolver(r.Name, h.Question))
	if h.Resolver != nil {
		resolver = h.Resolver(r)
	}
	srv := &fakemx.Server{
		Profile: p, Resolver: resolver, TLS: tls, Now: h.Now, Record: h.Attempt,
		KeepContent: r.Keep, AsIf: r.AsIf, Log: h.Log, Name: r.Name,
		State: check.NewState(),
		Seed:  check.Seed{Listed: r.Listed, Unknown: r.Unknown, Full: r.Full},
	}
	for _, f := range r.Force {
		if _, known := p.RuleNamed(f.Rule); !known {
			return nil, fmt.Errorf("force: profile %s has no rule %s", p, f.Rule)
		}
		srv.Force = append(srv.Force, fakemx.Force{Rule: f.Rule, Times: f.Times})
	}
	return &Receiver{Receiver: r, Profile: p, Server: srv}, nil
}

// Asker names who asks from an address: "mta" for the host under test, a
// receiver's name, or "client" for anybody else.
func (w *World) Asker(addr netip.Addr) string {
	addr = addr.Unmap()
	for _, a := range w.plan.Host.Addrs() {
		if a == addr {
			return "mta"
		}
	}
	if r := w.ByAddr(addr); r != nil {
		return r.Name
	}
	return "client"
}

// ByAddr finds the receiver that has an address, or nil.
func (w *World) ByAddr(addr netip.Addr) *Receiver {
	for _, r := range w.Receivers {
		for _, host := range r.Hosts {
			for _, a := range host.Addrs {
				if a == addr {
					return r
				}
			}
		}
	}
	return nil
}

// Zones makes the DNS data of a plan, or says what is wrong with it, with file
// and line.
func Zones(plan wire.Plan) (*fakedns.Zones, error) {
	var b fakedns.Builder
	for _, z := range plan.Zones {
		// Blank lines before a fragment make its line numbers those of the file.
		text := strings.Repeat("\n", max(z.Line-1, 0)) + z.Text
		switch {
		case z.Origin == "":
			b.AddPTR(z.File, text)
		case z.Default:
			b.AddDefault(z.Origin, text)
		default:
			b.AddZone(z.Origin, z.File, text)
		}
		if z.Signed {
			b.Sign(z.Origin)
		}
	}
	for _, f := range plan.Faults {
		b.AddFault(fakedns.Fault{Name: f.Name, Type: f.Type, Fault: f.Fault, Delay: f.Delay, Times: f.Times})
	}
	return b.Build()
}
