package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"

	"strictmx/internal/mail"
	"strictmx/internal/verdict"
)

// Version is the value of "v" in every object. Fields may be added to a version,
// and none changed.
const Version = 1

// jsonCase is a case as other programs read it. Lists are never null.
type jsonCase struct {
	V          int                `json:"v"`
	Type       string             `json:"type"`
	Scenario   string             `json:"scenario"`
	Case       string             `json:"case"`
	Result     verdict.Result     `json:"result"`
	Pass       bool               `json:"pass"` // shorthand for result
	Seconds    float64            `json:"seconds"`
	Deliveries []mail.Delivery    `json:"deliveries"`
	Attempts   []mail.Attempt     `json:"attempts"`
	Questions  []mail.Question    `json:"questions"`
	Mismatches []verdict.Mismatch `json:"mismatches"`
	Error      *Error             `json:"error"`
	Warnings   []string           `json:"warnings"` // of the mail system, against its configuration or as it ran, and of the lab

	Reason      string `json:"reason,omitempty"`
	Cures       string `json:"cures,omitempty"`
	FailsToCure string `json:"fails_to_cure,omitempty"`
	Kept        string `json:"kept,omitempty"`
}

type jsonSummary struct {
	V    int    `json:"v"`
	Type string `json:"type"`
	Summary
}

// JSON writes a run: a line for each case, then one for the summary.
func JSON(w io.Writer, r Report) error {
	for _, c := range r.Cases {
		if err := JSONCase(w, c); err != nil {
			return err
		}
	}
	return JSONSummary(w, r.Summary)
}

// JSONCase writes the line of one case. What notices and messages contain is left
// out; the kept files have it.
func JSONCase(w io.Writer, c Case) error {
	return line(w, jsonCase{
		V: Version, Type: "case", Scenario: c.Scenario, Case: c.Name,
		Result: c.Result, Pass: c.Result == verdict.Pass, Seconds: milli(c.Seconds),
		Deliveries: deliveries(c.Deliveries), Attempts: attempts(c.Attempts),
		Questions: list(c.Questions), Mismatches: list(c.Mismatches), Warnings: list(c.Warnings), Error: c.Error,
		Reason: c.Reason, Cures: c.Cures, FailsToCure: c.FailsToCure, Kept: c.Kept,
	})
}

// JSONSummary writes the line of the summary.
func JSONSummary(w io.Writer, s Summary) error {
	s.Seconds = milli(s.Seconds)
	return line(w, jsonSummary{Version, "summary", s})
}

func line(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // addresses in angle brackets stay readable
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func deliveries(in []mail.Delivery) []mail.Delivery {
	out := slices.Clone(list(in))
	for i := range out {
		out[i].Tries = list(out[i].Tries)
	}
	return out
}

func attempts(in []mail.Attempt) []mail.Attempt {
	out := slices.Clone(list(in))
	for i := range out {
		out[i].Recipients = list(out[i].Recipients)
		out[i].Reply = list(out[i].Reply)
		out[i].Results = list(out[i].Results)
		out[i].Content = nil
	}
	return out
}

// milli rounds seconds to three places.
func milli(s float64) float64 { return math.Round(s*1000) / 1000 }
