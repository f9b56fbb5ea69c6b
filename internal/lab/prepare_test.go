package lab

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"strictmx/internal/wire"
	"strictmx/internal/world"
	"strictmx/scenarios"
)

// Everything that is wrong is reported at once, with file and line.
func TestPrepareErrors(t *testing.T) {
	const (
		red = "want: {outcome: bounced, client: ipv6, rule: gmail/ptr-missing}"
		ptr = "-- green/dns/ptr --\n2001:db8::10  mail.example.com\n"
	)
	for _, tt := range []struct {
		about, text string
		want        []string
	}{
		{"unknown label", changed(t, "gmail@2014", "gmail@1999"), []string{"story.txtar:7: ", `"1999"`, "2014"}},
		{"unknown profile", changed(t, "gmail@2014", "gmial", "rule: gmail/", "rule: "), []string{"story.txtar:7: ", "gmial"}},
		{"broken zone", changed(t, "203.0.113.10\n", "203.0.113.999\n"), []string{"story.txtar:17", "203.0.113.999"}},
		{"broken PTR file", changed(t, "2001:db8::10  mail", "2001:db8::1g  mail"), []string{"story.txtar:22", "2001:db8::1g"}},
		{
			"own profile that is none", changed(t, ptr, ptr+"-- profiles/mine.yaml --\nname: mine\nrules: 7\n"),
			[]string{"story.txtar:25:8: want a list of rules"},
		},
		{
			"two receivers, one address", changed(t, "  - {profile: gmail@2014, domains: [gmail.com]}\n",
				"  - {profile: gmail@2014, domains: [gmail.com]}\n  - {name: too, profile: gmail, domains: [googlemail.com]}\n"),
			[]string{"story.txtar:8: ", "receiver gmail and receiver too have the address"},
		},
		{"no such rule", changed(t, "rule: gmail/ptr-missing", "rule: gmail/ptr-mising"), []string{
			"story.txtar:11: no receiver has a rule gmail/ptr-mising: did you mean ptr-missing?",
		}},
		{"no such profile of a rule", changed(t, "rule: gmail/ptr-missing", "rule: gmial/ptr-missing"), []string{
			"story.txtar:11: rule gmial/ptr-missing: no receiver has the profile gmial: did you mean gmail?",
		}},
		{"rule of another version", changed(t, "gmail@2014", "gmail@2017", "rule: gmail/ptr-missing", "rule: gmail/bulk-ptr"), []string{
			"story.txtar:11: no receiver has a rule gmail/bulk-ptr: gmail@2024-bulk",
		}},
		{"row for a rule", changed(t, "rule: gmail/ptr-missing", "rule: gmail-v6-auth-2014"), []string{
			"story.txtar:11: rule gmail-v6-auth-2014 is a row of the catalogue: want the rule that has it, gmail/",
		}},
		{
			"address of the host", changed(t, "gmail.com]}\n", "gmail.com], hosts: [{name: mx.example.net, addrs: 203.0.113.10}]}\n"),
			[]string{"story.txtar:7: the host mail.example.com and receiver gmail have the address 203.0.113.10 both"},
		},
		{
			"no such address is down", changed(t, red, "down: 203.0.113.77\n    "+red),
			[]string{"story.txtar:10: ", `case red: no receiver has an address "203.0.113.77"`},
		},
		{"no such address is silent", changed(t, red, "silent: 203.0.113.77\n    "+red), []string{"story.txtar:10: "}},
		{
			"several at once", changed(t, "gmail@2014", "gmail@1999", "203.0.113.10\n", "203.0.113.999\n"),
			[]string{"story.txtar:7: ", "story.txtar:17"},
		},
	} {
		sc := loadText(t, tt.text)
		selected, err := Select([]*scenarios.Scenario{sc}, "")
		if err != nil {
			t.Fatal(err)
		}
		_, err = PrepareAll(selected, debian)
		if err == nil {
			t.Errorf("%s: no error", tt.about)
			continue
		}
		for _, want := range tt.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v\nwant %q in it", tt.about, err, want)
			}
		}
		lines := strings.Split(err.Error(), "\n")
		slices.Sort(lines)
		if len(slices.Compact(slices.Clone(lines))) < len(lines) {
			t.Errorf("%s: told twice, for two cases:\n%v", tt.about, err)
		}
	}
}

