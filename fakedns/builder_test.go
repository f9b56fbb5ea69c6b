package fakedns

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
)

// ask returns the sketch of an answer as an authority gives it over TCP.
func ask(t testing.TB, z *Zones, name, typ string) string {
	t.Helper()
	code, ok := parseType(typ)
	if !ok {
		t.Fatalf("type %s", typ)
	}
	return sketch(react(t, z, message(name, code), true, false))
}

func TestFragments(t *testing.T) {
	var b Builder
	b.AddZone("example.com", "base", "$TTL 60\n$ORIGIN in.example.com.\na A 203.0.113.1\n")
	b.AddZone("Example.COM.", "case", "a A 203.0.113.2\n  A 203.0.113.3\nb 10 TXT x\nc TXT y\n")
	b.AddZone("example.com", "again", "a A 203.0.113.3\na 30 A 203.0.113.4\n")
	z, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, typ, want string }{
		{"a.in.example.com.", "A", "NOERROR aa\nan a.in.example.com. 60 A 203.0.113.1"},
		{"a.example.com.", "A", `
			NOERROR aa
			an a.example.com. 30 A 203.0.113.2
			an a.example.com. 30 A 203.0.113.3
			an a.example.com. 30 A 203.0.113.4`}, // once each, the lowest TTL for all
		{"c.example.com.", "TXT", "NOERROR aa\n" + `an c.example.com. 10 TXT "y"`}, // the TTL stated last
	} {
		if diff := cmp.Diff(lines(tt.want), ask(t, z, tt.name, tt.typ)); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", tt.name, tt.typ, diff)
		}
	}
}

func TestMasterForms(t *testing.T) {
	z := load(t, `
-- example.com.zone --
; a comment ; signed
@ IN SOA ns hostmaster ( 1 ; serial
      7200 3600
      1209600 5m )
txt     1h IN TXT  "a;b" c\;d "e\"f" "\195\164" ; a comment
Upper   IN 2d A   203.0.113.5
back\.slash A 203.0.113.6
parts   TXT ( "one"
              "two" ) ; "three"
$TTL 1m
short   A 203.0.113.7
        AAAA 2001:db8::7
\$ttl   A 203.0.113.8
        AAAA 2001:db8::8
raw     A \# 4 cb007109
crlf    A 203.0.113.10`+"\r\n"+`
`)
	for _, tt := range []struct{ name, typ, want string }{
		{"txt.example.com.", "TXT", `NOERROR aa` + "\n" + `an txt.example.com. 3600 TXT "a;b" "c;d" "e\"f" "\195\164"`},
		{"upper.example.com.", "A", "NOERROR aa\nan upper.example.com. 172800 A 203.0.113.5"},
		{`back\.slash.example.com.`, "A", `NOERROR aa` + "\n" + `an back\.slash.example.com. 172800 A 203.0.113.6`},
		{"slash.example.com.", "A", "NXDOMAIN aa\nns example.com. 300 SOA ns.example.com. hostmaster.example.com. 1 7200 3600 1209600 300"},
		{"parts.example.com.", "TXT", `NOERROR aa` + "\n" + `an parts.example.com. 172800 TXT "one" "two"`},
		{"short.example.com.", "AAAA", "NOERROR aa\nan short.example.com. 60 AAAA 2001:db8::7"},
		{"$ttl.example.com.", "AAAA", "NOERROR aa\nan $ttl.example.com. 60 AAAA 2001:db8::8"},
		{"raw.example.com.", "A", "NOERROR aa\nan raw.example.com. 60 A 203.0.113.9"},
		{"crlf.example.com.", "A", "NOERROR aa\nan crlf.example.com. 60 A 203.0.113.10"},
	} {
		if diff := cmp.Diff(lines(tt.want), ask(t, z, tt.name, tt.typ)); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", tt.name, tt.typ, diff)
		}
	}
}

