package check

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"strictmx/internal/mail"
)

// good is a message without fault; each test has its own From, Date or Message-ID.
const good = "From: Me <me@example.com>\r\n" +
	"Date: Fri, 2 Jan 2026 03:04:05 +0100\r\n" +
	"Message-ID: <1.2@example.com>\r\n" +
	"To: you@example.org\r\n"

// but gives the good header with one field changed, or taken out if there is no text.
func but(field, text string) string {
	var b strings.Builder
	for line := range strings.Lines(good) {
		switch {
		case !strings.HasPrefix(line, field+":"):
			b.WriteString(line)
		case text != "":
			b.WriteString(field + ":" + text + "\r\n")
		}
	}
	return b.String()
}

// faults are the facets that are not well.
func faults(r mail.Result) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(r.Facets)) {
		if v := r.Facets[k]; v != "ok" && v != "no" {
			out = append(out, k+"="+v)
		}
	}
	return strings.Join(out, " ")
}

func TestHeaders(t *testing.T) {
	long := strings.Repeat("x", 999)
	for name, tt := range map[string]struct {
		content string
		facts   Facts
		want    string
		reason  string
	}{
		"no fault":                  {content: good + "\r\nHello.\r\n"},
		"no body":                   {content: good},
		"no last line end":          {content: good + "\r\nHello."},
		"only the header's end":     {content: good + "\r\n"},
		"nothing":                   {content: "", want: "date=missing from=missing message-id=missing to=missing"},
		"body only":                 {content: "\r\nFrom: a@example.com\r\n", want: "date=missing from=missing message-id=missing to=missing"},
		"any letter case":           {content: strings.ToUpper(good) + "\r\n"},
		"blanks before colons":      {content: strings.ReplaceAll(good, ": ", " \t: ") + "\r\n"},
		"folded":                    {content: strings.ReplaceAll(good, ": ", ":\r\n ") + "\r\n"},
		"folded with an empty line": {content: good + "X: a\r\n \t\r\n b\r\n\r\n"},

		"no From":                         {content: but("From", ""), want: "from=missing", reason: "there is no From field"},
		"no Date":                         {content: but("Date", ""), want: "date=missing"},
		"no Message-ID":                   {content: but("Message-ID", ""), want: "message-id=missing"},
		"no To":                           {content: but("To", "") + "Cc: you@example.org\r\n", want: "to=missing"},
		"From twice":                      {content: good + "from: b@example.com\r\n", want: "duplicate=yes from=multiple-fields"},
		"From twice, malformed":           {content: but("From", " x") + "From: b\r\n", want: "duplicate=yes from=multiple-fields"},
		"Date twice":                      {content: good + "Date: x\r\n", want: "date=multiple duplicate=yes"},
		"Message-ID twice":                {content: good + "Message-Id: <a@b>\r\n", want: "duplicate=yes message-id=multiple"},
		"To twice":                        {content: good + "To: a@example.org\r\n", want: "duplicate=yes"},
		"Subject twice":                   {content: good + "Subject: a\r\nSubject: a\r\n", want: "duplicate=yes", reason: "the field Subject is there twice"},
		"others twice":                    {content: good + "Received: a\r\nReceived: b\r\nX: a\r\nX: b\r\nComments: a\r\nComments: b\r\nKeywords: a\r\nKeywords: b\r\n"},
		"fields of the body do not count": {content: good + "\r\nFrom: x\r\nFrom: y\r\n"},
		"two addresses":                   {content: but("From", " a@example.com, b@example.com"), want: "from=multiple-addresses", reason: "2 addresses"},

		"line that is no field":    {content: "From: a@example.com\r\nno field\r\n" + but("From", ""), want: "date=missing message-id=missing syntax=malformed to=missing", reason: "line 2 is no header field"},
		"begins with a fold":       {content: " x\r\n" + good, want: "date=missing from=missing message-id=missing syntax=malformed to=missing"},
		"mailbox file":             {content: "From me@example.com Fri Jan  2 03:04:05 2026\r\n" + good, want: "syntax=malformed"},
		"From with a blank":        {content: strings.Replace(good, "From:", "From :", 1)},
		"blank in a name":          {content: good + "X Y: z\r\n", want: "syntax=malformed"},
		"no name":                  {content: good + ": z\r\n", want: "syntax=malformed"},
		"name that is too long":    {content: good + strings.Repeat("x", 78) + ": z\r\n", want: "syntax=malformed"},
		"name that is long":        {content: good + strings.Repeat("x", 77) + ": z\r\n"},
		"NUL":                      {content: good + "X: a\x00b\r\n", want: "syntax=malformed"},
		"NUL in the body":          {content: good + "\r\na\x00b\r\n"},
		"control in a name":        {content: good + "X\x01: a\r\n", want: "syntax=malformed"},
		"too many fields":          {content: good + strings.Repeat("X:\r\n", 10_000), want: "syntax=malformed", reason: "more than 10000 fields"},
		"as many fields as may be": {content: good + strings.Repeat("X:\r\n", 9_996)},
		"header that is too long":  {content: good + strings.Repeat("X: "+long[:900]+"\r\n", 1200), want: "syntax=malformed", reason: "longer than 1048576 octets"},

		"bare LF":                 {content: good + "X: a\n b\r\n", want: "line-ends=bare-lf", reason: "line 5 ends with an LF without CR"},
		"bare LF in the body":     {content: good + "\r\na\nb\r\n", want: "line-ends=bare-lf"},
		"bare LF ends the header": {content: good + "\nFrom: x\r\n", want: "line-ends=bare-lf"},
		"bare CR":                 {content: good + "\r\na\rb\r\n", want: "line-ends=bare-cr", reason: "line 6 has a CR without LF"},
		"CR CR LF":                {content: good + "\r\na\r\r\n", want: "line-ends=bare-cr"},
		"CR at the end":           {content: good + "\r\na\r", want: "line-ends=bare-cr"},
		"both":                    {content: good + "\r\na\rb\r\nc\n", want: "line-ends=bare-lf"},
		"LF CR":                   {content: good + "\r\na\n\rb\r\n", want: "line-ends=bare-lf"},
		"CR in the header":        {content: good + "X: a\rFrom: b\r\n", want: "line-ends=bare-cr"},

		"line as long as may be":   {content: good + "\r\n" + long[:998] + "\r\n"},
		"line that is too long":    {content: good + "\r\n" + long + "\r\n", want: "lines=long", reason: "line 6 has 999 octets, more than 998"},
		"header line too long":     {content: good + "X: " + long + "\r\n", want: "lines=long"},
		"last line too long":       {content: good + "\r\n" + long, want: "lines=long"},
		"bare LF ends a long line": {content: good + "\r\n" + long[:998] + "\n" + long[:998] + "\r\n", want: "line-ends=bare-lf"},

		"8 bits in the header":           {content: good + "Subject: ü\r\n", want: "eight-bit=undeclared", reason: "SMTPUTF8"},
		"and only the body declared":     {content: good + "Subject: ü\r\n", facts: Facts{EightBit: true}, want: "eight-bit=undeclared"},
		"8 bits in the header, declared": {content: good + "Subject: ü\r\n", facts: Facts{UTF8: true}},
		"8 bits in the body":             {content: good + "\r\nü\r\n", want: "eight-bit=undeclared", reason: "line 6 of the body"},
		"and only the header declared":   {content: good + "\r\nü\r\n", facts: Facts{UTF8: true}, want: "eight-bit=undeclared"},
		"8 bits in the body, declared":   {content: good + "\r\n\xfc long enough for a word\r\n", facts: Facts{EightBit: true}},
		"8 bits late in a line":          {content: good + "\r\n0123456789abcdef\xff\r\n", want: "eight-bit=undeclared"},

		"50 hops": {content: strings.Repeat("Received: x\r\n", 50) + good},
		"51 hops": {content: strings.Repeat("RECEIVED: x\r\n", 51) + good, want: "hops=many", reason: "51 Received fields, more than 50"},
	} {
		c, _ := ByMethod("headers")
		tt.facts.Content = []byte(tt.content)
		r := c.Run(t.Context(), Env{}, tt.facts)
		value := mail.Pass
		if tt.want != "" {
			value = mail.Fail
		}
		if got := faults(r); got != tt.want || r.Value != value || !strings.Contains(r.Reason, tt.reason) {
			t.Errorf("%s: %s with %q (%s), want %s with %q (%s)", name, r.Value, got, r.Reason, value, tt.want, tt.reason)
		}
	}
}

