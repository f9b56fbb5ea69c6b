package judge

import (
	"strings"
	"testing"

	"strictmx/internal/mail"
)

// Results of dkim and dmarc tell their facets and properties in one line, if they
// judged a domain.
func TestTextTellsFacets(t *testing.T) {
	judged := mail.Result{
		Method: "dmarc", Value: mail.Fail, Reason: "nothing is aligned",
		Facets:     map[string]string{"spf": "none", "policy": "reject", "dkim": "unaligned"},
		Properties: map[string]string{"policy.domain": "example.com", "header.from": "a.example.com\x1b"},
	}
	unjudged := mail.Result{Method: "dkim", Value: mail.None, Reason: "no signature", Facets: map[string]string{"key": "none"}}
	var b strings.Builder
	if err := Text(&b, []mail.Result{judged, unjudged}, nil); err != nil {
		t.Fatal(err)
	}
	const want = `dmarc fail      nothing is aligned
                dkim: unaligned, policy: reject, spf: none, header.from: a.example.com` + "\ufffd" + `, policy.domain: example.com
dkim  none      no signature
`
	if b.String() != want {
		t.Errorf("Text writes\n%s\nwant\n%s", b.String(), want)
	}
}
