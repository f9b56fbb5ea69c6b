package dkim

import (
	"testing"

	"strictmx/internal/mail"
)

// Names are compared in one form, whichever they are written in.
func TestWithin(t *testing.T) {
	for _, tt := range []struct {
		domain, parent string
		want           bool
	}{
		{"example.com", "example.com", true},
		{"Sub.Example.com", "example.COM", true},
		{"notexample.com", "example.com", false},
		{"sub.bücher.example", "xn--bcher-kva.example", true},
		{"sub.xn--bcher-kva.example", "BÜCHER.example", true},
		{"a_b.bücher.example", "bücher.example", true}, // an underscore is no matter of IDNA
		{"", "example.com", false},
		{"a..example.com", "example.com", false},
	} {
		if got := within(tt.domain, tt.parent); got != tt.want {
			t.Errorf("within(%q, %q) = %t, want %t", tt.domain, tt.parent, got, tt.want)
		}
	}
}

func TestWithoutComments(t *testing.T) {
	for text, want := range map[string]string{
		" i=1; d=a":                  " i=1; d=a",
		"(a;b) i (c) =\r\n 1(d) ; x": "      i     =\r\n 1    ; x",
		"i=(a (b) \\) c)12;(x)":      "i=            12;(x)",
		"i=1 (c; d=a":                "i=1 (c; d=a", // does not end
		"(c) d=a; i=1":               "(c) d=a; i=1",
		"i=1 x (c);":                 "i=1 x (c);",
		"(c)":                        "(c)",
		"":                           "",
	} {
		if got := WithoutComments(text); got != want {
			t.Errorf("WithoutComments(%q) = %q, want %q", text, got, want)
		}
	}
}

// What is not a comment stays where it is.
func FuzzWithoutComments(f *testing.F) {
	for _, seed := range []string{" (a) i = (b(c)\\)) 01 (d);x(y)", "i=1(", "i=1;;", "(((", "i=(\\"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := WithoutComments(text)
		if len(got) != len(text) || WithoutComments(got) != got {
			t.Fatalf("%q becomes %q", text, got)
		}
		for i := range len(text) {
			if got[i] != text[i] && got[i] != ' ' {
				t.Fatalf("%q becomes %q", text, got)
			}
		}
	})
}

// A key with t=s compares names, and not how they are written.
func TestEvaluateStrictName(t *testing.T) {
	w := world{"strict._domainkey.xn--bcher-kva.example": {"v=DKIM1; t=s; p=" + p(t, rsa2048().Public())}}
	for _, tt := range []struct{ domain, identity, want string }{
		{"xn--bcher-kva.example", "a@bücher.example", mail.Pass}, // RFC 8616 section 5
		{"bücher.example", "a@XN--bcher-kva.example", mail.Pass},
		{"bücher.example", "a@BÜCHER.example", mail.Pass},
		{"xn--bcher-kva.example", "@sub.bücher.example", mail.PermError},
		{"bücher.example", "a@sub.xn--bcher-kva.example", mail.PermError},
	} {
		tags := changed(t, common, "d=example.com; s=rsa -> d="+tt.domain+"; s=strict") + "; i=" + tt.identity
		if res := evaluate(t, w, sign(t, rsa2048(), tags, wire(letter))); res.Value != tt.want {
			t.Errorf("d=%s i=%s: %s, %s, want %s", tt.domain, tt.identity, res.Value, res.Reason, tt.want)
		}
	}
}