func TestDefaults(t *testing.T) {
	var b Builder
	b.AddDefault("example.com", "@ MX 10 mx\nmx A 203.0.113.1\nmx AAAA 2001:db8::1\nw A 203.0.113.2\nc CNAME mx\n")
	b.AddDefault("l.example.net", "mx A 203.0.113.3\n")
	b.AddZone("example.com", "given", "mx A 203.0.113.9\nw CNAME mx\nc TXT here\n")
	b.AddZone("example.net", "given", "mx.l AAAA 2001:db8::9\n")
	z, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, typ, want string }{
		{"example.com.", "MX", "NOERROR aa\nan example.com. 3600 MX 10 mx.example.com."},
		{"mx.example.com.", "A", "NOERROR aa\nan mx.example.com. 3600 A 203.0.113.9"},
		{"mx.example.com.", "AAAA", "NOERROR aa\nan mx.example.com. 3600 AAAA 2001:db8::1"},
		{"w.example.com.", "A", "NOERROR aa\nan w.example.com. 3600 CNAME mx.example.com.\nan mx.example.com. 3600 A 203.0.113.9"},
		{"c.example.com.", "TXT", "NOERROR aa\n" + `an c.example.com. 3600 TXT "here"`},
		// both in the zone that was given, which a zone of the default would hide
		{"mx.l.example.net.", "A", "NOERROR aa\nan mx.l.example.net. 3600 A 203.0.113.3"},
		{"mx.l.example.net.", "AAAA", "NOERROR aa\nan mx.l.example.net. 3600 AAAA 2001:db8::9"},
	} {
		if diff := cmp.Diff(lines(tt.want), ask(t, z, tt.name, tt.typ)); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", tt.name, tt.typ, diff)
		}
	}
}

