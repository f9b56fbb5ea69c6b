package check

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"strictmx/internal/mail"
)

// told writes a result's value and facets as conditions have them.
func told(r mail.Result) string {
	out := r.Value
	for _, k := range slices.Sorted(maps.Keys(r.Facets)) {
		out += " " + k + "=" + r.Facets[k]
	}
	return out
}

func TestFacets(t *testing.T) {
	w := world{
		ptrAt("203.0.113.1"): "mx.example.",
		ptrAt("203.0.113.2"): "mx.example.",
		ptrAt("203.0.113.3"): "gone.example.",
		ptrAt("203.0.113.4"): "gone.example.\nmx.example.",
		ptrAt("203.0.113.5"): "!",
		ptrAt("203.0.113.6"): "gone.example.\nbroken.example.",
		"mx.example. A":      "203.0.113.1",
		"six.example. AAAA":  "2001:db8::1",
		"broken.example. A":  "!",
		"half.example. A":    "203.0.113.9",
		"half.example. AAAA": "!",
		"mail.example. MX":   "mx.example.",
		"odd.example. TXT":   "x",
		"odd.example. MX":    "!",
		"mx.example. TXT":    "v=spf1 a:gone.example -all",
		"soft.example. TXT":  "v=spf1 include:all.example ~all",
		"all.example. TXT":   "v=spf1 +all",
		"open.example. TXT":  "v=spf1",
		"moved.example. TXT": "v=spf1 redirect=mx.example",
		"fault.example. TXT": "v=spf1 foo",
	}
	const first = "203.0.113.1"
	for _, tt := range []struct{ method, client, helo, from, want, properties string }{
		{"iprev", first, "", "", "pass ptr=match", "name=mx.example policy.iprev=203.0.113.1"},
		{"iprev", "::ffff:203.0.113.1", "", "", "pass ptr=match", "name=mx.example policy.iprev=203.0.113.1"},
		{"iprev", "203.0.113.2", "", "", "fail ptr=mismatch", "name=mx.example policy.iprev=203.0.113.2"},
		{"iprev", "203.0.113.3", "", "", "fail ptr=unresolved", "name=gone.example policy.iprev=203.0.113.3"},
		{"iprev", "203.0.113.4", "", "", "fail ptr=mismatch", "name=gone.example policy.iprev=203.0.113.4"}, // one of two resolves
		{"iprev", "203.0.113.5", "", "", "temperror ptr=error", "policy.iprev=203.0.113.5"},
		{"iprev", "203.0.113.6", "", "", "temperror ptr=error", "name=gone.example policy.iprev=203.0.113.6"},
		{"iprev", "203.0.113.7", "", "", "permerror ptr=none", "policy.iprev=203.0.113.7"},

		{"helo", first, "mx.example", "", "pass resolves=yes syntax=ok", ""},
		{"helo", first, "six.example", "", "neutral resolves=yes syntax=ok", ""},
		{"helo", first, "mail.example", "", "fail resolves=yes syntax=ok", ""}, // MX only, as Postfix asks
		{"helo", first, "gone.example", "", "fail resolves=no syntax=ok", ""},
		{"helo", first, "odd.example", "", "fail resolves=error syntax=ok", ""}, // no address, and MX breaks
		{"helo", first, "broken.example", "", "temperror resolves=error syntax=ok", ""},
		{"helo", first, "half.example", "", "temperror resolves=yes syntax=ok", ""},
		{"helo", first, "[203.0.113.1]", "", "pass resolves=yes syntax=literal", ""},
		{"helo", first, "[203.0.113.9]", "", "fail resolves=yes syntax=literal", ""},
		{"helo", first, "[IPv6:2001:db8::1]", "", "fail resolves=yes syntax=literal", ""},
		{"helo", first, "[mx.example]", "", "permerror resolves=no syntax=invalid", ""},
		{"helo", first, "203.0.113.1]", "", "permerror resolves=no syntax=invalid", ""},
		{"helo", first, "localhost", "", "permerror resolves=no syntax=not-fqdn", ""},
		{"helo", first, "mx_1", "", "permerror resolves=no syntax=invalid", ""},
		{"helo", first, "mx_1.example", "", "permerror resolves=no syntax=invalid", ""},
		{"helo", first, "203.0.113.1", "", "permerror resolves=no syntax=invalid", ""},
		{"helo", first, "", "", "none resolves=no syntax=invalid", ""},

		{"spf", first, "x.example", "me@mx.example", "fail identity=mailfrom", "mechanism=-all"},
		{"spf", first, "mx.example", "", "fail identity=helo", "mechanism=-all"},
		{"spf", first, "x.example", "me@soft.example", "pass identity=mailfrom", "mechanism=include:all.example"},
		{"spf", first, "x.example", "me@open.example", "neutral identity=mailfrom", "mechanism=default"},
		{"spf", first, "x.example", "me@moved.example", "fail identity=mailfrom", "mechanism=-all"},
		{"spf", first, "x.example", "me@fault.example", "permerror identity=mailfrom", ""},
		{"spf", first, "x.example", "me@gone.example", "none identity=mailfrom", ""},
	} {
		c, _ := ByMethod(tt.method)
		r := c.Run(t.Context(), Env{Resolver: w}, Facts{Client: netip.MustParseAddr(tt.client), Helo: tt.helo, MailFrom: tt.from})
		var properties []string
		for _, k := range slices.Sorted(maps.Keys(r.Properties)) {
			properties = append(properties, k+"="+r.Properties[k])
		}
		if got := told(r); got != tt.want || strings.Join(properties, " ") != tt.properties {
			t.Errorf("%s of %s, %q, <%s>: %s with %q (%s), want %s with %q",
				tt.method, tt.client, tt.helo, tt.from, got, properties, r.Reason, tt.want, tt.properties)
		}
	}
}

