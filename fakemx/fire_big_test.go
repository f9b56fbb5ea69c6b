package fakemx_test

import (
	"maps"
	"net/textproto"
	"slices"
	"strings"
	"testing"

	"strictmx/fakemx"
	"strictmx/fakemx/check"
	"strictmx/fakemx/profile"
)

// Worlds of senders that lack something.
var (
	ptrless   = map[string]string{"ptr": ""}
	otherPTR  = map[string]string{"ptr": "{client} other.{domain}\n"} // has no address
	brokenPTR = map[string]string{"faults.yaml": "- {name: '*.arpa', type: PTR, fault: servfail}\n"}
	noSPF     = senderWith("", "v=DMARC1; p=none")
	hardFail  = senderWith("v=spf1 -all", "v=DMARC1; p=none")
	softFail  = senderWith("v=spf1 ~all", "v=DMARC1; p=none")
	noDMARC   = senderWith("v=spf1 ip4:203.0.113.0/24 -all", "")
	rejecting = senderWith("v=spf1 ~all", "v=DMARC1; p=reject")
	brokenSPF = map[string]string{"faults.yaml": "- {name: '{domain}', type: TXT, fault: servfail}\n"}
)

// senderWith is the sender's zone with an SPF and a DMARC record; empty is none.
func senderWith(spf, dmarc string) map[string]string {
	zone := "$ORIGIN {domain}.\n@ MX 10 mail\nx._domainkey TXT \"v=DKIM1; k=ed25519; p={key}\"\nmail {type} {client}\n"
	if spf != "" {
		zone += "@ TXT \"" + spf + "\"\n"
	}
	if dmarc != "" {
		zone += "_dmarc TXT \"" + dmarc + "\"\n"
	}
	return map[string]string{"sender.zone": zone}
}

// with adds files to a world.
func with(worlds ...map[string]string) map[string]string {
	out := make(map[string]string)
	for _, w := range worlds {
		maps.Copy(out, w)
	}
	return out
}

// header has the sender's header with one field changed: its name and what stands
// in its place.
func header(field, lines string) string {
	var out []string
	for l := range strings.Lines(wellContent) {
		if strings.HasPrefix(l, field+":") {
			l = lines
		}
		out = append(out, l)
	}
	return strings.Join(out, "")
}

func listed(name string, entries ...string) check.Seed {
	return check.Seed{Listed: map[string][]string{name: entries}}
}

const (
	client    = "203.0.113.10"
	client14  = "2001:db8:1::1234"             // 16 columns
	client15  = "2001:db8:1:2::1234"           // 18
	client16  = "2001:db8:1:2:123:1234:123:12" // 28
	mailboxes = "@example.net"
	short     = "aa.example"
)

