package verdict

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"strictmx/internal/mail"
	"strictmx/scenarios"
)

// The addresses of the small world in which the tests play.
var (
	gmail4 = netip.MustParseAddr("198.51.100.26")
	gmail6 = netip.MustParseAddr("2001:db8:400d:c00::1a")
	host4  = netip.MustParseAddr("203.0.113.10")
	host6  = netip.MustParseAddr("2001:db8::25")
)

// status reads a status, and panics where the test itself is wrong.
func status(s string) mail.Status {
	st, err := mail.ParseStatus(s)
	if err != nil {
		panic(err)
	}
	return st
}

// delivery reads "0 TO OUTCOME STATUS SERVER [-TRIED...]". SERVER may be none.
func delivery(s string) mail.Delivery {
	f := strings.Fields(s)
	d := mail.Delivery{
		Message: int(f[0][0] - '0'), QueueID: "1E92F204", Recipient: f[1], Outcome: mail.Outcome(f[2]), Status: status(f[3]),
		Text: "host said: 550-5.7.1 no  PTR 550 5.7.1 record", Delay: 0.5,
	}
	if f[4] != "none" {
		d.Relay = &mail.Relay{Host: "mx.example", Addr: netip.MustParseAddr(f[4]), Port: 25}
	}
	for _, t := range f[5:] {
		d.Tries = append(d.Tries, mail.Try{Host: "mx.example", Addr: netip.MustParseAddr(t[1:])})
	}
	return d
}

// attempt reads "MESSAGE STAGE RULE SERVER [TO...]". RULE may be -, for accepted, or
// left, for a session that the client ended first.
func attempt(s string) mail.Attempt {
	f := strings.Fields(s)
	a := mail.Attempt{
		Message: -1, Receiver: "gmail@2014", From: "me@example.com", Server: netip.MustParseAddr(f[3]), Client: host6,
		Recipients: f[4:], Reply: []string{"250 2.0.0 OK"},
	}
	if f[0] != "-" {
		a.Message = int(f[0][0] - '0')
	}
	if a.Server.Is4() {
		a.Client = host4
	}
	if err := a.Stage.UnmarshalText([]byte(f[1])); err != nil {
		panic(err)
	}
	switch f[2] {
	case "-":
	case "left":
		a.Reply = nil
	default:
		a.Rule, a.Reply = f[2], []string{"550-5.7.1 no  PTR", "550 5.7.1 record"}
	}
	return a
}

// observed reads deliveries and attempts, one a line; an attempt's line begins
// with "at".
func observed(text string) Observed {
	var o Observed
	start := time.Date(2026, 11, 24, 6, 42, 24, 0, time.UTC)
	for i, l := range strings.Split(strings.TrimSpace(text), "\n") {
		l = strings.TrimSpace(l)
		if l == "" {
			continue
		}
		if rest, ok := strings.CutPrefix(l, "at "); ok {
			a := attempt(rest)
			a.Time = start.Add(time.Duration(i) * time.Second)
			o.Attempts = append(o.Attempts, a)
			continue
		}
		o.Deliveries = append(o.Deliveries, delivery(l))
	}
	return o
}

// message is one message of a case.
func message(to ...string) scenarios.Message {
	return scenarios.Message{From: "me@example.com", To: to, Via: "sendmail"}
}

// oneCase is a case that sends one message to x@gmail.com.
func oneCase(want ...scenarios.Want) scenarios.Case {
	for i := range want {
		want[i].Message = -1
	}
	return scenarios.Case{Name: "no-ptr", Messages: []scenarios.Message{message("x@gmail.com")}, Want: want}
}

// notice is an attempt to deliver a notice about recipients of one status.
func notice(to, action, status string, recipients ...string) mail.Attempt {
	var b strings.Builder
	fmt.Fprintf(&b, "To: %s\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n", to)
	b.WriteString("--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.com\r\n")
	for _, r := range recipients {
		fmt.Fprintf(&b, "\r\nFinal-Recipient: rfc822; %s\r\nAction: %s\r\nStatus: %s\r\n", r, action, status)
		b.WriteString("Diagnostic-Code: smtp; 550 5.7.1 likely\r\n    unsolicited mail\r\n")
	}
	b.WriteString("--b--\r\n")
	return mail.Attempt{
		Message: -1, Receiver: "postfix", Recipients: []string{to}, Stage: mail.Data, Reply: []string{"250 2.0.0 Ok"},
		Content: []byte(b.String()),
	}
}

// fields writes mismatches as "FIELD want WANT got GOT", one a line.
func fields(all []Mismatch) string {
	var b strings.Builder
	for _, m := range all {
		fmt.Fprintf(&b, "%s want %s got %s\n", m.Field, m.Want, m.Got)
	}
	return b.String()
}

func expect(t *testing.T, name, want, got string) {
	t.Helper()
	want = strings.TrimSpace(strings.ReplaceAll(want, "\t", ""))
	if got = strings.TrimSpace(got); want != got {
		t.Errorf("%s:\ngot:\n%s\nwant:\n%s", name, got, want)
	}
}
