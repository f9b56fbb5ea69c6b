package dmarc

import (
	"strings"
	"testing"
)

// A vector is one message and what is told of it.
type vector struct {
	from string // the address' domain, or the field's whole value if it has an "@"
	spf  string // DOMAIN of a pass, or DOMAIN/VALUE
	dkim string // the same, several with blanks between
	want string // value, policy, spf, dkim, policy domain
}

func (v vector) query(way Discovery) Query {
	field := v.from
	if !strings.Contains(field, "@") {
		field = "a@" + field
	}
	return Query{Content: from(field), SPF: sent(v.spf), DKIM: signed(strings.Fields(v.dkim)...), Discovery: way}
}

func (v vector) check(t *testing.T, w world, way Discovery) {
	t.Helper()
	c := &counter{Resolver: w}
	res := Evaluate(t.Context(), c, v.query(way))
	got := strings.TrimSpace(strings.Join([]string{
		res.Value, res.Facets["policy"], res.Facets["spf"], res.Facets["dkim"], res.Properties["policy.domain"],
	}, " "))
	if got != v.want {
		t.Errorf("%s, from %s, spf %s, dkim %s = %s (%s), want %s", way, v.from, v.spf, v.dkim, got, res.Reason, v.want)
		for _, s := range res.Steps {
			t.Logf("%*s%s", s.Depth*2, "", s.Text)
		}
	}
	if most := maxQueries*2*(2+len(v.dkim)) + 1; len(c.asked) > most {
		t.Errorf("%s, from %s: %d questions, want at most %d", way, v.from, len(c.asked), most)
	}
}

