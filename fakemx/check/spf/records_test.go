package spf

import (
	"maps"
	"net/netip"
	"testing"
)

// handWorld is what the hand-written and the mutated records point to. The record
// under test is put in at example.com.
const handWorld = `
	example.com                  A     203.0.113.80
	example.com                  AAAA  2001:db8::80
	example.com                  MX    10 mail.example.com
	example.com                  MX    20 mail2.example.com
	mail.example.com             A     203.0.113.25
	mail.example.com             AAAA  2001:db8::25
	mail2.example.com            A     203.0.113.26
	mail2.example.com            AAAA  2001:db8::26
	v4only.example.com           A     203.0.113.44
	v6only.example.com           AAAA  2001:db8::66
	www.example.com              CNAME mail.example.com
	loop.example.com             CNAME loop.example.com
	slow.example.com             FAIL
	slowmx.example.com           MX    10 slow.example.com
	nullmx.example.com           MX    0 .
	voidmx.example.com           MX    10 gone1.example.com
	voidmx.example.com           MX    20 gone2.example.com
	voidmx.example.com           MX    30 gone3.example.com
	tenmx.example.com            MX    1 h1.example.com
	tenmx.example.com            MX    2 h2.example.com
	tenmx.example.com            MX    3 h3.example.com
	tenmx.example.com            MX    4 h4.example.com
	tenmx.example.com            MX    5 h5.example.com
	tenmx.example.com            MX    6 h6.example.com
	tenmx.example.com            MX    7 h7.example.com
	tenmx.example.com            MX    8 h8.example.com
	tenmx.example.com            MX    9 h9.example.com
	tenmx.example.com            MX    10 mail.example.com
	manymx.example.com           MX    0 mail.example.com
	manymx.example.com           MX    1 h1.example.com
	manymx.example.com           MX    2 h2.example.com
	manymx.example.com           MX    3 h3.example.com
	manymx.example.com           MX    4 h4.example.com
	manymx.example.com           MX    5 h5.example.com
	manymx.example.com           MX    6 h6.example.com
	manymx.example.com           MX    7 h7.example.com
	manymx.example.com           MX    8 h8.example.com
	manymx.example.com           MX    9 h9.example.com
	manymx.example.com           MX    10 h10.example.com
	h1.example.com               A     198.51.100.1
	h2.example.com               A     198.51.100.2
	h3.example.com               A     198.51.100.3
	h4.example.com               A     198.51.100.4
	h5.example.com               A     198.51.100.5
	h6.example.com               A     198.51.100.6
	h7.example.com               A     198.51.100.7
	h8.example.com               A     198.51.100.8
	h9.example.com               A     198.51.100.9
	h10.example.com              A     198.51.100.10
	pass.example.net             TXT   v=spf1 +all
	fail.example.net             TXT   v=spf1 -all exp=why.example.net
	soft.example.net             TXT   v=spf1 ~all
	neutral.example.net          TXT   v=spf1 ?all
	bad.example.net              TXT   v=spf1 moo
	two.example.net              TXT   v=spf1 -all
	two.example.net              TXT   v=spf1 +all
	none.example.net             TXT   not a policy
	slow.example.net             FAIL  TXT
	loop.example.net             TXT   v=spf1 include:loop2.example.net
	loop2.example.net            TXT   v=spf1 include:loop.example.net
	round.example.net            TXT   v=spf1 redirect=round.example.net
	chain.example.net            TXT   v=spf1 include:link.example.net -all
	link.example.net             TXT   v=spf1 redirect=mail.example.net
	mail.example.net             TXT   v=spf1 ip4:203.0.113.0/24 ip6:2001:db8::/32 -all
	self.example.net             TXT   v=spf1 a:%{d} -all
	self.example.net             A     203.0.113.25
	why.example.com              TXT   Not from %{i}.
	why.example.net              TXT   Never.
	25.113.0.203.in-addr.arpa    PTR   mail.example.com
	66.113.0.203.in-addr.arpa    FAIL  PTR
	67.113.0.203.in-addr.arpa    PTR   slow.example.com
	67.113.0.203.in-addr.arpa    PTR   host67.example.com
	host67.example.com           A     203.0.113.67
	68.113.0.203.in-addr.arpa    PTR   forged.example.com
	forged.example.com           A     203.0.113.99
	5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR mail.example.com
	203.0.113.25.list.example.com A    127.0.0.2
	info.user.example.com        A     127.0.0.2
	mail.example.com.seen.example.com A 127.0.0.2
	`

