package fakemx_test

import (
	"bufio"
	"io"
	"slices"
	"strings"
	"testing"

	"strictmx/fakemx"
	"strictmx/fakemx/check"
	"strictmx/fakemx/profile"
	"strictmx/internal/mail"
)

func TestPostfixRulesFire(t *testing.T) {
	fire(t, []string{"postfix", "postfix-strict", "postfix-full", "postfix-tls", "postscreen", "addy"}, []firing{
		{rule: "postfix-strict/client-unknown", world: nameless},
		{rule: "postfix-strict/client-unknown", world: astray},
		{rule: "postfix-strict/client-unknown", world: broken(nil, "203.0.113.10", "PTR")},
		{rule: "postfix-strict/helo-not-qualified", helo: "mail"},
		{rule: "postfix-strict/helo-unknown", helo: "absent.example.com"},

		{rule: "postfix-full/connections", open: rep("203.0.113.10", 50)},
		{rule: "postfix-full/message-rate", earlier: rep("203.0.113.10", 20)},
		{rule: "postfix-full/plaintext", plain: true},
		{rule: "postfix-full/client-listed", world: map[string]string{
			"zen.spamhaus.org.zone": "10.113.0.203 A 127.0.0.2\n10.113.0.203 TXT \"https://check.spamhaus.org/sbl/\"\n",
		}},
		{
			// A list that refuses the resolver counts where its answers are not told apart.
			rule: "postfix-full/client-listed",
			world: map[string]string{
				"zen.spamhaus.org.zone": "10.113.0.203 A 127.255.255.254\n10.113.0.203 TXT \"https://check.spamhaus.org/returnc/pub/\"\n",
			},
			says: "554 5.7.1 Service unavailable; Client host [203.0.113.10] blocked using zen.spamhaus.org; https://check.spamhaus.org/returnc/pub/",
		},
		{rule: "postfix-full/reverse-name-missing", world: nameless},
		{rule: "postfix-full/reverse-name-missing", world: nameless, client: "2001:db8::10"},
		{rule: "postfix-full/reverse-name-missing", world: broken(nil, "203.0.113.10", "PTR")},
		{rule: "postfix-full/client-unknown", world: astray},
		{rule: "postfix-full/client-unknown", world: otherPTR, client: "2001:db8::10"},
		{rule: "postfix-full/helo-invalid", helo: "mail..example.com"},
		{rule: "postfix-full/helo-not-qualified", helo: "mail"},
		{rule: "postfix-full/helo-unknown", helo: "absent.example.com"},
		{rule: "postfix-full/helo-unknown", helo: "broken.example.com", world: broken(nil, "broken.example.com", "A")},
		{rule: "postfix-full/sender-not-qualified", from: "me@host"},
		{rule: "postfix-full/sender-null-mx", world: sendsOnly},
		{rule: "postfix-full/sender-domain", from: "me@absent.example.com"},
		{rule: "postfix-full/sender-domain", world: broken(nil, "example.com", "MX")},
		{rule: "postfix-full/relay-denied", seed: listedAs("foreign", "@example.net")},
		{rule: "postfix-full/user-unknown", seed: nobody},
		{rule: "postfix-full/multi-recipient-bounce", from: "<>", to: recipients(2)},
		{rule: "postfix-full/bare-lf", content: wellContent + "A line{lf}and another.\n"},

		{rule: "postfix-tls/starttls-first", plain: true},

		{rule: "postscreen/client-listed", world: onDNSBL("zen.spamhaus.org", "127.0.0.4")},
		{rule: "postscreen/new-client"},

		{rule: "addy/ptr-missing", world: nameless, client: "2001:db8::10"},
	}, "postfix-full/early-talker", "postscreen/early-talker")
}

// envelope begins a session that is said at once (RFC 2920).
const envelope = "EHLO mail.example.com\r\nMAIL FROM:<me@example.com>\r\nRCPT TO:<you@example.net>\r\n"

// TestEarlyTalkersAreRefused fires the rules for clients that do not wait.
func TestEarlyTalkersAreRefused(t *testing.T) {
	for _, name := range []string{"postfix-full", "postscreen"} {
		t.Run(name, func(t *testing.T) {
			p, rule := ruleOf(t, name, "early-talker")
			f := firing{rule: name + "/early-talker", plain: true}.withDefaults()
			var attempts []mail.Attempt
			srv := &fakemx.Server{
				Profile: p, Resolver: f.zones(t).Resolver(p.Name, nil), State: check.NewState(),
				Record: func(a mail.Attempt) { attempts = append(attempts, a) },
			}
			exchange(t, srv, envelope, "QUIT\r\n")
			if len(attempts) == 0 {
				t.Fatal("no attempt")
			}
			f.judge(t, p, rule, attempts)
		})
	}
}

