package check

// badMessageID says why the body of a Message-ID field is not one msg-id (RFC 5322
// section 3.6.4), or nothing. A quoted left side is obsolete and taken (section 4.5.4);
// white space between the angle brackets is not.
func badMessageID(value []byte) string {
	l := lexer{rest: value}
	l.cfws()
	switch {
	case l.bad != "":
		return l.bad
	case len(l.rest) == 0:
		return "it is empty"
	case !l.take('<'):
		return "it does not begin with an angle bracket"
	}
	for {
		if !l.word() {
			l.fail("its left side is empty or has an empty part")
		}
		if !l.take('.') {
			break
		}
	}
	if !l.take('@') {
		l.fail("there is no @ in it")
	}
	if l.take('[') {
		l.literal()
	} else {
		l.dotAtom()
	}
	if !l.take('>') {
		l.fail("its right side does not end with an angle bracket")
	}
	l.cfws()
	if len(l.rest) > 0 {
		l.fail("something stands behind it")
	}
	return l.bad
}

// dotAtom wants atoms joined by dots, without white space.
func (l *lexer) dotAtom() {
	for {
		if l.atom() == "" {
			l.fail("its right side is empty or has an empty part")
			return
		}
		if !l.take('.') {
			return
		}
	}
}