// What both ways of discovery agree on.
func TestEvaluate(t *testing.T) {
	w := newWorld(t, `
example.com:         v=DMARC1; p=reject
example.net:         v=DMARC1; p=quarantine; sp=none
example.org:         v=DMARC1; p=none
sub.example.org:     v=DMARC1; p=reject; sp=none
strict.example.org:  v=DMARC1; p=reject; adkim=s; aspf=s
two.test:            v=DMARC1; p=reject
two.test:            v=DMARC1; p=none
other.test:          v=spf1 -all
other.test:          v=DMARC1; p=quarantine
slow.test:           FAIL
nop.test:            v=DMARC1; rua=mailto:d@nop.test
nothing.test:        v=DMARC1
bad.test:            v=DMARC1; p=rejected
badbut.test:         v=DMARC1; p=rejected; rua=mailto:d@badbut.test
badsp.test:          v=DMARC1; p=reject; sp=rejected
badspbut.test:       v=DMARC1; p=reject; sp=rejected; rua=mailto:d@badspbut.test
badrua.test:         v=DMARC1; rua=d@badrua.test
sponly.test:         v=DMARC1; sp=reject
dup.test:            v=DMARC1; p=none; p=reject
xn--bcher-kva.test:  v=DMARC1; p=reject
bare.test
`)
	vectors := []vector{
		{"example.com", "", "", "fail reject none none example.com"},
		{"EXAMPLE.Com", "Example.COM", "", "pass reject aligned none example.com"},
		{"example.com", "example.com", "", "pass reject aligned none example.com"},
		{"example.com", "example.com", "example.com", "pass reject aligned aligned example.com"},
		{"example.com", "bounce.example.com", "", "pass reject aligned none example.com"},
		{"example.com", "example.net", "", "fail reject unaligned none example.com"},
		{"example.com", "example.net", "example.com", "pass reject unaligned aligned example.com"},
		{"example.com", "example.net", "example.net", "fail reject unaligned unaligned example.com"},
		{"example.com", "badexample.com", "", "fail reject unaligned none example.com"}, // no label boundary
		{"example.com", "com", "", "fail reject unaligned none example.com"},
		{"example.com", "", "news.example.com", "pass reject none aligned example.com"},
		{"example.com", "", "example.net example.com", "pass reject none aligned example.com"},
		{"example.com", "", "example.com example.net", "pass reject none aligned example.com"},
		{"example.com", "", "example.com/fail", "fail reject none none example.com"},
		{"example.com", "", "example.com/fail example.net", "fail reject none unaligned example.com"},
		{"example.com", "", "example.com/policy", "fail reject none none example.com"},
		{"example.com", "example.com/fail", "", "fail reject none none example.com"},
		{"example.com", "example.com/softfail", "", "fail reject none none example.com"},
		{"example.com", "example.com/neutral", "", "fail reject none none example.com"},
		{"example.com", "example.com/permerror", "", "fail reject none none example.com"},
		{"a.b.example.com", "", "", "fail reject none none example.com"},
		{"a.b.example.com", "c.example.com", "", "pass reject aligned none example.com"},
		{"a.b.example.com", "example.com", "", "pass reject aligned none example.com"},
		{"www.example.net", "", "", "fail none none none example.net"}, // sp
		{"example.net", "", "", "fail quarantine none none example.net"},
		{"www.example.org", "", "", "fail none none none example.org"},
		{"sub.example.org", "", "", "fail reject none none sub.example.org"}, // its own p
		{"sub.example.org", "example.org", "", "pass reject aligned none sub.example.org"},
		{"sub.example.org", "x.example.org", "", "pass reject aligned none sub.example.org"},
		{"a.sub.example.org", "", "", "fail none none none example.org"}, // not that of sub.example.org
		{"strict.example.org", "strict.example.org", "", "pass reject aligned none strict.example.org"},
		{"strict.example.org", "a.strict.example.org", "", "fail reject unaligned none strict.example.org"},
		{"strict.example.org", "example.org", "example.org", "fail reject unaligned unaligned strict.example.org"},
		{"strict.example.org", "", "strict.example.org", "pass reject none aligned strict.example.org"},

		// Lookups that break.
		{"slow.test", "", "", "temperror absent none none"},
		{"slow.test", "slow.test", "", "temperror absent none none"},
		{"a.slow.test", "", "", "temperror absent none none"},
		{"example.com", "example.com/temperror", "", "temperror reject none none example.com"},
		{"example.com", "a.example.com/temperror", "", "temperror reject none none example.com"},
		{"example.com", "example.net/temperror", "", "fail reject none none example.com"}, // it could not be aligned
		{"example.com", "", "example.com/temperror", "temperror reject none none example.com"},
		{"example.com", "", "example.net/temperror", "fail reject none none example.com"},
		{"example.com", "example.com/temperror", "example.com", "pass reject none aligned example.com"},
		{"example.com", "example.com", "example.com/temperror", "pass reject aligned none example.com"},
		{"strict.example.org", "example.org/temperror", "", "fail reject none none strict.example.org"},

		// Records.
		{"bare.test", "", "", "none absent none none"},
		{"bare.test", "bare.test", "bare.test", "none absent aligned aligned"},
		{"bare.test", "bare.test", "example.com", "none absent aligned unaligned"},
		{"two.test", "two.test", "", "none absent aligned none"},
		{"other.test", "", "", "fail quarantine none none other.test"},
		{"nop.test", "", "", "fail none none none nop.test"},
		{"nop.test", "nop.test", "", "pass none aligned none nop.test"},
		{"bad.test", "bad.test", "", "permerror absent aligned none bad.test"},
		{"badbut.test", "", "", "fail none none none badbut.test"},
		{"badsp.test", "", "", "permerror absent none none badsp.test"},
		{"badspbut.test", "", "", "fail none none none badspbut.test"},
		{"dup.test", "", "", "permerror absent none none dup.test"},

		// The author domain.
		{"Ann <ann@example.com>", "example.com", "", "pass reject aligned none example.com"},
		{"ann@example.com, bob@EXAMPLE.com", "example.com", "", "pass reject aligned none example.com"},
		{"a@bücher.test", "xn--bcher-kva.test", "", "pass reject aligned none xn--bcher-kva.test"},
		{"a@xn--bcher-kva.test", "bücher.test", "", "pass reject aligned none xn--bcher-kva.test"},
		{"a@[192.0.2.1]", "example.com", "", "none absent none none"},
		{"nobody:;@", "", "", "permerror absent none none"},
		{"a@", "", "", "permerror absent none none"},
		{"team: a@example.com, b@example.com;", "example.com", "", "pass reject aligned none example.com"},
	}
	for _, way := range []Discovery{Tree, PSL} {
		for _, v := range vectors {
			v.check(t, w, way)
		}
	}
	// Without p= a record has p=none (RFC 9989 section 4.7), where it was required (RFC
	// 7489 section 6.3).
	for _, v := range []vector{
		{"nothing.test", "nothing.test", "", "pass none aligned none nothing.test"},
		{"sponly.test", "", "", "fail none none none sponly.test"},
		{"a.sponly.test", "", "", "fail reject none none sponly.test"}, // sp= and np= count all the same
		{"a.nop.test", "", "", "fail none none none nop.test"},
		{"a.nothing.test", "a.nothing.test", "", "pass none aligned none nothing.test"},
		{"badrua.test", "", "", "fail none none none badrua.test"},
	} {
		v.check(t, w, Tree)
	}
	for _, v := range []vector{
		{"nothing.test", "nothing.test", "", "permerror absent aligned none nothing.test"},
		{"badrua.test", "", "", "permerror absent none none badrua.test"},
	} {
		v.check(t, w, PSL)
	}
}

