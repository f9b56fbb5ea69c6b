package check

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/quick"
	"time"

	"strictmx/internal/mail"
)

func makeCheck(t testing.TB, method, name string, settings ...string) Check {
	t.Helper()
	m, ok := MethodNamed(method)
	if !ok {
		t.Fatalf("no method %s", method)
	}
	given := make(Settings)
	for _, s := range settings {
		key, value, _ := strings.Cut(s, ": ")
		given[key] = append(given[key], value)
	}
	c, err := m.Make(name, given)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// one are the facts of a message with one recipient.
func one(client, from, rcpt string) Facts {
	return Facts{Client: netip.MustParseAddr(client), MailFrom: from, Rcpts: []string{rcpt}}
}

func TestRate(t *testing.T) {
	const a, b, other, six = "203.0.113.1", "203.0.113.2", "198.51.100.1", "2001:db8::1"
	c := func(client string) Facts { return one(client, "me@example.com", "you@example.org") }
	from := func(sender string) Facts { return one(a, sender, "you@example.org") }
	content := func(field string, rcpts ...string) Facts {
		return Facts{Client: netip.MustParseAddr(a), Rcpts: rcpts, Content: []byte(field + "\r\n\r\n")}
	}
	in := func(session uint64, f Facts) Facts {
		f.Sessions.Number = session
		return f
	}
	type try struct {
		at    time.Duration // of the clock
		facts Facts
		count string
		want  string
	}
	for name, tt := range map[string]struct {
		settings string
		tries    []try
	}{
		"the one over the limit fails": {"limit: 2", []try{
			{0, c(a), "1", "pass"}, {0, c(a), "2", "pass"}, {0, c(a), "3", "fail"}, {0, c(b), "1", "pass"},
		}},
		// Refused ones count: the client stays out until the time is over.
		"the time begins with the first": {"limit: 1, per: 10m", []try{
			{0, c(a), "1", "pass"},
			{9 * time.Minute, c(a), "2", "fail"},
			{599 * time.Second, c(a), "3", "fail"},
			{10 * time.Minute, c(a), "1", "pass"},
			{19 * time.Minute, c(a), "2", "fail"},
		}},
		"a jump of a day": {"limit: 1, per: 24h", []try{
			{0, c(a), "1", "pass"}, {time.Hour, c(a), "2", "fail"}, {24 * time.Hour, c(a), "1", "pass"},
		}},
		"a clock that goes back stands": {"limit: 9, per: 10m", []try{
			{time.Hour, c(a), "1", "pass"},
			{0, c(a), "2", "pass"},
			{69 * time.Minute, c(a), "3", "pass"},
			{70 * time.Minute, c(a), "1", "pass"},
		}},
		"by network": {"limit: 1, by: network", []try{
			{0, c(a), "1", "pass"},
			{0, c(b), "2", "fail"},
			{0, c(other), "1", "pass"},
			{0, c(six), "1", "pass"},
			{0, c("2001:db8::ffff"), "2", "fail"},
			{0, c("2001:db8:0:1::1"), "1", "pass"},
			{0, c("::ffff:203.0.113.9"), "3", "fail"},
		}},
		"by all": {"limit: 1, by: all", []try{{0, c(a), "1", "pass"}, {0, c(six), "2", "fail"}}},
		"by sender-domain": {"limit: 1, by: sender-domain", []try{
			{0, from("a@example.com"), "1", "pass"},
			{0, from("b@EXAMPLE.com."), "2", "fail"},
			{0, from("b@sub.example.com"), "1", "pass"},
			{0, from(""), "1", "pass"},
			{0, from(""), "2", "fail"},
			{0, from(`"a@b"@bücher.example`), "1", "pass"},
			{0, from("a@xn--bcher-kva.example"), "2", "fail"},
		}},
		"by from-domain": {"limit: 1, by: from-domain", []try{
			{0, content("From: A <a@example.com>", "x"), "1", "pass"},
			{0, content("Subject: x\r\nfrom :\r\n  b@Example.COM", "x"), "2", "fail"},
			{0, content("Subject: x\r\n\r\nFrom: c@example.com", "x"), "1", "pass"},
			{0, content("From: nobody", "x"), "2", "fail"}, // what has no domain is one
		}},
		"recipients": {"limit: 2, count: recipients", []try{
			{0, c(a), "1", "pass"}, {0, c(a), "2", "pass"}, {0, c(a), "3", "fail"},
		}},
		"recipients, each on its own": {"limit: 1, count: recipients, by: recipient", []try{
			{0, Facts{Rcpts: []string{"a@example.net"}}, "1", "pass"},
			{0, Facts{Rcpts: []string{"a@example.net", "b@example.net"}}, "1", "pass"},
			{0, Facts{Rcpts: []string{"A@example.net"}}, "2", "fail"},
		}},
		// After the content all of them are counted at once.
		"recipients after the content": {"limit: 3, count: recipients", []try{
			{0, content("From: a@example.com", "x", "y"), "2", "pass"},
			{0, content("From: a@example.com", "x", "y"), "4", "fail"},
		}},
		"by session, whatever the time": {"limit: 2, by: session, per: 1m", []try{
			{0, in(1, c(a)), "1", "pass"},
			{time.Hour, in(1, from("other@example.org")), "2", "pass"},
			{2 * time.Hour, in(2, c(a)), "1", "pass"}, // of the same client
			{2 * time.Hour, in(1, c(a)), "3", "fail"},
			{2 * time.Hour, in(2, c(a)), "2", "pass"},
		}},
		"sessions that are not known are one": {"limit: 1, by: session", []try{
			{0, c(a), "1", "pass"}, {0, c(b), "2", "fail"}, {0, in(1, c(b)), "1", "pass"},
		}},
		"recipients of a session": {"limit: 2, count: recipients, by: session", []try{
			{0, in(1, c(a)), "1", "pass"}, {0, in(1, c(a)), "2", "pass"}, {0, in(2, c(a)), "1", "pass"}, {0, in(1, c(a)), "3", "fail"},
		}},
		"recipients of a session after the content": {"limit: 2, count: recipients, by: session", []try{
			{0, in(1, content("From: a@example.com", "x", "y")), "2", "pass"}, {0, in(1, content("From: a@example.com", "x")), "3", "fail"},
		}},
		"open sessions are those at the beginning": {"limit: 2, count: open, by: network", []try{
			{0, Facts{Client: netip.MustParseAddr(a), Sessions: Sessions{Client: 1, Network: 2, All: 9}}, "2", "pass"},
			{0, Facts{Client: netip.MustParseAddr(a), Sessions: Sessions{Client: 1, Network: 3, All: 9}}, "3", "fail"},
			{0, Facts{Client: netip.MustParseAddr(a)}, "1", "pass"}, // not known: this one
		}},
	} {
		t.Run(name, func(t *testing.T) {
			check := makeCheck(t, "rate", "limit", strings.Split(tt.settings, ", ")...)
			state := NewState()
			for i, try := range tt.tries {
				r := check.Run(t.Context(), Env{State: state, Now: noon.Add(try.at)}, try.facts)
				if r.Value != try.want || r.Properties["count"] != try.count {
					t.Errorf("try %d: %s with count %s (%s), want %s with %s",
						i+1, r.Value, r.Properties["count"], r.Reason, try.want, try.count)
				}
			}
		})
	}
}

// Checks of one receiver count apart, even if they are set up alike.
func TestRatesCountApart(t *testing.T) {
	state := NewState()
	for _, name := range []string{"soft", "hard"} {
		c := makeCheck(t, "rate", name, "limit: 1")
		if r := c.Run(t.Context(), Env{State: state, Now: noon}, one("203.0.113.1", "", "")); r.Properties["count"] != "1" {
			t.Errorf("%s counts %s, want 1", name, r.Properties["count"])
		}
	}
}

// What a session counted is forgotten when it ends, and only that.
func TestRateForgetsASessionAtItsEnd(t *testing.T) {
	c := makeCheck(t, "rate", "limit", "limit: 1", "by: session")
	state := NewState()
	client := netip.MustParseAddr("203.0.113.1")
	first, leaveFirst := state.Enter(client)
	second, leaveSecond := state.Enter(client)
	for i, s := range []Sessions{first, first, second} {
		r := c.Run(t.Context(), Env{State: state, Now: noon}, Facts{Client: client, Sessions: s})
		if want := []string{"1 message in this session, of 1 allowed", "2 messages in this session, over the limit of 1", "1 message in this session, of 1 allowed"}[i]; r.Reason != want {
			t.Errorf("message %d: %s, want %s", i+1, r.Reason, want)
		}
	}
	leaveFirst()
	if _, kept := state.within[first.Number]; kept || len(state.within) != 1 {
		t.Errorf("after the first session %d are counted, its own: %t, want the second", len(state.within), kept)
	}
	leaveSecond()
	if len(state.within) != 0 {
		t.Errorf("%d sessions are counted after all have ended", len(state.within))
	}
}

func TestRateStages(t *testing.T) {
	for settings, want := range map[string]mail.Stage{
		"count: connections": mail.Connect, "count: open": mail.Connect, "count: messages": mail.Mail,
		"count: recipients": mail.Rcpt, "by: sender-domain": mail.Mail, "by: from-domain": mail.Data, "by: session": mail.Mail,
	} {
		if got := makeCheck(t, "rate", "r", settings, "limit: 1").At; got != want {
			t.Errorf("%s: at %s, want %s", settings, got, want)
		}
	}
}

func TestWrongSettings(t *testing.T) {
	for _, tt := range []struct{ method, settings, want string }{
		{"rate", "", "want limit: how many may be"},
		{"rate", "limit: 0", "limit: "},
		{"rate", "limit: 1, per: 10", "per: "},
		{"rate", "limit: 1, per: 0s", "per: want a time longer than 0"},
		{"rate", "limit: 1, count: mails", "count: "},
		{"rate", "limit: 1, count: open, by: sender-domain", "by: "},
		{"rate", "limit: 1, count: open, by: session", "by: "},
		{"rate", "limit: 1, count: connections, by: session", "by: "},
		{"greylist", "by: sender", "by: "},
		{"greylist", "delay: -1s", "delay: "},
		{"greylist", "delay: 48h", "window: 48h: want a time longer than the delay of 48h"},
		{"early-talker", "wait: 0s", "wait: "},
		{"list", "by: from", "by: "},
	} {
		m, _ := MethodNamed(tt.method)
		given := make(Settings)
		for s := range strings.SplitSeq(tt.settings, ", ") {
			if key, value, ok := strings.Cut(s, ": "); ok {
				given[key] = []string{value}
			}
		}
		if _, err := m.Make("x", given); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s with %q: %v, want %q", tt.method, tt.settings, err, tt.want)
		}
	}
}

