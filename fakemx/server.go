package fakemx

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"strictmx/fakemx/check"
	"strictmx/fakemx/profile"
	"strictmx/internal/mail"
)

// A Server is one receiver. Its fields must not change once it serves; it may
// serve any number of listeners and connections at once.
type Server struct {
	Profile  *profile.Profile // required
	Resolver check.Resolver   // required if the profile has conditions that need DNS

	// Name is what the log calls the receiver; empty is the profile's name.
	Name string
	// TLS has the certificate for STARTTLS. With nil STARTTLS is not offered, even
	// if the profile has it.
	TLS *tls.Config
	// Now is the receiver's clock, for replies and records; nil is [time.Now]. It
	// does not bear on time-outs.
	Now func() time.Time
	// Record gets each attempt; nil drops them. It is called from many goroutines,
	// and the reply waits for it.
	Record func(mail.Attempt)
	// KeepContent puts the message into the attempts, every octet as received but
	// for the dots of RFC 5321 section 4.5.2.
	KeepContent bool
	// Brief leaves the results of the checks and the transcript out of the attempts.
	Brief  bool
	Limits Limits
	// AsIf is the address at which clients are believed to be; the zero value
	// believes the connection.
	AsIf netip.Addr
	// IDs makes the values that replies call by name, such as "id" and "queue-id";
	// nil makes random ones in the form and for as long as the profile says.
	IDs func(kind string) string
	// Checks finds a check by name; nil finds those of the profile.
	Checks func(name string) (check.Check, bool)
	// State is what the receiver remembers of its sessions; nil remembers nothing.
	State *check.State
	Seed  check.Seed   // what it knows beforehand
	Force []Force      // refusals that are made whatever the facts are
	Log   *slog.Logger // nil logs nothing
}

// A Force is a refusal of the profile that is made whatever the facts are, as
// soon as the stage of its rule has come. The results say so.
type Force struct {
	Rule  string `json:"rule"`            // an id or a row of the catalogue
	Times int    `json:"times,omitempty"` // how often, for the same sender, recipient and client network; 0 is always
}

// Limits bound what a client can make the server do. A zero field has the default
// that its comment names.
type Limits struct {
	// Line is the length of a command line in octets, CR LF included: 2048. RFC 5321
	// section 4.5.3.1.4 wants at least 512, and more where extensions add parameters.
	Line int
	// ContentLine is the length of a line of content in octets, CR LF included: no
	// limit but that of the message. RFC 5321 section 4.5.3.1.6 has 1000.
	ContentLine int
	// Recipients are the RCPT commands of a transaction, refused ones included:
	// 1000. RFC 5321 section 4.5.3.1.8 wants at least 100.
	Recipients int
	// Size is the size of a message in octets: what the profile's SIZE keyword says
	// (RFC 1870), or 64 MiB where it says nothing. A limit above the keyword's has no
	// effect.
	Size int64
	// Connections are those at one time of one listener: 500.
	Connections int
	// Errors are the commands of a session that are unknown, malformed or out of
	// order, before it is ended: 20.
	Errors int
	// Command is how long the server waits for the client to send or take the next
	// octets: 5 minutes (RFC 5321 section 4.5.3.2.7).
	Command time.Duration
	// Session is how long a connection can last: 30 minutes.
	Session time.Duration
	// Check is how long one check can take from its first question on: 20 seconds (RFC
	// 7208 section 4.6.4).
	Check time.Duration
}

func (l Limits) withDefaults(p *profile.Profile) Limits {
	size := p.MaxSize()
	if l.Size > 0 && l.Size < size {
		size = l.Size
	}
	return Limits{
		Line:        cmp.Or(l.Line, 2048),
		ContentLine: l.ContentLine,
		Recipients:  cmp.Or(l.Recipients, profile.MaxRecipients),
		Size:        size,
		Connections: cmp.Or(l.Connections, 500),
		Errors:      cmp.Or(l.Errors, 20),
		Command:     cmp.Or(l.Command, 5*time.Minute),
		Session:     cmp.Or(l.Session, 30*time.Minute),
		Check:       cmp.Or(l.Check, 20*time.Second),
	}
}

// Serve accepts connections until l is closed or ctx ends, which ends them, too.
// It returns when all are done: with the cause of ctx's end, or the listener's
// error, [net.ErrClosed] where the caller closed it.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() {
		if err := l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			s.log().ErrorContext(ctx, "listener not closed", slog.Any("error", err))
		}
	})
	defer stop()
	a := &accepting{
		Listener: l, srv: s, ctx: ctx,
		places: make(chan struct{}, s.Limits.withDefaults(s.Profile).Connections),
	}
	s.run(ctx, a)
	return cmp.Or(context.Cause(ctx), a.err)
}

// An accepting listener makes a front of each connection, as long as there is a place
// for it. It is closed by who gave the one beneath.
type accepting struct {
	net.Listener
	srv    *Server
	ctx    context.Context
	places chan struct{}
	err    error // why it accepts no more
}

func (a *accepting) Accept() (net.Conn, error) {
	for {
		c, err := a.Listener.Accept()
		if err != nil {
			a.err = err
			return nil, net.ErrClosed // the engine would try again after some errors
		}
		select {
		case a.places <- struct{}{}:
			return a.srv.front(a.ctx, c, func() { <-a.places }), nil
		default:
			a.srv.turnAway(a.ctx, c)
		}
	}
}

func (a *accepting) Close() error { return nil }

// ServeConn serves one connection and closes it. The client is at the remote
// address of c, the server at its local one.
func (s *Server) ServeConn(ctx context.Context, c net.Conn) {
	s.run(ctx, &single{front: s.front(ctx, c, func() {})})
}

// front begins a session. gone is called when it has ended.
func (s *Server) front(ctx context.Context, c net.Conn, gone func()) *front {
	ses := s.session(ctx, c)
	st := newStream(ctx, c, ses.limits)
	stop := context.AfterFunc(ctx, st.interrupt)
	var leave func()
	ses.facts.Sessions, leave = s.State.Enter(ses.facts.Client)
	return &front{session: ses, stream: st, closed: make(chan struct{}), gone: func() {
		stop()
		leave()
		gone()
	}}
}

// turnAway refuses a connection that is one too many. The reply fits into the
// socket's buffer, so that a client that does not read it delays nobody.
func (s *Server) turnAway(ctx context.Context, c net.Conn) {
	ses := s.session(ctx, c)
	st := newStream(ctx, c, Limits{Command: time.Second, Session: time.Second})
	st.reply(ses.phrase("too-many-connections", nil))
	st.close(false)
	ses.log.WarnContext(ctx, "too many connections", slog.Any("client", ses.facts.Client))
}

func (s *Server) log() *slog.Logger {
	if s.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return s.Log.With(slog.String("receiver", cmp.Or(s.Name, s.Profile.String())))
}

// ownName is the name that the receiver was given, if it is not that of its profile.
func (s *Server) ownName() string {
	if s.Name == s.Profile.Name {
		return ""
	}
	return s.Name
}

func (s *Server) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

func (s *Server) check(name string) (check.Check, bool) {
	if s.Checks == nil {
		return s.Profile.Check(name)
	}
	return s.Checks(name)
}

// addrOf is the IP address of one end of a connection, or the zero value where
// it has none.
func addrOf(a net.Addr) netip.Addr {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.AddrPort().Addr().Unmap()
	}
	if a == nil {
		return netip.Addr{}
	}
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Addr{} // a pipe: "pipe" is no IP address
	}
	return ap.Addr().Unmap()
}
