// Package node is the pretend internet's side of a lab: what runs in the
// node container. It lays two network namespaces side by side, joined by a
// pair of virtual Ethernet devices. One is the container's own, the host side,
// which the mail system's container joins. The other, the internet side, holds
// the DNS server and the receivers, each at its own addresses. Every address is
// on-link, so a case can use any, and there is no interface to anywhere else.
//
// The container's first process (package anchor) prepares the host side ([HostSide])
// and starts a second one ([RunInternet]) in a network namespace of its own. A process
// per namespace needs no care for which thread a goroutine runs on, which one process
// in two namespaces would.
package node
