package check

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"strictmx/internal/mail"
)

func TestSenderDomain(t *testing.T) {
	w := world{
		"mx.example. MX":                 "a.example.\nb.example.",
		"many.example. MX":               strings.Repeat("a.example.\n", 7),
		"four.example. A":                "203.0.113.1",
		"six.example. AAAA":              "2001:db8::1",
		"null.example. MX":               ".",
		"null.example. A":                "203.0.113.1", // not asked for: a null MX is an answer
		"two.example. MX":                ".\na.example.",
		"empty.example. TXT":             "x",
		"broken.example. MX":             "!",
		"half.example. A":                "!",
		"under_score.example. MX":        "a.example.",
		"xn--bcher-kva.example. MX":      "a.example.",
		"localhost. A":                   "203.0.113.1",
		strings.Repeat("a", 63) + ". MX": "a.example.",
	}
	for _, tt := range []struct{ from, want, reason string }{
		{"", "none mx=absent syntax=null", "the null sender"},
		{"me@mx.example", "pass mx=present syntax=ok", "mx.example has MX a.example., b.example."},
		{"me@MX.Example", "pass mx=present syntax=ok", "a.example."},
		{"me@mx.example.", "pass mx=present syntax=ok", "a.example."},
		{"me@many.example", "pass mx=present syntax=ok", "and 2 more"},
		{`"a@b"@mx.example`, "pass mx=present syntax=ok", "a.example."},
		{"me@four.example", "pass mx=implicit syntax=ok", "has no MX, and A 203.0.113.1"},
		{"me@six.example", "pass mx=implicit syntax=ok", "AAAA 2001:db8::1"},
		{"me@null.example", "permerror mx=null syntax=ok", "null MX"},
		{"me@two.example", "pass mx=present syntax=ok", "a.example."}, // no null MX with a second record (RFC 7505 section 3)
		{"me@empty.example", "fail mx=absent syntax=ok", "has neither MX nor A nor AAAA"},
		{"me@gone.example", "fail mx=absent syntax=ok", "does not exist"},
		{"me@broken.example", "temperror mx=error syntax=ok", "SERVFAIL"},
		{"me@half.example", "temperror mx=error syntax=ok", "half.example A broke"},
		{"me@under_score.example", "pass mx=present syntax=invalid", "a.example."}, // DNS has it, RFC 5321 has not
		{"me@bücher.example", "pass mx=present syntax=ok", "xn--bcher-kva.example has MX"},
		{"me@localhost", "pass mx=implicit syntax=not-fqdn", "localhost has no MX"},
		{"me@nowhere", "fail mx=absent syntax=not-fqdn", "does not exist"},
		{"me@" + strings.Repeat("a", 64), "fail mx=absent syntax=invalid", "no domain name"},
		{"me@" + strings.Repeat("a.", 127) + "a", "fail mx=absent syntax=invalid", "no domain name"},
		{"me@a..example", "fail mx=absent syntax=invalid", "no domain name"},
		{`me@a\046.example`, "fail mx=absent syntax=invalid", "no domain name"},
		{"me@\xff.example", "fail mx=absent syntax=invalid", "no domain name"},
		{"me@-a.example", "fail mx=absent syntax=invalid", "does not exist"},
		{"me@[203.0.113.1]", "pass mx=implicit syntax=ok", "is an address"},
		{"me@[IPv6:2001:db8::1]", "pass mx=implicit syntax=ok", "is an address"},
		{"me@[2001:db8::1]", "fail mx=absent syntax=invalid", "not an address literal"},
		{"me@[203.0.113.1", "fail mx=absent syntax=invalid", "not an address literal"},
		{"me", "fail mx=absent syntax=invalid", "no domain name"},
		{"me@", "fail mx=absent syntax=invalid", "no domain name"},
	} {
		r := SenderDomain(t.Context(), w, Facts{MailFrom: tt.from})
		if got := told(r); got != tt.want || !strings.Contains(r.Reason, tt.reason) {
			t.Errorf("SenderDomain(%q) = %s (%s), want %s (%s)", tt.from, got, r.Reason, tt.want, tt.reason)
		}
	}
	if r := SenderDomain(t.Context(), w, Facts{MailFrom: "me@empty.example"}); len(r.Steps) != 3 || r.Domain != "empty.example" {
		t.Errorf("SenderDomain(me@empty.example) = %+v, want three steps and the domain", r)
	}
}

