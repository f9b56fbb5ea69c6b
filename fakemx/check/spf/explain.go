package spf

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// explain fetches and expands the explanation of a fail, RFC 7208 section 6.2.
// Whatever goes wrong, the result stays and there is just no explanation; the
// account says why.
func (e *evaluation) explain(ctx context.Context, t term, domain string) string {
	text, err := e.explanation(ctx, t, domain)
	if err != nil {
		e.step(0, "%s: no explanation, %v", t.text, err)
		return ""
	}
	e.step(0, "%s: explanation %q", t.text, text)
	return text
}

func (e *evaluation) explanation(ctx context.Context, t term, domain string) (string, error) {
	target, why := e.target(ctx, t.spec, domain)
	if why != "" {
		return "", fmt.Errorf("%s is not a name to ask for: %s", show(target), why)
	}
	records, void, err := e.ask(ctx, presentation(target), "TXT")
	switch {
	case err != nil:
		return "", err
	case void != "":
		return "", fmt.Errorf("%s TXT: %s", show(target), void)
	case len(records) > 1:
		return "", fmt.Errorf("%s has %d TXT records where one must be", show(target), len(records))
	}
	m, err := parseMacroString(records[0].Text, explainLetters, true)
	if err != nil {
		return "", fmt.Errorf("text of %s: %w", show(target), err)
	}
	text := m.expand(e.value(ctx, domain))
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
		// What the client sent may have come in through a macro.
		return "", errors.New("the expanded text is not printable ASCII")
	}
	return text[:min(len(text), maxExplanation)], nil
}
