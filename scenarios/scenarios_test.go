package scenarios

import "testing"

func TestEmbedded(t *testing.T) {
	all, err := LoadAll(Embedded())
	if err != nil {
		t.Fatal(err)
	}
	for _, sc := range all {
		t.Logf("%s: %d cases", sc.Name, len(sc.Cases))
		for _, c := range sc.Cases {
			t.Logf("  %s %s\n%+v\n%s", c.Name, c.Cures, c.Want, c.Files["postfix/main.cf"].Text)
		}
	}
}