// exchange says something before the greeting and more after it, and gives the
// lines that the server says.
func exchange(t *testing.T, srv *fakemx.Server, early, said string) []string {
	t.Helper()
	conn, wait := dialSaying(t, t.Context(), srv, client, early)
	defer wait()
	defer conn.Close()
	r := bufio.NewReader(conn)
	greeting, err := r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, said); err != nil {
		t.Logf("the client saw: %v", err) // a server that has refused hangs up
	}
	rest, err := io.ReadAll(r)
	if err != nil {
		t.Logf("the client saw: %v", err)
	}
	return strings.Split(strings.TrimSuffix(greeting+string(rest), "\r\n"), "\r\n")
}

func ruleOf(t *testing.T, name, id string) (*profile.Profile, profile.Rule) {
	t.Helper()
	p, err := profile.Builtin().Find(name)
	if err != nil {
		t.Fatal(err)
	}
	rule, ok := p.Rule(profile.Decision{Rule: p.Name + "/" + id})
	if !ok {
		t.Fatalf("%s has no rule %s", p, id)
	}
	return p, rule
}

// softwareSays are the rows that are replies of the dialogue.
var softwareSays = []struct {
	row      string
	profiles []string
	limits   fakemx.Limits
	said     string
}{
	{"pf-ok", []string{"postfix", "postfix-strict"}, fakemx.Limits{}, envelope + "DATA\r\nHello.\r\n.\r\nQUIT\r\n"},
	{"pf-bare-lf", []string{"postfix", "postfix-strict", "postfix-full"}, fakemx.Limits{}, "EHLO mail.example.com\nQUIT\r\n"},
	{"pf-size", []string{"postfix", "postfix-strict", "postfix-full"}, fakemx.Limits{}, "EHLO mail.example.com\r\nMAIL FROM:<me@example.com> SIZE=10240001\r\nQUIT\r\n"},
	{
		"pf-too-many-rcpt",
		[]string{"postfix", "postfix-strict"},
		fakemx.Limits{Recipients: 1},
		envelope + "RCPT TO:<other@example.net>\r\nQUIT\r\n",
	},
}

// TestSoftwareSays holds the reply before that to QUIT against the row.
func TestSoftwareSays(t *testing.T) {
	all, err := rows()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range softwareSays {
		for _, name := range tt.profiles {
			t.Run(tt.row+"/"+name, func(t *testing.T) {
				p, err := profile.Builtin().Find(name)
				if err != nil {
					t.Fatal(err)
				}
				srv := &fakemx.Server{Profile: p, Resolver: firing{}.withDefaults().zones(t).Resolver(p.Name, nil), Limits: tt.limits}
				lines := exchange(t, srv, "", tt.said)
				if len(lines) < 3 {
					t.Fatalf("the server said %q", lines)
				}
				row := all[tt.row]
				if diff := row.Compare(lines[len(lines)-2:len(lines)-1], map[string]string{"{host}": p.Hostname()}); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// softwareGroups are the groups of the catalogue that this file fires.
var softwareGroups = []string{"postfix"}

// TestEverySoftwareRowIsThere looks for the rows that no rule and no reply of the
// dialogue has, and for rules that claim to be more than their row.
func TestEverySoftwareRowIsThere(t *testing.T) {
	all, err := rows()
	if err != nil {
		t.Fatal(err)
	}
	have := make(map[string]bool)
	for _, p := range profile.Builtin().Profiles() {
		for _, r := range p.Rules {
			row := all[r.Catalogue]
			have[r.Catalogue] = have[r.Catalogue] || r.Exact == row.Exact
			if slices.Contains(softwareGroups, row.Receiver) && r.Scripted != (row.Deterministic == "reputation") {
				t.Errorf("%s/%s: scripted %t; the row says %s", p, r.ID, r.Scripted, row.Deterministic)
			}
		}
	}
	for _, s := range softwareSays {
		have[s.row] = true
	}
	for _, r := range all {
		if slices.Contains(softwareGroups, r.Receiver) && !have[r.ID] {
			t.Errorf("row %s is in no table as it is", r.ID)
		}
	}
}
