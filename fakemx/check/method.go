package check

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"strictmx/internal/mail"
)

// A Method makes checks of one kind.
type Method struct {
	Name     string // "rate"
	Doc      string // what it finds out, one sentence
	Settings []Setting
	// Local methods judge by the session and by what the receiver remembers or was
	// told, and can say nothing of a message alone.
	Local bool
	// New makes a check of settings that are each of its kind, with their defaults where
	// none are given. Those that do not go together are a [*SettingError].
	New func(Settings) (Check, error)
}

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
	full, err := m.filled(given)
	if err != nil {
		return Check{}, err
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

// filled are the settings with the defaults of those that are not given, each of its
// kind.
func (m Method) filled(given Settings) (Settings, error) {
	full := make(Settings)
	for _, s := range m.Settings {
		v, ok := given[s.Name]
		switch {
		case ok && !s.List && len(v) != 1:
			return nil, &SettingError{s.Name, fmt.Errorf("want one value")}
		case ok:
			full[s.Name] = v
		case s.Required:
			return nil, &SettingError{"", fmt.Errorf("want %s: %s", s.Name, s.About())}
		case s.Default != "":
			full[s.Name] = []string{s.Default}
		}
	}
	for _, s := range m.Settings { // last: what one may be can depend on another
		for _, v := range full[s.Name] {
			if err := s.check(v, full); err != nil {
				return nil, &SettingError{s.Name, err}
			}
		}
	}
	return full, nil
}

// plain is a method without settings that asks DNS only.
func plain(name, doc string, c Check, run func(context.Context, Resolver, Facts) mail.Result) Method {
	c.Run = func(ctx context.Context, e Env, f Facts) mail.Result { return run(ctx, e.Resolver, f) }
	return Method{Name: name, Doc: doc, New: func(Settings) (Check, error) { return c, nil }}
}
