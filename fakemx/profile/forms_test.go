package profile

import (
	"regexp"
	"testing"

	"strictmx/internal/pattern"
)

// What the loader takes has the form that is told of it.
func FuzzForms(f *testing.F) {
	for _, s := range []string{
		"550 5.7.1 no", "550", "550 \n", "550 5.7.1", "550 5.7.1\nmore", "550 5.7.1x", "451 4.7 x", "451 4.7.O x", "451 4.7\nx", "550 5.7.1: x", "550 5.1.2.3 x", "550 5.1.2.3: x", "550 4.7.1.", "550 3.7.1", "550 2.5\tMB", "550 4.7.1 no", "550 5.07.1 no", "550  5.7.1", "451 4.3.0 x\n4.3.0 y",
		"220 {host}", "354 go", "600 x", "55", "550 a\n550-b", "550\n", "550\n\n",
		"2026", "2026-11", "2026-11-02", "2014-2016", "2026-13", "2026-1-2", "2026-02-30", "undated", "undated, a hint", "seen in 2014 and 2015-2016", "12026-13",
		"<HHHH>.<999>", "<", "a>b", "<x>", "", "<>", "~",
	} {
		f.Add(s)
	}
	again, dotted, mistyped := regexp.MustCompile(AgainForm), regexp.MustCompile(DottedReply), regexp.MustCompile(MistypedReply)
	seen, unseen := regexp.MustCompile(SeenForm), regexp.MustCompile(UnseenForm)
	values := regexp.MustCompile(pattern.Any(ValueForm()))
	f.Fuzz(func(t *testing.T, s string) {
		if tmpl, err := parseTemplate(s); err == nil {
			class := string(rune('0' + tmpl.code/100))
			reply, status := regexp.MustCompile(ReplyForm(class)), regexp.MustCompile(StatusReply(class))
			wrong := dotted.MatchString(s) || mistyped.MatchString(s)
			if again.MatchString(s) || !status.MatchString(s) && (!reply.MatchString(s) || wrong) {
				t.Errorf("%q is a reply and has not the form of one", s)
			}
		}
		if isDated(s) && s != "" && (!seen.MatchString(s) || unseen.MatchString(s)) {
			t.Errorf("%q has a date and not the form of one", s)
		}
		if got := (form{text: s}).check() == nil; got != values.MatchString(s) {
			t.Errorf("%q is the form of a value: %v", s, got)
		}
	})
}
