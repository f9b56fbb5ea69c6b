package scenarios

import (
	"math"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"strictmx/internal/mail"
	"strictmx/internal/pattern"
	"strictmx/internal/spelling"
)

// Sender is the name of the receiver that takes the mail for the senders' own
// domains, delivery notices above all, where the scenario has none for them.
const Sender = "sender"

// reserved are names that others in the pretend internet have.
var reserved = []string{Sender, "mta", "client"}

func (l *loader) host(n node) {
	h := &l.sc.Host
	addr := func(name string, into *netip.Addr, is func(netip.Addr) bool) key {
		return l.one(name, func(n node, s string) {
			a, err := mail.ParseHost(s)
			switch {
			case err != nil:
				l.wrong(n, "", "%s %q: %v", name, s, err)
			case !is(a):
				l.wrong(n, "", "%s %s: that is an address of the other family", name, s)
			default:
				*into = a
			}
		})
	}
	have := l.mapping(n, "host",
		l.one("name", func(n node, s string) {
			d, err := mail.ParseDomain(s)
			if err == nil && !strings.Contains(d, ".") {
				l.wrong(n, "", "host name %q: want a fully qualified name, as in mail.example.com", s)
			} else if err != nil {
				l.wrong(n, "", "host name %q: %v", s, err)
			}
			h.Name = d
		}),
		addr("ipv4", &h.IPv4, netip.Addr.Is4), addr("ipv6", &h.IPv6, netip.Addr.Is6))
	if have == nil {
		return
	}
	if _, ok := have["name"]; !ok {
		l.wrong(n, "", "host: name is missing")
	}
	_, v4 := have["ipv4"]
	if _, v6 := have["ipv6"]; !v4 && !v6 {
		l.wrong(n, "", "host: want ipv4, ipv6 or both")
	}
}

// profileName is a profile's name, perhaps with the label of a version.
var profileName = regexp.MustCompile(pattern.Any(ProfileForm))

func (l *loader) receivers(n node) {
	for _, item := range l.list(n, "receivers") {
		r, before := Receiver{At: item.at}, len(l.problems.list)
		have := l.mapping(item, "a receiver", append([]key{
			l.one("profile", func(n node, s string) {
				r.Profile, r.At = s, n.at
				l.profile(n, s)
			}),
			l.one("name", func(n node, s string) { r.Name = l.shortName(n, "receiver", s) }),
			l.texts("domains", func(n node, s string) { l.receiverDomain(n, &r, s) }),
			{"hosts", func(n node) { r.Hosts = l.mxHosts(n) }},
		}, l.seedKeys(&r.Seed)...)...)
		if have == nil {
			l.unsure = true
			continue
		}
		for _, k := range []string{"profile", "domains"} {
			if _, ok := have[k]; !ok {
				l.wrong(item, "", "receiver: %s is missing", k)
			}
		}
		if _, named := have["name"]; !named {
			r.Name, _, _ = strings.Cut(r.Profile, "@")
			l.unsure = l.unsure || len(l.problems.list) > before // its name may be among what is wrong
		}
		switch i := slices.IndexFunc(l.sc.Receivers, func(o Receiver) bool { return o.Name == r.Name }); {
		case i >= 0 && r.Name != "":
			l.add(r.At, "give one of them a name of its own", "two receivers named %s: the first is in line %d",
				r.Name, l.sc.Receivers[i].At.Line)
		case slices.Contains(reserved, r.Name):
			l.add(r.At, "", "receiver %s: want another name, this one is taken", r.Name)
		}
		l.told(r)
		l.sc.Receivers = append(l.sc.Receivers, r)
	}
}

// profile checks the name of a profile.
func (l *loader) profile(n node, s string) {
	name, _, _ := strings.Cut(s, "@")
	switch {
	case !profileName.MatchString(s):
		l.wrong(n, "", "profile %q: want NAME or NAME@LABEL, as in gmail@2014", s)
	case l.profiles != nil && !slices.Contains(l.profiles, name):
		l.wrong(n, spelling.Wanted(name, l.profiles), "unknown profile %q", name)
	}
}

// ownName finds the name in a profile of a scenario's own.
var ownName = regexp.MustCompile(`(?m)^name:[ \t]+["']?(` + profileForm + `)`)

