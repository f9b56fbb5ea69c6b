package fakemx

import (
	"slices"
	"strconv"
	"strings"
)

// A parameter is what is known of one ESMTP parameter.
type parameter struct {
	verb      string // the command it belongs to
	extension string // the EHLO keyword that allows it
	engine    bool   // the engine checks the value and knows its place
	// ok tells whether the value is well formed. nil where the engine does.
	ok func(value string) bool
}

// parameters are those of the extensions that a profile can offer. The engine
// takes BY and MT-PRIORITY for parameters of RCPT and reads SIZE into 32 bits, so
// that those and a few others are dealt with here.
var parameters = map[string]parameter{
	"SIZE":        {"MAIL", "SIZE", false, digits}, // RFC 1870 section 4
	"BODY":        {"MAIL", "8BITMIME", false, isBody},
	"SMTPUTF8":    {"MAIL", "SMTPUTF8", false, isEmpty},     // RFC 6531 section 3.4
	"REQUIRETLS":  {"MAIL", "REQUIRETLS", false, isEmpty},   // RFC 8689 section 2
	"BY":          {"MAIL", "DELIVERBY", false, isBy},       // RFC 2852 section 4
	"MT-PRIORITY": {"MAIL", "MT-PRIORITY", false, priority}, // RFC 6710 section 4.1
	"RET":         {"MAIL", "DSN", true, nil},               // RFC 3461 section 4.3
	"ENVID":       {"MAIL", "DSN", true, nil},               // section 4.4
	"AUTH":        {"MAIL", "AUTH", true, nil},              // RFC 4954 section 5
	"NOTIFY":      {"RCPT", "DSN", true, nil},               // RFC 3461 section 4.1
	"ORCPT":       {"RCPT", "DSN", true, nil},               // section 4.2
}

// What can be wrong with the parameters of a command.
const (
	paramsOK      = ""
	paramsUnknown = "parameter" // RFC 5321 section 4.1.1.11
	paramsSyntax  = "syntax"
)

// checkParams names the reply that the parameters of a command deserve, or
// paramsOK. offers tells of the extensions of the session.
func checkParams(verb string, params []param, offers func(keyword string) bool) string {
	for _, p := range params {
		known, ok := parameters[p.key]
		switch {
		case !ok, known.verb != verb, !offers(known.extension):
			return paramsUnknown
		case p.key == "BODY" && strings.EqualFold(p.value, "BINARYMIME") && !offers("BINARYMIME"): // RFC 3030 section 3
			return paramsUnknown
		case known.ok != nil && !known.ok(p.value):
			return paramsSyntax
		}
	}
	return paramsOK
}

// forEngine writes the parameters that the engine is to see, a blank before each.
func forEngine(params []param) string {
	var b strings.Builder
	for _, p := range params {
		if parameters[p.key].engine {
			b.WriteString(" " + p.String())
		}
	}
	return b.String()
}

// value finds a parameter.
func value(params []param, key string) (string, bool) {
	i := slices.IndexFunc(params, func(p param) bool { return p.key == key })
	if i < 0 {
		return "", false
	}
	return params[i].value, true
}

// declaredSize is the value of SIZE; one beyond 63 bits is as large as can be.
func declaredSize(params []param) int64 {
	s, ok := value(params, "SIZE")
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 1<<63 - 1 // the syntax was checked: only the range can be wrong
	}
	return n
}

func digits(s string) bool {
	return s != "" && len(s) <= 20 && strings.Trim(s, "0123456789") == ""
}

func isEmpty(s string) bool { return s == "" }

func isBody(s string) bool {
	return slices.Contains([]string{"7BIT", "8BITMIME", "BINARYMIME"}, strings.ToUpper(s))
}

// isBy wants seconds, of at most nine digits and perhaps negative, and a mode: R
// needs a positive time.
func isBy(s string) bool {
	by, mode, _ := strings.Cut(strings.ToUpper(s), ";")
	num, negative := strings.CutPrefix(by, "-")
	if num, _ = strings.CutPrefix(num, "+"); !digits(num) || len(num) > 9 {
		return false
	}
	switch strings.TrimSuffix(mode, "T") {
	case "N":
		return true
	case "R":
		return !negative && strings.Trim(num, "0") != ""
	}
	return false
}

// priority wants -9 to 9.
func priority(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= -9 && n <= 9 && s != "" && s[0] != '+'
}
