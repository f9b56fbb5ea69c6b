package lab

import (
	"cmp"
	"fmt"
	"net/netip"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"strictmx/internal/mail"
	"strictmx/internal/verdict"
	"strictmx/scenarios"
)

// Every case of the corpus passes in process, or is skipped for a reason. The
// golden file lists the skipped ones, so that none leaves the ring unnoticed.
func TestCorpusInProcess(t *testing.T) {
	var skipped strings.Builder
	r := Runner{Parallel: runtime.NumCPU()}
	for _, cases := range r.Run(t.Context(), worksOf(t, embedded(t)...)) {
		for _, f := range cases {
			name := f.Prepared.Scenario.Name + "/" + f.Case.Name
			switch f.Result {
			case verdict.Pass:
			case verdict.Skipped:
				fmt.Fprintf(&skipped, "%s: %s\n", name, f.Reason)
				if f.Reason == "" {
					t.Errorf("%s is skipped without a reason", name)
				}
			default:
				t.Errorf("%s: %s %s %v %v", name, f.Result, f.Reason, f.Mismatches, f.Err)
			}
		}
	}
	goldenFile(t, "skipped.txt", skipped.String())
}

// judgedAs runs a case in process and compares what was seen with its own wants.
func judgedAs(t *testing.T, sc *scenarios.Scenario, c scenarios.Case) []verdict.Mismatch {
	t.Helper()
	p, err := Prepare(sc, c, debian)
	if err != nil {
		t.Fatal(err)
	}
	if why := Unprovable(p); why != "" {
		t.Fatalf("%s/%s cannot be run in process: %s", sc.Name, c.Name, why)
	}
	rec, err := InProcess(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return verdict.Judge(WithoutNotices(c), verdict.Observed{
		Deliveries: rec.Deliveries, Attempts: rec.Attempts, Questions: rec.Questions,
	})
}

// provable tells whether the in-process ring runs the case.
func provable(t *testing.T, sc *scenarios.Scenario, c scenarios.Case) bool {
	t.Helper()
	p, err := Prepare(sc, c, debian)
	if err != nil {
		t.Fatal(err)
	}
	return Unprovable(p) == ""
}

// What a cure has beside its baseline is what cures, be it lines, time to wait or what
// a receiver is told: in the world of its baseline, its wants are not met.
func TestCuresNeedTheirLines(t *testing.T) {
	cures := 0
	for _, sc := range embedded(t) {
		for _, c := range sc.Cases {
			if c.Cures == "" || !provable(t, sc, c) || !provable(t, sc, caseOf(t, sc, c.Cures)) {
				continue
			}
			cures++
			base := caseOf(t, sc, c.Cures)
			base.Want = c.Want
			if got := judgedAs(t, sc, base); len(got) == 0 {
				t.Errorf("%s: in the world of %s all is as %s wants, which then cures nothing", sc.Name, base.Name, c.Name)
			}
		}
	}
	if cures == 0 {
		t.Error("no cure of the corpus runs in process")
	}
}

// What a cure wants tells it from the case that it cures, and from those that do
// not cure it: those are mismatches when judged by the cure's wants.
func TestWantsTellCuresApart(t *testing.T) {
	judged := 0
	for _, sc := range embedded(t) {
		for _, cure := range sc.Cases {
			if cure.Cures == "" {
				continue
			}
			for _, ill := range sc.Cases {
				if ill.Name != cure.Cures && ill.FailsToCure != cure.Cures || !provable(t, sc, ill) {
					continue
				}
				judged++
				ill.Want = cure.Want
				if got := judgedAs(t, sc, ill); len(got) == 0 {
					t.Errorf("%s: %s is as %s wants it", sc.Name, ill.Name, cure.Name)
				}
			}
		}
	}
	if judged == 0 {
		t.Error("nothing was judged")
	}
}

// Where a case has faults or closed addresses that its baseline does not have, they
// are what makes it: without them its wants are not met.
func TestFaultsMatter(t *testing.T) {
	judged := 0
	for _, sc := range embedded(t) {
		for _, c := range sc.Cases {
			if len(c.Faults)+len(c.Down)+len(c.Silent) == 0 || !provable(t, sc, c) {
				continue
			}
			if of := cmp.Or(c.Cures, c.FailsToCure); of != "" {
				base := caseOf(t, sc, of)
				if reflect.DeepEqual([]any{c.Faults, c.Down, c.Silent}, []any{base.Faults, base.Down, base.Silent}) {
					continue
				}
			}
			judged++
			c.Faults, c.Down, c.Silent = nil, nil, nil
			if got := judgedAs(t, sc, c); len(got) == 0 {
				t.Errorf("%s/%s is as wanted without its faults", sc.Name, c.Name)
			}
		}
	}
	if judged == 0 {
		t.Error("nothing was judged")
	}
}

func TestUnprovable(t *testing.T) {
	const zone = "-- dns/example.com.zone --\n"
	own := func(settings string) string {
		return changed(t, "-- green/dns/ptr --\n2001:db8::10  mail.example.com\n", "-- green/postfix/main.cf --\n"+settings+"\n")
	}
	for _, tt := range []struct {
		about, text, name, want string
	}{
		{"as it is", story, "red", ""},
		{"a cure in DNS", story, "green", ""},
		{"a case's own main.cf", own("inet_protocols = ipv4, ipv6\nsmtp_tls_security_level = none"), "green", ""},
		{"one that does more", own("inet_protocols = ipv4\nsmtp_skip_5xx_greeting = no\nbiff = no"), "green", "smtp_skip_5xx_greeting"},
		{"one that is about what the base may set", own("mynetworks = 203.0.113.0/24"), "green", "mynetworks"},
		{"one that wants more of TLS", own("smtp_tls_security_level = encrypt"), "green", "smtp_tls_security_level"},
		{"one that refers to others", own("smtp_address_preference = $inet_protocols"), "green", "smtp_address_preference"},
		{"one with a table", own("inet_protocols = ipv4\n-- green/postfix/x --\nx"), "green", "postfix/x"},
		{"a better one than the base's", strings.Replace(own("smtp_tls_security_level = may"),
			"smtp_address_preference = ipv6", "smtp_tls_security_level = encrypt", 1), "green", ""},
		{"a domain of the host's own", changed(t, "smtp_address_preference = ipv6",
			"mydestination = $myhostname, gmail.com"), "red", "you@gmail.com"},
		{"a host's name that is a receiver's domain", own("myhostname = gmail.com"), "green", "you@gmail.com"},
		{"the base's main.cf does more", changed(t, "smtp_address_preference = ipv6",
			"smtp_skip_5xx_greeting = no"), "red", "smtp_skip_5xx_greeting"},
		{
			"master.cf", changed(t, zone, "-- postfix/master.cf --\nsmtp unix - - y - - smtp -o inet_protocols=ipv4\n"+zone),
			"red", "postfix/master.cf",
		},
		{"a recipient of no receiver", changed(t, zone, "-- postfix/virtual --\ngroup@example.com you@gmail.com\n"+zone,
			"smtp_address_preference = ipv6", "virtual_alias_maps = hash:/etc/postfix/virtual",
			"to: you@gmail.com", "to: group@example.com"), "red", "group@example.com"},
		{"a key and no OpenDKIM", changed(t, zone, "-- opendkim/mail.private --\nx\n"+zone), "red", ""},
		{"OpenDKIM", changed(t, zone, "-- opendkim/opendkim.conf --\nMode s\n"+zone), "red", "OpenDKIM"},
		{"a HELO name of other parameters", changed(t, "smtp_address_preference = ipv6",
			"smtp_helo_name = $mydomain"), "red", "$mydomain"},
		{"a HELO name of the host's name", changed(t, "smtp_address_preference = ipv6",
			"smtp_helo_name = out.$myhostname"), "red", ""},
		{"a sender without a domain", changed(t, "from: me@example.com", "from: www-data"), "red", "www-data"},
		{"the null sender", changed(t, "from: me@example.com", `from: "<>"`), "red", ""},
	} {
		got := Unprovable(prepared(t, tt.text, tt.name))
		if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: Unprovable = %q, want %q in it", tt.about, got, tt.want)
		}
	}
}

