package scenarios

import (
	"slices"
	"strings"

	"strictmx/internal/mail"
	"strictmx/internal/pattern"
)

// The forms of texts in scenario.yaml, for those who describe it: patterns of the whole
// text, see package pattern.
const (
	DomainForm = nameLabel + `(\.` + nameLabel + `)*`
	// FullNameForm is a domain of more labels than one.
	FullNameForm = nameLabel + `(\.` + nameLabel + `)+`
	nameLabel    = mail.LabelForm
	// MailboxForm is LOCAL@DOMAIN, DomainForm being one form of the domain and an address
	// literal another, and AllForm stands for all mailboxes of a domain.
	MailboxForm = LocalForm + `@(` + DomainForm + `|\[(` + pattern.IPv4 + `|IPv6:` + pattern.IPv6 + `)\])`
	AllForm     = `@` + DomainForm
	// LocalForm is a mailbox without a domain.
	LocalForm  = `(` + atomForm + `(\.` + atomForm + `)*|` + quotedForm + `)`
	atomForm   = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
	quotedForm = `"([ !#-\[\]-~]|\\[ -~])*"`
	// FaultNameForm is whose answers can be wrong, beside addresses.
	FaultNameForm = `(\*|(\*\.)?` + DomainForm + `\.?)`
	NumericForm   = `(.*\.)?[0-9]+`

	ShortNameForm = `[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?`
	ProfileForm   = profileForm + `(@[a-z0-9][a-z0-9.-]*)?`
	profileForm   = `[a-z0-9][a-z0-9-]*`
	RuleForm      = `(` + profileForm + `/)?` + profileForm
	ListForm      = `[a-z0-9]+(-[a-z0-9]+)*`
	// ReceiverForm is a name that a receiver has, be it that of its profile.
	ReceiverForm = `(` + ShortNameForm + `|` + profileForm + `)`

	// RangeForm is MAX, MIN..MAX, MIN.. or ..MAX, in seconds.
	RangeForm   = pattern.Blanks + `(` + secondsForm + `|` + secondsForm + between + `(` + secondsForm + `)?|` + between + secondsForm + `)` + pattern.Blanks
	secondsForm = `[0-9]{1,9}(\.[0-9]{1,9})?`
	between     = pattern.Blanks + `\.\.` + pattern.Blanks
)

// MessageFolder begins the path of every message.
const MessageFolder = "messages/"

// Longest texts, in characters.
const (
	MaxDomain  = mail.MaxDomain
	MaxMailbox = 254
)

// TypeForm is that of a record type.
func TypeForm() string {
	each := make([]string, len(recordTypes))
	for i, t := range recordTypes {
		each[i] = pattern.Caseless(t)
	}
	return `(` + strings.Join(each, "|") + `|` + pattern.Caseless("type") + `[0-9]{1,5})`
}

// Outcomes are the words for them.
func Outcomes() []string { return slices.Clone(outcomes) }

// StatusClasses are the classes of the statuses with which an outcome comes.
func StatusClasses(o mail.Outcome) string { return classes[o] }

var classes = map[mail.Outcome]string{mail.Sent: "2", mail.Deferred: "4", mail.Bounced: "45"}

// FaultNames are what can be wrong with an answer. With [Delay] it is late.
func FaultNames() []string { return slices.Clone(faultNames) }

// Delay is the fault that wants to know how long.
const Delay = "delay"

// Actions are those of a delivery notice.
func Actions() []string { return slices.Clone(actions) }

// Ways are how a message is given to the mail system; the first if none is given.
func Ways() []string { return slices.Clone(ways) }

var ways = []string{"sendmail", "smtp"}

// Folders are where a scenario's files are, which no case is called by.
func Folders() []string { return slices.Clone(folders) }

// Reserved are names that no receiver is given.
func Reserved() []string { return slices.Clone(reserved) }
