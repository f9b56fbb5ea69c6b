package reference

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"strictmx/fakemx/profile"
)

func TestFound(t *testing.T) {
	set, err := profile.Load(fstest.MapFS{"own.yaml": {Data: []byte(own)}})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := Found(&b, set.Sayings().Find("host a.example[203.0.113.25] said: 550-5.7.1 no|\n550-5.7.1 550 5.7.1 more (in reply to")); err != nil {
		t.Fatal(err)
	}
	want := `own/a of Own has 100 % of the words
  550-5.7.1 no|
  550-5.7.1 
  550 5.7.1 more
  said by own@oldest, own@older, own@old, own@new
  seen 2026-01-02: test
  to get it: no PTR name of the client has its address or the reverse DNS of the client cannot be looked up or the client has no PTR record (strange: method: iprev), and the client has an IPv6 address (the first 2 times for the same sender, recipient and network); or force: a in a scenario, or a recipient force+a@DOMAIN
  cure: <do> something
  profile: own@new
  rule: own/a
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
