package dmarc

import (
	"slices"
	"strings"
	"testing"

	"strictmx/fakemx/check/address"
	"strictmx/internal/mail"
)

// FuzzParse holds that a record is one that begins with v=DMARC1; that what is read
// of it can be written, and be read as the same without a fault; and that every
// fault has a place in the text.
func FuzzParse(f *testing.F) {
	for _, d := range disagreements {
		f.Add(d.text)
	}
	f.Add("v=DMARC1;p=reject;sp=none;np=quarantine;adkim=s;aspf=s;pct=50;psd=n;t=y;rua=mailto:a@example.com!10m,https://example.com/")
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Parse(text)
		if err != nil {
			return
		}
		if compact := strings.NewReplacer(" ", "", "\t", "").Replace(text); len(compact) < 8 || !strings.EqualFold(compact[:2], "v=") || compact[2:8] != "DMARC1" {
			t.Fatalf("Parse(%q) takes it for a record", text)
		}
		for _, fault := range r.Faults {
			if fault.Octet < 1 || fault.Octet > len(text)+1 || fault.Reason == "" {
				t.Errorf("Parse(%q): fault %+v", text, fault)
			}
		}
		if r.Broken != nil {
			return
		}
		again, err := Parse(r.String())
		if err != nil || again.Broken != nil || len(again.Faults) > 0 || len(again.Invalid) > 0 {
			t.Fatalf("Parse(%q) of %q = %+v, %v, want no fault", r.String(), text, again, err)
		}
		if again.String() != r.String() || !slices.Equal(again.RUA, r.RUA) {
			t.Errorf("Parse(%q) of %q = %q, want the same", r.String(), text, again)
		}
	})
}

// FuzzAuthors holds that a domain is in the form in which domains are compared and
// stands in the message in some spelling, that each is there once, and that white
// space and a comment behind the field change nothing.
func FuzzAuthors(f *testing.F) {
	for _, s := range []string{
		"ann@example.com", `"a b" <ann@example.com>`, "Team: a@b.example, c@d.example;", "ann@[192.0.2.1]", "<@x,@y:z@example.com>",
		"ann@bücher.example", "a (b (c) \\) d) @ example . com", "undisclosed:;", ",a@b,,", "a@b\r\n c@d",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, field string) {
		content := "From: " + field
		domains, fault := Authors([]byte(content + "\r\n\r\n"))
		if fault != nil {
			if fault.Reason == "" || len(domains) > 0 || !slices.Contains([]string{mail.None, mail.PermError}, fault.Value) {
				t.Fatalf("Authors(%q) = %q, %+v", content, domains, fault)
			}
			return
		}
		if len(domains) == 0 {
			t.Fatalf("Authors(%q) has neither domain nor fault", content)
		}
		for i, d := range domains {
			if again, err := domainName(d); err != nil || again != d {
				t.Errorf("Authors(%q) = %q, and as a name %q, %v", content, d, again, err)
			}
			if slices.Contains(domains[:i], d) {
				t.Errorf("Authors(%q) has %s twice", content, d)
			}
			ascii := strings.IndexFunc(content, func(r rune) bool { return r >= 0x80 }) < 0
			last := d[strings.LastIndexByte(d, '.')+1:]
			if ascii && !strings.Contains(address.Lower(content), last) {
				t.Errorf("Authors(%q) = %q, which is not in it", content, d)
			}
		}
		if strings.ContainsAny(field, "\r\n") {
			return
		}
		more, fault := Authors([]byte(content + " (c)\r\n \r\n\r\n"))
		if fault != nil || !slices.Equal(more, domains) {
			t.Errorf("Authors(%q with a comment) = %q, %v, want %q", content, more, fault, domains)
		}
	})
}

// FuzzEvaluate holds that a message passes if and only if an identifier that passes
// is aligned and a policy applies, that a failing one has a policy, that the record's
// place is told, and that the questions are few.
func FuzzEvaluate(f *testing.F) {
	f.Add("a@example.com", "example.com", "example.com", "v=DMARC1; p=reject; psd=y")
	f.Add("a@x.dept.example.com", "slow.com", "dept.example.com", "v=DMARC1; p=none; aspf=s")
	f.Add("a@x.mid.example", "y.mid.example", "", "v=DMARC1; p=reject; sp=none; np=quarantine")
	f.Add("a@a.b.c.d.e.f.g.mid.example", "c.d.e.f.g.mid.example", "example", "v=DMARC1; p=reject; pct=50; t=y")
	f.Fuzz(func(t *testing.T, field, spf, dkim, record string) {
		w := newWorld(t, `
example.com:       v=DMARC1; p=reject; sp=none; np=quarantine
dept.example.com:  v=DMARC1; p=none; psd=n; adkim=s
com:               v=DMARC1; p=none; psd=y
slow.com:          FAIL
`)
		w["_dmarc.mid.example"] = []string{record}
		for _, way := range []Discovery{Tree, PSL} {
			c := &counter{Resolver: w}
			res := Evaluate(t.Context(), c, Query{Content: from(field), SPF: sent(spf), DKIM: signed(dkim), Discovery: way})
			passes := res.Facets["spf"] == aligned || res.Facets["dkim"] == aligned
			asks := res.Facets["policy"] != absent
			var good bool
			switch res.Value {
			case mail.Pass:
				good = passes && asks
			case mail.Fail:
				good = !passes && asks
			case mail.TempError:
				good = !passes
			case mail.None, mail.PermError:
				good = !asks
			}
			if res.Value != mail.PermError && asks != (res.Properties["policy.domain"] != "") {
				good = false
			}
			if !good || res.Reason == "" {
				t.Errorf("%s, From %q, spf %q, dkim %q, record %q = %+v", way, field, spf, dkim, record, res)
			}
			if most := maxAuthors * (3*maxQueries + 1); len(c.asked) > most {
				t.Errorf("%s, From %q: %d questions, want at most %d", way, field, len(c.asked), most)
			}
		}
	})
}
