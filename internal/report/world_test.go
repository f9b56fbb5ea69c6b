package report

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"strictmx/internal/mail"
	"strictmx/internal/verdict"
	"strictmx/internal/wire"
	"strictmx/scenarios"
)

var (
	gmail4 = netip.MustParseAddr("198.51.100.26")
	gmail6 = netip.MustParseAddr("2001:db8:400d:c00::1a")
	host4  = netip.MustParseAddr("203.0.113.10")
	host6  = netip.MustParseAddr("2001:db8::f03c:91ff:fe6e:423f")
	when   = time.Date(2026, 11, 24, 6, 42, 24, 0, time.UTC)
)

var noPTR = []string{
	"550-5.7.1 [2001:db8::f03c:91ff:fe6e:423f 12] Our system has detected that",
	"550-5.7.1 this message is likely unsolicited mail. To reduce the amount of spam",
	"550-5.7.1 sent to Gmail, this message has been blocked. Please visit",
	"550-5.7.1 http://support.google.com/mail/bin/answer.py?hl=en&answer=188131 for",
	"550 5.7.1 more information. r6si610718qcl.69 - gsmtp",
}

func bounced() verdict.Observed {
	return verdict.Observed{
		Deliveries: []mail.Delivery{{
			Time: when, QueueID: "4F09C2AE", Recipient: "recipient3@gmail.com", Outcome: mail.Bounced,
			Status: mail.Status{Class: 5, Subject: 7, Detail: 1}, Delay: 0.18,
			Relay: &mail.Relay{Host: "gmail-smtp-in.l.google.com", Addr: gmail6, Port: 25},
			Text: "host gmail-smtp-in.l.google.com[2001:db8:400d:c00::1a] said: " + strings.Join(noPTR, " ") +
				" (in reply to end of DATA command)",
		}},
		Attempts: []mail.Attempt{{
			Time: when, Receiver: "gmail@2013-unsolicited", Server: gmail6, Client: host6, From: "me@example.com",
			Recipients: []string{"recipient3@gmail.com"}, Helo: "services02.example.com", Stage: mail.Data,
			Rule: "gmail/ptr-missing", Reply: noPTR, MessageID: "m1@services02.example.com",
			Results: []mail.Result{
				{Method: "family", Value: "ipv6"},
				{Method: "iprev", Value: "permerror", Reason: "2001:db8::f03c:91ff:fe6e:423f has no PTR record"},
				{Method: "spf", Value: "pass", Reason: "a of example.com matches", Identity: "mailfrom", Domain: "example.com", Lookups: 2},
			},
		}},
		Questions: []mail.Question{
			{Asker: "mta", Name: "gmail.com.", Type: "MX", RCode: "NOERROR"},
			{Asker: "gmail", Name: "f.3.2.4.e.6.e.f.f.f.1.9.c.3.0.f.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.", Type: "PTR", RCode: "NXDOMAIN"},
		},
	}
}

// sent is a delivery to an address of gmail, over that address's family.
func sent(server, client netip.Addr) verdict.Observed {
	return verdict.Observed{
		Deliveries: []mail.Delivery{{
			Time: when, QueueID: "9F0A72C5", Recipient: "recipient3@gmail.com", Outcome: mail.Sent,
			Status: mail.Status{Class: 2}, Delay: 0.06,
			Relay: &mail.Relay{Host: "gmail-smtp-in.l.google.com", Addr: server, Port: 25}, Text: "250 2.0.0 OK r6si610718qcl.69 - gsmtp",
			Tries: []mail.Try{{Host: "gmail-smtp-in.l.google.com", Addr: gmail6, Text: "connect to gmail-smtp-in.l.google.com[2001:db8:400d:c00::1a]:25: Connection refused"}},
		}},
		Attempts: []mail.Attempt{{
			Time: when, Receiver: "gmail@2013-unsolicited", Server: server, Client: client, From: "me@example.com",
			Recipients: []string{"recipient3@gmail.com"}, Helo: "services02.example.com", TLS: "TLSv1.3", Stage: mail.Data,
			Reply:   []string{"250 2.0.0 OK r6si610718qcl.69 - gsmtp"},
			Results: []mail.Result{{Method: "iprev", Value: "pass", Reason: "203.0.113.10 is services02.example.com"}},
			Transcript: []string{
				"S: 220 mx.google.com ESMTP r6si610718qcl.69 - gsmtp", "C: EHLO services02.example.com",
				"S: 250 mx.google.com at your service\x1b[2J", "C: MAIL FROM:<me@example.com>", "S: 250 2.1.0 OK",
				"C: RCPT TO:<recipient3@gmail.com>", "S: 250 2.1.5 OK", "C: DATA", "S: 354  Go ahead", "C: [265 octets of content]",
				"S: 250 2.0.0 OK r6si610718qcl.69 - gsmtp",
			},
		}},
		Questions: []mail.Question{
			{Asker: "mta", Name: "gmail.com.", Type: "MX", RCode: "NOERROR"},
			{Asker: "mta", Name: "gmail.com.", Type: "MX", RCode: "NOERROR"},
			{Asker: "gmail", Name: "10.113.0.203.in-addr.arpa.", Type: "PTR", RCode: "NOERROR"},
		},
	}
}

