package scenarios

import (
	"io/fs"
	"net/netip"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/tools/txtar"

	"strictmx/internal/mail"
)

// values compares scenarios without regard to where things were written.
var values = cmp.Options{
	cmpopts.IgnoreTypes(Position{}),
	cmpopts.IgnoreFields(Scenario{}, "Path"),
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
}

func load1(t *testing.T, fsys fs.FS, name string) *Scenario {
	t.Helper()
	sc, err := Load(fsys, name)
	if err != nil {
		t.Fatalf("Load(%s): %v", name, err)
	}
	return sc
}

// directory lays an archive out below a directory.
func directory(dir, text string) fstest.MapFS {
	out := fstest.MapFS{}
	ar := txtar.Parse([]byte(text))
	for _, f := range append(ar.Files, txtar.File{Name: "README.md", Data: ar.Comment}) {
		out[path.Join(dir, f.Name)] = &fstest.MapFile{Data: f.Data}
	}
	return out
}

func TestLoad(t *testing.T) {
	got := load1(t, archive(plain), "s.txtar")
	gmail := Message{
		From: "me@example.com", To: []string{"you@gmail.com"}, Via: "sendmail",
		Content: []byte(strings.ReplaceAll(`From: me@example.com
To: you@gmail.com
Subject: strictmx red
Date: Wed, 26 Feb 2014 21:58:24 +0000
Message-ID: <s.red.0@mail.example.com>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 7bit

This message is for the case red.
`, "\n", "\r\n")),
	}
	green := gmail
	green.Content = []byte(strings.ReplaceAll(string(gmail.Content), "red", "green"))
	zone := Fragment{Path: "dns/example.com.zone", Text: "mail  A  203.0.113.10\n", At: Position{"s.txtar", 16}}
	conf := Fragment{Path: "postfix/main.cf", Text: "smtp_address_preference = ipv6\n", At: Position{"s.txtar", 18}}
	ptr := Fragment{Path: "dns/ptr", Text: "2001:db8::10  mail.example.com\n", At: Position{"s.txtar", 20}}
	base := map[string]File{
		zone.Path: {Fragments: []Fragment{zone}},
		conf.Path: {Fragments: []Fragment{conf}, Text: conf.Text},
	}
	want := &Scenario{
		Name: "s", Path: "s.txtar", Title: "A plain one", About: "A short one.",
		Host:      Host{"mail.example.com", netip.MustParseAddr("203.0.113.10"), netip.MustParseAddr("2001:db8::10")},
		Receivers: []Receiver{{Name: "gmail", Profile: "gmail@2014", Domains: []string{"gmail.com"}, At: Position{"s.txtar", 7}}},
		Cases: []Case{
			{
				Name: "red", Messages: []Message{gmail}, At: Position{"s.txtar", 10}, Files: base,
				Want: []Want{{Message: -1, Outcome: mail.Bounced, At: Position{"s.txtar", 11}}},
			},
			{
				Name: "green", Cures: "red", Messages: []Message{green}, At: Position{"s.txtar", 12},
				Want:  []Want{{Message: -1, Outcome: mail.Sent, At: Position{"s.txtar", 14}}},
				Added: []Fragment{ptr},
				Files: map[string]File{
					zone.Path: base[zone.Path], conf.Path: base[conf.Path], ptr.Path: {Fragments: []Fragment{ptr}},
				},
			},
		},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("Load (-want +got):\n%s", diff)
	}
}

// An archive and a directory with the same files are the same scenario, whatever
// their line ends.
func TestLoadForms(t *testing.T) {
	want := load1(t, archive(plain), "s.txtar")
	crlf := strings.ReplaceAll(plain, "\n", "\r\n")
	for name, got := range map[string]*Scenario{
		"directory":      load1(t, directory("below/s", plain), "below/s"),
		"CR LF":          load1(t, archive(crlf), "s.txtar"),
		"directory CRLF": load1(t, directory("s", crlf), "s"),
	} {
		if diff := cmp.Diff(want, got, values); diff != "" {
			t.Errorf("%s (-archive +got):\n%s", name, diff)
		}
	}
	got := load1(t, directory("below/s", plain), "below/s")
	if at := got.Cases[1].Added[0].At; at != (Position{"below/s/dns/ptr", 1}) && at != (Position{"below/s/green/dns/ptr", 1}) {
		t.Errorf("the case's file is at %v", at)
	}
}

