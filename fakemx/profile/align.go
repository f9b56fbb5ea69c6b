package profile

// What words cost that have no counterpart, in parts of their weight. The end of a
// saying costs next to nothing, at most maxMissedEnd, as logs are cut there and people
// quote the front. What a placeholder stands for costs just so much that a saying
// which has the words itself is better, and a word of the text before or behind the
// saying little more.
const (
	missed    = 0.5
	missedEnd = 0.03
	stoodFor  = 0.001
	outside   = 0.002

	maxMissedEnd = 1
)

// An alignment is how a saying fits a text. All but score and words are weights.
type alignment struct {
	score    float64
	words    int     // that both have
	matched  float64 // of them
	absorbed float64 // of words that placeholders stand for
	total    float64 // of the text
}

func (a alignment) worse(than alignment) bool { return a.score < than.score }

// align finds the best way to lay the words of a saying along those of a text
// (Needleman and Wunsch), before and behind which there may be others.
func (s *Sayings) align(one *saying, words []int) alignment {
	best := alignment{score: -missed * one.after[0]}
	row := make([]alignment, len(words)+1) // the saying's words so far, along the text's so far
	for j := range row {
		row[j].score = -outside * float64(j)
	}
	for i, w := range one.words {
		diagonal := row[0]
		row[0].score -= missed * s.weight(w)
		for j, t := range words {
			next := row[j+1] // without w
			next.score -= missed * s.weight(w)
			skip := row[j] // without t
			if w == wild {
				skip.score -= stoodFor
				skip.absorbed += s.weight(t)
			} else {
				skip.score -= missed * s.weight(t)
			}
			if next.worse(skip) {
				next = skip
			}
			if w == t {
				both := diagonal
				both.score += s.weight(w)
				both.matched += s.weight(w)
				both.words++
				if next.worse(both) {
					next = both
				}
			}
			diagonal, row[j+1] = row[j+1], next
		}
		for j, end := range row {
			end.score -= min(missedEnd*one.after[i+1], maxMissedEnd) + outside*float64(len(words)-j)
			if best.worse(end) {
				best = end
			}
		}
	}
	for _, t := range words {
		best.total += s.weight(t)
	}
	return best
}

// share is how much of the text the saying accounts for.
func (a alignment) share() float64 {
	if a.total <= a.absorbed {
		return 1
	}
	return min(1, a.matched/(a.total-a.absorbed))
}

// near tells whether they say the same: the text is nearly all in the saying, half of
// either is in the other, or most of the saying is somewhere in the text, and then it
// must be too long to be there by chance.
func (a alignment) near(saying float64) bool {
	const long = 15
	if a.words == 0 {
		return false
	}
	share, of := a.share(), a.matched/saying
	return share >= 0.8 && a.words > 1 || share >= 0.5 && of >= 0.5 || of >= 0.7 && a.matched >= long
}
