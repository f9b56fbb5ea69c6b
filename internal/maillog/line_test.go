package maillog

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseLine(t *testing.T) {
	for _, tt := range []struct {
		line string
		want Line
	}{
		{
			"Nov 24 06:05:15 host postfix/smtp[123]: 2F6FA6AB68: to=<a@b>, x",
			Line{Time: "Nov 24 06:05:15", Host: "host", Service: "postfix", Program: "smtp", PID: 123, QueueID: "2F6FA6AB68", Text: "to=<a@b>, x"},
		},
		{
			"Nov  4 06:05:15 host postfix/smtp[123]: connect to mx[203.0.113.1]:25: Connection refused",
			Line{
				Time: "Nov  4 06:05:15", Host: "host", Service: "postfix", Program: "smtp", PID: 123,
				Text: "connect to mx[203.0.113.1]:25: Connection refused",
			},
		},
		{
			"2026-11-24T06:05:15.123456+01:00 host postfix-out/submission/smtpd[7]: warning: 4jYYGX2KdFzNs: x: y\n",
			Line{
				Time: "2026-11-24T06:05:15.123456+01:00", Host: "host", Service: "postfix-out/submission", Program: "smtpd",
				PID: 7, Severity: Warning, QueueID: "4jYYGX2KdFzNs", Text: "x: y",
			},
		},
		{
			"2026-11-24T06:05:15+0000 host postfix/master[7]: fatal: bind 0.0.0.0 port 25: Address already in use\r\n",
			Line{
				Time: "2026-11-24T06:05:15+0000", Host: "host", Service: "postfix", Program: "master",
				PID: 7, Severity: Fatal, Text: "bind 0.0.0.0 port 25: Address already in use",
			},
		},
		{ // as on standard error
			"postfix/smtpd[9]: NOQUEUE: reject: RCPT from x",
			Line{Service: "postfix", Program: "smtpd", PID: 9, QueueID: NoQueue, Text: "reject: RCPT from x"},
		},
		{"postfix: fatal: no", Line{Program: "postfix", Severity: Fatal, Text: "no"}},
		{ // words that are no queue ids
			"postfix/qmgr[9]: statistics: x",
			Line{Service: "postfix", Program: "qmgr", PID: 9, Text: "statistics: x"},
		},
	} {
		got, ok := ParseLine(tt.line)
		if !ok || got != tt.want {
			t.Errorf("ParseLine(%q) = %+v, %v, want %+v", tt.line, got, ok, tt.want)
		}
		if back := strings.TrimRight(tt.line, "\r\n"); got.String() != back {
			t.Errorf("%+v is written %q, want %q", got, got, back)
		}
	}
	for _, line := range []string{
		"", "x", "Nov 24 06:05:15", "Nov 24 06:05:15 host", "Nov 24 06:05:15 host sshd[1]: fatal: no", "postfix/smtp[x]: y",
		"postfix/smtp[1: y", "postfix/smtp[-1]: y", "post fix/smtp[1]: y", "/smtp[1]: y", "postfix/[1]: y", "postfix/smtp[1]:y",
		"Nov 31 06:05:15 host postfix/smtp[1]: y", "kernel: x: y",
	} {
		if got, ok := ParseLine(line); ok {
			t.Errorf("ParseLine(%q) = %+v, want no line of Postfix", line, got)
		}
	}
}

func TestQueueID(t *testing.T) {
	for id, want := range map[string]bool{
		"2F6FA6AB68": true, "1E92F204": true, "3Pt2mN2VXxznjll": true, "4jYYGX2KdFzNs": true, NoQueue: true,
		"ABCDE": false, "fatal": false, "2f6fa6ab68": false, "TLS": false, "Untrusted": false, "znjll3Pt2mN2VXx": false,
	} {
		if got := isQueueID(id); got != want {
			t.Errorf("isQueueID(%q) = %v, want %v", id, got, want)
		}
	}
}

// Syslog's times lack the year; the nearest is right, also over the turn of a year.
func TestLineAt(t *testing.T) {
	near := time.Date(2027, 1, 1, 0, 0, 5, 0, time.UTC)
	for in, want := range map[string]string{
		"Dec 31 23:59:59":           "2026-12-31T23:59:59Z",
		"Jan  1 00:00:09":           "2027-01-01T00:00:09Z",
		"2014-02-26T21:58:24+01:00": "2014-02-26T20:58:24Z",
		"2014-02-26T21:58:24-0100":  "2014-02-26T22:58:24Z",
	} {
		if got := (Line{Time: in}).At(near).Format(time.RFC3339); got != want {
			t.Errorf("%s is %s, want %s", in, got, want)
		}
	}
	if got := (Line{}).At(near); !got.IsZero() {
		t.Errorf("no time is %v", got)
	}
}

// A line that was read is written as it was, but for its end.
func FuzzParseLine(f *testing.F) {
	f.Add("Nov 24 06:05:15 host postfix/smtp[123]: 2F6FA6AB68: to=<a@b>, x")
	f.Add("2026-11-24T06:05:15.123456+01:00 host postfix-out/submission/smtpd[7]: warning: 4jYYGX2KdFzNs: x: y")
	f.Add("postfix: panic: x")
	f.Fuzz(func(t *testing.T, s string) {
		l, ok := ParseLine(s)
		if !ok {
			return
		}
		again, ok := ParseLine(l.String())
		if diff := cmp.Diff(l, again); !ok || diff != "" {
			t.Errorf("%q is written %q and read again as something else:\n%s", s, l, diff)
		}
	})
}

func ExampleParseLine() {
	l, ok := ParseLine("Nov 24 06:42:24 services02 postfix/qmgr[171]: 77C152B5: removed")
	fmt.Println(l.Program, l.PID, l.QueueID, l.Text, ok)
	// Output: qmgr 171 77C152B5 removed true
}
