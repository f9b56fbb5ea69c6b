package address_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"strictmx/fakemx/check/address"
)

func ExampleDomains() {
	fmt.Println(address.Domains(`"Me, Myself" <me@example.com>, Us: you@[203.0.113.1], nobody;`))
	_, err := address.Domains("me@example.com you@example.net")
	fmt.Println(err)
	// Output:
	// [example.com [203.0.113.1] ] <nil>
	// there is no domain behind @ (octet 19)
}

func TestDepth(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("(", n) + strings.Repeat(")", n) + "me@example.com" }
	if _, err := address.Domains(deep(32)); err != nil {
		t.Errorf("comments 32 deep: %v", err)
	}
	if _, err := address.Domains(deep(33)); err == nil {
		t.Error("comments 33 deep are read")
	}
}

// What can be read has, written twice with a comma between, the same domains twice,
// and no domain has a comma, a blank or a comment outside of brackets.
func FuzzDomains(f *testing.F) {
	f.Add("Me <me@example.com>")
	f.Add(`"a,b"@[c]`)
	f.Add("Us: a@b, c@d;")
	f.Add("<@a.example,@b.example:me@example.com> (x (y))")
	f.Fuzz(func(t *testing.T, list string) {
		once, err := address.Domains(list)
		if err != nil {
			return
		}
		twice, err := address.Domains(list + "," + list)
		if err != nil || !slices.Equal(twice, slices.Concat(once, once)) {
			t.Errorf("Domains(%q) = %q, and twice that %q, %v", list, once, twice, err)
		}
		for _, d := range once {
			if !strings.HasPrefix(d, "[") && strings.ContainsAny(d, ", ()\t\"") {
				t.Errorf("Domains(%q) has %q", list, d)
			}
		}
	})
}
