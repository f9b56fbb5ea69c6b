package mta

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"strictmx/internal/wire"
)

// complaint finds where Postfix places what it has to say about a file:
// "/etc/postfix/main.cf, line 3: ..." and "/etc/postfix/master.cf: line 12: ...".
var complaint = regexp.MustCompile(`/etc/postfix/([^\s,:]+)[,:] line (\d+)`)

// configError turns what a program of Postfix printed on standard error into an
// error with file and line. It takes the first fatal line, or else all of it.
func configError(stderr string) *wire.Error {
	e := &wire.Error{Kind: KindConfig, Message: strings.TrimSpace(stderr)}
	for line := range strings.Lines(stderr) {
		if severe.MatchString(line) {
			e.Message = strings.TrimSpace(line)
			break
		}
	}
	if m := complaint.FindStringSubmatch(e.Message); m != nil {
		e.File = m[1]
		e.Line, _ = strconv.Atoi(m[2]) // digits, says the pattern; huge ones are no line
	}
	return e
}

var severe = regexp.MustCompile(`\b(?:fatal|panic|error): `)

// The kinds of errors.
const (
	KindConfig = "postfix-config" // Postfix does not accept its configuration
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
		for _, m := range tableRef.FindAllStringSubmatch(value, -1) {
			t := table{Type: m[1], Path: m[2], Param: strings.TrimSpace(param), File: file}
			if !slices.Contains(out, t) {
				out = append(out, t)
			}
		}
	}
	return out
}

// lineOf finds the line, from 1, of a file's text at which a table is named: the
// last that sets the parameter and, in master.cf, the last that names the path's
// file. It returns 0 if there is none.
func (t table) lineOf(text string) int {
	found, n := 0, 0
	name := t.Path[strings.LastIndexByte(t.Path, '/')+1:]
	for line := range strings.Lines(text) {
		n++
		if strings.HasPrefix(line, "#") {
			continue
		}
		key, _, _ := strings.Cut(line, "=")
		if t.File == "main.cf" && strings.TrimSpace(key) == t.Param ||
			t.File == "master.cf" && strings.Contains(line, name) {
			found = n
		}
	}
	return found
}

// logTo matches the parameter that would keep the log from us.
var logTo = regexp.MustCompile(`(?m)^(maillog_file[ \t]*=).*((?:\n[ \t]+.*)*)`)

// logHere switches off maillog_file, and keeps the number of lines.
func logHere(mainCF string) string {
	return logTo.ReplaceAllStringFunc(mainCF, func(s string) string {
		return "maillog_file =" + strings.Repeat("\n#", strings.Count(s, "\n"))
	})
}
