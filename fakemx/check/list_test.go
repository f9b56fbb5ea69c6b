package check

import (
	"net/netip"
	"slices"
	"testing"
)

func TestList(t *testing.T) {
	seed := Seed{Listed: map[string][]string{
		"black": {
			"203.0.113.9", "198.51.100.0/28", "2001:db8:1::/48", "::ffff:203.0.113.10",
			"Bad.example.", "spam@example.com", "@boxes.example", "bücher.example", "postmaster@", "",
		},
		"other": {"192.0.2.0/24"},
	}}
	facts := func(by, what string) Facts {
		f := Facts{Client: netip.MustParseAddr("192.0.2.1")}
		switch by {
		case "client", "network":
			f.Client = netip.MustParseAddr(what)
		case "helo":
			f.Helo = what
		case "recipient":
			f.Rcpts = []string{"first@bad.example", what} // the one at hand is the last
		default:
			f.MailFrom = what
		}
		return f
	}
	for _, tt := range []struct{ by, what, entry string }{
		{"client", "203.0.113.9", "203.0.113.9"},
		{"client", "::ffff:203.0.113.9", "203.0.113.9"},
		{"client", "203.0.113.10", "::ffff:203.0.113.10"},
		{"client", "203.0.113.11", ""},
		{"client", "198.51.100.15", "198.51.100.0/28"},
		{"client", "198.51.100.16", ""},
		{"client", "2001:db8:1:2::3", "2001:db8:1::/48"},
		{"client", "2001:db8:2::3", ""},
		{"client", "192.0.2.1", ""},                       // on another list
		{"network", "198.51.100.200", "198.51.100.0/28"},  // a neighbour is listed
		{"network", "2001:db8:1:2::3", "2001:db8:1::/48"}, //
		{"network", "2001:db8:2::3", ""},
		{"helo", "mx.bad.example", "Bad.example."},
		{"helo", "mx.notbad.example", ""},
		{"helo", "[203.0.113.9]", "203.0.113.9"},
		{"helo", "[IPv6:2001:db8:1::5]", "2001:db8:1::/48"},
		{"helo", "[203.0.113.11]", ""},
		{"helo", "", ""},
		{"sender-domain", "anybody@BAD.example", "Bad.example."},
		{"sender-domain", "spam@example.com", ""}, // the mailbox is listed, not its domain
		{"sender-domain", "", ""},
		{"sender-domain", "x@bücher.example", "bücher.example"},
		{"sender", "SPAM@Example.com", "spam@example.com"},
		{"sender", "ham@example.com", ""},
		{"sender", "ham@sub.boxes.example", "@boxes.example"},
		{"sender", `"spam@example.com"@example.org`, ""},
		{"sender", "", ""},
		{"recipient", "x@bad.example", "Bad.example."},
		{"recipient", "x@good.example", ""},
		{"recipient", "postmaster", ""},
	} {
		c := makeCheck(t, "list", "black", "by: "+tt.by)
		r := c.Run(t.Context(), Env{Seed: seed}, facts(tt.by, tt.what))
		want := "fail"
		if tt.entry == "" {
			want = "pass"
		}
		if r.Value != want || r.Properties["entry"] != tt.entry || r.Reason == "" {
			t.Errorf("%s %q: %s by %q (%s), want %s by %q", tt.by, tt.what, r.Value, r.Properties["entry"], r.Reason, want, tt.entry)
		}
	}
}

// An entry that a list does not want is never found there, whoever comes, and any
// other is found.
func TestWants(t *testing.T) {
	const address, mailbox, domain = "an address or a network", "a mailbox or a domain", "a domain"
	entries := []string{"203.0.113.9", "2001:db8:1::/48", "bad.example", "@bad.example", "spam@bad.example"}
	comers := []Facts{
		{Client: netip.MustParseAddr("203.0.113.9"), Helo: "bad.example", MailFrom: "spam@bad.example", Rcpts: []string{"spam@bad.example"}},
		{Client: netip.MustParseAddr("2001:db8:1::9"), Helo: "[203.0.113.9]", MailFrom: "spam@[203.0.113.9]", Rcpts: []string{"spam@[203.0.113.9]"}},
		{Client: netip.MustParseAddr("192.0.2.1"), Helo: "[IPv6:2001:db8:1::9]", MailFrom: "spam@[IPv6:2001:db8:1::9]", Rcpts: []string{"spam@[IPv6:2001:db8:1::9]"}},
	}
	for by, wants := range map[string][]string{
		"client":        {"", "", address, address, address},
		"network":       {"", "", address, address, address},
		"helo":          {"", "", "", "", domain},
		"sender-domain": {"", "", "", "", domain},
		"sender":        {mailbox, mailbox, "", "", ""},
		"recipient":     {mailbox, mailbox, "", "", ""},
	} {
		c := makeCheck(t, "list", "black", "by: "+by)
		for i, entry := range entries {
			if got := c.Wants(entry); got != wants[i] {
				t.Errorf("by %s: Wants(%s) = %q, want %q", by, entry, got, wants[i])
			}
			found := slices.ContainsFunc(comers, func(f Facts) bool {
				return c.Run(t.Context(), Env{Seed: Seed{Listed: map[string][]string{"black": {entry}}}}, f).Value == "fail"
			})
			if found != (wants[i] == "") {
				t.Errorf("by %s: somebody is found as %s: %t", by, entry, found)
			}
		}
	}
	if got := makeCheck(t, "dnsbl", "black", "zone: bl.example").Wants("x@bad.example"); got != "" {
		t.Errorf("a DNS list wants %s", got)
	}
}

// After the content, a list of recipients is asked for all.
func TestListAfterContent(t *testing.T) {
	c := makeCheck(t, "list", "black", "by: recipient")
	f := Facts{Rcpts: []string{"x@bad.example", "y@good.example"}, Content: []byte{}}
	r := c.Run(t.Context(), Env{Seed: Seed{Listed: map[string][]string{"black": {"bad.example"}}}}, f)
	if r.Value != "fail" || r.Reason != "x@bad.example is on the list black as bad.example" {
		t.Errorf("%s (%s), want fail by the first", r.Value, r.Reason)
	}
}

func TestEarlyTalker(t *testing.T) {
	c := makeCheck(t, "early-talker", "early-talker")
	for early, want := range map[bool]string{true: "fail", false: "pass"} {
		if r := c.Run(t.Context(), Env{}, Facts{Client: netip.MustParseAddr("203.0.113.1"), Early: early}); r.Value != want {
			t.Errorf("early %v: %s (%s), want %s", early, r.Value, r.Reason, want)
		}
	}
	if c.Hold.String() != "200ms" {
		t.Errorf("the greeting is held back for %s, want 200ms", c.Hold)
	}
}
