package maillog

import "testing"

// A message waits from its last deferral in a round until the next one begins.
func TestWaiting(t *testing.T) {
	tr := NewTracker()
	tr.Expect(0, "m0@services.example.com")
	for _, step := range []struct {
		line string
		want bool
	}{
		{"Nov 24 06:45:11 mail postfix/cleanup[178]: 1C64B3DA: message-id=<m0@services.example.com>", false},
		{"Nov 24 06:45:11 mail postfix/qmgr[172]: 1C64B3DA: from=<me@example.com>, size=265, nrcpt=2 (queue active)", false},
		{"Nov 24 06:45:12 mail postfix/smtp[182]: 1C64B3DA: to=<a@example.org>, relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, status=deferred (no)", false},
		{"Nov 24 06:45:12 mail postfix/smtp[182]: 1C64B3DA: to=<b@example.org>, relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, status=deferred (no)", true},
		{"Nov 24 06:45:13 mail postfix/qmgr[172]: 1C64B3DA: from=<me@example.com>, size=265, nrcpt=2 (queue active)", false},
		{"Nov 24 06:45:13 mail postfix/smtp[182]: 1C64B3DA: to=<a@example.org>, relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, status=deferred (no)", false},
		{"Nov 24 06:45:13 mail postfix/smtp[182]: 1C64B3DA: to=<b@example.org>, relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, status=deferred (no)", true},
		{"Nov 24 06:45:13 mail postfix/qmgr[172]: 1C64B3DA: removed", false},
		// Nobody asked for this one.
		{"Nov 24 06:45:14 mail postfix/qmgr[172]: 2C64B3DA: from=<me@example.com>, size=265, nrcpt=1 (queue active)", false},
		{"Nov 24 06:45:14 mail postfix/smtp[182]: 2C64B3DA: to=<b@example.org>, relay=none, delay=1, delays=1/0/0/0, dsn=4.4.1, status=deferred (no)", false},
	} {
		if tr.Line(step.line); tr.Waiting() != step.want {
			t.Errorf("after %q: Waiting = %t, want %t", step.line, !step.want, step.want)
		}
	}
}