// handRecords are records for which the RFC gives one result, or where it leaves
// the result open and this package has chosen.
var handRecords = []struct {
	id, client, record string
	want               string
	lookups, voids     int
}{
	{"empty", "203.0.113.25", "v=spf1", "neutral", 0, 0},
	{"blanks at the end", "203.0.113.25", "v=spf1 -all  ", "fail", 0, 0},
	{"version only", "203.0.113.25", "v=spf1 ", "neutral", 0, 0},
	{"other version", "203.0.113.25", "v=spf10 +all", "none", 0, 0},
	{"version and tab", "203.0.113.25", "v=spf1\t+all", "none", 0, 0},
	{"upper case", "203.0.113.25", "V=SPF1 A:MAIL.EXAMPLE.COM -ALL", "pass", 1, 0},
	{"a of the domain", "203.0.113.80", "v=spf1 a -all", "pass", 1, 0},
	{"a over ipv6", "2001:db8::80", "v=spf1 a -all", "pass", 1, 0},
	{"a with networks", "2001:db8::ffff", "v=spf1 a/8//64 -all", "pass", 1, 0},
	{"a through cname", "203.0.113.25", "v=spf1 a:www.example.com -all", "pass", 1, 0},
	{"a cname loop", "203.0.113.25", "v=spf1 a:loop.example.com -all", "temperror", 1, 0},
	{"a timeout", "203.0.113.25", "v=spf1 a:slow.example.com +all", "temperror", 1, 0},
	{"a behind a match", "203.0.113.25", "v=spf1 a:mail.example.com a:slow.example.com -all", "pass", 1, 0},
	{"mx", "203.0.113.26", "v=spf1 mx -all", "pass", 1, 0},
	{"mx timeout", "203.0.113.26", "v=spf1 mx:slowmx.example.com -all", "temperror", 1, 0},
	{"mx ten hosts", "203.0.113.25", "v=spf1 mx:tenmx.example.com -all", "pass", 1, 0},
	{"mx eleven hosts", "203.0.113.25", "v=spf1 mx:manymx.example.com -all", "permerror", 1, 0},
	{"mx null", "203.0.113.25", "v=spf1 mx:nullmx.example.com -all", "fail", 1, 0},
	{"mx of void hosts", "203.0.113.25", "v=spf1 mx:voidmx.example.com -all", "fail", 1, 1}, // one term, one void lookup
	{"mx never falls back to a", "203.0.113.25", "v=spf1 mx:mail.example.com -all", "fail", 1, 1},
	{"ptr", "203.0.113.25", "v=spf1 ptr -all", "pass", 1, 0},
	{"ptr over ipv6", "2001:db8::25", "v=spf1 ptr:example.com -all", "pass", 1, 0},
	{"ptr of another domain", "203.0.113.25", "v=spf1 ptr:ample.com -all", "fail", 1, 0},
	{"ptr timeout", "203.0.113.66", "v=spf1 ptr -all", "fail", 1, 0},            // section 5.5: no match
	{"ptr with one slow name", "203.0.113.67", "v=spf1 ptr -all", "pass", 1, 0}, // the name is skipped
	{"ptr forged", "203.0.113.68", "v=spf1 ptr -all", "fail", 1, 0},
	{"ptr void", "203.0.113.69", "v=spf1 ptr ptr -all", "fail", 2, 2}, // asked once, counted twice
	{"ptr void three times", "203.0.113.69", "v=spf1 ptr ptr ptr -all", "permerror", 3, 3},
	{"exists", "203.0.113.25", "v=spf1 exists:%{i}.list.example.com -all", "pass", 1, 0},
	{"exists local part", "2001:db8::1", "v=spf1 exists:%{l}.user.%{d} -all", "pass", 1, 0},
	{"exists client name", "203.0.113.25", "v=spf1 exists:%{p}.seen.example.com -all", "pass", 1, 0},
	{"exists only aaaa", "2001:db8::66", "v=spf1 exists:v6only.example.com -all", "fail", 1, 1},
	{"ip4", "203.0.113.25", "v=spf1 ip4:203.0.113.25 -all", "pass", 0, 0},
	{"ip4 network bits below the prefix", "203.0.113.25", "v=spf1 ip4:203.0.113.200/24 -all", "pass", 0, 0},
	{"ip4 mapped client", "::ffff:203.0.113.25", "v=spf1 ip4:203.0.113.25 -all", "pass", 0, 0},
	{"ip6 mapped network", "203.0.113.25", "v=spf1 ip6:::ffff:203.0.113.25 -all", "fail", 0, 0},
	{"ip6 with dotted end", "2001:db8::cb00:7119", "v=spf1 ip6:2001:db8::203.0.113.25 -all", "pass", 0, 0},
	{"ip6 zero networks", "2001:db8::1", "v=spf1 ip6:::/0 -all", "pass", 0, 0},
	{"include pass", "203.0.113.25", "v=spf1 include:pass.example.net -all", "pass", 1, 0},
	{"include qualified", "203.0.113.25", "v=spf1 -include:pass.example.net +all", "fail", 1, 0},
	{"include neutral", "203.0.113.25", "v=spf1 include:neutral.example.net ~all", "softfail", 1, 0},
	{"include error", "203.0.113.25", "v=spf1 include:bad.example.net +all", "permerror", 1, 0},
	{"include two records", "203.0.113.25", "v=spf1 include:two.example.net +all", "permerror", 1, 0},
	{"include other text", "203.0.113.25", "v=spf1 include:none.example.net +all", "permerror", 1, 0},
	{"include nothing", "203.0.113.25", "v=spf1 include:gone.example.net +all", "permerror", 1, 1},
	{"include timeout", "203.0.113.25", "v=spf1 include:slow.example.net +all", "temperror", 1, 0},
	{"include loop", "203.0.113.25", "v=spf1 include:loop.example.net -all", "permerror", 11, 0},
	{"include itself", "203.0.113.25", "v=spf1 include:example.com -all", "permerror", 11, 0},
	{"include chain", "203.0.113.25", "v=spf1 include:chain.example.net ~all", "pass", 3, 0},
	{"include changes d", "203.0.113.25", "v=spf1 include:self.example.net ~all", "pass", 2, 0},
	{"redirect", "203.0.113.25", "v=spf1 redirect=mail.example.net", "pass", 1, 0},
	{"redirect loop", "203.0.113.25", "v=spf1 redirect=round.example.net", "permerror", 11, 0},
	{"redirect never reached", "203.0.113.25", "v=spf1 redirect=gone.example.net -all", "fail", 0, 0},
	{"redirect nothing", "203.0.113.25", "v=spf1 redirect=gone.example.net", "permerror", 1, 1},
	{"redirect malformed", "203.0.113.25", "v=spf1 redirect=a..example.net", "permerror", 1, 0},
	{"ten lookups", "203.0.113.1", "v=spf1 a a a a a a a a a a -all", "fail", 10, 0},
	{"eleven lookups", "203.0.113.1", "v=spf1 a a a a a a a a a a a -all", "permerror", 11, 0},
	{"eleven lookups behind a match", "203.0.113.80", "v=spf1 a a a a a a a a a a a -all", "pass", 1, 0},
	{"ten lookups and a redirect not reached", "203.0.113.80", "v=spf1 a:h1.example.com a:h1.example.com a:h1.example.com a:h1.example.com a:h1.example.com a:h1.example.com a:h1.example.com a:h1.example.com a:h1.example.com a redirect=fail.example.net", "pass", 10, 0},
	{"two void lookups", "203.0.113.25", "v=spf1 a:gone1.example.com exists:gone2.example.com -all", "fail", 2, 2},
	{"three void lookups", "203.0.113.25", "v=spf1 a:gone1.example.com mx:gone2.example.com exists:gone3.example.com +all", "permerror", 3, 3},
	{"void for the family", "2001:db8::1", "v=spf1 a:v4only.example.com a:v4only.example.com a:v4only.example.com -all", "permerror", 3, 3},
	{"unused name is no lookup", "203.0.113.25", "v=spf1 a:mail..example.com -all", "fail", 1, 0},
	{"long label", "203.0.113.25", "v=spf1 a:a123456789012345678901234567890123456789012345678901234567890123.example.com -all", "fail", 1, 0},
	{"comma at the end", "203.0.113.25", "v=spf1 a:mail.example.com, -all", "permerror", 0, 0},
	{"error behind a match", "203.0.113.25", "v=spf1 +all moo", "permerror", 0, 0},
	{"two redirects", "203.0.113.25", "v=spf1 redirect=pass.example.net redirect=pass.example.net", "permerror", 0, 0},
	{"two explanations", "203.0.113.25", "v=spf1 +all exp=why.example.com exp=why.example.com", "permerror", 0, 0},
	{"unknown modifiers", "203.0.113.25", "v=spf1 x-y.z_1= x-y.z_1=%{d} a:mail.example.com", "pass", 1, 0},
	{"unknown modifier with exp-only macro", "203.0.113.25", "v=spf1 x=%{c} a:mail.example.com", "permerror", 0, 0},
	{"unknown modifier with bad macro", "203.0.113.25", "v=spf1 a:mail.example.com x=%", "permerror", 0, 0},
	{"macro letter alone", "203.0.113.25", "v=spf1 a:%{}.example.com -all", "permerror", 0, 0},
	{"macro with zero parts", "203.0.113.25", "v=spf1 a:%{d0} +all", "permerror", 0, 0},
	{"macro with many parts", "203.0.113.25", "v=spf1 a:mail.%{d99999999999} -all", "pass", 1, 0},
	{"macro upper case r", "203.0.113.25", "v=spf1 a:mail.%{d1R}.com -all", "pass", 1, 0}, // the last part of com.example
	{"domain of a macro and no dot", "203.0.113.25", "v=spf1 a:%{d}com -all", "permerror", 0, 0},
	{"address for a name", "203.0.113.25", "v=spf1 a:203.0.113.25 -all", "permerror", 0, 0},
	{"no colon after ip4", "203.0.113.25", "v=spf1 203.0.113.25 -all", "permerror", 0, 0},
	{"zone in ip6", "2001:db8::1", "v=spf1 ip6:fe80::1%eth0 -all", "permerror", 0, 0},
	{"leading zero in a prefix length", "203.0.113.25", "v=spf1 a/00 -all", "permerror", 0, 0},
	{"prefix lengths in the wrong order", "203.0.113.25", "v=spf1 a//64/24 -all", "permerror", 0, 0},
	{"prefix length on ptr", "203.0.113.25", "v=spf1 ptr/24 -all", "permerror", 0, 0},
	{"slash in a name", "203.0.113.25", "v=spf1 exists:a/24.example.com -all", "fail", 1, 1},
	{"qualified modifier", "203.0.113.25", "v=spf1 +redirect=pass.example.net", "permerror", 0, 0},
}

