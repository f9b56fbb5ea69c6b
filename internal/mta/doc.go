// Package mta is the first process of the mail system's container: it makes
// Postfix's configuration out of the set-up that the runner sends, has Postfix
// check it, starts the master daemon, and then carries out commands and hands out
// the log (package wire has the protocol).
//
// The log is read from the socket of syslog(3), where Postfix writes by default,
// so that a configuration of a real machine needs no change; maillog_file is
// switched off. As first process it reaps every process that loses its parent.
//
// It knows Debian's paths and no other mail system than Postfix 3.5 or newer. It
// does not decide what the log means for the mail in it.
package mta
