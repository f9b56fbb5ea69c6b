package verdict

import (
	"encoding/json"
	"fmt"
	"testing"

	"strictmx/internal/mail"
	"strictmx/scenarios"
)

func ptr[T any](v T) *T { return &v }

const bouncedOver6 = `
	0 x@gmail.com bounced 5.7.1 2001:db8:400d:c00::1a
	at 0 data gmail/ptr-missing 2001:db8:400d:c00::1a x@gmail.com`

// Each field of a want, right and wrong.
func TestJudgeFields(t *testing.T) {
	for _, tt := range []struct {
		name string
		want scenarios.Want
		out  string
	}{
		{"all right", scenarios.Want{
			Outcome: mail.Bounced, Status: status("5.7.1"), Stage: ptr(mail.Data), Rule: "gmail/ptr-missing", Client: "ipv6",
			Reply: "550-5.7.1 no PTR 550 5.7.1 record", Text: "said: 550-5.7.1 no PTR", Receiver: "gmail", Attempts: ptr(1),
			Seconds: &scenarios.Range{Max: ptr(0.5)},
		}, ""},
		{"rule alone, reply without codes, address", scenarios.Want{
			Outcome: mail.Bounced, Rule: "ptr-missing", Reply: "no PTR record", Client: "2001:db8::25", Receiver: "gmail@2014",
		}, ""},
		{"nothing written but the outcome", scenarios.Want{Outcome: mail.Bounced}, ""},
		{"outcome", scenarios.Want{Outcome: mail.Sent}, "outcome want sent got bounced"},
		{"status", scenarios.Want{Outcome: mail.Bounced, Status: status("5.7.25")}, "status want 5.7.25 got 5.7.1"},
		{"stage", scenarios.Want{Outcome: mail.Bounced, Stage: ptr(mail.Connect)}, "stage want connect got data"},
		{"rule", scenarios.Want{Outcome: mail.Bounced, Rule: "gmail/spf-fail"}, "rule want gmail/spf-fail got gmail/ptr-missing"},
		{"rule of another profile", scenarios.Want{Outcome: mail.Bounced, Rule: "yahoo/ptr-missing"}, "rule want yahoo/ptr-missing got gmail/ptr-missing"},
		{"family", scenarios.Want{Outcome: mail.Bounced, Client: "ipv4"}, "client want ipv4 got ipv6"},
		{"address", scenarios.Want{Outcome: mail.Bounced, Client: "2001:db8::26"}, "client want 2001:db8::26 got 2001:db8::25"},
		{"reply", scenarios.Want{Outcome: mail.Bounced, Reply: "PTR no"}, `reply want "PTR no" got "550-5.7.1 no PTR 550 5.7.1 record"`},
		{"text", scenarios.Want{Outcome: mail.Bounced, Text: "other"}, `text want "other" got "host said: 550-5.7.1 no PTR 550 5.7.1 record"`},
		{"receiver", scenarios.Want{Outcome: mail.Bounced, Receiver: "yahoo"}, "receiver want yahoo got gmail@2014"},
		{"attempts", scenarios.Want{Outcome: mail.Bounced, Attempts: ptr(2)}, "attempts want 2 got 1"},
		{"seconds", scenarios.Want{Outcome: mail.Bounced, Seconds: &scenarios.Range{Min: ptr(1.), Max: ptr(2.)}}, "seconds want 1 to 2 got 0.5"},
		{"another recipient", scenarios.Want{To: "y@gmail.com", Outcome: mail.Bounced}, "outcome want bounced got none"},
	} {
		expect(t, tt.name, tt.out, fields(Judge(oneCase(tt.want), observed(bouncedOver6))))
	}
}

