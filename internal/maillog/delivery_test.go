package maillog

import (
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"strictmx/internal/mail"
)

var (
	sentStatus = mail.Status{Class: 2}
	okRelay    = &mail.Relay{Host: "ok.example", Addr: netip.MustParseAddr("203.0.113.31"), Port: 25}
	cmpAddr    = cmpopts.EquateComparable(netip.Addr{})
)

func TestParseDelivery(t *testing.T) {
	const header = "Nov 24 06:41:44 services02 postfix/smtp[183]: 340FE207: "
	for _, tt := range []struct {
		text string
		want mail.Delivery
	}{
		{
			`to=<a@ok.example>, relay=ok.example[203.0.113.31]:25, delay=43, delays=42/0.46/0.04/0.05, dsn=2.0.0, status=sent (250 2.0.0 Ok)`,
			mail.Delivery{Recipient: "a@ok.example", Relay: okRelay, Delay: 43, Status: sentStatus, Outcome: mail.Sent, Text: "250 2.0.0 Ok"},
		},
		{ // a connection used again
			`to=<a@ok.example>, relay=ok.example[203.0.113.31]:25, conn_use=2, delay=43, delays=42/0.46/0.04/0.05, dsn=2.0.0, status=sent (250)`,
			mail.Delivery{Recipient: "a@ok.example", Relay: okRelay, Delay: 43, Status: sentStatus, Outcome: mail.Sent, Text: "250"},
		},
		{
			`to=<"a,b"@ok.example>, relay=none, delay=0.01, delays=0/0/0/0, dsn=4.4.1, status=deferred (x)`,
			mail.Delivery{Recipient: `"a,b"@ok.example`, Delay: 0.01, Status: mail.Status{Class: 4, Subject: 4, Detail: 1}, Outcome: mail.Deferred, Text: "x"},
		},
		{ // as Postfix logs "x>, relay=none" and q"(c)
			`to=<"x>, relay=none"@ok.example>, orig_to=<"q\"(c)"@ok.example>, relay=local, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (delivered)`,
			mail.Delivery{Recipient: `"x>, relay=none"@ok.example`, OrigTo: `"q\"(c)"@ok.example`, Status: sentStatus, Outcome: mail.Sent, Text: "delivered"},
		},
		{ // quotes that do not match, in the form of older versions
			`to=<a"b@ok.example>, relay=none, delay=0, delays=0/0/0/0, dsn=2.0.0, status=sent (x)`,
			mail.Delivery{Recipient: `a"b@ok.example`, Status: sentStatus, Outcome: mail.Sent, Text: "x"},
		},
		{ // a text that looks like another line's end
			`to=<>, relay=mx[2001:db8::1]:24, delay=1e+02, delays=1/2/3/4, dsn=5.7.1, status=bounced (said: a, status=sent (ok) b (in reply to end of DATA command))`,
			mail.Delivery{
				Relay: &mail.Relay{Host: "mx", Addr: netip.MustParseAddr("2001:db8::1"), Port: 24}, Delay: 100,
				Status: mail.Status{Class: 5, Subject: 7, Detail: 1}, Outcome: mail.Bounced,
				Text: "said: a, status=sent (ok) b (in reply to end of DATA command)",
			},
		},
		{
			`to=<a@b>, relay=helo.example[private/lmtp], delay=0.02, delays=0/0/0/0, dsn=4.7.1, status=SOFTBOUNCE (no)`,
			mail.Delivery{Recipient: "a@b", Delay: 0.02, Status: mail.Status{Class: 4, Subject: 7, Detail: 1}, Outcome: mail.Deferred, Text: "no"},
		},
	} {
		l, ok := ParseLine(header + tt.text)
		if !ok {
			t.Fatalf("no line: %q", tt.text)
		}
		tt.want.QueueID = "340FE207"
		got, ok := ParseDelivery(l)
		got.Time = tt.want.Time
		if diff := cmp.Diff(tt.want, got, cmpAddr); !ok || diff != "" {
			t.Errorf("ParseDelivery(%s) = %v\n%s", tt.text, ok, diff)
		}
	}
	for _, text := range []string{
		"removed",
		"to=<a@b>",
		"to=<a@b>, relay=none, delay=0, dsn=2.0.0, status=sent (x",
		"to=<a@b>, relay=none, delay=0, dsn=2.0.0, status=deliverable (x)",
		"to=<a@b>, relay=none, delay=-1, dsn=2.0.0, status=sent (x)",
		"to=<a@b>, relay=none, delay=NaN, dsn=2.0.0, status=sent (x)",
		"to=<a@b>, relay=none, delay=0, dsn=2.0, status=sent (x)",
		"to=<a@b>, relay=none, delay=0, status=sent (x)",
		"to=<a@b>, relay=none, relay=none, delay=0, status=sent (x)",
		"to=<a@b>, relay=none, delay=0, dsn=2.0.0, dsn=5.0.0, status=sent (x)",
		"to=<a@b>, orig_to=<c, relay=none, delay=0, dsn=2.0.0, status=sent (x)",
		"to=<a@b>, relay=none, delay=0, dsn=2.0.0, what, status=sent (x)",
	} {
		if d, ok := ParseDelivery(Line{QueueID: "340FE207", Text: text}); ok {
			t.Errorf("ParseDelivery(%s) = %+v, want none", text, d)
		}
	}
	if d, ok := ParseDelivery(Line{Text: "to=<a@b>, relay=none, delay=0, dsn=2.0.0, status=sent (x)"}); ok {
		t.Errorf("a line without queue id gave %+v", d)
	}
}