// An address that is down or silent is passed over, and one that the host has no
// address to reach.
func TestClientPassesOver(t *testing.T) {
	const red = "want: {outcome: bounced, client: ipv6, rule: gmail/ptr-missing}"
	without6 := changed(t, `, ipv6: "2001:db8::10"`, "", "client: ipv6, rule", "rule", "outcome: sent, client: ipv6", "outcome: sent")
	for _, tt := range []struct {
		about, text string
		attempts    int
		tries       int
		outcome     string
	}{
		{"all answer", story, 1, 0, "bounced"},
		{"IPv6 down", changed(t, red, "down: gmail ipv6\n    "+red), 1, 1, "sent"},
		{"IPv6 silent", changed(t, red, "silent: gmail ipv6\n    "+red), 1, 1, "sent"},
		{"all down", changed(t, red, "down: gmail\n    "+red), 0, 4, "deferred"}, // five addresses at most
		{"host without IPv6", without6, 1, 0, "sent"},
		{"host without IPv6 that asks for it", strings.Replace(without6, "smtp_address_preference = ipv6",
			"smtp_address_preference = ipv6\ninet_protocols = all", 1), 1, 1, "sent"},
	} {
		rec, err := InProcess(t.Context(), prepared(t, tt.text, "red"))
		if err != nil || len(rec.Deliveries) != 1 {
			t.Errorf("%s: %d deliveries, %v", tt.about, len(rec.Deliveries), err)
			continue
		}
		d := rec.Deliveries[0]
		if len(rec.Attempts) != tt.attempts || len(d.Tries) != tt.tries || string(d.Outcome) != tt.outcome {
			t.Errorf("%s: %d attempts, tries %v, %s %s, want %d, %d, %s",
				tt.about, len(rec.Attempts), d.Tries, d.Outcome, d.Text, tt.attempts, tt.tries, tt.outcome)
		}
		if noneAnswered := tt.attempts == 0; noneAnswered != (d.Relay == nil) || noneAnswered && d.Status != noAnswer {
			t.Errorf("%s: relay %v, status %s", tt.about, d.Relay, d.Status)
		}
	}
}