// What is said of the deciding attempt, and how attempts are counted.
func TestJudgeAttempts(t *testing.T) {
	for _, tt := range []struct {
		name     string
		messages []scenarios.Message
		seen     string
		want     []scenarios.Want
		out      string
	}{
		{
			"soft refusal, then taken at the next address", nil, `
			0 x@gmail.com sent 2.0.0 198.51.100.26 -2001:db8:400d:c00::1a
			at 0 data gmail/later 2001:db8:400d:c00::1a x@gmail.com
			at 0 data - 198.51.100.26 x@gmail.com`,
			[]scenarios.Want{{Outcome: mail.Sent, Client: "ipv4", Attempts: ptr(2), Stage: ptr(mail.Data)}},
			"",
		},
		{
			"refused in the greeting of every address", nil, `
			0 x@gmail.com deferred 4.7.1 198.51.100.26 -2001:db8:400d:c00::1a
			at - connect gmail/no 2001:db8:400d:c00::1a
			at - connect gmail/never 198.51.100.26`,
			[]scenarios.Want{{Outcome: mail.Deferred, Client: "ipv4", Attempts: ptr(2), Stage: ptr(mail.Connect), Rule: "gmail/never"}},
			"",
		},
		{
			"refused in the greeting, other mail to the same server between",
			[]scenarios.Message{message("x@gmail.com"), message("y@gmail.com")},
			`
			0 x@gmail.com deferred 4.7.1 198.51.100.26
			1 y@gmail.com deferred 4.7.1 198.51.100.26
			at - connect gmail/no 198.51.100.26
			at - connect gmail/no 198.51.100.26`,
			[]scenarios.Want{{Outcome: mail.Deferred, Attempts: ptr(1)}},
			"",
		},
		{
			"refused at MAIL: the session names the sender only", nil, `
			0 x@gmail.com bounced 5.1.8 198.51.100.26
			at 0 mail gmail/no 198.51.100.26`,
			[]scenarios.Want{{Outcome: mail.Bounced, Stage: ptr(mail.Mail), Rule: "no", Attempts: ptr(1)}},
			"",
		},
		{
			"two recipients of one refused session share it",
			[]scenarios.Message{message("x@gmail.com", "y@gmail.com")},
			`
			0 x@gmail.com deferred 4.7.1 198.51.100.26
			0 y@gmail.com deferred 4.7.1 198.51.100.26
			at - connect gmail/no 198.51.100.26`,
			[]scenarios.Want{{Outcome: mail.Deferred, Attempts: ptr(1), Rule: "no"}},
			"",
		},
		{
			"no receiver was reached", nil, "0 x@gmail.com deferred 4.4.1 none -198.51.100.26",
			[]scenarios.Want{{Outcome: mail.Deferred, Client: "ipv4", Rule: "no", Attempts: ptr(0)}},
			"client want ipv4 got no attempt\nrule want no got no attempt",
		},
		{
			"deferred, then sent: the last delivery counts, and all attempts", nil, `
			0 x@gmail.com deferred 4.7.1 198.51.100.26
			0 x@gmail.com sent 2.0.0 198.51.100.26
			at - helo gmail/no 198.51.100.26
			at 0 data - 198.51.100.26 x@gmail.com`,
			[]scenarios.Want{{Outcome: mail.Sent, Attempts: ptr(2), Stage: ptr(mail.Data)}},
			"",
		},
		{
			"accepted by no rule, where a rule was wanted", nil, `
			0 x@gmail.com sent 2.0.0 198.51.100.26
			at 0 data - 198.51.100.26 x@gmail.com`,
			[]scenarios.Want{{Outcome: mail.Sent, Rule: "no"}},
			"rule want no got none",
		},
		{
			"bounced by the mail system, which read the limit", nil, `
			0 x@gmail.com bounced 5.3.4 198.51.100.26
			at - helo left 198.51.100.26`,
			[]scenarios.Want{{Outcome: mail.Bounced, Stage: ptr(mail.Data), Rule: "too-large", Attempts: ptr(1)}},
			"stage want data got helo\nrule want too-large got none (the session ended without a refusal)",
		},
		{
			"the message could not be told, and only one has the recipient", nil, `
			0 x@gmail.com bounced 5.1.1 198.51.100.26
			at - rcpt gmail/no 198.51.100.26 x@gmail.com`,
			[]scenarios.Want{{Outcome: mail.Bounced, Stage: ptr(mail.Rcpt)}},
			"",
		},
	} {
		c := oneCase(tt.want...)
		if tt.messages != nil {
			c.Messages = tt.messages
		}
		expect(t, tt.name, tt.out, fields(Judge(c, observed(tt.seen))))
	}
}

