package profile

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"strictmx/fakemx/check"
	"strictmx/internal/mail"
)

// Vars are what a reply can name. A zero value renders: an unset address is
// empty, the zero time is the start of 1970.
type Vars struct {
	Client    netip.Addr
	Helo      string
	From      string // reverse-path without angle brackets
	Rcpt      string // the recipient at hand
	MessageID string // without angle brackets; empty lets {message-id} make one up
	TLS       string // "" or "TLSv1.3"
	Time      time.Time
	Size      int64 // octets of the message
	Results   []mail.Result
	// New gives a value of the server's own making, such as "id" or "queue-id".
	// How long each stays the same is the table's word: see [Values]. Nil gives
	// fixed samples.
	New func(kind string) string
}

// domain is what SPF judges: the domain of MAIL FROM, or the HELO name for the
// null sender (RFC 7208 section 2.4).
func (v Vars) domain() string {
	if i := strings.LastIndexByte(v.From, '@'); i >= 0 {
		return v.From[i+1:]
	}
	return v.Helo
}

func (v Vars) when() time.Time {
	if v.Time.IsZero() {
		return time.Unix(0, 0).UTC()
	}
	return v.Time.UTC()
}

// result is that of a check.
func (v Vars) result(name string) mail.Result {
	i := slices.IndexFunc(v.Results, func(r mail.Result) bool { return r.Called() == name })
	if i < 0 {
		return mail.Result{}
	}
	return v.Results[i]
}

// network is the network that receivers take for one sender; empty without an
// address.
func network(client netip.Addr) string {
	p := check.Network(client)
	if !p.IsValid() {
		return ""
	}
	return p.String()
}

// messageID is that of the message, or one such as servers add to a message that
// came without (RFC 6409 section 8.3).
func (v Vars) messageID(host string) string {
	if v.MessageID != "" {
		return v.MessageID
	}
	return fmt.Sprintf("%d.%d@%s", v.when().Unix(), v.Size, host)
}

// placeholders are the words that every table knows; a table's values add more.
var placeholders = map[string]func(p *Profile, v Vars) string{
	"client": func(_ *Profile, v Vars) string {
		if !v.Client.IsValid() {
			return ""
		}
		return v.Client.Unmap().String()
	},
	"network":     func(_ *Profile, v Vars) string { return network(v.Client) },
	"helo":        func(_ *Profile, v Vars) string { return v.Helo },
	"from":        func(_ *Profile, v Vars) string { return v.From },
	"domain":      func(_ *Profile, v Vars) string { return v.domain() },
	"rcpt":        func(_ *Profile, v Vars) string { return v.Rcpt },
	"rcpt-domain": func(_ *Profile, v Vars) string { return v.Rcpt[strings.LastIndexByte(v.Rcpt, '@')+1:] },
	"message-id":  func(p *Profile, v Vars) string { return v.messageID(p.hostname) },
	"tls":         func(_ *Profile, v Vars) string { return v.TLS },
	"host":        func(p *Profile, _ Vars) string { return p.hostname },
	"epoch":       func(_ *Profile, v Vars) string { return strconv.FormatInt(v.when().Unix(), 10) },
	"date":        func(_ *Profile, v Vars) string { return v.when().Format("Mon, 2 Jan 2006 15:04:05 -0700") },
	"timestamp":   func(_ *Profile, v Vars) string { return v.when().Format("2006-01-02T15:04:05.000Z07:00") }, // RFC 3339
	"size":        func(_ *Profile, v Vars) string { return strconv.FormatInt(v.Size, 10) },
	"ptr": func(_ *Profile, v Vars) string {
		if r := v.result("iprev"); r.Value == mail.Pass {
			return r.Domain
		}
		return "unknown"
	},
	// A blank that editors would strip from the end of a line.
	"blank": func(*Profile, Vars) string { return " " },
}

var placeholder = regexp.MustCompile(`\{\{|\{[^{}\n]*\}?`)

