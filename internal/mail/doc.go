// Package mail holds the words that every part of strictmx shares: stages and
// replies (RFC 5321), enhanced status codes (RFC 3463), results of checks (RFC
// 8601), and what the receiver and the sender each saw of one message. It
// decides nothing, does no I/O, and imports the standard library only.
package mail
