package lab

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"strictmx/internal/mail"
)

// Keep writes a case's evidence below dir, which it makes: the zones and the mail
// system's files as they were used, the mail log, and what receivers and the DNS
// server saw.
func Keep(dir string, p *Prepared, rec Record) error {
	files := map[string]string{
		"mail.log":        strings.Join(append(rec.Log, ""), "\n"),
		"questions.txt":   questionLines(rec.Questions),
		"transcripts.txt": transcripts(rec.Attempts),
	}
	for _, z := range p.Plan.Zones {
		name := "dns/ptr"
		if z.Origin != "" {
			name = "dns/" + strings.TrimSuffix(z.Origin, ".") + ".zone"
		}
		if z.Origin == "." {
			name = "dns/root.zone"
		}
		if z.Default {
			name = "dns/receivers/" + strings.TrimPrefix(name, "dns/")
		}
		files[name] += z.Text + "\n"
	}
	for name, text := range p.Setup.Files {
		files["postfix/"+strings.TrimPrefix(name, "/")] = text
	}
	for i, m := range p.Case.Messages {
		files[fmt.Sprintf("messages/%d.eml", i)] = string(m.Content)
	}
	b, err := json.MarshalIndent(struct {
		Deliveries []mail.Delivery `json:"deliveries"`
		Notices    []mail.Delivery `json:"notices"`
		Attempts   []mail.Attempt  `json:"attempts"`
	}{rec.Deliveries, rec.Notices, rec.Attempts}, "", " ")
	if err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	files["evidence.json"] = string(b) + "\n"
	for _, name := range sortedKeys(files) {
		if err := keepFile(dir, name, files[name]); err != nil {
			return fmt.Errorf("evidence: %w", err)
		}
	}
	return nil
}

func keepFile(dir, name, text string) error {
	if !filepath.IsLocal(name) {
		return fmt.Errorf("%s: want a path below the case", name)
	}
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

func questionLines(questions []mail.Question) string {
	var b strings.Builder
	for _, q := range questions {
		fmt.Fprintf(&b, "%s asked %s %s: %s\n", q.Asker, q.Name, q.Type, q.RCode)
	}
	return b.String()
}

func transcripts(attempts []mail.Attempt) string {
	var b strings.Builder
	for _, a := range attempts {
		fmt.Fprintf(&b, "# %s, client %s\n%s\n\n", a.Receiver, a.Client, strings.Join(a.Transcript, "\n"))
	}
	return b.String()
}