// Every method keeps to what it declares: each value, facet and property, with
// nothing said in vain.
func FuzzDeclared(f *testing.F) {
	f.Add("203.0.113.1", "mx.example", "me@mx.example", "you@example.org", []byte("From: a@example.com\r\n\r\nx"), "TLSv1.3")
	f.Add("2001:db8::1", "[IPv6:2001:db8::1]", "", "full@example.org", []byte("From a\n\xff\r"), "TLSv1.0")
	f.Add("::ffff:203.0.113.1", "%{h}", `"a@b"@c`, "", []byte{}, "SSLv3")
	f.Add("203.0.113.1", "a.b..c", "x@[", "@x", []byte("Message-ID:<\r\n>"), "")
	f.Add("203.0.113.1", strings.Repeat("a.", 130), "x@\xff\\000.example", "x", []byte("Date: (((\r\nX:\x00\r\n"), "")
	w := world{
		"mx.example. A": "203.0.113.1", "mx.example. TXT": "v=spf1 a -all", "mx.example. MX": "mx.example.",
		ptrAt("203.0.113.1"):                 "mx.example.\n1.113.0.203.dyn.example.",
		"1.113.0.203.bl.example.org. A":      "127.0.0.2\n127.255.255.254",
		"1.113.0.203.bl.example.org. TXT":    "why",
		"mx.example.bl.example.org. A":       "192.0.2.1",
		"c.bl.example.org. A":                "!",
		"a.example.bl.example.org. A":        "127.255.255.255",
		ptrAt("2001:db8::1"):                 "!",
		"1.113.0.203.bl.example.org. AAAA":   "!",
		"2.0.0.127.bl.example.org. A":        "127.0.0.2",
		"x.example.bl.example.org. A":        "127.0.0.10",
		"x.example. MX":                      ".",
		"xn--bcher-kva.example. A":           "203.0.113.7",
		"xn--bcher-kva.bl.example.org. A":    "127.0.0.2",
		"example.org.bl.example.org. A":      "127.0.0.2",
		"localhost. MX":                      "localhost.",
		"mx.example.bl.example.org. TXT":     "!",
		"sub.mx.example.bl.example.org. TXT": "",
	}
	var checks []Check
	for _, m := range Methods {
		given := m.Sample()
		variants := []Settings{given}
		if m.Name == "dnsbl" {
			for _, by := range []string{"helo", "sender-domain"} {
				v := maps.Clone(given)
				v["by"], v["careless"] = []string{by}, []string{fmt.Sprint(by == "helo")}
				variants = append(variants, v)
			}
		}
		if m.Name == "sender-domain" {
			variants = append(variants, Settings{"by": {"from"}}, Settings{"ask": {"soa"}}, Settings{"by": {"from"}, "ask": {"soa"}})
		}
		for _, v := range variants {
			c, err := m.Make(m.Name, v)
			if err != nil {
				f.Fatal(m.Name, err)
			}
			checks = append(checks, c)
		}
	}
	f.Fuzz(func(t *testing.T, client, helo, from, rcpt string, content []byte, tls string) {
		addr, err := netip.ParseAddr(client)
		if err != nil {
			return
		}
		facts := Facts{Client: addr, Helo: helo, MailFrom: from, Rcpts: []string{rcpt}, Content: content, TLS: tls, Size: int64(len(from))}
		for _, c := range checks {
			e := Env{Resolver: w, State: NewState(), Seed: Seed{Unknown: []string{"@x"}, Full: []string{"full@example.org"}}}
			r := c.Run(t.Context(), e, facts)
			facts.Results = append(facts.Results, r)
			if !slices.Contains(c.Values, r.Value) || r.Reason == "" {
				t.Errorf("%s gives %q because %q, want one of %q with a reason", c.Method, r.Value, r.Reason, c.Values)
			}
			for facet, values := range c.Facets {
				if !slices.Contains(values, r.Facets[facet]) {
					t.Errorf("%s gives %s %q, want one of %q", c.Method, facet, r.Facets[facet], values)
				}
			}
			for facet := range r.Facets {
				if c.Facets[facet] == nil {
					t.Errorf("%s gives the facet %s, which it does not declare", c.Method, facet)
				}
			}
			for p := range r.Properties {
				if !slices.Contains(c.Properties, p) {
					t.Errorf("%s gives the property %s, which it does not declare", c.Method, p)
				}
			}
		}
	})
}

