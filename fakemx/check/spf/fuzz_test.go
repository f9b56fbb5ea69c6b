package spf

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"strictmx/internal/mail"
)

// FuzzParse holds that a record which is read has only visible ASCII characters
// and blanks, and that its canonical form reads back as itself.
func FuzzParse(f *testing.F) {
	for _, r := range handRecords {
		f.Add(r.record)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := parse(text)
		if err != nil {
			return
		}
		if strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c > '~' }) {
			t.Errorf("parse(%q) accepts it, want an error for its characters", text)
		}
		canonical := r.String()
		again, err := parse(canonical)
		if err != nil || again.String() != canonical || len(again.terms) != len(r.terms) {
			t.Errorf("parse(%q) of %q = %q, %v, want the same", canonical, text, again, err)
		}
	})
}

// FuzzMacro holds that a macro-string reads back as itself, that without macros
// the text is its own expansion, and that an upper-case letter gives what the
// lower-case one does, URL escaped.
func FuzzMacro(f *testing.F) {
	f.Add("%{d2r.-}", "email.example.com")
	f.Add("See http://%{o}/?s=%{S}&i=%{ir}%_%-%%", "a b@example.com")
	f.Add("plain text", "")
	f.Add("%{l+,/_=}", "a+b,c/d_e=f..g")
	f.Fuzz(func(t *testing.T, text, value string) {
		m, err := parseMacroString(text, explainLetters, true)
		if err != nil {
			return
		}
		again, err := parseMacroString(m.String(), explainLetters, true)
		if err != nil || again.String() != m.String() {
			t.Errorf("parseMacroString(%q) of %q = %q, %v, want the same", m, text, again, err)
		}
		values := func(byte) string { return value }
		if got := m.expand(values); !strings.Contains(text, "%") && got != text {
			t.Errorf("%q expands to %q, want itself", text, got)
		}
		for _, p := range m {
			if p.letter < 'a' {
				continue
			}
			p.escape = false
			want := macroString{p}.expand(values)
			p.escape = true
			escaped := macroString{p}.expand(values)
			if got, err := url.PathUnescape(escaped); err != nil || got != want {
				t.Errorf("%q expands to %q, which is %q unescaped (%v), want %q", macroString{p}, escaped, got, err, want)
			}
			if strings.ContainsAny(escaped, " /@:;?&=+,") {
				t.Errorf("%q expands to %q, want unreserved characters only", macroString{p}, escaped)
			}
		}
	})
}

// A dice is a resolver that makes answers out of bytes: it gives one of the
// records, or addresses, or hosts, or nothing, or an error.
type dice struct {
	seed    []byte
	records []string
	asked   int
}

func (d *dice) throw() int {
	if len(d.seed) == 0 {
		return 0
	}
	d.asked++
	return int(d.seed[d.asked%len(d.seed)])
}

func (d *dice) Resolve(_ context.Context, name, typ string) (mail.Answer, error) {
	n := d.throw()
	switch n % 8 {
	case 0:
		return mail.Answer{RCode: mail.NXDomain}, nil
	case 1:
		return mail.Answer{RCode: mail.NoError}, nil
	case 2:
		if n == 2 {
			return mail.Answer{}, &mail.LookupError{Name: name, Type: typ, RCode: mail.ServFail}
		}
	}
	ans := mail.Answer{RCode: mail.NoError}
	for i := range 1 + n%13 {
		r := mail.Record{Name: name, Type: typ}
		switch typ {
		case "TXT":
			r.Text = d.records[(n+i)%len(d.records)]
			ans.Records = append(ans.Records, r)
			return ans, nil
		case "A":
			r.Addr = netip.AddrFrom4([4]byte{203, 0, 113, byte(n + i)})
		case "AAAA":
			r.Addr = netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: byte(n + i)})
		default:
			r.Text = fmt.Sprintf("h%d.example.com.", d.throw())
		}
		ans.Records = append(ans.Records, r)
	}
	return ans, nil
}

