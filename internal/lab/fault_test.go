package lab

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"strictmx/fakemx/check"
	"strictmx/internal/mail"
	"strictmx/internal/verdict"
	"strictmx/internal/wire"
)

// A check that panics is a 451 to the client, and an error of the case: neither a
// pass nor a refusal that a scenario could want.
func TestCheckThatPanics(t *testing.T) {
	methods := check.Methods
	t.Cleanup(func() { check.Methods = methods })
	check.Methods = append(slices.Clone(methods), check.Method{
		Name: "shaky", Doc: "nothing", New: func(check.Settings) (check.Check, error) {
			return check.Check{
				At: mail.Rcpt, Values: []string{mail.Pass, mail.Fail},
				Run: func(context.Context, check.Env, check.Facts) mail.Result { panic("out of order") },
			}, nil
		},
	})
	text := changed(t, "{profile: gmail@2014,", "{profile: brittle,",
		"{outcome: bounced, client: ipv6, rule: gmail/ptr-missing}", "{outcome: deferred}") + `-- profiles/brittle.yaml --
name: brittle
title: Brittle
hostname: mx.example.net
hosts:
  - {name: mx.example.net., pref: 10, addrs: [198.51.100.240, "3fff:240::1"]}
extensions: [ENHANCEDSTATUSCODES]
dialogue:
  banner: 220 {host} ready
rules:
  - {id: shaken, at: rcpt, when: {shaky: fail}, reply: "550 5.7.1 no", source: made up, seen: 2026-01-01, remedy: nothing}
`
	f := Runner{}.Run(t.Context(), []Work{{prepared(t, text, "red")}})[0][0]
	e, ok := errors.AsType[*wire.Error](f.Err)
	want := "receiver brittle: check shaky: the check panicked: out of order"
	if f.Result != verdict.Errored || !ok || e.Kind != "receiver" || e.Message != want {
		t.Fatalf("%s, %v, want %s with %q", f.Result, f.Err, verdict.Errored, want)
	}
	if len(f.Record.Attempts) == 0 {
		t.Fatal("no attempt in the record")
	}
	a := f.Record.Attempts[0]
	last := a.Results[len(a.Results)-1]
	if !strings.HasPrefix(a.Reply[0], "451") || last.Method != "shaky" || last.Value != mail.TempError ||
		last.Reason != "the check panicked: out of order" {
		t.Errorf("answered %q with %+v, want a 451 and the reason", a.Reply, last)
	}
}
