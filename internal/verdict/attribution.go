package verdict

import (
	"net/netip"
	"slices"
	"strings"

	"strictmx/internal/mail"
)

// An attribution says which attempts belong to which recipient, by index.
type attribution struct {
	attempts []mail.Attempt
	owners   map[owner][]int // indexes of attempts, in order
}

// An owner is a recipient of a message. Its domain is in lower case.
type owner struct {
	message int
	address string
}

func ownerOf(message int, addr string) owner {
	i := strings.LastIndexByte(addr, '@')
	if i < 0 {
		return owner{message, addr}
	}
	return owner{message, addr[:i] + strings.ToLower(addr[i:])}
}

// account puts deliveries and attempts together. The rules are at [Recipients].
func account(deliveries []mail.Delivery, attempts []mail.Attempt) []Recipient {
	recipients := recipientsOf(deliveries)
	a := attribute(recipients, attempts)
	for k := range recipients {
		r := &recipients[k]
		for _, i := range a.owners[ownerOf(r.Message, r.Address)] {
			r.Attempts = append(r.Attempts, attempts[i])
		}
		r.Deciding = deciding(*r)
	}
	return recipients
}

// deciding finds the last attempt of a recipient's last delivery: at its relay or,
// where the log names none, at a server that was tried before.
func deciding(r Recipient) *mail.Attempt {
	servers := serversOf(r.Last())
	if relay := r.Last().Relay; relay != nil {
		servers = servers[len(servers)-1:]
	}
	for i := len(r.Attempts) - 1; i >= 0; i-- {
		a := r.Attempts[i]
		if a.Step != r.Last().Step {
			break // the last round came to no receiver
		}
		if !a.Server.IsValid() || slices.Contains(servers, a.Server.Unmap()) {
			return &a
		}
	}
	return nil
}

// serversOf lists the addresses that a delivery went to.
func serversOf(d mail.Delivery) []netip.Addr {
	var out []netip.Addr
	for _, t := range d.Tries {
		out = append(out, t.Addr.Unmap())
	}
	if d.Relay != nil {
		out = append(out, d.Relay.Addr.Unmap())
	}
	return out
}

func attribute(recipients []Recipient, attempts []mail.Attempt) attribution {
	a := attribution{attempts: attempts, owners: map[owner][]int{}}
	for i, at := range attempts {
		for _, r := range recipients {
			if names(at, r.Address) && (at.Message == r.Message || at.Message < 0 && onlyMessageWith(recipients, r)) {
				a.give(ownerOf(r.Message, r.Address), i)
			}
		}
	}
	a.nameless(recipients)
	for o := range a.owners {
		slices.Sort(a.owners[o])
	}
	return a
}

func (a attribution) give(o owner, i int) {
	if !slices.Contains(a.owners[o], i) {
		a.owners[o] = append(a.owners[o], i)
	}
}

// names tells whether a recipient was accepted or refused by name in an attempt.
func names(a mail.Attempt, addr string) bool {
	return slices.ContainsFunc(a.Recipients, func(s string) bool { return SameAddress(s, addr) })
}

func onlyMessageWith(recipients []Recipient, r Recipient) bool {
	for _, o := range recipients {
		if o.Message != r.Message && SameAddress(o.Address, r.Address) {
			return false
		}
	}
	return true
}

// A visit is one session that the mail system's log tells of.
type visit struct {
	place
	message int
	round   int // of the recipient's deliveries
	domain  string
}

// A place is a server in a step.
type place struct {
	server netip.Addr
	step   int
}

func placeOf(a mail.Attempt) place { return place{a.Server.Unmap(), a.Step} }

// nameless gives out the sessions that ended before RCPT.
func (a attribution) nameless(recipients []Recipient) {
	free := map[place][]int{}
	for i, at := range a.attempts {
		if len(at.Recipients) == 0 {
			free[placeOf(at)] = append(free[placeOf(at)], i)
		}
	}
	used := map[visit]int{}
	last := map[visit]int{} // by place and message only
	for _, r := range recipients {
		o := ownerOf(r.Message, r.Address)
		named := a.namedAt(o)
		for round, d := range r.Deliveries {
			for _, server := range serversOf(d) {
				at := place{server, d.Step}
				if named[at] > 0 {
					named[at]--
					continue
				}
				v := visit{at, r.Message, round, domainOf(r.Address)}
				where := visit{place: at, message: r.Message}
				i, ok := used[v]
				if !ok {
					i, ok = take(free, at, r.Message, a.attempts)
				}
				if !ok {
					i, ok = last[where]
				}
				if ok {
					used[v], last[where] = i, i
					a.give(o, i)
				}
			}
		}
	}
}

// namedAt counts an owner's attempts so far by place.
func (a attribution) namedAt(o owner) map[place]int {
	out := map[place]int{}
	for _, i := range a.owners[o] {
		out[placeOf(a.attempts[i])]++
	}
	return out
}

// take removes the first free session at a place that can be about a message.
func take(free map[place][]int, at place, message int, attempts []mail.Attempt) (int, bool) {
	for k, i := range free[at] {
		if m := attempts[i].Message; m < 0 || m == message {
			free[at] = slices.Delete(free[at], k, k+1)
			return i, true
		}
	}
	return 0, false
}

func domainOf(addr string) string {
	return strings.ToLower(addr[strings.LastIndexByte(addr, '@')+1:])
}
