package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"strictmx/containers"
	"strictmx/internal/mail"
	"strictmx/internal/verdict"
)

// TestContainers runs the program itself, built as it is shipped, against the
// container engine. With -short it does nothing.
func TestContainers(t *testing.T) {
	if testing.Short() {
		t.Log("-short: no container")
		return
	}
	r := openRig(t)
	t.Run("bad input", r.badInput)
	t.Run("warnings", r.warnings)
	t.Run("engine", r.engineTrouble)
	t.Run("unproven", r.unproven)
	t.Run("bounce line", r.bounceLine)
	t.Run("isolation", r.isolation)
	t.Run("killed", r.killed)
}

// A rig is what the container tests share.
type rig struct {
	api    *engineAPI
	binary string
}

// openRig wants an engine, and builds the program and the images.
func openRig(t *testing.T) *rig {
	t.Helper()
	e, err := containers.Open(t.Context())
	if err != nil {
		t.Fatalf("these tests need a container engine; go test -short runs the others: %v", err)
	}
	defer e.Close()
	r := &rig{binary: filepath.Join(t.TempDir(), "strictmx")}
	if r.api, err = openEngineAPI(e.Host); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", r.binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	doctor := exec.CommandContext(t.Context(), r.binary, "doctor")
	if out, err := doctor.CombinedOutput(); err != nil {
		t.Fatalf("strictmx doctor: %v\n%s", err, out)
	}
	return r
}

// A child is a run of the program. What it printed may be read once it has ended.
type child struct {
	cmd            *exec.Cmd
	stdout, stderr bytes.Buffer
	ended          chan struct{}
}

// begin starts a run. host is the engine's address; empty is the usual one.
func (r *rig) begin(t *testing.T, host string, args ...string) *child {
	t.Helper()
	c := &child{ended: make(chan struct{})}
	c.cmd = exec.Command(r.binary, append([]string{"run"}, args...)...)
	c.cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	if host != "" {
		c.cmd.Env = append(c.cmd.Env, "DOCKER_HOST="+host)
	}
	c.cmd.Stdout, c.cmd.Stderr = &c.stdout, &c.stderr
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(c.ended)
		// How it ended is in ProcessState.
		_ = c.cmd.Wait()
	}()
	t.Cleanup(func() { c.signal(t, syscall.SIGKILL) })
	return c
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// signal sends a signal and waits for the end that it brings.
func (c *child) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	<-c.ended
}

// exit waits for the end and returns the exit code, which is -1 after a signal.
func (c *child) exit() int {
	<-c.ended
	return c.cmd.ProcessState.ExitCode()
}

// run runs the program to its end.
func (r *rig) run(t *testing.T, args ...string) *child {
	t.Helper()
	c := r.begin(t, "", args...)
	<-c.ended
	r.nothingLeft(t, c)
	return c
}

// nothingLeft wants no container of a run, in whatever state, to be there.
func (r *rig) nothingLeft(t *testing.T, c *child) {
	t.Helper()
	left, err := r.api.boxes(context.WithoutCancel(t.Context()), c.pid())
	if err != nil {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("containers left by %v: %v, want none", c.cmd.Args[1:], left)
	}
}

// A printedCase is a line of --format json as other programs read it.
type printedCase struct {
	Type, Scenario, Case string
	Result               verdict.Result
	Reason, Kept         string
	Seconds              float64
	Deliveries           []mail.Delivery
	Attempts             []mail.Attempt
	Questions            []mail.Question
	Mismatches           []verdict.Mismatch
	Error                *struct {
		Kind, Message, File string
		Line                int
	}
}

// cases reads what a run with --format json printed.
func (c *child) cases(t *testing.T) map[string]printedCase {
	t.Helper()
	out := map[string]printedCase{}
	for line := range bytes.Lines(c.stdout.Bytes()) {
		var k printedCase
		if err := json.Unmarshal(line, &k); err != nil {
			t.Fatalf("%q: want JSON: %v", line, err)
		}
		if k.Type == "case" {
			out[k.Case] = k
		}
	}
	return out
}

// world is a scenario file that a user may have written, but for its cases, zones
// and Postfix files.
const world = `A user's own scenario.
-- scenario.yaml --
title: a user's own scenario
host: {name: mail.example.com, ipv4: 203.0.113.10, ipv6: "2001:db8::10"}
receivers:
  - {profile: gmail@2013-unsolicited, domains: [gmail.com]}
  - {profile: google-apps, domains: [example.net]}
send: {from: me@example.com, to: you@gmail.com}
`

