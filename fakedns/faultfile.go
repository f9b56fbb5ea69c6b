package fakedns

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"strictmx/internal/mail"
	"strictmx/internal/spelling"
)

// A faultReader reads a YAML list of faults, as strictly and in the same words as
// they are read from a scenario: no anchors and tags, no key twice.
type faultReader struct {
	file string
	errs []error
}

// The limits of a file of faults.
const (
	maxFaults = 64 << 10 // bytes: the parser takes time with the square
	maxTimes  = 1_000_000
)

var faultKeys = []string{"name", "type", "fault", "delay", "times"}

// addFaults reads the faults of a file and goes on after a wrong one.
func (b *Builder) addFaults(file string, text []byte) {
	r := &faultReader{file: file}
	for _, item := range r.items(string(text)) {
		if f, ok := r.fault(item); ok {
			b.addFault(file, lineOf(item), f)
		}
	}
	b.errs = append(b.errs, r.errs...)
}

func (r *faultReader) wrong(line int, format string, args ...any) {
	r.errs = append(r.errs, &Error{r.file, line, fmt.Errorf(format, args...)})
}

// lineOf is where a node begins; a mapping's token is its first colon.
func lineOf(n ast.Node) int { return n.GetToken().Position.Line }

// items are the members of the lists in a file.
func (r *faultReader) items(text string) []ast.Node {
	if len(text) > maxFaults {
		r.wrong(1, "%d bytes: want at most %d", len(text), maxFaults)
		return nil
	}
	doc, err := parser.ParseBytes([]byte(text), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.broken(text, err)
		return nil
	}
	var out []ast.Node
	for _, d := range doc.Docs {
		switch list := d.Body.(type) {
		case nil, *ast.CommentGroupNode:
		case *ast.SequenceNode:
			out = append(out, list.Values...)
		default:
			r.wrong(lineOf(d.Body), "want a list of faults, as in - {name: example.com, type: TXT, fault: servfail}")
		}
	}
	return out
}

// broken tells what the YAML parser complains of, without the source that it shows.
func (r *faultReader) broken(text string, err error) {
	line, why := 0, err.Error()
	var y yaml.Error
	if errors.As(err, &y) {
		why = y.GetMessage()
		if t := y.GetToken(); t != nil && t.Position != nil {
			line = t.Position.Line
		}
	}
	if line > 0 {
		why += ": " + spelling.Unparsed(text, line, 1)
	}
	r.wrong(line, "not YAML: %s", why)
}

// fault reads one. It tells false where something is wrong with it.
func (r *faultReader) fault(item ast.Node) (Fault, bool) {
	before := len(r.errs)
	var f Fault
	have := r.keys(item)
	if have == nil {
		return f, false
	}
	for _, key := range faultKeys {
		if v := have[key]; v != nil {
			r.value(&f, key, v.Value, lineOf(v.Key))
		} else if key == "name" || key == "fault" {
			r.wrong(lineOf(item), "fault: %s is missing", key)
		}
	}
	delay := have["delay"]
	switch {
	case f.Fault == FaultDelay && delay == nil:
		r.wrong(lineOf(item), "fault delay: want to know how long: add delay: 3s")
	case f.Fault != FaultDelay && delay != nil:
		r.wrong(lineOf(delay.Key), "delay: want it with fault: delay only")
	}
	return f, len(r.errs) == before
}

// keys are the known keys of a fault; nil if it is no mapping.
func (r *faultReader) keys(item ast.Node) map[string]*ast.MappingValueNode {
	var values []*ast.MappingValueNode
	switch m := item.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		r.wrong(lineOf(item), "a fault: want keys and values, not %s", spelling.Kind(item))
		return nil
	}
	out := map[string]*ast.MappingValueNode{}
	for _, v := range values {
		line := lineOf(v.Key)
		name, ok := r.text(v.Key, line, "a key of a fault")
		switch {
		case !ok:
		case !slices.Contains(faultKeys, name):
			r.wrong(line, "unknown key %q in a fault: %s", name, spelling.Wanted(name, faultKeys))
		case out[name] != nil:
			r.wrong(line, "%s twice: first in line %d", name, lineOf(out[name].Key))
		default:
			out[name] = v
		}
	}
	return out
}

// value reads the value of a key in a line.
func (r *faultReader) value(f *Fault, key string, v ast.Node, line int) {
	if key == "times" {
		f.Times = r.times(v, line)
		return
	}
	s, ok := r.text(v, line, key)
	if !ok {
		return
	}
	switch key {
	case "name":
		if _, err := mail.FaultName(s); err != nil {
			r.wrong(line, "fault for %q: %w", s, err)
		}
		f.Name = s
	case "type":
		if _, ok := parseType(s); !ok && !strings.EqualFold(s, "ANY") {
			r.wrong(line, "unknown record type %q: %s", s, wantType(s))
		}
		f.Type = s
	case "fault":
		if !known(s) {
			r.wrong(line, "unknown fault %q: %s", s, spelling.Wanted(s, faultNames))
		}
		f.Fault = s
	case "delay":
		d, err := time.ParseDuration(s)
		if err != nil || d < time.Millisecond || d > time.Hour {
			r.wrong(line, "delay %q: want a time with its unit from 1ms to 1h, as in 3s", s)
		}
		f.Delay = d
	}
}

func (r *faultReader) times(v ast.Node, line int) int {
	if _, ok := v.(*ast.IntegerNode); ok {
		s, ok := r.text(v, line, "times")
		if !ok {
			return 0
		}
		if i, err := strconv.Atoi(s); err == nil && i >= 0 && i <= maxTimes {
			return i
		}
	}
	r.wrong(line, "times: want a whole number from 0 to %d", maxTimes)
	return 0
}

// text reads a text, or a number as it is written, unless versions of YAML read it
// differently.
func (r *faultReader) text(v ast.Node, line int, what string) (string, bool) {
	s, unclear, ok := spelling.Scalar(v)
	switch {
	case !ok:
		r.wrong(line, "%s: want a text, not %s", what, spelling.Kind(v))
		return "", false
	case unclear:
		r.wrong(line, "%s: number %s has a leading zero: put it in quotes if it is a text", what, s)
		return "", false
	}
	return s, true
}
