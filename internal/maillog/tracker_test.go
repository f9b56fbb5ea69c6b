package maillog

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"strictmx/internal/mail"
)

func lines(t testing.TB, name string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

// tracked feeds a Tracker that expects m1, m2, ... as messages 1, 2, ...
func tracked(lines []string, messages ...int) *Tracker {
	tr := NewTracker()
	for _, i := range messages {
		tr.Expect(i, fmt.Sprintf("<m%d@services.example.com>", i))
	}
	for _, l := range lines {
		tr.Line(l)
	}
	return tr
}

// short writes deliveries on a line each, with the servers tried before.
func short(deliveries []mail.Delivery) string {
	var b strings.Builder
	for _, d := range deliveries {
		fmt.Fprintf(&b, "%d.%d %s", d.Message, d.Step, d.Recipient)
		for _, t := range d.Tries {
			fmt.Fprintf(&b, " -%s", t.Addr)
		}
		relay := "none"
		if d.Relay != nil {
			relay = d.Relay.Addr.String()
		}
		fmt.Fprintf(&b, " %s %s %s", relay, d.Outcome, d.Status)
		if d.Expired {
			b.WriteString(" expired")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func diff(t *testing.T, what, want, got string) {
	t.Helper()
	if d := cmp.Diff(strings.TrimLeft(want, "\n"), got); d != "" {
		t.Errorf("%s:\n%s", what, d)
	}
}

// Tries are those of the process, with and without a queue id in the line; the last
// failure, logged twice, is no try; a recipient that a server took has not been
// refused by it. In the second round deferred messages are tried again.
func TestNextAddresses(t *testing.T) {
	all := lines(t, "next.log")
	second := 0
	for i, l := range all {
		if strings.Contains(l, "06:42:26") && second == 0 {
			second = i
		}
	}
	tr := tracked(all[:second], 1, 2, 3, 6, 8, 9)
	if missing := tr.Settled(); len(missing) > 0 {
		t.Errorf("after the first round: %v", missing)
	}
	tr.Flush()
	diff(t, "after the flush", `
message 1, queue id 4F09C2AE: not yet tried again
message 2, queue id 564802B0: not yet tried again
message 8, queue id 876A32B9: not yet tried again`, strings.Join(tr.Settled(), "\n"))
	tr.Step(1)
	for _, l := range all[second:] {
		tr.Line(l)
	}
	if missing := tr.Settled(); len(missing) > 0 {
		t.Errorf("after the second round: %v", missing)
	}
	diff(t, "deliveries", `
1.0 r1@ok.example 203.0.113.31 sent 2.0.0
1.0 r3@gmail.example 2001:db8:21::1 bounced 5.7.1
1.0 r4@gmail.example 2001:db8:21::1 bounced 5.7.1
2.0 a@refuse.example -203.0.113.23 203.0.113.22 deferred 4.7.1
1.0 r2@soft.example 203.0.113.30 deferred 4.7.1
8.0 a@closed.example -203.0.113.41 none deferred 4.4.1
3.0 a@grey.example 203.0.113.24 sent 2.0.0
6.0 a@rcptno.example 203.0.113.25 sent 2.0.0
6.0 b@rcptno.example 203.0.113.25 sent 2.0.0
6.0 c@rcptno.example 203.0.113.25 sent 2.0.0
3.0 b@grey.example -203.0.113.24 203.0.113.25 sent 2.0.0
9.0 a@half.example -203.0.113.40 203.0.113.31 sent 2.0.0
8.1 a@closed.example -203.0.113.40 none deferred 4.4.1
2.1 a@refuse.example -203.0.113.22 203.0.113.23 deferred 4.7.1
1.1 r2@soft.example 203.0.113.30 deferred 4.7.1
`, short(tr.Deliveries()))
	diff(t, "notices", "-1.0 me@services.example.com 203.0.113.31 sent 2.0.0\n", short(tr.Notices()))
	if id := tr.QueueID(6); id != "77C152B5" {
		t.Errorf("queue id of message 6 is %q", id)
	}
	if line, fatal := tr.Fatal(); fatal {
		t.Errorf("fatal: %s", line)
	}
}

// A message is not settled before its last line; nor is one with a notice before
// the notice is.
func TestSettledOnlyAtTheEnd(t *testing.T) {
	all := lines(t, "next.log")
	tr := NewTracker()
	tr.Expect(1, "m1@services.example.com")
	for _, l := range all {
		if strings.Contains(l, "06:42:26") {
			break
		}
		settled := len(tr.Settled()) == 0
		if settled != (len(tr.Notices()) == 1 && tr.files["95CE72C1"].removed) {
			t.Fatalf("settled is %v before %q", settled, l)
		}
		tr.Line(l)
	}
	if missing := tr.Settled(); len(missing) > 0 {
		t.Errorf("at the end: %v", missing)
	}
}

// Expired messages bounced: Postfix logs no status= line for it. One that has
// bounced for some recipients has two notices.
func TestExpired(t *testing.T) {
	tr := tracked(lines(t, "expired.log"), 1, 8)
	if missing := tr.Settled(); len(missing) > 0 {
		t.Errorf("unsettled: %v", missing)
	}
	diff(t, "deliveries", `
1.0 r3@gmail.example 2001:db8:21::1 bounced 5.7.1
1.0 r4@gmail.example 2001:db8:21::1 bounced 5.7.1
1.0 r1@ok.example 203.0.113.31 sent 2.0.0
1.0 r2@soft.example 203.0.113.30 bounced 4.7.1 expired
8.0 a@closed.example -203.0.113.40 none bounced 4.4.1 expired
`, short(tr.Deliveries()))
	if n := len(tr.Notices()); n != 3 {
		t.Errorf("%d notices, want 3", n)
	}
}

// cleanup(8) keeps what header_checks hold, throws away what they discard, and
// refuses what they reject.
func TestChecks(t *testing.T) {
	tr := tracked(lines(t, "checks.log"), 1, 2, 3, 4, 5, 6)
	// What is discarded because of a field before the Message-ID is never known.
	diff(t, "missing", "message 3: not in the queue", strings.Join(tr.Settled(), "\n"))
	diff(t, "deliveries", `
4.0 a@ok.example 203.0.113.31 sent 2.0.0
5.0 a@helo.example 203.0.113.26 deferred 4.7.1
6.0 a@gmail.example -2001:db8:21::1 203.0.113.21 sent 2.0.0
-1.0 a@ok.example 203.0.113.31 sent 2.0.0
`, short(tr.Deliveries()))
	var got strings.Builder
	for _, r := range tr.Rejects() {
		fmt.Fprintln(&got, r.QueueID, r.From, r.To, r.Index)
	}
	diff(t, "rejects", `
4jYYGX2bNTzNt me@services.example.com a@ok.example 1
NOQUEUE me@services.example.com a@services02.example.com -1
NOQUEUE me@services.example.com a@services02.example.com -1
`, got.String())
}

// A message without a Message-ID stays without one if it comes from elsewhere, and
// else is given one with its queue id in it. So are notices, and they are not it.
func TestWithoutMessageID(t *testing.T) {
	const (
		arrived = "Nov 24 13:39:09 mail postfix/smtpd[17]: D5E0947: client=unknown[198.51.100.99]"
		active  = "Nov 24 13:39:09 mail postfix/qmgr[16]: D5E0947: from=<device@example.com>, size=446, nrcpt=1 (queue active)"
		bounced = "Nov 24 13:39:09 mail postfix/smtp[22]: D5E0947: to=<friend@gmail.com>, relay=none, delay=0.1, " +
			"delays=0.01/0.04/0.05/0, dsn=5.7.1, status=bounced (no)"
		noticed = `Nov 24 13:39:09 mail postfix/cleanup[21]: EF7DC4B: message-id=<20261124133909.EF7DC4B@mail.example.com>
Nov 24 13:39:09 mail postfix/bounce[24]: D5E0947: sender non-delivery notification: EF7DC4B
Nov 24 13:39:09 mail postfix/qmgr[16]: EF7DC4B: from=<>, size=2898, nrcpt=1 (queue active)
Nov 24 13:39:09 mail postfix/qmgr[16]: D5E0947: removed
Nov 24 13:39:09 mail postfix/smtp[25]: EF7DC4B: to=<device@example.com>, relay=none, delay=0.01, delays=0/0.01/0/0, dsn=2.0.0, status=sent (ok)
Nov 24 13:39:09 mail postfix/qmgr[16]: EF7DC4B: removed`
		other = "Nov 24 13:39:09 mail postfix/cleanup[21]: E000001: message-id=<other@example.com>"
	)
	for about, id := range map[string]string{"stays without": "<>", "is given one": "<20261124133909.D5E0947@mail.example.com>"} {
		tr := NewTracker()
		tr.ExpectNameless(3, "device") // Postfix adds the domain
		tr.Expect(4, "other@example.com")
		identified := "Nov 24 13:39:09 mail postfix/cleanup[21]: D5E0947: message-id=" + id
		for _, l := range append([]string{arrived, other, identified, active, bounced}, strings.Split(noticed, "\n")...) {
			tr.Line(l)
		}
		diff(t, about, "message 4, queue id E000001: not yet active", strings.Join(tr.Settled(), "\n"))
		d := tr.Deliveries()
		if len(d) != 1 || d[0].Message != 3 || d[0].QueueID != "D5E0947" || tr.QueueID(3) != "D5E0947" {
			t.Errorf("%s: deliveries %+v, first queue id %s", about, d, tr.QueueID(3))
		}
		if n := tr.Notices(); len(n) != 1 || n[0].Message != -1 {
			t.Errorf("%s: notices %+v", about, n)
		}
	}
}

// What Postfix itself writes to the postmaster has an id that it gave, too.
func TestNamelessBySender(t *testing.T) {
	tr := NewTracker()
	tr.ExpectNameless(0, "device@example.com")
	for _, l := range []string{
		"Nov 24 13:39:09 mail postfix/cleanup[21]: AAAAAAA: message-id=<20261124133909.AAAAAAA@mail.example.com>",
		"Nov 24 13:39:09 mail postfix/qmgr[16]: AAAAAAA: from=<double-bounce@mail.example.com>, size=446, nrcpt=1 (queue active)",
		"Nov 24 13:39:09 mail postfix/smtp[25]: AAAAAAA: to=<root@mail.example.com>, relay=none, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (ok)",
		"Nov 24 13:39:09 mail postfix/qmgr[16]: AAAAAAA: removed",
	} {
		tr.Line(l)
	}
	if d := tr.Deliveries(); len(d) != 1 || d[0].Message != -1 {
		t.Errorf("deliveries %+v, want one of no message", d)
	}
	diff(t, "missing", "message 0: not in the queue", strings.Join(tr.Settled(), "\n"))
}

// A message whose header ends before its Message-ID has none, and may be the one that
// is missing.
func TestLostMessageID(t *testing.T) {
	tr := NewTracker()
	tr.Expect(0, "a@example.com")
	diff(t, "before", "message 0: not in the queue", strings.Join(tr.Settled(), "\n"))
	tr.Line("Nov 24 13:39:09 mail postfix/pickup[17]: D5E0947: uid=1000 from=<me@example.com>")
	tr.Line("Nov 24 13:39:09 mail postfix/cleanup[21]: D5E0947: message-id=<>")
	if got := strings.Join(tr.Settled(), "\n"); !strings.HasPrefix(got, "message 0: not in the queue under its Message-ID, and queue id D5E0947 has none") {
		t.Errorf("missing: %s", got)
	}
}

// The published lines, whose message is at its end but for the notice.
func TestSeed(t *testing.T) {
	tr := NewTracker()
	tr.Near = time.Date(2014, 3, 1, 0, 0, 0, 0, time.UTC)
	for _, l := range lines(t, "seed.log") {
		tr.Line(l)
	}
	tr.Expect(0, "friday@example.com")
	d := tr.Deliveries()
	if len(d) != 4 {
		t.Fatalf("%d deliveries, want 4", len(d))
	}
	gmail := d[2]
	if gmail.Message != 0 || gmail.OrigTo != "distribution@example.com" || gmail.Outcome != mail.Bounced || gmail.Delay != 8.7 ||
		gmail.Relay.Addr != netip.MustParseAddr("2001:db8:400d:c00::1a") || !strings.HasSuffix(gmail.Text, "- gsmtp (in reply to end of DATA command)") {
		t.Errorf("delivery %+v", gmail)
	}
	if want := time.Date(2014, 2, 26, 21, 58, 24, 0, time.UTC); !gmail.Time.Equal(want) {
		t.Errorf("time %v, want %v", gmail.Time, want)
	}
	diff(t, "missing", `
message 0, queue id 2F6FA6AB68: not yet removed
notice about message 0, queue id D6C4C6AB90: not yet active`, strings.Join(tr.Settled(), "\n"))
}

// A program that dies, and the warnings after which mail stays where it is.
func TestFatal(t *testing.T) {
	for name, want := range map[string]string{
		"missingmap.log": "error: open database /etc/postfix/missing.db: No such file or directory",
		"lmdb.log":       "error: unsupported dictionary type: lmdb",
		"badvalue.log":   `fatal: Invalid TLS level "maybe"`,
		"next.log":       "",
		"expired.log":    "",
		"checks.log":     "",
	} {
		line, fatal := tracked(lines(t, name)).Fatal()
		if fatal != (want != "") || !strings.HasSuffix(line, want) {
			t.Errorf("%s: %q, %v, want %q", name, line, fatal, want)
		}
	}
	for line, want := range map[string]bool{
		"postfix/master[1]: warning: /usr/lib/postfix/sbin/smtp: bad command startup -- throttling":                                   true,
		"postfix/master[1]: warning: process /usr/lib/postfix/sbin/smtp pid 12 killed by signal 11":                                   true,
		"postfix/cleanup[1]: warning: 1E92F204: virtual_alias_maps map lookup problem for x -- message not accepted, try again later": true,
		"postfix/postdrop[1]: warning: mail_queue_enter: create file maildrop/1.2: Permission denied":                                 true,
		"postfix/qmgr[1]: panic: x": true,
		"sshd[1]: fatal: no":        false,
		"postfix/cleanup[1]: 1B7D747: milter-reject: CONNECT from localhost[127.0.0.1]: 4.7.1 Service unavailable - try again later; from=<a@b>":   true,
		"postfix/cleanup[1]: 1B7D747: milter-reject: END-OF-MESSAGE from localhost[127.0.0.1]: 5.7.1 Command rejected; from=<a@b>":                 false,
		"postfix/smtpd[1]: 1B7D747: milter-reject: RCPT from x[203.0.113.1]: 451 4.7.1 Service unavailable - try again later; from=<a@b> to=<c@d>": false,
		"postfix/smtp[1]: warning: no MX host for x":         false,
		"postfix/smtp[1]: connect to x[203.0.113.1]:25: bad": false,
	} {
		if _, got := tracked([]string{line}).Fatal(); got != want {
			t.Errorf("%s: fatal is %v, want %v", line, got, want)
		}
	}
}

// Two destinations of one message can fall to one process: what was tried for the
// first is no try of the second. A queue id comes back once its message is gone.
func TestProcesses(t *testing.T) {
	const p = "postfix/smtp[1]: "
	tr := tracked([]string{
		"postfix/cleanup[2]: 1E92F204: message-id=<m1@services.example.com>",
		p + "connect to mx.a.example[203.0.113.1]:25: Connection refused",
		p + "1E92F204: host mx.a.example[203.0.113.2] said: 450 4.2.0 no (in reply to RCPT TO command)",
		"postfix/smtp[3]: connect to mx.c.example[203.0.113.9]:25: Connection refused",
		p + "1E92F204: to=<x@a.example>, relay=mx.a.example[203.0.113.3]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (ok)",
		p + "1E92F204: to=<y@a.example>, relay=mx.a.example[203.0.113.3]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (ok)",
		p + "SSL_connect error to mx.b.example[203.0.113.4]:25: lost connection",
		p + "1E92F204: to=<x@b.example>, relay=mx.b.example[203.0.113.5]:25, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (ok)",
		"postfix/qmgr[4]: 1E92F204: removed",
		"postfix/pickup[5]: 1E92F204: uid=0 from=<>",
		"postfix/cleanup[2]: 1E92F204: message-id=<m2@services.example.com>",
		p + "1E92F204: to=<x@b.example>, relay=mx.b.example[203.0.113.5]:25, conn_use=2, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (ok)",
	}, 1, 2)
	diff(t, "deliveries", `
1.0 x@a.example -203.0.113.1 -203.0.113.2 203.0.113.3 sent 2.0.0
1.0 y@a.example -203.0.113.1 -203.0.113.2 203.0.113.3 sent 2.0.0
1.0 x@b.example -203.0.113.4 203.0.113.5 sent 2.0.0
2.0 x@b.example 203.0.113.5 sent 2.0.0
`, short(tr.Deliveries()))
}

func TestParseTry(t *testing.T) {
	for line, want := range map[string]string{
		"postfix/smtp[1]: 1E92F204: host a.example[203.0.113.1] said: 450 x":                                                                                                                                               "a.example 203.0.113.1",
		"postfix/lmtp[1]: 1E92F204: host a.example[2001:db8::1] refused to talk to me: 554 x":                                                                                                                              "a.example 2001:db8::1",
		"postfix/smtp[1]: 1E92F204: lost connection with a.example[203.0.113.1] while sending RCPT TO":                                                                                                                     "a.example 203.0.113.1",
		"postfix/smtp[1]: 1E92F204: conversation with a.example[203.0.113.1] timed out while sending MAIL FROM":                                                                                                            "a.example 203.0.113.1",
		"postfix/smtp[1]: 1E92F204: to=<x@b.example>, relay=a.example[203.0.113.1]:25, delay=0.06, delays=0.03/0.03/0/0, dsn=4.7.4, status=deferred (TLS is required, but was not offered by host a.example[203.0.113.1])": "",
		"postfix/smtp[1]: 1E92F204: TLS is required, but was not offered by host a.example[203.0.113.1]":                                                                                                                   "a.example 203.0.113.1",
		"postfix/smtp[1]: connect to a.example[2001:db8::1]:25: Network is unreachable":                                                                                                                                    "a.example 2001:db8::1",
		"postfix/smtp[1]: SSL_connect error to a.example[203.0.113.1]:25: -1":                                                                                                                                              "a.example 203.0.113.1",
		"postfix/smtp[1]: Untrusted TLS connection established to a.example[203.0.113.1]:25: TLSv1.3":                                                                                                                      "",
		"postfix/smtp[1]: 1E92F204: Host offered STARTTLS: [a.example]":                                                                                                                                                    "",
		"postfix/smtp[1]: connect to a.example[private/x]: No such file or directory":                                                                                                                                      "",
		"postfix/qmgr[1]: warning: connect to transport private/x: No such file or directory":                                                                                                                              "",
		"postfix/smtp[1]: warning: host a.example[203.0.113.1] said: x":                                                                                                                                                    "",
		"postfix/smtp[1]: 1E92F204: to=<x>, relay=a.example[203.0.113.1]:25 (host a.example[203.0.113.1] said: 550)":                                                                                                       "",
	} {
		l, ok := ParseLine(line)
		if !ok {
			t.Fatalf("no line: %s", line)
		}
		got := ""
		if try, ok := parseTry(l); ok {
			got = try.Host + " " + try.Addr.String()
		}
		if got != want {
			t.Errorf("%s: tried %q, want %q", line, got, want)
		}
	}
}

func TestMessageID(t *testing.T) {
	for content, want := range map[string]string{
		"From: a\r\nMessage-ID: <x@y>\r\n\r\nMessage-ID: <z>": "x@y",
		"message-id:\r\n <x@y>\r\nTo: b\r\n\r\n":              "x@y",
		"From: a\n\nMessage-ID: <z>":                          "",
		"Message-Id : x@y":                                    "x@y",
		"":                                                    "",
	} {
		if got := MessageID([]byte(content)); got != want {
			t.Errorf("MessageID(%q) = %q, want %q", content, got, want)
		}
	}
}

// Whatever the lines, what is kept about mail that nobody asked for is bounded.
func TestBounds(t *testing.T) {
	tr := NewTracker()
	tr.Expect(0, "mine@example.com")
	tr.Line("postfix/cleanup[2]: 1E92F204: message-id=<mine@example.com>")
	for i := range 5 * maxFiles {
		id := fmt.Sprintf("%08X", i+0x20000000)
		tr.Line("postfix/cleanup[2]: " + id + ": message-id=<x@example.com>")
		tr.Line(fmt.Sprintf("postfix/smtp[%d]: %s: host a[203.0.113.1] said: 450", i+1, id))
		tr.Line(fmt.Sprintf("postfix/smtp[%d]: %s: to=<a@b>, relay=none, delay=0, delays=0/0/0/0, dsn=4.0.0, status=deferred (x)", i+1, id))
		tr.Line("postfix/smtpd[1]: NOQUEUE: reject: RCPT from x; from=<a> to=<b> proto=SMTP")
	}
	if len(tr.files) > maxFiles || len(tr.order) > maxFiles || len(tr.done) > 2*maxFiles ||
		len(tr.clients) > maxClients || len(tr.rejects) > 3*maxFiles {
		t.Errorf("kept %d files, %d deliveries, %d processes, %d rejects", len(tr.files), len(tr.done), len(tr.clients), len(tr.rejects))
	}
	if tr.QueueID(0) != "1E92F204" {
		t.Error("the expected message was forgotten")
	}
}

// Lines in any order are no reason to panic, and what is told stays consistent.
func FuzzTracker(f *testing.F) {
	for _, name := range []string{"next.log", "expired.log", "checks.log", "seed.log", "badvalue.log"} {
		f.Add(strings.Join(lines(f, name), "\n"))
	}
	f.Fuzz(func(t *testing.T, s string) {
		tr := NewTracker()
		tr.Expect(1, "m1@services.example.com")
		n := 0
		for l := range strings.SplitSeq(s, "\n") {
			tr.Line(l)
			if p, ok := ParseLine(l); ok {
				if _, ok := ParseDelivery(p); ok {
					n++
				}
			}
		}
		if got := len(tr.Deliveries()) + len(tr.Notices()); got != n && n < maxFiles {
			t.Errorf("%d deliveries and notices of %d lines", got, n)
		}
		if len(tr.Settled()) == 0 && tr.QueueID(1) == "" {
			t.Error("settled without a message")
		}
	})
}

func ExampleTracker() {
	tr := NewTracker()
	tr.Expect(0, "<m1@example.com>")
	for _, line := range []string{
		"Nov 24 06:42:24 mx postfix/cleanup[180]: 9F0A72C5: message-id=<m1@example.com>",
		"Nov 24 06:42:24 mx postfix/qmgr[171]: 9F0A72C5: from=<me@example.com>, size=265, nrcpt=1 (queue active)",
		"Nov 24 06:42:24 mx postfix/smtp[187]: connect to half.example[203.0.113.40]:25: Connection refused",
		"Nov 24 06:42:24 mx postfix/smtp[187]: 9F0A72C5: to=<a@half.example>, relay=half.example[203.0.113.31]:25, " +
			"delay=0.06, delays=0.01/0/0.01/0.04, dsn=2.0.0, status=sent (250 2.0.0 Ok)",
	} {
		tr.Line(line)
	}
	fmt.Println(tr.Settled())
	tr.Line("Nov 24 06:42:24 mx postfix/qmgr[171]: 9F0A72C5: removed")
	fmt.Println(tr.Settled())
	d := tr.Deliveries()[0]
	fmt.Println(d.Recipient, d.Outcome, d.Relay.Addr, "after", d.Tries[0].Addr)
	// Output:
	// [message 0, queue id 9F0A72C5: not yet removed]
	// []
	// a@half.example sent 203.0.113.31 after 203.0.113.40
}
