// Package fakemx is a receiving mail server that answers as a profile says: its
// banner, its EHLO keywords, its words for every reply, its refusals. It speaks
// SMTP (RFC 5321) with STARTTLS (RFC 3207), PIPELINING (2920), CHUNKING (3030),
// SIZE (1870), 8BITMIME (6152), SMTPUTF8 (6531), DSN (3461) and
// ENHANCEDSTATUSCODES (2034), as far as the profile offers them. It keeps no mail:
// what it saw of each transaction goes to [Server.Record] and is gone.
//
// # How it works
//
// The protocol engine is go-smtp, with one server for each listener.
// Between the client and the engine stands a [net.Conn] of this package, the front.
// It hands the engine one command at a time and replaces the words of its replies
// by those of the profile. What the engine cannot do, or does wrongly, the front
// does alone: refusals at connect and at HELO, STARTTLS, the content after DATA
// and BDAT, commands that are unknown, misspelt or out of order, and parameters
// of extensions that were not offered.
//
// At each stage the checks that the profile needs are run, once, and then the
// profile decides. What they find about an envelope holds for later transactions of
// the session with the same one, unless a lookup broke, as if the resolver had a
// cache. A check that breaks is a 451 reply and never a pass.
//
// # Strictness
//
// A command ends with CR LF. One that ends with a bare LF is refused and not
// executed; bare CR and other control characters are syntax errors. Paths need
// their angle brackets, but a blank after "FROM:" and "TO:" is tolerated, as the
// large receivers do. The content ends with CR LF "." CR LF and with nothing that
// looks like it, so that no message can be smuggled in another. Bare CR and LF in
// the content are kept as they came.
//
// # Attempts
//
// One [mail.Attempt] is recorded for each outcome, before the reply that announces
// it is written, so that who has seen a reply can rely on the record:
//
//   - for a refusal at connect or HELO, one a session (a client that falls back
//     from EHLO to HELO and meets the same rule again adds none)
//   - for a refused MAIL, and for each refused RCPT, one; commands out of order are
//     talk and not outcomes
//   - for the recipients that were accepted, one at the end of the content
//   - for a transaction that was given up before its end (RSET, QUIT, a new EHLO, a
//     lost connection, a time-out), one without a rule, at the stage reached,
//     unless a refused recipient has been recorded in it
//   - for a session that broke off without QUIT after a command, or in the TLS
//     handshake, and of which nothing else was recorded, one without a rule
//
// A session that did nothing, or only greeted and quit, leaves no record.
package fakemx