func TestGmailRulesFire(t *testing.T) {
	fire(t, []string{"gmail", "google-apps"}, []firing{
		{rule: "gmail/helo-invalid", helo: "mail..example.com"},

		// The recipient.
		{rule: "gmail/tls-required", plain: true, seed: listed("tls-only", mailboxes)},
		{rule: "gmail/unknown-user", seed: check.Seed{Unknown: []string{"you@example.net"}}},
		{rule: "gmail/quota-inactive", seed: check.Seed{
			Full: []string{mailboxes}, Listed: map[string][]string{"inactive": {"you@example.net"}},
		}},
		{rule: "gmail/inactive-user", seed: listed("inactive", "you@example.net")},
		{rule: "gmail/over-quota", seed: check.Seed{Full: []string{"you@example.net"}}},
		{rule: "gmail/too-many-recipients", to: recipients(101)},
		{rule: "gmail/user-rate", seed: listed("watched-user", "you@example.net"), earlier: rep(client, 3)},
		{rule: "gmail/user-flooded", seed: listed("watched-user", "you@example.net"), earlier: rep(client, 6)},

		// The client.
		{rule: "gmail/dynamic-address", client: "198.51.100.177", seed: listed("dynamic", "198.51.100.0/24")},
		{rule: "gmail/client-rate", seed: listed("watched-client", client), earlier: rep(client, 3)},
		{rule: "gmail/domain-rate", seed: listed("watched-domain", "example.com"), earlier: rep(client, 3)},
		{rule: "gmail/ptr-temperror", client: client16, world: brokenPTR},
		{rule: "gmail/bulk-ptr", world: ptrless, earlier: rep(client, 3)},
		{rule: "gmail/ipv6-guidelines", client: client16, world: with(ptrless, noSPF)},
		{rule: "gmail@2013-unsolicited,2016/ptr-missing", client: client16, world: ptrless},
		{rule: "gmail@2014/ptr-missing", client: client14, world: ptrless},
		{rule: "gmail@2015,2020/ptr-missing", client: client15, world: ptrless},
		{rule: "gmail@2017,2019,2022,2023,2023-10,2024-bulk,2024,2025-bulk,2025/ptr-missing", client: "203.0.113.7", world: ptrless},
		{rule: "gmail@2013-unsolicited,2016,2017,2019,2020/ptr-mismatch", client: client16, world: otherPTR},
		{rule: "gmail@2014/ptr-mismatch", client: client14, world: otherPTR},
		{rule: "gmail@2015/ptr-mismatch", client: client15, world: otherPTR},
		{rule: "gmail@2022,2023,2023-10,2024-bulk,2024,2025-bulk,2025/ptr-mismatch", world: otherPTR},

		// Authentication. An ARC seal of another server does not help.
		{rule: "gmail/dmarc-temperror", domain: "newsletter-sends.test", world: with(rejecting, brokenSPF)},
		{rule: "gmail/dmarc-reject", domain: short, world: rejecting},
		{rule: "gmail/spf-hardfail", domain: short, world: hardFail},
		{rule: "gmail/spf-temperror", client: "2001:db8::10", world: brokenSPF},
		{rule: "gmail@2013-unsolicited,2016,2017/unauthenticated", client: client16, world: noSPF},
		{rule: "gmail@2014/unauthenticated", client: client14, world: noSPF},
		{rule: "gmail@2015/unauthenticated", client: client15, world: noSPF},
		{rule: "gmail@2019,2020,2022,2023-10,2024-bulk,2024,2025-bulk,2025/unauthenticated", world: softFail},
		{rule: "gmail@2023/unauthenticated", domain: short, world: softFail},

		// Bulk senders.
		{rule: "gmail/bulk-tls", plain: true, sign: "example.com", earlier: rep(client, 3)},
		{rule: "gmail/bulk-spf", sign: "example.com", world: softFail, earlier: rep(client, 3)},
		{rule: "gmail/bulk-dkim", earlier: rep(client, 3)},
		{rule: "gmail/bulk-dmarc-missing", sign: "example.com", world: noDMARC, earlier: rep(client, 3)},
		{
			rule: "gmail/bulk-alignment", sign: "example.com", earlier: rep(client, 3),
			content: header("From", "From: me@example.org\n"), world: map[string]string{"example.org.zone": "_dmarc TXT \"v=DMARC1; p=none\"\n"},
		},

		// The header.
		{rule: "gmail/from-multiple", content: header("From", "From: me@{domain}, you@{domain}\n")},
		{rule: "gmail/from-missing", content: header("From", "")},
		{rule: "gmail/header-twice", content: header("Subject", "Subject: Hello\nSubject: again\n")},
		{rule: "gmail/header-malformed", content: header("Subject", "Subject: Hello\nno field\n")},
		{rule: "gmail/message-id-missing", content: header("Message-ID", "")},
		{rule: "gmail/loop", content: strings.Repeat("Received: from a by b; Tue, 24 Nov 2026 10:00:00 +0000\n", 51) + wellContent},
	})
}

func recipients(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = "you" + strings.Repeat("x", i) + "@example.net"
	}
	return out
}

