package profile

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"strictmx/fakemx/check"
	"strictmx/internal/mail"
)

// A table is one file as read: all versions of one profile. Nodes are kept to
// place later faults.
type table struct {
	r                                          *reader
	node, nameNode, labelNode                  ast.Node
	name, title, about, hostname, source, seen string

	labels   []string
	fallback string // the label that the bare name means; empty is the newest
	hosts    []Host
	wrap     wrapping
	checks   []check.Check
	settings map[string][]Setting // of checks, as written
	most     map[string]int       // max of checks of the methods size and recipient
	own      []ownName            // checks
	made     []ownName            // values
	base     words
	changes  []words
	texts    map[string]*wording // that rules name
	rules    []ruleNode
}

// words are the parts of a table that versions may have their own of.
type words struct {
	in         []string // labels; nil is all
	extensions []string // nil if not given
	dialogue   []phraseNode
	closing    []string // nil if not given
	values     map[string]form
}

type phraseNode struct {
	name string
	node ast.Node
	t    template
}

// A ruleNode is a rule with the labels it belongs to.
type ruleNode struct {
	Rule
	in              []string // labels; nil is all
	node, replyNode ast.Node
	staged          bool // the stage is known
}

// readTable reads the text of a table and makes its versions.
func readTable(file string, src []byte) (*table, family, []*Problem) {
	t := &table{r: &reader{file: file}}
	t.node = t.r.root(src)
	if t.node == nil {
		return t, family{}, t.r.problems
	}
	t.read()
	f := t.build()
	return t, f, dedupe(t.r.problems)
}

func (t *table) read() {
	r := t.r
	t.readChecks()
	t.readTexts()
	have := r.fields(t.node, "a table", append([]field{
		{"name", func(n ast.Node) {
			t.nameNode = n
			t.name = r.named(n, "name", nameForm)
		}},
		r.text("title", &t.title),
		r.text("about", &t.about),
		r.text("source", &t.source),
		r.dated(&t.seen),
		{"versions", func(n ast.Node) { t.readLabels(n) }},
		{"default", func(n ast.Node) {
			t.labelNode = n
			t.fallback, _ = r.scalar(n)
		}},
		{"hostname", func(n ast.Node) {
			if s, ok := r.scalar(n); ok && !hostname.MatchString(s) {
				r.problem(n, "hostname %q: want a host name without final dot", s)
			} else {
				t.hostname = s
			}
		}},
		{"hosts", func(n ast.Node) { t.readHosts(n) }},
		{"wrap", func(n ast.Node) { t.readWrap(n) }},
		{"checks", func(ast.Node) {}}, // above: the rules need them
		{"texts", func(ast.Node) {}},
		{"changes", func(n ast.Node) {
			for _, c := range r.items(n, "changes") {
				var w words
				have := r.fields(c, "a change", append([]field{
					{"versions", func(n ast.Node) { w.in = t.readRange(n) }},
				}, t.wordFields(&w)...))
				if have["versions"] == nil {
					r.problem(c, "a change without versions: say which it is for")
				}
				t.changes = append(t.changes, w)
			}
		}},
		{"rules", func(n ast.Node) {
			for _, rule := range r.items(n, "rules") {
				t.rules = append(t.rules, t.readRule(rule)...)
			}
		}},
	}, t.wordFields(&t.base)...))
	t.unspoken()
	for _, key := range []string{"name", "title", "hostname"} {
		if have[key] == nil {
			r.problem(t.node, "a table without %s", key)
		}
	}
	if t.fallback != "" && !slices.Contains(t.labels, t.fallback) {
		r.problem(t.labelNode, "default %q: %s", t.fallback, t.wantedLabel(t.fallback))
	}
}

// wordFields are the keys that a table and a change have in common.
func (t *table) wordFields(w *words) []field {
	r := t.r
	return []field{
		{"extensions", func(n ast.Node) {
			w.extensions = []string{}
			for _, e := range r.items(n, "extensions") {
				w.extensions = append(w.extensions, t.readExtension(e))
			}
		}},
		{"dialogue", func(n ast.Node) {
			for _, e := range r.entries(n, "the dialogue") {
				text, ok := r.scalar(e.node)
				if !ok {
					continue
				}
				tmpl, err := parsePhrase(e.key, text)
				if err != nil {
					r.problem(e.node, "%v", err)
					continue
				}
				w.dialogue = append(w.dialogue, phraseNode{e.key, e.node, tmpl})
			}
		}},
		{"closing", func(n ast.Node) {
			w.closing = []string{}
			for _, item := range r.items(n, "replies") {
				name, ok := r.scalar(item)
				if ok && !slices.Contains(phraseNames(), name) {
					r.problem(item, "unknown reply %q: %s", name, wanted(name, phraseNames()))
				}
				w.closing = append(w.closing, name)
			}
		}},
		{"values", func(n ast.Node) { w.values = t.readValues(n) }},
	}
}

