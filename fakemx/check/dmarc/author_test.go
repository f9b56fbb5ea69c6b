package dmarc

import (
	"strings"
	"testing"
)

func TestAuthors(t *testing.T) {
	deep := strings.Repeat("(", 32)
	for _, tt := range []struct{ field, want string }{
		{"ann@example.com", "example.com"},
		{" ann@EXAMPLE.com ", "example.com"},
		{"Ann <ann@example.com>", "example.com"},
		{"<ann@example.com>", "example.com"},
		{`"Smith, Ann" <ann@example.com>`, "example.com"},
		{`"ann@example.net" <ann@example.com>`, "example.com"},
		{`"a \" <b@example.net>" <ann@example.com>`, "example.com"},
		{"Ann A. Smith <ann@example.com>", "example.com"}, // a dot in a display name
		{"Ann\r\n <ann@example.com>", "example.com"},
		{"\r\n\tAnn <ann@exam\r\n ple.com>", `permerror: the From field is malformed: there is no domain behind @ (octet 23)`},
		{"=?utf-8?q?J=C3=BCrgen?= <j@example.com>", "example.com"},
		{"Jürgen <j@example.com>", "example.com"},
		{"jürgen@example.com", "example.com"},
		{"=?utf-8?q?a=40example.net?= <j@example.com>", "example.com"}, // an encoded word is a word
		{`"a b"@example.com`, "example.com"},
		{`"a@b"@example.com`, "example.com"},
		{`"a\"@b"@example.com`, "example.com"},
		{`"a".b."c d"@example.com`, "example.com"},
		{"ann(a@b)@example.com", "example.com"},
		{"ann@(c)example.(d)com(e)", "example.com"},
		{"(ann@example.net) ann@example.com (Ann)", "example.com"},
		{`(\) (nested) ann@x) ann@example.com`, "example.com"},
		{"Ann <@relay.example,@other.example:ann@example.com>", "example.com"},
		{"ann @ example . com", "example.com"}, // RFC 5322 section 4.4
		{"a!b%c@example.com", "example.com"},
		{"ann@example", "example"},
		{"ann@a_b.example.com", "a_b.example.com"},

		// IDNA.
		{"ann@bücher.example", "xn--bcher-kva.example"},
		{"ann@BÜCHER.example", "xn--bcher-kva.example"},
		{"ann@bücher。example", "xn--bcher-kva.example"}, // the ideographic full stop
		{"ann@例え.テスト", "xn--r8jz45g.xn--zckzah"},
		{"ann@faß.example", "xn--fa-hia.example"},
		{"ann@XN--BCHER-KVA.example", "xn--bcher-kva.example"},
		{"ann@a\u2028b.example", `permerror: the domain "a\u2028b.example" of the From field is none: the domain has no A-labels: idna: disallowed rune U+2028`},

		// Several.
		{"ann@example.com, bob@example.com", "example.com"},
		{"ann@example.com, bob@EXAMPLE.COM", "example.com"},
		{"ann@example.com, bob@example.net, c@example.com", "example.com example.net"},
		{",ann@example.com,,bob@example.net,", "example.com example.net"},
		{"Team: ann@example.com, Bob <bob@example.net>;", "example.com example.net"},
		{"Team: ann@example.com;, c@example.org", "example.com example.org"},

		// No domain.
		{"undisclosed:;", "none: the From field has no address"},
		{"undisclosed: ;, also:;", "none: the From field has no address"},
		{"", "none: the From field has no address"},
		{"(nothing)", "none: the From field has no address"},
		{"ann@[192.0.2.1]", "none: the From field has the address literal [192.0.2.1], and no domain"},
		{`ann@[192.0.2.\1]`, `none: the From field has the address literal [192.0.2.\1], and no domain`}, // RFC 5322 section 4.4
		{`ann@[\]], b@example.com`, `none: the From field has the address literal [\]], and no domain`},
		{"Ann <ann@[IPv6:2001:db8::1]>", "none: the From field has the address literal [IPv6:2001:db8::1], and no domain"},
		{"ann", "permerror: the From field has an address without a domain"},
		{"Ann <ann>", "permerror: the From field has an address without a domain"},
		{"MAILER-DAEMON (Mail System)", "permerror: the From field has an address without a domain"},
		{"ann, bob@example.com", "permerror: the From field has an address without a domain"},

		// Malformed. What a reader might show is no matter: nobody guesses a domain.
		{"<>", "permerror: the From field is malformed: there is no local part behind < (octet 2)"},
		{"@example.com", "permerror: the From field is malformed: there is no local part before @ (octet 1)"},
		{"ann@", "permerror: the From field is malformed: there is no domain behind @ (octet 5)"},
		{"ann@example.com.", "permerror: the From field is malformed: there is no domain behind @ (octet 17)"},
		{"ann@.example.com", "permerror: the From field is malformed: there is no domain behind @ (octet 17)"},
		{"ann@example..com", "permerror: the From field is malformed: there is no domain behind @ (octet 17)"},
		{"ann@example.com@example.net", `permerror: the From field is malformed: there is '@' behind an address, where a comma is wanted (octet 16)`},
		{"ann@example.com <bob@example.net>", `permerror: the From field is malformed: there is '<' behind an address, where a comma is wanted (octet 17)`},
		{"Ann <ann@example.com> <bob@example.net>", `permerror: the From field is malformed: there is '<' behind an address, where a comma is wanted (octet 23)`},
		{"<ann@example.com", "permerror: the From field is malformed: there is no > behind an address (octet 17)"},
		{"ann@example.com>", `permerror: the From field is malformed: there is '>' behind an address, where a comma is wanted (octet 16)`},
		{"Ann Smith ann@example.com", "permerror: the From field is malformed: there is no local part before @ (octet 14)"},
		{"ann..b@example.com", "permerror: the From field is malformed: there is no local part before @ (octet 7)"},
		{"ann@example.com; bob@example.net", `permerror: the From field is malformed: there is ';' behind an address, where a comma is wanted (octet 16)`},
		{"Team: ann@example.com", "permerror: the From field is malformed: a group has no end"},
		{"Team: other: ann@example.com;;", `permerror: the From field is malformed: ':' stands where no such character may (octet 12)`},
		{`"ann@example.com`, "permerror: the From field is malformed: a quoted string has no end (octet 1)"},
		{"ann@example.com (c", "permerror: the From field is malformed: a comment has no end (octet 19)"},
		{deep + "()" + strings.Repeat(")", 32) + "a@example.com", "permerror: the From field is malformed: comments are nested deeper than 32"},
		{"ann@[[192.0.2.1]]", "permerror: the From field is malformed: an address literal has no end (octet 5)"},
		{`ann@[192.0.2.1\]`, "permerror: the From field is malformed: an address literal has no end (octet 5)"},
		{"ann@[192.0.2.1", "permerror: the From field is malformed: an address literal has no end (octet 5)"},
		{`ann@"example.com"`, "permerror: the From field is malformed: there is no domain behind @ (octet 18)"},
		{"ann@example.com\rFrom: bob@example.net", `permerror: the From field is malformed: there is '\r' behind an address, where a comma is wanted (octet 16)`},
		{"ann\x00@example.com", "permerror: the From field is malformed: it has a NUL"},
		{"ann@exam\xffple.com", "permerror: the From field is malformed: it is not UTF-8"},
		{"ann@=?utf-8?q?example?=.com", `permerror: the domain "=?utf-8?q?example?=.com" of the From field is none: "=?utf-8?q?example?=" is no label of a domain`},
		{"ann@" + strings.Repeat("a", 64) + ".com", `permerror: the domain "` + strings.Repeat("a", 64) + `.com" of the From field is none: "` + strings.Repeat("a", 64) + `" is no label of a domain`},
		{"ann@" + strings.Repeat("a.", 127) + "com", `permerror: the domain "` + strings.Repeat("a.", 127) + `co..." of the From field is none: the domain is longer than 253 octets`},
		{strings.Repeat("a", maxFrom+1), "permerror: the From field is longer than 65536 octets"},
		{strings.Repeat("a\r\n ", maxFrom), "permerror: the From field is longer than 65536 octets"},
	} {
		if got := authors("From:" + tt.field + "\r\n\r\n"); got != tt.want {
			t.Errorf("Authors of From:%.80s\n  = %s\nwant %s", tt.field, got, tt.want)
		}
	}
}

