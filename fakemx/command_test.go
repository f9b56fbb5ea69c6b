package fakemx

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestParseBDAT(t *testing.T) {
	for _, tt := range []struct {
		arg      string
		size     int64
		last, ok bool
	}{
		{"0 LAST", 0, true, true},
		{"10", 10, false, true},
		{"10 last", 10, true, true},
		{"9223372036854775807", 1<<63 - 1, false, true},
		{"9223372036854775808", 0, false, false}, // 63 bits are enough
		{"", 0, false, false},
		{"LAST", 0, false, false},
		{"-1", 0, false, false},
		{"+1", 0, false, false},
		{"1 FIRST", 0, false, false},
		{"1 2 LAST", 0, false, false},
	} {
		size, last, ok := parseBDAT(tt.arg)
		if ok != tt.ok || ok && (size != tt.size || last != tt.last) {
			t.Errorf("parseBDAT(%q) = %d, %v, %v, want %d, %v, %v", tt.arg, size, last, ok, tt.size, tt.last, tt.ok)
		}
	}
}

func TestMessageID(t *testing.T) {
	for content, want := range map[string]string{
		"Message-ID: <a@b>\r\n\r\n":                  "a@b",
		"MESSAGE-id :<a@b> (comment)\r\n":            "a@b",
		"Subject: x\r\nMessage-Id:\r\n\t<a@b>\r\n":   "a@b",
		"Message-ID: <a\n @b>\n\nbody":               "a @b",
		"Message-ID: a@b\r\n":                        "a@b",
		"Message-ID: <a@b\r\n":                       "a@b",
		"X-Message-ID: <a@b>\r\n":                    "",
		"Subject: x\r\n\r\nMessage-ID: <a@b>\r\n":    "", // in the body
		"Message-ID: <a@b>\r\nMessage-ID: <c@d>\r\n": "a@b",
		"": "",
	} {
		if got := messageID([]byte(content)); got != want {
			t.Errorf("messageID(%q) = %q, want %q", content, got, want)
		}
	}
}

// The parameters that the engine would misread, in all their forms.
func TestParameterValues(t *testing.T) {
	for _, tt := range []struct {
		key, value string
		want       bool
	}{
		{"BY", "120;R", true},
		{"BY", "-120;N", true},
		{"BY", "+1;nt", true},
		{"BY", "0;R", false},
		{"BY", "-1;R", false},
		{"BY", "1234567890;N", false},
		{"BY", "1", false},
		{"MT-PRIORITY", "-9", true},
		{"MT-PRIORITY", "9", true},
		{"MT-PRIORITY", "+9", false},
		{"MT-PRIORITY", "-10", false},
		{"SIZE", "0", true},
		{"SIZE", "18446744073709551616", true},
		{"SIZE", "100000000000000000000", false}, // 21 digits, and 20 are allowed
		{"BODY", "8bitmime", true},
		{"BODY", "8BIT", false},
		{"SMTPUTF8", "", true},
		{"SMTPUTF8", "yes", false},
	} {
		if got := parameters[tt.key].ok(tt.value); got != tt.want {
			t.Errorf("%s=%s: %v, want %v", tt.key, tt.value, got, tt.want)
		}
	}
}

// The engine gets the parameters that it reads rightly, and no others.
func TestForEngine(t *testing.T) {
	p, err := parsePath("FROM:<a@example.com> size=1 ret=FULL Body=8BITMIME envid=x", "FROM:")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := forEngine(p.params), " RET=FULL ENVID=x"; got != want {
		t.Errorf("forEngine = %q, want %q", got, want)
	}
	if n := declaredSize(p.params); n != 1 {
		t.Errorf("declaredSize = %d, want 1", n)
	}
}

// The content ends with CR LF "." CR LF only, wherever buffers end.
func TestContentEnd(t *testing.T) {
	for _, tt := range []struct {
		in, kept, rest string
	}{
		{".\r\nX", "", "X"},
		{"\r\n.\r\nX", "\r\n", "X"},
		{"..\r\n.\r\nX", ".\r\n", "X"},
		{"a\r\r\n.\r\nX", "a\r\r\n", "X"},
		{"a\n.\r\nb\r\n.\r\nX", "a\n.\r\nb\r\n", "X"},
		{"a\n.\nb\r\n.\r\nX", "a\n.\nb\r\n", "X"},
		{"a\r\n.\nb\r\n.\r\nX", "a\r\n\nb\r\n", "X"}, // a line that begins with a dot loses it
		{"a\r.\r\n.\r\nX", "a\r.\r\n", "X"},
		{"a\r\n.\rb\r\n.\r\nX", "a\r\n\rb\r\n", "X"},
		{"0123456789abcde\r\n.\r\nX", "0123456789abcde\r\n", "X"},   // CR at the end of a buffer
		{"0123456789abcdef\r\n.\r\nX", "0123456789abcdef\r\n", "X"}, // both in the next one
	} {
		r := bufio.NewReaderSize(strings.NewReader(tt.in), 16)
		c := collector{max: 100}
		err := c.read(r)
		rest, _ := io.ReadAll(r)
		if err != nil || string(c.kept) != tt.kept || string(rest) != tt.rest {
			t.Errorf("%q: kept %q, rest %q, %v, want %q, %q", tt.in, c.kept, rest, err, tt.kept, tt.rest)
		}
	}
	c := collector{max: 100}
	if err := c.read(bufio.NewReader(strings.NewReader("a\r\n."))); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("content without end: %v, want %v", err, io.ErrUnexpectedEOF)
	}
}
