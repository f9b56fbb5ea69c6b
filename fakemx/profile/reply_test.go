package profile

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"strictmx/internal/mail"
)

// logged is the bounce of 2014-02-26 as Postfix logged it, its address replaced by
// a documentation address of the same 30 columns.
const logged = "550-5.7.1 [2001:db8:0:3:f03c:91ff:fe6e:42      12] Our system has detected that " +
	"550-5.7.1 this message is likely unsolicited mail. To reduce the amount of spam " +
	"550-5.7.1 sent to Gmail, this message has been blocked. Please visit " +
	"550-5.7.1 http://support.google.com/mail/bin/answer.py?hl=en&answer=188131 for " +
	"550 5.7.1 more information. r6si610718qcl.69 - gsmtp"

func TestLoggedBounce(t *testing.T) {
	p := find(t, "gmail@2013-unsolicited")
	for _, tt := range []struct {
		client string
		ends   string // the last word of each line
	}{
		{"2001:db8:0:3:f03c:91ff:fe6e:42", "that spam visit for gsmtp"}, // the log's own length, and its breaks
		{"2001:db8::f03c:91ff:fe6e:423f", "that spam visit for gsmtp"},
		{"2001:db8:0:3:f03c:91ff:fe6e:423", "detected of visit for gsmtp"}, // "that" has no room
		{"2001:db8:1111:2222:3333:4444:5555:6666", "has the Please visit for gsmtp"},
		{"2001:db8::1", "is Gmail, visit for gsmtp"},
		{"3fff::7", "likely this visit for gsmtp"},
	} {
		v := Vars{Client: netip.MustParseAddr(tt.client), New: func(string) string { return "r6si610718qcl.69" }}
		lines, err := p.Refusal(Decision{Rule: "gmail/ptr-missing"}, v)
		if err != nil {
			t.Fatal(err)
		}
		var ends, words []string
		for _, l := range lines {
			words = append(words, strings.Fields(l)[1:]...)
			ends = append(ends, words[len(words)-1])
			if n := len(l); n > 79 {
				t.Errorf("client %s: %q has %d columns, want at most 79", tt.client, l, n)
			}
		}
		if got := strings.Join(ends, " "); got != tt.ends {
			t.Errorf("client %s: lines end in %q, want %q:\n%s", tt.client, got, tt.ends, strings.Join(lines, "\n"))
		}
		want := strings.ReplaceAll(logged, "2001:db8:0:3:f03c:91ff:fe6e:42", tt.client)
		want = strings.NewReplacer("550-5.7.1 ", "", "550 5.7.1 ", "").Replace(want)
		got := strings.ReplaceAll(strings.Join(words, " "), "5.7.1 ", "")
		if got != strings.Join(strings.Fields(want), " ") {
			t.Errorf("client %s: got %s\nwant %s", tt.client, got, want)
		}
		if tt.client == "2001:db8:0:3:f03c:91ff:fe6e:42" {
			if got := strings.Join(lines, " "); got != logged {
				t.Error(cmp.Diff(logged, got))
			}
		}
	}
}

func TestReply(t *testing.T) {
	v := Vars{
		Client: netip.MustParseAddr("203.0.113.10"), Helo: "services02.example.com", From: "me@example.com",
		MessageID: "72c119e2@example.com", Time: time.Unix(1393451904, 0),
		New: func(kind string) string {
			return map[string]string{
				"id": "g88si838453qgf.126", "queue-id": "84D4B76807B", "internal-id": "49989124371267",
				"mailbox-server": "BY2PR03MB041.namprd03.prod.outlook.com",
			}[kind]
		},
	}
	for _, tt := range []struct{ profile, name, want string }{
		{"gmail", "banner", "220 mx.google.com ESMTP g88si838453qgf.126 - gsmtp"},
		{"gmail", "ehlo", "250 mx.google.com at your service, [203.0.113.10]"},
		{"gmail", "data", "354  Go ahead g88si838453qgf.126 - gsmtp"},
		{"google-apps", "accepted", "250 2.0.0 OK  1393451904 g88si838453qgf.126 - gsmtp"},
		{"dreamhost", "accepted", "250 2.0.0 Ok: queued as 84D4B76807B"},
		{
			"exchange-online", "accepted", "250 2.6.0 <72c119e2@example.com> [InternalId=49989124371267, " +
				"Hostname=BY2PR03MB041.namprd03.prod.outlook.com] Queued mail for delivery",
		},
		{
			"exchange-online", "banner", "220 BN3NAM04FT041.mail.protection.outlook.com Microsoft ESMTP MAIL Service " +
				"ready at Wed, 26 Feb 2014 21:58:24 +0000",
		},
		{"yahoo", "mail", "250 sender <me@example.com> ok"},
		{"yahoo", "quit", "221 mtaproxy512.aol.mail.ne1.yahoo.com Service closing transmission channel"}, // no statuses there
	} {
		got, err := find(t, tt.profile).Reply(tt.name, v)
		if err != nil || len(got) != 1 || got[0] != tt.want {
			t.Errorf("%s.Reply(%s) = %q, %v, want %q", tt.profile, tt.name, got, err, tt.want)
		}
	}
	_, err := find(t, "gmx").Reply("banners", v)
	if err == nil || !strings.Contains(err.Error(), "did you mean banner?") {
		t.Errorf("Reply(banners): %v, want a hint at banner", err)
	}
}

