package lab

import (
	"errors"
	"regexp"
	"strings"

	"strictmx/internal/wire"
	"strictmx/scenarios"
)

// placed says of an error in one of the mail system's files where in the scenario's
// own files the line stands: main.cf and master.cf are merged of several.
func (p *Prepared) placed(err error) error {
	e, ok := errors.AsType[*wire.Error](err)
	if ok && e.Kind == kindFatal && e.File == "" {
		return p.blamed(e)
	}
	if !ok || e.File == "" || e.Line == 0 {
		return err
	}
	lines := strings.Split(p.Setup.Files[e.File], "\n")
	if e.Line > len(lines) {
		return err
	}
	path := "postfix/" + e.File
	if e.File == opendkimPath(opendkimConf) {
		path = "opendkim/" + opendkimConf
	}
	fragments := p.Case.Files[path].Fragments
	for i := len(fragments) - 1; i >= 0; i-- { // the last one counts
		f := fragments[i]
		at := 0
		for k, l := range strings.Split(f.Text, "\n") {
			if l == lines[e.Line-1] {
				at = max(f.At.Line, 1) + k
			}
		}
		if at > 0 {
			own := *e
			own.File, own.Line = f.At.File, at
			return &own
		}
	}
	return err
}

// kindFatal is the kind of the error for a line in which Postfix says that it cannot go
// on. It names no file.
const kindFatal = "postfix-fatal"

// telling are the words of such a line that the configuration may have, too: a value
// in quotes, a path, the name of a parameter, an address.
var telling = regexp.MustCompile(`"([^"]+)"|(/[\w./-]+)|\b([a-z0-9]+(?:_[a-z0-9]+)+|[0-9]+(?:\.[0-9]+){3}|[0-9a-f]{1,4}(?::[0-9a-f]{0,4}){2,7})\b`)

// blamed says where in the scenario's configuration the reason of a fatal line stands:
// in the one line that has one of its words. Where no line has, or several, the lab may
// be to blame.
func (p *Prepared) blamed(e *wire.Error) error {
	if at, ok := p.milters(e.Message); ok {
		own := *e
		own.File, own.Line = at.File, at.Line
		return &own
	}
	var fragments []scenarios.Fragment
	for _, path := range []string{"postfix/main.cf", "postfix/master.cf"} {
		fragments = append(fragments, p.Case.Files[path].Fragments...)
	}
	_, text, found := strings.Cut(e.Message, ": fatal: ")
	if !found {
		_, text, _ = strings.Cut(e.Message, "]: ")
	}
	for _, m := range telling.FindAllStringSubmatch(text, -1) {
		var at []scenarios.Position
		for _, f := range fragments {
			for k, l := range strings.Split(f.Text, "\n") {
				if !strings.HasPrefix(l, "#") && hasWord(l, m[1]+m[2]+m[3]) {
					at = append(at, scenarios.Position{File: f.At.File, Line: max(f.At.Line, 1) + k})
				}
			}
		}
		if len(at) == 1 {
			own := *e
			own.File, own.Line = at[0].File, at[0].Line
			return &own
		}
	}
	return e
}

// keptOut is what Postfix logs of a milter that takes no mail in for now, or is not there.
var keptOut = regexp.MustCompile(`/(smtpd|cleanup)\[[0-9]+\]: [^ ]+: milter-reject: `)

// milters is where the case names those that kept a message out: smtpd(8) asks those for
// what comes by SMTP, and cleanup(8) those for the rest (MILTER_README). Where the lab
// has an OpenDKIM for the case, that one may be to blame.
func (p *Prepared) milters(line string) (at scenarios.Position, ok bool) {
	m := keptOut.FindStringSubmatch(line)
	if _, own := p.Setup.Files[opendkimPath(opendkimConf)]; m == nil || own {
		return at, false
	}
	setting := map[string]string{"smtpd": "smtpd_milters", "cleanup": "non_smtpd_milters"}[m[1]]
	for _, f := range p.Case.Files["postfix/main.cf"].Fragments {
		for _, param := range parameters(f) {
			if param.Name == setting {
				at, ok = param.At, true // the last one counts
			}
		}
	}
	return at, ok
}

// hasWord tells whether a line has a word that is no part of another.
func hasWord(line, word string) bool {
	part := func(c byte) bool {
		return c == '_' || c == '/' || c == '.' || c == '-' || 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
	}
	for at := 0; ; {
		i := strings.Index(line[at:], word)
		if i < 0 {
			return false
		}
		begin, end := at+i, at+i+len(word)
		if (begin == 0 || !part(line[begin-1])) && (end == len(line) || !part(line[end])) {
			return true
		}
		at = begin + 1
	}
}
