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

// Only programs that are not Postfix's can send mail on unseen, whatever became of the
// mail that they were given.
func TestHandedOn(t *testing.T) {
	const head, tail = "Nov 24 06:45:12 mail postfix/", ": 1C64B3DA: to=<a@example.org>, relay=x, delay=1, delays=1/0/0/0, dsn=2.0.0, status="
	for line, want := range map[string]bool{
		head + "pipe[182]" + tail + "sent (delivered via footer service)":                  true,
		head + "filter/pipe[182]" + tail + "deferred (temporary failure)":                  true,
		head + "local[182]" + tail + "sent (delivered to command: exec procmail)":          true,
		head + "smtp[182]" + tail + "sent (250 2.0.0 Ok: queued as 0)":                     false,
		head + "virtual[182]" + tail + "sent (delivered to maildir)":                       false,
		head + "pipe[182]: warning: 1C64B3DA: to=<a@example.org>, status=sent (nothing)":   false,
		"Nov 24 06:45:12 mail procmail[182]: 1C64B3DA: to=<a@example.org>, status=sent ()": false,
	} {
		tr := NewTracker()
		if tr.Line(line); tr.HandedOn() != want {
			t.Errorf("after %q: HandedOn = %t, want %t", line, !want, want)
		}
	}
}