func TestHeadersProperties(t *testing.T) {
	c := makeCheck(t, "headers", "form", "max-hops: 2", "max-line: 78")
	content := "Received: a\r\nReceived: b\r\nReceived: c\r\nsubject: x\r\nSUBJECT: x\r\n" + good + "X: " + strings.Repeat("x", 76) + "\r\n\r\n"
	r := c.Run(t.Context(), Env{}, Facts{Content: []byte(content)})
	if got := faults(r); got != "duplicate=yes hops=many lines=long" || r.Properties["hops"] != "3" ||
		r.Properties["duplicate-field"] != "SUBJECT" || r.Name != "form" || len(r.Steps) != 3 {
		t.Errorf("%q, properties %q, name %q, steps %v", got, r.Properties, r.Name, r.Steps)
	}
}

func TestMailboxes(t *testing.T) {
	for _, tt := range []struct {
		from string
		n    int
	}{
		{"me@example.com", 1},
		{" Me <me@example.com> ", 1},
		{"<me@example.com>", 1},
		{`"Me, Myself" <me@example.com>`, 1},
		{`"a \" b" <me@example.com>`, 1},
		{"John Q. Public <me@example.com>", 1}, // obsolete: a dot in a phrase
		{"=?utf-8?q?M=C3=A9?= <me@example.com>", 1},
		{"Mé <me@exämple.com>", 1},
		{"Me (a, (nested) comment \\) here) <me@example.com> (more)", 1},
		{"me (comment) @ (comment) example (comment) . com", 1},
		{`"me, you"@example.com`, 1},
		{`"me"."you"@example.com`, 1},
		{"<@a.example,@b.example:me@example.com>", 1}, // a route
		{"me@[203.0.113.1]", 1},
		{"me@[IPv6:2001:db8::1]", 1},
		{"a@example.com, b@example.com", 2},
		{"A <a@example.com>,\r\n B <b@example.com>", 2},
		{"a@example.com,, b@example.com,", 2}, // obsolete: empty places
		{"Us: a@example.com, B <b@example.com>;", 2},
		{"Us: a@example.com;, c@example.com", 2},
		{strings.Repeat("a@b,", 10_000), 10_000},

		{"", 0},
		{"(only a comment)", 0},
		{",", 0},
		{"me", 0},
		{"Me Myself", 0},
		{"me@", 0},
		{"@example.com", 0},
		{"me@example..com", 0},
		{"me.@example.com", 0},
		{".me@example.com", 0},
		{"me@example.com.", 0},
		{"me@@example.com", 0},
		{"me you@example.com", 0},
		{"me@example.com you", 0},
		{"me@example.com <me@example.com>", 0}, // an address as a name wants quotes
		{"Me, Myself <me@example.com>", 0},
		{"Me <me@example.com", 0},
		{"Me <>", 0},
		{"Me me@example.com>", 0},
		{`"Me <me@example.com>`, 0},
		{"Me (comment <me@example.com>", 0},
		{"me@[203.0.113.1", 0},
		{"me@[a[b]]", 0},
		{"Us:;", 0}, // a group of nobody
		{"Us: a@example.com", 0},
		{"Us: Them: a@example.com;;", 0},
		{"a@example.com;", 0},
		{"<@a.example me@example.com>", 0},
		{"me@exam\x00ple.com", 0},
		{strings.Repeat("(", 100_000), 0},
		{strings.Repeat("<", 100_000), 0},
	} {
		if n, why := mailboxes([]byte(tt.from)); n != tt.n || (why == "") != (tt.n > 0) {
			t.Errorf("mailboxes(%.60q) = %d, %q, want %d", tt.from, n, why, tt.n)
		}
	}
}

