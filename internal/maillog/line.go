// Package maillog reads the mail log of Postfix 3.5 and newer: single lines
// ([ParseLine]), status= lines ([ParseDelivery]), and whole logs, in which it
// follows messages and the notices about them ([Tracker]). It neither waits nor
// reads files, and other programs' lines are no concern of it.
package maillog

import (
	"strconv"
	"strings"
	"time"
)

// The severities with which Postfix begins the text of a line. Lines for
// information have none.
const (
	Warning = "warning" // msg_warn(3)
	Error   = "error"   // msg_error(3)
	Fatal   = "fatal"   // msg_fatal(3): the program ends
	Panic   = "panic"   // msg_panic(3): an inconsistency; the program ends
)

// NoQueue stands where a queue id would, in lines about mail that has none.
const NoQueue = "NOQUEUE"

// A Line is one line of a Postfix program. Parts that the line lacks are empty.
type Line struct {
	Time     string // as written: "Nov 24 06:05:15", or RFC 3339
	Host     string
	Service  string // syslog_name with the service's own name: "postfix", "postfix/submission"
	Program  string // "smtp", "qmgr"
	PID      int
	Severity string // Warning, Error, Fatal, Panic or empty
	QueueID  string // or NoQueue
	Text     string // what follows
}

// ParseLine reads a line in the form of syslog (RFC 3164 section 4.1, without
// priority), with RFC 3339 times as rsyslog writes them, or without time and host,
// as programs write to standard error. It tells false for lines of other programs:
// the tag must be "postfix" or be made of two or more names, as in "mta/smtp[1]:".
func ParseLine(line string) (Line, bool) {
	line = strings.TrimRight(line, "\r\n")
	var l Line
	if when, rest, ok := cutTime(line); ok {
		host, after, found := strings.Cut(rest, " ")
		if !found {
			return Line{}, false
		}
		l.Time, l.Host, line = when, host, after
	}
	text, ok := l.tag(line)
	if !ok {
		return Line{}, false
	}
	for _, s := range []string{Warning, Error, Fatal, Panic} {
		if after, ok := strings.CutPrefix(text, s+": "); ok {
			l.Severity, text = s, after
			break
		}
	}
	if id, after, ok := strings.Cut(text, ": "); ok && isQueueID(id) {
		l.QueueID, text = id, after
	}
	l.Text = text
	return l, true
}

// cutTime takes the time from the beginning of a line.
func cutTime(line string) (when, rest string, ok bool) {
	const stamp = len(time.Stamp)
	if len(line) > stamp && line[stamp] == ' ' {
		if _, err := time.Parse(time.Stamp, line[:stamp]); err == nil {
			return line[:stamp], line[stamp+1:], true
		}
	}
	when, rest, ok = strings.Cut(line, " ")
	if !ok {
		return "", "", false
	}
	for _, layout := range []string{time.RFC3339, shortISO} {
		if _, err := time.Parse(layout, when); err == nil {
			return when, rest, true
		}
	}
	return "", "", false
}

// shortISO is how journalctl writes times when asked for short-iso.
const shortISO = "2006-01-02T15:04:05-0700"

// tag reads "name/name[pid]: " and returns what follows.
func (l *Line) tag(s string) (string, bool) {
	tag, text, ok := strings.Cut(s, ": ")
	if !ok || strings.ContainsAny(tag, " \t") {
		return "", false
	}
	if name, number, ok := strings.Cut(tag, "["); ok {
		digits, closed := strings.CutSuffix(number, "]")
		pid, err := strconv.ParseUint(digits, 10, 31)
		if !closed || err != nil {
			return "", false
		}
		tag, l.PID = name, int(pid)
	}
	i := strings.LastIndexByte(tag, '/')
	if i < 0 {
		l.Program = tag
		return text, tag == "postfix" || strings.HasPrefix(tag, "postfix-")
	}
	l.Service, l.Program = tag[:i], tag[i+1:]
	return text, l.Service != "" && l.Program != ""
}

// isQueueID tells a queue id: a short one is five hexadecimal digits of
// microseconds and the inode number; a long one (enable_long_queue_ids) is written
// with digits and consonants, and "z" before the inode number.
func isQueueID(s string) bool {
	switch {
	case s == NoQueue:
		return true
	case len(s) < 6 || len(s) > 40:
		return false
	case strings.Trim(s, "0123456789ABCDEF") == "":
		return true
	}
	return strings.Trim(s, longIDChars) == "" && strings.LastIndexByte(s, 'z') >= 10
}

const longIDChars = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"

// String writes the line in the form that it was read from.
func (l Line) String() string {
	var b strings.Builder
	if l.Time != "" {
		b.WriteString(l.Time + " " + l.Host + " ")
	}
	if l.Service != "" {
		b.WriteString(l.Service + "/")
	}
	b.WriteString(l.Program)
	if l.PID != 0 {
		b.WriteString("[" + strconv.Itoa(l.PID) + "]")
	}
	b.WriteString(": ")
	if l.Severity != "" {
		b.WriteString(l.Severity + ": ")
	}
	if l.QueueID != "" {
		b.WriteString(l.QueueID + ": ")
	}
	b.WriteString(l.Text)
	return b.String()
}

// At is the time of the line in UTC, or the zero value if it has none. The form
// of syslog has no year: the one is taken that brings the time closest to near.
func (l Line) At(near time.Time) time.Time {
	for _, layout := range []string{time.RFC3339, shortISO} {
		if t, err := time.Parse(layout, l.Time); err == nil {
			return t.UTC()
		}
	}
	t, err := time.Parse(time.Stamp, l.Time)
	if err != nil {
		return time.Time{}
	}
	var best time.Time
	for _, year := range []int{near.Year() - 1, near.Year(), near.Year() + 1} {
		c := time.Date(year, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
		if best.IsZero() || c.Sub(near).Abs() < best.Sub(near).Abs() {
			best = c
		}
	}
	return best
}
