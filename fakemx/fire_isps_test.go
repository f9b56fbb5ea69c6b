package fakemx_test

import (
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"strictmx/fakemx"
	"strictmx/fakemx/check"
	"strictmx/fakemx/profile"
	"strictmx/internal/mail"
)

// Worlds that lack one thing, as files that take the place of those of wellWorld.
var (
	nameless = map[string]string{"ptr": ""}
	// astray has a PTR record whose name has another address.
	astray = map[string]string{"ptr": "{client} elsewhere.{domain}\n", "sender.zone": `$ORIGIN {domain}.
@          MX   10 mail
@          TXT  "v=spf1 ip4:203.0.113.0/24 -all"
elsewhere  A    203.0.113.99
`}
	// dialUp has a name with the address in it, which has that address.
	dialUp = map[string]string{"ptr": "{client} 203-0-113-10.dyn.{domain}\n", "sender.zone": `$ORIGIN {domain}.
@                 MX   10 mail
@                 TXT  "v=spf1 ip4:203.0.113.0/24 -all"
mail              A    203.0.113.10
203-0-113-10.dyn  A    203.0.113.10
`}
	forbidden = map[string]string{"sender.zone": `$ORIGIN {domain}.
@     MX      10 mail
@     TXT     "v=spf1 -all"
mail  {type}  {client}
`}
	// unproven has neither SPF nor DKIM, and nobody who asks for them.
	unproven = map[string]string{"sender.zone": `$ORIGIN {domain}.
@     MX      10 mail
mail  {type}  {client}
`}
	// strict has a DMARC policy that SPF and DKIM do not meet.
	strict = map[string]string{"sender.zone": `$ORIGIN {domain}.
@       MX      10 mail
_dmarc  TXT     "v=DMARC1; p=reject"
mail    {type}  {client}
`}
	sendsOnly = map[string]string{"sender.zone": `$ORIGIN {domain}.
@     MX      0 .
@     TXT     "v=spf1 ip4:203.0.113.0/24 -all"
mail  {type}  {client}
`}
)

// broken is a world whose servers do not answer for a name.
func broken(world map[string]string, name, typ string) map[string]string {
	out := maps.Clone(world)
	if out == nil {
		out = make(map[string]string)
	}
	out["faults.yaml"] = "- {name: \"" + name + "\", type: " + typ + ", fault: servfail}\n"
	return out
}

// lameOther is a world with a second domain, whose servers do not answer for its SOA.
var lameOther = broken(map[string]string{"example.org.zone": "@ MX 10 mail.example.com.\n"}, "example.org", "SOA")

// unresolvable is what Yahoo says of a domain of MAIL FROM, and here of one of From.
const unresolvable = "451 Message temporarily deferred due to unresolvable RFC.5321 from domain. See https://senders.yahooinc.com/error-codes#unresolvable-from-domain"

// onDNSBL is a world in which a list has 203.0.113.10.
func onDNSBL(zone, code string) map[string]string {
	return map[string]string{zone + ".zone": "10.113.0.203 A " + code + "\n"}
}

func listedAs(list, entry string) check.Seed {
	return check.Seed{Listed: map[string][]string{list: {entry}}}
}

// nobody and fullBox are the recipient of every firing.
var (
	nobody  = check.Seed{Unknown: []string{"you@example.net"}}
	fullBox = check.Seed{Full: []string{"you@example.net"}}
)

const (
	twoSubjects = "From: Me <me@{domain}>\nTo: you@example.net\nDate: Tue, 24 Nov 2026 10:00:00 +0000\nMessage-ID: <1@{domain}>\nSubject: Hello\nSubject: Again\n\nHello.\n"
	twoFroms    = "From: Me <me@{domain}>\nFrom: You <you@{domain}>\nTo: you@example.net\nDate: Tue, 24 Nov 2026 10:00:00 +0000\nMessage-ID: <1@{domain}>\n\nHello.\n"
	strangeFrom = "From: Me <me@absent.{domain}>\nTo: you@example.net\nDate: Tue, 24 Nov 2026 10:00:00 +0000\nMessage-ID: <1@{domain}>\nSubject: Hello\n\nHello.\n"
	otherFrom   = "From: Me <me@example.org>\nTo: you@example.net\nDate: Tue, 24 Nov 2026 10:00:00 +0000\nMessage-ID: <1@{domain}>\nSubject: Hello\n\nHello.\n"
	noFrom      = "To: you@example.net\nDate: Tue, 24 Nov 2026 10:00:00 +0000\nMessage-ID: <1@{domain}>\nSubject: Hello\n\nHello.\n"
	noHeader    = "From: Me <me@{domain}>\nTo: you@example.net\nDate: Tue, 24 Nov 2026 10:00:00 +0000\nMessage-ID: <1@{domain}>\nthis is no header field\nSubject: Hello\n\nHello.\n"
)

