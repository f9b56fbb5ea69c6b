// Package confine makes a process in new namespaces into the first one of a system
// that is like a new container: a root file system on which everything can be
// written and nothing is kept, devices and processes of its own, and no more
// privileges than a container has.
//
// What is written goes to memory and ends with the namespaces. No file system on
// which another process can write is left in sight. What the making takes, the
// capability SYS_ADMIN and the system calls that go with it, is given up on every
// thread before [Enter] returns; programs that are started cannot get it back.
package confine