// profileNames adds the scenario's own profiles to those that it need not bring along.
// They are nil where not all are known.
func (l *loader) profileNames(others []string) []string {
	if len(others) == 0 {
		return nil
	}
	out := slices.Clone(others)
	for _, file := range l.tree.names {
		if !strings.HasPrefix(file, "profiles/") && !strings.Contains(file, "/profiles/") {
			continue
		}
		text, _ := l.read(file, &problems{})
		m := ownName.FindStringSubmatch(text)
		if m == nil {
			return nil
		}
		out = append(out, m[1])
	}
	return out
}

func (l *loader) receiverDomain(n node, r *Receiver, s string) {
	d, err := mail.ParseDomain(s)
	if err != nil {
		l.wrong(n, "", "domain %q: %v", s, err)
		return
	}
	for _, o := range append(l.sc.Receivers, *r) {
		if slices.Contains(o.Domains, d) {
			l.wrong(n, "", "domain %s twice: want one receiver for it", d)
			return
		}
	}
	r.Domains = append(r.Domains, d)
	l.domains.at[d] = n.at
}

// mxHosts reads the hosts that a receiver has in this scenario.
func (l *loader) mxHosts(n node) []MXHost {
	var out []MXHost
	for _, item := range l.list(n, "hosts") {
		h := MXHost{Pref: defaultPref, At: item.at}
		have := l.mapping(item, "a host",
			l.one("name", func(n node, s string) {
				d, err := mail.ParseDomain(s)
				if err != nil {
					l.wrong(n, "", "host name %q: %v", s, err)
				}
				h.Name, h.At = d, n.at
			}),
			key{"pref", func(n node) {
				i, _ := l.number(n, "pref", math.MaxUint16)
				h.Pref = uint16(i)
			}},
			l.texts("addrs", func(n node, s string) {
				a, err := mail.ParseHost(s)
				switch {
				case err != nil:
					l.wrong(n, "", "address %q: %v", s, err)
				case slices.Contains(h.Addrs, a):
					l.wrong(n, "", "address %s twice", a)
				default:
					h.Addrs = append(h.Addrs, a)
				}
			}))
		if have == nil {
			continue
		}
		for _, k := range []string{"name", "addrs"} {
			if _, ok := have[k]; !ok {
				l.wrong(item, "", "host: %s is missing", k)
			}
		}
		if slices.ContainsFunc(out, func(o MXHost) bool { return o.Name == h.Name && h.Name != "" }) {
			l.wrong(item, "", "host %s twice: want its addresses in one place", h.Name)
		}
		out = append(out, h)
	}
	return out
}

// defaultPref is the preference of an MX host that is given none.
const defaultPref = 10

// shortName checks a name that a person gives to a case or receiver.
func (l *loader) shortName(n node, what, s string) string {
	if !shortName.MatchString(s) {
		l.wrong(n, "", "%s name %q: want lower-case letters, digits and hyphens, at most 64", what, s)
	}
	return s
}

// world reads the keys that a scenario and its cases have in common.
func (c *caseDraft) world(l *loader, have map[string]field) {
	if f, ok := have["send"]; ok {
		c.sends = nil
		for _, n := range l.oneOrMore(f.node, "messages") {
			c.sends = append(c.sends, l.send(n))
		}
		if len(c.sends) > MaxMessages {
			l.wrong(f.node, "", "%d messages: want at most %d in a case", len(c.sends), MaxMessages)
		}
	}
	if f, ok := have["faults"]; ok {
		for _, n := range l.list(f.node, "faults") {
			if fault, ok := l.fault(n); ok {
				c.Faults = append(slices.Clip(c.Faults), fault)
			}
		}
	}
	if f, ok := have["wait"]; ok {
		c.Waits = l.waits(f.node)
	}
	for name, into := range map[string]*[]Endpoint{"down": &c.Down, "silent": &c.Silent} {
		if f, ok := have[name]; ok {
			for _, n := range l.oneOrMore(f.node, "addresses") {
				if e, ok := l.endpoint(n, name); ok {
					*into = append(slices.Clip(*into), e)
				}
			}
		}
	}
}

