package fakedns

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"strictmx/internal/mail"
)

// A Client asks a DNS server over UDP, and over TCP what was truncated (RFC 7766
// section 5). It has no cache. A reply with another ID or question is not the
// reply (RFC 5452 section 9.1) and is waited past. It is safe for concurrent use.
type Client struct {
	Server  netip.AddrPort // required
	Local   netip.Addr     // address to ask from; zero leaves it to the system
	Timeout time.Duration  // of one try; 0 is 2 s
	Tries   int            // 0 is 2

	// Dial opens a connection to the server, for a client in another network
	// namespace; nil is net.Dialer. network is "udp" or "tcp".
	Dial func(ctx context.Context, network string, local netip.Addr, server netip.AddrPort) (net.Conn, error)
}

// Resolve looks records up. name may lack the final dot; typ is a mnemonic or the
// form TYPE65280. Every error is a [*mail.LookupError], or the cause of ctx.
func (c *Client) Resolve(ctx context.Context, name, typ string) (mail.Answer, error) {
	return stub{orDefault(c.Tries, defaultTries), c.exchange}.resolve(ctx, name, typ)
}

func (c *Client) exchange(ctx context.Context, query []byte, tcp bool, accept func([]byte) bool) ([]byte, error) {
	try, cancel := context.WithTimeout(ctx, orDefault(c.Timeout, defaultTimeout))
	defer cancel()
	network, size := "udp", 2*maxUDP // more than it asks for
	if tcp {
		network, size = "tcp", maxTCP
	}
	conn, err := c.dial(try, network)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	stop := context.AfterFunc(try, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if tcp {
		query = append(binary.BigEndian.AppendUint16(nil, uint16(len(query))), query...)
	}
	if _, err := conn.Write(query); err != nil {
		return nil, fmt.Errorf("query over %s: %w", network, err)
	}
	for buf := make([]byte, size); ; {
		var n int
		if tcp {
			n, err = readFrame(conn, buf)
		} else {
			n, err = conn.Read(buf)
		}
		switch {
		case try.Err() != nil && err != nil:
			return nil, errNoReply
		case err != nil:
			return nil, fmt.Errorf("reply over %s: %w", network, err)
		case accept(buf[:n]):
			return buf[:n], nil
		}
	}
}

func (c *Client) dial(ctx context.Context, network string) (net.Conn, error) {
	if c.Dial != nil {
		return c.Dial(ctx, network, c.Local, c.Server)
	}
	var d net.Dialer
	if c.Local.IsValid() {
		local := netip.AddrPortFrom(c.Local, 0)
		d.LocalAddr = net.UDPAddrFromAddrPort(local)
		if network == "tcp" {
			d.LocalAddr = net.TCPAddrFromAddrPort(local)
		}
	}
	return d.DialContext(ctx, network, c.Server.String())
}

// readFrame reads a message with its length before it (RFC 1035 section 4.2.2).
func readFrame(r io.Reader, buf []byte) (int, error) {
	if _, err := io.ReadFull(r, buf[:2]); err != nil {
		return 0, err
	}
	n := int(binary.BigEndian.Uint16(buf))
	if n > len(buf) {
		return 0, errors.New("message does not fit")
	}
	return io.ReadFull(r, buf[:n])
}
