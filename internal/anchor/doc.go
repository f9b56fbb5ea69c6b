// Package anchor is the process that a lab's two containers take their network from.
//
// An engine needs long to make a network namespace, though the kernel does not, and
// one container can join another's only once that one runs. So a run keeps a
// container of its own for it, the anchor: on each command its main thread moves
// to a new, empty namespace, which both containers of the next lab then join side
// by side. The namespace lives for as long as they do; the anchor goes on.
//
// A namespace made here has no device but a loopback, and the anchor's container has
// no other network either: nothing in it can reach anything.
package anchor

// Name is the command that runs an anchor.
const Name = "anchor"
