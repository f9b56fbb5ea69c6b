package judge

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"strictmx/fakedns"
	"strictmx/fakemx/check"
	"strictmx/fakemx/profile"
	"strictmx/internal/mail"
)

func zones(t *testing.T, files map[string]string) *fakedns.Zones {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	z, err := fakedns.Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestAsk(t *testing.T) {
	world := map[string]string{
		"example.com.zone": `
@     TXT   "v=spf1 ip4:203.0.113.10 ip6:2001:db8::10 -all"
mail  A     203.0.113.10
mail  AAAA  2001:db8::10
`,
		"example.net.zone": "mail A 203.0.113.20\nmail AAAA 2001:db8::20\n",
		"ptr": `
203.0.113.10  mail.example.com
2001:db8::10  mail.example.com
2001:db8::20  mail.example.net
2001:db8::30  mail.example.com   # does not point back
`,
	}
	z := zones(t, world)
	world["faults.yaml"] = "- {name: '*.ip6.arpa', type: PTR, fault: servfail}\n"
	broken := zones(t, world)
	for _, tt := range []struct {
		zones                        *fakedns.Zones
		receiver, client, from, want string
		rule                         string // empty: none
	}{
		{z, "gmail", "2001:db8::10", "me@example.com", Accept, ""},
		{z, "gmail", "203.0.113.10", "me@example.com", Accept, ""},
		{z, "gmail@2013-unsolicited", "2001:db8::99", "me@example.com", Reject, "gmail/ptr-missing"},
		{z, "gmail@2014", "2001:db8::30", "me@example.com", Reject, "gmail/"}, // the PTR name does not point back
		{z, "gmail", "2001:db8::20", "me@example.net", Reject, "gmail/"},      // neither SPF nor DKIM
		{z, "gmail@2013-unsolicited", "203.0.113.99", "me@example.com", Accept, ""},
		{broken, "gmail", "2001:db8::10", "me@example.com", TempFail, "gmail/ptr-temperror"},
		{z, "google-apps", "2001:db8::99", "me@example.com", Accept, ""},
		{z, "dreamhost", "203.0.113.99", "me@example.org", Accept, ""},
		{z, "exchange-online", "203.0.113.99", "me@example.com", Reject, "exchange-online/"}, // SPF fail
	} {
		p, err := profile.Builtin().Find(tt.receiver)
		if err != nil {
			t.Fatal(err)
		}
		v, err := Ask(t.Context(), tt.zones, p, Message{
			Client: netip.MustParseAddr(tt.client), Helo: "mail.example.com", From: tt.from, To: []string{"you@example.org"},
			Content: []byte("From: Me <me@example.com>\r\nTo: you@example.org\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@example.com>\r\n\r\nHello.\r\n"),
		})
		if err != nil || v.Decision != tt.want || !strings.HasPrefix(v.Rule, tt.rule) || (tt.rule == "") != (v.Rule == "") {
			t.Errorf("Ask(%s, %s from %s) = %s by %q at %s: %q, %v; want %s by %q",
				tt.receiver, tt.client, tt.from, v.Decision, v.Rule, v.Stage, v.Reply, err, tt.want, tt.rule)
		}
		if (v.Rule == "") != (v.Remedy == "") {
			t.Errorf("Ask(%s, %s) by rule %q advises %q, want advice about a rule and only then", tt.receiver, tt.client, v.Rule, v.Remedy)
		}
	}
}

func TestCures(t *testing.T) {
	z := zones(t, map[string]string{
		"example.com.zone": "@ TXT \"v=spf1 ip4:203.0.113.10 -all\"\nmail A 203.0.113.10\nmail AAAA 2001:db8::10\n",
		"example.net.zone": "mail AAAA 2001:db8::20\n",
		"ptr":              "203.0.113.10 mail.example.com\n2001:db8::20 mail.example.net\n203.0.113.77 dyn-203-0-113-77.pool.example.net\n",
	})
	for _, tt := range []struct {
		receiver, client, helo, from string
		want                         []string
	}{
		{"dreamhost", "203.0.113.99", "mail.example.com", "me@example.com", nil},
		{"gmail@2013-unsolicited", "2001:db8::10", "mail.example.com", "me@example.com", []string{
			"send over IPv4", "a PTR record for 2001:db8::10 whose name has that address, and an SPF record of example.com that lets 2001:db8::10 pass",
			"a DKIM signature that verifies, and a PTR record for 2001:db8::10 whose name has that address",
			"send from 203.0.113.10, another address of mail.example.com",
		}},
		{"t-online", "203.0.113.77", "[203.0.113.77]", "me@example.com", []string{
			"a PTR name of the host's own, not one made from the address",
		}},
		{"refuse@connect", "203.0.113.10", "mail.example.com", "me@example.com", nil}, // nothing helps
	} {
		p, err := profile.Builtin().Find(tt.receiver)
		if err != nil {
			t.Fatal(err)
		}
		v, err := Ask(t.Context(), z, p, Message{
			Client: netip.MustParseAddr(tt.client), Helo: tt.helo, From: tt.from, To: []string{"you@example.org"},
			Content: []byte("From: me\r\n\r\nHello.\r\n"),
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range v.Cures {
			got = append(got, c.Text)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s from %s would pass with %q, want %q", tt.receiver, tt.client, got, tt.want)
		}
	}
}

// Where a lookup fails and the record is there, nobody is told to add the record.
func TestCuresOfFaults(t *testing.T) {
	const (
		lookups = "DNS lookups for iprev that do not fail: then a PTR name of the client has its address"
		record  = "a PTR record for 2001:db8::10 whose name has that address"
		other   = "send from 203.0.113.10, another address of mail.example.com"
		there   = "2001:db8::10 mail.example.com\n"
	)
	for _, tt := range []struct {
		receiver, ptr, faults string
		want                  []string
	}{
		{"gmail", there, "- {name: '2001:db8::10', type: PTR, fault: servfail}\n", []string{lookups, other}},
		{"gmail", there, "- {name: '*.ip6.arpa', fault: timeout}\n", []string{lookups, other}},
		{"gmail", "", "- {name: '2001:db8::10', type: PTR, fault: servfail}\n", []string{record, other}},
		// It asks for the value of iprev and for its facet, which are told once.
		{"postfix-full", there, "- {name: '2001:db8::10', type: PTR, fault: servfail}\n", []string{lookups + ", and STARTTLS"}},
		{"postfix-full", "", "- {name: '*.example.org', fault: servfail}\n", []string{record + ", and STARTTLS"}},
	} {
		z := zones(t, map[string]string{
			"example.com.zone": "@ TXT \"v=spf1 ip4:203.0.113.10 ip6:2001:db8::10 -all\"\n@ A 203.0.113.10\nmail A 203.0.113.10\nmail AAAA 2001:db8::10\n",
			"ptr":              "203.0.113.10 mail.example.com\n" + tt.ptr, "faults.yaml": tt.faults,
		})
		if got := curesOf(t, z, tt.receiver, "2001:db8::10", "From: me@example.com\r\nMessage-ID: <1@example.com>\r\n"); !slices.Equal(got, tt.want) {
			t.Errorf("at %s with ptr %q and faults %q it would pass with %q, want %q", tt.receiver, tt.ptr, tt.faults, got, tt.want)
		}
	}
}

// A cure of a header says what the header should be.
func TestCuresOfHeaders(t *testing.T) {
	z := zones(t, map[string]string{
		"example.com.zone": "@ TXT \"v=spf1 ip4:203.0.113.10 -all\"\nmail A 203.0.113.10\n",
		"ptr":              "203.0.113.10 mail.example.com\n",
	})
	const id = "Message-ID: <1@example.com>\r\n"
	for header, want := range map[string][]string{
		"From: a@example.com, b@example.com\r\n" + id:               {"one From field, with one address"},
		"Subject: x\r\n" + id:                                       {"one From field, with one address"},
		"From: me@example.com\r\nSubject: a\r\nSubject: b\r\n" + id: {"no field twice that may be there once"},
		"From: me@example.com\r\n":                                  {"one Message-ID field, with an identifier as <LEFT@RIGHT>"},
	} {
		if got := curesOf(t, z, "gmail", "203.0.113.10", header); !slices.Equal(got, want) {
			t.Errorf("%q would pass with %q, want %q", header, got, want)
		}
	}
}

// curesOf are the texts of what would let a message from mail.example.com pass.
func curesOf(t *testing.T, z *fakedns.Zones, receiver, client, header string) []string {
	t.Helper()
	p, err := profile.Builtin().Find(receiver)
	if err != nil {
		t.Fatal(err)
	}
	v, err := Ask(t.Context(), z, p, Message{
		Client: netip.MustParseAddr(client), Helo: "mail.example.com", From: "me@example.com", To: []string{"you@example.org"},
		Content: []byte(header + "\r\nHello.\r\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range v.Cures {
		out = append(out, c.Text)
	}
	return out
}

// What is wished for is something that a check can find.
func TestWishes(t *testing.T) {
	for key := range wishes {
		name, value, _ := strings.Cut(key, ": ")
		method, facet, _ := strings.Cut(name, ".")
		if _, ok := check.Meaning(method, facet, value); !ok {
			t.Errorf("no check finds %s", key)
		}
	}
}

// A fault that heals is there for each receiver, whoever was asked before.
func TestAskMeetsFaultsAfresh(t *testing.T) {
	z := zones(t, map[string]string{
		"example.com.zone": "@ TXT \"v=spf1 ip6:2001:db8::10 -all\"\nmail AAAA 2001:db8::10\n",
		"ptr":              "2001:db8::10 mail.example.com\n",
		"faults.yaml":      "- {name: \"2001:db8::10\", type: PTR, fault: servfail, times: 1}\n",
	})
	p, err := profile.Builtin().Find("gmail")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		v, err := Ask(t.Context(), z, p, Message{
			Client: netip.MustParseAddr("2001:db8::10"), Helo: "mail.example.com", From: "me@example.com", To: []string{"you@gmail.com"},
			Content: []byte("From: me\r\n\r\nHello.\r\n"),
		})
		if err != nil || v.Decision != TempFail {
			t.Errorf("Ask = %s (%q), %v, want %s", v.Decision, v.Reply, err, TempFail)
		}
	}
}

// A receiver that hangs up behind its answer to EHLO has answered.
func TestAskHungUp(t *testing.T) {
	p, err := profile.Builtin().Find("gmail@2024-bulk")
	if err != nil {
		t.Fatal(err)
	}
	v, err := Ask(t.Context(), zones(t, nil), p, Message{
		Client: netip.MustParseAddr("203.0.113.10"), Helo: "[1.2.3", From: "me@example.com", To: []string{"a@gmail.com", "b@gmail.com"},
		Content: []byte("From: me\r\n\r\nHello.\r\n"),
	})
	if err != nil || v.Decision != Reject || v.Stage != mail.Helo || v.Rule != "gmail/helo-invalid" || len(v.Reply) == 0 {
		t.Errorf("Ask = %s at %s by %s (%q), %v, want %s by gmail/helo-invalid", v.Decision, v.Stage, v.Rule, v.Reply, err, Reject)
	}
	for _, r := range v.Recipients {
		if r.Decision != Reject || r.Stage != mail.Helo {
			t.Errorf("%s: %s at %s, want %s at helo", r.To, r.Decision, r.Stage, Reject)
		}
	}
}

func TestTextHidesControlCharacters(t *testing.T) {
	var b strings.Builder
	results := []mail.Result{{Method: "spf", Value: mail.Fail, Reason: "a\x1b[31mb", Explanation: "c\nd\u009b"}}
	if err := Text(&b, results, []Verdict{{Receiver: "r", Decision: Reject, Reply: []string{"550 \x07"}}}); err != nil {
		t.Fatal(err)
	}
	for _, r := range b.String() {
		if r != '\n' && (r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0) {
			t.Errorf("control character %q in %q", r, b.String())
		}
	}
}
