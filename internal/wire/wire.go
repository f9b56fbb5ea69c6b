// Package wire holds what the runner and the two programs inside a lab say to
// each other. A lab is two containers: the node, which is the pretend internet
// (DNS server and receivers), and the mail system under test. The runner is
// attached to the standard input and output of the first process of each. On
// standard input it writes one JSON value a line: first the [Plan] or the
// [Setup], then [Command]s. On standard output it reads [Event]s, one a line.
//
// When standard input ends the program ends too, and with it the container: a
// runner that is killed leaves nothing running.
package wire

import (
	"net/netip"
	"time"

	"strictmx/internal/mail"
)

// A Side is one of the two programs of a lab.
type Side string

const (
	Node       Side = "node"
	MailSystem Side = "mail system"
)

// A Plan is the pretend internet of one case.
type Plan struct {
	Host      Host         `json:"host"`
	DNS       []netip.Addr `json:"dns"` // addresses of the DNS server
	Zones     []ZoneText   `json:"zones"`
	Faults    []Fault      `json:"faults,omitempty"`
	Receivers []Receiver   `json:"receivers"`
	// Profiles are the texts of the scenario's own profiles by file name.
	Profiles map[string]string `json:"profiles,omitempty"`
	// Elsewhere are the addresses of another host on the internet, from which
	// messages are sent in by SMTP.
	Elsewhere []netip.Addr `json:"elsewhere,omitempty"`
}

// A Host is the machine of the mail system under test. An address that it does
// not have is the zero value.
type Host struct {
	Name string     `json:"name"`
	IPv4 netip.Addr `json:"ipv4"`
	IPv6 netip.Addr `json:"ipv6"`
}

// Addrs returns the addresses that the host has.
func (h Host) Addrs() []netip.Addr {
	var out []netip.Addr
	for _, a := range []netip.Addr{h.IPv4, h.IPv6} {
		if a.IsValid() {
			out = append(out, a)
		}
	}
	return out
}

// A ZoneText is a fragment of DNS data.
type ZoneText struct {
	Origin string `json:"origin"` // "example.com."; empty for PTR data in the form of a hosts file
	File   string `json:"file"`   // for error messages
	Line   int    `json:"line"`   // line of File at which Text begins; 0 counts as 1
	Text   string `json:"text"`
	// Default marks records that are added only where the scenario's own data has
	// none of that owner and type.
	Default bool `json:"default,omitempty"`
	Signed  bool `json:"signed,omitempty"` // answers carry the AD bit
}

// A Fault makes the DNS server misbehave for a name.
type Fault struct {
	Name  string        `json:"name" yaml:"name"`
	Type  string        `json:"type" yaml:"type"`   // empty: every type
	Fault string        `json:"fault" yaml:"fault"` // servfail, refused, nxdomain, timeout, delay, truncate, wrong-id
	Delay time.Duration `json:"delay,omitempty" yaml:"delay"`
	Times int           `json:"times,omitempty" yaml:"times"` // heals after so many answers; 0: never
}

// A Receiver is one receiving mail system with all its addresses.
type Receiver struct {
	Name    string   `json:"name"`    // unique in the plan: "gmail"
	Profile string   `json:"profile"` // "gmail@2014"; for messages see also Plan.Profiles
	Domains []string `json:"domains"` // recipient domains whose MX it is
	// Hosts are the receiver's MX hosts, most preferred first.
	Hosts []MXHost `json:"hosts"`
	// Down are addresses at which connections are refused at once, Silent those
	// at which nothing answers.
	Down   []netip.Addr `json:"down,omitempty"`
	Silent []netip.Addr `json:"silent,omitempty"`
	Keep   bool         `json:"keep,omitempty"` // attempts carry the message's content
	// AsIf is the address at which the receiver believes the client to be, where
	// a case says so; the zero value means the peer's.
	AsIf netip.Addr `json:"as_if,omitzero"`

	// Listed are the entries of the receiver's own lists by their names; Unknown and
	// Full are recipients, or all of a domain as "@example.org".
	Listed  map[string][]string `json:"listed,omitempty"`
	Unknown []string            `json:"unknown,omitempty"`
	Full    []string            `json:"full,omitempty"`
	Force   []Force             `json:"force,omitempty"`
}