// TestSenderZone asks for SOA records, as Yahoo does.
func TestSenderZone(t *testing.T) {
	w := world{
		"zone.example. SOA":        "ns.zone.example. hostmaster.zone.example. 1 2 3 4 5",
		"mail.zone.example. A":     "203.0.113.1",
		"own.zone.example. SOA":    "ns.zone.example. hostmaster.zone.example. 1 2 3 4 5",
		"lame.example. SOA":        "!",
		"mail.lame.example. MX":    "a.example.", // its server answers, that of the zone above does not
		"bare.example. MX":         "a.example.",
		"mail.bare.example. MX":    "a.example.",
		"broken.bare.example. A":   "203.0.113.1",
		"broken.bare.example. SOA": "!",
		"localhost. A":             "203.0.113.1",
	}
	c := makeCheck(t, "sender-domain", "sender-domain", "ask: soa")
	for _, tt := range []struct{ from, want, reason string }{
		{"", "none syntax=null", "the null sender"},
		{"me@zone.example", "pass syntax=ok", "zone.example has an SOA record"},
		{"me@own.zone.example", "pass syntax=ok", "own.zone.example has an SOA record"},
		{"me@mail.zone.example", "pass syntax=ok", "mail.zone.example exists, and zone.example has an SOA record"},
		{"me@MAIL.Zone.example.", "pass syntax=ok", "and zone.example has an SOA record"},
		{"me@gone.zone.example", "fail syntax=ok", "gone.zone.example does not exist"},
		{"me@bare.example", "fail syntax=ok", "bare.example has no SOA record"},
		{"me@mail.bare.example", "fail syntax=ok", "neither mail.bare.example nor bare.example has"},
		{"me@mail.lame.example", "temperror syntax=ok", "the lookup of lame.example SOA broke"},
		{"me@broken.bare.example", "temperror syntax=ok", "the lookup of broken.bare.example SOA broke"},
		{"me@localhost", "fail syntax=not-fqdn", "localhost has no SOA record"},
		{"me@[203.0.113.1]", "pass syntax=ok", "is an address"},
		{"me@a..example", "fail syntax=invalid", "no domain name"},
	} {
		r := c.Run(t.Context(), Env{Resolver: w}, Facts{MailFrom: tt.from})
		if got := told(r); got != tt.want || !strings.Contains(r.Reason, tt.reason) {
			t.Errorf("sender-domain of %q = %s (%s), want %s (%s)", tt.from, got, r.Reason, tt.want, tt.reason)
		}
	}
}

// TestSenderDomainOfFrom looks at the From field, whatever MAIL FROM is.
func TestSenderDomainOfFrom(t *testing.T) {
	w := world{"mx.example. MX": "a.example.", "null.example. MX": ".", "xn--bcher-kva.example. MX": "a.example."}
	c := makeCheck(t, "sender-domain", "from-domain", "by: from")
	for _, tt := range []struct {
		header, want, domain string
		steps                int
	}{
		{"From: Me <me@mx.example>", "pass mx=present syntax=ok", "mx.example", 1},
		{"From: me@B\u00fccher.example", "pass mx=present syntax=ok", "xn--bcher-kva.example", 1},
		{"From: me@gone.example", "fail mx=absent syntax=ok", "gone.example", 3},
		{"From: me@null.example", "permerror mx=null syntax=ok", "null.example", 1},
		{"From: a@mx.example, b@gone.example, c@null.example", "fail mx=absent syntax=ok", "gone.example", 4}, // the first that does not pass
		{"From: a@mx.example, b@MX.example", "pass mx=present syntax=ok", "mx.example", 1},
		{"From: nobody:;", "none mx=absent syntax=null", "", 0},
		{"From: me@[203.0.113.1]", "none mx=absent syntax=null", "", 0},
		{"From: me@mx.example\r\nFrom: you@mx.example", "none mx=absent syntax=null", "", 0},
		{"Subject: x", "none mx=absent syntax=null", "", 0},
		{"Sender: me@mx.example\r\n\r\nFrom: me@mx.example", "none mx=absent syntax=null", "", 0},
	} {
		r := c.Run(t.Context(), Env{Resolver: w}, Facts{MailFrom: "me@mx.example", Content: []byte(tt.header + "\r\n\r\n")})
		if got := told(r); got != tt.want || r.Domain != tt.domain || len(r.Steps) != tt.steps || r.Reason == "" {
			t.Errorf("%q: %s of %q in %d steps (%s), want %s of %q in %d", tt.header, got, r.Domain, len(r.Steps), r.Reason, tt.want, tt.domain, tt.steps)
		}
	}
	if c.At != mail.Data {
		t.Errorf("the From field is known at %s, want data", c.At)
	}
	many := "From: a@mx.example"
	for i := range 20 {
		many += fmt.Sprintf(",\r\n a@d%d.mx.example", i)
		w[fmt.Sprintf("d%d.mx.example. MX", i)] = "a.example."
	}
	if r := c.Run(t.Context(), Env{Resolver: w}, Facts{Content: []byte(many + "\r\n\r\n")}); len(r.Steps) != maxSenders {
		t.Errorf("%d domains of 21 were asked for, want %d", len(r.Steps), maxSenders)
	}
}

