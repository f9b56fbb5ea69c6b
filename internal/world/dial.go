package world

import (
	"context"
	"net"
	"net/netip"
	"sync"

	"strictmx/fakemx"
)

// clientPort is the port that clients in memory come from, an ephemeral one (RFC
// 6056 section 2.1).
const clientPort = 49152

// Dial connects in memory to a receiver as the client at one address to the
// server at another. wait returns when the receiver has done with the connection,
// which it has after the client closed its end.
func Dial(ctx context.Context, srv *fakemx.Server, client, server netip.Addr) (conn net.Conn, wait func()) {
	a, b := net.Pipe()
	c := net.TCPAddrFromAddrPort(netip.AddrPortFrom(client, clientPort))
	s := net.TCPAddrFromAddrPort(netip.AddrPortFrom(server, 25))
	var wg sync.WaitGroup
	wg.Go(func() { srv.ServeConn(ctx, end{b, s, c}) })
	return end{a, c, s}, wg.Wait
}

// An end is one end of a connection in memory, with addresses.
type end struct {
	net.Conn
	local, remote net.Addr
}

func (e end) LocalAddr() net.Addr  { return e.local }
func (e end) RemoteAddr() net.Addr { return e.remote }
