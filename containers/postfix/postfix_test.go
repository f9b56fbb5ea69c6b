package postfix_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/testcontainers/testcontainers-go"

	"strictmx/containers"
	"strictmx/containers/postfix"
)

// base is a main.cf that a case's lines are added to.
const base = "compatibility_level = 3.6\nmyhostname = mail.example.com\n"

// With -short nothing needs a container engine: the example, which does, is left
// out too.
func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		if err := flag.Set("test.skip", "^Example"); err != nil {
			log.Fatal(err)
		}
	}
	os.Exit(m.Run())
}

// TestContainers needs a container engine. With -short it does nothing.
func TestContainers(t *testing.T) {
	if testing.Short() {
		t.Log("-short: no container")
		return
	}
	e, err := containers.Open(t.Context())
	if err != nil {
		t.Fatalf("these tests need a container engine; go test -short runs the others: %v", err)
	}
	t.Cleanup(func() { e.Close() })
	images, err := e.Prepare(t.Context(), func(s string) { t.Log(s) })
	if err != nil {
		t.Fatal(err)
	}
	t.Run("local mail", func(t *testing.T) { localMail(t, images.Postfix) })
	t.Run("refused", func(t *testing.T) { refused(t, images.Postfix) })
	t.Run("accepted", func(t *testing.T) { accepted(t, images.Postfix) })
	t.Run("bad value", func(t *testing.T) { badValue(t, images.Postfix) })
	t.Run("ends by itself", func(t *testing.T) { endsByItself(t, images.Postfix) })
	t.Run("wrong image", wrongImage)
}

// run starts Postfix with lines after the base's main.cf. The container is gone at
// the test's end.
func run(t *testing.T, img string, s postfix.Setup, events func(postfix.Event)) (*postfix.Container, error) {
	t.Helper()
	s.Hostname = "mail.example.com"
	c, err := postfix.Run(t.Context(), img, postfix.WithSetup(s), postfix.WithEvents(events))
	if c != nil {
		testcontainers.CleanupContainer(t, c)
	}
	return c, err
}

func localMail(t *testing.T, img string) {
	sent := make(chan string, 1)
	var bad []string
	c, err := run(t, img, postfix.Setup{
		Files: map[string]string{
			"virtual":      "sales@example.net user@localhost\n",
			"main.cf":      base + "virtual_alias_domains = example.net\nvirtual_alias_maps = hash:$config_directory/virtual\nalias_maps = hash:/etc/aliases\n",
			"/etc/aliases": "postmaster: user\n",
		},
		Maps: []string{"hash:virtual"}, Aliases: true,
	}, func(ev postfix.Event) {
		if strings.Contains(ev.Log, "to=<user@localhost>") {
			sent <- ev.Log
		}
		if strings.Contains(ev.Log, "warning: ") {
			bad = append(bad, ev.Log)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(c.Version, "3.") {
		t.Errorf("version = %q, want 3.x", c.Version)
	}
	if err := c.Submit(t.Context(), postfix.Message{To: []string{"sales@example.net"}, Content: []byte("Subject: x\n\nx\n")}); err != nil {
		t.Fatal(err)
	}
	if line := next(t, sent); !strings.Contains(line, "orig_to=<sales@example.net>") {
		t.Errorf("log says %q, want the table's entry used", line)
	}
	if _, err := c.Queue(t.Context()); err != nil {
		t.Error(err)
	}
	if err := errors.Join(c.Flush(t.Context()), c.Sync(t.Context()), c.Shutdown(t.Context())); err != nil {
		t.Error(err)
	}
	for _, line := range bad {
		t.Errorf("unexpected: %s", line)
	}
	if err := c.Submit(t.Context(), postfix.Message{To: []string{"user@localhost"}}); err == nil {
		t.Error("submit after the shutdown: want an error")
	}
}

// next waits for what must come.
func next[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(time.Minute):
		t.Fatal("nothing came of it")
		panic("not reached")
	}
}

// refused starts Postfix with configurations that it does not accept. Each is told
// in its own words, with file and line.
func refused(t *testing.T, img string) {
	for _, tt := range []struct {
		name, main, master string
		want               string // in the message
		file               string
		line               int
		started            bool // the master daemon says it
	}{
		{"main.cf", base + "foo bar\n", "", `missing '=' after attribute name: "foo bar"`, "main.cf", 3, false},
		{"master.cf", base, postfix.BaseMasterCF + "smtp inet n\n", "bad field count", "master.cf", strings.Count(postfix.BaseMasterCF, "\n") + 1, false},
		{"type of service", base, "extra inte n - y - - smtpd\n", `invalid type field "inte"`, "master.cf", 1, false},
		{"value that every program reads", base + "default_process_limit = many\n", "", "bad numerical configuration: default_process_limit = many", "main.cf", 3, true},
		{"missing table", base + "virtual_alias_maps = hash:$config_directory/nope\n", "", "open database /etc/postfix/nope.db: No such file", "main.cf", 3, false},
		{"missing table in master.cf", base, postfix.BaseMasterCF + "extra unix - - y - - smtp\n  -o smtp_header_checks=regexp:/etc/postfix/nope\n", "open /etc/postfix/nope: No such file", "master.cf", strings.Count(postfix.BaseMasterCF, "\n") + 2, false},
		{"type of table", base + "virtual_alias_maps = mysql:/etc/postfix/v.cf\n", "", "unsupported dictionary type: mysql", "main.cf", 3, false},
		{"no services", base, "smtp inet n - y - - smtpd\n", "no entry for pickup, cleanup, qmgr, rewrite, bounce", "master.cf", 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string]string{"main.cf": tt.main}
			if tt.master != "" {
				files["master.cf"] = tt.master
			}
			_, err := run(t, img, postfix.Setup{Files: files}, nil)
			told, ok := errors.AsType[*postfix.Error](err)
			if !ok {
				t.Fatalf("Run = %v, want Postfix's own error", err)
			}
			kind := "postfix-config"
			if tt.started {
				kind = "postfix-start"
			}
			if told.Kind != kind || !strings.Contains(told.Message, tt.want) || told.File != tt.file || told.Line != tt.line {
				t.Errorf("told %s %q at %s:%d, want %s %q at %s:%d",
					told.Kind, told.Message, told.File, told.Line, kind, tt.want, tt.file, tt.line)
			}
		})
	}
}

