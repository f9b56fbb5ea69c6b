// Package pattern has patterns of what people write into tables and scenarios: addresses,
// domains, mailboxes, times, codes. Loaders read such texts with functions, which say
// what is wrong; editors know patterns only. Each pattern takes all that the function
// takes, and as little else as a pattern can. RE2 and ECMA-262, which JSON Schema goes
// by, read them alike.
package pattern

import "strings"

// Any makes a pattern of the whole text, which has one of several forms.
func Any(forms ...string) string {
	out := "^("
	for i, f := range forms {
		if i > 0 {
			out += "|"
		}
		out += f
	}
	return out + ")$"
}

// Caseless is a pattern of a word of ASCII characters, in small or large letters.
func Caseless(word string) string {
	var b strings.Builder
	for _, c := range word {
		small, large := strings.ToLower(string(c)), strings.ToUpper(string(c))
		if small == large {
			b.WriteString(small)
			continue
		}
		b.WriteString("[" + small + large + "]")
	}
	return b.String()
}

// Blank is one of the characters that [unicode.IsSpace] tells of, and Blanks are some or
// none. ECMA-262 and RE2 differ in what \s is.
const (
	blank  = "\\t-\\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
	Blank  = "[" + blank + "]"
	Blanks = Blank + "*"
	// Text is one character that is no blank.
	Text = "[^" + blank + "]"
)

// Times as [time.ParseDuration] takes them.
const (
	unit    = `(ns|us|µs|μs|ms|s|m|h)`
	amount  = `([0-9]+(\.[0-9]*)?|\.[0-9]+)` + unit
	nonzero = `([0-9]*[1-9][0-9]*(\.[0-9]*)?|[0-9]*\.[0-9]*[1-9][0-9]*)` + unit
	// Delay is a time of 0 or more. One with a minus sign is too small to be told from
	// 0, so each of its numbers begins as 0 does.
	Delay = `([-+]?0|\+?(` + amount + `)+|-([0.][0-9.]*` + unit + `)+)`
	// Span is a time longer than 0.
	Span = `\+?(` + amount + `)*` + nonzero + `(` + amount + `)*`
)

// Addresses as [net/netip.ParseAddr] and [net/netip.ParsePrefix] take them, without a
// zone.
const (
	octet = `(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])`
	IPv4  = `(` + octet + `\.){3}` + octet

	h16  = `[0-9a-fA-F]{1,4}`
	last = `(` + h16 + `:` + h16 + `|` + IPv4 + `)` // 32 bits
	// IPv6 is that of RFC 3986 section 3.2.2.
	IPv6 = `((` + h16 + `:){6}` + last +
		`|::(` + h16 + `:){5}` + last +
		`|(` + h16 + `)?::(` + h16 + `:){4}` + last +
		`|((` + h16 + `:){0,1}` + h16 + `)?::(` + h16 + `:){3}` + last +
		`|((` + h16 + `:){0,2}` + h16 + `)?::(` + h16 + `:){2}` + last +
		`|((` + h16 + `:){0,3}` + h16 + `)?::` + h16 + `:` + last +
		`|((` + h16 + `:){0,4}` + h16 + `)?::` + last +
		`|((` + h16 + `:){0,5}` + h16 + `)?::` + h16 +
		`|((` + h16 + `:){0,6}` + h16 + `)?::)`

	IPv4Network = IPv4 + `/(3[0-2]|[12]?[0-9])`
	IPv6Network = IPv6 + `/(12[0-8]|1[01][0-9]|[1-9]?[0-9])`

	mapped = `[0:]*:[fF]{4}:`
	// Mapped is an IPv4 address in the form of IPv6 (RFC 4291 section 2.5.5.2).
	Mapped = mapped + last
	// NoHost are addresses that no host has, in most of their spellings: see
	// [strictmx/internal/mail.IsHost].
	NoHost = `(` + mapped + `)?(127\..*|169\.254\..*|22[4-9]\..*|23[0-9]\..*|0\.0\.0\.0|255\.255\.255\.255)` +
		`|[0:]+1?|[fF][eE][89abAB][0-9a-fA-F]:.*|[fF]{2}[0-9a-fA-F]{2}:.*`
)

// Status is an enhanced status code of a class, or of any of some: see
// [strictmx/internal/mail.ParseStatus].
func Status(classes string) string {
	const number = `\.(0|[1-9][0-9]{0,2})`
	return `[` + classes + `]` + number + number
}
