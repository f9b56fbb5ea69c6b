package spf

// The limits of one evaluation, RFC 7208 section 4.6.4. They hold for the whole
// of it, included and redirected records together.
const (
	// maxLookups is how many of the terms include, a, mx, ptr, exists and
	// redirect may be evaluated. The query for the first record is not one of
	// them, nor is that for an explanation; the p macro is part of its term.
	maxLookups = 10

	// maxVoidLookups is how many of those terms may get a void answer: NXDOMAIN,
	// or NOERROR without a record of the type asked for.
	//
	// The section limits the number of terms "for which DNS queries return" such
	// answers, so a term counts once, however many of its queries are void: an mx
	// whose two hosts both lack an AAAA record is one void lookup. A query made
	// only for the p macro or for an explanation belongs to no term. Others count
	// differently: pyspf counts every query, the first TXT query and those for the
	// hosts of mx and ptr included; blitiri.com.ar/go/spf counts the
	// first query of a, mx, ptr and exists, with A and AAAA asked as one.
	maxVoidLookups = 2

	// maxMX is how many hosts one mx may name; more are a permerror, whether or
	// not an earlier one would have matched, so that the answer's order does not
	// matter.
	maxMX = 10

	// maxPTR is how many names of the client are looked up; more are ignored,
	// because the owner of the address chooses them and not that of the record.
	maxPTR = 10

	// maxRecord is the length in octets of the longest record that is read. No
	// DNS message holds a longer one (RFC 1035 section 4.2.2).
	maxRecord = 65535

	// maxValue is the length in octets at which the value of a macro is cut: that of
	// an SMTP command line, longer than any path or domain in one (RFC 5321 section
	// 4.5.3.1). It bounds what a record full of macros can expand to.
	maxValue = 512

	// maxExplanation is the length in octets at which an explanation is cut, so
	// that it fits in a reply line of 512 octets with a code and other words
	// (RFC 7208 section 6.2, RFC 5321 section 4.5.3.1.5).
	maxExplanation = 450
)

// maxQueries bounds the DNS queries of one evaluation: the first record, each
// term with the hosts it may ask for, the client's names for the p macro, and an
// explanation. It follows from the limits above; reaching it would be a mistake
// in this package, and ends the evaluation like one limit more.
const maxQueries = 1 + maxLookups*(1+maxMX) + (1 + maxPTR) + 1
