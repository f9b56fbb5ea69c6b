package dmarc

import (
	"math/rand/v2"
	"strings"
	"testing"

	peer "github.com/emersion/go-msgauth/dmarc"
)

// Records on which another parser, which follows RFC 7489, says something else, and
// why this one says what it does.
var disagreements = []struct{ text, here, peer, why string }{
	{"V=DMARC1; p=none", "none", "error", "RFC 9989 section 4.8: the strings of the grammar match in any case"},
	{"v=DMARC1; P=none", "none", "error", "RFC 9989 section 4.8: the strings of the grammar match in any case"},
	{"v=DMARC1; p=None", "none", "error", "RFC 9989 section 4.8: the strings of the grammar match in any case"},
	{" v=DMARC1; p=none", "error", "none", "RFC 9989 section 4.8: nothing stands before the version; the peer's Lookup wants that too"},
	{"p=none; v=DMARC1", "error", "none", "RFC 9989 section 4.7: v= is the first tag; the peer's Lookup wants that too"},
	{"v=DMARC1; p=none; p=reject", "error", "reject", "RFC 6376 section 3.2: a tag that is there twice makes the list invalid"},
	{"v=DMARC1; p=none; sp", "none", "error", "RFC 9989 section 4.7: syntax errors behind v= are ignored"},
	{"v=DMARC1; p=none; adkim=x", "none", "error", "RFC 9989 section 4.7: syntax errors behind v= are ignored"},
	{"v=DMARC1; p=none; aspf=x", "none", "error", "RFC 9989 section 4.7: syntax errors behind v= are ignored"},
	{"v=DMARC1; p=none; pct=x", "none", "error", "RFC 7489 section 6.3: syntax errors have default values"},
	{"v=DMARC1; p=none; pct=101", "none", "error", "RFC 7489 section 6.3: syntax errors have default values"},
	{"v=DMARC1; p=none; fo=x", "none", "error", "RFC 9989 section 4.7: syntax errors behind v= are ignored"},
	{"v=DMARC1; p=none; rf=x", "none", "error", "RFC 7489 section 6.3: syntax errors behind p= are ignored"},
	{"v=DMARC1; p=none; ri=0", "none", "error", "RFC 7489 section 6.3: syntax errors behind p= are ignored"},
	{"v=DMARC1; sp=reject", "none", "error", "RFC 9989 section 4.7: without p= it is p=none; in RFC 7489 it is required"},
	{"v=DMARC1; rua=mailto:a@example.com", "none", "error", "RFC 9989 section 4.10.1, RFC 7489 section 6.6.3 step 6: reports make it p=none"},
	{"v=DMARC1; p=x; rua=mailto:a@example.com", "none", "error", "RFC 9989 section 4.10.1, RFC 7489 section 6.6.3 step 6: reports make it p=none"},
	{"v=DMARC1; p=reject; sp=x; rua=mailto:a@example.com", "none", "error", "RFC 9989 section 4.10.1, RFC 7489 section 6.6.3 step 6: reports make it p=none"},
	{"v=DMARC1; p=reject; np=x", "error", "reject", "RFC 9989 section 4.10.1: a faulty np= is as a faulty sp=; RFC 7489 has none"},
	{"v=DMARC1; p=reject; x", "reject", "error", "RFC 9989 section 4.7: syntax errors behind v= are ignored"},
}

func TestDisagreements(t *testing.T) {
	for _, d := range disagreements {
		if here, there := policyHere(d.text), policyThere(d.text); here != d.here || there != d.peer {
			t.Errorf("%q = %s, and the peer says %s; want %s and %s (%s)", d.text, here, there, d.here, d.peer, d.why)
		}
	}
}

// Otherwise the two agree, on records made of what records are made of.
func TestPeerAgrees(t *testing.T) {
	parts := []string{
		"p=none", "p=reject", "p=quarantine", "sp=none", "sp=reject", "adkim=s", "aspf=r", "pct=50", "fo=1", "fo=0:1:d:s",
		"rua=mailto:a@example.com", "ruf=mailto:a@example.com!10m", "ri=86400", "rf=afrf", "x=y", "psd=y", "t=y", "np=none", "p=x", "sp=",
	}
	seed := rand.New(rand.NewPCG(9989, 7489))
	compared := 0
	for range 30000 {
		text, names := "v=DMARC1", map[string]bool{}
		for range seed.IntN(6) {
			part := parts[seed.IntN(len(parts))]
			name, _, _ := strings.Cut(part, "=")
			if names[name] {
				continue // see the disagreements
			}
			names[name] = true
			text += strings.Repeat(" ", seed.IntN(2)) + ";" + strings.Repeat(" ", seed.IntN(2)) + part
		}
		r, err := Parse(text)
		if err != nil {
			t.Fatalf("Parse(%q): %v", text, err)
		}
		if r.P == "" && len(r.Invalid) == 0 || len(r.Invalid) > 0 && len(r.RUA) > 0 {
			continue // see the disagreements
		}
		compared++
		if here, there := policyHere(text), policyThere(text); here != there {
			t.Errorf("%q = %s, and the peer says %s", text, here, there)
		}
		if theirs, err := peer.Parse(text); err == nil {
			if r.StrictDKIM != (theirs.DKIMAlignment == peer.AlignmentStrict) || string(r.SP) != string(theirs.SubdomainPolicy) ||
				theirs.Percent != nil && *theirs.Percent != r.Percent || len(r.RUA) != len(theirs.ReportURIAggregate) {
				t.Errorf("%q = %+v, and the peer says %+v", text, r, theirs)
			}
		}
	}
	if compared < 10000 {
		t.Errorf("only %d records compared", compared)
	}
}

func policyHere(text string) string {
	r, err := Parse(text)
	if err != nil {
		return "error"
	}
	q, fault := r.usable(Tree)
	switch {
	case fault != nil:
		return "error"
	case q.policy != "":
		return string(q.policy)
	case r.P == "":
		return string(None)
	}
	return string(r.P)
}

func policyThere(text string) string {
	r, err := peer.Parse(text)
	if err != nil {
		return "error"
	}
	return string(r.Policy)
}