// handQuery is the question that goes with a record at example.com.
func handQuery(client string) Query {
	return Query{Client: netip.MustParseAddr(client), Helo: "mail.example.com", MailFrom: "info@example.com"}
}

// with is the world with records of example.com added.
func (w world) with(t testing.TB, records ...string) world {
	out := maps.Clone(w)
	if n := w["example.com"]; n != nil {
		c := *n
		out["example.com"] = &c
	}
	for _, r := range records {
		if err := out.add("example.com", "TXT", r); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestHandRecords(t *testing.T) {
	w := newWorld(t, handWorld)
	for _, tt := range handRecords {
		got := Evaluate(t.Context(), w.with(t, tt.record), handQuery(tt.client))
		if got.Value != tt.want || got.Lookups != tt.lookups || got.VoidLookups != tt.voids {
			t.Errorf("%s: Evaluate(%q from %s) = %s, %d lookups, %d void (%s), want %s, %d, %d",
				tt.id, tt.record, tt.client, got.Value, got.Lookups, got.VoidLookups, got.Reason, tt.want, tt.lookups, tt.voids)
		}
	}
}

func handSamples(t *testing.T) []sample {
	w := newWorld(t, handWorld)
	var out []sample
	for _, r := range handRecords {
		out = append(out, sample{"hand/" + r.id, w.with(t, r.record), handQuery(r.client)})
	}
	return out
}