// render writes a delivery as Postfix does.
func render(d mail.Delivery) string {
	s := "to=<" + d.Recipient + ">, "
	if d.OrigTo != "" {
		s += "orig_to=<" + d.OrigTo + ">, "
	}
	relay := "none"
	if d.Relay != nil {
		relay = fmt.Sprintf("%s[%s]:%d", d.Relay.Host, d.Relay.Addr, d.Relay.Port)
	}
	return s + fmt.Sprintf("relay=%s, delay=%s, delays=0/0/0/0, dsn=%s, status=%s (%s)",
		relay, strconv.FormatFloat(d.Delay, 'g', -1, 64), d.Status, d.Outcome, d.Text)
}

// A delivery that was read, and is written in Postfix's form, is read as the same.
func FuzzParseDelivery(f *testing.F) {
	f.Add(`to=<"x>, relay=none"@ok.example>, orig_to=<a@b>, relay=ok.example[2001:db8::1]:25, delay=43, delays=42/0.46/0.04/0.05, dsn=2.0.0, status=sent (250 (x))`)
	f.Add(`to=<a"b@ok.example>, relay=none, delay=0, delays=0/0/0/0, dsn=2.0.0, status=SOFTBOUNCE (x)`)
	f.Fuzz(func(t *testing.T, s string) {
		d, ok := ParseDelivery(Line{QueueID: "340FE207", Text: s})
		if !ok {
			return
		}
		d.Cut = false // it is written whole
		again, ok := ParseDelivery(Line{QueueID: "340FE207", Text: render(d)})
		if diff := cmp.Diff(d, again, cmpAddr); !ok || diff != "" {
			t.Errorf("%q is written %q and read again as something else:\n%s", s, render(d), diff)
		}
	})
}

// What Postfix 3.7.11 logged of a reply of 2.5 kB in 30 lines: the record is cut at
// 2,000 octets, and ends within the text.
func TestCutRecord(t *testing.T) {
	b, err := os.ReadFile("testdata/cut.log")
	if err != nil {
		t.Fatal(err)
	}
	tr := NewTracker()
	tr.Expect(0, "long.long.0@mail.example.com")
	for l := range strings.Lines(string(b)) {
		tr.Line(strings.TrimSuffix(l, "\n"))
	}
	if missing := tr.Settled(); len(missing) > 0 {
		t.Errorf("no outcome for %v", missing)
	}
	d := tr.Deliveries()[0]
	if d.Outcome != mail.Bounced || !d.Cut || d.Status.String() != "5.7.1" || d.Recipient != "you@example.org" ||
		!strings.HasSuffix(d.Text, "line 22 of a long explanation: see https://postmaster.example.org/0022. 550-5.7.1 line 2") {
		t.Errorf("%+v, want a bounce with a text that is cut in line 23", d)
	}
}

// Only a record that is as long as can be may lack its end.
func TestCutIsByLength(t *testing.T) {
	head := "to=<a@b>, relay=none, delay=0, delays=0/0/0/0, dsn=5.0.0, status=bounced ("
	for extra, want := range map[int]bool{-1: false, 0: true, 1: false} {
		text := head + strings.Repeat("x", maxRecord-len("340FE207: ")-len(head)+extra)
		d, ok := ParseDelivery(Line{QueueID: "340FE207", Text: text})
		if ok != want || d.Cut != want {
			t.Errorf("%d octets beyond the record: %v, cut %v, want %v", extra, ok, d.Cut, want)
		}
	}
}

// The same holds for a line about a server that was tried before.
func TestTryIsCut(t *testing.T) {
	head := "host mx.example.org[198.51.100.1] said: "
	for extra, want := range map[int]bool{-1: false, 0: true} {
		try, ok := parseTry(Line{QueueID: "340FE207", Text: head + strings.Repeat("x", maxRecord-len("340FE207: ")-len(head)+extra)})
		if !ok || try.Cut != want {
			t.Errorf("%d octets beyond the record: %v, cut %v, want %v", extra, ok, try.Cut, want)
		}
	}
}

func ExampleParseDelivery() {
	l, _ := ParseLine("Nov 24 06:42:26 services02 postfix/smtp[183]: 564802B0: to=<a@refuse.example>, " +
		"relay=refuse.example[203.0.113.23]:25, delay=2.3, delays=2.3/0/0/0, dsn=4.7.1, " +
		"status=deferred (host refuse.example[203.0.113.23] refused to talk to me: 554 5.7.1 go away)")
	d, ok := ParseDelivery(l)
	fmt.Println(d.Outcome, d.Status, d.Relay.Addr, strings.HasSuffix(d.Text, "go away"), ok)
	// Output: deferred 4.7.1 203.0.113.23 true true
}
