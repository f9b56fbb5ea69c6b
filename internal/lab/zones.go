package lab

import (
	"fmt"
	"strings"

	"strictmx/internal/wire"
	"strictmx/scenarios"
)

// zoneTexts lists the case's DNS data, files in order of their names.
func zoneTexts(c scenarios.Case) []wire.ZoneText {
	var out []wire.ZoneText
	for _, path := range sortedPaths(c, "dns/") {
		name := strings.TrimPrefix(path, "dns/")
		origin := ""
		if zone, ok := strings.CutSuffix(name, ".zone"); ok {
			origin = strings.TrimSuffix(zone, ".") + "."
			if zone == "root" {
				origin = "."
			}
		}
		for _, f := range c.Files[path].Fragments {
			out = append(out, wire.ZoneText{Origin: origin, File: f.At.File, Line: f.At.Line, Text: f.Text})
		}
	}
	return out
}

// defaultZones are the receivers' records, for where the scenario, which has zones of
// its own, gives none. Those of a host go into the nearest zone that there is above it,
// which else would hide them.
func defaultZones(receivers []wire.Receiver, own []wire.ZoneText) []wire.ZoneText {
	texts, origins := map[string]string{}, []string{}
	for _, z := range own {
		if z.Origin != "" && z.Origin != "." {
			origins = append(origins, z.Origin)
		}
	}
	for _, r := range receivers {
		for _, d := range r.Domains {
			origins = append(origins, d+".")
		}
	}
	for _, r := range receivers {
		for _, h := range r.Hosts {
			for _, d := range r.Domains {
				texts[d+"."] += fmt.Sprintf("@ MX %d %s\n", h.Pref, h.Name)
			}
			for _, a := range h.Addrs {
				typ := "AAAA"
				if a.Is4() {
					typ = "A"
				}
				texts[zoneOf(h.Name, origins)] += fmt.Sprintf("%s %s %s\n", h.Name, typ, a)
			}
		}
	}
	var out []wire.ZoneText
	for _, origin := range sortedKeys(texts) {
		out = append(out, wire.ZoneText{
			Origin: origin, File: "records of the receivers", Text: texts[origin], Default: true,
		})
	}
	return out
}

// zoneOf is the zone for the address records of an MX host: the nearest of some above
// it, or its last two labels. With the parent's name a host below another host would
// make a zone that hides the other's records.
func zoneOf(host string, origins []string) string {
	nearest := ""
	for _, o := range origins {
		if len(o) > len(nearest) && (strings.EqualFold(host, o) || strings.HasSuffix(strings.ToLower(host), "."+o)) {
			nearest = o
		}
	}
	if nearest != "" {
		return nearest
	}
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	return strings.Join(labels[max(len(labels)-2, 0):], ".") + "."
}