// endpoint reads "gmail", "gmail ipv4" or an address.
func (l *loader) endpoint(n node, what string) (Endpoint, bool) {
	s, ok := l.text(n, what)
	if !ok {
		return Endpoint{}, false
	}
	words := strings.Fields(s)
	if len(words) == 1 && strings.ContainsAny(s, ".:") {
		a, err := mail.ParseHost(words[0])
		if err != nil {
			l.wrong(n, "", "%s: %q: %v, or a receiver's name", what, s, err)
		}
		return Endpoint{Addr: a}, err == nil
	}
	if len(words) == 0 || len(words) > 2 || len(words) == 2 && words[1] != "ipv4" && words[1] != "ipv6" {
		l.wrong(n, "", "%s: %q: want a receiver, a receiver and ipv4 or ipv6, or an address", what, s)
		return Endpoint{}, false
	}
	if !l.isReceiver(words[0]) {
		l.wrong(n, spelling.Wanted(words[0], l.receiverNames()), "%s: there is no receiver %s", what, words[0])
		return Endpoint{}, false
	}
	return Endpoint{Receiver: words[0], Family: strings.Join(words[1:], "")}, true
}

// receiverNames are the names that are known.
func (l *loader) receiverNames() []string {
	var out []string
	for _, r := range l.sc.Receivers {
		if r.Name != "" {
			out = append(out, r.Name)
		}
	}
	return append(out, Sender)
}

// isReceiver tells whether a receiver has a name, or may have it: what follows from
// an error in a receiver is not told.
func (l *loader) isReceiver(name string) bool {
	return l.unsure || slices.Contains(l.receiverNames(), name)
}

// faultNames are the faults, and recordTypes the record types, that the DNS server
// knows.
var (
	faultNames  = []string{"servfail", "refused", "nxdomain", "timeout", Delay, "truncate", "wrong-id"}
	recordTypes = []string{
		"a", "aaaa", "any", "caa", "cname", "dname", "dnskey", "ds", "hinfo", "https", "loc", "mx", "naptr",
		"ns", "nsec", "ptr", "rrsig", "soa", "spf", "srv", "sshfp", "svcb", "tlsa", "txt",
	}
	recordType = regexp.MustCompile(pattern.Any(TypeForm()))
)

// typeNames are the record types as zone files write them.
func typeNames() []string {
	out := make([]string, len(recordTypes))
	for i, t := range recordTypes {
		out[i] = strings.ToUpper(t)
	}
	return out
}

func (l *loader) fault(n node) (Fault, bool) {
	f := Fault{At: n.at}
	good := true
	bad := func(n node, hint, format string, args ...any) {
		good = false
		l.wrong(n, hint, format, args...)
	}
	have := l.mapping(n, "a fault",
		l.one("name", func(n node, s string) {
			name, err := mail.FaultName(s)
			if err != nil {
				bad(n, "", "fault for %q: %v", s, err)
			}
			f.Name = name
		}),
		l.one("type", func(n node, s string) {
			if !recordType.MatchString(s) {
				bad(n, spelling.Wanted(s, typeNames()), "unknown record type %q", s)
			}
			f.Type = strings.ToUpper(s)
		}),
		l.one("fault", func(n node, s string) {
			if !slices.Contains(faultNames, s) {
				bad(n, spelling.Wanted(s, faultNames), "unknown fault %q", s)
			}
			f.Fault = s
		}),
		l.one("delay", func(n node, s string) {
			d, err := time.ParseDuration(s)
			if err != nil || d < time.Millisecond || d > time.Hour {
				bad(n, "", "delay %q: want a time with its unit from 1ms to 1h, as in 3s", s)
			}
			f.Delay = d
		}),
		key{"times", func(n node) { f.Times, _ = l.number(n, "times", MaxAnswers) }})
	if have == nil {
		return f, false
	}
	for _, k := range []string{"name", "fault"} {
		if _, ok := have[k]; !ok {
			bad(n, "", "fault: %s is missing", k)
		}
	}
	d, hasDelay := have["delay"]
	switch {
	case f.Fault == Delay && !hasDelay:
		bad(n, "add delay: 3s", "fault delay: want to know how long")
	case f.Fault != Delay && hasDelay:
		bad(d.node, "", "delay: want it with fault: delay only")
	}
	return f, good
}