// What a case adds, and what it takes the place of.
func TestCompose(t *testing.T) {
	dir := directory("s", change(t, "cures: red\n", "cures: red\n    replace: [dns/example.com.zone, postfix/access]\n"))
	for name, text := range map[string]string{
		"postfix/main.cf":            "a = 1\nb = 2\n  3", // no final line end
		"green/postfix/main.cf":      "# why\nb = 4\nc = 5\n",
		"postfix/virtual":            "one@example.com two@example.com",
		"green/postfix/virtual":      "three@example.com four@example.com",
		"postfix/access":             "example.com OK\n",
		"green/postfix/access":       "example.net OK\n",
		"postfix/master.cf":          "smtp unix - - y - - smtp\nrelay unix - - y - - smtp\n",
		"green/postfix/master.cf":    "smtp unix - - y - - smtp -v\n",
		"green/dns/example.com.zone": "mail  A  203.0.113.99\n",
		"postfix/sasl/smtpd.conf":    "pwcheck_method: saslauthd\n",
	} {
		dir["s/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	sc := load1(t, dir, "s")
	got := map[string]string{}
	for name, f := range sc.Cases[1].Files {
		got[name] = f.Text
		for _, f := range f.Fragments {
			got[name+" parts"] += "|" + f.Text
		}
	}
	want := map[string]string{
		"postfix/main.cf": "a = 1\nb = 4\n# why\nc = 5\n", "postfix/main.cf parts": "|a = 1\nb = 2\n  3|# why\nb = 4\nc = 5\n",
		"postfix/virtual":               "one@example.com two@example.com\nthree@example.com four@example.com",
		"postfix/virtual parts":         "|one@example.com two@example.com|three@example.com four@example.com",
		"postfix/access":                "example.net OK\n",
		"postfix/access parts":          "|example.net OK\n",
		"postfix/master.cf":             "smtp unix - - y - - smtp -v\nrelay unix - - y - - smtp\n",
		"postfix/master.cf parts":       "|smtp unix - - y - - smtp\nrelay unix - - y - - smtp\n|smtp unix - - y - - smtp -v\n",
		"postfix/sasl/smtpd.conf":       "pwcheck_method: saslauthd\n",
		"postfix/sasl/smtpd.conf parts": "|pwcheck_method: saslauthd\n",
		"dns/example.com.zone":          "",
		"dns/example.com.zone parts":    "|mail  A  203.0.113.99\n",
		"dns/ptr":                       "", "dns/ptr parts": "|2001:db8::10  mail.example.com\n",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the case's files (-want +got):\n%s", diff)
	}
	if base := sc.Cases[0].Files["postfix/main.cf"].Text; base != "a = 1\nb = 2\n  3\n" {
		t.Errorf("main.cf of the other case is %q, want it as it was", base)
	}
	var replaced []string
	for _, f := range sc.Cases[1].Added {
		if f.Replace {
			replaced = append(replaced, f.Path)
		}
	}
	if diff := cmp.Diff([]string{"dns/example.com.zone", "postfix/access"}, replaced); diff != "" {
		t.Errorf("replaced (-want +got):\n%s", diff)
	}
}

func TestKeysOfCase(t *testing.T) {
	sc := load1(t, archive(change(
		t, "send: {from: me@example.com, to: you@gmail.com}", `down: gmail ipv4
faults: [{name: example.com, type: txt, fault: timeout}]
send:
  - {from: "<>", to: [you@gmail.com, "me@example.com"], via: smtp, subject: Grüße, body: "Café\n"}
  - {from: me@example.com, to: you@gmail.com, message: messages/one.eml}`,
		"cures: red", "cures: red\n    silent: [sender, 203.0.113.77]\n    faults: [{name: \"2001:db8::10\", fault: delay, delay: 1m30s, times: 2}]",
		"want: {outcome: bounced}", `want:
      - {to: you@GMAIL.com, message: 1, outcome: bounced, status: 5.7.1, stage: connect, rule: gmail/x, client: "2001:db8:0::10",
         reply: " a   b", text: "c\n d", receiver: gmail, attempts: 0, seconds: 0..5}
      - {outcome: deferred, client: ipv4, seconds: 2.5}
    dsn: none`,
		"want: {outcome: sent}", "want: {outcome: sent}\n    dsn: [{recipients: you@gmail.com}, {to: x@example.com, recipients: [a@gmail.com, b@gmail.com], action: failed, status: 5.0.0, diagnostic: no}]",
		"-- messages/one.eml --\nSubject: x\n\n.\n",
	)), "s.txtar")
	zero, five, twoAndHalf, stage := 0.0, 5.0, 2.5, mail.Connect
	none := 0
	red, green := sc.Cases[0], sc.Cases[1]
	for _, tt := range []struct{ what, want, got any }{
		{"down", []Endpoint{{Receiver: "gmail", Family: "ipv4"}}, green.Down},
		{"silent", []Endpoint{{Receiver: "sender"}, {Addr: netip.MustParseAddr("203.0.113.77")}}, green.Silent},
		{"silent of the other", []Endpoint(nil), red.Silent},
		{"faults", []Fault{
			{Name: "example.com", Type: "TXT", Fault: "timeout"},
			{Name: "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", Fault: "delay", Delay: 90e9, Times: 2},
		}, green.Faults},
		{"faults of the other", []Fault{{Name: "example.com", Type: "TXT", Fault: "timeout"}}, red.Faults},
		{"want", []Want{
			{
				To: "you@GMAIL.com", Message: 1, Outcome: mail.Bounced, Status: mail.Status{Class: 5, Subject: 7, Detail: 1}, Stage: &stage,
				Rule: "gmail/x", Client: "2001:db8::10", Reply: "a b", Text: "c d", Receiver: "gmail", Attempts: &none, Seconds: &Range{&zero, &five},
			},
			{Message: -1, Outcome: mail.Deferred, Client: "ipv4", Seconds: &Range{Max: &twoAndHalf}},
		}, red.Want},
		{"no notice", true, red.NoDSN},
		{"notices", []DSN{
			{To: "me@example.com", Recipients: []string{"you@gmail.com"}},
			{To: "x@example.com", Recipients: []string{"a@gmail.com", "b@gmail.com"}, Action: "failed", Status: mail.Status{Class: 5}, Diagnostic: "no"},
		}, green.DSN},
		{"sender", "", red.Messages[0].From},
		{"via", "smtp", red.Messages[0].Via},
		{"content", "From: MAILER-DAEMON\r\nTo: you@gmail.com,\r\n me@example.com\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n" +
			"Date: Wed, 26 Feb 2014 21:58:24 +0000\r\nMessage-ID: <s.red.0@mail.example.com>\r\nMIME-Version: 1.0\r\n" +
			"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nCafé\r\n", string(red.Messages[0].Content)},
		{"file", "Message-ID: <s.red.1@mail.example.com>\r\nSubject: x\r\n\r\n.\r\n", string(red.Messages[1].Content)},
	} {
		if diff := cmp.Diff(tt.want, tt.got, values); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.what, diff)
		}
	}
}

