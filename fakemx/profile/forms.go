package profile

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"strictmx/internal/pattern"
)

// The forms of texts in a table, for those who describe tables: patterns of the whole
// text, see package pattern.
const (
	NameForm  = `[a-z0-9]+(-[a-z0-9]+)*`
	LabelForm = `[a-z0-9]+([-.][a-z0-9]+)*`
	// RangeForm is that of a label, or of labels from one to another; an open end is
	// the first or the last.
	RangeForm = `(` + LabelForm + `)?(\.\.(` + LabelForm + `)?)?`
	// HostForm is without the final dot that exchangers have.
	HostForm  = hostLabel + `(\.` + hostLabel + `)*`
	hostLabel = `[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?`
	// ExtensionForm is the grammar of RFC 5321 section 4.1.1.1. One that has the form
	// SizedForm has SizeForm as well, that of RFC 1870 section 4 for sizes of 63 bits
	// and less.
	ExtensionForm = `[0-9A-Za-z][0-9A-Za-z-]*( [!-~]+)*`
	SizedForm     = `[sS][iI][zZ][eE]( [!-~]+)*`
	SizeForm      = `[sS][iI][zZ][eE]( [0-9]{1,18})?`
	// ControlForm is a character that no text for people has.
	ControlForm = `[\x00-\x08\x0b-\x1f\x7f-\x9f]`
	// SeenForm is something in every text that says when words were seen: a year, or
	// that none is known. UnseenForm is in none: a month or a day that there is not.
	SeenForm   = `\b[0-9]{4}|^undated( |$)`
	UnseenForm = `\b[0-9]{4}-(00|1[3-9]|[2-9][0-9]|[0-9]|[0-9]{2}-(00|3[2-9]|[4-9][0-9]|[0-9]))([^0-9]|$)`
)

var (
	nameForm  = regexp.MustCompile(pattern.Any(NameForm))
	labelForm = regexp.MustCompile(pattern.Any(LabelForm))
	hostname  = regexp.MustCompile(pattern.Any(HostForm))
	hostForm  = regexp.MustCompile(pattern.Any(HostForm + `\.`)) // with final dot
	ehloLine  = regexp.MustCompile(pattern.Any(ExtensionForm))
	sizeWord  = regexp.MustCompile(pattern.Any(SizedForm))
	sizeLine  = regexp.MustCompile(pattern.Any(SizeForm))
	control   = regexp.MustCompile(ControlForm)
)

// The least and the most of numbers in a table. Less than 40 columns leave no room
// beside code and status; 510 is what RFC 5321 section 4.5.3.1.5 allows.
const (
	MinColumns = 40
	MaxColumns = maxLine
	MaxTimes   = 1000
)

// Parts of replies.
const (
	replyEnd = `( |\n|$)`
	dotted   = `[0-9]+\.[0-9]+\.[0-9]+`
	// AgainForm is a code at the beginning of a later line, which no reply has.
	AgainForm = `\n[2-5][0-9][0-9][- ]`
	// DottedReply is a reply that has something like a status, right or wrong.
	DottedReply = `^[2-5][0-9][0-9] ` + dotted + replyEnd
	// MistypedReply is one with a status that lacks a number, or has a letter for a digit.
	// Other words that are like a status, such as 5.7.1 with a colon, are text: servers
	// say them.
	MistypedReply = `^[2-5][0-9][0-9] [245]\.([0-9]+|` + digits + `\.` + mistyped + `|` + mistyped + `\.` + digits + `)` + replyEnd
	digits        = `[0-9OolI]+`
	mistyped      = `[0-9]*[OolI][0-9OolI]*`
)

// ReplyForm is that of a reply with a code of some classes, and StatusReply of one that
// has a status of its class as well.
func ReplyForm(classes string) string { return `^[` + classes + `][0-9][0-9]` + replyEnd }

// StatusReply is described at [ReplyForm].
func StatusReply(classes string) string {
	var each []string
	for _, c := range classes {
		each = append(each, fmt.Sprintf("%c[0-9][0-9] %s", c, pattern.Status(string(c))))
	}
	return `^(` + strings.Join(each, "|") + `)` + replyEnd
}

// BareForm is that of an extension with parameters whose keyword has none.
func BareForm() string {
	var each []string
	for _, k := range bareKeywords {
		each = append(each, pattern.Caseless(k))
	}
	return `(` + strings.Join(each, "|") + `)( [!-~]+)+`
}

// Refusals are the classes that the reply of a rule can have.
const Refusals = "45"

// PhraseClass is the class of a reply of the dialogue, as its first digit.
func PhraseClass(name string) string {
	i := slices.IndexFunc(phrases, func(ph phrase) bool { return ph.name == name })
	return string(phrases[i].class)
}

// Scopes are how long a value can stay the same.
func Scopes() []string { return slices.Clone(scopes) }

// ValueForm is that of the form of a value.
func ValueForm() string {
	letters := slices.Sorted(maps.Keys(classes))
	return `([ -;=-~]|<[` + string(letters) + `]*>)*`
}

// Placeholders are those that every table has, whose names its values cannot have.
func Placeholders() []string { return slices.Sorted(maps.Keys(placeholders)) }