func TestYahooRulesFire(t *testing.T) {
	fire(t, []string{"yahoo", "aol"}, []firing{
		{rule: "yahoo/busy", open: rep("203.0.113.77", 20)},
		{rule: "yahoo/deferred-always", seed: listedAs("deferred", "203.0.113.10")},
		{rule: "yahoo/spamhaus-xbl", world: onDNSBL("zen.spamhaus.org", "127.0.0.4")},
		{rule: "yahoo/spamhaus", world: onDNSBL("zen.spamhaus.org", "127.0.0.2")},
		{rule: "yahoo/spamhaus", world: onDNSBL("zen.spamhaus.org", "127.0.0.10")},
		{rule: "yahoo/volume", earlier: rep("203.0.113.10", 20)},
		{rule: "yahoo/messages-per-connection", before: 10},
		{rule: "yahoo/fcrdns", world: nameless},
		{rule: "yahoo/fcrdns", world: astray},
		{rule: "yahoo/fcrdns-temperror", world: broken(nil, "203.0.113.10", "PTR")},
		{rule: "yahoo/sender-domain", from: "me@absent.example.com"},
		{rule: "yahoo/sender-domain", world: broken(nil, "example.com", "SOA")},
		{rule: "yahoo/sender-domain", from: "me@mail.example.com", world: broken(nil, "example.com", "SOA")},
		{rule: "yahoo/from-domain", content: strangeFrom, says: unresolvable},
		{rule: "yahoo/from-domain", from: "<>", content: strangeFrom, says: unresolvable},
		{rule: "yahoo/from-domain", content: otherFrom, world: lameOther, says: unresolvable},
		{rule: "yahoo/user-unknown", seed: nobody},
		{rule: "yahoo/mailbox-disabled", seed: listedAs("disabled", "you@example.net")},
		{rule: "yahoo/headers-duplicate", content: twoSubjects},
		{rule: "yahoo/headers-duplicate", content: twoFroms},
		{rule: "yahoo/headers-malformed", content: noHeader},
		{rule: "yahoo/dmarc-reject", world: strict},
		{rule: "yahoo/unauthenticated", world: unproven},
		{rule: "yahoo/unauthenticated", world: forbidden},

		{rule: "aol/dynamic-address", seed: listedAs("dynamic", "203.0.113.0/24")},
	})
}

func TestGermanProvidersRulesFire(t *testing.T) {
	fire(t, []string{"t-online", "gmx", "web-de", "mail-com", "ionos"}, []firing{
		{rule: "t-online/listed", seed: listedAs("block-list", "203.0.113.10")},
		{rule: "t-online/unknown-address", seed: listedAs("unknown-address", "203.0.113.10")},
		{rule: "t-online/generic-name", world: dialUp},
		{rule: "t-online/generic-name", world: nameless},

		{rule: "gmx/listed", seed: listedAs("block-list", "203.0.113.10")},
		{rule: "gmx/ptr-missing", world: nameless},
		{rule: "gmx/ptr-missing", world: astray},
		{rule: "gmx/ptr-generic", world: dialUp},
		{rule: "gmx/rate", earlier: rep("203.0.113.10", 20)},
		{rule: "gmx/user-unknown", seed: nobody, row: true},
		{rule: "gmx/mailbox-full", seed: fullBox, says: "552-Requested mail action aborted: exceeded storage allocation\n552 Quota exceeded."},
		{rule: "gmx/spf-fail", world: forbidden},

		{rule: "web-de/listed", seed: listedAs("block-list", "203.0.113.10")},
		{rule: "web-de/ptr-missing", world: nameless},
		{rule: "web-de/ptr-missing", world: astray},
		{rule: "web-de/sender-domain", from: "me@absent.example.com"},
		{rule: "web-de/spf-fail", world: forbidden},
		{rule: "web-de/header-duplicate", content: twoFroms},
		{rule: "web-de/header-from", content: noFrom},

		{
			rule: "mail-com/busy", open: rep("203.0.113.77", 20),
			says: "421-mail.com (mxgmxus004) Nemesis ESMTP Service not available\n421 Requested action aborted: local error in processing",
		},
		{rule: "mail-com/ptr-missing", world: nameless},
		{rule: "mail-com/ptr-missing", world: astray},
		{rule: "mail-com/ptr-generic", world: dialUp},

		{
			rule: "ionos/ptr-missing", world: nameless,
			says: "554-kundenserver.de (mxeue106) Nemesis ESMTP Service not available\n554-No SMTP service\n554 invalid DNS PTR resource record",
		},
		{rule: "ionos/user-unknown", seed: nobody},
	})
}