// RFC 9989: the walk up the tree, np, psd and t.
func TestEvaluateByTree(t *testing.T) {
	w := newWorld(t, `
example.com:            v=DMARC1; p=reject; sp=quarantine; np=none
real.example.com        x
empty.example.com
deep.real.example.com   x
a.b.c.d.e.f.g.h.example.com: v=DMARC1; p=none
long.example.net:       v=DMARC1; p=none
c.d.e.f.g.example.net:  v=DMARC1; p=reject
example.net:            v=DMARC1; p=quarantine
dept.example.org:       v=DMARC1; p=reject; psd=n
example.org:            v=DMARC1; p=none
bank:                   v=DMARC1; p=reject; psd=y; sp=quarantine
one.bank:               v=DMARC1; p=none
mail.two.bank:          v=DMARC1; p=none
gov.test:               v=DMARC1; p=reject; psd=y; np=none
agency.gov.test         x
city.gov.test:          v=DMARC1; p=quarantine; psd=u
cheat:                  v=DMARC1; p=reject
testing.test:           v=DMARC1; p=reject; sp=quarantine; t=y
none.test:              v=DMARC1; p=none; t=y
np.test:                v=DMARC1; p=quarantine; np=reject
nponly.test:            v=DMARC1; np=reject
real.nponly.test        x
npt.test:               v=DMARC1; p=none; np=reject; t=y
badnp.test:             v=DMARC1; p=reject; np=x
badnpbut.test:          v=DMARC1; p=reject; np=x; rua=mailto:a@badnpbut.test
slow.np.test            FAIL
pct.test:               v=DMARC1; p=reject; pct=0
twice.mid.test:         v=DMARC1; p=reject
twice.mid.test:         v=DMARC1; p=none
mid.test:               v=DMARC1; p=quarantine
slowtop.test:           v=DMARC1; p=reject
x.slowtld:              v=DMARC1; p=reject
slowtld:                FAIL
up.a.blogspot.com       x
blogspot.com:           v=DMARC1; p=reject
`)
	for _, v := range []vector{
		// p, sp and np.
		{"example.com", "", "", "fail reject none none example.com"},
		{"real.example.com", "", "", "fail quarantine none none example.com"},
		{"empty.example.com", "", "", "fail quarantine none none example.com"}, // NODATA exists
		{"deep.real.example.com", "", "", "fail quarantine none none example.com"},
		{"g.h.example.com", "", "", "fail quarantine none none example.com"}, // an empty non-terminal exists
		{"ghost.example.com", "", "", "fail none none none example.com"},
		{"ghost.real.example.com", "", "", "fail none none none example.com"},
		{"ghost.np.test", "", "", "fail reject none none np.test"},
		{"np.test", "", "", "fail quarantine none none np.test"},
		{"real.nponly.test", "", "", "fail none none none nponly.test"}, // no p= is p=none
		{"ghost.nponly.test", "", "", "fail reject none none nponly.test"},
		{"slow.np.test", "", "", "temperror quarantine none none np.test"},
		{"slow.np.test", "np.test", "", "pass quarantine aligned none np.test"},
		{"badnp.test", "", "", "permerror absent none none badnp.test"},
		{"badnpbut.test", "", "", "fail none none none badnpbut.test"},

		// t=y.
		{"testing.test", "", "", "fail quarantine none none testing.test"},
		{"a.testing.test", "", "", "fail none none none testing.test"},
		{"none.test", "", "", "fail none none none none.test"},
		{"a.npt.test", "", "", "fail quarantine none none npt.test"},
		{"pct.test", "", "", "fail reject none none pct.test"}, // no pct in RFC 9989

		// Eight questions.
		{"a.b.c.d.e.f.g.h.example.com", "", "", "fail none none none a.b.c.d.e.f.g.h.example.com"},
		{"x.a.b.c.d.e.f.g.h.example.com", "", "", "fail none none none example.com"}, // does not exist: np
		{"mail.a.b.c.d.e.f.g.example.net", "", "", "fail quarantine none none example.net"},
		{"c.d.e.f.g.example.net", "example.net", "", "pass reject aligned none c.d.e.f.g.example.net"},
		{"x.c.d.e.f.g.example.net", "", "", "fail quarantine none none example.net"},

		// psd=n.
		{"dept.example.org", "example.org", "", "fail reject unaligned none dept.example.org"},
		{"a.dept.example.org", "", "", "fail reject none none dept.example.org"},
		{"a.dept.example.org", "b.dept.example.org", "", "pass reject aligned none dept.example.org"},
		{"a.dept.example.org", "example.org", "", "fail reject unaligned none dept.example.org"},
		{"example.org", "a.dept.example.org", "", "fail none unaligned none example.org"},
		{"www.example.org", "example.org", "", "pass none aligned none example.org"},

		// psd=y.
		{"bank", "", "", "fail reject none none bank"},
		{"one.bank", "", "", "fail none none none one.bank"},
		{"a.one.bank", "one.bank", "", "pass none aligned none one.bank"},
		{"three.bank", "", "", "fail quarantine none none bank"},
		{"three.bank", "a.three.bank", "", "pass quarantine aligned none bank"},
		{"three.bank", "four.bank", "", "fail quarantine unaligned none bank"},
		{"three.bank", "bank", "", "fail quarantine unaligned none bank"},
		{"a.mail.two.bank", "", "", "fail quarantine none none bank"}, // mail.two.bank is not the organizational domain
		{"mail.two.bank", "two.bank", "", "pass none aligned none mail.two.bank"},
		{"bank", "one.bank", "", "fail reject unaligned none bank"},
		{"bank", "bank.bank", "", "fail reject unaligned none bank"}, // its own record does not make bank.bank its organization
		{"agency.gov.test", "", "", "fail reject none none gov.test"},
		{"ghost.gov.test", "", "", "fail none none none gov.test"},
		{"city.gov.test", "x.city.gov.test", "", "pass quarantine aligned none city.gov.test"},
		{"city.gov.test", "agency.gov.test", "", "fail quarantine unaligned none city.gov.test"},
		{"gov.test", "", "", "fail reject none none gov.test"},

		// A top-level record without psd=y makes one organization of all (section 11.8).
		{"a.cheat", "b.cheat", "", "pass reject aligned none cheat"},

		// Several records are discarded, and the walk goes on (section 4.10 step 2).
		{"twice.mid.test", "", "", "fail quarantine none none mid.test"},
		{"slowtop.test", "", "", "fail reject none none slowtop.test"},

		// A walk that breaks.
		{"y.x.slowtld", "", "", "temperror absent none none"},
		{"x.slowtld", "", "", "fail reject none none x.slowtld"}, // no walk is needed
		{"x.slowtld", "x.slowtld", "", "pass reject aligned none x.slowtld"},
		{"x.slowtld", "a.x.slowtld", "", "temperror reject unaligned none x.slowtld"},
		{"x.slowtld", "y.slowtld", "", "temperror reject unaligned none x.slowtld"}, // slowtld might be that of both
		{"x.slowtld", "example.com", "", "fail reject unaligned none x.slowtld"},    // no domain can be that of both
		{"x.slowtld", "", "example.com/temperror", "fail reject none none x.slowtld"},

		// Without a record a domain is its own organization.
		{"a.nowhere.test", "nowhere.test", "a.nowhere.test", "none absent unaligned aligned"},
		{"nowhere.test", "a.nowhere.test", "", "none absent unaligned none"},

		// The public suffix list has no say.
		{"a.blogspot.com", "b.blogspot.com", "", "pass reject aligned none blogspot.com"},

		// Several author domains.
		{"a@example.com, b@example.net", "example.com", "", "permerror absent none none"},
	} {
		v.check(t, w, Tree)
	}
}