// PTR records go into a reverse zone that was given, classless ones too (RFC 2317).
func TestPTRZone(t *testing.T) {
	z := load(t, `
-- 113.0.203.in-addr.arpa.zone --
@ SOA ns.example.com. hostmaster.example.com. 1 2 3 4 77
5 CNAME 5.0-7
5.0-7 PTR classless.example.com.
-- 8.b.d.0.1.0.0.2.ip6.arpa.zone --
@ NS ns.example.com.
-- ptr --
203.0.113.10 mail.example.com
2001:db8::1  mail.example.com
::ffff:198.51.100.1 mapped.example.com
`)
	for _, tt := range []struct{ name, want string }{
		{"10.113.0.203.in-addr.arpa.", "NOERROR aa\nan 10.113.0.203.in-addr.arpa. 3600 PTR mail.example.com."},
		{"11.113.0.203.in-addr.arpa.", "NXDOMAIN aa\nns 113.0.203.in-addr.arpa. 77 SOA ns.example.com. hostmaster.example.com. 1 2 3 4 77"},
		{"5.113.0.203.in-addr.arpa.", `
			NOERROR aa
			an 5.113.0.203.in-addr.arpa. 3600 CNAME 5.0-7.113.0.203.in-addr.arpa.
			an 5.0-7.113.0.203.in-addr.arpa. 3600 PTR classless.example.com.`},
		{
			"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.",
			"NOERROR aa\nan 1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. 3600 PTR mail.example.com.",
		},
		{"9.b.d.0.1.0.0.2.ip6.arpa.", "NXDOMAIN aa\nns . 3600 SOA ns.invalid. hostmaster.invalid. 1 7200 3600 1209600 3600"},
		{"1.100.51.198.in-addr.arpa.", "NOERROR aa\nan 1.100.51.198.in-addr.arpa. 3600 PTR mapped.example.com."},
	} {
		if diff := cmp.Diff(lines(tt.want), ask(t, z, tt.name, "PTR")); diff != "" {
			t.Errorf("%s PTR (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestLoadErrors(t *testing.T) {
	for _, tt := range []struct{ archive, want string }{
		{"-- example.com.zone --\nwww A 203.0.113\nwww AAAA 2001:db8::1\n\nb MX mail\n", `
			example.com.zone:1: bad A A: "203.0.113": want an IPv4 address, as in 203.0.113.10
			example.com.zone:4: bad MX Pref: "mail": want preference and name, as in 10 mail.example.com.`},
		{"-- example.com.zone --\nwww TXTT x\n", `example.com.zone:1: unknown record type "TXTT": did you mean TXT?`},
		{
			"-- example.com.zone --\na A 203.0.113.1\n  www A 203.0.113.1\n",
			`example.com.zone:2: unknown record type "www": want one such as A, AAAA, MX, TXT, PTR or TYPE65280; a line that starts with a blank has no owner of its own`,
		},
		{
			"-- example.com.zone --\n  A 203.0.113.1\n",
			`example.com.zone:1: a line that starts with a blank has the owner of the record before: want an owner on the first record`,
		},
		{
			"-- example.com.zone --\nwww.example.org. A 203.0.113.1\n",
			`example.com.zone:1: owner www.example.org. is outside the zone example.com.: want a name in it (is a final dot missing or one too many?)`,
		},
		{
			"-- example.com.zone --\nxexample.com. A 203.0.113.1\n",
			`example.com.zone:1: owner xexample.com. is outside the zone example.com.: want a name in it (is a final dot missing or one too many?)`,
		},
		{"-- example.com.zone --\n$INCLUDE other\n$generate 1-9 h$ A 203.0.113.$\n$TLL 5\n$TTL\n$TTL soon\n$ORIGIN a..b\n", `
			example.com.zone:1: $INCLUDE is not supported here: write its records out
			example.com.zone:2: $GENERATE is not supported here: write its records out
			example.com.zone:3: unknown directive "$TLL": want $ORIGIN or $TTL
			example.com.zone:4: $TTL: want one word after it
			example.com.zone:5: TTL "soon": want seconds or a form such as 1h30m, at most 2147483647 seconds (RFC 2181 section 8)
			example.com.zone:6: name "a..b.example.com.": want labels of 1 to 63 octets, at most 255 octets in all`},
		{"-- example.com.zone --\na TXT \"open\nb TXT ok\nc ) A 203.0.113.1\nd TXT ( x\ne A 203.0.113.1\n", `
			example.com.zone:1: quotation mark is not closed on its line
			example.com.zone:3: parenthesis is not opened
			example.com.zone:4: parenthesis is not closed`},
		{"-- example.com.zone --\na CH A 203.0.113.1\nb 3000000000 A 203.0.113.1\nc A\nd IN\ne ANY x\nf \"A\" x\n\"g\" A 203.0.113.1\n", `
			example.com.zone:1: class CH: want IN
			example.com.zone:2: TTL "3000000000": want seconds or a form such as 1h30m, at most 2147483647 seconds (RFC 2181 section 8)
			example.com.zone:3: want data after A: an IPv4 address, as in 203.0.113.10
			example.com.zone:4: want a record type after the owner, such as A or TXT
			example.com.zone:5: type ANY is for queries: want a type that zones have
			example.com.zone:6: want a record type without quotation marks, not "A"
			example.com.zone:7: want an owner name without quotation marks`},
		{
			"-- example.com.zone --\na TXT " + strings.Repeat("x", 256) + "\nb TXT " + strings.Repeat(`\120`, 255) + "\n",
			`example.com.zone:1: a string of 256 octets: want at most 255 in each, as in "first part " "second part"`,
		},
		{"-- example.com.zone --\na A 203.0.113.1 203.0.113.2\n", `example.com.zone:1: garbage after rdata: "203.0.113.2": want an IPv4 address, as in 203.0.113.10`},
		{
			"-- example.com.zone --\n@ SOA ns hostmaster (\n 1\n x\n 3 4 5 )\n",
			`example.com.zone:3: bad SOA zone parameter: "x": want server, mailbox, serial, refresh, retry, expire and minimum`,
		},
		{"-- example.com.zone --\na CNAME b\na TXT x\nb TXT x\nb CNAME c\nd CNAME e\nd CNAME f\n@ CNAME a\n", `
			example.com.zone:2: a.example.com. has a CNAME record and a TXT record (the other is at example.com.zone:1): want the CNAME alone (RFC 1034 section 3.6.2)
			example.com.zone:4: b.example.com. has a CNAME record and a TXT record (the other is at example.com.zone:3): want the CNAME alone (RFC 1034 section 3.6.2)
			example.com.zone:6: d.example.com. has another CNAME record (example.com.zone:5): want one (RFC 2181 section 10.1)
			example.com.zone:7: CNAME at the origin example.com.: want other records, as the SOA is there too (RFC 1034 section 3.6.2)`},
		{"-- example.com.zone --\na SOA b c 1 2 3 4 5\nd DNAME e\nx.d A 203.0.113.1\nf DNAME g\nf DNAME h\n*.i NS j\n", `
			example.com.zone:1: SOA at a.example.com.: want it at the origin of the zone only
			example.com.zone:3: x.d.example.com. lies below the DNAME of d.example.com. (example.com.zone:2): want no records there (RFC 6672 section 2.4)
			example.com.zone:5: f.example.com. has another DNAME record (example.com.zone:4): want one (RFC 6672 section 2.4)
			example.com.zone:6: NS at the wildcard *.i.example.com.: want a name, its meaning is undefined (RFC 4592 section 4)`},
		{"-- ptr --\n# fine\nmail 203.0.113.1\n203.0.113.1\n203.0.113.1 203.0.113.2 a..b\nfe80::1%eth0 x\n", `
			ptr:2: address "mail": want an IPv4 or IPv6 address, then names
			ptr:3: address 203.0.113.1: want a name after it
			ptr:4: address 203.0.113.1: want a name and not the address 203.0.113.2 after it
			name "a..b": want labels of 1 to 63 octets, at most 255 octets in all
			ptr:5: address "fe80::1%eth0": want an IPv4 or IPv6 address, then names`},
		{"-- faults.yaml --\n- {name: a, type: TXTT, fault: servfial}\n- {name: a, fualt: refused}\n- {name: a, fault: delay}\n- {name: a, fault: delay, delay: 3}\n- {name: a, fault: refused, delay: 3s, times: -1}\n- {fault: refused}\n- {name: b, fault: refused}\n- {name: b, fault: refused}\n", `
			faults.yaml:1: unknown record type "TXTT": did you mean TXT?
			faults.yaml:1: unknown fault "servfial": did you mean servfail?
			faults.yaml:2: unknown key "fualt" in a fault: did you mean fault?
			faults.yaml:2: fault: fault is missing
			faults.yaml:3: fault delay: want to know how long: add delay: 3s
			faults.yaml:4: delay "3": want a time with its unit from 1ms to 1h, as in 3s
			faults.yaml:5: times: want a whole number from 0 to 1000000
			faults.yaml:5: delay: want it with fault: delay only
			faults.yaml:6: fault: name is missing
			faults.yaml:8: fault for "b": want it once, it is there before`},
		{"-- faults.yaml --\n- name: \"a b\"\n  fault: refused\n  times: two\n- name: a\n  fault: refused: x\n", `faults.yaml:5: not YAML: mapping value is not allowed in this context: quote the text of fault, which has a colon and a blank in it`},
		{"-- faults.yaml --\n- name: \"a b\"\n  fault: refused\n  times: two\n", `
			faults.yaml:1: fault for "a b": want labels of letters, digits and hyphens between dots
			faults.yaml:3: times: want a whole number from 0 to 1000000`},
		{"-- faults.yaml --\n- {name: a, fault: refused\n- {name: b, fault: refused}\n", `faults.yaml:2: not YAML: ',' or '}' must be specified: look for the end of the { in line 1`},
		{"-- faults.yaml --\nname: a\n", `faults.yaml:1: want a list of faults, as in - {name: example.com, type: TXT, fault: servfail}`},
		{"-- README --\n-- sub/x.zone --\n-- .zone --\n", `
			.zone: origin: name "": want labels of 1 to 63 octets, at most 255 octets in all
			README: stray file: want NAME.zone, ptr or faults.yaml
			sub: stray file: want NAME.zone, ptr or faults.yaml`},
	} {
		_, err := tryLoad(t, tt.archive)
		if err == nil {
			t.Errorf("Load(%q): no error, want %s", tt.archive, tt.want)
			continue
		}
		if diff := cmp.Diff(lines(tt.want), err.Error()); diff != "" {
			t.Errorf("Load(%q) (-want +got):\n%s", tt.archive, diff)
		}
	}
}

func TestLoadEmpty(t *testing.T) {
	for _, archive := range []string{"", "-- faults.yaml --\n", "-- ptr --\n# none\n", "-- root.zone --\n; empty\n"} {
		z := load(t, archive)
		if got := ask(t, z, "example.com.", "A"); !strings.HasPrefix(got, "NXDOMAIN aa\nns . ") {
			t.Errorf("Load(%q): example.com. A = %s, want NXDOMAIN from the root", archive, got)
		}
	}
	if got := ask(t, new(Zones), "example.com.", "A"); !strings.HasPrefix(got, "NXDOMAIN aa\nns . ") {
		t.Errorf("zero Zones: example.com. A = %s, want NXDOMAIN from the root", got)
	}
}

func TestRootZone(t *testing.T) {
	z := load(t, "-- root.zone --\n@ SOA a.root. hostmaster.root. 1 2 3 4 5\ncom NS ns.com\nns.com A 203.0.113.1\n*.wild TXT x\n-- example.com.zone --\n@ A 203.0.113.9\n")
	for _, tt := range []struct{ name, typ, want string }{
		{"example.com.", "A", "NOERROR aa\nan example.com. 3600 A 203.0.113.9"},
		{"other.com.", "A", "NOERROR\nns com. 3600 NS ns.com.\nar ns.com. 3600 A 203.0.113.1"},
		{"x.wild.", "TXT", "NOERROR aa\n" + `an x.wild. 3600 TXT "x"`},
		{"org.", "A", "NXDOMAIN aa\nns . 5 SOA a.root. hostmaster.root. 1 2 3 4 5"},
	} {
		if diff := cmp.Diff(tt.want, ask(t, z, tt.name, tt.typ)); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", tt.name, tt.typ, diff)
		}
	}
}

func TestHasAndNames(t *testing.T) {
	z := load(t, "-- example.com.zone --\nMail A 203.0.113.1\na.b TXT x\n")
	for _, tt := range []struct {
		name, typ string
		want      bool
	}{
		{"mail.example.com", "A", true},
		{"MAIL.Example.com.", "a", true},
		{"mail.example.com", "", true},
		{"mail.example.com", "AAAA", false},
		{"mail.example.com", "nonsense", false},
		{"b.example.com", "", false},
		{"a..b", "", false},
	} {
		if got := z.Has(tt.name, tt.typ); got != tt.want {
			t.Errorf("Has(%q, %q) = %v, want %v", tt.name, tt.typ, got, tt.want)
		}
	}
	want := []string{".", "a.b.example.com.", "example.com.", "mail.example.com."}
	if got := z.Names(); !slices.Equal(got, want) {
		t.Errorf("Names() = %q, want %q", got, want)
	}
}

func TestSign(t *testing.T) {
	var b Builder
	b.AddZone("example.com", "z", "@ A 203.0.113.1\n")
	b.Sign("Example.com")
	z, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	m := message("example.com.", dns.TypeA)
	m.AuthenticatedData = true
	if got := sketch(react(t, z, m, true, false)); !strings.HasPrefix(got, "NOERROR aa ad") {
		t.Errorf("example.com. A = %s, want AD", got)
	}
	b.Sign("example.org")
	var e *Error
	if _, err := b.Build(); !errors.As(err, &e) || !strings.Contains(err.Error(), "example.org.") {
		t.Errorf("Build with a signed zone that is not there = %v, want an Error naming it", err)
	}
}

// A zone that loads has only records that can be served and asked for, and its
// errors name a line of the text.
func FuzzZone(f *testing.F) {
	f.Add("@ MX 10 mail\nmail A 203.0.113.1\n AAAA 2001:db8::1\n*.w TXT \"a\" b\n")
	f.Add("$TTL 1h\n$ORIGIN x\n@ TYPE65280 \\# 1 00\na\\.b CNAME @ ; c\n")
	f.Add("@ SOA a b ( 1 ;\n 2 3 4 5 )\nd DNAME e\n")
	f.Add("a CAA 0 issue \"x\"\nb SRV 1 2 3 c\nd TLSA 3 1 1 00\ne HTTPS 1 . alpn=h2\nf LOC 1 N 1 E 1m\n")
	f.Fuzz(func(t *testing.T, text string) {
		var b Builder
		b.AddZone("example.com", "z", text)
		z, err := b.Build()
		if err != nil {
			joined, ok := err.(interface{ Unwrap() []error })
			if !ok {
				t.Fatalf("error %v is not a list", err)
			}
			for _, err := range joined.Unwrap() {
				var e *Error
				if !errors.As(err, &e) || e.Line < 1 || e.Line > 1+strings.Count(text, "\n") {
					t.Errorf("error %v: want a line from 1 to %d", err, 1+strings.Count(text, "\n"))
				}
			}
			return
		}
		for _, name := range z.Names() {
			for typ, rrs := range z.world().zoneOf(name, 0).nodes[name].sets {
				in := react(t, z, message(name, typ), true, false)
				if in == nil || in.Rcode != dns.RcodeSuccess && in.Rcode != dns.RcodeServerFailure && in.Rcode != dns.RcodeNameError {
					t.Errorf("%s %s of %v = %v", name, dns.Type(typ), rrs, in)
				}
			}
		}
	})
}

// Each name of an accepted line is a PTR record of its address.
func FuzzPTR(f *testing.F) {
	f.Add("203.0.113.1 a.example.com b.example.com # c\n2001:db8::1 a\n")
	f.Add("203.0.113.1\n")
	f.Fuzz(func(t *testing.T, text string) {
		records, errs := readPTR("ptr", text)
		for _, err := range errs {
			var e *Error
			if !errors.As(err, &e) || e.Line < 1 || e.Line > 1+strings.Count(text, "\n") {
				t.Errorf("error %v: want a line of the text", err)
			}
		}
		var b Builder
		b.AddPTR("ptr", text)
		z, err := b.Build()
		if (err == nil) != (len(errs) == 0) {
			t.Fatalf("Build = %v, but readPTR = %v", err, errs)
		}
		if err != nil {
			return
		}
		for _, r := range records {
			a, err := z.Resolver("", nil).Resolve(t.Context(), r.name, "PTR")
			found := false
			for _, got := range a.Records {
				found = found || strings.EqualFold(got.Text, r.rr.(*dns.PTR).Ptr) // twice in two cases counts once
			}
			if err != nil || !found {
				t.Errorf("%s PTR = %v, %v; want %v among them", r.name, a, err, r.rr)
			}
		}
	})
}
