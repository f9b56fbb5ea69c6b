// Package fakedns is the DNS of a small pretend internet: zones from master
// files (RFC 1035 section 5), an authoritative server for them, a stub client, a
// resolver in memory that gives the same answers, faults by name and type, and a
// log of every question.
//
// It has no cache and asks nobody: what is in no zone file does not exist. Names
// outside every zone get NXDOMAIN with the SOA of the root, which is made up
// unless there is a root.zone, so that no lookup hangs or leaves the lab. It
// signs nothing; a zone marked as signed only gets the AD bit. Zone transfer is
// refused, additional section processing is left out except for glue.
//
// Names are found as RFC 1034 section 4.3.2 and RFC 4592 say: longest zone, then
// label by label, with delegations, DNAME (RFC 6672), empty non-terminals and
// wildcards at the closest encloser. CNAME and DNAME are followed through all
// zones, at most 16 links; a longer chain or a loop is SERVFAIL (RFC 1034 section
// 3.6.2 wants loops "signalled as an error"). Negative answers carry the SOA with
// the TTL of RFC 2308 section 3. ANY gives every record set of the name (RFC 8482
// section 4 allows less, a test is helped by all).
//
// On the wire: UDP and TCP with pipelining (RFC 7766), EDNS version 0 with UDP
// payloads up to 1232 octets (RFC 6891), truncated answers are empty but for the
// TC bit, letter case of the question is kept in question and first owner.
// A query that cannot be parsed or has not exactly one question gets FORMERR
// (RFC 9619), an unknown opcode NOTIMP, a class other than IN REFUSED, and a
// response sent to the server gets silence.
package fakedns