// A client that knows one family bounces mail for hosts that have the other alone.
func TestClientFindsNoRecord(t *testing.T) {
	text := changed(t, "gmail.com]}\n", "gmail.com], hosts: [{name: mx6.example.net, addrs: \"2001:db8:7::25\"}]}\n",
		"smtp_address_preference = ipv6", "inet_protocols = ipv4")
	rec, err := InProcess(t.Context(), prepared(t, text, "red"))
	if err != nil || len(rec.Attempts) != 0 || len(rec.Deliveries) != 1 {
		t.Fatalf("%+v, %v, want one delivery and no attempt", rec, err)
	}
	d := rec.Deliveries[0]
	if d.Outcome != mail.Bounced || d.Status.String() != "5.4.4" ||
		!strings.HasSuffix(d.Text, "name=mx6.example.net type=A: Host found but no data record of requested type") {
		t.Errorf("%s %s: %s", d.Outcome, d.Status, d.Text)
	}
}

// Where Postfix may take either family, a case proves one.
func TestChance(t *testing.T) {
	four := mail.Attempt{
		Receiver: "gmail@2014", Client: netip.MustParseAddr("203.0.113.10"), Server: netip.MustParseAddr("198.51.100.26"),
	}
	six := four
	six.Client, six.Server = netip.MustParseAddr("2001:db8::10"), netip.MustParseAddr("2001:db8:25::26")
	strange := six
	strange.Receiver = "strange"
	const setting = "smtp_address_preference = ipv6"
	for _, tt := range []struct {
		about, text string
		attempts    []mail.Attempt
		want        string
	}{
		{"preference", story, []mail.Attempt{four}, ""},
		{"none", changed(t, setting, "smtp_host_lookup = dns"), []mail.Attempt{four}, "Postfix took IPv4 by chance, and nothing is proved for IPv6"},
		{"any", changed(t, setting, "smtp_address_preference = any"), []mail.Attempt{four}, "Postfix took IPv4 by chance"},
		{"both tried", changed(t, setting, "smtp_address_preference = any"), []mail.Attempt{four, six}, ""},
		{"another receiver over the other", changed(t, setting, "smtp_address_preference = any"), []mail.Attempt{four, strange}, "Postfix took IPv4 by chance"},
		{"one family", changed(t, setting, "inet_protocols = ipv4"), []mail.Attempt{four}, ""},
		{"both families named", changed(t, setting, "inet_protocols = ipv4, ipv6"), []mail.Attempt{four}, "Postfix took IPv4 by chance"},
		{
			"the better host has one family", changed(t, setting, "smtp_host_lookup = dns", "gmail.com]}\n",
				"gmail.com], hosts: [{name: a.example.net, pref: 1, addrs: 198.51.100.7}, {name: b.example.net, pref: 2, addrs: \"2001:db8:7::25\"}]}\n"),
			[]mail.Attempt{four},
			"",
		},
		{"nobody reached", changed(t, setting, "smtp_host_lookup = dns"), nil, ""},
		{"the other family down", changed(t, setting, "smtp_host_lookup = dns", "want: {outcome: bounced, client: ipv6",
			"down: gmail ipv6\n    want: {outcome: bounced, client: ipv6"), []mail.Attempt{four}, ""},
	} {
		if got := chance(prepared(t, tt.text, "red"), tt.attempts); !strings.HasPrefix(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", tt.about, got, tt.want)
		}
	}
}