// Nobody is lost, and nobody gets a message twice.
// With a count it does not matter of which recipients it is true.
func TestJudgeCount(t *testing.T) {
	messages := []scenarios.Message{message("x@gmail.com"), message("y@gmail.com"), message("z@gmail.com")}
	const seen = `
		0 x@gmail.com sent 2.0.0 198.51.100.26
		1 y@gmail.com deferred 4.7.0 198.51.100.26
		2 z@gmail.com sent 2.0.0 198.51.100.26`
	count := func(n int, w scenarios.Want) scenarios.Want {
		w.Message, w.Count = -1, &n
		return w
	}
	sent, deferred := scenarios.Want{Outcome: mail.Sent}, scenarios.Want{Outcome: mail.Deferred}
	for _, tt := range []struct {
		name string
		want []scenarios.Want
		out  string
	}{
		{"all told", []scenarios.Want{count(2, sent), count(1, deferred)}, ""},
		{"too many", []scenarios.Want{count(1, sent)}, "count want 1 sent as written got 2 of 3"},
		{"another status", []scenarios.Want{count(1, scenarios.Want{Outcome: mail.Deferred, Status: status("4.7.1")})}, "count want 1 deferred as written got 0 of 3"},
		{"none wanted", []scenarios.Want{count(0, scenarios.Want{Outcome: mail.Bounced})}, ""},
		{"of those that no other want names", []scenarios.Want{count(1, sent), {Message: -1, To: "x@gmail.com", Outcome: mail.Sent}}, ""},
	} {
		c := scenarios.Case{Messages: messages, Want: tt.want}
		expect(t, tt.name, tt.out, fields(Judge(c, observed(seen))))
	}
}

func TestJudgeLostAndTwice(t *testing.T) {
	sent := scenarios.Want{Outcome: mail.Sent}
	for _, tt := range []struct {
		name, seen, out string
	}{
		{"lost", "", "outcome want sent got none"},
		{"another message's", "1 x@gmail.com sent 2.0.0 198.51.100.26", "outcome want sent got none"},
		{"twice by the log", `
			0 x@gmail.com sent 2.0.0 198.51.100.26
			0 x@gmail.com sent 2.0.0 198.51.100.26`, "duplicate want sent once got sent 2 times"},
		{"twice by the receivers, the first answer lost", `
			0 x@gmail.com sent 2.0.0 198.51.100.26 -2001:db8:400d:c00::1a
			at 0 data - 2001:db8:400d:c00::1a x@gmail.com
			at 0 data - 198.51.100.26 x@gmail.com`, "duplicate want sent once got sent 2 times"},
		{"domain in capitals", "0 x@Gmail.Com sent 2.0.0 198.51.100.26", ""},
	} {
		expect(t, tt.name, tt.out, fields(Judge(oneCase(sent), observed(tt.seen))))
	}
}

// A content filter gives mail back: the first delivery is no duplicate.
func TestJudgeFilter(t *testing.T) {
	o := observed("0 x@gmail.com sent 2.0.0 127.0.0.1\n0 x@gmail.com sent 2.0.0 198.51.100.26")
	o.Deliveries[0].Text = "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4D3B2C1A"
	o.Deliveries[1].QueueID = "4D3B2C1A"
	expect(t, "filter", "", fields(Judge(oneCase(scenarios.Want{Outcome: mail.Sent}), o)))
	o.Deliveries[1].QueueID = "4D3B2C1B"
	expect(t, "no filter", "duplicate want sent once got sent 2 times", fields(Judge(oneCase(scenarios.Want{Outcome: mail.Sent}), o)))
}

