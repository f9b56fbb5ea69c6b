package profile

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// A Saying is a refusal, with the versions that have it.
type Saying struct {
	Rule Rule // without an id for a reply of the dialogue
	// Phrase is the name of a reply of the dialogue, which no rule makes; empty for a
	// rule.
	Phrase   string
	Versions []*Profile // of one profile, oldest first
	// Profile is the version that the profile's name alone means, if that is one of
	// them, else the newest of them.
	Profile *Profile
	// Share is how much of the text that was looked for the reply accounts for, from
	// 0 to 1. Rare words weigh more than common ones.
	Share float64
}

// Sayings are the replies of all rules of a set, to look a refusal up among. They
// are not changed once made.
type Sayings struct {
	all     []saying
	words   map[string]int // the place of a word in weights
	weights []float64
}

type saying struct {
	Saying
	bare  bool      // the profile's name alone means a version that has it
	words []int     // places in weights, or wild
	after []float64 // the weight of the words from each on; one more than words
}

// wild is a placeholder among the words of a saying, and unknown a word of a text
// that no saying has.
const (
	wild    = -1
	unknown = -2
)

// Sayings gathers the refusals of the set: those of rules, and those that tables have
// for the dialogue.
func (s *Set) Sayings() *Sayings {
	out := &Sayings{words: make(map[string]int)}
	for _, f := range s.families {
		at := make(map[string]int)
		fam := f.get()
		for _, p := range fam.versions {
			for _, one := range p.refusals() {
				key := one.Rule.ID + "\n" + one.Phrase + "\n" + one.Rule.Reply
				i, known := at[key]
				if !known {
					i = len(out.all)
					at[key] = i
					out.all = append(out.all, saying{Saying: one, words: out.learn(one.Rule.template.text)})
				}
				of := &out.all[i]
				of.Versions = append(of.Versions, p)
				if !of.bare {
					of.Profile, of.Rule, of.bare = p, one.Rule, p == fam.bare
				}
			}
		}
	}
	out.weigh()
	return out
}

// refusals are those of the profile's rules, and those of its dialogue that its table
// has, as far as they say something else.
func (p *Profile) refusals() []Saying {
	var out []Saying
	for _, r := range p.Rules {
		out = append(out, Saying{Rule: r})
	}
	for _, ph := range phrases {
		t, own := p.dialogue[ph.name]
		r := Rule{Code: t.code, Status: t.status, Reply: t.reply(), Source: p.Source, Seen: p.Seen, template: t}
		if own && ph.when != "" && !slices.ContainsFunc(p.Rules, func(o Rule) bool { return o.Reply == r.Reply }) {
			out = append(out, Saying{Rule: r, Phrase: ph.name})
		}
	}
	return out
}

// learn enters the words of a reply.
func (s *Sayings) learn(text string) []int {
	var out []int
	for _, w := range templateWords(text) {
		if w == anythingWord {
			out = append(out, wild)
			continue
		}
		if _, known := s.words[w]; !known {
			s.words[w] = len(s.words)
		}
		out = append(out, s.words[w])
	}
	return out
}

// weigh gives a word the more weight the fewer replies have it.
func (s *Sayings) weigh() {
	has := make([]int, len(s.words))
	for _, one := range s.all {
		for _, w := range slices.Compact(slices.Sorted(slices.Values(one.words))) {
			if w >= 0 {
				has[w]++
			}
		}
	}
	s.weights = make([]float64, len(has))
	for i, n := range has {
		s.weights[i] = 1 + math.Log(float64(len(s.all))/float64(n))
	}
	for i := range s.all {
		one := &s.all[i]
		one.after = make([]float64, len(one.words)+1)
		for j, w := range slices.Backward(one.words) {
			one.after[j] = one.after[j+1] + s.weight(w)
		}
	}
}

// weight is that of a word. An unknown one is most often an address, a name or an
// id and tells little.
func (s *Sayings) weight(word int) float64 {
	switch word {
	case wild:
		return 0
	case unknown:
		return 1
	}
	return s.weights[word]
}

// maxFound bounds what [Sayings.Find] finds.
const maxFound = 10

// Find is the sayings that a refusal may be one of, the likeliest first. The text is
// a line of a mail log, a bounce, or the bare reply, as somebody pastes it: broken
// anew, cut off, or with another tail. What placeholders stand for may be anything.
func (s *Sayings) Find(text string) []Saying {
	h := hear(text)
	words := make([]int, len(h.words))
	for i, w := range h.words {
		place, known := s.words[w]
		if !known {
			place = unknown
		}
		words[i] = place
	}
	var found []scored
	for _, i := range s.likely(words) {
		one := &s.all[i]
		a := s.align(one, words)
		if !a.near(one.after[0]) {
			continue
		}
		f := scored{one.Saying, a.score + one.heading(h) + one.at(h.host)}
		f.Share = a.share()
		found = append(found, f)
	}
	slices.SortStableFunc(found, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	var out []Saying
	for _, f := range found[:min(len(found), maxFound)] {
		if f.score >= found[0].score/2 {
			out = append(out, f.Saying)
		}
	}
	return out
}

type scored struct {
	Saying
	score float64
}

// maxAligned bounds the sayings that are compared word by word, which takes a
// thousand times as long as to count the words they have in common.
const maxAligned = 60

// likely are the sayings that have most of the words, in any order.
func (s *Sayings) likely(words []int) []int {
	in := make([]bool, len(s.weights))
	for _, w := range words {
		if w >= 0 {
			in[w] = true
		}
	}
	common := make([]float64, len(s.all))
	order := make([]int, len(s.all))
	for i, one := range s.all {
		order[i] = i
		for _, w := range one.words {
			if w >= 0 && in[w] {
				common[i] += s.weights[w]
			} else {
				common[i] -= s.weight(w) * missedEnd
			}
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(common[b], common[a]) })
	return order[:min(len(order), maxAligned)]
}

// heading is for code and status, which tell sayings with the same words apart. Where
// all is alike, the version that people get without asking is better.
func (one *saying) heading(h heard) float64 {
	score := 0.0
	if one.bare {
		score = 0.05
	}
	if one.Phrase != "" {
		score -= 0.1 // a rule tells more
	}
	add := func(same bool) {
		if same {
			score += 3
		} else {
			score -= 3
		}
	}
	if h.code != 0 {
		add(h.code == one.Rule.Code)
		st := ""
		if !one.Rule.Status.IsZero() {
			st = one.Rule.Status.String()
		}
		add(h.status == st)
	}
	return score
}

// at is for the receiver's name, in which those of one provider end alike.
func (one *saying) at(host string) float64 {
	best := 0
	for _, h := range one.Profile.Hosts {
		best = max(best, commonEnd(host, strings.TrimSuffix(h.Name, ".")))
	}
	if best < 2 { // a top-level domain
		return 0
	}
	return float64(min(best, 4))
}

// commonEnd counts the labels in which two names end alike.
func commonEnd(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(strings.ToLower(b), ".")
	n := 0
	for n < min(len(as), len(bs)) && as[len(as)-1-n] == bs[len(bs)-1-n] {
		n++
	}
	return n
}
