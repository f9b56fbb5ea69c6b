package lab

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"strictmx/scenarios"
)

// TestSelect picks from two scenarios: one with a cure and a case that is no
// cure, and one with the story's red and green.
func TestSelect(t *testing.T) {
	one := &scenarios.Scenario{Name: "one", Cases: []scenarios.Case{
		{Name: "ill"}, {Name: "other"}, {Name: "pill", Cures: "ill"}, {Name: "placebo", FailsToCure: "ill"},
	}}
	all := []*scenarios.Scenario{one, loadText(t, story)}
	for _, tt := range []struct{ glob, want string }{
		{"", "one: ill other pill placebo; story: red green"},
		{"*", "one: ill other pill placebo; story: red green"},
		{"pill", "one: ill pill"}, // its baseline comes along
		{"placebo", "one: ill placebo"},
		{"other", "one: other"},
		{"p*", "one: ill pill placebo"},
		{"story/*", "story: red green"},
		{"story/green", "story: red green"},
		{"*/red", "story: red"},
		{"[gi]*", "one: ill; story: red green"},
		{"nothing", `no case matches "nothing": strictmx list prints them`},
		{"one/green", `no case matches "one/green": strictmx list prints them`},
		{"plil", `no case matches "plil": did you mean pill?`},
		{"story/gren", `no case matches "story/gren": did you mean story/green?`},
		{"[", `case "[": want a pattern`},
	} {
		got := ""
		selected, err := Select(all, tt.glob)
		if err != nil {
			got = err.Error()
		}
		for _, s := range selected {
			got += "; " + s.Scenario.Name + ":"
			for _, c := range s.Cases {
				got += " " + c.Name
			}
		}
		if got = strings.TrimPrefix(got, "; "); !strings.HasPrefix(got, tt.want) || err == nil && got != tt.want {
			t.Errorf("Select(%q) = %s, want %s", tt.glob, got, tt.want)
		}
	}
}

func TestShard(t *testing.T) {
	var all []*scenarios.Scenario
	for i := range 5 {
		all = append(all, &scenarios.Scenario{Name: fmt.Sprint(i)})
	}
	for _, tt := range []struct{ text, want string }{
		{"", "0 1 2 3 4"},
		{"1/1", "0 1 2 3 4"},
		{"1/2", "0 2 4"},
		{"2/2", "1 3"},
		{"5/5", "4"},
		{"6/7", ""}, // more shards than scenarios
	} {
		got, err := Shard(all, tt.text)
		if names := namesOf(got); err != nil || names != tt.want {
			t.Errorf("Shard(%q) = %s, %v, want %s", tt.text, names, err, tt.want)
		}
	}
	for _, text := range []string{"1", "0/2", "3/2", "1/0", "-1/2", "a/b", "1/2/3", "/", "1/"} {
		if got, err := Shard(all, text); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("Shard(%q) = %s, %v, want an error", text, namesOf(got), err)
		}
	}
}

func namesOf(all []*scenarios.Scenario) string {
	var names []string
	for _, sc := range all {
		names = append(names, sc.Name)
	}
	return strings.Join(names, " ")
}

// Shards are a partition: every scenario is in exactly one.
func FuzzShard(f *testing.F) {
	f.Add(1, uint8(5))
	f.Add(4, uint8(3))
	f.Fuzz(func(t *testing.T, n int, count uint8) {
		if n < 1 || n > 300 {
			return
		}
		var all, got []*scenarios.Scenario
		for range count {
			all = append(all, &scenarios.Scenario{})
		}
		for i := range n {
			part, err := Shard(all, fmt.Sprintf("%d/%d", i+1, n))
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, part...)
		}
		if len(got) != len(all) {
			t.Errorf("%d shards of %d scenarios hold %d", n, len(all), len(got))
		}
		for _, sc := range all {
			if !slices.Contains(got, sc) {
				t.Error("a scenario is in no shard")
			}
		}
	})
}