func theCase(name, cures string, outcome mail.Outcome, client string) scenarios.Case {
	return scenarios.Case{
		Name: name, Cures: cures, Messages: []scenarios.Message{{From: "me@example.com", To: []string{"recipient3@gmail.com"}}},
		Want: []scenarios.Want{{Message: -1, Outcome: outcome, Client: client, At: scenarios.Position{File: "gmail-ipv6-ptr.txtar", Line: 13}}},
	}
}

// run concludes cases of the one scenario of these tests.
func run(results ...verdict.CaseResult) []Case {
	sc := &scenarios.Scenario{Name: "gmail-ipv6-ptr", Title: "Gmail over IPv6 needs a PTR record"}
	for i := range results {
		r := &results[i]
		if r.Err == nil && r.Skip == "" {
			r.Mismatches = verdict.Judge(r.Case, r.Observed)
		}
	}
	verdict.Conclude(results)
	var out []Case
	for _, r := range results {
		c := Of(sc, r, Run{Elapsed: 612 * time.Millisecond})
		if c.Result == verdict.Mismatched {
			c.Kept = "/tmp/strictmx-evidence/gmail-ipv6-ptr/" + c.Name
			c.Log = []string{
				"Nov 24 06:42:24 services02 postfix/qmgr[171]: 9F0A72C5: from=<me@example.com>, size=265, nrcpt=1 (queue active)",
				"Nov 24 06:42:24 services02 postfix/qmgr[171]: 11111111: from=<root@example.com>, size=265, nrcpt=1 (queue active)",
				"Nov 24 06:42:24 services02 postfix/smtp[187]: connect to gmail-smtp-in.l.google.com[2001:db8:400d:c00::1a]:25: Connection refused",
				"Nov 24 06:42:24 services02 postfix/smtp[187]: 9F0A72C5: to=<recipient3@gmail.com>, relay=gmail-smtp-in.l.google.com[198.51.100.26]:25, " +
					"delay=0.06, delays=0.01/0/0.01/0.04, dsn=2.0.0, status=sent (250 2.0.0 OK r6si610718qcl.69 - gsmtp)",
				"Nov 24 06:42:24 services02 postfix/qmgr[171]: 9F0A72C5: removed",
			}
		}
		out = append(out, c)
	}
	return out
}

func reportOf(cases []Case) Report {
	s := Summarize(cases, 1234*time.Millisecond)
	s.Postfix, s.Engine = "3.7.11", "20.10.24"
	return Report{Cases: cases, Summary: s}
}

// cured is the run as it should be.
func cured() Report {
	ptr := theCase("ptr", "no-ptr", mail.Sent, "ipv6")
	ptr.Added = []scenarios.Fragment{{Path: "dns/ptr", Text: "2001:db8::f03c:91ff:fe6e:423f\tservices02.example.com\n"}}
	ptr.Files = map[string]scenarios.File{"dns/ptr": {Fragments: ptr.Added}}
	down := theCase("prefer-ipv4", "", mail.Bounced, "ipv6")
	down.FailsToCure = "no-ptr"
	down.Down = []scenarios.Endpoint{{Receiver: "gmail", Family: "ipv4"}}
	client := theCase("ipv4-client", "no-ptr", mail.Sent, "ipv4")
	client.Down = []scenarios.Endpoint{{Addr: gmail6}}
	return reportOf(run(
		verdict.CaseResult{Case: theCase("no-ptr", "", mail.Bounced, "ipv6"), Observed: bounced()},
		verdict.CaseResult{Case: ptr, Observed: sent(gmail6, host6)},
		verdict.CaseResult{Case: down, Observed: bounced()},
		verdict.CaseResult{Case: client, Skip: "only a mail system can show what postfix/master.cf does"},
	))
}

// wrongFamily is the run in which the baseline went over IPv4, and the lab broke
// at the end.
func wrongFamily() Report {
	ptr := theCase("ptr", "no-ptr", mail.Sent, "ipv6")
	ptr.Down = []scenarios.Endpoint{{Receiver: "gmail", Family: "ipv4"}}
	return reportOf(run(
		verdict.CaseResult{Case: theCase("no-ptr", "", mail.Bounced, "ipv6"), Observed: sent(gmail4, host4)},
		verdict.CaseResult{Case: ptr, Observed: sent(gmail6, host6)},
		verdict.CaseResult{Case: theCase("broken", "", mail.Sent, ""), Err: fmt.Errorf("message 0: %w", &wire.Error{
			Kind: "postfix-fatal", Message: `Nov 24 06:45:12 services02 postfix/smtp[182]: fatal: Invalid TLS level "maybe"`,
			File: "gmail-ipv6-ptr.txtar", Line: 40,
		})},
	))
}