// A filter behind pipe(8), whose end is logged last: what became of the message
// counts.
func TestJudgePipe(t *testing.T) {
	bounced := scenarios.Want{Outcome: mail.Bounced}
	o := observed("0 x@gmail.com bounced 5.7.1 198.51.100.26\n0 x@gmail.com sent 2.0.0 127.0.0.1")
	o.Deliveries[0].QueueID, o.Deliveries[1].QueueID = "4D3B2C1B", "4D3B2C1A"
	expect(t, "no pipe", "outcome want bounced got sent", fields(Judge(oneCase(bounced), o)))
	o.Deliveries[1].Relay, o.Deliveries[1].Text = nil, "delivered via footer service"
	expect(t, "pipe", "", fields(Judge(oneCase(bounced), o)))
	o = observed("0 x@gmail.com sent 2.0.0 198.51.100.26\n0 x@gmail.com sent 2.0.0 127.0.0.1")
	o.Deliveries[0].QueueID, o.Deliveries[1].QueueID = "4D3B2C1B", "4D3B2C1A"
	o.Deliveries[1].Relay, o.Deliveries[1].Text = nil, "delivered via footer service"
	expect(t, "sent through a pipe", "", fields(Judge(oneCase(scenarios.Want{Outcome: mail.Sent}), o)))
}

// An alias: wants can name it, or what it was expanded to; the one without a name
// speaks of the rest.
func TestJudgeAlias(t *testing.T) {
	o := observed("0 a@one.example sent 2.0.0 198.51.100.26\n0 b@two.example bounced 5.7.1 198.51.100.26")
	for i := range o.Deliveries {
		o.Deliveries[i].OrigTo = "list@example.com"
	}
	c := scenarios.Case{Messages: []scenarios.Message{message("list@example.com")}}
	any := func(to string, outcome mail.Outcome) scenarios.Want {
		return scenarios.Want{To: to, Message: -1, Outcome: outcome}
	}
	for _, tt := range []struct {
		name string
		want []scenarios.Want
		out  string
	}{
		{"by name", []scenarios.Want{any("a@one.example", mail.Sent), any("b@two.example", mail.Bounced)}, ""},
		{"the rest", []scenarios.Want{any("b@two.example", mail.Bounced), any("", mail.Sent)}, ""},
		{"the alias", []scenarios.Want{any("list@example.com", mail.Sent)}, "outcome want sent got bounced"},
		{"none such", []scenarios.Want{any("c@three.example", mail.Sent)}, "outcome want sent got none"},
	} {
		c.Want = tt.want
		expect(t, tt.name, tt.out, fields(Judge(c, o)))
	}
}

func TestJudgeNotices(t *testing.T) {
	want := scenarios.DSN{
		To: "me@example.com", Recipients: []string{"x@gmail.com"}, Action: "failed", Status: status("5.7.1"), Diagnostic: "likely unsolicited",
	}
	right := notice("me@example.com", "failed", "5.7.1", "x@gmail.com")
	refused := right
	refused.Reply = []string{"550 no"}
	for _, tt := range []struct {
		name string
		seen []mail.Attempt
		want []scenarios.DSN
		none bool
		out  string
	}{
		{"right", []mail.Attempt{right}, []scenarios.DSN{want}, false, ""},
		{"not asked for", []mail.Attempt{right}, nil, false, ""},
		{"missing", nil, []scenarios.DSN{want}, false, "dsn want one notice about x@gmail.com got none"},
		{"refused by the sender's server", []mail.Attempt{refused}, []scenarios.DSN{want}, false, "dsn want one notice about x@gmail.com got none"},
		{
			"twice",
			[]mail.Attempt{right, notice("me@example.com", "failed", "5.7.2", "x@gmail.com")},
			[]scenarios.DSN{want},
			false, "dsn want one notice about x@gmail.com got 2 notices",
		},
		{
			"one recipient too many",
			[]mail.Attempt{notice("me@example.com", "failed", "5.7.1", "x@gmail.com", "y@gmail.com")},
			[]scenarios.DSN{want},
			false,
			"dsn want one notice about x@gmail.com got none\n" +
				"dsn want none got a notice about x@gmail.com failed 5.7.1, y@gmail.com failed 5.7.1",
		},
		{"to somebody else", []mail.Attempt{notice("you@example.com", "failed", "5.7.1", "x@gmail.com")}, []scenarios.DSN{want}, false, `
			dsn want one notice about x@gmail.com got none
			dsn want none got a notice about x@gmail.com failed 5.7.1`},
		{"other fields", []mail.Attempt{notice("me@example.com", "delayed", "4.7.1", "x@gmail.com")}, []scenarios.DSN{want}, false, `
			dsn action want failed got delayed for x@gmail.com
			dsn status want 5.7.1 got 4.7.1 for x@gmail.com`},
		{"none wanted", []mail.Attempt{right}, nil, true, "dsn want none got a notice about x@gmail.com failed 5.7.1"},
		{"none wanted and none seen", nil, nil, true, ""},
	} {
		c := oneCase(scenarios.Want{Outcome: mail.Bounced})
		c.DSN, c.NoDSN = tt.want, tt.none
		o := observed(bouncedOver6)
		o.Notices = tt.seen
		o.Attempts = append(o.Attempts, tt.seen...) // as a lab may hand them over
		expect(t, tt.name, tt.out, fields(Judge(c, o)))
	}
}

