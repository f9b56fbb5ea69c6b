package dmarc

import (
	"fmt"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	long := strings.Repeat("x", maxRecord)
	for _, tt := range []struct {
		text, want string   // the record as String writes it, or the error
		faults     []string // with their octets
	}{
		{"v=DMARC1; p=reject", "v=DMARC1; p=reject", nil},
		{"v=DMARC1;p=reject;", "v=DMARC1; p=reject", nil},
		{"v=DMARC1;p=reject ; ", "v=DMARC1; p=reject", nil},
		{"v = DMARC1 \t;\tp \t=\t reject\t", "v=DMARC1; p=reject", nil},
		{"V=DMARC1; P=Reject; SP=NONE", "v=DMARC1; p=reject; sp=none", nil}, // the grammar's strings match in any case
		{"v=DMARC1", "v=DMARC1", nil},
		{"v=DMARC1;", "v=DMARC1", nil},

		// What is no record (RFC 9989 section 4.7: it must match precisely).
		{"", "the record does not begin with v= (octet 1)", nil},
		{"v", "the record does not begin with v= (octet 1)", nil},
		{" v=DMARC1; p=none", "the record does not begin with v= (octet 1)", nil},
		{"p=none; v=DMARC1", "the record does not begin with v= (octet 1)", nil},
		{"v=dmarc1; p=none", `the version is "dmarc1", not DMARC1 (octet 1)`, nil},
		{"v=DMARC1 p=none", `the version is "DMARC1 p=none", not DMARC1 (octet 1)`, nil},
		{"v=DMARC10; p=none", `the version is "DMARC10", not DMARC1 (octet 1)`, nil},
		{"v=spf1 -all", `the version is "spf1 -all", not DMARC1 (octet 1)`, nil},
		{"v=;p=none", `the version is "", not DMARC1 (octet 1)`, nil},
		{`"v=DMARC1; p=none"`, "the record does not begin with v= (octet 1)", nil}, // quotes in the data

		// Order: any behind v=.
		{"v=DMARC1; sp=none; aspf=s; p=reject", "v=DMARC1; p=reject; sp=none; aspf=s", nil},
		{"v=DMARC1; rua=mailto:a@example.com; p=none", "v=DMARC1; p=none; rua=mailto:a@example.com", nil},

		// Every tag.
		{
			"v=DMARC1; p=none; sp=quarantine; np=reject; adkim=s; aspf=s; pct=7; psd=n; t=y; fo=1:d:s; rf=afrf; ri=3600; rua=mailto:a@example.com; ruf=mailto:b@example.com",
			"v=DMARC1; p=none; sp=quarantine; np=reject; adkim=s; aspf=s; pct=7; psd=n; t=y; rua=mailto:a@example.com", nil,
		},
		{"v=DMARC1; p=none; adkim=r; aspf=R; pct=100; psd=U; t=N", "v=DMARC1; p=none", nil},
		{"v=DMARC1; p=none; ADKIM=S; psd=Y", "v=DMARC1; p=none; adkim=s; psd=y", nil},

		// Faults have the tag's place, and the tag its default.
		{"v=DMARC1; p=none; adkim=x", "v=DMARC1; p=none", []string{`adkim= is "x": want s or r (octet 19)`}},
		{"v=DMARC1; p=none; aspf=strict", "v=DMARC1; p=none", []string{`aspf= is "strict": want s or r (octet 19)`}},
		{"v=DMARC1; p=none; t=yes", "v=DMARC1; p=none", []string{`t= is "yes": want y or n (octet 19)`}},
		{"v=DMARC1; p=none; psd=x", "v=DMARC1; p=none", []string{`psd= is "x": want y, n or u (octet 19)`}},
		{"v=DMARC1; p=none; pct=101", "v=DMARC1; p=none", []string{`pct= is "101": want a number from 0 to 100 (octet 19)`}},
		{"v=DMARC1; p=none; pct=-1", "v=DMARC1; p=none", []string{`pct= is "-1": want a number from 0 to 100 (octet 19)`}},
		{"v=DMARC1; p=none; pct=50%", "v=DMARC1; p=none", []string{`pct= is "50%": want a number from 0 to 100 (octet 19)`}},
		{"v=DMARC1; p=none; pct=0050", "v=DMARC1; p=none", []string{`pct= is "0050": want a number from 0 to 100 (octet 19)`}},
		{"v=DMARC1; p=none; pct=007", "v=DMARC1; p=none; pct=7", nil},
		{"v=DMARC1; p=none; fo=2", "v=DMARC1; p=none", []string{`fo= has "2": want 0, 1, d, s (octet 19)`}},
		{"v=DMARC1; p=none; fo=0:1", "v=DMARC1; p=none", nil}, // RFC 7489 allows it
		{"v=DMARC1; p=none; rf=iodef", "v=DMARC1; p=none", []string{`rf= has "iodef": want afrf (octet 19)`}},
		{"v=DMARC1; p=none; ri=1d", "v=DMARC1; p=none", []string{`ri= is "1d": want seconds (octet 19)`}},
		{"v=DMARC1; p=none; x=1", "v=DMARC1; p=none", []string{"tag x= is not known (octet 19)"}},
		{"v=DMARC1; p=none; x=1; x=2", "v=DMARC1; p=none", []string{"tag x= is not known (octet 19)", "tag x= is not known (octet 24)"}},
		{"v=DMARC1; p=none; p2=1", "v=DMARC1; p=none", []string{`"p2" is no name of a tag (octet 19)`}},
		{"v=DMARC1; p=none; =1", "v=DMARC1; p=none", []string{`"" is no name of a tag (octet 19)`}},
		{"v=DMARC1; p=none; reject", "v=DMARC1; p=none", []string{`tag "reject" has no = (octet 19)`}},
		{"v=DMARC1;; p=none", "v=DMARC1; p=none", []string{"there is an empty tag (octet 10)"}},
		{"v=DMARC1; ; p=none;;", "v=DMARC1; p=none", []string{"there is an empty tag (octet 11)", "there is an empty tag (octet 20)"}},
		{"v=DMARC1; p=none; sp", "v=DMARC1; p=none", []string{`tag "sp" has no = (octet 19)`}},
		{"v=DMARC1; p=none, sp=reject", "v=DMARC1", []string{`p= is "none, sp=reject": want none, quarantine or reject (octet 11)`}},
		{"v=DMARC1; p=none; adkim=\u00a0s", "v=DMARC1; p=none", []string{"adkim= has the octet 0xc2 (octet 19)"}},
		{"v=DMARC1; p=none; adkim=s\x00", "v=DMARC1; p=none", []string{"adkim= has the octet 0x00 (octet 19)"}},
		{"v=DMARC1; p=rej\tect", "v=DMARC1", []string{"p= has the octet 0x09 (octet 11)"}},

		// Policies.
		{"v=DMARC1; p=", "v=DMARC1", []string{"p= has no value (octet 11)"}},
		{"v=DMARC1; p=discard", "v=DMARC1", []string{`p= is "discard": want none, quarantine or reject (octet 11)`}},
		{"v=DMARC1; p=none; sp=all", "v=DMARC1; p=none", []string{`sp= is "all": want none, quarantine or reject (octet 19)`}},

		// Reporting URIs.
		{"v=DMARC1; rua=mailto:a@example.com,mailto:b@example.com!10m", "v=DMARC1; rua=mailto:a@example.com,mailto:b@example.com!10m", nil},
		{"v=DMARC1; rua=mailto:a@example.com , https://example.com/r", "v=DMARC1; rua=mailto:a@example.com,https://example.com/r", nil},
		{"v=DMARC1; rua=a@example.com", "v=DMARC1", []string{`rua= has "a@example.com", which is no URI such as mailto:reports@example.com (octet 11)`}},
		{"v=DMARC1; rua=mailto:", "v=DMARC1", []string{`rua= has "mailto:", which is no URI such as mailto:reports@example.com (octet 11)`}},
		{"v=DMARC1; rua=mailto:a", "v=DMARC1", []string{`rua= has "mailto:a", which is no URI such as mailto:reports@example.com (octet 11)`}},
		{"v=DMARC1; rua=x,mailto:a@example.com", "v=DMARC1; rua=mailto:a@example.com", []string{`rua= has "x", which is no URI such as mailto:reports@example.com (octet 11)`}},
		{"v=DMARC1; rua=mailto:a@example.com!m", "v=DMARC1", []string{`rua= has "mailto:a@example.com!m", which is no URI such as mailto:reports@example.com (octet 11)`}},
		{"v=DMARC1; rua=mailto:a@example.com mailto:b@example.com", "v=DMARC1", []string{`rua= has "mailto:a@example.com mailto:b@example.com", which is no URI such as mailto:reports@example.com (octet 11)`}},
		{"v=DMARC1; rua=", "v=DMARC1", []string{"rua= has no value (octet 11)"}},
		{"v=DMARC1; ruf=x", "v=DMARC1", []string{`ruf= has "x", which is no URI such as mailto:reports@example.com (octet 11)`}},

		// Twice, and too long.
		{"v=DMARC1; p=none; p=none", "broken: tag p= is there twice (RFC 6376 section 3.2) (octet 19)", []string{"tag p= is there twice (octet 19)"}},
		{"v=DMARC1; p=none; P=reject", "broken: tag p= is there twice (RFC 6376 section 3.2) (octet 19)", []string{"tag p= is there twice (octet 19)"}},
		{"v=DMARC1; v=DMARC1; p=none", "broken: tag v= is there twice (RFC 6376 section 3.2) (octet 11)", []string{"tag v= is there twice (octet 11)"}},
		{"v=DMARC1; p=; p=none", "broken: tag p= is there twice (RFC 6376 section 3.2) (octet 15)", []string{"p= has no value (octet 11)", "tag p= is there twice (octet 15)"}},
		{"v=DMARC1; p=none; rua=" + long, "broken: the record is longer than 8192 octets (octet 1)", nil},
	} {
		r, err := Parse(tt.text)
		got, faults := "", []string(nil)
		switch {
		case err != nil:
			got = err.Error()
		case r.Broken != nil:
			got = "broken: " + r.Broken.Error()
		default:
			got = r.String()
		}
		if r != nil {
			for _, f := range r.Faults {
				faults = append(faults, f.Error())
			}
		}
		if got != tt.want || fmt.Sprint(faults) != fmt.Sprint(tt.faults) {
			t.Errorf("Parse(%.80q) = %s, faults %q\nwant %s, faults %q", tt.text, got, faults, tt.want, tt.faults)
		}
	}
}

// However many faults a record has, a bounded number is kept.
func TestParseKeepsFewFaults(t *testing.T) {
	r, err := Parse("v=DMARC1; p=none" + strings.Repeat(";x", 1000))
	if err != nil || len(r.Faults) != maxFaults || r.P != None {
		t.Errorf("Parse = %d faults, p=%s, %v; want %d faults, p=none", len(r.Faults), r.P, err, maxFaults)
	}
	r, err = Parse("v=DMARC1; rua=" + strings.Repeat("mailto:a@example.com,", 200) + "mailto:b@example.com")
	if err != nil || len(r.RUA) != maxURIs {
		t.Errorf("Parse = %d URIs, %v; want %d", len(r.RUA), err, maxURIs)
	}
}
