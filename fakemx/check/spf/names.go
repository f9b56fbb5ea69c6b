package spf

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"strictmx/fakemx/check/address"
)

// clientNames are the names of the client that its own address confirms.
type clientNames struct {
	names          []string // without final dot, in the order of the answer
	found          int      // how many PTR records there are
	trouble        string   // why the PTR records could not be had; else empty
	question, void string   // the first void answer, if any
}

// lookUpClient asks for the client's names and their addresses, RFC 7208 section
// 5.5, once per evaluation. A lookup that fails counts as a name that is not
// confirmed; an error means that the context has ended.
func (e *evaluation) lookUpClient(ctx context.Context) (*clientNames, error) {
	if e.names != nil {
		return e.names, nil
	}
	n := new(clientNames)
	ask := func(name, typ string) ([]string, []netip.Addr, error) {
		records, void, err := e.ask(ctx, name, typ)
		if void != "" && n.void == "" {
			n.question, n.void = name+" "+typ, void
		}
		var texts []string
		var addrs []netip.Addr
		for _, r := range records {
			texts, addrs = append(texts, strings.TrimSuffix(r.Text, ".")), append(addrs, r.Addr)
		}
		return texts, addrs, err
	}
	hosts, _, err := ask(reverseName(e.client), "PTR")
	if err != nil {
		n.trouble = err.Error()
	}
	n.found = len(hosts)
	for _, host := range hosts[:min(len(hosts), maxPTR)] {
		if host == "" {
			continue
		}
		_, addrs, err := ask(host, e.addressType())
		if err != nil {
			continue // section 5.5: the name is skipped
		}
		for _, addr := range addrs {
			if addr == e.client {
				n.names = append(n.names, host)
				break
			}
		}
	}
	if err := context.Cause(ctx); err != nil {
		// Not the fault of the client's name servers but the time limit of section
		// 4.6.4, which is a temperror.
		_, _, err := e.ask(ctx, reverseName(e.client), "PTR")
		return nil, err
	}
	e.names = n
	return n, nil
}

// clientName is the value of the p macro, RFC 7208 section 7.3: the domain itself
// if it is a name of the client, else a name below it, else any, else "unknown".
func (e *evaluation) clientName(ctx context.Context, domain string) string {
	n, err := e.lookUpClient(ctx)
	if err != nil || len(n.names) == 0 {
		return "unknown"
	}
	below := ""
	for _, name := range n.names {
		switch {
		case address.Lower(name) == address.Lower(domain):
			return name
		case below == "" && within(name, domain):
			below = name
		}
	}
	if below != "" {
		return below
	}
	return n.names[0]
}

// account says what names the client has, for a step.
func (n *clientNames) account(client netip.Addr) string {
	switch {
	case n.trouble != "":
		return n.trouble
	case n.found == 0:
		return fmt.Sprintf("%s has no PTR record", client)
	case len(n.names) == 0:
		return fmt.Sprintf("%s has %d PTR records, none of which names a host with that address", client, n.found)
	}
	return fmt.Sprintf("%s has the names %s", client, someOf(n.names))
}
