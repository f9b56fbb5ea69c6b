package lab

import (
	"net/netip"
	"slices"
	"strings"

	"strictmx/internal/mail"
	"strictmx/internal/wire"
	"strictmx/scenarios"
)

// chance says that the address family of an attempt was chance, and that the case
// proves nothing of the other one; empty if the world or the configuration left no
// choice. Postfix takes IPv6 or IPv4 at random where smtp_address_preference is any,
// its default.
func chance(p *Prepared, attempts []mail.Attempt) string {
	h := p.Plan.Host
	if !h.IPv4.IsValid() || !h.IPv6.IsValid() || chooses(p.Case) {
		return ""
	}
	for _, a := range attempts {
		i := slices.IndexFunc(p.Plan.Receivers, func(r wire.Receiver) bool { return r.Name == name(a) })
		if i >= 0 && p.Plan.Receivers[i].Name != senderReceiver && bothFamilies(p.Plan.Receivers[i], a.Server) && a.Client.IsValid() &&
			!otherFamily(a, attempts) {
			took, other := "IPv6", "IPv4"
			if a.Client.Is4() {
				took, other = other, took
			}
			return "Postfix took " + took + " by chance, and nothing is proved for " + other +
				": set smtp_address_preference in main.cf, in a case for each"
		}
	}
	return ""
}

// otherFamily tells whether the receiver of an attempt was tried over the other address
// family, too.
func otherFamily(a mail.Attempt, attempts []mail.Attempt) bool {
	return slices.ContainsFunc(attempts, func(o mail.Attempt) bool {
		return name(o) == name(a) && o.Client.IsValid() && o.Client.Is4() != a.Client.Is4()
	})
}

// chooses tells whether a case's configuration says something of address families.
func chooses(c scenarios.Case) bool {
	if text := c.Files["postfix/master.cf"].Text; strings.Contains(text, "inet_protocols") || strings.Contains(text, "smtp_address_preference") {
		return true
	}
	chosen := map[string]bool{}
	for _, f := range c.Files["postfix/main.cf"].Fragments {
		params, err := scenarios.MainCFParameters(f)
		if err != nil {
			continue // Prepare has told
		}
		for _, param := range params {
			if param.Name == "smtp_address_preference" || param.Name == "inet_protocols" {
				chosen[param.Name] = onlyFamily(param.Value) != ""
			}
		}
	}
	return chosen["smtp_address_preference"] || chosen["inet_protocols"]
}

// bothFamilies tells whether the hosts of a receiver that are preferred as much as that
// of a server have addresses of both families that answer: Postfix goes by preference
// first.
func bothFamilies(r wire.Receiver, server netip.Addr) bool {
	at := slices.IndexFunc(r.Hosts, func(h wire.MXHost) bool { return slices.Contains(h.Addrs, server) })
	if at < 0 {
		return false
	}
	four, six := false, false
	for _, h := range r.Hosts {
		for _, a := range h.Addrs {
			if h.Pref != r.Hosts[at].Pref || slices.Contains(r.Down, a) || slices.Contains(r.Silent, a) {
				continue
			}
			four, six = four || a.Is4(), six || a.Is6()
		}
	}
	return four && six
}

// name is that of the receiver in the scenario.
func name(a mail.Attempt) string {
	if a.Name != "" {
		return a.Name
	}
	profile, _, _ := strings.Cut(a.Receiver, "@")
	return profile
}
