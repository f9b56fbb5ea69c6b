package dmarc

import (
	"testing"

	"strictmx/internal/mail"
)

// What bears on the result bears on the key, and nothing else does.
func TestKey(t *testing.T) {
	query := func(content string) Query {
		return Query{
			Content:   []byte(content),
			SPF:       mail.Result{Value: mail.Pass, Domain: "example.com"},
			DKIM:      mail.Result{Value: mail.Pass, Parts: []mail.Result{{Value: mail.Pass, Properties: map[string]string{"header.d": "example.com"}}}},
			Discovery: Tree,
		}
	}
	const message = "From: a@example.com\r\nSubject: x\r\nMessage-ID: <1@x>\r\n\r\nx\r\n"
	same := func(q *Query) {
		*q = query("Subject: y\r\nfrom: a@example.com\r\nMessage-ID: <2@x>\r\n\r\nFrom: b@example.com\r\n")
	}
	for _, tt := range []struct {
		name   string
		change func(*Query)
		same   bool
	}{
		{"other fields, and the body", same, true},
		{"why SPF passes", func(q *Query) { q.SPF.Reason = "because" }, true},
		{"the From field", func(q *Query) { *q = query("From: b@example.com\r\n\r\n") }, false},
		{"a second one", func(q *Query) { *q = query("From: a@example.com\r\nFrom: a@example.com\r\n\r\n") }, false},
		{"no From field", func(q *Query) { *q = query("To: a@example.com\r\n\r\n") }, false},
		{"the value of SPF", func(q *Query) { q.SPF.Value = mail.TempError }, false},
		{"the domain of SPF", func(q *Query) { q.SPF.Domain = "example.net" }, false},
		{"what SPF judged", func(q *Query) { q.SPF.Identity = "helo" }, false},
		{"the null sender", func(q *Query) { q.SPF.Facets = map[string]string{"identity": "helo"} }, false},
		{"no signature", func(q *Query) { q.DKIM = mail.Result{Value: mail.None} }, false},
		{"a signature that fails", func(q *Query) { q.DKIM.Parts[0].Value = mail.Fail }, false},
		{"of another domain", func(q *Query) { q.DKIM.Parts[0].Properties = map[string]string{"header.d": "example.net"} }, false},
		{"discovery", func(q *Query) { q.Discovery = PSL }, false},
	} {
		q := query(message)
		tt.change(&q)
		if got := q.Key() == query(message).Key(); got != tt.same {
			t.Errorf("%s: the key is the same: %v, want %v", tt.name, got, tt.same)
		}
	}
	psl, other := query(message), query(message)
	same(&other)
	psl.Discovery, other.Discovery = PSL, PSL
	if psl.Key() == other.Key() {
		t.Error("pct= draws by the Message-ID, and the key does not tell it")
	}
	// Fields of the message do not pass for signatures.
	plain, signed := query("From: a@example.com\r\nMessage-ID:pass\r\nMessage-ID:example.com\r\n\r\n"), query("From: a@example.com\r\n\r\n")
	plain.DKIM, plain.Discovery, signed.Discovery = mail.Result{Value: mail.None}, PSL, PSL
	signed.DKIM.Parts = append([]mail.Result{plain.DKIM}, signed.DKIM.Parts...)
	if plain.Key() == signed.Key() {
		t.Error("a message without signature has the key of one with it")
	}
	for _, lists := range [][2][]string{{{"a", "b"}, {"a b"}}, {{"1:a"}, {"a"}}, {{"a", ""}, {"a"}}, {{"", "a"}, {"a", ""}}} {
		if a, b := appendParts(nil, lists[0]...), appendParts(nil, lists[1]...); string(a) == string(b) {
			t.Errorf("%q and %q are both written %q", lists[0], lists[1], a)
		}
	}
}