func TestPlaceholders(t *testing.T) {
	s, err := Load(fstest.MapFS{"t.yaml": {Data: []byte(minimal + `dialogue:
  vrfy: |-
    252 {client} {helo} {from} {domain} {rcpt} {rcpt-domain} {message-id}
    {tls} {host} {epoch} {date} {size} {ptr} {stamp}{blank}{{x}
values: {stamp: {form: "s-<99>", per: reply}}
`)}})
	if err != nil {
		t.Fatal(err)
	}
	p, v := s.Profiles()[0], sample()
	v.New = p.Values(source(1)).New
	v.Results = []mail.Result{{Method: "iprev", Value: mail.Pass, Domain: "services02.example.com"}}
	got, err := p.Reply("vrfy", v)
	want := []string{
		"252-2001:db8::f03c:91ff:fe6e:423f services02.example.com me@example.com example.com recipient@example.net " +
			"example.net 1@example.com",
		"252 TLSv1.3 mx.example.net 1393451904 Wed, 26 Feb 2014 21:58:24 +0000 31176 services02.example.com s-NN {x}",
	}
	for i, l := range got {
		got[i] = regexp.MustCompile(`s-[1-9][0-9]`).ReplaceAllString(l, "s-NN")
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("Reply(vrfy) = %q, %v, want %q", got, err, want)
	}
	// The null sender is judged as the HELO name, and there may be no PTR.
	v.From, v.Results = "", nil
	if got := p.takeApart("{domain} {ptr}").with(p, v); got != "services02.example.com unknown" {
		t.Errorf("domain and PTR of a null sender: %q", got)
	}
	v.MessageID = ""
	if got := p.takeApart("<{message-id}>").with(p, v); got != "<1393451904.31176@mx.example.net>" {
		t.Errorf("Message-ID of a message without one: %s, want one of the server", got)
	}
}

func TestEhlo(t *testing.T) {
	p := find(t, "gmail@2015")
	v := Vars{Client: netip.MustParseAddr("203.0.113.10")}
	want := "250-mx.google.com at your service, [203.0.113.10]\n250-SIZE 35882577\n250-8BITMIME\n250-STARTTLS\n" +
		"250-ENHANCEDSTATUSCODES\n250-PIPELINING\n250-CHUNKING\n250 SMTPUTF8"
	for _, tls := range []string{"", "TLSv1.3"} {
		v.TLS = tls
		got, err := p.Ehlo(v)
		if tls != "" {
			want = strings.Replace(want, "250-STARTTLS\n", "", 1)
		}
		if g := strings.Join(got, "\n"); err != nil || g != want {
			t.Errorf("Ehlo over %q: %v\n%s", tls, err, cmp.Diff(want, g))
		}
	}
}

// TestHostile: what a client says cannot break a reply.
func TestHostile(t *testing.T) {
	for _, bad := range []string{"5.7.1", "4.0.0 x", "a\r\n250 ok", "", "\x00\x7f", "x\ny", strings.Repeat("é", 300)} {
		v := Vars{Helo: bad, From: bad + "@" + bad, Rcpt: bad, MessageID: bad, TLS: bad, New: func(string) string { return bad }}
		for _, p := range Builtin().Profiles() {
			for _, name := range Phrases() {
				lines, err := p.Reply(name, v)
				if _, perr := mail.ParseReply(lines...); err != nil || perr != nil {
					t.Errorf("%s: reply %s to %q: %v, %v", p, name, bad, err, perr)
				}
			}
			for _, r := range p.Rules {
				if _, err := p.Refusal(Decision{Rule: p.Name + "/" + r.ID}, v); err != nil {
					t.Errorf("%s: rule %s to %q: %v", p, r.ID, bad, err)
				}
			}
		}
	}
}

func TestValues(t *testing.T) {
	p := find(t, "gmail@2014")
	v := p.Values(source(7))
	id, queue := v.New("id"), v.New("queue-id")
	if v.New("id") != id || v.New("queue-id") != queue {
		t.Error("values changed within a message")
	}
	v.NextMessage()
	if v.New("id") != id {
		t.Error("the id changed within a session")
	}
	if v.New("queue-id") == queue {
		t.Error("the queue id stayed for a second message")
	}
	if p.Values(source(7)).New("id") != id || p.Values(source(8)).New("id") == id {
		t.Error("values do not follow their source")
	}
}

// A status on the first line only leaves the others its columns.
func TestStatusOnce(t *testing.T) {
	set, err := Load(fstest.MapFS{"own.yaml": &fstest.MapFile{Data: []byte(minimal + "wrap: {columns: 40}\n" +
		strings.Replace(rule, "550 5.7.1 no", "550 5.7.1 {helo} mail from here is not taken by this host now", 1) + "    status-once: true\n")}})
	if err != nil {
		t.Fatal(err)
	}
	p, err := set.Find("own")
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Refusal(Decision{Rule: "own/a"}, Vars{Helo: "mail.example.com"})
	want := []string{"550-5.7.1 mail.example.com mail from", "550 here is not taken by this host now"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, (-want +got):\n%s", err, diff)
	}
}

// The lines of a rule are those that are sent, with placeholders.
func TestLines(t *testing.T) {
	for _, p := range Builtin().Profiles() {
		for _, r := range p.Rules {
			want, v, err := refuse(p, r, clients()[0], "example.com")
			if err != nil {
				t.Fatal(err)
			}
			if p.Columns() > 0 {
				continue // broken when placeholders are filled
			}
			got := r.Lines()
			for i, l := range got {
				got[i] = p.takeApart(l).with(p, v)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s/%s: lines (-sent +got):\n%s", p, r.ID, d)
			}
		}
	}
}

func TestSetVersions(t *testing.T) {
	for name, want := range map[string]string{"yahoo": "yahoo@2025 yahoo@2025-deferring", "zoho": "zoho", "nobody": ""} {
		var got []string
		for _, p := range Builtin().Versions(name) {
			got = append(got, p.String())
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("Versions(%s) = %s, want %s", name, s, want)
		}
	}
}
