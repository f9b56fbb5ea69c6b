// Package anchor holds the first processes of the two containers that are kept for
// one lab after the other. Each starts a process for each lab and passes on its input
// and output. What makes a lab what it is, its namespaces and the processes in them,
// is new each time; only the empty containers around stay, because an engine takes
// longer to make one than all the rest takes together.
//
// The node's anchor moves to a new network namespace, and joins it to one of a process
// that it starts, which is the pretend internet (package node). The first namespace has no device but a loopback, and the container has no
// network either: nothing in it can reach anything.
//
// The mail system's anchor starts, in that network namespace and in new ones of all
// kinds that matter, a process that makes itself a root file system of its own, gives
// its privileges up (package confine), and is then the mail system (package mta). The
// anchor asks the other one for the network namespace, by a socket in the network
// namespace that the two containers have in common between labs. No lab is in that
// one.
package anchor

// The commands that run the anchors.
const (
	NodeName       = "anchor"
	MailSystemName = "mta-anchor"
)

// KindUnable is the kind of error where a kept container cannot hold a mail system:
// the kernel or the engine does not let it make namespaces and file systems. Nothing
// of the lab was begun.
const KindUnable = "namespaces"
