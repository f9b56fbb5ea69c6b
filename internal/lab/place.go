package lab

import (
	"errors"
	"strings"

	"strictmx/internal/wire"
)

// placed says of an error in one of the mail system's files where in the scenario's
// own files the line stands: main.cf and master.cf are merged of several.
func (p *Prepared) placed(err error) error {
	e, ok := errors.AsType[*wire.Error](err)
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
