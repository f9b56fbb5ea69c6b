package arc

import (
	"strings"
	"testing"

	"strictmx/internal/mail"
)

// The conditions of the ARC test suite of Valimail, with own messages: how tags are
// written. Where the suite, which is for a draft, wants another value, the row says by
// which paragraph.
func TestEvaluateTagLists(t *testing.T) {
	const pass, fail = mail.Pass, mail.Fail
	for _, tt := range []struct {
		hop    hop
		want   string
		reason string
	}{
		{hop{ams: "s=rsa; -> s=rsa ;"}, pass, ""},
		{hop{ams: "c=relaxed -> c = relaxed"}, pass, ""},
		{hop{ams: "s=rsa; -> s=rsa; w=x;"}, pass, ""},
		{hop{ams: "s=rsa; -> s=rsa; v=1;"}, pass, ""}, // RFC 8617 section 4.1.2: ignored
		{hop{ams: "s=rsa; -> s=rsa; ==;"}, fail, "no name of a tag"},
		{hop{ams: "s=rsa; -> s=rsa; s=rsa;"}, fail, "there twice"},
		{hop{ams: "s=rsa; -> s=rsa;;"}, fail, "empty tag"},
		{hop{ams: "h=From -> H=From"}, fail, "no tag h="},
		{hop{ams: "a=rsa-sha256; -> "}, fail, "no tag a="},
		{hop{ams: "a=rsa-sha256 -> a="}, fail, `algorithm "" is not known`},
		{hop{ams: "a=rsa-sha256 -> a=rsa-waffle"}, fail, "not known"},
		{hop{ams: "c=relaxed/relaxed -> c=simple/simple"}, pass, ""},
		{hop{ams: "c=relaxed/relaxed -> c=simple/relaxed"}, pass, ""},
		{hop{ams: "c=relaxed/relaxed -> c=relaxed/simple"}, pass, ""},
		{hop{ams: "c=relaxed/relaxed; -> "}, pass, ""}, // simple
		{hop{ams: "c=relaxed/relaxed -> c="}, fail, "canonicalization"},
		{hop{ams: "c=relaxed/relaxed -> c=pancake/waffle"}, fail, "canonicalization"},
		{hop{ams: "d=hop1.example; -> "}, fail, "no tag d="},
		{hop{ams: "d=hop1.example -> d="}, fail, "no name"},
		{hop{ams: "d=hop1.example -> d=hop1..."}, fail, "no label"},
		{hop{ams: "d=hop1.example -> d=hop1.example/x"}, fail, "no label"},
		{hop{ams: "s=rsa; -> "}, fail, "no tag s="},
		{hop{ams: "h=From:To:Subject -> h=From : To :\r\n Subject"}, pass, ""},
		{hop{ams: "h=From:To:Subject -> h=fROM:tO:subject"}, pass, ""},
		{hop{ams: "h=From -> h=From:To:To"}, pass, ""}, // of what is not there, and twice
		{hop{ams: "h=From -> h=From:ARC-Authentication-Results"}, pass, ""},
		{hop{ams: "h=From:To:Subject; -> "}, fail, "no tag h="},
		{hop{ams: "h=From:To:Subject -> h="}, fail, "no name of a header field"}, // RFC 6376 section 3.5; the suite: pass
		{hop{ams: "h=From: -> h=From::"}, fail, "no name of a header field"},     // likewise
		{hop{ams: "bh= -> bh=not_base_64"}, fail, "bh= is not base64"},
		{hop{ams: "bh= -> bh=AAAA; x="}, fail, "x="},
		{hop{ams: "\r\n b= -> \r\n bx="}, fail, "no tag b="},
		{hop{ams: "\r\n b= -> \r\n b=not_base_64"}, fail, "b= is not base64"},
		{hop{ams: "\r\n b= -> \r\n b=AAAA"}, fail, "does not match the header fields"},
		{hop{ams: "\r\n b= -> \r\n b\t=\r\n\t"}, pass, ""},
		{hop{ams: "s=rsa; -> s=rsa; t=12345;"}, pass, ""},
		{hop{ams: "s=rsa; -> s=rsa; t=;"}, fail, "no time"},
		{hop{ams: "s=rsa; -> s=rsa; t=1 2345;"}, fail, "no time"},
		{hop{ams: "s=rsa; -> s=rsa; t=soon;"}, fail, "no time"},
		{hop{ams: "s=rsa; -> s=rsa; l=99;"}, fail, "l=99 is more"},
		{hop{ams: "i=1; -> i=;"}, fail, "there is no instance"},
		{hop{ams: "i=1; -> i=0;"}, fail, "no number"},
		{hop{ams: "i=1; -> i=a;"}, fail, "no number"},
		{hop{ams: "i=1; -> i=2;"}, fail, "i=1 has 0 ARC-Message-Signature fields"},

		{hop{seal: "s=rsa; -> s=rsa ;"}, pass, ""},
		{hop{seal: "i=1; -> i = 1;"}, pass, ""},
		{hop{seal: "i=1; -> i=01;"}, pass, ""},
		{hop{seal: "i=1; a=rsa-sha256; -> a=rsa-sha256;\r\n i=1;"}, pass, ""}, // wherever it stands
		{hop{seal: "s=rsa; -> s=rsa; w=x; H=from;"}, pass, ""},
		{hop{seal: "s=rsa; -> s=rsa; c=simple; bh=A; x=1;"}, pass, ""}, // no tags of a seal
		{hop{seal: "s=rsa; -> s=rsa; _=;"}, fail, "no name of a tag"},
		{hop{seal: "s=rsa; -> s=rsa;;"}, fail, "empty tag"},
		{hop{seal: "s=rsa; -> S=rsa;"}, fail, "no tag s="},
		{hop{seal: "s=rsa; -> s=;"}, fail, "no name"},
		{hop{seal: "a=rsa-sha256; -> "}, fail, "no tag a="},
		{hop{seal: "a=rsa-sha256 -> a="}, fail, `algorithm "" is not known`},
		{hop{seal: "d=hop1.example -> d="}, fail, "no name"},
		{hop{seal: "d=hop1.example -> d=***"}, fail, "no label"},
		{hop{seal: "cv=none -> cv="}, fail, "has cv=: want none"},
		{hop{seal: "cv=none -> cv=:)"}, fail, "has cv=:): want none"},
		{hop{seal: "b= -> bx="}, fail, "no tag b="},
		{hop{seal: "b= -> b=not_base_64"}, fail, "b= is not base64"},
		{hop{seal: "b= -> b=AAAA"}, fail, "does not match"},
		{hop{seal: "b= -> b =\r\n\t"}, pass, ""},
		{hop{seal: "s=rsa; -> s=rsa; t=1;"}, pass, ""}, // RFC 6376 section 3.5: recommended; the suite wants one
		{hop{seal: "s=rsa; -> s=rsa; t=;"}, fail, "no time"},
		{hop{seal: "s=rsa; -> s=rsa; t=12 345;"}, fail, "no time"},
		{hop{seal: "s=rsa; -> s=rsa; t=-123.4;"}, fail, "no time"},
		{hop{seal: "i=1; -> i=;"}, fail, "there is no instance"},
		{hop{seal: "i=1; -> i=0x1;"}, fail, "no number"},
		{hop{seal: "i=1; -> i=2;"}, fail, "i=1 has 0 ARC-Seal fields"},

		{hop{results: "i=1; -> i=;"}, fail, "want an instance"},
		{hop{results: "i=1; -> i=0;"}, fail, "no number"},
		{hop{results: "i=1; -> i=x;"}, fail, "no number"},
		{hop{results: "i=1; -> i=2;"}, fail, "i=1 has 0 ARC-Authentication-Results fields"},
		{hop{results: "i=1; -> i=1"}, fail, "no number"},
		{hop{results: "i=1; hop1.example -> hop1.example; i=1"}, fail, "want an instance"},
		{hop{results: "spf=pass -> none"}, pass, ""},
		{hop{results: "spf=pass -> ((; =x="}, pass, ""}, // RFC 8617 section 3.4: what it says does not matter
		{hop{results: "hop1.example; spf=pass -> spf=pass"}, pass, ""},
		{hop{results: " hop1.example; spf=pass -> "}, pass, ""},
		{hop{results: "hop1.example; spf=pass -> (x"}, pass, ""},
	} {
		if res := evaluate(t, send(t, letter, 1, tt.hop)); res.Value != tt.want || !strings.Contains(res.Reason, tt.reason) {
			t.Errorf("%+v: %s, %s, want %s, ...%s...", tt.hop, res.Value, res.Reason, tt.want, tt.reason)
		}
	}
}

