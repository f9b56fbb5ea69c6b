package mta

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"strictmx/internal/wire"
)

// configError turns what a program of Postfix printed on standard error into an
// error with file and line. It takes the first fatal line, or else all of it. files
// are the configuration's, by name.
func configError(words string, files map[string]string) *wire.Error {
	e := &wire.Error{Kind: KindConfig, Message: strings.TrimSpace(words)}
	for line := range strings.Lines(words) {
		if severe.MatchString(line) {
			e.Message = strings.TrimSpace(line)
			break
		}
	}
	e.File, e.Line = place(e.Message, files)
	return e
}

// complaint finds where Postfix places what it has to say about a file:
// "/etc/postfix/main.cf, line 3: ..." and "/etc/postfix/master.cf: line 12: ...".
var complaint = regexp.MustCompile(`/etc/postfix/([^\s,:]+)[,:] line (\d+)`)

// entry finds the entry of master.cf that Postfix quotes instead of naming the line.
var entry = regexp.MustCompile(`field "[^"]*" in "([^"]*)"$`)

// parameter finds the name of the parameter whose value is bad:
// "parameter smtp_connect_timeout: bad time value or unit: abc",
// "bad numerical configuration: default_process_limit = zz".
var parameter = regexp.MustCompile(`parameter "?(\w+)"?: |configuration: (\w+) = |(?:bad|invalid|unknown) "?(\w+)"? (?:value|parameter)|in parameter "?(\w+)"?`)

// place finds the file and the line, from 1, that a message is about. It returns
// nothing where it cannot tell.
func place(message string, files map[string]string) (file string, line int) {
	if m := complaint.FindStringSubmatch(message); m != nil {
		n, err := strconv.Atoi(m[2])
		if err != nil {
			n = 0 // more digits than a line has
		}
		return m[1], n
	}
	if m := entry.FindStringSubmatch(message); m != nil {
		want := strings.Fields(m[1])
		return found("master.cf", lastLine(files["master.cf"], func(l string) bool {
			return slices.Equal(strings.Fields(l), want)
		}))
	}
	if m := parameter.FindStringSubmatch(message); m != nil {
		return setAt(strings.Join(m[1:], ""), files)
	}
	return "", 0
}

// setAt finds where a parameter is set.
func setAt(param string, files map[string]string) (file string, line int) {
	main := lastLine(files["main.cf"], func(l string) bool {
		name, _, ok := strings.Cut(l, "=")
		return ok && strings.TrimSpace(name) == param
	})
	if main > 0 {
		return "main.cf", main
	}
	option := regexp.MustCompile(`(?:^|[\s{])` + regexp.QuoteMeta(param) + `\s*=`)
	return found("master.cf", lastLine(files["master.cf"], option.MatchString))
}

func found(file string, line int) (string, int) {
	if line == 0 {
		return "", 0
	}
	return file, line
}

// lastLine is the number, from 1, of the last line that is no comment and for which
// match holds, or 0.
func lastLine(text string, match func(string) bool) int {
	n, last := 0, 0
	for line := range strings.Lines(text) {
		n++
		if !strings.HasPrefix(strings.TrimSpace(line), "#") && match(strings.TrimRight(line, "\n")) {
			last = n
		}
	}
	return last
}

var severe = regexp.MustCompile(`\b(?:fatal|panic|error): `)

// The kinds of errors.
const (
	KindConfig = "postfix-config" // Postfix does not accept its configuration
	KindMilter = "opendkim"       // OpenDKIM does not accept its configuration, or died
	KindStart  = "postfix-start"  // a program of Postfix died
	KindSubmit = "submit"         // sendmail(1) did not take a message
	KindSetup  = "mail-system"    // anything else
)

// A table is a lookup table that the configuration names.
type table struct {
	Type, Path string
	Param      string // the parameter that names it
	File       string // "main.cf" or "master.cf"
}

// file is the path of what must exist for the table to be opened, or empty if that
// cannot be told by a file.
func (t table) file() string {
	switch t.Type {
	case "hash", "btree":
		return t.Path + ".db"
	case "lmdb", "cdb":
		return t.Path + "." + t.Type
	case "dbm", "sdbm":
		return t.Path + ".pag"
	}
	return t.Path
}

// bundled are the types of tables that the image can open.
var bundled = []string{"hash", "btree", "lmdb", "texthash", "regexp", "pcre", "cidr"}

// tableRef is a table of a type that reads a file.
var tableRef = regexp.MustCompile(
	`\b(hash|btree|lmdb|cdb|s?dbm|texthash|regexp|pcre|cidr|mysql|pgsql|ldap|sqlite|memcache):(/[^\s,{}]+)`)

// tables lists the tables in what postconf -nx or postconf -Mfx print, each once.
// An entry of master.cf names parameters in lines of the form "-o name=value" and
// "-o { name = value }".
func tables(file, printed string) []table {
	var out []table
	for line := range strings.Lines(printed) {
		option, isOption := strings.CutPrefix(strings.TrimSpace(line), "-o ")
		if !isOption {
			option = line
		}
		param, value, ok := strings.Cut(strings.TrimLeft(option, "{ "), "=")
		if !ok {
			param, value = "", line
		}
		if unsaid.MatchString(strings.TrimSpace(param)) {
			continue
		}
		for _, m := range tableRef.FindAllStringSubmatch(value, -1) {
			t := table{Type: m[1], Path: m[2], Param: strings.TrimSpace(param), File: file}
			if !slices.Contains(out, t) {
				out = append(out, t)
			}
		}
	}
	return out
}

// named finds where the table is named.
func (t table) named(files map[string]string) (file string, line int) {
	if t.File == "main.cf" {
		return setAt(t.Param, map[string]string{"main.cf": files["main.cf"]})
	}
	name := t.Path[strings.LastIndexByte(t.Path, '/')+1:]
	return t.File, lastLine(files[t.File], func(l string) bool { return strings.Contains(l, name) })
}

// needed are the services without which a message waits for ever and nothing says
// so: the master daemon starts with any that it finds, or with none.
var needed = []string{"pickup", "cleanup", "qmgr", "rewrite", "bounce"}

// lacking lists those of the needed services that postconf -Mf does not print.
func lacking(printed string) []string {
	var out []string
	for _, name := range needed {
		entry := func(line string) bool { return strings.HasPrefix(line, name+" ") }
		if lastLine(printed, entry) == 0 {
			out = append(out, name)
		}
	}
	return out
}

// unsaid are the parameters whose tables the daemons make themselves, or that only
// name what is to be built.
var unsaid = regexp.MustCompile(`(_session_cache_database|^address_verify_map|^postscreen_cache_map|^alias_database)$`)

// logTo matches the parameter that would keep the log from us.
var logTo = regexp.MustCompile(`(?m)^(maillog_file[ \t]*=).*((?:\n[ \t]+.*)*)`)

// logHere switches off maillog_file, and keeps the number of lines.
func logHere(mainCF string) string {
	return logTo.ReplaceAllStringFunc(mainCF, func(s string) string {
		return "maillog_file =" + strings.Repeat("\n#", strings.Count(s, "\n"))
	})
}
