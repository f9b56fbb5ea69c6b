package scenarios

import (
	"slices"
	"time"
)

// The limits of a case's steps.
const (
	MaxWaits = 100
	maxWait  = 366 * 24 * time.Hour
)

// waits reads how long each step waits before it begins.
func (l *loader) waits(n node) []time.Duration {
	var out []time.Duration
	items := l.oneOrMore(n, "times")
	if len(items) > MaxWaits {
		l.wrong(n, "", "%d times to wait: want at most %d", len(items), MaxWaits)
		return nil
	}
	for _, item := range items {
		s, ok := l.text(item, "wait")
		if !ok {
			continue
		}
		d, err := time.ParseDuration(s)
		if err != nil || d < time.Second || d > maxWait {
			l.wrong(item, "", "wait %q: want a time with its unit from 1s to 8784h, as in 5m or 24h", s)
			continue
		}
		out = append(out, d)
	}
	return out
}

// step reads the number of a step.
func (l *loader) step(n node, set func(int)) {
	if i, ok := l.number(n, "step", MaxWaits); ok {
		set(i)
	}
}

// checkSteps reports messages that are sent in a step that the case does not have.
func (l *loader) checkSteps(c *caseDraft) {
	for _, s := range c.sends {
		l.haveStep(c, s.step, s.stepAt)
	}
}

func (l *loader) haveStep(c *caseDraft, step int, at Position) {
	if last := len(c.Waits); step > last {
		l.add(at, "each time to wait begins another, as in wait: 5m", "step %d: the last of case %s is %d", step, c.Name, last)
	}
}

// StepOf is the step at whose end a want is compared.
func (c Case) StepOf(w Want) int {
	if w.Step == nil {
		return len(c.Waits)
	}
	return *w.Step
}

// firstStep is the first step in which something is sent that a want speaks of. A
// recipient to which nothing is sent may come of any message.
func (c *caseDraft) firstStep(w Want) int {
	named, first := -1, -1
	earlier := func(than *int, step int) {
		if *than < 0 || step < *than {
			*than = step
		}
	}
	for i, s := range c.sends {
		if w.Message >= 0 && w.Message != i {
			continue
		}
		earlier(&first, s.step)
		if slices.ContainsFunc(s.to, func(to placed) bool { return sameAddress(to.text, w.To) }) {
			earlier(&named, s.step)
		}
	}
	if named >= 0 {
		return named
	}
	return first
}
