package fakedns

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"strictmx/internal/mail"
)

// A Server answers questions about Zones. Its fields must not change while it
// serves. One Server may serve any number of sockets at the same time.
type Server struct {
	Zones *Zones // required

	// Recursion plays the resolver of the pretend internet for stubs such as that
	// of an MTA: replies have the RA bit, and to a query with RD a delegation that
	// no zone file answers for is SERVFAIL, since the servers delegated to do not
	// exist. Without it that is a referral with glue, as from an authority.
	Recursion bool

	// Log is told each query once, before its reply is sent; nil tells nobody. It
	// may be called by several goroutines at once.
	Log func(mail.Question)

	// Asker names who asks from an address; nil gives the address.
	Asker func(netip.AddrPort) string

	Idle     time.Duration // how long a TCP connection may stay without a whole query; 0 is 10 s
	MaxConns int           // TCP connections of one Serve; more are closed at once; 0 is 256
}

// maxPending is how many replies of one Serve may be delayed at a time; a query
// that would be one more gets none.
const maxPending = 4096

// A serving is one call of Serve.
type serving struct {
	*Server
	ctx     context.Context
	wg      sync.WaitGroup
	pending chan struct{} // one element for each delayed reply
	conns   chan struct{} // one element for each TCP connection
}

// Serve answers packets of pc and connections of l until ctx ends; either may be
// nil. A reply leaves from the address pc is bound to, so each address wants a
// socket of its own. Serve closes both and returns the cause of ctx, or the error
// of a socket.
func (s *Server) Serve(ctx context.Context, pc net.PacketConn, l net.Listener) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	maxConns := orDefault(s.MaxConns, 256)
	v := &serving{
		Server: s, ctx: ctx,
		pending: make(chan struct{}, maxPending), conns: make(chan struct{}, maxConns),
	}
	if pc != nil {
		stop := context.AfterFunc(ctx, func() { pc.Close() })
		defer stop()
		for range runtime.GOMAXPROCS(0) {
			v.wg.Go(func() { cancel(v.packets(pc)) })
		}
	}
	if l != nil {
		stop := context.AfterFunc(ctx, func() { l.Close() })
		defer stop()
		v.wg.Go(func() { cancel(v.accept(l)) })
	}
	<-ctx.Done()
	v.wg.Wait()
	return context.Cause(ctx)
}

// packets answers UDP. A delayed reply does not hold up others.
func (v *serving) packets(pc net.PacketConn) error {
	buf := make([]byte, maxTCP)
	for {
		n, from, err := readPacket(pc, buf)
		if err != nil {
			return err
		}
		v.answer(buf[:n], from, false, &v.wg, func(reply []byte) error {
			return writePacket(pc, reply, from)
		})
	}
}

// readPacket and writePacket use the calls that allocate nothing where they can.
func readPacket(pc net.PacketConn, buf []byte) (int, netip.AddrPort, error) {
	if u, ok := pc.(*net.UDPConn); ok {
		return u.ReadFromUDPAddrPort(buf)
	}
	n, from, err := pc.ReadFrom(buf)
	if err != nil {
		return 0, netip.AddrPort{}, err
	}
	return n, addrPort(from), nil
}

func writePacket(pc net.PacketConn, reply []byte, to netip.AddrPort) error {
	if u, ok := pc.(*net.UDPConn); ok {
		_, err := u.WriteToUDPAddrPort(reply, to)
		return err
	}
	_, err := pc.WriteTo(reply, net.UDPAddrFromAddrPort(to))
	return err
}

func addrPort(a net.Addr) netip.AddrPort {
	if p, ok := a.(interface{ AddrPort() netip.AddrPort }); ok {
		return p.AddrPort()
	}
	return netip.AddrPort{}
}

// answer logs a query and sends the reply; if it is delayed, later and in wg. A
// reply that cannot be sent is lost, as it would be on the way.
func (v *serving) answer(packet []byte, from netip.AddrPort, tcp bool, wg *sync.WaitGroup, send func([]byte) error) {
	r := v.Zones.world().react(packet, tcp, v.Recursion)
	if !r.query {
		return
	}
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	if v.Log != nil {
		if v.Asker != nil {
			r.question.Asker = v.Asker(from)
		} else {
			r.question.Asker = from.Addr().String()
		}
		v.Log(r.question)
	}
	switch {
	case r.reply == nil:
	case r.delay == 0:
		_ = send(r.reply)
	default:
		v.later(r, wg, send)
	}
}

func (v *serving) later(r reaction, wg *sync.WaitGroup, send func([]byte) error) {
	select {
	case v.pending <- struct{}{}:
	default:
		return
	}
	wg.Go(func() {
		defer func() { <-v.pending }()
		t := time.NewTimer(r.delay)
		defer t.Stop()
		select {
		case <-t.C:
			_ = send(r.reply)
		case <-v.ctx.Done():
		}
	})
}

func (v *serving) accept(l net.Listener) error {
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		select {
		case v.conns <- struct{}{}:
			v.wg.Go(func() {
				defer func() { <-v.conns }()
				v.connection(conn)
			})
		default:
			conn.Close()
		}
	}
}

// connection answers the queries of a TCP connection, each as soon as it can,
// delayed ones out of order (RFC 7766 section 6.2.1.1). It ends with the client,
// after the idle time, and at a message without a whole header.
func (v *serving) connection(conn net.Conn) {
	stop := context.AfterFunc(v.ctx, func() { conn.Close() })
	defer stop()
	defer conn.Close()
	var delayed sync.WaitGroup
	defer delayed.Wait() // a client may close its side and still read
	idle := orDefault(v.Idle, 10*time.Second)
	from := addrPort(conn.RemoteAddr())
	var mu sync.Mutex
	send := func(reply []byte) error {
		mu.Lock()
		defer mu.Unlock()
		frame := append(binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(reply)), uint16(len(reply))), reply...)
		err := conn.SetWriteDeadline(time.Now().Add(idle))
		if err == nil {
			_, err = conn.Write(frame)
		}
		if err != nil {
			return errors.Join(err, conn.Close()) // half a frame would spoil the next
		}
		return nil
	}
	for buf := make([]byte, maxTCP); ; {
		if conn.SetReadDeadline(time.Now().Add(idle)) != nil {
			return
		}
		n, err := readFrame(conn, buf)
		if err != nil || n < headerSize {
			return
		}
		v.answer(buf[:n], from, true, &delayed, send)
	}
}
