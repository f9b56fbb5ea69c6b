package profile

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"strictmx/internal/mail"
)

// build makes the versions of a table and finds the faults that show only there.
func (t *table) build() family {
	labels := t.labels
	if len(labels) == 0 {
		labels = []string{""}
	}
	f := family{name: t.name}
	for _, label := range labels {
		p := t.version(label)
		f.versions = append(f.versions, p)
		if label == t.fallback || t.fallback == "" {
			f.bare = p
		}
	}
	if len(t.r.problems) == 0 {
		t.unreachable(f)
		t.idle(f)
	}
	return f
}

// dedupe drops a fault that several versions share.
func dedupe(problems []*Problem) []*Problem {
	seen := make(map[Problem]bool)
	return slices.DeleteFunc(problems, func(p *Problem) bool {
		was := seen[*p]
		seen[*p] = true
		return was
	})
}

// version makes the profile of one label.
func (t *table) version(label string) *Profile {
	p := &Profile{
		Name: t.name, Label: label, Title: t.title, About: strings.TrimSpace(t.about),
		Source: t.source, Seen: t.seen, Hosts: t.hosts, Checks: t.checks, settings: t.settings, hostname: t.hostname, wrap: t.wrap,
		dialogue: make(map[string]template), values: maps.Clone(builtinValues),
	}
	nodes := make(map[string]ast.Node)
	for _, w := range append([]words{t.base}, t.changes...) {
		if !belongs(w.in, label) {
			continue
		}
		if w.extensions != nil {
			p.extensions = w.extensions
		}
		if w.closing != nil {
			p.closing = w.closing
		}
		maps.Copy(p.values, w.values)
		for _, ph := range w.dialogue {
			p.dialogue[ph.name], nodes[ph.name] = ph.t, ph.node
		}
	}
	for name, tmpl := range p.dialogue {
		t.try(p, tmpl, nodes[name], maxLine)
		if at, ok := phraseAt[name]; ok {
			t.early(p, tmpl, nodes[name], at)
		}
	}
	if err := p.checkText(t.wrap.tail); err != nil {
		t.r.problem(t.node, "wrap: %v", err)
	}
	ids := make(map[string]ast.Node)
	for _, r := range t.rules {
		if !belongs(r.in, label) {
			continue
		}
		if first := ids[r.ID]; first != nil && r.ID != "" {
			t.twice(r, first, label)
		}
		ids[r.ID] = r.node
		t.try(p, r.template, r.replyNode, r.longest())
		if r.staged {
			t.early(p, r.template, r.replyNode, r.At)
		}
		p.Rules = append(p.Rules, r.Rule)
	}
	p.prepare()
	return p
}

// twice tells of a rule that a version has already. It can be the same one, if it has its
// text by ranges of versions, and these meet.
func (t *table) twice(r ruleNode, first ast.Node, label string) {
	order := ": labels of versions go from the oldest to the newest, here " + strings.Join(t.labels, ", ")
	if first == r.node {
		t.r.problem(r.node, "rule %s with two texts%s%s", r.ID, inVersion(label), order)
		return
	}
	if slices.IsSorted(t.labels) {
		order = ""
	}
	line, _ := place(first)
	t.r.problem(r.node, "rule %s twice%s: first in line %d%s", r.ID, inVersion(label), line, order)
}

// prepare works out what sessions would otherwise work out again and again.
func (p *Profile) prepare() {
	for i := range p.Rules {
		r := &p.Rules[i]
		r.template, r.quoted = p.ready(r.template), p.quoted(r.Reply)
	}
	p.counts = p.counting()
	for _, at := range mail.Stages {
		p.asked[at], p.tests[at] = p.ask(at), p.testing(at)
	}
	p.replies = make(map[string]template, len(phrases))
	for name, t := range usual() {
		if !p.enhanced() {
			t.status = mail.Status{} // RFC 2034 section 3: only with the keyword
		}
		p.replies[name] = p.ready(t)
	}
	for name, t := range p.dialogue {
		p.replies[name] = p.ready(t)
	}
}

func inVersion(label string) string {
	if label == "" {
		return ""
	}
	return " in version " + label
}

// sample is a session to try replies with.
func sample() Vars {
	return Vars{
		Client: netip.MustParseAddr("2001:db8::f03c:91ff:fe6e:423f"), Helo: "services02.example.com",
		From: "me@example.com", Rcpt: "recipient@example.net", MessageID: "1@example.com", TLS: "TLSv1.3",
		Time: time.Date(2014, 2, 26, 21, 58, 24, 0, time.UTC), Size: 31176,
	}
}

// Lengths of reply lines in octets, without CR LF. RFC 5321 section 4.5.3.1.5 allows
// the first. Exchange Online is known to say more in one line, and a client such as
// Postfix takes it (line_length_limit), so a wording that was seen may have that.
const (
	maxLine     = 510
	maxSeenLine = 2000
)

// longest is what a line of the rule's reply may have.
func (r Rule) longest() int {
	if r.Exact {
		return maxSeenLine
	}
	return maxLine
}

// try renders a reply once.
func (t *table) try(p *Profile, tmpl template, n ast.Node, longest int) {
	if tmpl.code == 0 {
		return // not given, or a fault already
	}
	if err := p.checkText(tmpl.text); err != nil {
		t.r.problem(n, "%v", err)
		return
	}
	lines, err := p.render(p.ready(tmpl), sample())
	if err != nil {
		t.r.problem(n, "%v", err)
	}
	for _, l := range lines {
		if len(l) > longest {
			t.r.problem(n, "reply line %.40q: %d octets long, want at most %d", l, len(l), longest)
		}
	}
}

// early finds a reply that quotes what is not known yet when it is said.
func (t *table) early(p *Profile, tmpl template, n ast.Node, at mail.Stage) {
	if err := p.early(tmpl.text, at); err != nil {
		t.r.problem(n, "%v", err)
	}
}

// unreachable finds rules that never decide, because earlier ones of the same
// or an earlier stage always do, or the session itself does.
func (t *table) unreachable(f family) {
	for _, p := range f.versions {
		dead := p.shadowed()
		for _, r := range t.rules {
			by, ok := dead[r.ID]
			why := t.beyond(p, r.Rule)
			switch {
			case !belongs(r.in, p.Label):
			case why != "":
				t.r.problem(r.node, "rule %s%s can never decide: %s", r.ID, inVersion(p.Label), why)
			case !ok:
			case len(by) == 0:
				t.r.problem(r.node, "rule %s%s can never decide: its conditions cannot hold", r.ID, inVersion(p.Label))
			default:
				comes := "come"
				if len(by) == 1 {
					comes = "comes"
				}
				t.r.problem(r.node, "rule %s%s can never decide: %s %s first", r.ID, inVersion(p.Label), strings.Join(by, ", "), comes)
			}
		}
	}
}