func TestDate(t *testing.T) {
	for _, tt := range []struct{ date, want string }{
		{"Fri, 2 Jan 2026 03:04:05 +0100", ""},
		{"fri, 02 JAN 2026 03:04:05 -0000", ""},
		{"2 Jan 2026 03:04 +0000", ""},
		{"Fri, 2 Jan 2026 23:59:60 +0000 (a comment (in) it)", ""}, // a leap second
		{"\r\n Fri,\r\n 2 Jan 2026 03:04:05 +0100", ""},
		{"Fri (x) , 2 (x) Jan 2026 03 : 04 : 05 GMT", ""}, // obsolete
		{"2 Jan 26 03:04:05 EST", ""},
		{"2 Jan 126 03:04:05 Z", ""},
		{"29 Feb 2024 00:00:00 UT", ""},
		{"Fri,2 Jan 2026 03:04:05 +0000", ""},

		{"", "empty"},
		{"Thu, 2 Jan 2026 03:04:05 +0100", "2 January 2026 is a Friday"},
		{"Friday, 2 Jan 2026 03:04:05 +0100", `"friday" is no day`},
		{"Fri 2 Jan 2026 03:04:05 +0100", "no comma"},
		{"2 January 2026 03:04:05 +0100", `"January" is no month`},
		{"2026-01-02T03:04:05Z", "day has not 1 to 2 digits"},
		{"32 Jan 2026 03:04:05 +0100", "January has no day 32"},
		{"0 Jan 2026 03:04:05 +0100", "January has no day 0"},
		{"29 Feb 2026 03:04:05 +0100", "February has no day 29"},
		{"2 Jan 1899 03:04:05 +0100", "before 1900"},
		{"2 Jan 6 03:04:05 +0100", "year"},
		{"2 Jan 202600 03:04:05 +0100", "year"},
		{"2 Jan 2026 24:04:05 +0100", "no time 24:04:05"},
		{"2 Jan 2026 03:60:05 +0100", "no time"},
		{"2 Jan 2026 03:04:61 +0100", "no time"},
		{"2 Jan 2026 3:04:05 +0100", "hour"},
		{"2 Jan 2026 0304 +0100", "hour"},
		{"2 Jan 2026 03:04:05", "no zone"},
		{"2 Jan 2026 03:04:05 +1:00", "zone"},
		{"2 Jan 2026 03:04:05 + 0100", "four digits"},
		{"2 Jan 2026 03:04:05 +0160", "59 minutes"},
		{"2 Jan 2026 03:04:05 +010000", "zone"},
		{"2 Jan 2026 03:04:05 CEST", `"cest" is no zone`},
		{"2 Jan 2026 03:04:05 J", `"j" is no zone`},
		{"2 Jan 2026 03:04:05 +0100 CET", "stands behind"},
		{"Fri Jan  2 03:04:05 2026", "no comma"}, // as ctime writes it
		{"2 Jan 2026 03:04:05 +0100 (", "comment"},
		{strings.Repeat("9", 100_000), "day"},
	} {
		if got := badDate([]byte(tt.date)); (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("badDate(%.60q) = %q, want %q", tt.date, got, tt.want)
		}
	}
}