// Mail for a domain without receiver is allowed where something else may say
// where it goes.
func TestRecipients(t *testing.T) {
	for _, tt := range []struct {
		to   string
		more string
	}{
		{to: "root"},
		{to: "root@mail.example.com"},
		{to: "root@localhost"},
		{to: `"a b"@[203.0.113.10]`},
		{to: "x@[IPv6:2001:db8::10]"},
		{to: "you@example.com"}, // the sender's own domain
		{to: "you@example.net", more: "-- dns/example.net.zone --\n"},           // may have an MX
		{to: "you@deep.example.net", more: "-- dns/example.net.zone --\n"},      // below such a zone
		{to: "you@example.net", more: "-- dns/root.zone --\n"},                  // all domains are
		{to: "you@Example.net", more: "-- postfix/transport --\nexample.net :"}, // Postfix knows better
	} {
		text := change(t, "to: you@gmail.com", "to: '"+tt.to+"'", tt.more)
		if _, err := Load(archive(text), "s.txtar"); err != nil {
			t.Errorf("to %s: %v", tt.to, err)
		}
	}
}

func TestLoadAll(t *testing.T) {
	fsys := fstest.MapFS{
		"b.txtar": {Data: []byte(plain)}, "notes.txt": {}, "empty/x": {}, "more/d.txtar": {Data: []byte(plain)},
	}
	for name, f := range directory("a", plain) {
		fsys[name] = f
	}
	names := func(paths ...string) string {
		all, err := LoadAll(fsys, paths...)
		if err != nil {
			return err.Error()
		}
		var out []string
		for _, sc := range all {
			out = append(out, sc.Name+" "+sc.Path)
		}
		return strings.Join(out, ", ")
	}
	bad := strings.Replace(plain, "title", "titel", 1)
	fsys["x/b.txtar"] = &fstest.MapFile{Data: []byte(plain)}
	fsys["bad/1.txtar"], fsys["bad/2.txtar"] = &fstest.MapFile{Data: []byte(bad)}, &fstest.MapFile{Data: []byte(bad)}
	for _, tt := range []struct {
		paths []string
		want  string
	}{
		{nil, "a a, b b.txtar"},
		{[]string{"more/d.txtar", "a"}, "a a, d more/d.txtar"},
		{[]string{"b.txtar", "x/b.txtar"}, "x/b.txtar: scenario b is at b.txtar, too: give one of them another name"},
		{[]string{"c.txtar"}, "c.txtar: want a *.txtar file or a directory with scenario.yaml: file does not exist"},
		{[]string{"notes.txt"}, "notes.txt: want a *.txtar file or a directory with scenario.yaml"},
		{[]string{"empty"}, "empty: want a file scenario.yaml in it: see docs/scenario-format.md"},
		{[]string{"bad/2.txtar", "bad/1.txtar"}, `bad/1.txtar:4: unknown key "titel" in the scenario: did you mean title?
bad/1.txtar:4: title is missing
bad/2.txtar:4: unknown key "titel" in the scenario: did you mean title?
bad/2.txtar:4: title is missing`},
	} {
		if got := names(tt.paths...); got != tt.want {
			t.Errorf("LoadAll(%q) = %s, want %s", tt.paths, got, tt.want)
		}
	}
	if _, err := LoadAll(fstest.MapFS{"x": {}}); err == nil || err.Error() != "no scenario here: want *.txtar files or directories with scenario.yaml" {
		t.Errorf("LoadAll without scenarios gave %v", err)
	}
}

// Only ordinary files are read: a link could lead anywhere.
func TestIrregularFiles(t *testing.T) {
	dir := directory("s", plain)
	dir["s/postfix/makedefs.out"] = &fstest.MapFile{Mode: fs.ModeSymlink, Data: []byte("../../elsewhere")}
	dir["s/postfix/virtual.db"] = &fstest.MapFile{Data: []byte{0x00, 0x06, 0x15, 0x61}}
	_, err := Load(dir, "s")
	want := `s/postfix/makedefs.out: want a regular file, not a symbolic link: put the file itself there
s/postfix/virtual.db:1: not text: want UTF-8: tables are built from their sources: leave out *.db files`
	if err == nil || err.Error() != want {
		t.Errorf("Load gave\n%v\nwant\n%s", err, want)
	}
}
