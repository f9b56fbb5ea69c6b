package mail

import (
	"net/netip"
	"time"
)

// An Outcome is what became of a recipient, in the words of Postfix's log.
type Outcome string

const (
	Sent     Outcome = "sent"     // RFC 3464 action "relayed" or "delivered"
	Deferred Outcome = "deferred" // RFC 3464 action "delayed"
	Bounced  Outcome = "bounced"  // RFC 3464 action "failed"; includes "expired"
)

// An Attempt is one transaction, or a session that ended before one, as the
// receiver saw it.
type Attempt struct {
	Message    int        `json:"message"` // index of the message in the case; -1 if not one of the case's
	Step       int        `json:"step"`
	Time       time.Time  `json:"time"`
	Receiver   string     `json:"receiver"`       // "gmail@2014"
	Name       string     `json:"name,omitempty"` // what the scenario calls it, if not by its profile's name
	Server     netip.Addr `json:"server"`         // address of the receiver that was connected to
	Recipients []string   `json:"recipients"`
	From       string     `json:"from"` // MAIL FROM; empty is the null sender
	Client     netip.Addr `json:"client"`
	Helo       string     `json:"helo"`
	TLS        string     `json:"tls"` // "" or "TLSv1.3"
	Stage      Stage      `json:"stage"`
	Rule       string     `json:"rule"`  // "gmail/ptr-missing"; empty if no rule refused
	Reply      []string   `json:"reply"` // the deciding reply's lines
	// Fault is what is wrong with the receiver itself, which it answered with 421 or
	// 451: a check that broke, a reply that cannot be rendered. Empty is nothing.
	Fault   string   `json:"fault,omitempty"`
	Results []Result `json:"results"`
	// Transcript has how the session began and the transaction, "S: 220 ..." and
	// "C: EHLO ...", and in the place of earlier transactions "[12 lines left out]".
	Transcript []string `json:"transcript,omitempty"`
	MessageID  string   `json:"message_id,omitempty"` // content of the Message-ID field, without angle brackets
	Content    []byte   `json:"content,omitempty"`    // the message as received, only where it is captured
}

// A Delivery is one status= line of Postfix's mail log.
type Delivery struct {
	Message   int       `json:"message"`
	Step      int       `json:"step"`
	Time      time.Time `json:"time"`
	QueueID   string    `json:"queue_id"`
	Recipient string    `json:"recipient"`
	OrigTo    string    `json:"orig_to"`
	Outcome   Outcome   `json:"outcome"`
	Status    Status    `json:"status"` // dsn=, which may differ from what the receiver said
	Expired   bool      `json:"expired"`
	Delay     float64   `json:"delay"` // seconds from arrival to this outcome
	Relay     *Relay    `json:"relay"` // nil for relay=none and for local programs
	Text      string    `json:"text"`  // between the parentheses
	// Cut tells that the log does not have all of the text: Postfix ends a record at
	// 2,000 octets. What Text has beyond is from the receiver's own record.
	Cut   bool  `json:"cut,omitempty"`
	Tries []Try `json:"tries"` // what failed before, at other addresses, in the same delivery
}

// A Relay is the server that took or refused a delivery.
type Relay struct {
	Host string     `json:"host"`
	Addr netip.Addr `json:"addr"`
	Port uint16     `json:"port"`
}

// A Try is a log line without to= and status= after which Postfix went on to
// another address.
type Try struct {
	Host string     `json:"host"`
	Addr netip.Addr `json:"addr"`
	Text string     `json:"text"`
	Cut  bool       `json:"cut,omitempty"` // as that of a Delivery
}