func (t *table) readValues(n ast.Node) map[string]form {
	r, out := t.r, make(map[string]form)
	for _, e := range r.entries(n, "values") {
		f := form{per: perMessage}
		if !nameForm.MatchString(e.key) || placeholders[e.key] != nil {
			r.problem(e.at, "value %q: want lower-case words joined by hyphens that are not yet a placeholder", e.key)
		}
		have := r.fields(e.node, "a value", []field{
			{"form", func(n ast.Node) {
				f.text, _ = r.scalar(n)
				if err := f.check(); err != nil {
					r.problem(n, "%v", err)
					f.text = "" // known, so that replies that have it are not wrong, too
				}
			}},
			{"per", func(n ast.Node) {
				s, ok := r.scalar(n)
				if ok && !slices.Contains(scopes, s) {
					r.problem(n, "per %q: %s", s, wanted(s, scopes))
				}
				f.per = scope(s)
			}},
		})
		if have["form"] == nil {
			r.problem(e.at, "value %s without form", e.key)
		}
		out[e.key] = f
		if !slices.ContainsFunc(t.made, func(o ownName) bool { return o.key == e.key }) {
			t.made = append(t.made, ownName{e.key, e.at})
		}
	}
	return out
}

func (t *table) readWrap(n ast.Node) {
	r := t.r
	r.fields(n, "wrap", []field{
		{"columns", func(n ast.Node) { t.wrap.columns = t.readColumns(n) }},
		r.text("tail", &t.wrap.tail),
	})
}

// readColumns reads a line width.
func (t *table) readColumns(n ast.Node) int {
	s, ok := t.r.scalar(n)
	c, err := strconv.Atoi(s)
	if ok && (err != nil || c < MinColumns || c > MaxColumns) {
		t.r.problem(n, "columns %q: want a number from %d to %d", s, MinColumns, MaxColumns)
		return 0
	}
	return c
}

// readRule reads one rule; its placeholders are for build. A rule whose text
// differs between versions is several.
func (t *table) readRule(n ast.Node) []ruleNode {
	r := t.r
	out := ruleNode{node: n}
	closes, lay := "", layout{}
	have := r.fields(n, "a rule", append([]field{
		{"id", func(n ast.Node) { out.ID = r.named(n, "id", nameForm) }},
		{"versions", func(n ast.Node) { out.in = t.readRange(n) }},
		{"at", func(n ast.Node) {
			s, ok := r.scalar(n)
			out.staged = ok && out.At.UnmarshalText([]byte(s)) == nil
			if ok && !out.staged {
				r.problem(n, "at %q: %s", s, wanted(s, stageNames()))
			}
		}},
		{"when", func(ast.Node) {}}, // below: needs the stage
		{"text", func(ast.Node) {}}, // below: needs all else
		{"close", func(n ast.Node) {
			if b, ok := r.boolean(n); ok {
				closes = strconv.FormatBool(b)
			}
		}},
		r.flag("scripted", &out.Scripted),
		{"times", func(n ast.Node) { out.Times = t.readTimes(n) }},
		r.text("catalogue", &out.Catalogue),
		r.text("remedy", &out.Remedy),
		r.text("note", &out.Note),
	}, t.evidence(&out.Rule, &out.replyNode, &lay)...))
	required := []string{"id", "at", "reply", "source", "seen"}
	if have["text"] != nil {
		required = required[:2]
	}
	for _, key := range required {
		if have[key] == nil || key == "source" && out.Source == "" || key == "seen" && out.Seen == "" {
			r.problem(n, "a rule without %s", key)
		}
	}
	if when := have["when"]; when != nil && out.Scripted {
		r.problem(when, "when: a scripted rule has no conditions")
	} else if when != nil && out.staged {
		t.readWhen(&out, when)
	}
	if have["text"] != nil {
		return t.spoken(out, closes, have)
	}
	if out.replyNode != nil {
		t.readReply(&out.Rule, out.replyNode)
	}
	out.template.layout = lay
	out.Close = ends(closes, out.Code)
	return []ruleNode{out}
}

// ends tells whether a refusal ends the session: as the table says, or with a 421,
// which announces it (RFC 5321 section 3.8).
func ends(closes string, code int) bool {
	return closes == "true" || closes == "" && code == 421
}

func (t *table) readTimes(n ast.Node) int {
	s, ok := t.r.scalar(n)
	times, err := strconv.Atoi(s)
	if ok && (err != nil || times < 1 || times > MaxTimes) {
		t.r.problem(n, "times %q: want a number from 1 to %d", s, MaxTimes)
		return 0
	}
	return times
}

func (t *table) readReply(out *Rule, n ast.Node) {
	tmpl, err := parseTemplate(out.Reply)
	switch {
	case tmpl.code != 0 && tmpl.code < 400: // first: the status is right for another code
		t.r.problem(n, "reply %q: want a 4xx or 5xx code, as a rule refuses", firstLine(out.Reply))
		return
	case err != nil:
		t.r.problem(n, "%v", err)
		return
	}
	out.template, out.Code, out.Status = tmpl, tmpl.code, tmpl.status
}

func stageNames() []string {
	out := make([]string, len(mail.Stages))
	for i, s := range mail.Stages {
		out[i] = s.String()
	}
	return out
}

// named reads a word of a given form.
func (r *reader) named(n ast.Node, what string, re *regexp.Regexp) string {
	s, ok := r.scalar(n)
	if ok && !re.MatchString(s) {
		r.problem(n, "%s %q: want lower-case letters, digits and single hyphens", what, s)
		return ""
	}
	return strings.TrimSpace(s)
}