// The settings of the stateless methods are told apart from wrong ones.
func TestSettings(t *testing.T) {
	for _, tt := range []struct{ method, setting, value, want string }{
		{"tls", "min", "TLS1.2", "min: "},
		{"size", "max", "0", "max: "},
		{"size", "max", "10M", "max: "},
		{"recipient", "max", "-1", "max: "},
		{"headers", "max-hops", "x", "max-hops: "},
		{"headers", "max-line", "", "max-line: "},
		{"rdns-generic", "patterns", "(", "patterns: "},
		{"dnsbl", "zone", "bl..example", "zone: "},
		{"dnsbl", "by", "recipient", `by: "recipient": want one of client, helo, sender-domain`},
		{"dnsbl", "careless", "yes", "careless: "},
		{"dnsbl", "codes", "127.0.0", "codes: "},
		{"dnsbl", "codes", "2001:db8::/32", "codes: "},
		{"sender-domain", "by", "sender", `by: "sender": want one of mail-from, from`},
		{"sender-domain", "ask", "ns", `ask: "ns": want one of mx, soa`},
		{"size", "", "", "want max"},
		{"dnsbl", "", "", "want zone"},
	} {
		m, _ := MethodNamed(tt.method)
		given := Settings{}
		if tt.method == "dnsbl" && tt.setting != "zone" && tt.setting != "" {
			given["zone"] = []string{"bl.example.org"}
		}
		if tt.setting != "" {
			given[tt.setting] = []string{tt.value}
		}
		if _, err := m.Make(tt.method, given); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s with %s: %q gives the error %v, want %q", tt.method, tt.setting, tt.value, err, tt.want)
		}
	}
}
