package check

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestGreylist(t *testing.T) {
	const m, h = time.Minute, time.Hour
	f := one
	in := func(session uint64) Facts {
		facts := one("203.0.113.1", "me@example.com", "you@example.org")
		facts.Sessions.Number = session
		return facts
	}
	after := func(rcpts ...string) Facts {
		return Facts{Client: netip.MustParseAddr("203.0.113.1"), Rcpts: rcpts, Content: []byte{}}
	}
	type try struct {
		at    time.Duration // of the clock
		facts Facts
		want  string
		wait  string
	}
	for name, tt := range map[string]struct {
		settings string
		tries    []try
	}{
		"first, too early, then in": {"delay: 5m", []try{
			{0, f("203.0.113.1", "me@example.com", "you@example.org"), "fail", "300"},
			{4*m + 30*time.Second, f("203.0.113.1", "me@example.com", "you@example.org"), "fail", "30"},
			{5*m - time.Millisecond, f("203.0.113.1", "me@example.com", "you@example.org"), "fail", "1"},
			{5 * m, f("203.0.113.1", "me@example.com", "you@example.org"), "pass", "0"},
			{6 * m, f("203.0.113.1", "me@example.com", "you@example.org"), "pass", "0"},
		}},
		"triplet": {"delay: 5m", []try{
			{0, f("203.0.113.1", "me@example.com", "you@example.org"), "fail", "300"},
			{6 * m, f("203.0.113.1", "me@example.com", "they@example.org"), "fail", "300"},
			{6 * m, f("203.0.113.1", "", "you@example.org"), "fail", "300"},
			{6 * m, f("203.0.114.1", "me@example.com", "you@example.org"), "fail", "300"},
			{6 * m, f("203.0.113.99", "ME@example.com", "you@EXAMPLE.org"), "pass", "0"}, // of the /24
		}},
		"triplet of IPv6": {"delay: 5m", []try{
			{0, f("2001:db8::1", "a@example.com", "b@example.org"), "fail", "300"},
			{6 * m, f("2001:db8:0:1::1", "a@example.com", "b@example.org"), "fail", "300"},
			{6 * m, f("2001:db8::ffff:1", "a@example.com", "b@example.org"), "pass", "0"},
		}},
		"too late is a first try": {"delay: 5m, window: 4h", []try{
			{0, in(1), "fail", "300"}, {4*h + 1, in(2), "fail", "300"}, {4*h + 6*m, in(3), "pass", "0"},
		}},
		"the end of the window is in it": {"delay: 5m, window: 4h", []try{{0, in(1), "fail", "300"}, {4 * h, in(2), "pass", "0"}}},
		"kept from the last time": {"delay: 5m, keep: 24h", []try{
			{0, in(1), "fail", "300"},
			{5 * m, in(2), "pass", "0"},
			{24 * h, in(3), "pass", "0"},
			{48 * h, in(4), "pass", "0"},
			{72*h + m, in(5), "fail", "300"},
		}},
		"a jump of a day": {"", []try{{0, in(1), "fail", "300"}, {24 * h, in(2), "pass", "0"}}},
		"a clock that goes back stands": {"delay: 5m", []try{
			{h, in(1), "fail", "300"}, {0, in(2), "fail", "300"}, {h + 5*m, in(3), "pass", "0"},
		}},
		// The deep tests of postscreen: not even other recipients of the first session
		// are let in, and then all are.
		"by client": {"by: client, delay: 0s", []try{
			{0, in(1), "fail", "0"},
			{m, in(1), "fail", "0"},
			{m, in(2), "pass", "0"},
			{m, f("203.0.113.1", "x@example.com", "y@example.org"), "pass", "0"},
			{m, f("203.0.113.2", "x@example.com", "y@example.org"), "fail", "0"}, // of the network, and another
		}},
		"the same session after the delay": {"delay: 5m", []try{{0, in(1), "fail", "300"}, {5 * m, in(1), "pass", "0"}}},
		// After the content each recipient has to have come back.
		"after the content": {"delay: 5m", []try{
			{0, after("a@example.org"), "fail", "300"},
			{6 * m, after("a@example.org", "b@example.org"), "fail", "300"},
			{12 * m, after("a@example.org", "b@example.org"), "pass", "0"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			var settings []string
			if tt.settings != "" {
				settings = strings.Split(tt.settings, ", ")
			}
			check, state := makeCheck(t, "greylist", "greylist", settings...), NewState()
			for i, try := range tt.tries {
				r := check.Run(t.Context(), Env{State: state, Now: noon.Add(try.at)}, try.facts)
				if r.Value != try.want || r.Properties["wait"] != try.wait || r.Reason == "" {
					t.Errorf("try %d: %s, wait %s (%s), want %s, %s",
						i+1, r.Value, r.Properties["wait"], r.Reason, try.want, try.wait)
				}
			}
		})
	}
}

// A receiver that remembers nothing takes every try for the first.
func TestGreylistWithoutState(t *testing.T) {
	c := makeCheck(t, "greylist", "greylist")
	for range 2 {
		if r := c.Run(t.Context(), Env{Now: noon}, one("203.0.113.1", "a@example.com", "b@example.org")); r.Value != "fail" {
			t.Errorf("%s (%s), want fail", r.Value, r.Reason)
		}
	}
}