func TestMessageID(t *testing.T) {
	for _, tt := range []struct {
		id string
		ok bool
	}{
		{" <1.2@example.com>", true},
		{"\r\n <a+b=c$d@example>", true},
		{"<a@[203.0.113.1]>", true},
		{`<"a b"@example.com>`, true}, // obsolete
		{"(x) <a@b> (y)", true},
		{"<a_b@c_d>", true},
		{"<ü@example.com>", true},

		{"", false},
		{"1@example.com", false},
		{"<1@example.com", false},
		{"<1>", false},
		{"<@example.com>", false},
		{"<1@>", false},
		{"<>", false},
		{"<a..b@example.com>", false},
		{"<a.@example.com>", false},
		{"<a@example..com>", false},
		{"<a@b@c>", false},
		{"<a @b>", false},
		{"<a@b> <c@d>", false},
		{"<a@b>x", false},
		{"<<a@b>>", false},
		{"<a@[b>", false},
	} {
		if why := badMessageID([]byte(tt.id)); (why == "") != tt.ok {
			t.Errorf("badMessageID(%q) = %q, want well formed %v", tt.id, why, tt.ok)
		}
	}
}

// Whatever the message: a body without 8 bits, of short lines with CR LF, changes
// nothing that is told of the header; a fault in the lines is told if and only if
// there is one; the message is not written to.
func FuzzHeaders(f *testing.F) {
	f.Add([]byte(good), []byte("Hello.\r\n"))
	f.Add([]byte("From: a@b\r\n c: d\r\nno\r\n"), []byte("\r\r\n\n"))
	f.Add([]byte("From x\nDate: Fri, 2 Jan 2026 03:04:05 +0100 (\\"), []byte("\xff"))
	f.Add([]byte("Message-ID: <\"\\\"@[x]>\r\n\r\nFrom: (((a@b,,;:<>"), []byte(".\r\n"))
	c, _ := ByMethod("headers")
	f.Fuzz(func(t *testing.T, header, body []byte) {
		content := bytes.Clone(header)
		r := c.Run(t.Context(), Env{}, Facts{Content: content})
		if !bytes.Equal(content, header) {
			t.Fatal("the message was changed")
		}
		plain := bytes.ReplaceAll(header, []byte("\r\n"), nil)
		lf, cr := bytes.ContainsRune(plain, '\n'), bytes.ContainsRune(plain, '\r')
		// Taking CR LF out may join a CR and an LF that did not stand together.
		if joined := bytes.Contains(plain, []byte("\r\n")); !joined {
			want := "ok"
			switch {
			case lf:
				want = "bare-lf"
			case cr:
				want = "bare-cr"
			}
			if got := r.Facets["line-ends"]; got != want {
				t.Errorf("line-ends of %q = %s, want %s", header, got, want)
			}
		}
		high := bytes.ContainsFunc(header, func(r rune) bool { return r >= 0x80 })
		if (r.Facets["eight-bit"] == "undeclared") != high {
			t.Errorf("eight-bit of %q = %s", header, r.Facets["eight-bit"])
		}
		if len(header) == 0 || !bytes.HasSuffix(header, []byte("\r\n")) {
			return
		}
		ended := append(bytes.Clone(header), "\r\n"...)
		before := c.Run(t.Context(), Env{}, Facts{Content: ended})
		after := c.Run(t.Context(), Env{}, Facts{Content: append(ended, body...)})
		for facet, v := range before.Facets {
			if got := after.Facets[facet]; got != v && !slices.Contains([]string{"line-ends", "lines", "eight-bit"}, facet) {
				t.Errorf("%s of %q is %s, and with the body %q %s", facet, ended, v, body, got)
			}
		}
	})
}