// write puts a scenario file into a directory of its own.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name+".txtar")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// Postfix's own words come at once, not after a time-out, and with the place where
// it is known.
func (r *rig) badInput(t *testing.T) {
	const one = world + "cases:\n  - {name: broken, want: {outcome: sent}}\n"
	for _, tt := range []struct {
		name, file string // the file holds all that is wrong
		exit       int
		words      string // in what is printed
		place      string // the file of the error, whose line 12 is wrong; empty if it was refused before, or none can be named
	}{
		{"line of main.cf", "-- postfix/main.cf --\nthis is no assignment\n", exitUsage, `broken.txtar:12: "this is no assignment"`, ""},
		{"macro in main.cf", "-- postfix/main.cf --\nmyorigin = ${mydomain\n", exitUsage, "fatal: macro processing error", ""},
		{"line of master.cf", "-- postfix/master.cf --\nsmtp unix - -\n", exitUsage, `broken.txtar:12: "smtp unix - -"`, ""},
		{"field of master.cf", "-- postfix/master.cf --\nsmtp unix x - y - - smtp\n", exitUsage, "broken.txtar:12: ", ""},
		{"program that is not there", "-- postfix/master.cf --\nsmtp unix - - y - - smpt\n", exitLab, "smpt", ""},
		{
			"value that master refuses", "-- postfix/main.cf --\ninet_protocols = ipv7\n", exitUsage,
			`fatal: unknown inet_protocols value "ipv7"`, "broken.txtar",
		},
		{
			"value that smtp refuses", "-- postfix/main.cf --\nsmtp_address_preference = ipv5\n", exitUsage,
			"fatal: bad smtp_address_preference value: ipv5", "broken.txtar",
		},
		{
			"number that is none", "-- postfix/main.cf --\ndefault_process_limit = many\n", exitUsage,
			"bad numerical configuration: default_process_limit = many", "broken.txtar",
		},
		{
			"missing map", "-- postfix/main.cf --\ntransport_maps = hash:/etc/postfix/nothere\n", exitUsage,
			"open database /etc/postfix/nothere.db: No such file or directory", "broken.txtar",
		},
		{
			"missing map of one service", "-- postfix/master.cf --\nsmtp unix - - y - - smtp -o smtp_tls_policy_maps=hash:/etc/postfix/nothere\n",
			exitUsage, "open database /etc/postfix/nothere.db: No such file or directory", "broken.txtar",
		},
		{
			"type of map that is not installed", "-- postfix/main.cf --\nvirtual_alias_maps = mysql:/etc/postfix/mysql.cf\n", exitUsage,
			"unsupported dictionary type: mysql", "broken.txtar",
		},
		{
			"line of opendkim.conf", "-- opendkim/opendkim.conf --\nNoSuchThing yes\nSocket inet:8891@localhost\n", exitUsage,
			"configuration error at line 1", "broken.txtar",
		},
		{"Postfix that does not start: queue", "-- postfix/main.cf --\nqueue_directory = /nowhere\n", exitUsage, "fatal: chdir /nowhere", "broken.txtar"},
		{
			"Postfix that does not start: address", "-- postfix/master.cf --\n203.0.113.99:25 inet n - y - - smtpd\n", exitUsage,
			"fatal: bind 203.0.113.99 port 25: Cannot assign requested address", "broken.txtar",
		},
		{
			"Postfix that does not start: IPv6 address", "-- postfix/master.cf --\n[2001:db8::99]:25 inet n - y - - smtpd\n", exitUsage,
			"fatal: bind 2001:db8::99 port 25: Cannot assign requested address", "broken.txtar",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := r.run(t, "--format", "json", write(t, "broken", one+tt.file))
			if got := c.exit(); got != tt.exit {
				t.Errorf("exit code = %d, want %d", got, tt.exit)
			}
			all := c.stdout.String() + c.stderr.String()
			if !strings.Contains(strings.ReplaceAll(all, `\"`, `"`), tt.words) {
				t.Errorf("printed %s, want in it %q", all, tt.words)
			}
			k, ran := c.cases(t)["broken"]
			if !ran {
				return // refused before a lab was started
			}
			if k.Error == nil {
				t.Fatalf("error = null, want one; result %s", k.Result)
			}
			if filepath.Base(k.Error.File) != cmp.Or(tt.place, ".") || k.Error.Line != map[bool]int{true: 12}[tt.place != ""] {
				t.Errorf("place = %q line %d, want line 12 of %q", k.Error.File, k.Error.Line, tt.place)
			}
			t.Logf("known %.2f s after the lab's beginning: %s", k.Seconds, k.Error.Message)
		})
	}
}

// What Postfix takes, and yet finds fault with, is passed on.
func (r *rig) warnings(t *testing.T) {
	c := r.run(t, "--format", "json", write(t, "misspelt", world+`cases:
  - {name: typo, want: {outcome: sent}}
-- postfix/main.cf --
inet_protocols = ipv4
smtp_adress_preference = ipv6
transport_maps = hash:/etc/postfix/transport
-- postfix/transport --
gmail.com
`))
	if got := c.exit(); got != exitOK {
		t.Errorf("exit code = %d, want %d: these are warnings", got, exitOK)
	}
	for _, want := range []string{
		"/etc/postfix/main.cf: unused parameter: smtp_adress_preference=ipv6",
		"/etc/postfix/transport, line 1: expected format: key whitespace value",
	} {
		if !strings.Contains(c.stderr.String(), "strictmx: warning: misspelt/typo: "+want+"\n") {
			t.Errorf("standard error:\n%s\nwant in it %s", &c.stderr, want)
		}
		if !strings.Contains(c.stdout.String(), `"`+want+`"`) {
			t.Errorf("standard output:\n%s\nwant in it %s", &c.stdout, want)
		}
	}
}

