// Package anchor is the first process of the node container. It keeps the container
// for one lab after the other: for each it moves to a new network namespace, which
// the mail system's container joins, and starts a node in it (package node), whose
// input and output it passes on. What makes a lab what it is, the namespaces and
// the processes in them, is new each time; only the empty container around stays,
// because an engine takes longer to make one than all the rest takes together.
//
// A namespace made here has no device but a loopback, and the container has no
// network either: nothing in it can reach anything.
package anchor

// Name is the command that runs an anchor.
const Name = "anchor"
