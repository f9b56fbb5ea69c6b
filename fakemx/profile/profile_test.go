package profile

import (
	"fmt"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"strictmx/internal/mail"
)

func find(t *testing.T, name string) *Profile {
	t.Helper()
	p, err := Builtin().Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// results reads "iprev=fail spf=pass".
func results(s string) []mail.Result {
	var out []mail.Result
	for _, word := range strings.Fields(s) {
		m, v, _ := strings.Cut(word, "=")
		if m, facet, ok := strings.Cut(m, "."); ok {
			out = append(out, mail.Result{Method: m, Facets: map[string]string{facet: v}})
			continue
		}
		out = append(out, mail.Result{Method: m, Value: v})
	}
	return out
}

// A rule is found by its id, and by its row: then it is the one with the row's words.
func TestRuleNamed(t *testing.T) {
	for _, tt := range []struct{ profile, name, want string }{
		{"icloud", "spamhaus-sbl", "spamhaus-sbl"},
		{"icloud", "apple-spamhaus", "spamhaus-pbl"},
		{"gmx", "gmx-user-unknown", "user-unknown"},
		{"gmx", "gmx-user", ""},
		{"gmx", "", ""},
	} {
		if r, ok := find(t, tt.profile).RuleNamed(tt.name); ok != (tt.want != "") || r.ID != tt.want {
			t.Errorf("%s.RuleNamed(%q) = %q, %t, want %q", tt.profile, tt.name, r.ID, ok, tt.want)
		}
	}
}

func TestDecide(t *testing.T) {
	for _, tt := range []struct {
		profile string
		at      mail.Stage
		results string
		want    string // "rule code", empty if the server goes on
	}{
		// Until 2016 IPv4 clients are not asked.
		{"gmail@2013-unsolicited", mail.Data, "family=ipv4 iprev=permerror spf=none dkim=none", ""},
		{"gmail@2013-unsolicited", mail.Data, "family=ipv6 iprev=permerror spf=pass dkim=none", "gmail/ptr-missing 550"},
		{"gmail@2013-unsolicited", mail.Data, "family=ipv6 iprev=fail spf=pass dkim=none", "gmail/ptr-mismatch 550"},
		{"gmail@2013-unsolicited", mail.Data, "family=ipv6 iprev=temperror spf=pass dkim=none", "gmail/ptr-temperror 451"},
		{"gmail@2013-unsolicited", mail.Data, "family=ipv6 iprev=pass spf=pass dkim=none", ""},
		{"gmail@2013-unsolicited", mail.Data, "family=ipv6 iprev=pass spf=none dkim=none", "gmail/unauthenticated 550"},
		{"gmail@2013-unsolicited", mail.Rcpt, "family=ipv6 iprev=permerror spf=pass", ""}, // nothing before the content
		{"gmail@2016", mail.Data, "family=ipv4 iprev=permerror spf=none dkim=none", ""},
		// From 2017 the PTR of IPv4 clients, from 2019 their authentication.
		{"gmail@2017", mail.Data, "family=ipv4 iprev=permerror spf=pass dkim=none", "gmail/ptr-missing 550"},
		{"gmail@2017", mail.Data, "family=ipv4 iprev=fail spf=none dkim=none", ""},
		{"gmail@2017", mail.Data, "family=ipv6 iprev=fail spf=pass dkim=none", "gmail/ptr-mismatch 550"},
		{"gmail@2019", mail.Data, "family=ipv4 iprev=pass spf=softfail dkim=none", "gmail/unauthenticated 550"},
		{"gmail@2022", mail.Data, "family=ipv4 iprev=fail spf=pass dkim=none", "gmail/ptr-mismatch 550"},
		{"gmail@2022", mail.Data, "family=ipv4 iprev=pass spf=fail dkim=none", "gmail/spf-hardfail 550"},
		{"gmail@2022", mail.Data, "family=ipv4 iprev=pass spf=temperror dkim=none", "gmail/spf-temperror 421"},
		{"gmail", mail.Data, "family=ipv4 iprev=temperror spf=pass dkim=none", "gmail/ptr-temperror 451"},
		{"gmail", mail.Data, "family=ipv6 iprev=pass spf=pass dkim=none", ""},
		{"gmail", mail.Data, "family=ipv6", ""}, // what was not found out decides nothing
		// The seed's other receivers take the mail.
		{"google-apps", mail.Data, "family=ipv6 iprev=permerror spf=none dkim=none", ""},
		{"dreamhost", mail.Data, "family=ipv4 iprev=permerror spf=none dkim=none", ""},
		{"exchange-online", mail.Data, "family=ipv4 iprev=permerror spf=softfail dkim=none", ""},
		{"exchange-online", mail.Data, "family=ipv4 iprev=pass spf=fail dkim=none", "exchange-online/spf-fail 550"},
		{"exchange-online", mail.Mail, "family=ipv6 iprev=permerror", "exchange-online/ptr-missing 450"},
		{"postfix", mail.Data, "", ""},
		// Every stage and class has a receiver.
		{"gmx", mail.Connect, "iprev=permerror", "gmx/ptr-missing 554"},
		{"comcast", mail.Connect, "iprev=temperror", "comcast/ptr-temperror 421"},
		{"godaddy", mail.Helo, "iprev=pass helo=permerror", "godaddy/helo-bad 501"},
		{"migadu", mail.Helo, "iprev=permerror", "migadu/ptr-missing 450"},
		{"yahoo", mail.Mail, "iprev=fail", "yahoo/fcrdns 550"},
		{"yahoo@2025-deferring", mail.Mail, "iprev=fail", "yahoo/fcrdns 450"},
		{"addy", mail.Rcpt, "family=ipv6 iprev=permerror", "addy/ptr-missing 554"},
		{"postfix-strict", mail.Rcpt, "iprev=pass helo.resolves=no", "postfix-strict/helo-unknown 450"},
		{"postfix-strict", mail.Rcpt, "iprev=pass helo=fail", ""}, // an address literal is not looked up
		{"refuse@connect", mail.Connect, "", "refuse/connect 554"},
		{"refuse@helo-soft", mail.Helo, "", "refuse/helo-soft 450"},
		{"refuse", mail.Data, "", "refuse/data 554"},
	} {
		d, ok := find(t, tt.profile).Decide(tt.at, Found(results(tt.results)), nil)
		got := ""
		if ok {
			got = fmt.Sprintf("%s %d", d.Rule, d.Code)
		}
		if got != tt.want {
			t.Errorf("%s.Decide(%s, %s) = %q, want %q", tt.profile, tt.at, tt.results, got, tt.want)
		}
		if ok && (d.Temporary() != (d.Code < 500) || d.Stage != tt.at || !d.Status.IsZero() && d.Status.Class != d.Code/100) {
			t.Errorf("%s.Decide(%s, %s): decision disagrees with itself: %+v", tt.profile, tt.at, tt.results, d)
		}
	}
}

func TestMethods(t *testing.T) {
	for _, tt := range []struct{ profile, want string }{
		{"gmail@2014", "rcpt: recipient; data: family iprev spf headers dkim watched-client"},
		{"gmail", "helo: helo; rcpt: tls recipient inactive tls-only watched-user; " + // the family no longer matters
			"data: iprev spf headers dkim dmarc dynamic watched-client watched-domain"},
		{"gmx", "connect: iprev rdns-generic block-list; rcpt: spf recipient"},
		{"godaddy", "connect: iprev sessions sbl; helo: helo; mail: spf"},
		{"exchange-online", "connect: watched-client connections; helo: receiver-names; " +
			"mail: family iprev zen helo-dbl evaluated-client banned-client; " +
			"rcpt: tls recipient banned-address customer-blocked ipv4-only other-region unguarded tls-partner; " +
			"data: spf headers dkim dmarc"},
		{"dreamhost", ""},
	} {
		var got []string
		for _, s := range mail.Stages {
			if m := find(t, tt.profile).Asked(s); m != nil {
				got = append(got, s.String()+": "+strings.Join(m, " "))
			}
		}
		if g := strings.Join(got, "; "); g != tt.want {
			t.Errorf("%s: methods %q, want %q", tt.profile, g, tt.want)
		}
	}
}

// TestBuiltin holds what the format cannot: addresses from documentation ranges
// that no two receivers share, a host, and the evidence of assumptions.
func TestBuiltin(t *testing.T) {
	var ranges []netip.Prefix
	for _, s := range []string{"198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20"} {
		ranges = append(ranges, netip.MustParsePrefix(s))
	}
	owner := make(map[netip.Addr]string)
	for _, p := range Builtin().Profiles() {
		if len(p.Hosts) == 0 || p.Hostname() == "" {
			t.Errorf("%s: no host", p)
		}
		for _, h := range p.Hosts {
			for _, a := range h.Addrs {
				if !slices.ContainsFunc(ranges, func(r netip.Prefix) bool { return r.Contains(a) }) {
					t.Errorf("%s: %s is not a documentation address", p, a)
				}
				if o := owner[a]; o != "" && o != h.Name {
					t.Errorf("%s: %s is also an address of %s", p, a, o)
				}
				owner[a] = h.Name
			}
		}
		for _, r := range p.Rules {
			if strings.Contains(r.Note, "assumed") && r.Exact && r.Catalogue == "" {
				t.Errorf("%s/%s: assumed and exact without a row", p, r.ID)
			}
		}
	}
}

// TestEveryRuleDecides finds for each rule of each version a world that the rules
// before leave to it, and asks the profile there.
func TestEveryRuleDecides(t *testing.T) {
	for _, p := range Builtin().Profiles() {
		rules := p.inOrder()
		for i, r := range rules {
			c := cover{earlier: rules[:i], took: make([]bool, i), steps: maxCoverSteps}
			if !c.left(p.box(r), 0) || c.steps < 0 {
				t.Errorf("%s: rule %s can never decide, or too many steps were needed to find out", p, r.ID)
				continue
			}
			d, ok := p.Decide(r.At, Found(c.world.results()), nil)
			if !ok || d.Rule != p.Name+"/"+r.ID {
				t.Errorf("%s: %v leads to %+v, want rule %s", p, c.world, d, r.ID)
			}
		}
	}
}

// results are those of one world of a box.
func (b box) results() []mail.Result {
	var out []mail.Result
	for _, key := range slices.Sorted(maps.Keys(b)) {
		name, facet, _ := strings.Cut(key, ".")
		i := slices.IndexFunc(out, func(r mail.Result) bool { return r.Method == name })
		if i < 0 {
			i = len(out)
			out = append(out, mail.Result{Method: name, Facets: make(map[string]string)})
		}
		if facet == "" {
			out[i].Value = b[key][0]
		} else {
			out[i].Facets[facet] = b[key][0]
		}
	}
	return out
}

func TestFind(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"gmail", "gmail@2024"},
		{"gmail@2013-unsolicited", "gmail@2013-unsolicited"},
		{"dreamhost", "dreamhost"},
		{"gmial", `unknown receiver "gmial": did you mean gmail? known are addy, `},
		{"gmail@2018", `unknown version "2018" of receiver gmail: did you mean `},
		{"gmail@", `unknown version "" of receiver gmail: `},
		{"dreamhost@2014", `receiver dreamhost has no versions: want "dreamhost" without @2014`},
		{"", `unknown receiver "": want one of addy, `},
	} {
		p, err := Builtin().Find(tt.name)
		got := ""
		if err != nil {
			got = err.Error()
		} else {
			got = p.String()
		}
		if !strings.HasPrefix(got, tt.want) || err == nil && got != tt.want {
			t.Errorf("Find(%q): %s, want %s", tt.name, got, tt.want)
		}
	}
	if _, err := Builtin().Find("gmail@1999"); err == nil || !strings.Contains(err.Error(), "2013-unsolicited, 2014, 2015") {
		t.Errorf("Find(gmail@1999): %v, want all labels", err)
	}
}