func TestMismatchJSON(t *testing.T) {
	b, err := json.Marshal(Mismatch{Field: "client", Want: "ipv6", Got: "ipv4", At: scenarios.Position{File: "x", Line: 3}})
	if want := `{"field":"client","want":"ipv6","got":"ipv4","message":0,"step":0}`; err != nil || string(b) != want {
		t.Errorf("Marshal = %s, %v, want %s", b, err, want)
	}
}

func TestSameAddress(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want bool
	}{
		{"a@B.example", "a@b.EXAMPLE", true},
		{"A@b.example", "a@b.example", false},
		{`"x@y"@b.example`, `"x@y"@b.example`, true},
		{"root", "root", true},
		{"root", "root@b.example", false},
	} {
		if got := SameAddress(tt.a, tt.b); got != tt.want {
			t.Errorf("SameAddress(%s, %s) = %v", tt.a, tt.b, got)
		}
	}
}

func ExampleJudge() {
	data := mail.Data
	c := scenarios.Case{
		Messages: []scenarios.Message{{From: "me@example.com", To: []string{"x@gmail.com"}}},
		Want:     []scenarios.Want{{Message: -1, Outcome: mail.Bounced, Client: "ipv6", Stage: &data}},
	}
	o := Observed{
		Deliveries: []mail.Delivery{{Recipient: "x@gmail.com", Outcome: mail.Sent, Relay: &mail.Relay{Addr: gmail4}}},
		Attempts: []mail.Attempt{{
			Server: gmail4, Client: host4, Recipients: []string{"x@gmail.com"}, Stage: mail.Data, Reply: []string{"250 OK"},
		}},
	}
	for _, m := range Judge(c, o) {
		fmt.Println(m)
	}
	// Output:
	// outcome: want bounced, got sent
	// client: want ipv6, got ipv4
}

func ExampleRecipients() {
	o := Observed{
		Deliveries: []mail.Delivery{{Recipient: "x@gmail.com", Outcome: mail.Deferred, Relay: &mail.Relay{Addr: gmail6}}},
		Attempts:   []mail.Attempt{{Message: -1, Server: gmail6, Client: host6, Stage: mail.Connect, Rule: "gmail/no"}},
	}
	for _, r := range Recipients(o) {
		fmt.Println(r.Address, r.Last().Outcome, len(r.Attempts), r.Deciding.Rule)
	}
	// Output: x@gmail.com deferred 1 gmail/no
}

// A receiver that the scenario names goes by that name alone.
func TestReceiverByName(t *testing.T) {
	for _, tt := range []struct {
		want     string
		receiver mail.Attempt
		same     bool
	}{
		{"gmail", mail.Attempt{Receiver: "gmail@2014"}, true},
		{"gmail@2014", mail.Attempt{Receiver: "gmail@2014"}, true},
		{"old", mail.Attempt{Receiver: "gmail@2014", Name: "old"}, true},
		{"gmail", mail.Attempt{Receiver: "gmail@2014", Name: "old"}, false},
		{"yahoo", mail.Attempt{Receiver: "gmail@2014"}, false},
	} {
		if got := sameReceiver(tt.want, tt.receiver); got != tt.same {
			t.Errorf("sameReceiver(%s, %s named %q) = %v, want %v", tt.want, tt.receiver.Receiver, tt.receiver.Name, got, tt.same)
		}
	}
}
