package scenarios

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A case waits as the scenario does or, if it says so, in its own way.
func TestSteps(t *testing.T) {
	const text = `-- scenario.yaml --
title: Steps
host: {name: mail.example.com, ipv4: 203.0.113.10}
receivers: [{profile: gmail, domains: [gmail.com]}]
wait: [5m, 24h]
send:
  - {from: me@example.com, to: you@gmail.com}
  - {from: me@example.com, to: you@gmail.com, step: 2}
cases:
  - name: red
    want:
      - {outcome: deferred, step: 0}
      - {outcome: deferred, step: 1}
      - {outcome: bounced}
  - name: green
    cures: red
    wait: 1h
    send: {from: me@example.com, to: you@gmail.com, step: 1}
    want: {outcome: sent, step: 1}
`
	sc, err := Load(archive(text), "s.txtar")
	if err != nil {
		t.Fatal(err)
	}
	red, green := sc.Cases[0], sc.Cases[1]
	if diff := cmp.Diff([][]time.Duration{{5 * time.Minute, 24 * time.Hour}, {time.Hour}}, [][]time.Duration{red.Waits, green.Waits}); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
	var sent, wanted []int
	for _, c := range sc.Cases {
		for _, m := range c.Messages {
			sent = append(sent, m.Step)
		}
		for _, w := range c.Want {
			wanted = append(wanted, c.StepOf(w))
		}
	}
	if diff := cmp.Diff([][]int{{0, 2, 1}, {0, 1, 2, 1}}, [][]int{sent, wanted}); diff != "" {
		t.Errorf("steps of messages and of wants (-want +got):\n%s", diff)
	}
}

func TestStepErrors(t *testing.T) {
	const (
		send = "to: you@gmail.com}"
		red  = "want: {outcome: bounced}"
	)
	wait := func(text string) []string { return []string{red, "wait: " + text + "\n    " + red} }
	for _, tt := range []struct {
		name    string
		changes []string // see change
		want    string
	}{
		{"no unit", wait("5"), `s.txtar:11: wait "5": want a time with its unit from 1s to 8784h, as in 5m or 24h`},
		{"nothing", wait("0s"), `s.txtar:11: wait "0s": want a time with its unit from 1s to 8784h, as in 5m or 24h`},
		{"back", wait("[5m, -1h]"), `s.txtar:11: wait "-1h": want a time with its unit from 1s to 8784h, as in 5m or 24h`},
		{"for ever", wait("8785h"), `s.txtar:11: wait "8785h": want a time with its unit from 1s to 8784h, as in 5m or 24h`},
		{"days", wait("1d"), `s.txtar:11: wait "1d": want a time with its unit from 1s to 8784h, as in 5m or 24h`},
		{"a mapping", wait("{for: 5m}"), "s.txtar:11: wait: want a text, not keys and values"},
		{"too many", wait("[" + strings.Repeat("5m, ", 101) + "5m]"), "s.txtar:11: 102 times to wait: want at most 100"},
		{
			"a message's step",
			[]string{send, "to: you@gmail.com, step: 1}"},
			"s.txtar:8: step 1: the last of case red is 0: each time to wait begins another, as in wait: 5m\n" +
				"s.txtar:8: step 1: the last of case green is 0: each time to wait begins another, as in wait: 5m",
		},
		{
			"a want's step",
			[]string{red, "wait: [5m, 5m]\n    want: [{outcome: deferred, step: 3}, {outcome: bounced}]"},
			"s.txtar:12: step 3: the last of case red is 2: each time to wait begins another, as in wait: 5m",
		},
		{
			"before it is sent",
			[]string{send, "to: you@gmail.com, step: 1}\nwait: 5m", red, "want: {message: 0, step: 0, outcome: deferred}"},
			"s.txtar:12: step 0: what this speaks of is sent in step 1\ns.txtar:14: cures: case red does not want to fail, so there is nothing to cure",
		},
		{
			"before anything is sent to a recipient",
			[]string{
				"to: you@gmail.com}", "to: you@gmail.com}\nwait: 5m", red,
				"send: [{from: me@example.com, to: you@gmail.com}, {from: me@example.com, to: me@gmail.com, step: 1}]\n    want: [{outcome: bounced}, {to: me@gmail.com, step: 0, outcome: bounced}]",
			},
			"s.txtar:13: step 0: what this speaks of is sent in step 1",
		},
		{
			"a step twice",
			[]string{red, "wait: 5m\n    want: [{outcome: deferred, step: 1}, {outcome: bounced}]"},
			"s.txtar:12: case red: two wants for the same recipients: the first is in line 12: say which with to, message or step",
		},
		{
			"fails only at first",
			[]string{red, "wait: 5m\n    want: [{outcome: deferred, step: 0}, {outcome: sent}]"},
			"s.txtar:14: cures: case red does not want to fail, so there is nothing to cure",
		},
		{
			"cures only at first",
			[]string{"    want: {outcome: sent}", "    wait: 5m\n    want: [{outcome: sent, step: 0}, {outcome: deferred}]"},
			"s.txtar:13: cures: case green wants nothing to be sent: write fails-to-cure if it does not help",
		},
		{
			"the only case",
			[]string{"  - name: green\n    cures: red\n    want: {outcome: sent}\n", "", "want: {outcome: bounced}", "cures: rde\n    want: {outcome: sent}", "-- green/dns/ptr", "-- dns/ptr"},
			"s.txtar:11: cures: there is no case rde: red is the only one",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Load(archive(change(t, tt.changes...)), "s.txtar")
			if err == nil || err.Error() != tt.want {
				t.Errorf("Load gave\n%v\nwant\n%s", err, tt.want)
			}
		})
	}
}
