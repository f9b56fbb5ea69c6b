// Package lab runs the cases of scenarios: it turns a case into the plan of a
// pretend internet and the set-up of a mail system ([Prepare]), runs it, and
// collects what the receivers and the mail system saw. There are two rings. The
// outer one ([Runner]) drives a real mail system behind a [Driver]; the inner one
// ([InProcess]) sends the messages itself over connections in memory, and skips
// what it cannot prove.
package lab
