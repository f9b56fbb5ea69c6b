package profile

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

// A row is one reply of the catalogue in testdata.
type row struct {
	ID, Receiver, IP string
	Code             int
	Enhanced         string
	Lines            []string
	LineBreaks       string `yaml:"line_breaks"`
	Exact            bool
}

func catalogue(t *testing.T) map[string]row {
	t.Helper()
	src, err := os.ReadFile("testdata/replies.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Replies []row }
	if err := yaml.NewDecoder(bytes.NewReader(src)).Decode(&file); err != nil {
		t.Fatal(err)
	}
	rows := make(map[string]row, len(file.Replies))
	for _, r := range file.Replies {
		rows[r.ID] = r
	}
	return rows
}

// wire fills a row's placeholders.
func (r row) wire(p *Profile, v Vars) []string {
	fill := strings.NewReplacer(
		"{ip}", v.Client.String(), "{ip6}", v.Client.String(), "{domain}", v.domain(),
		"{helo}", v.Helo, "{rcpt}", v.Rcpt, "{sender}", v.From, "{rcpt-domain}", p.expand("{rcpt-domain}", v),
		"{id}", p.expand("{id}", v), "{queue-id}", p.expand("{queue-id}", v), "{host}.comcast.net", p.hostname,
	)
	out := make([]string, len(r.Lines))
	for i, l := range r.Lines {
		out[i] = fill.Replace(l)
		// The catalogue notes that an empty line is code and status and a blank.
		if r.Enhanced != "" && strings.HasSuffix(l, r.Enhanced) {
			out[i] += " "
		}
	}
	return out
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
// byte for byte, for the first length of the sender's domain that allows any.
func fits(p *Profile, rule Rule, r row) (clientsFit []string, domainLength int) {
	lengths := []int{11}
	if strings.Contains(rule.Reply, "{domain}") {
		lengths = nil
		for n := 4; n < 64; n++ {
			lengths = append(lengths, n)
		}
	}
	for _, n := range lengths {
		for _, c := range clients() {
			v := sample()
			v.Client, v.From = c, "me@"+domain(n)
			got, err := p.Refusal(Decision{Rule: p.Name + "/" + rule.ID}, v)
			if err == nil && slices.Equal(got, r.wire(p, v)) {
				clientsFit = append(clientsFit, fmt.Sprintf("%s/%d", family4or6(c), len(c.String())))
			}
		}
		if clientsFit != nil {
			return clientsFit, n
		}
	}
	return nil, 0
}

func family4or6(a netip.Addr) string {
	if a.Is4() {
		return "4"
	}
	return "6"
}

// TestCatalogue holds every exact rule against the row it names.
func TestCatalogue(t *testing.T) {
	rows := catalogue(t)
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
			if c, _ := fits(p, rule, r); c == nil {
				got, err := p.Refusal(Decision{Rule: p.Name + "/" + rule.ID}, sample())
				t.Errorf("%s is not row %s for any client (%v):\n%s", name, r.ID, err, cmp.Diff(r.wire(p, sample()), got))
			}
		}
	}
}

// TestAddressLengths states which lengths of a client's address make the breaks of
// each wording that begins with the address: the length that the sender of the
// stored bounce had.
func TestAddressLengths(t *testing.T) {
	rows := catalogue(t)
	for _, tt := range []struct {
		profile, family string
		from, to        int // columns
	}{
		{"gmail@2013-unsolicited", "6", 26, 30}, // 25 would do; the log's has 30
		{"gmail@2014", "6", 12, 16},
		{"gmail@2015", "6", 17, 20},
		{"gmail@2016", "6", 26, 32}, // 33 and 34 would do, but no test address has them
		{"gmail@2017", "4", 11, 11}, // also shorter ones, which documentation ranges lack
		{"gmail@2020", "6", 17, 21},
		{"gmail@2022", "4", 11, 14},
		{"gmail@2023", "4", 11, 14},
		{"gmail@2024", "4", 11, 14},
	} {
		p := find(t, tt.profile)
		rule, _ := p.Rule(Decision{Rule: "gmail/ptr-missing"})
		all, _ := fits(p, rule, rows[rule.Catalogue])
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
				p, rule.Catalogue, tt.family, from, to, tt.from, tt.to)
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
	for id, r := range catalogue(t) {
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
func rewrapped(r row) bool {
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
