package lab

import (
	"net/netip"
	"testing"

	"strictmx/internal/mail"
)

func TestComplete(t *testing.T) {
	relay := &mail.Relay{Host: "mx.example.org", Addr: netip.MustParseAddr("198.51.100.240"), Port: 25}
	at := func(server, rcpt string, step int, reply ...string) mail.Attempt {
		return mail.Attempt{Server: netip.MustParseAddr(server), Recipients: []string{rcpt}, Step: step, Reply: reply}
	}
	const cut, whole = "host mx said: 550-5.7.1 one 550 5.7", "host mx said: 550-5.7.1 one 550 5.7.1 two"
	for name, tt := range map[string]struct {
		d    mail.Delivery
		a    mail.Attempt
		want string
	}{
		"the relay's":        {mail.Delivery{Relay: relay, Text: cut, Cut: true}, at("198.51.100.240", "You@example.org", 0, "550-5.7.1 one", "550 5.7.1 two"), whole},
		"not cut":            {mail.Delivery{Relay: relay, Text: cut}, at("198.51.100.240", "you@example.org", 0, "550-5.7.1 one", "550 5.7.1 two"), cut},
		"another server's":   {mail.Delivery{Relay: relay, Text: cut, Cut: true}, at("198.51.100.241", "you@example.org", 0, "550-5.7.1 one", "550 5.7.1 two"), cut},
		"of another step":    {mail.Delivery{Relay: relay, Text: cut, Cut: true}, at("198.51.100.240", "you@example.org", 1, "550-5.7.1 one", "550 5.7.1 two"), cut},
		"about another":      {mail.Delivery{Relay: relay, Text: cut, Cut: true}, at("198.51.100.240", "they@example.org", 0, "550-5.7.1 one", "550 5.7.1 two"), cut},
		"of another wording": {mail.Delivery{Relay: relay, Text: cut, Cut: true}, at("198.51.100.240", "you@example.org", 0, "550-5.7.1 two", "550 5.7.1 one"), cut},
		"of no relay":        {mail.Delivery{Text: cut, Cut: true}, at("198.51.100.240", "you@example.org", 0, "550-5.7.1 one", "550 5.7.1 two"), cut},
	} {
		tt.d.Recipient = "you@example.org"
		all := []mail.Delivery{tt.d}
		complete(all, []mail.Attempt{tt.a})
		if all[0].Text != tt.want {
			t.Errorf("%s: %q, want %q", name, all[0].Text, tt.want)
		}
	}
}

// What was tried before is completed by the same rule, and a refusal in the greeting,
// too.
func TestCompleteTries(t *testing.T) {
	first := netip.MustParseAddr("198.51.100.240")
	all := []mail.Delivery{{Recipient: "you@example.org", Outcome: mail.Deferred, Tries: []mail.Try{
		{Addr: first, Text: "host mx refused to talk to me: 421-4.7.0 one 421", Cut: true},
		{Addr: first, Text: "host mx refused to talk to me: 421-4.7.0 one 421"},
	}}}
	complete(all, []mail.Attempt{{Server: first, Reply: []string{"421-4.7.0 one", "421 4.7.0 two"}}})
	if got := all[0].Tries; got[0].Text != "host mx refused to talk to me: 421-4.7.0 one 421 4.7.0 two" || got[1].Text == got[0].Text {
		t.Errorf("tries %+v", got)
	}
}
