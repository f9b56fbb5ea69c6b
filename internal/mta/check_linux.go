package mta

import (
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"strictmx/internal/wire"
)

// Debian's programs.
const (
	postconf   = "/usr/sbin/postconf"
	postmap    = "/usr/sbin/postmap"
	postqueue  = "/usr/sbin/postqueue"
	newaliases = "/usr/bin/newaliases"
	sendmail   = "/usr/sbin/sendmail"
	master     = "/usr/lib/postfix/sbin/master"
)

// configure writes the set-up's files, builds its tables, and has Postfix check
// the result. An error that is Postfix's or the configuration's is a [*wire.Error].
func (m *mta) configure(ctx context.Context, s wire.Setup) error {
	if err := layOut(s); err != nil {
		return err
	}
	main := &task{command: command{args: []string{postconf, "-nx"}}}
	services := &task{command: command{args: []string{postconf, "-Mfx"}}}
	tasks := []*task{main, services}
	for _, name := range s.Maps {
		args, err := mapCommand(name)
		if err != nil {
			return err
		}
		tasks = append(tasks, &task{command: command{args: args}})
	}
	if s.Aliases {
		tasks = append(tasks, &task{command: command{args: []string{newaliases}}})
	}
	var wg sync.WaitGroup
	for _, t := range tasks {
		wg.Go(func() { t.output, t.err = m.children.run(ctx, t.command) })
	}
	wg.Wait()
	for _, t := range tasks { // a fault of main.cf shows in all of them: the first names it best
		if t.err != nil {
			return t.err
		}
		if !t.output.ok() {
			return configError(t.output.why(), s.Files)
		}
		m.warn(path.Base(t.args[0]), t.output.stderr)
	}
	if names := lacking(services.output.stdout); len(names) > 0 {
		return &wire.Error{
			Kind: KindConfig, File: "master.cf",
			Message: "no entry for " + strings.Join(names, ", ") + ": mail would wait for ever",
		}
	}
	for _, t := range slices.Concat(tables("main.cf", main.output.stdout), tables("master.cf", services.output.stdout)) {
		if err := m.open(ctx, t, s); err != nil {
			return err
		}
	}
	return nil
}

// A task is a program that runs beside others.
type task struct {
	command
	output output
	err    error
}

func mapCommand(name string) ([]string, error) {
	typ, file, ok := strings.Cut(name, ":")
	if !ok || file == "" {
		return nil, fmt.Errorf("table %q: want TYPE:NAME", name)
	}
	return []string{postmap, typ + ":" + filePath(file)}, nil
}

// warn passes on what a program printed, as lines of the log, each once: postconf
// says the same for every service.
func (m *mta) warn(program, stderr string) {
	for line := range strings.Lines(stderr) {
		_, text, ok := strings.Cut(strings.TrimSpace(line), ": ") // cuts the program's own name
		if !ok || slices.Contains(m.warned, text) {
			continue
		}
		m.warned = append(m.warned, text)
		m.logged(logLine(m.hostname, time.Now().Format(time.Stamp)+" postfix/"+program+": "+text))
	}
}

// open has Postfix open a table that seems not to be there. Without it, mail would
// wait for ever: daemons only warn.
func (m *mta) open(ctx context.Context, t table, s wire.Setup) error {
	_, err := os.Stat(t.file())
	if err == nil && slices.Contains(bundled, t.Type) {
		return nil
	}
	o, err := m.children.run(ctx, command{args: []string{postmap, "-q", "strictmx", t.Type + ":" + t.Path}})
	if err != nil {
		return err
	}
	words := o.why()
	if !strings.Contains(words, "unsupported dictionary type") && !strings.Contains(words, "No such file") {
		return nil // its server does not answer, say: for the log to tell
	}
	e := configError(words, nil)
	e.File, e.Line = t.named(s.Files)
	if t.Param != "" {
		e.Message += " (" + t.Param + ")"
	}
	return e
}