func TestAppleRulesFire(t *testing.T) {
	fire(t, []string{"icloud"}, []firing{
		{rule: "icloud/proofpoint", seed: listedAs("proofpoint", "203.0.113.10")},
		{rule: "icloud/spamhaus-sbl", world: onDNSBL("zen.spamhaus.org", "127.0.0.2")},
		{rule: "icloud/spamhaus-xbl", world: onDNSBL("zen.spamhaus.org", "127.0.0.4")},
		{rule: "icloud/spamhaus-pbl", world: onDNSBL("zen.spamhaus.org", "127.0.0.11")},
		{rule: "icloud/sender-domain", from: "me@absent.example.com"},
		{rule: "icloud/user-unknown", seed: nobody},
		{rule: "icloud/mailbox-full", seed: fullBox},
		{rule: "icloud/volume", earlier: rep("203.0.113.10", 20)},
		{rule: "icloud/dmarc-reject", world: strict},
		{rule: "icloud/unauthenticated", world: unproven},
	})
}

func TestAmericanProvidersRulesFire(t *testing.T) {
	fire(t, []string{"comcast", "att", "cox", "spectrum"}, []firing{
		{rule: "comcast/listed", seed: listedAs("block-list", "203.0.113.10")},
		{rule: "comcast/dnsbl", world: onDNSBL("zen.spamhaus.org", "127.0.0.4")},
		{rule: "comcast/ptr-missing", world: nameless},
		{rule: "comcast/ptr-temperror", world: broken(nil, "203.0.113.10", "PTR"), says: "421 [Reverse DNS failure : Try again later]"},
		{rule: "comcast/user-unknown", seed: nobody},
		{rule: "comcast/dmarc-reject", world: strict},

		{rule: "att/listed", seed: listedAs("rbl", "203.0.113.10")},
		{rule: "att/ptr-missing", world: nameless},

		{rule: "cox/connections", open: rep("203.0.113.10", 10)},
		{rule: "cox/listed", seed: listedAs("cdrbl", "203.0.113.10")},
		{rule: "cox/ptr-missing", world: nameless},
		{rule: "cox/ptr-missing", world: astray},

		{rule: "spectrum/connections", open: rep("203.0.113.10", 5)},
		{rule: "spectrum/ipv6", client: "2001:db8::10"},
		{rule: "spectrum/ptr-missing", world: nameless},
		{rule: "spectrum/ptr-missing", world: astray},
	})
}

func TestHostersRulesFire(t *testing.T) {
	fire(t, []string{"godaddy", "rackspace", "titan", "ovh", "migadu", "infomaniak", "hostpoint", "zoho"}, []firing{
		{rule: "godaddy/sessions", open: rep("203.0.113.10", 5)},
		{rule: "godaddy/spamhaus-sbl", world: onDNSBL("sbl.spamhaus.org", "127.0.0.2")},
		{rule: "godaddy/ptr-missing", world: nameless},
		{rule: "godaddy/ptr-missing", world: astray},
		{rule: "godaddy/helo-bad", helo: "localhost", says: "501 HELO/EHLO rejected. IB301"},
		{rule: "godaddy/spf-fail", world: forbidden},

		{rule: "rackspace/spamhaus-xbl", world: onDNSBL("sa-ip4tset.blagr.emailsrvr.com", "127.24.0.2")},
		{rule: "rackspace/ptr-missing", world: nameless},
		{rule: "rackspace/new-address", earlier: rep("203.0.113.10", 20)},
		{rule: "rackspace/dmarc-temperror", world: broken(unproven, "_dmarc.example.com", "TXT")},
		{rule: "rackspace/dmarc-reject", world: strict},

		{rule: "titan/null-mx", world: sendsOnly},
		{rule: "titan/spf-fail", world: forbidden},
		{rule: "titan/greylisted"},
		{rule: "titan/greylisted", from: "other@example.com"},

		{rule: "ovh/ptr-missing", world: nameless},
		{rule: "ovh/ptr-missing", world: nameless, client: "203.0.113.110"},

		{rule: "migadu/ptr-missing", world: nameless},
		{rule: "migadu/ptr-missing", world: nameless, client: "2001:db8::10"},

		{rule: "infomaniak/dmarc-reject", world: strict},

		{rule: "hostpoint@2023/spf-fail", world: forbidden},
		{
			rule: "hostpoint@2025/spf-fail", world: forbidden,
			says: "550-SPF check failed: 203.0.113.10 is not allowed to\n550 send mail from example.com",
		},
		{rule: "hostpoint/user-unknown", seed: nobody, says: "550 no such address here"},

		{rule: "zoho/user-unknown", seed: nobody},
		{rule: "zoho/dmarc-reject", world: strict},
	})
}

