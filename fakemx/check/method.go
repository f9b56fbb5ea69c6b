package check

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"strictmx/internal/mail"
	"strictmx/internal/spelling"
)

// A Method makes checks of one kind.
type Method struct {
	Name     string // "rate"
	Doc      string // what it finds out, one sentence
	Settings []Setting
	// Local methods judge by the session and by what the receiver remembers or was
	// told, and can say nothing of a message alone.
	Local bool
	// New makes a check. Settings that are missing have their defaults. A wrong one
	// is a [*SettingError].
	New func(Settings) (Check, error)
}

// A Setting is one thing that can be set up.
type Setting struct {
	Name     string
	Doc      string // what it means, with its unit
	Default  string // as written in a profile; empty is none
	Required bool
	Example  string // of one that is required
	List     bool   // may have several values
}

// Settings are what a profile sets up, by name. Values are as written.
type Settings map[string][]string

// A SettingError tells which setting is wrong.
type SettingError struct {
	Setting string // empty if one is missing
	Err     error
}

func (e *SettingError) Error() string {
	if e.Setting == "" {
		return e.Err.Error()
	}
	return fmt.Sprintf("%s: %v", e.Setting, e.Err)
}

func (e *SettingError) Unwrap() error { return e.Err }

// Methods lists all methods in the order in which they are reported.
var Methods = []Method{
	plain("family", "IPv4 or IPv6", Check{At: mail.Connect, Values: []string{"ipv4", "ipv6"}}, Family),
	iprevMethod,
	heloMethod,
	spfMethod,
	senderDomainMethod,
	tlsMethod,
	rdnsMethod,
	dnsblMethod,
	headersMethod,
	sizeMethod,
	nullSenderMethod,
	recipientMethod,
	{Name: "dkim", Doc: "signatures of the message (RFC 6376)", Settings: dkimSettings, New: newDKIM},
	dmarcMethod,
	{Name: "arc", Doc: "the chain of seals that forwarders put on the message (RFC 8617)", New: newARC},
	{Name: "rate", Local: true, Doc: "how much comes from one client in a time", Settings: rateSettings, New: newRate},
	{Name: "greylist", Local: true, Doc: "whether the client has tried before (RFC 6647)", Settings: greylistSettings, New: newGreylist},
	{Name: "early-talker", Local: true, Doc: "whether the client waits for the greeting", Settings: earlySettings, New: newEarlyTalker},
	{Name: "list", Local: true, Doc: "the receiver's own list of this name", Settings: listSettings, New: newList},
}

// MethodNamed finds a method of [Methods].
func MethodNamed(name string) (Method, bool) {
	i := slices.IndexFunc(Methods, func(m Method) bool { return m.Name == name })
	if i < 0 {
		return Method{}, false
	}
	return Methods[i], true
}

// Sample are settings for what the method needs, to describe it by.
func (m Method) Sample() Settings {
	out := make(Settings)
	for _, s := range m.Settings {
		if s.Required {
			out[s.Name] = []string{s.Example}
		}
	}
	return out
}

// Make makes a check that rules ask for by name. It wants the settings that the
// method knows and needs.
func (m Method) Make(name string, given Settings) (Check, error) {
	for _, key := range slices.Sorted(maps.Keys(given)) { // first: a misspelt one is not missing
		if !slices.ContainsFunc(m.Settings, func(s Setting) bool { return s.Name == key }) {
			return Check{}, &SettingError{key, fmt.Errorf("not a setting of %s", m.Name)}
		}
	}
	full := make(Settings)
	for _, s := range m.Settings {
		v, ok := given[s.Name]
		switch {
		case ok && !s.List && len(v) != 1:
			return Check{}, &SettingError{s.Name, fmt.Errorf("want one value")}
		case ok:
			full[s.Name] = v
		case s.Required:
			return Check{}, &SettingError{"", fmt.Errorf("want %s: %s", s.Name, s.Doc)}
		case s.Default != "":
			full[s.Name] = []string{s.Default}
		}
	}
	c, err := m.New(full)
	if err != nil {
		return Check{}, err
	}
	c.Name, c.Method, c.By = name, m.Name, full.Text("by")
	run := c.Run
	c.Run = func(ctx context.Context, e Env, f Facts) mail.Result {
		e.Check = name
		res := run(ctx, e, f)
		res.Method = m.Name
		if name != m.Name {
			res.Name = name
		}
		return res
	}
	return c, nil
}

// Text is the value of a setting that has one, or empty.
func (s Settings) Text(name string) string {
	if len(s[name]) == 0 {
		return ""
	}
	return s[name][0]
}

// Count reads a number from 1.
func (s Settings) Count(name string) (int, error) {
	n, err := strconv.Atoi(s.Text(name))
	if err != nil || n < 1 {
		return 0, &SettingError{name, fmt.Errorf("%q: want a number from 1", s.Text(name))}
	}
	return n, nil
}

// Duration reads a time with its unit, as in 5m.
func (s Settings) Duration(name string) (time.Duration, error) {
	d, err := time.ParseDuration(s.Text(name))
	if err != nil || d < 0 {
		return 0, &SettingError{name, fmt.Errorf("%q: want a time with its unit, as in 5m", s.Text(name))}
	}
	return d, nil
}

// Word reads one of some words.
func (s Settings) Word(name string, known ...string) (string, error) {
	word, list := s.Text(name), strings.Join(known, ", ")
	if slices.Contains(known, word) {
		return word, nil
	}
	if near := spelling.Nearest(word, known); near != "" {
		return "", &SettingError{name, fmt.Errorf("%q: did you mean %s? known are %s", word, near, list)}
	}
	return "", &SettingError{name, fmt.Errorf("%q: want one of %s", word, list)}
}

// plain is a method without settings that asks DNS only.
func plain(name, doc string, c Check, run func(context.Context, Resolver, Facts) mail.Result) Method {
	c.Run = func(ctx context.Context, e Env, f Facts) mail.Result { return run(ctx, e.Resolver, f) }
	return Method{Name: name, Doc: doc, New: func(Settings) (Check, error) { return c, nil }}
}