// A From field that is too long to be read has no author to count by.
func TestLongFromHasNoAuthor(t *testing.T) {
	long := "From: a@example.com\r\n" + strings.Repeat(" ,b@example.com\r\n", 1<<15)
	if got := authorsDomain([]byte(long)); got != "" {
		t.Errorf("the author of a field of %d octets is at %q", len(long), got)
	}
}

// The time of a profile reads as it was written.
func TestSpan(t *testing.T) {
	for _, s := range []string{"200ms", "5s", "5m", "1h", "1h30m", "1h0m5s", "840h", "0s", "1m30s"} {
		d, err := time.ParseDuration(s)
		if got := span(d); err != nil || got != s {
			t.Errorf("span(%s) = %s", s, got)
		}
	}
	law := func(d int64) bool {
		back, err := time.ParseDuration(span(time.Duration(d)))
		return err == nil && int64(back) == d
	}
	if err := quick.Check(law, nil); err != nil {
		t.Error(err)
	}
}

// The author is found or not, and is always something to count by.
func FuzzAuthorsDomain(f *testing.F) {
	f.Add("From: a@example.com\r\n\r\n")
	f.Add("From: \"x\" <a@[203.0.113.1]>, b@c\r\n")
	f.Add("from\t:\r\n (c) a@b.\n\n")
	f.Fuzz(func(t *testing.T, content string) {
		d := authorsDomain([]byte(content))
		if d != plainDomain(d) || strings.ContainsAny(d, "\r\n@") {
			t.Errorf("the author of %q is at %q", content, d)
		}
	})
}

func ExampleMethod_Make() {
	rate, _ := MethodNamed("rate")
	c, err := rate.Make("hourly", Settings{"limit": {"1"}, "by": {"network"}})
	state := NewState()
	for _, client := range []string{"2001:db8::1", "2001:db8::2"} {
		r := c.Run(context.Background(), Env{State: state}, Facts{Client: netip.MustParseAddr(client)})
		fmt.Println(r.Called(), r.Value, "because", r.Reason, err)
	}
	// Output:
	// hourly pass because 1 message from 2001:db8::/64 in 1h, of 1 allowed <nil>
	// hourly fail because 2 messages from 2001:db8::/64 in 1h, over the limit of 1 <nil>
}