// More of its conditions: the keys, the fields of a set, and what white space may do.
func TestEvaluateChainsOnTheirWay(t *testing.T) {
	by := func(selector string) hop {
		return hop{ams: "d=hop1.example; s=rsa -> d=list.example; s=" + selector, seal: "d=hop1.example; s=rsa -> d=list.example; s=" + selector}
	}
	short := by("short")
	short.key = shortKey()
	one, two := send(t, letter, 1, hop{}), send(t, letter, 1, hop{}, hop{})
	simple := send(t, letter, 1, hop{ams: "c=relaxed/relaxed -> c=relaxed/simple"})
	twice := send(t, changed(t, letter, "To: list -> To: ann@example.com\r\nTo: list"), 1, hop{ams: "h=From: -> h=From:To:"})
	field := func(name string) string { return last(one, name+":") }
	for _, tt := range []struct {
		name, text, change, want string
	}{
		{"key of 1024 bits", send(t, letter, 1, short), "", mail.Pass},
		{"key of 1023 bits", send(t, letter, 1, by("weak")), "", mail.Fail},
		{"key that cannot be read", send(t, letter, 1, by("invalid")), "", mail.Fail},
		{"key of another type", send(t, letter, 1, by("ed")), "", mail.Fail},
		{"signs the one before", send(t, letter, 1, hop{}, hop{ams: "h=From -> h=From:ARC-Message-Signature"}), "", mail.Pass},
		{"signs the seal before", send(t, letter, 1, hop{}, hop{ams: "h=From -> h=From:ARC-Seal"}), "", mail.Fail},
		{"message changed before i=2", send(t, changed(t, one, "Ann <ann -> Eve <eve"), 2, hop{}), "", mail.Pass},
		{"seal of i=1 invalid before i=2", send(t, changed(t, one, "cv=none; -> cv=none; x=;"), 2, hop{}), "", mail.Fail},
		{"two results", field("ARC-Authentication-Results") + one, "", mail.Fail},
		{"two signatures", field("ARC-Message-Signature") + one, "", mail.Fail},
		{"two seals", field("ARC-Seal") + one, "", mail.Fail},
		{"no results", one, field("ARC-Authentication-Results") + " -> ", mail.Fail},
		{"no signature", one, field("ARC-Message-Signature") + " -> ", mail.Fail},
		{"no seal", one, field("ARC-Seal") + " -> ", mail.Fail},
		{"no signature of i=1", two, last(two, "ARC-Message-Signature: i=1") + " -> ", mail.Fail},
		{"fields in another order", strings.Join([]string{
			last(two, "ARC-Authentication-Results: i=1"), last(two, "ARC-Message-Signature: i=2"), last(two, "ARC-Seal: i=1"),
			last(two, "ARC-Seal: i=2"), last(two, "ARC-Message-Signature: i=1"), last(two, "ARC-Authentication-Results: i=2"),
		}, "") + letter, "", mail.Pass},
		{"name", one, "\r\nFrom: -> \r\nFROM:", mail.Pass},
		{"name of a seal", one, "ARC-Seal: -> ARC-SEAL :  ", mail.Pass},
		{"folded", one, "Ann < -> Ann\r\n  <", mail.Pass},
		{"seal folded", one, "cv=none; -> cv=none;  \r\n\t", mail.Pass},
		{"blanks", one, "Subject: The -> Subject:   The \t", mail.Pass},
		{"blanks of a seal", one, "cv=none; -> cv=none; \t ", mail.Pass},
		{"blanks at an end", one, "list.example\r\n -> list.example  \r\n", mail.Pass},
		{"value of a tag", one, "d=hop1 -> d=Hop1", mail.Fail},
		{"value of h=", one, "h=From -> h=from", mail.Fail},
		{"blanks in the body", one, "here they are. -> here  they are.\t", mail.Pass},
		{"empty lines after it", one, "are.\r\n -> are.\r\n\r\n\r\n", mail.Pass},
		{"no end of its last line", one, "are.\r\n -> are.", mail.Pass},
		{"blanks in a simple body", simple, "here they -> here  they", mail.Fail},
		{"empty lines after a simple body", simple, "are.\r\n -> are.\r\n\r\n", mail.Pass},
		{"fields of one name", twice, "", mail.Pass},
		{"fields of one name in another order", twice, "To: ann@example.com\r\nTo: list@list.example -> To: list@list.example\r\nTo: ann@example.com", mail.Fail},
		{"a field that was signed as absent", send(t, letter, 1, hop{ams: "h=From -> h=From:Cc"}), "\r\nTo: -> \r\nCc: eve@example.com\r\nTo:", mail.Fail},
	} {
		if res := evaluate(t, changed(t, tt.text, tt.change)); res.Value != tt.want {
			t.Errorf("%s: %s, %s, want %s", tt.name, res.Value, res.Reason, tt.want)
		}
	}
}
