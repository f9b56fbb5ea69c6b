package dkim

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"strictmx/internal/mail"
)

// FuzzEvaluate holds that a value is one of those of RFC 8601, that every facet is
// set, that a message with a bare CR or LF or without exactly one From field never
// passes, and that a pass is that of a part.
func FuzzEvaluate(f *testing.F) {
	for _, file := range []string{"rfc6376.eml", "rfc8463.eml"} {
		text, err := os.ReadFile("testdata/" + file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(wire(string(text))))
	}
	f.Add([]byte("DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=brisbane; h=from; l=0; bh=AAAA; b=AA\r\n AA\r\n\r\n"))
	f.Add([]byte("DKIM-Signature:b=;b=\n\n"))
	f.Add([]byte("\rA: b\r\r\nDKIM-Signature\t:b=\r\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		if !mayHave(content, fieldName) && len(Parse(content).Named(fieldName)) > 0 {
			t.Errorf("mayHave(%q) = false, and the field is there", content)
		}
		res := Evaluate(t.Context(), rfcKeys, Query{Content: content, Now: now})
		if !slices.Contains(byRank, res.Value) || res.Reason == "" || res.Facets["key"] == "" || res.Facets["signatures"] == "" {
			t.Fatalf("Evaluate(%q) = %+v", content, res)
		}
		if (res.Facets["signatures"] == "none") != (len(res.Parts) == 0) {
			t.Errorf("Evaluate(%q): signatures %s with %d parts", content, res.Facets["signatures"], len(res.Parts))
		}
		if res.Value != mail.Pass {
			return
		}
		bare := bytes.ReplaceAll(content, []byte("\r\n"), nil)
		if bytes.ContainsAny(bare, "\r\n") || len(Parse(content).Named("from")) != 1 {
			t.Errorf("Evaluate(%q) = pass, want none for such a message", content)
		}
		if !slices.ContainsFunc(res.Parts, func(p mail.Result) bool { return p.Value == mail.Pass && p.Domain == res.Domain }) {
			t.Errorf("Evaluate(%q) = pass, and no part passes", content)
		}
	})
}

// FuzzParseTags holds that tags of a list that is read can be written again and
// read as the same, and that no name is there twice.
func FuzzParseTags(f *testing.F) {
	f.Add(common)
	f.Add(" v = 1 ;\r\n\tb= a b\tc ; ")
	f.Add("a=;b==;c")
	f.Fuzz(func(t *testing.T, text string) {
		tags, err := ParseTags(text)
		if err != nil {
			return
		}
		var words []string
		seen := map[string]bool{}
		for _, tag := range tags {
			if seen[tag.Name] {
				t.Errorf("ParseTags(%q) has %s twice", text, tag.Name)
			}
			seen[tag.Name] = true
			words = append(words, tag.Name+"="+tag.Value)
			if got := strings.Trim(text[tag.start:tag.end], foldingSpace); got != tag.Value {
				t.Errorf("ParseTags(%q): %s= stands where %q is, want %q", text, tag.Name, got, tag.Value)
			}
		}
		again, err := ParseTags(strings.Join(words, ";"))
		if err != nil || len(again) != len(tags) {
			t.Fatalf("ParseTags(%q) of %q = %v, %v, want the same", words, text, again, err)
		}
		for i := range tags {
			if again[i].Name != tags[i].Name || again[i].Value != tags[i].Value {
				t.Errorf("ParseTags(%q) of %q = %v, want %v", words, text, again[i], tags[i])
			}
		}
	})
}

// FuzzParseKey holds that a key that is read is of a known type and has the bits
// that its type can have.
func FuzzParseKey(f *testing.F) {
	for _, texts := range rfcKeys {
		f.Add(texts[0])
	}
	for _, texts := range keys(f) {
		for _, text := range texts {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		k, fault := ParseKey(text)
		switch {
		case fault != nil && fault.Value != mail.PermError:
			t.Errorf("ParseKey(%q) = %s, want permerror", text, fault.Value)
		case fault == nil && (k.rsa == nil) == (k.elliptic == nil):
			t.Errorf("ParseKey(%q) = %+v, want one key", text, k)
		case fault == nil && k.elliptic != nil && (k.Type != "ed25519" || k.Bits != 256):
			t.Errorf("ParseKey(%q) = %+v", text, k)
		}
	})
}

// FuzzCanonical holds that relaxed forms are their own relaxed forms, and that the
// body hash with l= of the whole length is that without.
func FuzzCanonical(f *testing.F) {
	f.Add([]byte("Subject : a\r\n\t b \r\n"), []byte(" a \t b\r\n\r\n \r\n"))
	f.Add([]byte("x"), []byte("\r\n\r\n"))
	f.Fuzz(func(t *testing.T, raw, body []byte) {
		once := canonicalField(raw, relaxed)
		if twice := canonicalField(once, relaxed); !bytes.Equal(once, twice) {
			t.Errorf("relaxed %q = %q, and of that %q", raw, once, twice)
		}
		m := Parse(append([]byte("\r\n"), body...))
		for _, form := range []string{simple, relaxed} {
			whole := m.bodyHash(bodyForm{form, -1})
			if part := m.bodyHash(bodyForm{form, whole.length}); part != whole {
				t.Errorf("%s %q: %d octets hash to %x, all to %x", form, body, whole.length, part.sum, whole.sum)
			}
			if more := m.bodyHash(bodyForm{form, whole.length + 1}); more != whole {
				t.Errorf("%s %q: l= over the length changes the hash", form, body)
			}
		}
	})
}
