package judge

import (
	"net/netip"
	"os"
	"regexp"
	"strings"
	"testing"

	"strictmx/fakemx/check"
	"strictmx/fakemx/profile"
)

// The example of docs/judge.md prints what the page says.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/judge.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := make(map[string]string)
	for _, m := range regexp.MustCompile("(?ms)^```text ([^\n]*)\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		blocks[m[1]] = m[2]
	}
	z := zones(t, map[string]string{"example.com.zone": blocks["dns/example.com.zone"], "ptr": blocks["dns/ptr"]})
	client := netip.MustParseAddr("2001:db8::10")
	results := Results(t.Context(), z.Resolver("judge", nil), check.Facts{
		Client: client, Helo: "mail.example.com", MailFrom: "me@example.com",
	})
	var verdicts []Verdict
	for _, name := range []string{"exchange-online", "yahoo"} {
		p, err := profile.Builtin().Find(name)
		if err != nil {
			t.Fatal(err)
		}
		v, err := Ask(t.Context(), z, p, Message{
			Client: client, Helo: "mail.example.com", From: "me@example.com", To: "you@example.net",
			Content: []byte("From: me@example.com\r\nMessage-ID: <1@example.com>\r\n\r\nHello.\r\n"),
		})
		if err != nil {
			t.Fatal(err)
		}
		v.Receiver = name
		verdicts = append(verdicts, v)
	}
	var got strings.Builder
	if err := Text(&got, results, verdicts); err != nil {
		t.Fatal(err)
	}
	// Identifiers of the receivers' own making differ each time.
	made := regexp.MustCompile(`InternalId=\d+, Hostname=BY2PR03MB\d+`)
	if want := made.ReplaceAllString(blocks["judge"], "ID"); made.ReplaceAllString(got.String(), "ID") != want {
		t.Errorf("docs/judge.md says\n%s\nwant\n%s", blocks["judge"], got.String())
	}
}