// A Force makes a receiver refuse by a rule of its profile whatever it sees.
type Force struct {
	Rule  string `json:"rule"`
	Times int    `json:"times,omitempty"` // for one sender, recipient and client network; 0: always
}

// An MXHost is one MX host of a receiver.
type MXHost struct {
	Name  string       `json:"name"` // with final dot
	Pref  uint16       `json:"pref"`
	Addrs []netip.Addr `json:"addrs"`
}

// A Setup is the mail system under test before it starts.
type Setup struct {
	Hostname string `json:"hostname"`
	// Files are put below /etc/postfix ("main.cf", "virtual", ...), whole and
	// merged, or elsewhere if the name begins with a slash.
	Files map[string]string `json:"files"`
	// Maps are sources of tables to build with postmap before the start:
	// "hash:virtual". Names are relative to /etc/postfix.
	Maps []string `json:"maps,omitempty"`
	// Aliases tells to run newaliases.
	Aliases bool         `json:"aliases,omitempty"`
	DNS     []netip.Addr `json:"dns"` // for resolv.conf, inside the chroot too
	// Hold tells to check everything and then to wait for [OpStart], for the
	// addresses may not be there yet.
	Hold bool `json:"hold,omitempty"`
}

// A Command is an order during a case. ID is chosen by the runner and comes back
// in the [Event] that says how it went.
type Command struct {
	ID int    `json:"id"`
	Op string `json:"op"` // one of the Op constants
	// Message is for OpSubmit and OpSend.
	Message *Message `json:"message,omitempty"`
	// Plan and Setup are for OpFresh: the one for the node, the other for the mail
	// system.
	Plan  *Plan  `json:"plan,omitempty"`
	Setup *Setup `json:"setup,omitempty"`
	// Ahead is for OpClock, in nanoseconds.
	Ahead time.Duration `json:"ahead,omitempty"`
}

// The operations. OpSubmit, OpFlush and OpQueue are for the mail system, OpSend
// and OpClock for the node, OpSync and OpStop for both.
const (
	OpSubmit = "submit" // hand Message to sendmail(1)
	OpFlush  = "flush"  // postqueue -f
	OpQueue  = "queue"  // answer with what postqueue -j prints
	OpSend   = "send"   // send Message by SMTP from elsewhere to the host
	OpClock  = "clock"  // set the receivers' clock to as much as Ahead before the time of day
	OpSync   = "sync"   // do nothing: when it is done, all that came before was told
	OpStop   = "stop"
	OpStart  = "start" // go on with a set-up that was to hold
	OpFresh  = "fresh" // for a container that is kept: begin a lab with Plan or Setup
	OpEnd    = "end"   // for a container that is kept: end that lab
)

// A Message is one message to inject.
type Message struct {
	Index   int      `json:"index"` // of the message in the case
	From    string   `json:"from"`  // envelope sender; empty is the null sender
	To      []string `json:"to"`    // envelope recipients
	Content []byte   `json:"content"`
}

// An Event is one line from the node or the mail system. Exactly one field
// besides Kind and ID is set, according to Kind.
type Event struct {
	Kind     string         `json:"kind"` // one of the Kind constants
	ID       int            `json:"id,omitempty"`
	Log      string         `json:"log,omitempty"`
	Attempt  *mail.Attempt  `json:"attempt,omitempty"`
	Question *mail.Question `json:"question,omitempty"`
	Text     string         `json:"text,omitempty"` // of KindDone and KindReady: what was printed
	Error    *Error         `json:"error,omitempty"`
}

// The kinds of events.
const (
	KindReady    = "ready"    // plan or set-up carried out; the version is in Text
	KindLog      = "log"      // one line of the mail system's log
	KindAttempt  = "attempt"  // a receiver saw a transaction, or a session without one
	KindQuestion = "question" // the DNS server was asked
	KindDone     = "done"     // the command ID was carried out
	KindError    = "error"    // the command ID, or with ID 0 the lab itself, failed
)

// An Error is what stopped a lab, or a command.
type Error struct {
	Kind    string `json:"kind"` // "postfix-config", "postfix-start", "network", "dns", "plan", "submit", "receiver", ...
	Message string `json:"message"`
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
}

func (e *Error) Error() string { return e.Message }
