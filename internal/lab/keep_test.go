package lab

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"strictmx/internal/mail"
)

// What is kept are the files as they were used, and what was seen.
func TestKeep(t *testing.T) {
	p := prepared(t, story, "green")
	p.Plan.Zones = append(p.Plan.Zones, p.Plan.Zones[0])
	p.Plan.Zones[len(p.Plan.Zones)-1].Origin = "."
	rec, err := InProcess(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	rec.Log = []string{"first line", "second line"}
	dir := filepath.Join(t.TempDir(), "story", "green")
	if err := Keep(dir, p, rec); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"mail.log":                     "first line\nsecond line\n",
		"questions.txt":                "gmail asked ",
		"transcripts.txt":              "# gmail@2014, client 2001:db8::10\nS: 220 ",
		"dns/ptr":                      "2001:db8::10  mail.example.com\n",
		"dns/example.com.zone":         "mail  A     203.0.113.10\n",
		"dns/root.zone":                "mail  A     203.0.113.10\n",
		"dns/receivers/gmail.com.zone": "@ MX 5 gmail-smtp-in.l.google.com.\n",
		"postfix/main.cf":              "smtp_address_preference = ipv6\n",
		"postfix/master.cf":            "smtp",
		"messages/0.eml":               "Message-ID: <story.green.0@mail.example.com>\r\n",
		"evidence.json":                `"outcome": "sent"`,
	} {
		b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil || !strings.Contains(string(b), want) {
			t.Errorf("%s: %v\n%s\nwant %q in it", name, err, b, want)
		}
	}
	var evidence struct{ Attempts []mail.Attempt }
	b, err := os.ReadFile(filepath.Join(dir, "evidence.json"))
	if err == nil {
		err = json.Unmarshal(b, &evidence)
	}
	if err != nil || len(evidence.Attempts) != 1 || evidence.Attempts[0].Client.String() != "2001:db8::10" {
		t.Errorf("evidence.json: %v, %+v, want one attempt from 2001:db8::10", err, evidence.Attempts)
	}
}

// Nothing is written outside the case's directory.
func TestKeepStaysBelow(t *testing.T) {
	dir := t.TempDir()
	p := prepared(t, story, "red")
	p.Setup.Files["../../outside"] = "text"
	err := Keep(filepath.Join(dir, "case"), p, Record{})
	if err == nil || !strings.Contains(err.Error(), "want a path below the case") {
		t.Errorf("Keep of a file outside: %v, want an error", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "outside")); err == nil {
		t.Error("Keep wrote beside its directory")
	}
}

func TestKeepWhereItCannot(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Keep(filepath.Join(file, "case"), prepared(t, story, "red"), Record{}); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("Keep below a file: %v, want an error that names it", err)
	}
}