// FuzzEvaluate holds that every evaluation ends with a value of the set and a
// reason, and within the limits: eleven lookups, three void lookups, the bound on
// questions, and an explanation only on fail and only of printable ASCII.
func FuzzEvaluate(f *testing.F) {
	for i, r := range handRecords {
		f.Add(r.record, handRecords[(i+7)%len(handRecords)].record, "info@example.com", "mail.example.com", []byte{3, 11, byte(i)}, i%2 == 0)
	}
	f.Add("v=spf1 include:%{d} redirect=%{o}", "v=spf1 ptr mx a exp=%{p}.x.org -all", "@", "[x]", []byte{5, 9, 12, 255}, false)
	values := []string{mail.None, mail.Neutral, mail.Pass, mail.Fail, mail.SoftFail, mail.TempError, mail.PermError}
	f.Fuzz(func(t *testing.T, one, two, from, helo string, seed []byte, six bool) {
		asked := 0
		d := &dice{seed: seed, records: []string{one, two, "v=spf1 -all exp=" + helo}}
		r := resolverFunc(func(ctx context.Context, name, typ string) (mail.Answer, error) {
			asked++
			return d.Resolve(ctx, name, typ)
		})
		q := Query{Client: netip.MustParseAddr("203.0.113.25"), MailFrom: from, Helo: helo}
		if six {
			q.Client = netip.MustParseAddr("2001:db8::25")
		}
		got := Evaluate(t.Context(), r, q)
		switch {
		case !slices.Contains(values, got.Value) || got.Reason == "":
			t.Errorf("Evaluate = %q (%s), want one of %q with a reason", got.Value, got.Reason, values)
		case got.Lookups > maxLookups+1 || got.VoidLookups > maxVoidLookups+1 || asked > maxQueries:
			t.Errorf("Evaluate takes %d lookups, %d void ones and %d questions, want at most %d, %d and %d",
				got.Lookups, got.VoidLookups, asked, maxLookups+1, maxVoidLookups+1, maxQueries)
		case (got.Lookups > maxLookups || got.VoidLookups > maxVoidLookups) && got.Value != mail.PermError:
			t.Errorf("Evaluate = %s with %d lookups and %d void ones, want permerror", got.Value, got.Lookups, got.VoidLookups)
		case got.Explanation != "" && got.Value != mail.Fail:
			t.Errorf("Evaluate = %s and explains %q, want that only on fail", got.Value, got.Explanation)
		case strings.ContainsFunc(got.Explanation+got.Reason, func(c rune) bool { return c < ' ' || c > '~' }):
			t.Errorf("Evaluate explains %q, reason %q, want printable ASCII", got.Explanation, got.Reason)
		}
	})
}

// BenchmarkEvaluate judges by a record as many domains have it: own exchangers,
// one provider with three records behind it, nothing that matches.
func BenchmarkEvaluate(b *testing.B) {
	w := newWorld(b, `
		example.com       TXT v=spf1 mx ip4:198.51.100.0/28 include:_spf.example.net ~all
		example.com       MX  10 mail.example.com
		mail.example.com  A   203.0.113.25
		_spf.example.net  TXT v=spf1 include:_a.example.net include:_b.example.net include:_c.example.net ~all
		_a.example.net    TXT v=spf1 ip4:198.51.100.16/28 ip4:198.51.100.32/28 ip4:198.51.100.48/28 ~all
		_b.example.net    TXT v=spf1 ip6:2001:db8:1::/48 ip6:2001:db8:2::/48 ip6:2001:db8:3::/48 ~all
		_c.example.net    TXT v=spf1 ip4:198.51.100.64/28 ip4:198.51.100.80/28 ~all
		`)
	q := handQuery("203.0.113.99")
	b.ReportAllocs()
	for b.Loop() {
		if got := Evaluate(b.Context(), w, q); got.Value != mail.SoftFail {
			b.Fatalf("Evaluate = %s (%s), want softfail", got.Value, got.Reason)
		}
	}
}