// A list of addresses that can be read has as many as it is made of, whatever
// comments and white space stand between them.
func FuzzMailboxes(f *testing.F) {
	f.Add("Me <me@example.com>", "\r\n (x) ")
	f.Add(`"a,b"@[c]`, "")
	f.Add("Us: a@b, c@d;", " ")
	f.Fuzz(func(t *testing.T, list, between string) {
		n, why := mailboxes([]byte(list))
		if (n > 0) != (why == "") {
			t.Fatalf("mailboxes(%q) = %d, %q", list, n, why)
		}
		if n == 0 || strings.Trim(folds.Replace(between), " \t") != "" {
			return // a CR or LF of its own is no white space
		}
		if twice, why := mailboxes([]byte(list + between + "," + between + list)); twice != 2*n {
			t.Errorf("mailboxes(%q) = %d, and twice that %d, %q", list, n, twice, why)
		}
	})
}

// A date that is taken stays one with a comment behind it, and is none with a digit
// before it.
func FuzzDate(f *testing.F) {
	f.Add("Fri, 2 Jan 2026 03:04:05 +0100")
	f.Add("2 Jan 26 03:04 z")
	f.Add("(x")
	f.Fuzz(func(t *testing.T, date string) {
		if badDate([]byte(date)) != "" {
			return
		}
		if why := badDate([]byte(date + " (x)")); why != "" {
			t.Errorf("badDate(%q) with a comment: %s", date, why)
		}
		if badDate([]byte("0000"+date)) == "" {
			t.Errorf("badDate(%q) with digits before it is well formed", date)
		}
	})
}

// An identifier that is taken has no second one behind it.
func FuzzMessageID(f *testing.F) {
	f.Add("<1@example.com>")
	f.Add("(<) <\"a\\\"\"@[b]> ")
	f.Fuzz(func(t *testing.T, id string) {
		if badMessageID([]byte(id)) == "" && badMessageID([]byte(id+id)) == "" {
			t.Errorf("badMessageID(%q) takes two of them", id)
		}
	})
}

func Example_headers() {
	c, _ := ByMethod("headers")
	r := c.Run(context.Background(), Env{}, Facts{Content: []byte("From: a@example.com, b@example.com\r\nSubject: x\r\n\r\nHello.\n")})
	fmt.Println(r.Value, r.Facets["from"], r.Facets["date"], r.Facets["line-ends"])
	for _, s := range r.Steps {
		fmt.Println(s.Text)
	}
	// Output:
	// fail multiple-addresses missing bare-lf
	// from multiple-addresses: the From field has 2 addresses
	// date missing: there is no Date field
	// message-id missing: there is no Message-ID field
	// to missing: there is no To field
	// line-ends bare-lf: line 4 ends with an LF without CR
}

// BenchmarkHeaders judges a megabyte, and a header of many fields, in one pass that
// copies nothing of it.
func BenchmarkHeaders(b *testing.B) {
	for name, content := range map[string]string{
		"body":   good + "\r\n" + strings.Repeat(strings.Repeat("x", 76)+"\r\n", 1<<20/78),
		"header": good + strings.Repeat("X-Field: "+strings.Repeat("x", 80)+"\r\n", 9_000),
		"line":   good + "\r\n" + strings.Repeat("x", 1<<20),
	} {
		b.Run(name, func(b *testing.B) {
			facts := Facts{Content: []byte(content)}
			b.SetBytes(int64(len(content)))
			b.ReportAllocs()
			for b.Loop() {
				headersResult(50, 998, facts)
			}
		})
	}
}
