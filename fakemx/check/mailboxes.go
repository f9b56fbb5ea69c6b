package check

// mailboxes counts the addresses of a From field, or says why it is malformed. It
// takes what RFC 5322 section 3.4 has, the obsolete forms of section 4.4 with it
// (routes, empty places in a list, dots in names), and groups (RFC 6854). A field
// whose groups are empty names nobody, and counts as malformed.
func mailboxes(value []byte) (n int, bad string) {
	l := lexer{rest: value}
	group := false
	for {
		l.cfws()
		start := l
		switch {
		case len(l.rest) == 0:
			return ending(n, group, l.bad)
		case l.take(','):
			continue
		case group && l.take(';'):
			group = false
			l.between(group)
			continue
		}
		l.phrase()
		switch {
		case l.take('<'):
			l.angle()
		case l.peek() == '@':
			l = start
			l.addrSpec()
		case !group && l.take(':'):
			group = true
			continue
		default:
			l.fail("an address has no @")
			continue
		}
		n++
		l.between(group)
	}
}

// ending judges what is there at the end.
func ending(n int, group bool, bad string) (int, string) {
	switch {
	case bad != "":
		return 0, bad
	case group:
		return 0, "a group does not end"
	case n == 0:
		return 0, "it has no address"
	}
	return n, ""
}

// between wants the end of an address: a comma, the end, or that of the group.
func (l *lexer) between(group bool) {
	l.cfws()
	if c := l.peek(); len(l.rest) > 0 && c != ',' && (!group || c != ';') {
		l.fail("something stands behind an address")
	}
}

// phrase skips a display name, or the local part of an address without one.
func (l *lexer) phrase() {
	for {
		l.cfws()
		if !l.take('.') && !l.word() {
			return
		}
	}
}

// angle takes an address after its "<", with a route before it (RFC 5322 section
// 4.4), to its ">".
func (l *lexer) angle() {
	l.cfws()
	if c := l.peek(); c == '@' || c == ',' {
		l.route()
	}
	l.addrSpec()
	l.cfws()
	if !l.take('>') {
		l.fail("an angle bracket does not end")
	}
}

func (l *lexer) route() {
	for !l.take(':') {
		switch {
		case l.take(','):
		case l.take('@'):
			l.domain()
		default:
			l.fail("a route does not end with a colon")
			return
		}
		l.cfws()
	}
}

// addrSpec takes local-part "@" domain (section 3.4.1).
func (l *lexer) addrSpec() {
	for {
		l.cfws()
		if !l.word() {
			l.fail("an address has no local part, or not a whole one")
			return
		}
		l.cfws()
		if !l.take('.') {
			break
		}
	}
	if !l.take('@') {
		l.fail("an address has no @")
		return
	}
	l.domain()
}

// domain takes atoms joined by dots, or a literal.
func (l *lexer) domain() {
	l.cfws()
	if l.take('[') {
		l.literal()
		return
	}
	for {
		l.cfws()
		if l.atom() == "" {
			l.fail("an address has no domain, or not a whole one")
			return
		}
		l.cfws()
		if !l.take('.') {
			return
		}
	}
}

// literal takes what follows the opening bracket.
func (l *lexer) literal() {
	for !l.take(']') {
		switch c := l.peek(); {
		case len(l.rest) == 0, c == '[', c == '\\':
			l.fail("a domain in square brackets does not end")
			return
		default:
			l.take(c)
		}
	}
}