// A cure counts only if its baseline failed as stated in the same run.
func TestRunnerConcludes(t *testing.T) {
	const red, green = "want: {outcome: bounced, client: ipv6, rule: gmail/ptr-missing}", "2001:db8::10  mail.example.com\n"
	for _, tt := range []struct {
		about, text string
		want        []verdict.Result // of red and green
	}{
		{"as it should be", story, []verdict.Result{verdict.Pass, verdict.Pass}},
		{
			"baseline bounced by another rule", changed(t, "gmail/ptr-missing", "gmail/ptr-mismatch"),
			[]verdict.Result{verdict.Mismatched, verdict.Unproven},
		},
		{
			"baseline over the other family", changed(t, red, "down: gmail ipv6\n    "+red),
			[]verdict.Result{verdict.Mismatched, verdict.Unproven},
		},
		{
			"baseline is not ill", changed(t, red, "want: {outcome: deferred}", "-- green", "-- dns/ptr --\n"+green+"-- green"),
			[]verdict.Result{verdict.Mismatched, verdict.Unproven},
		},
		{
			"cure does not cure", changed(t, green, "203.0.113.10  mail.example.com\n"),
			[]verdict.Result{verdict.Pass, verdict.Mismatched},
		},
		{
			"baseline skipped", changed(t, "-- green", "-- red/postfix/main.cf --\nmaximal_backoff_time = 1h\n-- green"),
			[]verdict.Result{verdict.Skipped, verdict.Skipped},
		},
	} {
		var told []string
		r := Runner{Done: func(f *Finished) { told = append(told, f.Case.Name) }}
		var got []verdict.Result
		for _, f := range r.Run(t.Context(), worksOf(t, loadText(t, tt.text)))[0] {
			got = append(got, f.Result)
		}
		if !slices.Equal(got, tt.want) || !slices.Equal(told, []string{"red", "green"}) {
			t.Errorf("%s: red and green are %v, want %v; told of %v", tt.about, got, tt.want, told)
		}
	}
}

// The whole corpus, in process.
func BenchmarkCorpusInProcess(b *testing.B) {
	works := worksOf(b, embedded(b)...)
	r := Runner{Parallel: runtime.NumCPU()}
	ran := 0
	for b.Loop() {
		for _, cases := range r.Run(b.Context(), works) {
			for _, f := range cases {
				if f.Result != verdict.Pass && f.Result != verdict.Skipped {
					b.Fatalf("%s/%s: %s", f.Prepared.Scenario.Name, f.Case.Name, f.Result)
				}
				if f.Result == verdict.Pass {
					ran++
				}
			}
		}
	}
	b.ReportMetric(float64(ran)/float64(b.N), "cases/op")
}
