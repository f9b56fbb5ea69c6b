// Package profile says what each mail provider does about the facts that a
// receiver found out: an ordered table of rules per provider, the words of its
// SMTP dialogue, and its host names. The first rule whose conditions all hold
// decides. A profile looks nothing up (package check does) and speaks no SMTP
// (package fakemx does); it turns results into a decision and a decision into
// reply lines.
//
// # Tables
//
// A table is one YAML file:
//
//	name: example
//	title: Example Mail
//	hostname: mx.example.com
//	hosts:
//	  - {name: mx.example.com., pref: 10, addrs: [198.51.100.7]}
//	rules:
//	  - id: ptr-missing
//	    at: rcpt
//	    when: {family: ipv4, iprev: fail or permerror}
//	    reply: 550 5.7.25 [{client}] has no reverse DNS
//	    source: https://www.example.com/errors
//	    seen: 2025-03-09
//
// Conditions are joined by "and". One condition is a value, values joined by
// "or", or "not" and one value; another "or" is another rule. A rule without
// conditions refuses everybody. Every rule names the source of its wording and
// when it was seen there; exact tells that the wording is known to the byte.
//
// A wording that several rules share stands once, with its evidence and under the
// name of its row in the catalogue of replies, and the rules name it, for all
// versions or for each range of them:
//
//	texts:
//	  example-ptr-2015:
//	    reply: 550 5.7.25 [{client}] has no reverse DNS
//	    source: https://www.example.com/errors
//	    seen: 2015-03-09
//	rules:
//	  - {id: ptr-missing, at: rcpt, when: {iprev: permerror}, text: {..2016: example-ptr-2015, 2017..: example-ptr-2017}}
//
// A reply is written once, with code and enhanced status (RFC 3463) in front and
// placeholders in braces, as one line of any length. A line end in it is a break
// that was seen there; all other breaks are made by the profile's wrap columns.
// "{{" is a brace.
//
// # Versions
//
// Providers change their words, and old bounces must stay reproducible. A table
// lists its versions from oldest to newest; rules and changes name the labels
// they belong to, as a list of labels and ranges ("2014..2016", "2022..").
// "gmail@2014" is one version. The bare name is the newest version, or the one
// that default names where the newest is known from documentation only.
//
// # What is not modelled
//
// Reputation and content. Rules with a budget ("defer twice, then accept") need
// a state and are not part of the format yet.
package profile
