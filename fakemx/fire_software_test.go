package fakemx_test

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

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

func TestPolicySoftwareRulesFire(t *testing.T) {
	helo := map[string]string{"sender.zone": "$ORIGIN {domain}.\n@ MX 10 mail\nmail {type} {client}\nmail TXT \"v=spf1 -all\"\n"}
	fire(t, []string{"postfix-policy", "rspamd", "sendmail", "exim", "forward-email", "mox"}, []firing{
		{rule: "postfix-policy/spf-helo", from: "<>", world: helo},
		{
			rule: "postfix-policy/spf-sender", world: forbidden,
			says: "550 5.7.1 <you@example.net>: Recipient address rejected: Message rejected due to: SPF fail - not authorized. Please see http://www.openspf.net/Why?s=mfrom;id=me@example.com;ip=203.0.113.10;r=you@example.net",
		},
		{
			rule: "postfix-policy/greylisted",
			says: "450 4.2.0 <you@example.net>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/example.net.html",
		},
		{rule: "postfix-policy/dmarc-reject", world: strict, earlier: rep(client, 1), later: 10 * time.Minute},
		{rule: "postfix-policy/spam", earlier: rep(client, 1), later: 10 * time.Minute},

		{rule: "rspamd/greylisted"},

		{rule: "sendmail/sender-domain", from: "me@absent.example.com"},
		{rule: "sendmail/relay-nameless", world: nameless, seed: listedAs("foreign", "@example.net")},
		{rule: "sendmail/relay-nameless", world: astray, seed: listedAs("foreign", "@example.net")},

		{rule: "exim/ptr-missing", world: nameless},
		{rule: "exim/spf-fail", world: forbidden},

		{rule: "forward-email/spf-permerror", world: tooManyLookups()},

		{rule: "mox/starttls-required", plain: true, says: "530 5.7.0 STARTTLS required for mail delivery"},
	})
}

// tooManyLookups is a world with an SPF record that needs eleven of them (RFC 7208
// section 4.6.4).
func tooManyLookups() map[string]string {
	zone := "$ORIGIN {domain}.\n@ MX 10 mail\nmail {type} {client}\n@ TXT \"v=spf1"
	for i := range 11 {
		zone += fmt.Sprintf("\" \" include:s%d.{domain}", i)
	}
	zone += " -all\"\n"
	for i := range 11 {
		zone += fmt.Sprintf("s%d TXT \"v=spf1 ip4:198.51.100.1 -all\"\n", i)
	}
	return map[string]string{"sender.zone": zone}
}

func TestGatewaysRulesFire(t *testing.T) {
	fire(t, []string{"mimecast", "proofpoint", "barracuda", "cisco", "fireeye", "zerospam"}, []firing{
		{rule: "mimecast/tls-required", plain: true, seed: listedAs("tls-only", "@example.net")},
		{rule: "mimecast/spf-fail", world: forbidden},
		{rule: "mimecast/greylisted"},
		{rule: "mimecast/own-domain", seed: listedAs("own-domain", "example.com"), earlier: rep(client, 1), later: 10 * time.Minute},
		{rule: "mimecast/dmarc-reject", world: strict, earlier: rep(client, 1), later: 10 * time.Minute},

		{rule: "proofpoint/client-blocked", seed: listedAs("ipcheck", "203.0.113.0/24")},
		{rule: "proofpoint/client-listed", world: onDNSBL("prs.proofpoint.com", "127.0.0.2")},
		{rule: "proofpoint/dmarc-reject", world: strict},

		{rule: "barracuda/greylisted"},
		{rule: "barracuda/blocked", earlier: rep(client, 1), later: 10 * time.Minute},

		{
			rule: "cisco/poor-reputation", seed: listedAs("sbrs", "203.0.113.10"),
			says: "554-esa1.cisco.example\n554 Your access to this mail system has been rejected due to the sending MTA's poor reputation. If you believe that this failure is in error, please contact the intended recipient",
		},

		{rule: "fireeye/dmarc-reject", world: strict},

		{rule: "zerospam/greylisted"},
		{rule: "zerospam/greylisted", from: "other@example.com"},
	})
}

