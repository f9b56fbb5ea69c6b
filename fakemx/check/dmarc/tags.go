package dmarc

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// tags sets the tags of the IANA registry "DMARC Tag Registry", historic ones
// included. Each gives what is wrong with the value, or nothing.
var tags = map[string]func(*Record, string) string{
	"v":     func(*Record, string) string { return "" },
	"p":     func(r *Record, v string) string { return r.setPolicy("p", &r.P, v) },
	"sp":    func(r *Record, v string) string { return r.setPolicy("sp", &r.SP, v) },
	"np":    func(r *Record, v string) string { return r.setPolicy("np", &r.NP, v) },
	"adkim": func(r *Record, v string) string { return setOne(&r.StrictDKIM, v, "s", "r") },
	"aspf":  func(r *Record, v string) string { return setOne(&r.StrictSPF, v, "s", "r") },
	"t":     func(r *Record, v string) string { return setOne(&r.Testing, v, "y", "n") },
	"pct":   (*Record).setPercent,
	"psd":   (*Record).setPSD,
	"rua":   (*Record).setRUA,
	"ruf": func(_ *Record, v string) string {
		_, why := reportURIs(v)
		return why
	},
	"fo": func(_ *Record, v string) string { return wantList(v, "0", "1", "d", "s") },
	"rf": func(_ *Record, v string) string { return wantList(v, "afrf") },
	"ri": func(_ *Record, v string) string {
		if _, err := strconv.ParseUint(v, 10, 32); err != nil {
			return fmt.Sprintf("is %q: want seconds", brief(v))
		}
		return ""
	},
}

// isPolicy has the tags whose faults are those of the record.
var isPolicy = map[string]bool{"p": true, "sp": true, "np": true}

func (r *Record) setPolicy(name string, p *Policy, v string) string {
	switch low := Policy(strings.ToLower(v)); low {
	case None, Quarantine, Reject:
		*p = low
		return ""
	}
	r.Invalid = append(r.Invalid, name)
	return fmt.Sprintf("is %q: want none, quarantine or reject", brief(v))
}

// setOne knows two values; the second is the default.
func setOne(to *bool, v, on, off string) string {
	switch {
	case strings.EqualFold(v, on):
		*to = true
	case !strings.EqualFold(v, off):
		return fmt.Sprintf("is %q: want %s or %s", brief(v), on, off)
	}
	return ""
}

func (r *Record) setPSD(v string) string {
	switch low := strings.ToLower(v); low {
	case "y", "n", "u":
		r.PSD = low
		return ""
	}
	return fmt.Sprintf("is %q: want y, n or u", brief(v))
}

// setPercent reads the 1*3DIGIT of RFC 7489 section 6.4.
func (r *Record) setPercent(v string) string {
	n, err := strconv.ParseUint(v, 10, 16)
	if err != nil || n > 100 || len(v) > 3 {
		return fmt.Sprintf("is %q: want a number from 0 to 100", brief(v))
	}
	r.Percent = int(n)
	return ""
}

func (r *Record) setRUA(v string) string {
	var why string
	r.RUA, why = reportURIs(v)
	return why
}

// wantList wants words with colons between (RFC 7489 section 6.4, which allows more
// of them for fo= than RFC 9989 section 4.8).
func wantList(v string, words ...string) string {
	for part := range strings.SplitSeq(v, ":") {
		known := false
		for _, w := range words {
			known = known || strings.EqualFold(strings.Trim(part, space), w)
		}
		if !known {
			return fmt.Sprintf("has %q: want %s", brief(part), strings.Join(words, ", "))
		}
	}
	return ""
}

// reportURIs splits the list of a tag, and leaves out what is no URI. why is what is
// wrong with the first of those.
func reportURIs(v string) (valid []string, why string) {
	parts := strings.Split(v, ",")
	if len(parts) > maxURIs {
		parts, why = parts[:maxURIs], fmt.Sprintf("has more than %d URIs", maxURIs)
	}
	for _, part := range parts {
		part = strings.Trim(part, space)
		if isReportURI(part) {
			valid = append(valid, part)
		} else if why == "" {
			why = fmt.Sprintf("has %q, which is no URI such as mailto:reports@example.com", brief(part))
		}
	}
	return valid, why
}

// isReportURI knows the dmarc-uri of RFC 7489 section 6.4, whose size behind "!" is
// obsolete: a URI of RFC 3986 with a scheme, and for mailto an address.
func isReportURI(s string) bool {
	s, size, limited := strings.Cut(s, "!")
	if limited && !isSize(size) || strings.Contains(s, " ") {
		return false
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Opaque+u.Host+u.Path == "" {
		return false
	}
	if u.Scheme == "mailto" {
		at := strings.LastIndexByte(u.Opaque, '@')
		return at > 0 && at < len(u.Opaque)-1
	}
	return true
}

// isSize knows a number with a unit that may be missing: 10m.
func isSize(s string) bool {
	if s != "" && strings.ContainsRune("kmgtKMGT", rune(s[len(s)-1])) {
		s = s[:len(s)-1]
	}
	return s != "" && strings.Trim(s, "0123456789") == ""
}