// RFC 7489: the public suffix list, sp and pct.
func TestEvaluateByList(t *testing.T) {
	w := newWorld(t, `
example.com:       v=DMARC1; p=reject; sp=quarantine; np=none; t=y
mid.example.com:   v=DMARC1; p=none
com:               v=DMARC1; p=reject; psd=y
co.uk:             v=DMARC1; p=quarantine
example.co.uk:     v=DMARC1; p=none
twice.mid.test:    v=DMARC1; p=reject
twice.mid.test:    v=DMARC1; p=none
mid.test:          v=DMARC1; p=quarantine
org2.test:         v=DMARC1; p=reject
org2.test:         v=DMARC1; p=none
psd.test:          v=DMARC1; p=reject; psd=n
a.psd.test:        v=DMARC1; p=none; psd=n
zero.test:         v=DMARC1; p=reject; pct=0
zeroq.test:        v=DMARC1; p=quarantine; pct=0
zeron.test:        v=DMARC1; p=none; pct=0
zerosp.test:       v=DMARC1; p=none; sp=reject; pct=0
all.test:          v=DMARC1; p=reject; pct=100
badpct.test:       v=DMARC1; p=reject; pct=x
badnp.test:        v=DMARC1; p=reject; np=x
blogspot.com:      v=DMARC1; p=reject
slowtld:           FAIL
x.slowtld:         v=DMARC1; p=reject
slow.test:         FAIL
`)
	for _, v := range []vector{
		{"example.com", "", "", "fail reject none none example.com"}, // no t
		{"a.example.com", "", "", "fail quarantine none none example.com"},
		{"ghost.example.com", "", "", "fail quarantine none none example.com"}, // no np
		{"a.mid.example.com", "", "", "fail quarantine none none example.com"}, // the organizational domain's
		{"mid.example.com", "", "", "fail none none none mid.example.com"},
		{"example.co.uk", "other.co.uk", "", "fail none unaligned none example.co.uk"},
		{"other.co.uk", "", "", "none absent none none"},
		{"co.uk", "", "", "fail quarantine none none co.uk"}, // section 6.6.1: not exempt
		{"co.uk", "example.co.uk", "", "fail quarantine unaligned none co.uk"},
		{"nowhere.com", "", "", "none absent none none"}, // the record of com is not asked for
		{"nowhere.com", "a.nowhere.com", "b.nowhere.com", "none absent aligned aligned"},
		{"a.psd.test", "b.psd.test", "", "pass none aligned none a.psd.test"}, // no psd
		{"twice.mid.test", "", "", "none absent none none"},                   // section 6.6.3 step 5
		{"a.org2.test", "", "", "none absent none none"},
		{"a.blogspot.com", "", "", "none absent none none"}, // blogspot.com is a suffix
		{"a.blogspot.com", "b.blogspot.com", "", "none absent unaligned none"},
		{"x.slowtld", "a.x.slowtld", "", "pass reject aligned none x.slowtld"},
		{"a.slow.test", "", "", "temperror absent none none"},

		// pct.
		{"zero.test", "", "", "fail quarantine none none zero.test"},
		{"zeroq.test", "", "", "fail none none none zeroq.test"},
		{"zeron.test", "", "", "fail none none none zeron.test"},
		{"a.zerosp.test", "", "", "fail quarantine none none zerosp.test"},
		{"all.test", "", "", "fail reject none none all.test"},
		{"badpct.test", "", "", "fail reject none none badpct.test"},
		{"badnp.test", "", "", "fail reject none none badnp.test"},

		// Several author domains: the strictest policy of those that fail.
		{"a@example.com, b@mid.test", "example.com", "", "fail quarantine unaligned none mid.test"},
		{"a@mid.test, b@example.com", "", "", "fail reject none none example.com"},
		{"a@example.com, b@a.example.com", "example.com", "", "pass reject aligned none example.com"},
		{"a@nowhere.com, b@example.com", "example.com", "", "none absent unaligned none"},
		{"a@slow.test, b@example.com", "example.com", "", "temperror absent none none"},
		{"a@slow.test, b@example.com", "", "", "fail reject none none example.com"},
		{"a@b1.test, a@b2.test, a@b3.test, a@b4.test, a@b5.test, a@b6.test, a@b7.test, a@b8.test, a@b9.test, a@b10.test, a@b11.test", "", "", "permerror absent none none"},
	} {
		v.check(t, w, PSL)
	}
}
