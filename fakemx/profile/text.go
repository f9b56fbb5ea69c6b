package profile

import (
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// A wording is a reply and its evidence, kept apart from the rules, of which
// several say the same. Its name is the row of the catalogue that it is.
type wording struct {
	Rule // reply, template and evidence
	at   ast.Node
	// replyNode places faults of the reply.
	replyNode ast.Node
	used      bool
}

// evidence are the fields of a reply: a rule has them, or names a text that has.
func (t *table) evidence(out *Rule, replyNode *ast.Node, lay *layout) []field {
	r := t.r
	return []field{
		{"reply", func(n ast.Node) {
			if s, ok := r.scalar(n); ok {
				*replyNode, out.Reply = n, s
			}
		}},
		{"first-columns", func(n ast.Node) { lay.first = t.readColumns(n) }},
		r.flag("status-once", &lay.once),
		r.text("source", &out.Source),
		r.dated(&out.Seen),
		r.flag("exact", &out.Exact),
	}
}

// readTexts reads the wordings that rules name. They may stand anywhere in the
// file; read complains of a table that is no mapping.
func (t *table) readTexts() {
	t.texts = make(map[string]*wording)
	for _, text := range t.section("texts") {
		t.texts[text.key] = t.readText(text)
	}
}

func (t *table) readText(e entry) *wording {
	w := &wording{at: e.at}
	if !nameForm.MatchString(e.key) {
		t.r.problem(e.at, "text %q: want lower-case letters, digits and single hyphens", e.key)
	}
	w.Catalogue = e.key
	var lay layout
	have := t.r.fields(e.node, "a text", append(t.evidence(&w.Rule, &w.replyNode, &lay), t.r.text("note", &w.Note)))
	for _, key := range []string{"reply", "source", "seen"} {
		if have[key] == nil || key == "source" && w.Source == "" || key == "seen" && w.Seen == "" {
			t.r.problem(e.at, "text %s without %s", e.key, key)
		}
	}
	if w.replyNode != nil {
		t.readReply(&w.Rule, w.replyNode)
	}
	w.template.layout = lay
	return w
}

// spoken makes the rules of one that names a text, or one for each range of
// versions.
func (t *table) spoken(rule ruleNode, closes string, have map[string]ast.Node) []ruleNode {
	for _, key := range []string{"reply", "first-columns", "status-once", "source", "seen", "exact", "catalogue"} {
		if n := have[key]; n != nil {
			t.r.problem(n, "%s beside text: want one of them", key)
		}
	}
	text := have["text"]
	switch text.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
	default:
		return t.says(rule, text, closes)
	}
	if n := have["versions"]; n != nil {
		t.r.problem(n, "versions beside those of text: want one of them")
	}
	var out []ruleNode
	for _, e := range t.r.entries(text, "texts by version") {
		one := rule
		one.in = t.readRange(e.at)
		out = append(out, t.says(one, e.node, closes)...)
	}
	return out
}

// says gives a rule the reply of a text.
func (t *table) says(rule ruleNode, name ast.Node, closes string) []ruleNode {
	s, ok := t.r.scalar(name)
	if !ok {
		return nil
	}
	w := t.texts[s]
	switch {
	case w == nil && len(t.texts) == 0:
		t.r.problem(name, "unknown text %q: the table has no texts: want it there, or its words as reply", s)
		return nil
	case w == nil:
		t.r.problem(name, "unknown text %q: %s", s, wanted(s, slices.Sorted(maps.Keys(t.texts))))
		return nil
	}
	w.used = true
	rule.Reply, rule.template, rule.Code, rule.Status = w.Reply, w.template, w.Code, w.Status
	rule.Source, rule.Seen, rule.Exact, rule.Catalogue = w.Source, w.Seen, w.Exact, w.Catalogue
	notes := slices.DeleteFunc([]string{w.Note, rule.Note}, func(n string) bool { return n == "" })
	rule.Note = strings.Join(notes, "; ")
	rule.replyNode = w.replyNode
	rule.Close = ends(closes, rule.Code)
	return []ruleNode{rule}
}

// unspoken finds texts that no rule names.
func (t *table) unspoken() {
	for _, name := range slices.Sorted(maps.Keys(t.texts)) {
		if w := t.texts[name]; !w.used {
			t.r.problem(w.at, "text %s: no rule names it", name)
		}
	}
}
