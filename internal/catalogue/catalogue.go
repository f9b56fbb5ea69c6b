// Package catalogue reads the catalogue of replies that the tables of receivers were
// written from, and compares replies with its rows. It serves tests.
package catalogue

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
)

// A Row is one reply of one receiver.
type Row struct {
	ID, Receiver, Condition, Stage, IP string
	Kind                               string // "permanent", "temporary", or "ok"
	Deterministic                      string // "session", "state", "list" or "reputation"
	Code                               int
	Enhanced                           string   // empty if there is none
	Lines                              []string // with placeholders in braces
	LineBreaks                         string   `yaml:"line_breaks"` // "observed", "single", or what is uncertain
	Exact                              bool     // the wording is known to the byte
}

// Read reads the file of the catalogue: its rows by id.
func Read(file string) (map[string]Row, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var in struct{ Replies []Row }
	if err := yaml.Unmarshal(src, &in); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	rows := make(map[string]Row, len(in.Replies))
	for _, r := range in.Replies {
		if _, twice := rows[r.ID]; twice {
			return nil, fmt.Errorf("%s: row %s twice", file, r.ID)
		}
		rows[r.ID] = r
	}
	return rows, nil
}

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

// invented is what a server makes up for a placeholder whose value nobody knows
// beforehand: a stamp, an id, a name of its own.
const invented = `[^\s\[\](){}<>]+`

// Compare tells how a reply differs from the row; empty if it does not. known has
// the values of placeholders, braces included; others may be anything without a
// blank. Where the catalogue does not know the breaks, they do not matter.
func (r Row) Compare(reply []string, known map[string]string) string {
	want := make([]string, len(r.Lines))
	for i, l := range r.Lines {
		if r.Enhanced != "" && strings.HasSuffix(l, r.Enhanced) {
			l += " " // the catalogue notes that an empty line is code and status and a blank
		}
		want[i] = l
	}
	if !r.breaksKnown() {
		want, reply = []string{r.joined(want)}, []string{r.joined(reply)}
	}
	if len(reply) != len(want) {
		return fmt.Sprintf("%d lines, want %d:\n%s\nwant\n%s", len(reply), len(want), strings.Join(reply, "\n"), strings.Join(want, "\n"))
	}
	for i, l := range want {
		if !pattern(l, known).MatchString(reply[i]) {
			return fmt.Sprintf("line %d:\n%s\nwant\n%s", i+1, reply[i], l)
		}
	}
	return ""
}

func (r Row) breaksKnown() bool {
	return strings.HasPrefix(r.LineBreaks, "observed") || r.LineBreaks == "single"
}

// joined is a reply in one line: Code, status, and the texts.
func (r Row) joined(lines []string) string {
	texts := make([]string, len(lines))
	for i, l := range lines {
		if len(l) > 3 {
			l = l[4:]
		}
		texts[i] = strings.TrimPrefix(strings.TrimPrefix(l, r.Enhanced), " ")
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", r.Code, r.Enhanced)) + " " + strings.Join(texts, " ")
}

func pattern(line string, known map[string]string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("^")
	at := 0
	for _, m := range placeholder.FindAllStringIndex(line, -1) {
		b.WriteString(regexp.QuoteMeta(line[at:m[0]]))
		if v, ok := known[line[m[0]:m[1]]]; ok {
			b.WriteString(regexp.QuoteMeta(v))
		} else {
			b.WriteString(invented)
		}
		at = m[1]
	}
	return regexp.MustCompile(b.String() + regexp.QuoteMeta(line[at:]) + "$")
}
