package profile

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"strictmx/internal/mail"
)

// TestQuoted: what a reply quotes is found out, although no condition asks for it.
func TestQuoted(t *testing.T) {
	for name, tt := range map[string]struct {
		table string
		want  map[mail.Stage][]string
	}{
		"nothing":       {rule, map[mail.Stage][]string{mail.Data: {"spf"}}},
		"by a rule":     {ruleSaying("rcpt", "{ptr} {{dkim.reason}}"), map[mail.Stage][]string{mail.Rcpt: {"iprev", "spf"}}},
		"a facet":       {ruleSaying("data", "{dmarc.policy}"), map[mail.Stage][]string{mail.Data: {"spf", "dkim", "dmarc"}}},
		"by the banner": {"dialogue: {banner: \"220 {host} {ptr}\"}\n" + rule, map[mail.Stage][]string{mail.Connect: {"iprev"}, mail.Data: {"spf"}}},
		"by EHLO":       {"dialogue: {ehlo: \"250 {host} {ptr}\"}\n" + rule, map[mail.Stage][]string{mail.Helo: {"iprev"}, mail.Data: {"spf"}}},
		"at any stage":  {"dialogue: {noop: \"250 {spf.value}\"}\n" + rule, map[mail.Stage][]string{mail.Mail: {"spf"}}},
	} {
		s, err := Load(fstest.MapFS{"t.yaml": {Data: []byte(minimal + tt.table)}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := make(map[mail.Stage][]string)
		for _, at := range mail.Stages {
			if names := s.Profiles()[0].Asked(at); names != nil {
				got[at] = names
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: asked (-want +got):\n%s", name, diff)
		}
	}
}