func TestNullSender(t *testing.T) {
	for _, tt := range []struct {
		from  string
		rcpts int
		want  string
	}{
		{"me@example.com", 5, mail.None},
		{"", 0, mail.Pass},
		{"", 1, mail.Pass},
		{"", 2, mail.Fail},
	} {
		if r := NullSender(t.Context(), nil, Facts{MailFrom: tt.from, Rcpts: make([]string, tt.rcpts)}); r.Value != tt.want {
			t.Errorf("NullSender(<%s>, %d recipients) = %s (%s), want %s", tt.from, tt.rcpts, r.Value, r.Reason, tt.want)
		}
	}
}

func TestTLS(t *testing.T) {
	for _, tt := range []struct{ min, tls, client, want string }{
		{"TLSv1.2", "", "", "none certificate=none version=none"},
		{"TLSv1.2", "", "CN=x", "none certificate=none version=none"}, // there is no certificate without TLS
		{"TLSv1.2", "TLSv1.2", "", "pass certificate=none version=TLSv1.2"},
		{"TLSv1.2", "TLSv1.3", "CN=x", "pass certificate=presented version=TLSv1.3"},
		{"TLSv1.2", "TLSv1.1", "", "fail certificate=none version=TLSv1.1"},
		{"TLSv1.0", "TLSv1.0", "", "pass certificate=none version=TLSv1.0"},
		{"TLSv1.3", "TLSv1.2", "CN=x", "fail certificate=presented version=TLSv1.2"},
		{"TLSv1.0", "SSLv3", "", "fail certificate=none version=none"},
	} {
		c := makeCheck(t, "tls", "tls", "min: "+tt.min)
		if r := c.Run(t.Context(), Env{}, Facts{TLS: tt.tls, TLSClient: tt.client}); told(r) != tt.want {
			t.Errorf("tls from %s of %q, %q = %s (%s), want %s", tt.min, tt.tls, tt.client, told(r), r.Reason, tt.want)
		}
	}
}

func TestSize(t *testing.T) {
	c := makeCheck(t, "size", "size", "max: 10")
	for _, tt := range []struct {
		declared int64
		content  []byte
		want     string
	}{
		{0, nil, mail.Pass}, // nothing is known
		{10, nil, mail.Pass},
		{11, nil, mail.Fail},
		{1<<63 - 1, nil, mail.Fail},
		{11, make([]byte, 10), mail.Pass}, // what is there counts, not what was said
		{1, make([]byte, 11), mail.Fail},
		{11, []byte{}, mail.Pass},
	} {
		if r := c.Run(t.Context(), Env{}, Facts{Size: tt.declared, Content: tt.content}); r.Value != tt.want {
			t.Errorf("size of %d declared, %d there = %s (%s), want %s", tt.declared, len(tt.content), r.Value, r.Reason, tt.want)
		}
	}
}

func TestRecipient(t *testing.T) {
	c := makeCheck(t, "recipient", "recipient", "max: 2")
	seed := Seed{
		Unknown: []string{"nobody@example.org", "@gone.example", "both@example.org"},
		Full:    []string{"full@example.org", "@full.example", "both@example.org"},
	}
	for _, tt := range []struct {
		rcpts string
		want  string
	}{
		{"you@example.org", "pass count=ok"},
		{"nobody@example.org", "unknown count=ok"},
		{"Nobody@EXAMPLE.org", "unknown count=ok"},
		{"any@gone.example", "unknown count=ok"},
		{"any@sub.gone.example", "pass count=ok"},
		{`"a@gone.example"@example.org`, "pass count=ok"},
		{"full@example.org", "full count=ok"},
		{"any@Full.example", "full count=ok"},
		{"both@example.org", "unknown count=ok"},
		{"postmaster", "pass count=ok"},
		{"nobody@example.org you@example.org", "pass count=ok"}, // the last is at hand
		{"a@example.org b@example.org you@example.org", "pass count=too-many"},
		{"a@example.org b@example.org nobody@example.org", "unknown count=too-many"},
		{"", "pass count=ok"},
	} {
		r := c.Run(t.Context(), Env{Seed: seed}, Facts{Rcpts: strings.Fields(tt.rcpts)})
		if got := told(r); got != tt.want {
			t.Errorf("recipient of %s = %s (%s), want %s", tt.rcpts, got, r.Reason, tt.want)
		}
	}
}

func ExampleSenderDomain() {
	w := world{"example.com. MX": "."}
	r := SenderDomain(context.Background(), w, Facts{MailFrom: "noreply@example.com"})
	fmt.Println(r.Value, r.Facets["mx"])
	fmt.Println(r.Reason)
	// Output:
	// permerror null
	// example.com has a null MX and takes no mail (RFC 7505)
}