func TestFrenchProvidersRulesFire(t *testing.T) {
	fire(t, []string{"orange", "laposte", "free-fr"}, []firing{
		{rule: "orange/connections", open: rep("203.0.113.10", 2)},
		{rule: "orange/listed", seed: listedAs("block-list", "203.0.113.10")},
		{rule: "orange/sender-domain", from: "me@absent.example.com"},
		{rule: "orange/spf-fail", world: forbidden},
		{rule: "orange/spf-fail", world: broken(nil, "example.com", "TXT")},
		{rule: "orange/user-unknown", seed: nobody},
		{rule: "orange/dmarc-reject", world: strict, says: "501 5.0.2 Mail rejected. DMARC check failed."},
		{rule: "orange/volume", earlier: rep("203.0.113.10", 20)},

		{rule: "laposte/dnsbl", world: onDNSBL("zen.spamhaus.org", "127.0.0.4")},
		{rule: "laposte/spf-fail", world: forbidden},
		{
			rule: "laposte/dmarc-reject", world: strict,
			says: "571-5.7.1 Message refused, DMARC verification Failed.\n571 5.7.1 Message refuse, verification DMARC en echec LPN007_517",
		},
		{rule: "laposte/dkim-missing", world: unproven},

		{rule: "free-fr/spams", earlier: rep("203.0.113.10", 20)},
	})
}

// TestProvidersTakeGoodMail has each receiver of this file take the message of
// wellWorld, signed: what the firings above are refused for are their own faults.
func TestProvidersTakeGoodMail(t *testing.T) {
	for _, name := range []string{
		"yahoo", "yahoo@2025-deferring", "aol",
		"t-online", "gmx", "web-de", "mail-com", "ionos",
		"icloud",
		"comcast", "att", "cox", "spectrum",
		"godaddy", "rackspace", "ovh", "migadu", "infomaniak", "hostpoint@2023", "hostpoint", "zoho",
		"orange", "laposte", "free-fr",
	} {
		t.Run(name, func(t *testing.T) { firing{sign: "example.com"}.accepted(t, name) })
	}
	// A greylist takes it later.
	t.Run("titan", func(t *testing.T) {
		firing{earlier: rep("203.0.113.10", 1), later: 10 * time.Minute}.accepted(t, "titan")
	})
}

// TestProvidersHaveEveryRow wants each row of the groups of this file to be a rule,
// with the row's own words where they are known. The firings above compare them.
func TestProvidersHaveEveryRow(t *testing.T) {
	all, err := rows()
	if err != nil {
		t.Fatal(err)
	}
	named, exact, scripted := make(map[string]bool), make(map[string]bool), make(map[string]bool)
	for _, p := range profile.Builtin().Profiles() {
		for _, r := range p.Rules {
			named[r.Catalogue] = true
			scripted[r.Catalogue] = r.Scripted
			exact[r.Catalogue] = exact[r.Catalogue] || r.Exact
		}
	}
	count := 0
	for id, r := range all {
		if !slices.Contains([]string{
			"yahoo", "t-online", "united-internet", "apple", "comcast", "us-isps", "hosting", "france",
		}, r.Receiver) {
			continue
		}
		count++
		if !named[id] || exact[id] != r.Exact {
			t.Errorf("row %s: a rule has it: %t, exact: %t, want exact %t", id, named[id], exact[id], r.Exact)
		}
		if want := r.Deterministic == "reputation"; scripted[id] != want {
			t.Errorf("row %s: scripted %t, want %t", id, scripted[id], want)
		}
	}
	if count != 86 {
		t.Errorf("%d rows, want 86", count)
	}
}

// accepted sends the message, after the earlier ones, and wants it to be taken.
func (f firing) accepted(t *testing.T, name string) {
	t.Helper()
	p, err := profile.Builtin().Find(name)
	if err != nil {
		t.Fatal(err)
	}
	f = f.withDefaults()
	var mu sync.Mutex
	var attempts []mail.Attempt
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	srv := &fakemx.Server{
		Profile: p, Resolver: f.zones(t).Resolver(p.Name, nil), TLS: serverTLS(t, p), State: check.NewState(),
		Now:    func() time.Time { mu.Lock(); defer mu.Unlock(); return now },
		Record: func(a mail.Attempt) { mu.Lock(); defer mu.Unlock(); attempts = append(attempts, a) },
	}
	for _, c := range f.earlier {
		f.submit(t, srv, c)
	}
	mu.Lock()
	attempts, now = nil, now.Add(f.later)
	mu.Unlock()
	f.submit(t, srv, f.client)
	mu.Lock()
	defer mu.Unlock()
	if len(attempts) != 1 || attempts[0].Stage != mail.Data || attempts[0].Reply[0][0] != '2' {
		t.Errorf("attempts %+v, want one that is taken", attempts)
	}
}
