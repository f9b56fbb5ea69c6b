package check

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// badDate says why the body of a Date field is no date-time (RFC 5322 section 3.3), or
// nothing. Obsolete forms are taken (section 4.3): years of two and three digits, named
// zones, and comments between all parts. The parts have to make sense, as section 3.3
// demands: the day of the week is that of the date.
func badDate(value []byte) string {
	l := lexer{rest: value}
	l.cfws()
	if l.bad == "" && len(l.rest) == 0 {
		return "it is empty"
	}
	weekday := ""
	if letter(l.peek()) {
		weekday = strings.ToLower(l.letters())
		if !slices.Contains(weekdays, weekday) {
			l.fail(fmt.Sprintf("%q is no day of the week", weekday))
		}
		l.cfws()
		if !l.take(',') {
			l.fail("there is no comma after the day of the week")
		}
	}
	day := l.number("day", 1, 2)
	l.cfws()
	name := l.letters()
	month := time.Month(slices.Index(months, strings.ToLower(name)) + 1)
	if month == 0 {
		l.fail(fmt.Sprintf("%q is no month", name))
	}
	year := l.year()
	date := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	switch {
	case l.bad != "":
	case date.Day() != day:
		l.fail(fmt.Sprintf("%s has no day %d", month, day))
	case weekday != "" && weekday != strings.ToLower(date.Weekday().String()[:3]):
		l.fail(fmt.Sprintf("%s is a %s", date.Format("2 January 2006"), date.Weekday()))
	}
	l.timeOfDay()
	l.zone()
	l.cfws()
	if len(l.rest) > 0 {
		l.fail("something stands behind it")
	}
	return l.bad
}

var (
	weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
	months   = []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}
	zones    = []string{"ut", "gmt", "est", "edt", "cst", "cdt", "mst", "mdt", "pst", "pdt"} // section 4.3
)

// letters takes a word of at most 9 letters, which is longer than any that is wanted.
func (l *lexer) letters() string {
	n := 0
	for n < len(l.rest) && n < 9 && letter(l.rest[n]) {
		n++
	}
	s := string(l.rest[:n])
	l.rest = l.rest[n:]
	return s
}

// number takes some digits.
func (l *lexer) number(what string, least, most int) int {
	l.cfws()
	v, n := 0, 0
	for n < len(l.rest) && n <= most && digit(l.rest[n]) {
		v = v*10 + int(l.rest[n]-'0')
		n++
	}
	if n < least || n > most {
		l.fail(fmt.Sprintf("the %s has not %d to %d digits", what, least, most))
		return 0
	}
	l.rest = l.rest[n:]
	return v
}

// year takes four digits or more; of two and three the century is that of section 4.3.
func (l *lexer) year() int {
	l.cfws()
	before := len(l.rest)
	y := l.number("year", 2, 5)
	switch digits := before - len(l.rest); {
	case l.bad != "":
		return 0
	case digits == 3 || digits == 2 && y >= 50:
		return y + 1900
	case digits == 2:
		return y + 2000
	case y < 1900:
		l.fail("the year is before 1900")
	}
	return y
}

// timeOfDay takes hours and minutes, and seconds if there are any.
func (l *lexer) timeOfDay() {
	hour := l.number("hour", 2, 2)
	l.cfws()
	if !l.take(':') {
		l.fail("there is no colon after the hour")
	}
	minute, second := l.number("minute", 2, 2), 0
	l.cfws()
	if l.take(':') {
		second = l.number("second", 2, 2)
	}
	if hour > 23 || minute > 59 || second > 60 {
		l.fail(fmt.Sprintf("there is no time %02d:%02d:%02d", hour, minute, second))
	}
}

// zone takes a sign and four digits, or a name.
func (l *lexer) zone() {
	l.cfws()
	if l.take('+') || l.take('-') {
		// White space may not follow the sign.
		if !digit(l.peek()) {
			l.fail("the zone has not four digits")
		}
		if v := l.number("zone", 4, 4); v%100 > 59 {
			l.fail("the zone has more than 59 minutes")
		}
		return
	}
	name := strings.ToLower(l.letters())
	if slices.Contains(zones, name) || len(name) == 1 && name != "j" {
		return // one letter is a military zone
	}
	if name == "" {
		l.fail("there is no zone")
		return
	}
	l.fail(fmt.Sprintf("%q is no zone", name))
}