// authors writes what Authors gives.
func authors(content string) string {
	domains, fault := Authors([]byte(content))
	if fault != nil {
		return fault.Value + ": " + fault.Error()
	}
	return strings.Join(domains, " ")
}

func TestAuthorsFindsTheField(t *testing.T) {
	for _, tt := range []struct{ content, want string }{
		{"", "permerror: the message has no From field"},
		{"\r\nFrom: a@example.com\r\n", "permerror: the message has no From field"}, // in the body
		{"To: a@example.net\r\nFRom: a@example.com\r\n\r\n", "example.com"},
		{"From : a@example.com\r\n\r\n", "example.com"}, // RFC 5322 section 4.5
		{"From: a@example.com", "example.com"},
		{"From: a@example.com\n\nFrom: b@example.net\n", "example.com"},
		{"Resent-From: a@example.net\r\nFrom: a@example.com\r\n\r\n", "example.com"},
		{"Subject: x\r\n From: a@example.net\r\nFrom: a@example.com\r\n\r\n", "example.com"}, // a fold
		{"From: a@example.com\r\nFrom: a@example.com\r\n\r\n", "permerror: the message has 2 From fields, and DMARC is for one"},
		{"From: a@example.com\nfrom: b@example.net\r\n\r\n", "permerror: the message has 2 From fields, and DMARC is for one"}, // a bare LF
		{"From a@example.net\r\nFrom: a@example.com\r\n\r\n", "example.com"},                                                   // an mbox line
		{" From: a@example.com\r\n\r\n", "permerror: the message has no From field"},
		{"X: " + strings.Repeat("x", maxHeader) + "\r\nFrom: a@example.com\r\n\r\n", "permerror: the header is longer than 1048576 octets"},
	} {
		if got := authors(tt.content); got != tt.want {
			t.Errorf("Authors(%.60q) = %s, want %s", tt.content, got, tt.want)
		}
	}
}
