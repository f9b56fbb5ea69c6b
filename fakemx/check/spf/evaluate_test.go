package spf

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"strictmx/internal/mail"

	"github.com/google/go-cmp/cmp"
)

// TestIdentity holds which name is judged, and with what sender, RFC 7208
// sections 2.3, 2.4 and 4.3.
func TestIdentity(t *testing.T) {
	w := newWorld(t, `
		example.com           TXT v=spf1 -all exp=who.example.com
		helo.example.com      TXT v=spf1 -all exp=who.example.com
		xn--bcher-kva.example TXT v=spf1 -all exp=who.example.com
		who.example.com       TXT %{s}
		`)
	for _, tt := range []struct{ identity, from, helo, value, judged, domain, sender string }{
		{"", "me@example.com", "helo.example.com", "fail", "mailfrom", "example.com", "me@example.com"},
		{"mailfrom", "me@example.com", "helo.example.com", "fail", "mailfrom", "example.com", "me@example.com"},
		{"helo", "me@example.com", "helo.example.com", "fail", "helo", "helo.example.com", "postmaster@helo.example.com"},
		{"", "", "helo.example.com", "fail", "mailfrom", "helo.example.com", "postmaster@helo.example.com"},
		{"", "", "helo.example.com.", "fail", "mailfrom", "helo.example.com", "postmaster@helo.example.com"},
		{"", "@example.com", "helo.example.com", "fail", "mailfrom", "example.com", "postmaster@example.com"},
		{"", "example.com", "helo.example.com", "fail", "mailfrom", "example.com", "postmaster@example.com"},
		{"", "@relay.example.net:me@example.com", "", "fail", "mailfrom", "example.com", "me@example.com"},
		{"", `"a@b"@example.com`, "", "fail", "mailfrom", "example.com", `"a@b"@example.com`},
		{"", "me@bücher.example", "", "fail", "mailfrom", "xn--bcher-kva.example", "me@xn--bcher-kva.example"},
		{"", "root", "helo.example.com", "none", "mailfrom", "root", ""},
		{"", "me@[203.0.113.9]", "helo.example.com", "none", "mailfrom", "[203.0.113.9]", ""},
		{"helo", "me@example.com", "203.0.113.9", "none", "helo", "203.0.113.9", ""},
		{"helo", "me@example.com", "", "none", "helo", "", ""},
	} {
		q := Query{Client: netip.MustParseAddr("203.0.113.9"), Identity: tt.identity, MailFrom: tt.from, Helo: tt.helo}
		got := Evaluate(t.Context(), w, q)
		if got.Value != tt.value || got.Identity != tt.judged || got.Domain != tt.domain || got.Explanation != tt.sender {
			t.Errorf("Evaluate(%+v) = %s %s=%s explains %q, want %s %s=%s %q",
				q, got.Value, got.Identity, got.Domain, got.Explanation, tt.value, tt.judged, tt.domain, tt.sender)
		}
	}
}

// TestNotASCII holds RFC 8616 section 4: a term with a local part that is not
// ASCII matches nothing.
func TestNotASCII(t *testing.T) {
	w := newWorld(t, `
		pass.example.net TXT v=spf1 +all
		`)
	for _, tt := range []struct{ record, want string }{
		{"v=spf1 exists:%{l}.example.net include:%{s1}.example.net -all", "fail"},
		{"v=spf1 a:%{L} -mx:%{S} ~all", "softfail"},
		{"v=spf1 redirect=%{l}.example.net", "permerror"}, // leads nowhere
		{"v=spf1 include:pass.%{o1}.net -all", "pass"},
		{"v=spf1 -all exp=%{l}.example.net", "fail"},
	} {
		w := w.with(t)
		if err := w.add("me.example", "TXT", tt.record); err != nil {
			t.Fatal(err)
		}
		q := Query{Client: netip.MustParseAddr("203.0.113.9"), MailFrom: "jörg@me.example"}
		if got := Evaluate(t.Context(), w, q); got.Value != tt.want {
			t.Errorf("Evaluate of %q = %s (%s), want %s", tt.record, got.Value, got.Reason, tt.want)
		}
	}
}

