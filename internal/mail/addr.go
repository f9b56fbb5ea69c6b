package mail

import "net/netip"

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// IsHost tells whether a host can be reached at an address from elsewhere: it is no
// unspecified, loopback, link-local, multicast or broadcast address (RFC 6890).
// Private ones are for the lab as good as others.
func IsHost(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsValid() && !a.IsUnspecified() && !a.IsLoopback() && !a.IsLinkLocalUnicast() && !a.IsMulticast() && a != broadcast
}
