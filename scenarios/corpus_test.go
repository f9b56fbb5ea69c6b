package scenarios

import (
	"io/fs"
	"maps"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"strictmx/internal/mail"
)

func corpus(t *testing.T) []*Scenario {
	t.Helper()
	all, err := LoadAll(Embedded())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A scenario shows something by contrast: its cases end in different ways. One
// that does not says why here.
var oneOutcome = map[string]string{}

func TestCorpusShowsContrast(t *testing.T) {
	for _, sc := range corpus(t) {
		seen := map[mail.Outcome]bool{}
		for _, c := range sc.Cases {
			for _, w := range c.Want {
				seen[w.Outcome] = true
			}
		}
		if (len(seen) < 2) != (oneOutcome[sc.Name] != "") {
			t.Errorf("%s shows %v: want two outcomes, or a reason in oneOutcome, not both", sc.Name, slices.Sorted(maps.Keys(seen)))
		}
	}
}

// What every scenario of ours has.
func TestCorpusConventions(t *testing.T) {
	for _, sc := range corpus(t) {
		if !shortName.MatchString(sc.Name) {
			t.Errorf("%s: want a name of lower-case letters, digits and hyphens", sc.Name)
		}
		if strings.HasSuffix(sc.Title, ".") || len(sc.Title) > 70 {
			t.Errorf("%s: title %q: want at most 70 characters and no full stop", sc.Name, sc.Title)
		}
		first, rest, _ := strings.Cut(sc.About, "\n")
		if !strings.HasSuffix(first, ".") || !strings.HasPrefix(rest, "\n") || len(rest) < 100 {
			t.Errorf("%s: want a text before scenario.yaml that begins with one sentence, a blank line, and explains", sc.Name)
		}
		for _, c := range sc.Cases {
			conventions(t, sc, c)
		}
	}
}

func conventions(t *testing.T, sc *Scenario, c Case) {
	t.Helper()
	at := sc.Name + "/" + c.Name
	for _, b := range sc.Cases {
		if b.Name == c.Cures+c.FailsToCure && reflect.DeepEqual(worldOf(c), worldOf(b)) {
			t.Errorf("%s cures or does not cure, but changes nothing", at)
		}
	}
	for _, w := range c.Want {
		if w.Outcome == mail.Sent || c.Cures != "" {
			continue
		}
		if w.Attempts != nil && w.Rule == "" { // Postfix gives up by itself
			if w.Status.IsZero() || w.Text == "" {
				t.Errorf("%s: what no receiver refuses is wanted by status, text and attempts, or it may be for another reason", at)
			}
			continue
		}
		if w.Stage == nil || w.Rule == "" || w.Status.IsZero() {
			t.Errorf("%s: a refusal is wanted by stage, rule and status, or it may be another one", at)
		}
		if sc.Host.IPv4.IsValid() && sc.Host.IPv6.IsValid() && w.Client == "" {
			t.Errorf("%s: a refusal is wanted by client, or it may be that of the other family", at)
		}
	}
	// Without a preference Postfix takes IPv6 or IPv4 at random.
	if text := c.Files[mainCFPath].Text; sc.Host.IPv4.IsValid() && sc.Host.IPv6.IsValid() &&
		!strings.Contains(text, "smtp_address_preference") && !strings.Contains(text, "inet_protocols") {
		t.Errorf("%s: want smtp_address_preference in main.cf", at)
	}
}

// worldOf is what a case puts in, without what it wants out.
func worldOf(c Case) Case {
	return Case{
		Messages: c.Messages, Down: c.Down, Silent: c.Silent, Faults: c.Faults, Seeds: c.Seeds, Waits: c.Waits, Files: c.Files,
	}
}

var (
	documentation = []netip.Prefix{
		netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("3fff::/20"),
		netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("198.51.100.0/24"),
		netip.MustParsePrefix("127.0.0.0/8"), // what DNS lists answer (RFC 5782 section 2.1)
	}
	ipLike     = regexp.MustCompile(`[0-9]+(?:\.[0-9]+){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*`)
	exampleTLD = regexp.MustCompile(`(^|\.)(example|invalid|test|localhost|example\.(com|net|org))$`)
	// providers are real domains that some receiver serves in our scenarios.
	providers = []string{
		"comcast.net", "freenet.de", "gmail.com", "gmx.de", "icloud.com", "outlook.com", "t-online.de", "web.de", "yahoo.com",
	}
)

// backwards is an IPv4 address as the names of DNS lists have it (RFC 5782 section 2.1).
func backwards(a netip.Addr) netip.Addr {
	if !a.Is4() {
		return a
	}
	b := a.As4()
	slices.Reverse(b[:])
	return netip.AddrFrom4(b)
}

// Addresses, and domains that are nobody's, are those set aside for documentation
// (RFC 5737, 3849, 9637, 2606).
func TestCorpusAddresses(t *testing.T) {
	names, err := fs.Glob(Embedded(), "*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(Embedded(), name)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range ipLike.FindAllString(strings.ReplaceAll(string(text), "ip6:", ""), -1) {
			a, err := netip.ParseAddr(strings.TrimRight(s, ":"))
			if err != nil {
				continue // a time, or a word with colons
			}
			in := func(p netip.Prefix) bool { return p.Contains(a) || p.Contains(backwards(a)) }
			if !slices.ContainsFunc(documentation, in) {
				t.Errorf("%s: %s is no documentation address", name, a)
			}
		}
	}
	for _, sc := range corpus(t) {
		var domains []string
		domains = append(domains, sc.Host.Name)
		for _, r := range sc.Receivers {
			domains = append(domains, r.Domains...)
		}
		for _, c := range sc.Cases {
			for _, m := range c.Messages {
				for _, a := range append(m.To, m.From) {
					_, d, _ := cutAddress(a)
					domains = append(domains, d)
				}
			}
		}
		for _, d := range domains {
			if d != "" && !exampleTLD.MatchString(d) && !slices.Contains(providers, d) {
				t.Errorf("%s: domain %s: want one that is set aside, or a provider's in the list of this test", sc.Name, d)
			}
		}
	}
}
