package address

import "testing"

func TestASCII(t *testing.T) {
	for domain, want := range map[string]string{
		"example.com": "example.com", "A_B.example": "A_B.example", "bücher.example": "xn--bcher-kva.example",
		"a_b.BÜCHER.example": "a_b.xn--bcher-kva.example", "ab--cd.bücher.example": "ab--cd.xn--bcher-kva.example", "": "",
	} {
		if got, err := ASCII(domain); err != nil || got != want {
			t.Errorf("ASCII(%q) = %q, %v, want %q", domain, got, err, want)
		}
	}
	for _, domain := range []string{"a\u2260b_.example"} {
		if got, err := ASCII(domain); err == nil {
			t.Errorf("ASCII(%q) = %q, want an error", domain, got)
		}
	}
}
