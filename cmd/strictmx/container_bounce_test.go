package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// published is a bounce as an administrator found it in his mail log in February
// 2014, from the relay on.
const published = `relay=gmail-smtp-in.l.google.com[2607:f8b0:400d:c00::1a]:25, delay=8.7, delays=8/0.01/0.06/0.58, ` +
	`dsn=5.7.1, status=bounced (host gmail-smtp-in.l.google.com[2607:f8b0:400d:c00::1a] said: ` +
	`550-5.7.1 [2600:3c03::f03c:91ff:fe6e:423f 12] Our system has detected that ` +
	`550-5.7.1 this message is likely unsolicited mail. To reduce the amount of spam ` +
	`550-5.7.1 sent to Gmail, this message has been blocked. Please visit ` +
	`550-5.7.1 http://support.google.com/mail/bin/answer.py?hl=en&answer=188131 for ` +
	`550 5.7.1 more information. r6si610718qcl.69 - gsmtp (in reply to end of DATA command))`

var (
	// masked are addresses, times and ids, which differ from bounce to bounce.
	masked = []struct {
		what *regexp.Regexp
		with string
	}{
		{regexp.MustCompile(`\s+`), " "},
		{regexp.MustCompile(`\[[0-9a-f]*:[0-9a-f:]+`), "[ADDRESS"},
		{regexp.MustCompile(`delay=[0-9.]+, delays=[0-9./]+`), "delay=D, delays=D"},
		{regexp.MustCompile(`\b[a-z]\d*si\d+[a-z]+\.\d+ - gsmtp`), "ID - gsmtp"},
	}
	// codes stand at the beginning of each line of a reply, which Postfix joins.
	codes = regexp.MustCompile(`(\S) 550[- ]5\.7\.1 `)
)

func mask(line string) string {
	for _, m := range masked {
		line = m.what.ReplaceAllString(line, m.with)
	}
	return line
}

// unwrap takes the codes out, and with them where the lines were broken.
func unwrap(line string) string { return codes.ReplaceAllString(line, "$1 ") }

// What Postfix logs is word for word what it logged then. With an address of another
// length Gmail breaks the lines elsewhere.
func (r *rig) bounceLine(t *testing.T) {
	for _, tt := range []struct {
		ipv6   string
		breaks bool // where they are in the published line
	}{
		{"2001:db8::1", false},
		{"2001:db8::f03c:91ff:fe6e:423f", true},
		{"2001:db8:1:2:3c:91ff:fe6e:423f", true}, // of the published one's very length
		{"2001:db8:1111:2222:3333:4444:5555:6666", false},
	} {
		t.Run(tt.ipv6, func(t *testing.T) {
			t.Parallel()
			c := r.run(t, "--format", "json", "--keep", write(t, "bounce", fmt.Sprintf(`As in the mail log of 2014.
-- scenario.yaml --
title: as in the mail log of 2014
host: {name: services02.example.com, ipv4: 203.0.113.10, ipv6: "%s"}
receivers:
  - {profile: gmail@2013-unsolicited, domains: [gmail.com]}
send: {from: me@example.com, to: recipient3@gmail.com}
cases:
  - {name: no-ptr, want: {outcome: bounced, status: 5.7.1, client: ipv6, stage: data}}
-- postfix/main.cf --
smtp_address_preference = ipv6
`, tt.ipv6)))
			if got := c.exit(); got != exitOK {
				t.Fatalf("exit code = %d, want %d\n%s", got, exitOK, &c.stderr)
			}
			log, err := os.ReadFile(filepath.Join(c.cases(t)["no-ptr"].Kept, "mail.log"))
			if err != nil {
				t.Fatal(err)
			}
			line := bounceOf(string(log))
			if !strings.Contains(line, "said: 550-5.7.1 ["+tt.ipv6+" ") {
				t.Errorf("logged %q, want the client's address %s in it", line, tt.ipv6)
			}
			got, want := mask(line), mask(published)
			if !tt.breaks {
				got, want = unwrap(got), unwrap(want)
			}
			if got != want {
				t.Errorf("logged, masked\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// bounceOf finds the line with status=bounced, and cuts what stands before the relay.
func bounceOf(log string) string {
	for line := range strings.Lines(log) {
		if _, after, ok := strings.Cut(line, " relay="); ok && strings.Contains(line, "status=bounced") {
			return "relay=" + strings.TrimSpace(after)
		}
	}
	return ""
}