// A receiver of the user's own that is not found is told with its file.
func TestFindOwn(t *testing.T) {
	table := func(name string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("name: " + name + "\ntitle: Own\nhostname: mx.example.net\n")}
	}
	own := fstest.MapFS{"applianc.yaml": table("appliance"), "gateway.yaml": table("gw"), "box.yaml": table("quarantine")}
	s, err := Builtin().With(own)
	if err != nil {
		t.Fatal(err)
	}
	const all = "; own ones are appliance in applianc.yaml, gw in gateway.yaml, quarantine in box.yaml"
	for name, want := range map[string]string{
		"applianc":       `unknown receiver "applianc": did you mean appliance, the name in applianc.yaml? known are addy, `,
		"gateway@2024":   `unknown receiver "gateway": did you mean gw, the name in gateway.yaml? known are addy, `,
		"quarentine":     `unknown receiver "quarentine": did you mean quarantine, the name in box.yaml? known are addy, `,
		"gmial":          `unknown receiver "gmial": did you mean gmail? known are addy, `,
		"something-else": `unknown receiver "something-else": want one of addy, `,
	} {
		_, err := s.Find(name)
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.HasSuffix(err.Error(), all) != (name == "something-else") {
			t.Errorf("Find(%s): %v, want %s", name, err, want)
		}
	}
}

func TestWith(t *testing.T) {
	own := fstest.MapFS{
		"own.yaml":  {Data: []byte("name: own\ntitle: Own\nhostname: mx.example.net\n")},
		"notes.txt": {Data: []byte("not a table")},
	}
	s, err := Builtin().With(own)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Find("own"); err != nil {
		t.Error(err)
	}
	if _, err := s.Find("gmail@2014"); err != nil {
		t.Error(err)
	}
	if _, err := Builtin().Find("own"); err == nil {
		t.Error("With changed the set it was called on")
	}
	own["gmail.yaml"] = &fstest.MapFile{Data: []byte("name: gmail\ntitle: x\nhostname: mx.example.net\n")}
	if _, err := Builtin().With(own); err == nil || !strings.Contains(err.Error(), "gmail.yaml:1:7: profile gmail is there already") {
		t.Errorf("With a second gmail: %v", err)
	}
	if _, err := Load(os.DirFS("testdata/none")); err != nil {
		t.Errorf("Load of no directory: %v, want an empty set as there is no table", err)
	}
}