func TestMicrosoftRulesFire(t *testing.T) {
	const v6 = "2001:db8::10"
	zen := map[string]string{"zen.spamhaus.org.zone": "10.113.0.203 A 127.0.0.2\n10.113.0.203 TXT \"listed\"\n"}
	dbl := map[string]string{"dbl.spamhaus.org.zone": "example.com A 127.0.1.2\nmail.example.com A 127.0.1.2\n"}
	fire(t, []string{"exchange-online", "outlook-com"}, []firing{
		{rule: "exchange-online/too-many-connections", seed: listed("watched-client", client), open: rep(client, 2)},
		{rule: "exchange-online/helo-forged", helo: "example-com.mail.protection.outlook.com", seed: listed("receiver-names", "protection.outlook.com")},
		{rule: "exchange-online/banned-client", seed: listed("banned-client", client)},
		{rule: "exchange-online/client-listed", world: zen},
		{rule: "exchange-online/helo-listed", world: dbl},
		{rule: "exchange-online/ptr-missing", client: v6, world: ptrless},
		{
			rule: "exchange-online/network-rate", client: v6, seed: listed("watched-client", "2001:db8::/64"),
			world:   map[string]string{"ptr": "{client} mail.{domain}\n2001:db8::11 mail.{domain}\n"},
			earlier: []string{v6, v6, v6, "2001:db8::11", "2001:db8::11", "2001:db8::11"},
		},
		{rule: "exchange-online/client-rate", seed: listed("watched-client", client), earlier: rep(client, 3)},
		{rule: "exchange-online/client-evaluated", seed: listed("evaluated-client", client)},
		{rule: "exchange-online/banned-address", seed: listed("banned-address", client)},
		{rule: "exchange-online/ipv6-refused", client: v6, seed: listed("ipv4-only", mailboxes)},
		{rule: "exchange-online/wrong-region", seed: listed("other-region", mailboxes)},
		{rule: "exchange-online/tls-required", plain: true, seed: listed("tls-partner", "example.com")},
		{rule: "exchange-online/customer-blocked", seed: listed("customer-blocked", client)},
		{rule: "exchange-online/unknown-user", seed: check.Seed{Unknown: []string{"you@example.net"}}},
		{rule: "exchange-online/unknown-mailbox", seed: check.Seed{
			Unknown: []string{"you@example.net"}, Listed: map[string][]string{"unguarded": {mailboxes}},
		}},
		{rule: "exchange-online/recipient-rate", seed: listed("watched-client", client), earlier: rep(client, 2)},
		{rule: "exchange-online/loop", content: strings.Repeat("Received: from a by b; Tue, 24 Nov 2026 10:00:00 +0000\n", 21) + wellContent},
		{rule: "exchange-online/from-malformed", content: header("From", "From: me\n")},
		{rule: "exchange-online/dmarc-reject", world: rejecting},
		{rule: "exchange-online/bulk-spf", sign: "example.com", world: hardFail, earlier: rep(client, 3)},
		{
			rule: "exchange-online/bulk-dkim", earlier: rep(client, 3),
			instead: []string{"Spf= Fail , Dkim= Pass", "Spf= Pass , Dkim= None"},
		},
		{
			rule: "exchange-online/bulk-dmarc", sign: "example.com", world: noDMARC, earlier: rep(client, 3),
			instead: []string{"Spf= Fail", "Spf= Pass", "DMARC= Pass", "DMARC= None"},
		},
		{rule: "exchange-online/spf-fail", world: hardFail},
		{rule: "exchange-online/unauthenticated", client: v6, world: softFail},

		{rule: "outlook-com/block-listed", seed: listed("block-listed", "203.0.113.0/24")},
		{rule: "outlook-com/dynamic-address", seed: listed("dynamic", "203.0.113.0/24")},
		{rule: "outlook-com/domain-listed", world: dbl},
		{rule: "outlook-com/too-many-connections", seed: listed("watched-client", client), open: rep(client, 2)},
		{
			rule: "outlook-com/network-rate", seed: listed("watched-client", "203.0.113.0/24"),
			earlier: append(rep("203.0.113.11", 3), rep("203.0.113.12", 3)...),
		},
		{rule: "outlook-com/client-rate", seed: listed("watched-client", client), earlier: rep(client, 3)},
		{rule: "outlook-com/unknown-user", seed: check.Seed{Unknown: []string{"you@example.net"}}},
		{rule: "outlook-com/bulk-spf", sign: "example.com", world: softFail, earlier: rep(client, 3)},
		{rule: "outlook-com/bulk-dkim", earlier: rep(client, 3)},
		{rule: "outlook-com/bulk-dmarc", sign: "example.com", world: noDMARC, earlier: rep(client, 3)},
		{rule: "outlook-com/sender-id", world: hardFail},
	})
}

