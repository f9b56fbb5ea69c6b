// Package report writes what became of the cases of a run: as text for people, and
// as JSON for programs, one object a line. It decides nothing; results come from
// package verdict.
package report

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"strictmx/internal/mail"
	"strictmx/internal/verdict"
	"strictmx/internal/wire"
	"strictmx/scenarios"
)

// A Report is one run. Cases stand in the order of the scenarios and, in each, of
// the file.
type Report struct {
	Cases   []Case
	Summary Summary
}

// A Case is what became of one case, with the evidence.
type Case struct {
	Scenario    string
	Title       string // the scenario's
	Name        string
	Cures       string // the baseline that it cures, if any
	FailsToCure string // the baseline that it does not cure, if any
	Result      verdict.Result
	Reason      string // why it is unproven or skipped
	Seconds     float64
	Deliveries  []mail.Delivery
	Attempts    []mail.Attempt
	Questions   []mail.Question
	Mismatches  []verdict.Mismatch
	Error       *Error               // what broke the lab; nil if nothing did
	Log         []string             // the mail system's lines
	Warnings    []string             // what it has to say against its configuration, or warned of as it ran
	Messages    []scenarios.Message  // that it sends
	Added       []scenarios.Fragment // the case's own files
	Changed     []string             // what it changes otherwise: "gmail ipv4 is down"
	Waits       string               // how much time passes: "10m, then 24h"
	Kept        string               // where the evidence was put; empty if it was not
}

// An Error is what broke a lab.
type Error struct {
	Kind    string `json:"kind"` // "postfix-start", "network", ...; "lab" where there is no better word
	Message string `json:"message"`
	File    string `json:"file"` // empty if it is about no file
	Line    int    `json:"line"` // 0 if it is about no line
}

// A Run says of a case what its result does not hold.
type Run struct {
	Elapsed  time.Duration
	Log      []string
	Warnings []string
	Kept     string
}

// Of makes the report of a concluded case.
func Of(sc *scenarios.Scenario, r verdict.CaseResult, run Run) Case {
	return Case{
		Scenario:    sc.Name,
		Title:       sc.Title,
		Name:        r.Case.Name,
		Cures:       r.Case.Cures,
		FailsToCure: r.Case.FailsToCure,
		Result:      r.Result,
		Reason:      cmp.Or(r.Reason, r.Skip), // for what is not yet concluded
		Seconds:     run.Elapsed.Seconds(),
		Deliveries:  r.Observed.Deliveries,
		Attempts:    r.Observed.Attempts,
		Questions:   r.Observed.Questions,
		Mismatches:  r.Mismatches,
		Error:       errorOf(r.Err),
		Log:         run.Log,
		Warnings:    run.Warnings,
		Messages:    r.Case.Messages,
		Added:       r.Case.Added,
		Changed:     changes(r.Case),
		Waits:       pass(r.Case.Waits),
		Kept:        run.Kept,
	}
}

// errorOf takes kind and place from an error of a lab's programs.
func errorOf(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return &Error{Kind: e.Kind, Message: err.Error(), File: e.File, Line: e.Line}
	}
	return &Error{Kind: "lab", Message: err.Error()}
}

// changes says in words what a case changes beside its files.
func changes(c scenarios.Case) []string {
	var out []string
	for _, e := range c.Down {
		out = append(out, endpoint(e)+" is down")
	}
	for _, e := range c.Silent {
		out = append(out, endpoint(e)+" is silent")
	}
	for _, f := range c.Faults {
		typ := f.Type
		if typ == "" {
			typ = "any type"
		}
		out = append(out, "lookups of "+f.Name+" ("+typ+") meet "+f.Fault)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Seeds)) {
		out = append(out, told(name, c.Seeds[name])...)
	}
	return out
}

// pass says how much time passes in a case; empty if none does.
func pass(waits []time.Duration) string {
	var times []string
	for _, d := range waits {
		times = append(times, short(d))
	}
	return strings.Join(times, ", then ")
}

// told says in words what a receiver is told beforehand.
func told(name string, s scenarios.Seed) []string {
	var out []string
	for _, list := range slices.Sorted(maps.Keys(s.Listed)) {
		out = append(out, name+" has "+strings.Join(s.Listed[list], ", ")+" on its list "+list)
	}
	if len(s.Unknown) > 0 {
		out = append(out, name+" does not know "+strings.Join(s.Unknown, ", "))
	}
	if len(s.Full) > 0 {
		out = append(out, name+" has no room for "+strings.Join(s.Full, ", "))
	}
	for _, f := range s.Force {
		text := name + " refuses by rule " + f.Rule + " whatever it sees"
		switch {
		case f.Times == 1:
			text += ", once"
		case f.Times > 1:
			text += fmt.Sprintf(", %d times", f.Times)
		}
		out = append(out, text)
	}
	return out
}

// short writes a time without the zeros of its smaller units: 24h, 10m.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func endpoint(e scenarios.Endpoint) string {
	switch {
	case e.Addr.IsValid():
		return e.Addr.String()
	case e.Family != "":
		return e.Receiver + " " + e.Family
	}
	return e.Receiver
}

// A Summary counts the cases of a run by result.
type Summary struct {
	Cases      int     `json:"cases"`
	Passed     int     `json:"passed"`
	Mismatched int     `json:"mismatched"`
	Unproven   int     `json:"unproven"`
	Errors     int     `json:"errors"`
	Skipped    int     `json:"skipped"`
	Seconds    float64 `json:"seconds"` // of the whole run
	Postfix    string  `json:"postfix"` // version; empty if none ran
	Engine     string  `json:"engine"`  // version of the container engine; empty if none was used
}

// Summarize counts. The versions are left for the caller to fill in.
func Summarize(cases []Case, elapsed time.Duration) Summary {
	s := Summary{Cases: len(cases), Seconds: elapsed.Seconds()}
	for _, c := range cases {
		switch c.Result {
		case verdict.Pass:
			s.Passed++
		case verdict.Mismatched:
			s.Mismatched++
		case verdict.Unproven:
			s.Unproven++
		case verdict.Skipped:
			s.Skipped++
		default:
			s.Errors++
		}
	}
	return s
}

// The exit codes of a run.
const (
	AllAsWanted = 0
	NotAsWanted = 1 // a case differs or is unproven
	LabBroken   = 3 // goes before NotAsWanted
)

// ExitCode is the exit code of a run. Skipped cases are nobody's fault, but a run that
// skipped all has proved nothing.
func ExitCode(s Summary) int {
	switch {
	case s.Errors > 0:
		return LabBroken
	case s.Mismatched > 0 || s.Unproven > 0 || s.Cases > 0 && s.Skipped == s.Cases:
		return NotAsWanted
	}
	return AllAsWanted
}