// TestExplanation holds RFC 7208 section 6.2: an explanation that cannot be had or
// sent is left out, and the result stays.
func TestExplanation(t *testing.T) {
	w := newWorld(t, `
		good.example.com  TXT Not from %{i}, %{s}%_at %{r}. See http://example.com/?%{S}.
		two.example.com   TXT one
		two.example.com   TXT two
		bad.example.com   TXT %{x}
		raw.example.com   TXT "caf\u00e9"
		helo.example.com  TXT from %{h}
		long.example.com  TXT `+strings.Repeat("0123456789", 60)+`
		slow.example.com  FAIL TXT
		pass.example.net  TXT v=spf1 +all exp=two.example.com
		fail.example.net  TXT v=spf1 -all exp=helo.example.com
		plain.example.net TXT v=spf1 -all
		`)
	for _, tt := range []struct{ record, want string }{
		{"v=spf1 -all exp=good.example.com", "Not from 203.0.113.9, me@example.com at unknown. See http://example.com/?me%40example.com."},
		{"v=spf1 exp=good.%{d} -ip4:203.0.113.9 ~all", "Not from 203.0.113.9, me@example.com at unknown. See http://example.com/?me%40example.com."},
		{"v=spf1 -all", ""},
		{"v=spf1 -all exp=two.example.com", ""},
		{"v=spf1 -all exp=bad.example.com", ""},
		{"v=spf1 -all exp=raw.example.com", ""},
		{"v=spf1 -all exp=slow.example.com", ""},
		{"v=spf1 -all exp=gone.example.com", ""},
		{"v=spf1 -all exp=a..example.com", ""},
		{"v=spf1 -all exp=helo.example.com", ""}, // a tab came in with HELO
		{"v=spf1 -all exp=long.example.com", strings.Repeat("0123456789", 45)},
		{"v=spf1 -include:pass.example.net exp=good.%{d}", "Not from 203.0.113.9, me@example.com at unknown. See http://example.com/?me%40example.com."},
		{"v=spf1 redirect=fail.example.net exp=good.example.com", ""}, // the target's own, which has the tab
		{"v=spf1 redirect=plain.example.net exp=good.example.com", ""},
		{"v=spf1 a:gone.example.com a:gone.example.com -all exp=gone.example.com", ""}, // no third void lookup
	} {
		w := w.with(t, tt.record)
		got := Evaluate(t.Context(), w, Query{Client: netip.MustParseAddr("203.0.113.9"), Helo: "x\ty", MailFrom: "me@example.com"})
		if got.Value != mail.Fail || got.Explanation != tt.want {
			t.Errorf("Evaluate of %q = %s, explains %q, want fail, %q", tt.record, got.Value, got.Explanation, tt.want)
		}
	}
}