// A scenario gives a receiver hosts in the place of its profile's.
func TestPrepareHosts(t *testing.T) {
	p := prepared(t, changed(t, "gmail.com]}\n", "gmail.com], hosts: [{name: mx.example.net, addrs: [198.51.100.7, \"2001:db8:7::25\"]}]}\n"), "green")
	want := []wire.MXHost{{Name: "mx.example.net.", Pref: 10, Addrs: []netip.Addr{
		netip.MustParseAddr("198.51.100.7"), netip.MustParseAddr("2001:db8:7::25"),
	}}}
	if diff := cmp.Diff(want, p.Plan.Receivers[0].Hosts, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Error(diff)
	}
	w, err := world.Build(p.Plan, world.Hooks{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := w.Zones.Resolver("mta", nil).Resolve(t.Context(), "gmail.com", "MX")
	if err != nil || len(a.Records) != 1 || a.Records[0].Text != "mx.example.net." {
		t.Errorf("MX of gmail.com: %v, %v", a, err)
	}
}

// The plan of the story's cure, in full.
func TestPrepare(t *testing.T) {
	p := prepared(t, story, "green")
	addr := netip.MustParseAddr
	wantHost := wire.Host{Name: "mail.example.com", IPv4: addr("203.0.113.10"), IPv6: addr("2001:db8::10")}
	if d := cmp.Diff(wantHost, p.Plan.Host, cmpopts.EquateComparable(netip.Addr{})); d != "" {
		t.Errorf("host: %s", d)
	}
	var names []string
	for _, r := range p.Plan.Receivers {
		names = append(names, r.Name+" "+r.Profile+" "+strings.Join(r.Domains, ","))
		if wantKeep := r.Name == "sender"; r.Keep != wantKeep {
			t.Errorf("receiver %s: Keep = %t", r.Name, r.Keep)
		}
	}
	if want := []string{"gmail gmail@2014 gmail.com", "sender postfix example.com"}; !slices.Equal(names, want) {
		t.Errorf("receivers %q, want %q", names, want)
	}
	var zones []string
	for _, z := range p.Plan.Zones {
		if !z.Default {
			zones = append(zones, z.Origin+" "+z.Text)
		}
	}
	want := []string{
		"example.com. @     TXT   \"v=spf1 a:mail.example.com -all\"\nmail  A     203.0.113.10\n      AAAA  2001:db8::10\n",
		" 2001:db8::10  mail.example.com\n",
	}
	if d := cmp.Diff(want, zones); d != "" {
		t.Errorf("zones: %s", d)
	}
	main := p.Setup.Files["main.cf"]
	for _, line := range []string{"myhostname = mail.example.com", "smtp_address_preference = ipv6"} {
		if !slices.Contains(strings.Split(main, "\n"), line) {
			t.Errorf("main.cf lacks %q:\n%s", line, main)
		}
	}
	if p.Setup.Hostname != "mail.example.com" || len(p.Setup.DNS) != 2 {
		t.Errorf("setup of %s with DNS servers %v", p.Setup.Hostname, p.Setup.DNS)
	}
}

// A sender's domain that has an MX, or is a receiver's, gets no receiver of its own.
func TestCapture(t *testing.T) {
	for _, tt := range []struct {
		about, text string
		keep        string // receivers whose content is kept
	}{
		{"nobody's domain", story, "sender(example.com)"},
		{"a receiver's domain", changed(t, "from: me@example.com", "from: me@gmail.com"), "gmail(gmail.com)"},
		{"a domain with MX", changed(t, "      AAAA", "@     MX    10 mail\nmail  AAAA"), ""},
		{"the null sender", changed(t, "from: me@example.com", `from: ""`), ""},
		{"letter case", changed(t, "from: me@example.com", "from: me@EXAMPLE.com"), "sender(example.com)"},
	} {
		var keep []string
		for _, r := range prepared(t, tt.text, "red").Plan.Receivers {
			if r.Keep {
				keep = append(keep, r.Name+"("+strings.Join(r.Domains, ",")+")")
			}
		}
		if got := strings.Join(keep, " "); got != tt.keep {
			t.Errorf("%s: content is kept by %q, want %q", tt.about, got, tt.keep)
		}
	}
}

// The receivers are gmail.com with two addresses of each family and example.net
// with one of IPv4.
func TestCloseDoor(t *testing.T) {
	addr := netip.MustParseAddr
	world := func() []wire.Receiver {
		return []wire.Receiver{
			{Name: "gmail", Hosts: []wire.MXHost{
				{Addrs: []netip.Addr{addr("198.51.100.26"), addr("2001:db8:1::1a")}},
				{Addrs: []netip.Addr{addr("198.51.100.27"), addr("2001:db8:2::1a")}},
			}},
			{Name: "other", Hosts: []wire.MXHost{{Addrs: []netip.Addr{addr("198.51.100.30")}}}},
		}
	}
	for _, tt := range []struct {
		e    scenarios.Endpoint
		want string // the addresses that are down; empty: error
	}{
		{scenarios.Endpoint{Receiver: "gmail"}, "198.51.100.26 2001:db8:1::1a 198.51.100.27 2001:db8:2::1a"},
		{scenarios.Endpoint{Receiver: "gmail", Family: "ipv4"}, "198.51.100.26 198.51.100.27"},
		{scenarios.Endpoint{Receiver: "gmail", Family: "ipv6"}, "2001:db8:1::1a 2001:db8:2::1a"},
		{scenarios.Endpoint{Addr: addr("198.51.100.30")}, "198.51.100.30"},
		{scenarios.Endpoint{Receiver: "other", Family: "ipv6"}, ""},
		{scenarios.Endpoint{Addr: addr("198.51.100.31")}, ""},
		{scenarios.Endpoint{Receiver: "nobody"}, ""},
	} {
		receivers := world()
		c := scenarios.Case{Name: "c", Down: []scenarios.Endpoint{tt.e}, At: scenarios.Position{File: "f", Line: 3}}
		err := closeDoors(receivers, c)
		var down []string
		for _, r := range receivers {
			for _, a := range r.Down {
				down = append(down, a.String())
			}
			if len(r.Silent) > 0 {
				t.Errorf("down: %s: silent are %v", endpointText(tt.e), r.Silent)
			}
		}
		got := strings.Join(down, " ")
		if got != tt.want || (err != nil) != (tt.want == "") || err != nil && !strings.HasPrefix(err.Error(), "f:3: case c: ") {
			t.Errorf("down: %s closes %q, %v, want %q", endpointText(tt.e), got, err, tt.want)
		}
	}
}

func TestMaps(t *testing.T) {
	sources := map[string]string{"virtual": "", "transport": "", "other": "", "a.b-c_d": ""}
	for _, tt := range []struct{ main, master, want string }{
		{"virtual_alias_maps = hash:/etc/postfix/virtual", "", "hash:virtual"},
		{"transport_maps = lmdb:$config_directory/transport", "", "lmdb:transport"},
		{"transport_maps = btree:${config_directory}/transport", "", "btree:transport"},
		{"", "smtp unix - - y - - smtp -o transport_maps=hash:/etc/postfix/transport", "hash:transport"},
		{"a = hash:/etc/postfix/virtual, hash:/etc/postfix/other", "b = hash:/etc/postfix/virtual", "hash:other hash:virtual"},
		{"a = hash:/etc/postfix/a.b-c_d", "", "hash:a.b-c_d"},
		{"a = hash:/etc/postfix/missing", "", ""},     // no source: Postfix itself shall say so
		{"a = hash:/etc/aliases", "", ""},             // not ours
		{"a = texthash:/etc/postfix/virtual", "", ""}, // read as it is
		{"a = regexp:/etc/postfix/virtual", "", ""},   // likewise
		{"a = proxy:hash:/etc/postfix/virtual", "", "hash:virtual"},
	} {
		files := map[string]string{"main.cf": tt.main, "master.cf": tt.master}
		for name, text := range sources {
			files[name] = text
		}
		if got := strings.Join(maps(files), " "); got != tt.want {
			t.Errorf("maps(%q, %q) = %s, want %s", tt.main, tt.master, got, tt.want)
		}
	}
}

func TestCutDomain(t *testing.T) {
	for _, tt := range []struct {
		addr, local, domain string
		ok                  bool
	}{
		{"me@Example.COM", "me", "example.com", true},
		{`"a@b"@example.com`, `"a@b"`, "example.com", true},
		{"", "", "", false},
		{"me", "me", "", false},
		{"me@", "me@", "", false},
	} {
		local, domain, ok := cutDomain(tt.addr)
		if local != tt.local || domain != tt.domain || ok != tt.ok {
			t.Errorf("cutDomain(%q) = %q, %q, %t", tt.addr, local, domain, ok)
		}
	}
}
