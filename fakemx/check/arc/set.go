package arc

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"strictmx/fakemx/check/dkim"
)

// The fields of a set (RFC 8617 section 4.1).
const (
	resultsName   = "ARC-Authentication-Results"
	signatureName = "ARC-Message-Signature"
	sealName      = "ARC-Seal"
)

// A set is the fields of one instance.
type set struct {
	instance                   int // from 1
	results, signatures, seals []dkim.Field

	// What is read of the last two; signature is nil if it cannot be.
	signature, seal *dkim.Signature
	validation      string // cv= of the seal, in lower case
}

// collect sorts the ARC fields of a message by their instance. It has no sets and no
// fault if there are none. A fault is one sentence: a chain that is not 1 to N, each
// with one field of a kind.
func collect(m *dkim.Message) ([]*set, string) {
	found := make(map[int]*set)
	for _, name := range []string{resultsName, signatureName, sealName} {
		fields := m.Named(name)
		if len(fields) > maxSets {
			return nil, fmt.Sprintf("there are %d %s fields, and a chain has at most %d sets", len(fields), name, maxSets)
		}
		for _, f := range fields {
			n, err := instance(f)
			if err != nil {
				return nil, fmt.Sprintf("%s: %v", name, err)
			}
			s := found[n]
			if s == nil {
				s = &set{instance: n}
				found[n] = s
			}
			s.add(f, name)
		}
	}
	return order(found)
}

func (s *set) add(f dkim.Field, name string) {
	switch name {
	case resultsName:
		s.results = append(s.results, f)
	case signatureName:
		s.signatures = append(s.signatures, f)
	case sealName:
		s.seals = append(s.seals, f)
	}
}

// order wants complete sets without a gap.
func order(found map[int]*set) ([]*set, string) {
	var sets []*set
	for _, s := range found {
		sets = append(sets, s)
	}
	slices.SortFunc(sets, func(a, b *set) int { return a.instance - b.instance })
	for i, s := range sets {
		if s.instance != i+1 {
			return sets, fmt.Sprintf("the chain has no set i=%d, though it has i=%d", i+1, s.instance)
		}
		for name, fields := range map[string][]dkim.Field{
			resultsName: s.results, signatureName: s.signatures, sealName: s.seals,
		} {
			if len(fields) != 1 {
				return sets, fmt.Sprintf("the set i=%d has %d %s fields: want one", s.instance, len(fields), name)
			}
		}
	}
	return sets, ""
}

// instance reads i=, which in ARC-Authentication-Results is not a tag and stands
// first. Around it there may be comments (RFC 8617 section 4.2.1). What else is wrong
// with a tag list is for who reads the signature, and what stands behind the instance
// of results, or does not, is no matter of the chain (section 3.4).
func instance(f dkim.Field) (int, error) {
	text := ""
	list := dkim.WithoutComments(f.Value())
	for i, spec := range strings.Split(list, ";") {
		name, value, ok := strings.Cut(spec, "=")
		if !ok || strings.TrimSpace(name) != "i" {
			continue
		}
		if text != "" {
			return 0, fmt.Errorf("there are two instances (i=)")
		}
		text = strings.TrimSpace(value)
		if strings.EqualFold(f.Name, resultsName) {
			if i > 0 || !strings.Contains(list, ";") {
				text = ""
			}
			break
		}
	}
	switch n, err := strconv.Atoi(text); {
	case text == "" && strings.EqualFold(f.Name, resultsName):
		return 0, fmt.Errorf("want an instance first, as in i=1; example.org")
	case text == "":
		return 0, fmt.Errorf("there is no instance (i=)")
	case err != nil || len(text) > 2 || strings.Trim(text, "0123456789") != "" || n < 1 || n > maxSets:
		return 0, fmt.Errorf("the instance i=%s is no number from 1 to %d", brief(text), maxSets)
	default:
		return n, nil
	}
}

// readSignature reads the ARC-Message-Signature of a complete set. A fault is one
// sentence.
func (s *set) readSignature() string {
	sig, fault := dkim.ParseMessageSignature(s.signatures[0])
	if fault != nil {
		return fmt.Sprintf("the ARC-Message-Signature of i=%d: %s", s.instance, fault.Reason)
	}
	if slices.ContainsFunc(sig.Headers, func(h string) bool { return strings.EqualFold(h, sealName) }) {
		return fmt.Sprintf("the ARC-Message-Signature of i=%d signs ARC-Seal, which is not allowed", s.instance)
	}
	s.signature = sig
	return ""
}

// readSeal reads the ARC-Seal of a complete set, likewise.
func (s *set) readSeal() string {
	seal, fault := dkim.ParseSeal(s.seals[0])
	if fault != nil {
		return fmt.Sprintf("the ARC-Seal of i=%d: %s", s.instance, fault.Reason)
	}
	if _, ok := seal.Tags.Get("h"); ok {
		return fmt.Sprintf("the ARC-Seal of i=%d has the tag h=, which is not allowed", s.instance)
	}
	validation, ok := seal.Tags.Get("cv")
	if !ok {
		return fmt.Sprintf("the ARC-Seal of i=%d has no tag cv=", s.instance)
	}
	// Values of cv= are not case-sensitive: the ABNF of RFC 8617 section 3.9 has them
	// without the %s that the names of tags have (RFC 7405).
	s.seal, s.validation = seal, strings.ToLower(validation)
	return ""
}

// brief cuts text of a sender for a reason.
func brief(s string) string {
	const most = 64
	if len(s) <= most {
		return s
	}
	return s[:most] + "..."
}