// An engine that is not there, or cannot make an image, ends a run with one message.
func (r *rig) engineTrouble(t *testing.T) {
	t.Run("none", func(t *testing.T) {
		c := r.begin(t, "unix://"+filepath.Join(t.TempDir(), "none.sock"), "gmail-ipv6-ptr")
		if got := c.exit(); got != exitLab {
			t.Errorf("exit code = %d, want %d", got, exitLab)
		}
		if got := c.stderr.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "DOCKER_HOST") {
			t.Errorf("standard error = %q, want one line that says what to do", got)
		}
	})
	t.Run("no image", func(t *testing.T) {
		p := openTap(t, r.api, watch{before: func(s step, _ int, w http.ResponseWriter) bool {
			switch s {
			case lookImage:
				http.Error(w, `{"message":"No such image"}`, http.StatusNotFound)
				return true
			case importing:
				http.Error(w, `{"message":"no space left on device"}`, http.StatusInternalServerError)
				return true
			}
			return false
		}})
		c := r.begin(t, p, "gmail-ipv6-ptr")
		if got := c.exit(); got != exitLab {
			t.Errorf("exit code = %d, want %d", got, exitLab)
		}
		if got := c.stderr.String(); !strings.Contains(got, "image strictmx/node:") || !strings.Contains(got, "no space left on device") {
			t.Errorf("standard error = %q, want the image and the engine's words", got)
		}
		r.nothingLeft(t, c)
	})
}

// A cure proves nothing unless its baseline failed, in the way that it says.
func (r *rig) unproven(t *testing.T) {
	const (
		zones = "-- dns/example.com.zone --\n@ TXT \"v=spf1 a:mail.example.com ~all\"\nmail A 203.0.113.10\n     AAAA 2001:db8::10\n"
		ptr   = "2001:db8::10 mail.example.com\n"
		cured = "-- cure/dns/ptr --\n" + ptr
		ipv6  = "-- postfix/main.cf --\nsmtp_address_preference = ipv6\n"
		ipv4  = "-- postfix/main.cf --\ninet_protocols = ipv4\n"
	)
	for _, tt := range []struct {
		name, cases, files string
		baseline, cure     verdict.Result
		reason             string // of the cure
	}{
		{
			"baseline that is cured already",
			"  - {name: ill, want: {outcome: bounced, rule: gmail/ptr-missing}}\n  - {name: cure, cures: ill, want: {outcome: sent}}\n",
			"-- dns/ptr --\n" + ptr + zones + ipv6 + "-- cure/postfix/main.cf --\nmaximal_queue_lifetime = 1d\n",
			verdict.Mismatched, verdict.Unproven, "its baseline ill did not fail as stated",
		},
		{
			"baseline over the wrong family",
			"  - {name: ill, want: {outcome: bounced, client: ipv6}}\n  - {name: cure, cures: ill, want: {outcome: sent}}\n",
			zones + ipv4 + cured,
			verdict.Mismatched, verdict.Unproven, "its baseline ill did not fail as stated",
		},
		{
			"baseline refused by another rule",
			"  - {name: ill, want: {outcome: bounced, rule: gmail/ptr-missing}}\n" +
				"  - {name: cure, cures: ill, want: {outcome: sent}}\n",
			"-- dns/ptr --\n" + ptr + strings.ReplaceAll(zones, "a:mail.example.com ~all", "-all") + ipv6 +
				"-- cure/postfix/main.cf --\ninet_protocols = ipv4\n",
			verdict.Mismatched, verdict.Unproven, "its baseline ill did not fail as stated: ",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := r.run(t, "--format", "json", write(t, "claim", world+"cases:\n"+tt.cases+tt.files))
			if got := c.exit(); got != exitMismatch {
				t.Errorf("exit code = %d, want %d\n%s", got, exitMismatch, &c.stderr)
			}
			got := c.cases(t)
			ill, cure := got["ill"], got["cure"]
			if ill.Result != tt.baseline || cure.Result != tt.cure {
				t.Errorf("results = %s, %s, want %s, %s\n%s", ill.Result, cure.Result, tt.baseline, tt.cure, &c.stdout)
			}
			if !strings.HasPrefix(cure.Reason, tt.reason) {
				t.Errorf("reason = %q, want %q", cure.Reason, tt.reason)
			}
			t.Logf("%s", cure.Reason)
		})
	}
}

// soon bounds a wait for something that must come to be. It is no measure of speed.
const soon = 2 * time.Minute
