package check

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"strictmx/internal/mail"
)

func TestDNSBL(t *testing.T) {
	const six = "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
	w := world{
		"2.0.0.127.bl.example.org. A":             "127.0.0.2", // the test entry (RFC 5782 section 5)
		"2.0.0.127.bl.example.org. TXT":           "Test entry",
		six + ".bl.example.org. A":                "127.0.0.3",
		six + ".bl.example.org. TXT":              "!",
		"1.113.0.203.bl.example.org. A":           "127.0.0.4\n127.0.0.11",
		"1.113.0.203.bl.example.org. TXT":         "one\ntwo",
		"2.113.0.203.bl.example.org. A":           "127.255.255.254",
		"2.113.0.203.bl.example.org. TXT":         "Error: open resolver",
		"3.113.0.203.bl.example.org. A":           "127.255.255.252",
		"4.113.0.203.bl.example.org. A":           "127.255.255.255",
		"5.113.0.203.bl.example.org. A":           "127.255.255.7",
		"6.113.0.203.bl.example.org. A":           "203.0.113.80", // somebody has taken the zone over
		"7.113.0.203.bl.example.org. A":           "!",
		"8.113.0.203.bl.example.org. TXT":         "no address record",
		"9.113.0.203.bl.example.org. A":           "127.255.255.254\n127.0.0.2",
		"10.113.0.203.bl.example.org. A":          "127.0.0.10",
		"10.113.0.203.bl.example.org. TXT":        strings.Repeat("x", 600),
		"helo.example.bl.example.org. A":          "127.0.1.2",
		"xn--bcher-kva.example.bl.example.org. A": "127.0.1.2",
		"localhost.bl.example.org. A":             "127.0.1.2",
	}
	for _, tt := range []struct{ by, who, settings, want, code, text string }{
		{"client", "127.0.0.2", "", mail.Fail, "127.0.0.2", "Test entry"},
		{"client", "::ffff:127.0.0.2", "", mail.Fail, "127.0.0.2", "Test entry"}, // the IPv6 test entry, which is IPv4-mapped
		{"client", "127.0.0.1", "", mail.Pass, "", ""},                           // must not be listed (RFC 5782 section 5)
		{"client", "2001:db8::2", "", mail.Fail, "127.0.0.3", ""},                // the TXT lookup breaks
		{"client", "2001:db8::3", "", mail.Pass, "", ""},
		{"client", "203.0.113.1", "", mail.Fail, "127.0.0.4", "one two"},
		{"client", "203.0.113.1", "codes: 127.0.0.11", mail.Fail, "127.0.0.11", "one two"},
		{"client", "203.0.113.1", "codes: 127.0.0.8/29", mail.Fail, "127.0.0.11", "one two"},
		{"client", "203.0.113.1", "codes: 127.0.0.2,codes: 127.0.0.3", mail.Pass, "127.0.0.4", ""},
		{"client", "203.0.113.2", "", mail.Policy, "127.255.255.254", "Error: open resolver"},
		{"client", "203.0.113.2", "codes: 127.255.255.254", mail.Policy, "127.255.255.254", "Error: open resolver"},
		{"client", "203.0.113.2", "careless: true", mail.Fail, "127.255.255.254", "Error: open resolver"},
		{"client", "203.0.113.3", "", mail.Policy, "127.255.255.252", ""},
		{"client", "203.0.113.4", "", mail.Policy, "127.255.255.255", ""},
		{"client", "203.0.113.5", "", mail.Policy, "127.255.255.7", ""},
		{"client", "203.0.113.6", "", mail.Pass, "203.0.113.80", ""},
		{"client", "203.0.113.6", "careless: true", mail.Fail, "203.0.113.80", ""},
		{"client", "203.0.113.7", "", mail.TempError, "", ""},
		{"client", "203.0.113.8", "", mail.Pass, "", ""},
		{"client", "203.0.113.9", "", mail.Fail, "127.0.0.2", ""}, // an answer that counts beside a refusal
		{"client", "203.0.113.10", "", mail.Fail, "127.0.0.10", strings.Repeat("x", 512)},
		{"client", "", "", mail.Pass, "", ""}, // a connection in memory has no address
		{"helo", "helo.example", "", mail.Fail, "127.0.1.2", ""},
		{"helo", "HELO.Example", "", mail.Fail, "127.0.1.2", ""},
		{"helo", "localhost", "", mail.Fail, "127.0.1.2", ""},
		{"helo", "[127.0.0.2]", "", mail.Pass, "", ""},
		{"helo", "127.0.0.2", "", mail.Pass, "", ""},
		{"helo", "", "", mail.Pass, "", ""},
		{"helo", "a b.example", "", mail.Pass, "", ""},
		{"helo", strings.Repeat("a.", 120) + "example", "", mail.Pass, "", ""}, // with the zone too long to ask for
		{"sender-domain", "me@helo.example", "", mail.Fail, "127.0.1.2", ""},
		{"sender-domain", "me@helo.example.", "", mail.Fail, "127.0.1.2", ""},
		{"sender-domain", "me@bücher.example", "", mail.Fail, "127.0.1.2", ""},
		{"sender-domain", "me@sub.helo.example", "", mail.Pass, "", ""},
		{"sender-domain", "", "", mail.Pass, "", ""},
	} {
		settings := []string{"zone: BL.example.org.", "by: " + tt.by}
		if tt.settings != "" {
			settings = append(settings, strings.Split(tt.settings, ",")...)
		}
		facts := Facts{Helo: tt.who, MailFrom: tt.who}
		if tt.by == "client" && tt.who != "" {
			facts.Client = netip.MustParseAddr(tt.who)
		}
		r := makeCheck(t, "dnsbl", "bl", settings...).Run(t.Context(), Env{Resolver: w}, facts)
		if r.Value != tt.want || r.Properties["code"] != tt.code || r.Properties["text"] != tt.text {
			t.Errorf("dnsbl by %s of %q with %q = %s, %q (%s), want %s, code %q, text %q",
				tt.by, tt.who, tt.settings, r.Value, r.Properties, r.Reason, tt.want, tt.code, tt.text)
		}
	}
}