// check tells of the first brace that is not a placeholder the profile knows.
func (p *Profile) checkText(text string) error {
	for _, m := range placeholder.FindAllString(text, -1) {
		if m == "{{" {
			continue
		}
		name := strings.TrimPrefix(strings.TrimSuffix(m, "}"), "{")
		if _, ok := placeholders[name]; ok && strings.HasSuffix(m, "}") {
			continue
		}
		if _, ok := p.values[name]; ok && strings.HasSuffix(m, "}") {
			continue
		}
		if p.knowsFound(name) && strings.HasSuffix(m, "}") {
			continue
		}
		return fmt.Errorf("unknown placeholder %s: %s (write {{ for a brace)", m, p.wantedPlaceholder(name))
	}
	return nil
}

// knowsFound tells whether a placeholder is something that a check finds, as in
// dmarc.header.from: the check's name and one of "value", "reason", "domain",
// "explanation" or its facets and properties. A key in capitals, or with a first
// one, has the text in capitals, or with a first one: spf.Value is "Fail".
func (p *Profile) knowsFound(placeholder string) bool {
	name, key, ok := strings.Cut(placeholder, ".")
	if !ok {
		return false
	}
	c, known := p.Check(name)
	if !known || spelled(key) == nil {
		return false
	}
	key = strings.ToLower(key)
	return c.Run == nil || // its fault is told already
		slices.Contains(foundKeys, key) || slices.Contains(c.Properties, key) || c.Facets[key] != nil
}

var foundKeys = []string{"value", "reason", "domain", "explanation"}

// spelled is how the letters of a key want the text; nil if they say nothing.
func spelled(key string) func(string) string {
	switch lower := strings.ToLower(key); key {
	case lower:
		return func(s string) string { return s }
	case strings.ToUpper(key):
		return strings.ToUpper
	case firstCapital(lower):
		return firstCapital
	}
	return nil
}

func firstCapital(s string) string { return strings.ToUpper(s[:min(1, len(s))]) + s[min(1, len(s)):] }

// found is what a check found, for a placeholder that knowsFound knows.
func (v Vars) found(placeholder string) string {
	name, key, _ := strings.Cut(placeholder, ".")
	return spelled(key)(v.raw(name, strings.ToLower(key)))
}

func (v Vars) raw(name, key string) string {
	r := v.result(name)
	switch key {
	case "value":
		return r.Value
	case "reason":
		return r.Reason
	case "domain":
		return r.Domain
	case "explanation":
		return r.Explanation
	}
	if facet, ok := r.Facets[key]; ok {
		return facet
	}
	return r.Properties[key]
}

