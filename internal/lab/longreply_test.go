package lab_test

import (
	"fmt"
	"strings"
	"testing"

	"strictmx/internal/lab"
)

// longReply is a scenario with a receiver that refuses in so many lines of 50 octets.
func longReply(lines int) string {
	var b strings.Builder
	b.WriteString(`A receiver has much to say.

-- scenario.yaml --
title: Long replies
host: {name: mail.example.com, ipv4: 203.0.113.10}
receivers:
  - {profile: wordy, domains: [example.org]}
send: {from: me@example.com, to: you@example.org}
cases:
  - name: long
    want: {outcome: bounced, status: 5.7.1, rule: wordy/long, text: "is the last of all."}
-- dns/ptr --
203.0.113.10  mail.example.com
-- dns/example.com.zone --
mail  A    203.0.113.10
-- profiles/wordy.yaml --
name: wordy
title: Wordy
hostname: mx.example.org
hosts:
  - {name: mx.example.org., pref: 10, addrs: [198.51.100.240]}
extensions: [PIPELINING, ENHANCEDSTATUSCODES]
dialogue: {banner: 220 mx.example.org ready}
rules:
  - id: long
    at: rcpt
    when: {family: ipv4}
    source: made up
    seen: 2026-01-01
    remedy: nothing
    reply: |-
      550 5.7.1 there is a lot to say, and it takes me long
`)
	for i := 2; i < lines; i++ {
		fmt.Fprintf(&b, "      this is line %02d and there are still more to be\n", i)
	}
	b.WriteString("      and this, in the end, is the last of all.\n")
	return b.String()
}

// Postfix logs a reply of 1.7 kB in 30 lines whole. One of 2.2 kB is cut in its log at
// 2,000 octets, and Postfix itself keeps 2,048 of it (line_length_limit): the delivery
// has all of it nevertheless, since the receiver has.
func testLongReplies(t *testing.T, d lab.Driver) {
	for lines, cut := range map[int]bool{30: false, 38: true} {
		_, rec := run(t, d, loaded(t, longReply(lines)), "long")
		if len(rec.Deliveries) == 0 || len(rec.Attempts) == 0 {
			t.Fatalf("%d lines: %+v", lines, rec)
		}
		got, said := rec.Deliveries[0], strings.Join(rec.Attempts[0].Reply, " ")
		logged := 0
		for _, l := range rec.Log {
			logged = max(logged, len(l))
		}
		t.Logf("%d lines: a reply of %d octets, the longest line of the log has %d", lines, len(said), logged)
		if got.Cut != cut || !strings.Contains(got.Text, said) {
			t.Errorf("%d lines: cut %v, want %v, with the reply of %d octets whole: %q", lines, got.Cut, cut, len(said), got.Text)
		}
	}
}
