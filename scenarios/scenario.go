// Package scenarios loads scenario files: a pretend internet, the mail system's
// configuration, the messages to send, and what must become of them. A scenario is
// a file tree, written as one txtar archive or as a directory; docs/scenario-format.md
// is its reference. Loading checks everything that needs no DNS parser and no more of
// profiles than their names, and reports every fault with file and line.
package scenarios

import (
	"net/netip"
	"time"

	"strictmx/internal/mail"
)

// A Scenario is one scenario.yaml with the files beside it.
type Scenario struct {
	Name      string // file name without .txtar, or the directory's name
	Path      string // as given to the loader, for messages
	Title     string
	About     string // text before the first file of the archive, or README of the directory
	Host      Host
	Receivers []Receiver
	Cases     []Case
}

// A Host is the machine whose mail system is tested. An address that it does not
// have is the zero value.
type Host struct {
	Name string
	IPv4 netip.Addr
	IPv6 netip.Addr
}

// A Receiver is one receiving mail system.
type Receiver struct {
	Name    string   // unique in the scenario; by default the profile's name without its label
	Profile string   // "gmail@2014"
	Domains []string // recipient domains for which it is the MX, lower case
	Hosts   []MXHost // in the place of those of the profile; empty is those
	Seed    Seed     // what every case tells it; a case's own is in [Case.Seeds]
	At      Position // of the profile's name in scenario.yaml
}

// An MXHost is a host that a receiver's MX records name.
type MXHost struct {
	Name  string // lower case, without the final dot
	Pref  uint16
	Addrs []netip.Addr
	At    Position // of the name
}

// A Case is one run of the scenario's world with the case's files added to it.
type Case struct {
	Name        string
	About       string
	Cures       string // name of the baseline case that this one cures; empty if none
	FailsToCure string // name of the baseline case that this one does not cure
	Messages    []Message
	Down        []Endpoint // addresses that refuse connections
	Silent      []Endpoint // addresses that do not answer
	Faults      []Fault
	// Seeds are what receivers are told beforehand, by name: the scenario's and the
	// case's own together. Who is told nothing is left out.
	Seeds map[string]Seed
	// Waits part the case into steps. Step 0 is before the first one; each begins
	// when, by the receivers' clock, so much time has passed since all mail of the
	// one before had an outcome.
	Waits []time.Duration
	Want  []Want
	DSN   []DSN    // delivery notices that must reach the sender
	NoDSN bool     // no delivery notice may reach anybody
	At    Position // of the name in scenario.yaml

	// Files holds every file of the case, base and case merged, by path below the
	// scenario ("postfix/main.cf", "dns/example.com.zone").
	Files map[string]File
	// Added are the files of the case's own section, as written. They are the cure.
	Added []Fragment
}

// A File is one file of a case's world.
type File struct {
	// Fragments are the parts in the order in which they apply: the base's unless
	// it is replaced, then the case's.
	Fragments []Fragment
	// Text is the parts merged: settings of main.cf by name, entries of master.cf
	// by name and type, other files one after the other. It is empty for files
	// below dns/, whose fragments are parsed one by one.
	Text string
}

// A Fragment is a part of a file as it was written.
type Fragment struct {
	Path    string // below the scenario or the case's section: "dns/ptr"
	Text    string
	At      Position // of its first line
	Replace bool     // takes the base file's place instead of adding to it
}

// A Position is a place in a scenario's files.
type Position struct {
	File string
	Line int // 1 is the first; 0 means the file as a whole
}

// A Message is one message to send.
type Message struct {
	From    string // envelope sender; empty is the null sender
	To      []string
	Via     string // "sendmail" (in the mail system's container) or "smtp" (from elsewhere on the internet)
	Step    int    // in which it is sent
	Content []byte // CR LF line ends; made up where the scenario gives none
}

// An Endpoint names addresses of a receiver.
type Endpoint struct {
	Receiver string
	Family   string     // "ipv4", "ipv6", or empty for both
	Addr     netip.Addr // a single address instead, if valid
}

// A Fault makes the DNS answer wrongly for a name.
type Fault struct {
	Name  string
	Type  string // empty: every type
	Fault string // servfail, refused, nxdomain, timeout, delay, truncate, wrong-id
	Delay time.Duration
	Times int // heals after so many answers; 0: never
	At    Position
}

// A Want is what must become of a recipient. What is not written is not compared.
type Want struct {
	To       string // recipient it speaks of; empty: each recipient of each message
	Message  int    // index; -1: any
	Step     *int   // what is wanted at the end of this step; nil: at the end of the case
	Outcome  mail.Outcome
	Status   mail.Status // Postfix's dsn=, zero if not written
	Stage    *mail.Stage
	Rule     string // "gmail/ptr-missing", or without the profile's name
	Client   string // "ipv4", "ipv6", or an address as netip writes it
	Reply    string // text that the deciding reply contains, blanks collapsed
	Text     string // text that Postfix's log line contains, blanks collapsed
	Receiver string // name of the receiver that decided
	Attempts *int   // number of attempts at receivers, over all addresses
	// Count is of how many of those that the want speaks of all this is true, whichever
	// they are; nil: of each.
	Count   *int
	Seconds *Range // delay= of the log line
	At      Position
}

// A Range is a closed interval; a nil end is open.
type Range struct{ Min, Max *float64 }

// A DSN is a delivery status notification (RFC 3464) that must arrive at the
// sender's own server, exactly once, with exactly these recipients in it.
type DSN struct {
	To         string   // envelope recipient of the notice: the sender
	Recipients []string // its Final-Recipient fields, all of them
	Action     string   // "failed", "delayed", "relayed", ...
	Status     mail.Status
	Diagnostic string // text that each Diagnostic-Code contains, blanks collapsed
	At         Position
}