// What is asked and told, in full.
func TestDNSBLResult(t *testing.T) {
	w := world{
		"2.113.0.203.zen.example.org. A":   "127.255.255.254",
		"2.113.0.203.zen.example.org. TXT": "Error: open resolver",
	}
	c := makeCheck(t, "dnsbl", "zen", "zone: zen.example.org")
	got := c.Run(t.Context(), Env{Resolver: w}, Facts{Client: netip.MustParseAddr("203.0.113.2")})
	want := mail.Result{
		Method: "dnsbl", Name: "zen", Value: mail.Policy, Domain: "203.0.113.2",
		Reason: "zen.example.org refuses to answer: the question came by a public resolver (127.255.255.254)",
		Steps: []mail.Step{
			{Text: "2.113.0.203.zen.example.org A: 127.255.255.254"},
			{Text: `2.113.0.203.zen.example.org TXT: "Error: open resolver"`},
		},
		Properties: map[string]string{
			"zone": "zen.example.org", "query": "2.113.0.203.zen.example.org", "code": "127.255.255.254", "text": "Error: open resolver",
		},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func Example_dnsbl() {
	w := world{
		"10.113.0.203.bl.example.org. A":   "127.0.0.2",
		"10.113.0.203.bl.example.org. TXT": "https://bl.example.org/203.0.113.10",
	}
	m, _ := MethodNamed("dnsbl")
	c, err := m.Make("bl", Settings{"zone": {"bl.example.org"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	r := c.Run(context.Background(), Env{Resolver: w}, Facts{Client: netip.MustParseAddr("203.0.113.10")})
	fmt.Println(r.Value, "because", r.Reason)
	fmt.Println(r.Properties["text"])
	// Output:
	// fail because bl.example.org has 203.0.113.10: 127.0.0.2
	// https://bl.example.org/203.0.113.10
}