// words are all placeholders of the profile, sorted.
func (p *Profile) words() []string {
	var out []string
	for k := range placeholders {
		out = append(out, k)
	}
	for k := range p.values {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// A template is a reply as a table has it: code and status apart from the text.
type template struct {
	code   int
	status mail.Status
	text   string // placeholders not yet expanded; line ends are breaks
	layout

	whole      pieces // the reply, if it is of one line that is certain to begin so
	body, tail pieces // of the text, once the profile is known: see [Profile.ready]
}

// reply is the reply as a table has it.
func (t template) reply() string {
	if t.status.IsZero() {
		return fmt.Sprintf("%d %s", t.code, t.text)
	}
	return fmt.Sprintf("%d %s %s", t.code, t.status, t.text)
}

// ready takes the text of a reply apart. The tail is what the server adds to the last
// line after breaking.
func (p *Profile) ready(t template) template {
	body, tail := t.text, ""
	if p.breaks(t) {
		if cut, ok := strings.CutSuffix(body, p.wrap.tail); ok {
			body, tail = cut, p.wrap.tail
		}
	}
	t.body, t.tail = p.takeApart(body), p.takeApart(tail)
	word, _, blank := strings.Cut(t.text, " ")
	certain := !t.status.IsZero() || blank && !strings.Contains(word, "{") && !mail.IsStatus(word)
	if certain && !p.breaks(t) && !strings.Contains(t.text, "\n") {
		t.whole = slices.Concat(pieces{{literal: t.line("", true)}}, t.body)
	}
	return t
}

// breaks tells whether the server breaks the lines of a reply: only those of refusals.
func (p *Profile) breaks(t template) bool { return p.wrap.columns > 0 && t.code >= 400 }

// A layout is how the lines of a reply differ from those of the profile's others.
type layout struct {
	first int  // columns of the first line if they differ from the others, else 0
	once  bool // the status is on the first line only
}

var (
	head    = regexp.MustCompile(`^([2-5][0-9][0-9])(?: (` + dotted + `)` + replyEnd + `|` + replyEnd + `)`)
	again   = regexp.MustCompile(AgainForm)
	mistype = regexp.MustCompile(MistypedReply)
)

// parseTemplate reads a reply of a table. With an error the code is set if it is known.
func parseTemplate(s string) (template, error) {
	s = strings.TrimSuffix(s, "\n")
	m := head.FindStringSubmatch(s)
	if m == nil {
		return template{}, fmt.Errorf("reply %q: want a three-digit code from 200 to 599 first, then a blank", firstLine(s))
	}
	t := template{text: s[len(m[0]):]}
	t.code, _ = strconv.Atoi(m[1]) // three digits
	if again.MatchString(s) || m[2] != "" && strings.Contains(s, "\n"+m[2]+" ") {
		return t, fmt.Errorf("reply %q: want code and status once, in front; they are repeated on each line", firstLine(s))
	}
	word := m[2]
	if mistype.MatchString(s) {
		word, _, _ = strings.Cut(firstLine(s[len("550 "):]), " ")
	}
	if word == "" {
		return t, nil
	}
	st, err := mail.ParseStatus(word)
	if err != nil {
		return t, fmt.Errorf("reply %q: %w (RFC 3463 section 2)", firstLine(s), err)
	}
	if st.Class != t.code/100 {
		return t, fmt.Errorf("reply %q: status %s and code %d differ in class", firstLine(s), st, t.code)
	}
	t.status = st
	return t, nil
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// render makes the lines of a reply that is ready. The code, and the status if there
// is one, are on every line.
func (p *Profile) render(t template, v Vars) ([]string, error) {
	if t.whole != nil {
		lines := []string{t.whole.with(p, v)}
		return lines, mail.CheckReply(lines...)
	}
	pre := len("550-")
	if !t.status.IsZero() {
		pre += len(t.status.String()) + 1
	}
	lines := p.breakLines(t, v, pre)
	for i, l := range lines {
		if i == 1 && t.once {
			t.status = mail.Status{}
		}
		lines[i] = t.line(l, i == len(lines)-1)
	}
	return lines, mail.CheckReply(lines...)
}

// breakLines makes the texts of a reply's lines; pre is the columns of code and
// status.
func (p *Profile) breakLines(t template, v Vars, pre int) []string {
	text := t.body.with(p, v)
	if !p.breaks(t) {
		if !strings.Contains(text, "\n") {
			return []string{text}
		}
		return strings.Split(text, "\n")
	}
	first := p.wrap.columns
	if t.first > 0 {
		first = t.first
	}
	rest := pre
	if t.once {
		rest = len("550-")
	}
	lines := wrap(text, first-pre, p.wrap.columns-rest)
	lines[len(lines)-1] += t.tail.with(p, v)
	return lines
}

// line puts code and status before one line of text. Without a status, a text
// that looks like one (a client can greet as "5.7.1") is set off by a blank.
func (t template) line(text string, last bool) string {
	sep := "-"
	if last {
		sep = " "
	}
	s := strconv.Itoa(t.code)
	if !t.status.IsZero() {
		return s + sep + t.status.String() + " " + text
	}
	if word, _, _ := strings.Cut(text, " "); mail.IsStatus(word) {
		sep += " "
	}
	return s + sep + text
}

// Lines are the lines of the rule's reply with placeholders in the place of what they
// stand for. Where the profile wraps replies, the server breaks them further.
func (r Rule) Lines() []string {
	t := r.template
	lines := strings.Split(strings.ReplaceAll(t.text, "{{", "{"), "\n")
	for i, l := range lines {
		if i == 1 && t.once {
			t.status = mail.Status{}
		}
		lines[i] = t.line(l, i == len(lines)-1)
	}
	return lines
}
