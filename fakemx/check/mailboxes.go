package check

import (
	"slices"
	"strings"

	"strictmx/fakemx/check/address"
)

// folds are the line ends of a folded field, which are undone before it is read (RFC
// 5322 section 2.2.3).
var folds = strings.NewReplacer("\r\n", "", "\n", "")

// mailboxes counts the addresses of a From field, or says why it is malformed. One
// that names nobody, and an address without a domain, count as malformed.
func mailboxes(value []byte) (n int, bad string) {
	text := strings.TrimSuffix(string(value), "\r\n")
	if strings.Contains(text, "\n") {
		text = folds.Replace(text)
	}
	domains, err := address.Domains(text)
	switch {
	case err != nil:
		return 0, err.Error()
	case len(domains) == 0:
		return 0, "it has no address"
	case slices.Contains(domains, ""):
		return 0, "an address has no @"
	}
	return len(domains), ""
}
