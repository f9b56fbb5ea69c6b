package check

import (
	"net/netip"
	"slices"
	"testing"

	"strictmx/internal/mail"
)

// The check takes what spf and dkim found before.
func TestDMARC(t *testing.T) {
	w := world{
		"example.com. TXT":        "v=spf1 ip4:203.0.113.9 -all",
		"mail.example.com. TXT":   "v=spf1 ip4:203.0.113.9 -all",
		"_dmarc.example.com. TXT": "v=DMARC1; p=reject; pct=0; sp=none",
	}
	for _, tt := range []struct {
		client, sender, discovery, want string
		spf                             string // the facet
	}{
		{"203.0.113.9", "ann@example.com", "tree", "pass reject", "aligned"},
		{"203.0.113.9", "", "tree", "pass reject", "aligned"}, // the null sender: postmaster@mail.example.com
		{"203.0.113.8", "ann@example.com", "tree", "fail reject", "none"},
		{"203.0.113.8", "ann@example.com", "psl", "fail quarantine", "none"}, // pct=0
	} {
		f := Facts{
			Client: netip.MustParseAddr(tt.client), Helo: "mail.example.com", MailFrom: tt.sender,
			Content: []byte("From: Ann <ann@example.com>\r\n\r\nHello\r\n"),
		}
		m, _ := MethodNamed("dmarc")
		c, err := m.Make("dmarc", Settings{"discovery": {tt.discovery}})
		if err != nil {
			t.Fatal(err)
		}
		for _, need := range c.Needs {
			before, ok := ByMethod(need)
			if !ok {
				t.Fatalf("dmarc needs %s, which there is not", need)
			}
			f.Results = append(f.Results, before.Run(t.Context(), Env{Resolver: w}, f))
		}
		res := c.Run(t.Context(), Env{Resolver: w}, f)
		if got := res.Value + " " + res.Facets["policy"]; got != tt.want || res.Facets["spf"] != tt.spf || res.Method != "dmarc" {
			t.Errorf("%s from <%s>, %s = %s, spf %s (%s), want %s, spf %s",
				tt.client, tt.sender, tt.discovery, got, res.Facets["spf"], res.Reason, tt.want, tt.spf)
		}
		for facet, values := range c.Facets {
			if !slices.Contains(values, res.Facets[facet]) {
				t.Errorf("facet %s is %q, want one of %q", facet, res.Facets[facet], values)
			}
		}
	}
}

// Without results of spf and dkim nothing is aligned.
func TestDMARCAlone(t *testing.T) {
	w := world{"_dmarc.example.com. TXT": "v=DMARC1; p=quarantine"}
	c, _ := ByMethod("dmarc")
	res := c.Run(t.Context(), Env{Resolver: w}, Facts{Content: []byte("From: a@example.com\r\n\r\n")})
	if res.Value != mail.Fail || res.Domain != "example.com" {
		t.Errorf("%s for %s (%s), want fail for example.com", res.Value, res.Domain, res.Reason)
	}
}

func TestDMARCWantsAWayOfDiscovery(t *testing.T) {
	m, _ := MethodNamed("dmarc")
	if _, err := m.Make("dmarc", Settings{"discovery": {"guess"}}); err == nil {
		t.Error("discovery: guess is taken, want an error")
	}
}