func TestOtherReceiversRulesFire(t *testing.T) {
	fire(t, []string{"linkedin", "freenet", "wp", "ukr-net", "magicspam", "tls-rdns-site", "starttls-site", "amazon-ses"}, []firing{
		{rule: "linkedin/ptr-missing", world: nameless, client: "2001:db8::10"},

		{rule: "freenet/ptr-missing", world: nameless},
		{rule: "freenet/ptr-missing", world: nameless, client: "2001:db8::10"},
		{rule: "freenet/ptr-missing", world: astray},

		{rule: "wp/sender-mx-missing", from: "me@absent.example.com"},
		{rule: "wp/sender-mx-missing", from: "me@mail.example.com"},

		{rule: "ukr-net/sender-unverified", seed: listedAs("unverified", "me@example.com")},

		{rule: "magicspam/ptr-generic", world: dialUp, instead: []string{"{ptr}", "203-0-113-10.dyn.example.com"}},

		{rule: "tls-rdns-site/tls-required", plain: true},
		{rule: "tls-rdns-site/ptr-wrong", world: nameless},
		{rule: "tls-rdns-site/ptr-wrong", world: astray},

		{rule: "starttls-site/tls-required", plain: true},

		{rule: "amazon-ses/signed-twice", content: "DKIM-Signature: v=1; d=example.com; s=x\n" + wellContent, sign: "example.com"},
	})
}

func TestPrivacyProvidersRulesFire(t *testing.T) {
	fire(t, []string{"proton", "improvmx", "cloudflare"}, []firing{
		{rule: "proton/user-unknown", seed: nobody},
		{rule: "improvmx/try-later"},
		{rule: "cloudflare/upstream", seed: listedAs("upstream", "you@example.net")},
	})
}

func TestRussianProvidersRulesFire(t *testing.T) {
	fire(t, []string{"mail-ru", "yandex", "rambler"}, []firing{
		{rule: "mail-ru/rate", earlier: rep(client, 20), says: "421 Try again later (203.0.113.10). Please contact abuse@corp.mail.ru."},
		{rule: "mail-ru/ptr-generic", world: dialUp},
		{rule: "mail-ru/user-unknown", seed: nobody},
		{rule: "mail-ru/dmarc-reject", world: strict},

		{rule: "yandex/user-unknown", seed: nobody},
		{rule: "yandex/recipient-rate", earlier: rep(client, 20)},
		{rule: "yandex/busy"},
		{rule: "yandex/spam", earlier: rep(client, 1), later: 10 * time.Minute},

		{rule: "rambler/rate", earlier: rep(client, 20)},
	})
}

func TestChineseProvidersRulesFire(t *testing.T) {
	fire(t, []string{"qq", "netease"}, []firing{
		{rule: "qq/connection-rate", earlier: rep(client, 20)},
		{rule: "qq/message-rate", earlier: rep(client, 10)},
		{rule: "qq/spf-fail", world: forbidden},
		{rule: "qq/dmarc-reject", world: strict},

		{rule: "netease/spf-fail", world: forbidden, says: "550 MI:SPF"},
		{rule: "netease/dmarc-reject", world: strict, says: "550 MI:DMA"},
		{
			rule: "netease/envelope-differs", content: header("From", "From: me@example.org\n"), says: "554 DT:SUM",
			world: map[string]string{"example.org.zone": "@ MX 10 mail\n"},
		},
	})
}

// TestSoftwareTakesGoodMail has each receiver of this file take the message of
// wellWorld, signed, those with a greylist after ten minutes.
func TestSoftwareTakesGoodMail(t *testing.T) {
	for _, name := range []string{
		"postfix", "postfix-strict", "postfix-full", "postfix-tls", "addy", "sendmail", "exim", "forward-email", "mox",
		"proofpoint", "cisco", "fireeye", "linkedin", "freenet", "wp", "ukr-net", "magicspam", "tls-rdns-site",
		"starttls-site", "amazon-ses", "proton", "cloudflare", "mail-ru", "rambler", "qq", "netease",
	} {
		t.Run(name, func(t *testing.T) { firing{sign: "example.com"}.accepted(t, name) })
	}
	for _, name := range []string{"postscreen", "postfix-policy", "rspamd", "mimecast", "barracuda", "zerospam", "improvmx", "yandex"} {
		t.Run(name, func(t *testing.T) {
			firing{sign: "example.com", earlier: rep(client, 1), later: 10 * time.Minute}.accepted(t, name)
		})
	}
}

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
	{"netease-helo", []string{"netease"}, fakemx.Limits{}, "EHLO\r\nQUIT\r\n"},
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
var softwareGroups = []string{"postfix", "policy-software", "gateways", "others", "privacy", "russia", "china"}

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