// accepted starts Postfix with what looks wrong and is not.
func accepted(t *testing.T, img string) {
	for _, tt := range []struct{ name, main, warning string }{
		{"tables that daemons make", base + "smtp_tls_session_cache_database = btree:${data_directory}/smtp_scache\n", ""},
		{"log to a file", base + "maillog_file =\n  /var/log/postfix.log\n", ""},
		{"unused parameter", base + "smtp_adress_preference = ipv4\n", "unused parameter: smtp_adress_preference=ipv4"},
		{"assigned twice", base + "inet_protocols = all\ninet_protocols = ipv4\n", "overriding earlier entry"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var warnings []string
			c, err := run(t, img, postfix.Setup{Files: map[string]string{"main.cf": tt.main}}, func(ev postfix.Event) {
				if strings.Contains(ev.Log, "warning: ") {
					warnings = append(warnings, ev.Log)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
			if got := strings.Join(warnings, "\n"); tt.warning == "" && got != "" || !strings.Contains(got, tt.warning) {
				t.Errorf("warnings %q, want %q", got, tt.warning)
			}
		})
	}
}

// badValue is one that only the program which reads it finds, once there is mail.
func badValue(t *testing.T, img string) {
	told := make(chan *postfix.Error, 1)
	c, err := run(t, img, postfix.Setup{
		Files: map[string]string{"main.cf": base + "smtp_connect_timeout = never\n"},
	}, func(ev postfix.Event) {
		if ev.Error != nil {
			told <- ev.Error
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Submit(t.Context(), postfix.Message{From: "me@example.com", To: []string{"you@example.net"}, Content: []byte("\nx\n")}); err != nil {
		t.Fatal(err)
	}
	e := next(t, told)
	if e.Kind != "postfix-start" || !strings.Contains(e.Message, "smtp_connect_timeout: bad time value or unit: never") || e.Line != 3 {
		t.Errorf("told %s %q at %s:%d, want the fatal error of line 3", e.Kind, e.Message, e.File, e.Line)
	}
}

func wrongImage(t *testing.T) {
	c, err := postfix.Run(t.Context(), "strictmx/no-such-image:none")
	if err == nil || c != nil {
		t.Errorf("Run of a missing image = %v, %v, want an error", c, err)
	}
}

func TestOptionIsForRunOnly(t *testing.T) {
	if err := postfix.WithNetworkOf("x").Customize(&testcontainers.GenericContainerRequest{}); err == nil {
		t.Error("Customize: want an error, for the option would be lost")
	}
}

func TestBaseIsFree(t *testing.T) {
	for name, text := range map[string]string{"main.cf": postfix.BaseMainCF, "master.cf": postfix.BaseMasterCF} {
		if text == "" || !strings.HasSuffix(text, "\n") {
			t.Errorf("%s does not end its last line: what is added would be glued to it", name)
		}
	}
	if strings.Contains(postfix.BaseMainCF, "myhostname =") {
		t.Error("base main.cf sets myhostname, which is the user's")
	}
}

func ExampleRun() {
	ctx := context.Background()
	engine, err := containers.Open(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	images, err := engine.Prepare(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}

	bounced := make(chan string, 1)
	c, err := postfix.Run(ctx, images.Postfix,
		postfix.WithSetup(postfix.Setup{Hostname: "mail.example.com"}),
		postfix.WithEvents(func(ev postfix.Event) {
			if _, why, ok := strings.Cut(ev.Log, "status="); ok {
				bounced <- why
			}
		}))
	defer testcontainers.TerminateContainer(c)
	if err != nil {
		log.Fatal(err)
	}
	err = c.Submit(ctx, postfix.Message{
		From: "<>", To: []string{"no-one@mail.example.com"}, Content: []byte("Subject: hello\n\nWorld.\n"),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(<-bounced)
	// Output: bounced (unknown user: "no-one")
}

// endsByItself terminates a container right when Postfix's own end removes it: the
// engine then refuses to stop what does not run.
func endsByItself(t *testing.T, img string) {
	for range 5 {
		c, err := postfix.Run(t.Context(), img, postfix.WithSetup(postfix.Setup{Files: map[string]string{"main.cf": "foo bar\n"}}))
		if _, ok := errors.AsType[*postfix.Error](err); !ok {
			t.Fatalf("Run = %v, want Postfix's own error", err)
		}
		if err := c.Terminate(t.Context()); err != nil {
			t.Errorf("Terminate of a container that ends by itself: %v", err)
		}
		if err := containers.Remove(t.Context(), c.GetContainerID()); err != nil {
			t.Errorf("Remove of a container that is gone: %v", err)
		}
	}
}