// says are conversations that lead to a row which is a reply of the dialogue and no
// rule.
var says = []struct {
	row, profiles string
	client        []string // lines; the last is answered by the row
	tail          string   // what the profile adds to a row that is not exact
	known         map[string]string
	closes        bool
}{
	{
		row: "gmail-seq-rcpt-first", profiles: "gmail@2022,2023,2023-10,2024-bulk,2024,2025-bulk,2025",
		client: []string{"EHLO mail.example.com", "MAIL FROM:<me@example.com>", "DATA"},
	},
	{
		row: "gmail-helo-empty", profiles: "gmail@2024-bulk,2024,2025-bulk,2025",
		client: []string{"EHLO"}, tail: " {id} - gsmtp", closes: true,
	},
	{
		row: "gmail-too-big", profiles: "gmail@2024-bulk,2024,2025-bulk,2025",
		client: []string{"EHLO mail.example.com", "MAIL FROM:<me@example.com> SIZE=157286401"}, tail: " {id} - gsmtp",
		known: map[string]string{"{size}": "157286401", "{limit}": "157286400"},
	},
}

func TestDialogueRows(t *testing.T) {
	all, err := rows()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range says {
		for _, p := range (firing{rule: tt.profiles + "/"}).profiles(t) {
			t.Run(p.String()+"/"+tt.row, func(t *testing.T) {
				r := all[tt.row]
				if tt.tail != "" {
					r.Lines = append(r.Lines[:len(r.Lines)-1:len(r.Lines)-1], r.Lines[len(r.Lines)-1]+tt.tail)
				}
				reply, closed := converse(t, p, tt.client)
				if diff := r.Compare(reply, tt.known); diff != "" {
					t.Error(diff)
				}
				if closed != tt.closes {
					t.Errorf("the session is over: %t, want %t", closed, tt.closes)
				}
			})
		}
	}
}

// converse says lines and gives the reply to the last, and whether the server then
// ended the session.
func converse(t *testing.T, p *profile.Profile, lines []string) (reply []string, closed bool) {
	t.Helper()
	srv := &fakemx.Server{Profile: p, Resolver: firing{}.withDefaults().zones(t).Resolver(p.Name, nil)}
	conn, wait := dial(t, t.Context(), srv, client)
	defer wait()
	defer conn.Close()
	c := textproto.NewConn(conn)
	read := func() []string {
		var out []string
		for {
			l, err := c.ReadLine()
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, l)
			if len(l) < 4 || l[3] == ' ' {
				return out
			}
		}
	}
	read()
	for _, l := range lines {
		if err := c.PrintfLine("%s", l); err != nil {
			t.Fatal(err)
		}
		reply = read()
	}
	if err := c.PrintfLine("NOOP"); err != nil {
		return reply, true
	}
	_, err := c.ReadLine()
	return reply, err != nil
}

// TestEveryRowIsThere looks for the rows of the big receivers that no rule and no
// reply of the dialogue has.
func TestEveryRowIsThere(t *testing.T) {
	all, err := rows()
	if err != nil {
		t.Fatal(err)
	}
	have := make(map[string]bool)
	groups := []string{"gmail", "exchange-online", "outlook-com"}
	for _, p := range profile.Builtin().Profiles() {
		for _, r := range p.Rules {
			have[r.Catalogue] = true
			if row := all[r.Catalogue]; slices.Contains(groups, row.Receiver) && (row.Exact != r.Exact || row.Deterministic == "reputation" && !r.Scripted) {
				t.Errorf("%s/%s: exact %t, scripted %t; the row says exact %t, %s", p, r.ID, r.Exact, r.Scripted, row.Exact, row.Deterministic)
			}
		}
	}
	for _, s := range says {
		have[s.row] = true
	}
	for _, r := range all {
		if slices.Contains(groups, r.Receiver) && !have[r.ID] {
			t.Errorf("row %s is in no table", r.ID)
		}
	}
}

// Google's pages no longer speak of ARC: a seal must not rescue mail to a Google
// receiver, nor may its absence harm it.
func TestGoogleDoesNotAskForARC(t *testing.T) {
	for _, p := range profile.Builtin().Profiles() {
		for _, r := range p.Rules {
			for _, c := range r.When {
				if check, _ := p.Check(c.Check); check.Method == "arc" && (p.Name == "gmail" || p.Name == "google-apps") {
					t.Errorf("%s: rule %s asks for %s", p, r.ID, c)
				}
			}
		}
	}
}
