package profile

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A scope is how long a server keeps a value of its own making.
type scope string

const (
	perSession scope = "session" // one connection
	perMessage scope = "message" // one transaction
	perReply   scope = "reply"   // never twice
)

var scopes = []string{string(perSession), string(perMessage), string(perReply)}

// A form describes values of a server's own making. Between angle brackets each
// letter stands for one random character of a class; the rest is itself.
type form struct {
	text string
	per  scope
}

var classes = map[byte]string{
	'9': "0123456789",
	'a': "abcdefghijklmnopqrstuvwxyz",
	'A': "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
	'h': "0123456789abcdef",
	'H': "0123456789ABCDEF",
}

// builtinValues are the forms of a table that gives no others.
var builtinValues = map[string]form{
	"id":       {"<aaaaaaaaaaaa>", perSession},
	"queue-id": {"<HHHHHHHHHHH>", perMessage}, // as Postfix without long queue ids
	"hex16":    {"<HHHHHHHHHHHHHHHH>", perMessage},
	"n":        {"<9999999999>", perMessage},
}

func (f form) check() error {
	in := false
	for i := range len(f.text) {
		c := f.text[i]
		switch {
		case c < ' ' || c > '~':
			return fmt.Errorf("form %q: want printable ASCII", f.text)
		case c == '<' && !in:
			in = true
		case c == '>' && in:
			in = false
		case in && classes[c] == "":
			return fmt.Errorf("form %q: want 9, a, A, h or H between angle brackets, not %c", f.text, c)
		}
	}
	if in {
		return fmt.Errorf("form %q: want a closing angle bracket", f.text)
	}
	return nil
}

// fill makes one value. A number does not begin with a zero.
func (f form) fill(r *rand.Rand) string {
	var b strings.Builder
	b.Grow(len(f.text))
	in := false
	for i := range len(f.text) {
		c := f.text[i]
		switch {
		case !in && c == '<', in && c == '>':
			in = !in
		case in && c == '9' && f.text[i-1] == '<':
			b.WriteByte(classes[c][1+r.IntN(9)])
		case in:
			b.WriteByte(classes[c][r.IntN(len(classes[c]))])
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// sample is the same value each time.
func (f form) sample() string { return f.fill(rand.New(rand.NewPCG(2, 11))) }

// Values makes the values of one session that a server invents: ids, counters,
// stamps. It keeps each as long as the server does: Gmail says one id from the
// greeting to the last reply, Postfix has a queue id per message. It is not safe
// for concurrent use, as a session has one turn at a time.
type Values struct {
	profile *Profile
	rand    *rand.Rand
	kept    map[string]string
}

// Values starts a session. With the same source of randomness it makes the same
// values.
func (p *Profile) Values(src rand.Source) *Values {
	return &Values{profile: p, rand: rand.New(src), kept: make(map[string]string)}
}

// New gives the value of a kind, for [Vars].
func (v *Values) New(kind string) string {
	f, ok := v.profile.values[kind]
	if !ok {
		f = form{"<aaaaaaaaaaaa>", perReply} // no reply of the profile asks for it
	}
	if s, ok := v.kept[kind]; ok {
		return s
	}
	s := f.fill(v.rand)
	if f.per != perReply {
		v.kept[kind] = s
	}
	return s
}

// NextMessage forgets what belonged to the last transaction.
func (v *Values) NextMessage() {
	for kind := range v.kept {
		if v.profile.values[kind].per == perMessage {
			delete(v.kept, kind)
		}
	}
}
