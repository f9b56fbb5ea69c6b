package profile

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// A heard is a refusal as a mail system logs it or quotes it in a bounce, taken
// apart.
type heard struct {
	host   string   // the receiver, if the log names it
	code   int      // of the reply; 0 if there is none
	status string   // behind it; empty if there is none
	words  []string // the rest, as wordsOf gives them
}

var (
	// saidBy is what Postfix puts before a reply, as in "host a.example[192.0.2.1]
	// said: ". Without a host it is that of a local server (LMTP).
	saidBy = regexp.MustCompile(`(?:\bhost ([^\s\[]+)\S* )?\b(?:said|refused to talk to me): `)
	// inReply is what Postfix puts behind it.
	inReply = regexp.MustCompile(`\(in reply to`)
	// coded is a field with a reply code, or what a multi-line reply has there.
	coded  = regexp.MustCompile(`^\(?([2-5][0-9][0-9])(?:-(.*))?$`)
	status = regexp.MustCompile(`^[245]\.[0-9]{1,3}\.[0-9]{1,3}$`)
)

// maxHeard bounds the words of a refusal that are looked at. Postfix cuts a record
// at 2000 octets, which has fewer; a bounce message has its reply near the front.
const maxHeard = 1000

// hear takes a text apart. One that begins with a code is a reply and has nothing
// before it to take off: what it says itself may quote another server.
func hear(text string) heard {
	var h heard
	fields := strings.Fields(text)
	text = strings.Join(fields, " ")
	switch m := saidBy.FindStringSubmatchIndex(text); {
	case len(fields) == 0 || coded.MatchString(fields[0]):
	case m != nil:
		if m[2] >= 0 {
			h.host = strings.ToLower(text[m[2]:m[3]])
		}
		text = text[m[1]:]
	default:
		text = strings.Join(fields[foreword(fields):], " ")
	}
	if m := inReply.FindStringIndex(text); m != nil {
		text = text[:m[0]]
	}
	h.code, h.status, text = plainText(text)
	h.words = wordsOf(text)
	h.words = h.words[:min(len(h.words), maxHeard)]
	return h
}

// foreword counts the fields that other mail systems put before a reply: Exim and
// bounces (RFC 3464 section 2.3.6) end them with a colon or semicolon, sendmail has
// an arrow there.
func foreword(fields []string) int {
	for i, f := range fields[1:] {
		if before := fields[i]; coded.MatchString(f) && (before == "<<<" || strings.HasSuffix(before, ":") || strings.HasSuffix(before, ";")) {
			return i + 1
		}
	}
	return 0
}

// plainText takes the codes off that a reply has on each of its lines, and the
// statuses behind them, wherever the lines were joined. It returns the first of each.
func plainText(text string) (code int, st, rest string) {
	var out []string
	behind := false // the field before was a code
	for f := range strings.FieldsSeq(text) {
		if m := coded.FindStringSubmatch(f); m != nil {
			if code == 0 {
				code, _ = strconv.Atoi(m[1]) // three digits
			}
			behind, f = true, m[2]
		}
		if behind && status.MatchString(f) {
			if st == "" && len(out) == 0 {
				st = f
			}
			f = ""
		}
		if f != "" {
			out, behind = append(out, f), false
		}
	}
	return code, st, strings.Join(out, " ")
}

// wordsOf are runs of letters and digits, in lower case: servers break their lines
// within web addresses and before full stops.
func wordsOf(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != anything
	})
}

// anything stands for a placeholder among the words of a template. No text has it:
// it is no character (Unicode 23.7).
const (
	anything     = '\uFDD0'
	anythingWord = string(anything)
)

// filled is a placeholder, with what it makes one word of.
var filled = regexp.MustCompile(`[\pL\pN]*\{[^{}\n]*\}[\pL\pN]*`)

// templateWords are those of a reply of a table. A placeholder becomes anythingWord,
// and takes the letters with it that it makes one word with.
func templateWords(text string) []string {
	text = strings.NewReplacer("{{", " ", "{blank}", " ").Replace(text)
	_, _, text = plainText(filled.ReplaceAllString(text, " "+anythingWord+" "))
	return wordsOf(text)
}
