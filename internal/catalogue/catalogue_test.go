package catalogue

import "testing"

func TestCompare(t *testing.T) {
	wrapped := Row{
		Code: 550, Enhanced: "5.7.1", LineBreaks: "observed",
		Lines: []string{"550-5.7.1 [{ip}] no", "550-5.7.1", "550 5.7.1 mail. {id} - x"},
	}
	unknown := wrapped
	unknown.LineBreaks = "unknown"
	for _, tt := range []struct {
		row   Row
		reply []string
		same  bool
	}{
		{wrapped, []string{"550-5.7.1 [::1] no", "550-5.7.1 ", "550 5.7.1 mail. a1.b-2 - x"}, true},
		{wrapped, []string{"550-5.7.1 [::2] no", "550-5.7.1 ", "550 5.7.1 mail. a1.b-2 - x"}, false}, // not the address
		{wrapped, []string{"550-5.7.1 [::1] no", "550-5.7.1", "550 5.7.1 mail. a1.b-2 - x"}, false},  // no blank
		{wrapped, []string{"550-5.7.1 [::1] no", "550-5.7.1 ", "550 5.7.1 mail. a b - x"}, false},
		{wrapped, []string{"550-5.7.1 [::1] no", "550-5.7.1 ", "550 5.7.1 mailx a - x"}, false},
		{wrapped, []string{"550-5.7.1 [::1] no", "550 5.7.1 mail. a - x"}, false},
		{unknown, []string{"550-5.7.1 [::1]", "550 5.7.1 no  mail. a - x"}, true},
		{unknown, []string{"550-5.7.1 [::1]", "550 5.7.1 no mail. a - x"}, false},
		{unknown, []string{"550 5.7.2 [::1] no  mail. a - x"}, false},
		{Row{Code: 421, LineBreaks: "single", Lines: []string{"421 RP-001"}}, []string{"421 RP-001"}, true},
		{Row{Code: 421, LineBreaks: "single", Lines: []string{"421 RP-001"}}, []string{"421 RP-0012"}, false},
		{Row{Code: 421, LineBreaks: "unknown", Lines: []string{"421 RP-001"}}, []string{"421 RP-001"}, true},
	} {
		if got := tt.row.Compare(tt.reply, map[string]string{"{ip}": "::1"}); (got == "") != tt.same {
			t.Errorf("%q: %q, want same %t", tt.reply, got, tt.same)
		}
	}
}

func TestRead(t *testing.T) {
	rows, err := Read("../../fakemx/profile/testdata/replies.yaml")
	if err != nil || len(rows) != 268 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if r := rows["gmail-ptr-2017"]; r.Code != 550 || r.Enhanced != "5.7.1" || len(r.Lines) != 5 || !r.Exact || r.Deterministic != "session" {
		t.Errorf("row %+v", r)
	}
	if _, err := Read("none.yaml"); err == nil {
		t.Error("a file that is not there was read")
	}
}
