package lab

import (
	"errors"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"strictmx/internal/wire"
	"strictmx/scenarios"
)

// A Base is the mail system's configuration that a scenario's files add to.
type Base struct {
	MainCF   string
	MasterCF string
}

// setup merges a case's Postfix files over the base.
func (b Base) setup(sc *scenarios.Scenario, c scenarios.Case) (wire.Setup, error) {
	s := wire.Setup{Hostname: sc.Host.Name, Files: map[string]string{}, DNS: reachable(sc.Host)}
	for path, f := range c.Files {
		if name, ok := strings.CutPrefix(path, "postfix/"); ok {
			s.Files[name] = f.Text
		} else if name, ok := strings.CutPrefix(path, "opendkim/"); ok {
			s.Files[opendkimPath(name)] = f.Text
		}
	}
	// Debian's main.cf reads the name of the machine's mail from there (myorigin).
	s.Files["/etc/mailname"] = sc.Host.Name + "\n"
	own := scenarios.Fragment{Path: "postfix/main.cf", Text: "myhostname = " + sc.Host.Name + "\n"}
	if family := protocols(sc.Host); family != "all" {
		own.Text += "inet_protocols = " + family + "\n"
	}
	var errMain, errMaster error
	s.Files["main.cf"], errMain = scenarios.MergeMainCF(slices.Concat(
		[]scenarios.Fragment{{Path: "postfix/main.cf", Text: b.MainCF}, own}, c.Files["postfix/main.cf"].Fragments)...)
	s.Files["master.cf"], errMaster = scenarios.MergeMasterCF(slices.Concat(
		[]scenarios.Fragment{{Path: "postfix/master.cf", Text: b.MasterCF}}, c.Files["postfix/master.cf"].Fragments)...)
	s.Maps = maps(s.Files)
	return s, errors.Join(errMain, errMaster)
}

// protocols is inet_protocols for a host. One of one address family has that: with "all" Postfix
// tries receivers' addresses of the other family in an order that is chance, and its
// last word about a deferred message may be that there is no route.
func protocols(h scenarios.Host) string {
	switch {
	case !h.IPv6.IsValid():
		return "ipv4"
	case !h.IPv4.IsValid():
		return "ipv6"
	}
	return "all"
}

// opendkimPath is where a file of the folder opendkim goes: the configuration where
// Debian's OpenDKIM reads it, all others beside the keys.
func opendkimPath(name string) string {
	if name == opendkimConf {
		return "/etc/" + name
	}
	return "/etc/dkimkeys/" + name
}

const opendkimConf = "opendkim.conf"

// reachable lists the DNS server's addresses that a host can ask.
func reachable(h scenarios.Host) []netip.Addr {
	var out []netip.Addr
	for _, a := range dnsAddrs {
		if a.Is4() && h.IPv4.IsValid() || a.Is6() && h.IPv6.IsValid() {
			out = append(out, a)
		}
	}
	return out
}

// mapRef finds tables that postmap builds, in main.cf and master.cf.
var mapRef = regexp.MustCompile(`\b(hash|btree|lmdb|cdb|dbm):(?:/etc/postfix|\$config_directory|\$\{config_directory\})/((?:[\w.-]+/)*[\w.-]+)`)

// maps lists the tables that the configuration names and the case has sources for.
func maps(files map[string]string) []string {
	var out []string
	for _, name := range []string{"main.cf", "master.cf"} {
		for _, m := range mapRef.FindAllStringSubmatch(files[name], -1) {
			if _, ok := files[m[2]]; ok {
				out = append(out, m[1]+":"+m[2])
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