// TestSteps is the whole account of one evaluation.
func TestSteps(t *testing.T) {
	w := newWorld(t, `
		example.com      TXT v=spf1 ip6:2001:db8::/32 mx include:one.example.net redirect=two.example.net
		example.com      TXT other text
		example.com      MX  10 mail.example.com
		mail.example.com A   203.0.113.25
		one.example.net  TXT v=spf1 a:gone.example.net ~all
		two.example.net  TXT v=spf1 ptr:example.net -all exp=why.%{d}
		why.two.example.net TXT No, %{i}.
		`)
	got := Evaluate(t.Context(), w, Query{Client: netip.MustParseAddr("203.0.113.9"), MailFrom: "me@example.com"})
	want := mail.Result{
		Method: "spf", Value: mail.Fail, Identity: "mailfrom", Domain: "example.com",
		Reason: `"redirect=two.example.net" in the record of example.com leads on: "-all" in the record of two.example.net decides, ` +
			`because no mechanism before it matches 203.0.113.9; add that address to the record, or send from one that is listed`,
		Lookups: 5, VoidLookups: 2, Explanation: "No, 203.0.113.9.",
		Properties: map[string]string{"mechanism": "-all"},
		Steps: []mail.Step{
			{Depth: 0, Text: `example.com TXT "v=spf1 ip6:2001:db8::/32 mx include:one.example.net redirect=two.example.net"`},
			{Depth: 0, Text: "ip6:2001:db8::/32: no match, the client has an address of the other family"},
			{Depth: 0, Text: "mx: no match, example.com has MX: mail.example.com has A 203.0.113.25 (lookup 1)"},
			{Depth: 0, Text: "include:one.example.net: judge by the record of one.example.net (lookup 2)"},
			{Depth: 1, Text: `one.example.net TXT "v=spf1 a:gone.example.net ~all"`},
			{Depth: 1, Text: "a:gone.example.net: no match, gone.example.net A: NXDOMAIN (lookup 3, void lookup 1)"},
			{Depth: 1, Text: "~all: match (softfail)"},
			{Depth: 0, Text: "include:one.example.net: no match (softfail)"},
			{Depth: 0, Text: "redirect=two.example.net: go on with the record of two.example.net (lookup 4)"},
			{Depth: 1, Text: `two.example.net TXT "v=spf1 ptr:example.net -all exp=why.%{d}"`},
			{Depth: 1, Text: "ptr:example.net: no match, 203.0.113.9 has no PTR record (lookup 5, void lookup 2)"},
			{Depth: 1, Text: "-all: match (fail)"},
			{Depth: 0, Text: `exp=why.%{d}: explanation "No, 203.0.113.9."`},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Evaluate gives (-want +got):\n%s", diff)
	}
}

// TestReasons holds what the reason tells an admin: the record, the term and what
// to look at.
func TestReasons(t *testing.T) {
	w := newWorld(t, handWorld)
	for _, tt := range []struct{ record, want string }{
		{"v=spf1 +all", `"+all" in the record of example.com lets every client pass`},
		{"v=spf1 a:mail.example.com -all", `"a:mail.example.com" in the record of example.com matches 203.0.113.25: mail.example.com has A 203.0.113.25`},
		{"v=spf1 ip4:198.51.100.1", "no mechanism in the record of example.com matches 203.0.113.25, and it has neither all nor redirect at its end"},
		{"v=spf1 moo", `the record of example.com has a syntax error: "moo": no mechanism of that name`},
		{"v=spf2", "example.com has no SPF record (no TXT record starts with v=spf1); publish"},
		{"v=spf1 include:gone.example.net", `"include:gone.example.net" in the record of example.com: gone.example.net has no SPF record (NXDOMAIN)`},
		{"v=spf1 include:a..b.example", `a..b.example has no record, because it cannot be asked for: it has an empty label`},
		{"v=spf1 a:slow.example.com", "lookup of slow.example.com A: TIMEOUT; check the name servers of that name"},
		{"v=spf1 mx:manymx.example.com", "manymx.example.com has 11 MX records and only 10 are allowed"},
		{"v=spf1 exists:a.gone exists:b.gone exists:c.gone", `"exists:c.gone" in the record of example.com: c.gone A gives NXDOMAIN, which is void lookup 3 where only 2 are allowed`},
		{"v=spf1 redirect=round.example.net", `this is lookup 11 and only 10 are allowed; use fewer of include`},
		{"v=spf1ip4:203.0.113.25-all", `example.com has no SPF record ("v=spf1ip4:203.0.113.25-all" has no blank after v=spf1; put the whole text in quotation marks`},
	} {
		got := Evaluate(t.Context(), w.with(t, tt.record), handQuery("203.0.113.25"))
		if !strings.Contains(got.Reason, tt.want) {
			t.Errorf("Evaluate of %q gives reason %q, want %q in it", tt.record, got.Reason, tt.want)
		}
	}
	for _, record := range []string{"v=spf1 include:example.com -all", "v=spf1 redirect=example.com"} {
		got := Evaluate(t.Context(), w.with(t, record), handQuery("203.0.113.25"))
		if n := strings.Count(got.Reason, "in the record of example.com"); n != 1 || !strings.HasSuffix(got.Reason, "lead back to themselves") {
			t.Errorf("Evaluate of %q gives reason %q, want the loop named once", record, got.Reason)
		}
	}
	two := Evaluate(t.Context(), w.with(t, "v=spf1 -all", "v=spf1 ~all"), handQuery("203.0.113.25"))
	if want := "example.com has 2 records that start with v=spf1"; two.Value != mail.PermError || !strings.Contains(two.Reason, want) {
		t.Errorf("Evaluate with two records = %s (%s), want permerror with %q", two.Value, two.Reason, want)
	}
}

// A resolverFunc is a resolver that is a function.
type resolverFunc func(ctx context.Context, name, typ string) (mail.Answer, error)

func (f resolverFunc) Resolve(ctx context.Context, name, typ string) (mail.Answer, error) {
	return f(ctx, name, typ)
}

// TestQuestions holds what is asked: TXT once for each record, the type of the
// client's family, names in presentation form, the client's names only once, and
// nothing behind a match.
func TestQuestions(t *testing.T) {
	w := newWorld(t, handWorld).with(t, `v=spf1 a exists:%{l}.%{h} ptr:example.net ptr:example.org mx:mail.%{d} ptr a:slow.%{d} -all`)
	for _, tt := range []struct {
		client string
		want   []string
	}{
		{"203.0.113.25", []string{
			"example.com TXT", "example.com A", `in\\fo.x\009.y A`, "25.113.0.203.in-addr.arpa PTR", "mail.example.com A",
			"mail.example.com MX",
		}},
		{"2001:db8::80", []string{"example.com TXT", "example.com AAAA"}},
	} {
		var asked []string
		r := resolverFunc(func(ctx context.Context, name, typ string) (mail.Answer, error) {
			asked = append(asked, name+" "+typ)
			return w.Resolve(ctx, name, typ)
		})
		q := handQuery(tt.client)
		q.MailFrom, q.Helo = `in\fo@example.com`, "x\t.y"
		Evaluate(t.Context(), r, q)
		if !slices.Equal(asked, tt.want) {
			t.Errorf("Evaluate from %s asks %q, want %q", tt.client, asked, tt.want)
		}
	}
}

// TestNoAnswers holds that what is no answer is a temperror: an error, another
// rcode, and the end of the context even where errors are no match.
func TestNoAnswers(t *testing.T) {
	w := newWorld(t, handWorld).with(t, "v=spf1 ptr -all")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	ending := resolverFunc(func(ctx context.Context, name, typ string) (mail.Answer, error) {
		if typ == "PTR" {
			cancel(errors.New("the time is over"))
		}
		return w.Resolve(ctx, name, typ)
	})
	refusing := resolverFunc(func(context.Context, string, string) (mail.Answer, error) {
		return mail.Answer{RCode: mail.Refused}, nil
	})
	failing := resolverFunc(func(context.Context, string, string) (mail.Answer, error) {
		return mail.Answer{}, errors.New("no route")
	})
	for _, tt := range []struct {
		r    Resolver
		want string
	}{
		{failing, "no route"},
		{refusing, "lookup of example.com TXT: REFUSED"},
		{ending, "the time is over"},
		{w, "the time is over"}, // the context has ended before
	} {
		got := Evaluate(ctx, tt.r, handQuery("203.0.113.25"))
		if got.Value != mail.TempError || !strings.Contains(got.Reason, tt.want) {
			t.Errorf("Evaluate = %s (%s), want temperror with %q", got.Value, got.Reason, tt.want)
		}
	}
}

func TestNoClient(t *testing.T) {
	got := Evaluate(t.Context(), world{}, Query{MailFrom: "me@example.com", Now: time.Now})
	if got.Value != mail.None || got.Reason == "" {
		t.Errorf("Evaluate without a client = %s (%s), want none with a reason", got.Value, got.Reason)
	}
}
