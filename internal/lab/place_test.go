package lab

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"strictmx/internal/wire"
	"strictmx/scenarios"
)

func split(s string) []string { return strings.Split(s, "\n") }

func TestErrorsAreInTheScenariosFiles(t *testing.T) {
	sc, err := scenarios.Load(fstest.MapFS{"a.txtar": {Data: []byte(`-- scenario.yaml --
title: A map that is missing
host: {name: mail.example.com, ipv4: 203.0.113.10}
receivers:
  - {profile: gmail, domains: [gmail.com]}
send: {from: me@example.com, to: you@gmail.com}
cases:
  - name: one
    want: {outcome: sent}
-- postfix/main.cf --
smtp_host_lookup = dns
transport_maps = hash:/etc/postfix/base
smtpd_milters = inet:localhost:8891
non_smtpd_milters = $smtpd_milters
-- one/postfix/main.cf --
# a comment
transport_maps = hash:/etc/postfix/nomap
`)}}, "a.txtar")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Prepare(sc, sc.Cases[0], debian)
	if err != nil {
		t.Fatal(err)
	}
	lineOf := func(text string) int {
		for i, l := range split(p.Setup.Files["main.cf"]) {
			if l == text {
				return i + 1
			}
		}
		t.Fatalf("main.cf has no line %q", text)
		return 0
	}
	for _, tt := range []struct {
		file string
		line int
		want string
		at   int
	}{
		{"main.cf", lineOf("transport_maps = hash:/etc/postfix/nomap"), "a.txtar", 17},
		{"main.cf", lineOf("smtp_host_lookup = dns"), "a.txtar", 11},
		{"main.cf", lineOf("myhostname = mail.example.com"), "main.cf", lineOf("myhostname = mail.example.com")}, // of ours
		{"main.cf", 9999, "main.cf", 9999},
		{"", 0, "", 0},
	} {
		err := p.placed(&wire.Error{Kind: "postfix-config", Message: "m", File: tt.file, Line: tt.line})
		got, ok := errors.AsType[*wire.Error](err)
		if !ok || got.File != tt.want || got.Line != tt.at {
			t.Errorf("line %d of %q is placed at %+v, want %s:%d", tt.line, tt.file, err, tt.want, tt.at)
		}
	}
	for _, tt := range []struct {
		line string
		at   int
	}{
		{`Nov 24 06:45:12 mail postfix/smtp[182]: fatal: unsupported value "dns" for smtp_host_lookup`, 11},
		{`Nov 24 06:45:12 mail postfix/cleanup[17]: 8506E47: milter-reject: CONNECT from localhost[127.0.0.1]: 4.7.1 Service unavailable - try again later; from=<me@example.com>`, 14},
		{`Nov 24 06:45:12 mail postfix/submission/smtpd[17]: NOQUEUE: milter-reject: CONNECT from localhost[127.0.0.1]: 4.7.1 Service unavailable - try again later; proto=SMTP`, 13},
		{`Nov 24 06:45:12 mail postfix/smtp[182]: fatal: open /etc/postfix/nomap: No such file`, 17},
	} {
		err := p.placed(&wire.Error{Kind: "postfix-fatal", Message: tt.line})
		if e, ok := errors.AsType[*wire.Error](err); !ok || e.File != "a.txtar" || e.Line != tt.at || e.Message != tt.line {
			t.Errorf("%q is placed at %+v, want line %d", tt.line, err, tt.at)
		}
	}
	for text, want := range map[string]string{
		"bind 203.0.113.99 port 25: Cannot assign": "203.0.113.99", "bind 2001:db8::99 port 25": "2001:db8::99",
		`Invalid TLS level "mayb"`: "mayb", "open /etc/postfix/x: No": "/etc/postfix/x",
	} {
		got := ""
		if m := telling.FindStringSubmatch(text); m != nil {
			got = m[1] + m[2] + m[3]
		}
		if got != want {
			t.Errorf("%q tells %q, want %q", text, got, want)
		}
	}
	if !hasWord("[2001:db8::99]:25 inet n - y - - smtpd", "2001:db8::99") || hasWord("[2001:db8::990]:25", "2001:db8::99") {
		t.Error("an address in brackets is not found, or a part of one is")
	}
	for _, line := range []string{ // nothing of the configuration, or a part of a word only
		"Nov 24 06:45:12 mail postfix/cleanup[182]: fatal: malloc: insufficient memory for 4096 bytes",
		"Nov 24 06:45:12 mail postfix/smtp[182]: fatal: open database /etc/postfix/nomap.db: No such file",
		"Nov 24 06:45:12 mail postfix/smtp[182]: fatal: bad parameter smtp_host",
	} {
		err := p.placed(&wire.Error{Kind: "postfix-fatal", Message: line})
		if e, ok := errors.AsType[*wire.Error](err); !ok || e.File != "" {
			t.Errorf("%q is placed at %+v, want nowhere", line, err)
		}
	}
	if err := errors.New("other"); p.placed(err) != err || p.placed(nil) != nil {
		t.Error("an error without a file is changed")
	}
}
