package mail

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseStatus(t *testing.T) {
	for in, want := range map[string]Status{
		"5.7.1": {5, 7, 1}, "2.0.0": {2, 0, 0}, "4.7.999": {4, 7, 999}, "5.7.25": {5, 7, 25},
	} {
		if got, err := ParseStatus(in); err != nil || got != want || got.String() != in {
			t.Errorf("ParseStatus(%q) = %v, %v, want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "5", "5.7", "3.0.0", "5.7.01", "5.07.1", "5.7.1000", "5.7.1 ", "5..1", "5.7.+1", "55.7.1", "5.7.1.1"} {
		if got, err := ParseStatus(in); err == nil {
			t.Errorf("ParseStatus(%q) = %v, want an error", in, got)
		}
	}
}

func TestParseReply(t *testing.T) {
	r, err := ParseReply("550-5.7.1 no", "550-5.7.1", "550 5.7.1 PTR")
	if err != nil || r.Code != 550 || r.Status != (Status{5, 7, 1}) || !r.Permanent() || r.Transient() || r.Positive() {
		t.Errorf("ParseReply = %+v, %v", r, err)
	}
	for _, tt := range []struct {
		lines []string
		want  string // of the error
	}{
		{nil, "at least one line"},
		{[]string{"55"}, "three-digit code"},
		{[]string{"650 x"}, "three-digit code"},
		{[]string{"550-x"}, "want a blank"},
		{[]string{"550 x", "550 y"}, "want a hyphen"},
		{[]string{"550-x", "551 y"}, "want code 550"},
		{[]string{"450 5.7.1 x"}, "differ in class"},
		{[]string{"550-5.7.1 x", "550 5.7.2 y"}, "want status 5.7.1"},
		{[]string{"550 a\rb"}, "no control characters"},
	} {
		if _, err := ParseReply(tt.lines...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("ParseReply(%q) = %v, want an error about %q", tt.lines, err, tt.want)
		}
	}
}

// A reply that was accepted has one code, a status of its class, and parses again
// to the same.
func FuzzParseReply(f *testing.F) {
	f.Add("550 5.7.1 no PTR")
	f.Add("550-5.7.1 a\n550 5.7.1 b")
	f.Add("250")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseReply(strings.Split(s, "\n")...)
		if err != nil {
			return
		}
		if !r.Status.IsZero() && r.Status.Class != r.Code/100 {
			t.Errorf("ParseReply(%q) accepted %+v", s, r)
		}
		again, err := ParseReply(r.Lines...)
		if err != nil || !cmp.Equal(r, again) {
			t.Errorf("ParseReply(%q) = %+v, then %+v, %v", s, r, again, err)
		}
	})
}

// A status that was accepted is written as it was read.
func FuzzParseStatus(f *testing.F) {
	f.Add("5.7.1")
	f.Fuzz(func(t *testing.T, s string) {
		if st, err := ParseStatus(s); err == nil && st.String() != s {
			t.Errorf("ParseStatus(%q).String() = %q", s, st)
		}
	})
}

func TestStageText(t *testing.T) {
	for _, s := range Stages {
		var back Stage
		b, err := s.MarshalText()
		if err != nil || back.UnmarshalText(b) != nil || back != s {
			t.Errorf("%v: text %q, %v, back %v", s, b, err, back)
		}
	}
	var s Stage
	if err := s.UnmarshalText([]byte("DATA")); err == nil {
		t.Error("DATA was accepted, want the names in lower case only")
	}
	if _, err := Stage(9).MarshalText(); err == nil {
		t.Error("stage 9 was written")
	}
}

// The fields of spf are there, zero or not; other methods have none of them.
func TestResultJSON(t *testing.T) {
	for _, tt := range []struct {
		result Result
		want   string
	}{
		{
			Result{Method: "spf", Value: Fail, Reason: "r", Identity: "mailfrom", Domain: "d.example", Lookups: 3},
			`{"method":"spf","value":"fail","reason":"r","identity":"mailfrom","domain":"d.example","lookups":3,"void_lookups":0,"explanation":""}`,
		},
		{
			Result{Method: "spf", Value: None, Reason: "r"},
			`{"method":"spf","value":"none","reason":"r","domain":"","lookups":0,"void_lookups":0,"explanation":""}`,
		},
		{Result{Method: "iprev", Value: PermError, Reason: "r"}, `{"method":"iprev","value":"permerror","reason":"r"}`},
		{Result{Method: "iprev", Value: Pass, Reason: "r", Domain: "d.example"}, `{"method":"iprev","value":"pass","reason":"r","domain":"d.example"}`},
	} {
		b, err := json.Marshal(tt.result)
		if err != nil || string(b) != tt.want {
			t.Errorf("Marshal(%+v) = %s, %v, want %s", tt.result, b, err, tt.want)
		}
		var back Result
		if err := json.Unmarshal(b, &back); err != nil || !cmp.Equal(back, tt.result) {
			t.Errorf("Unmarshal(%s) = %+v, %v", b, back, err)
		}
	}
}

func ExampleParseReply() {
	r, err := ParseReply("550 5.7.1 No PTR record")
	fmt.Println(r.Code, r.Status, r.Permanent(), err)
	// Output: 550 5.7.1 true <nil>
}

func ExampleParseStatus() {
	s, err := ParseStatus("5.7.25")
	fmt.Println(s.Class, s.Subject, s.Detail, err)
	// Output: 5 7 25 <nil>
}
