package profile

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"strictmx/internal/catalogue"
	"strictmx/internal/mail"
)

func rows(t *testing.T) map[string]catalogue.Row {
	t.Helper()
	out, err := catalogue.Read("testdata/replies.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// known are the placeholders of rows that a session decides.
func known(p *Profile, v Vars) map[string]string {
	return map[string]string{
		"{ip}": v.Client.String(), "{ip6}": v.Client.String(), "{domain}": v.domain(), "{DOMAIN}": strings.ToUpper(v.domain()),
		"{helo}": v.Helo, "{rcpt}": v.Rcpt, "{sender}": v.From, "{rcpt-domain}": p.takeApart("{rcpt-domain}").with(p, v),
		"{queue-id}": p.takeApart("{queue-id}").with(p, v), "{host}.comcast.net": p.hostname,
	}
}

// clients are documentation addresses of many lengths: IPv4 of 11 to 14 columns,
// IPv6 of 11 to 38.
func clients() []netip.Addr {
	out := []netip.Addr{
		netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("198.51.100.7"),
		netip.MustParseAddr("198.51.100.77"), netip.MustParseAddr("198.51.100.177"),
	}
	length := make(map[int]bool)
	for _, head := range []string{"2001:db8::", "2001:db8:1::", "2001:db8:1:2::", "3fff::", "2001:db8:1111:2222:"} {
		for _, tail := range []string{
			"1", "12", "123", "1234", "1:1234", "12:1234", "123:1234", "1234:1234", "1:1234:1234", "123:1234:1234",
			"1234:1234:1234", "1:1234:1234:1234", "12:1234:1234:1234", "123:1234:1234:1234", "1234:1234:1234:1234",
		} {
			a, err := netip.ParseAddr(head + tail)
			if err == nil && !length[len(a.String())] {
				length[len(a.String())] = true
				out = append(out, a)
			}
		}
	}
	return out
}

// domain makes a domain of a length, 4 at least.
func domain(n int) string { return strings.Repeat("x", n-3) + ".eu" }

// fits lists the clients, by family and length, with which the reply is the row
// byte for byte, for the first length of the sender's domain that allows any. It
// stops when it has enough of them.
func fits(p *Profile, rule Rule, r catalogue.Row, enough int) (clientsFit []string) {
	lengths := []int{11}
	if strings.Contains(rule.Reply, "{domain}") || strings.Contains(rule.Reply, "{dmarc.") {
		lengths = nil
		for n := 4; n < 64; n++ {
			lengths = append(lengths, n)
		}
	}
	for _, n := range lengths {
		for _, c := range clients() {
			got, v, err := refuse(p, rule, c, domain(n))
			if err == nil && r.Compare(got, known(p, v)) == "" {
				clientsFit = append(clientsFit, fmt.Sprintf("%s/%d", family4or6(c), len(c.String())))
			}
			if len(clientsFit) == enough {
				return clientsFit
			}
		}
		if clientsFit != nil {
			return clientsFit
		}
	}
	return nil
}

// refuse renders a rule for a client and a domain.
func refuse(p *Profile, rule Rule, client netip.Addr, domain string) ([]string, Vars, error) {
	v := sample()
	v.Client, v.From, v.Results = client, "me@"+domain, found(p, domain)
	got, err := p.Refusal(Decision{Rule: p.Name + "/" + rule.ID}, v)
	return got, v, err
}

// found are results of the profile's checks such as the catalogue's rows have: SPF
// failed, the rest passed.
func found(p *Profile, domain string) []mail.Result {
	var out []mail.Result
	for _, c := range p.Checks {
		r := mail.Result{Method: c.Method, Value: mail.Pass, Domain: domain, Properties: make(map[string]string)}
		if c.Name != c.Method {
			r.Name = c.Name
		}
		if c.Method == "spf" {
			r.Value = mail.Fail
		}
		for _, key := range c.Properties {
			r.Properties[key] = domain
		}
		if c.Method == "headers" {
			r.Properties["duplicate-field"] = "Subject"
		}
		out = append(out, r)
	}
	return out
}

func family4or6(a netip.Addr) string {
	if a.Is4() {
		return "4"
	}
	return "6"
}

// TestCatalogue holds every exact rule against the row it names.
func TestCatalogue(t *testing.T) {
	rows := rows(t)
	for _, p := range Builtin().Profiles() {
		for _, rule := range p.Rules {
			name := fmt.Sprintf("%s/%s", p, rule.ID)
			if rule.Source == "" || rule.Seen == "" {
				t.Errorf("%s: no source or date", name)
			}
			r, ok := rows[rule.Catalogue]
			switch {
			case rule.Catalogue == "" && rule.Exact:
				t.Errorf("%s: exact, but names no row", name)
				continue
			case rule.Catalogue == "":
				continue
			case !ok:
				t.Errorf("%s: no row %s", name, rule.Catalogue)
				continue
			}
			if rule.Code != r.Code || rule.Status.String() != r.Enhanced {
				t.Errorf("%s: %d %s, row %s has %d %s", name, rule.Code, rule.Status, r.ID, r.Code, r.Enhanced)
			}
			if !rule.Exact {
				continue
			}
			if !r.Exact {
				t.Errorf("%s: exact, but row %s is not", name, r.ID)
			}
			if fits(p, rule, r, 1) == nil {
				got, v, err := refuse(p, rule, sample().Client, domain(11))
				t.Errorf("%s is not row %s for any client (%v): %s", name, r.ID, err, r.Compare(got, known(p, v)))
			}
		}
	}
}

// TestAddressLengths states which lengths of a client's address make the breaks of
// each wording that begins with the address: the length that the sender of the
// stored bounce had.
func TestAddressLengths(t *testing.T) {
	rows := rows(t)
	for _, tt := range []struct {
		rule, family string
		from, to     int // columns
	}{
		{"gmail@2013-unsolicited/ptr-missing", "6", 26, 30}, // 25 would do; the log's has 30
		{"gmail@2014/ptr-missing", "6", 12, 16},
		{"gmail@2015/ptr-missing", "6", 17, 20},
		{"gmail@2016/ptr-missing", "6", 26, 32}, // 33 and 34 would do, but no test address has them
		{"gmail@2017/ptr-missing", "4", 11, 11}, // also shorter ones, which documentation ranges lack
		{"gmail@2020/ptr-missing", "6", 17, 21},
		{"gmail@2022/ptr-missing", "4", 11, 14},
		{"gmail@2023/ptr-missing", "4", 11, 14},
		{"gmail@2024/ptr-missing", "4", 11, 14},
		{"gmail@2020/dynamic-address", "4", 14, 14},
		{"gmail@2014/client-rate", "4", 11, 14},
		{"gmail@2020/client-rate", "4", 11, 14},
		{"gmail@2017/low-reputation-temporary", "4", 11, 14},
		{"gmail@2017/low-reputation", "4", 11, 14},
		{"gmail@2017/from-multiple", "4", 11, 14},
		{"gmail@2014/header-malformed", "4", 11, 14},
		{"gmail@2024/spf-hardfail", "4", 12, 14}, // with the shortest domain
	} {
		name, id, _ := strings.Cut(tt.rule, "/")
		p := find(t, name)
		rule, ok := p.Rule(Decision{Rule: "gmail/" + id})
		if !ok {
			t.Errorf("%s has no rule %s", p, id)
			continue
		}
		all := fits(p, rule, rows[rule.Catalogue], len(clients()))
		from, to := 99, 0
		for _, f := range all {
			var fam string
			var n int
			if _, err := fmt.Sscanf(f, "%1s/%d", &fam, &n); err != nil {
				t.Fatal(err)
			}
			if fam == tt.family {
				from, to = min(from, n), max(to, n)
			}
		}
		if from != tt.from || to != tt.to {
			t.Errorf("%s: row %s has the breaks of IPv%s addresses of %d to %d columns, want %d to %d",
				tt.rule, rule.Catalogue, tt.family, from, to, tt.from, tt.to)
		}
	}
}

// TestWrapCatalogue takes the breaks out of every Gmail reply of the catalogue and
// lets wrap make them again, for some length of address and domain.
func TestWrapCatalogue(t *testing.T) {
	exceptions := map[string]string{
		"gmail-ptr-2020":         "the web address has no scheme, so its break is data",
		"gmail-ptr-fcrdns-2024":  "a break after the first web address, and a blank before it: data",
		"gmail-unauth-2019":      "the first line has 80 columns: data",
		"gmail-unauth-temp-2023": "the first line has 80 columns: data",
		"gmail-unauth-2023b":     "a list, whose breaks are data",
		"gmail-unauth-2024":      "a list, whose breaks are data",
		"gmail-unauth-2025":      "a list, whose breaks are data",
		"gmail-dmarc-tempfail":   "the catalogue splits the domain; TestWrap has its cut",
		"gmail-rfc2822":          "a break before RFC, where a link was lost",
	}
	for id, r := range rows(t) {
		if r.Receiver != "gmail" || len(r.Lines) < 2 {
			continue
		}
		made := rewrapped(r)
		if reason, ok := exceptions[id]; ok == made {
			t.Errorf("%s: made again: %t, exception %q", id, made, reason)
		}
	}
}

// rewrapped tells whether some lengths of address and domain make the row's breaks.
func rewrapped(r catalogue.Row) bool {
	prefix := fmt.Sprintf("%d-%s ", r.Code, r.Enhanced)
	var want []string
	for _, l := range r.Lines {
		if len(l) < len(prefix) {
			return false // an empty line: a list
		}
		want = append(want, l[len(prefix):])
	}
	text := strings.ReplaceAll(strings.Join(want, " "), " . ", ". ")
	body, tail := strings.CutSuffix(text, " {id} - gsmtp")
	for addr := 7; addr < 40; addr++ {
		for dom := 4; dom < 64; dom++ {
			fill := strings.NewReplacer("{ip}", strings.Repeat("f", addr), "{ip6}", strings.Repeat("f", addr),
				"{domain}", strings.Repeat("d", dom))
			lines := wrap(fill.Replace(body), 79-len(prefix), 79-len(prefix))
			if tail {
				lines[len(lines)-1] += " {id} - gsmtp"
			}
			if slices.Equal(lines, strings.Split(fill.Replace(strings.Join(want, "\n")), "\n")) {
				return true
			}
		}
	}
	return false
}
