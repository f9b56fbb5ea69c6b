package mail

import (
	"fmt"
	"strconv"
	"strings"
)

// A Status is an enhanced mail system status code (RFC 3463 section 2), such as
// 5.7.1. The zero value means that there is none.
type Status struct {
	Class   int // 2, 4 or 5
	Subject int // 0 to 999
	Detail  int // 0 to 999
}

// ParseStatus reads the form class "." subject "." detail. Following RFC 3463
// section 2, the class is 2, 4 or 5 and the other numbers have one to three
// digits without a leading zero.
func ParseStatus(s string) (Status, error) {
	st, want := readStatus(s)
	if want != "" {
		return Status{}, fmt.Errorf("status %q: want %s", s, want)
	}
	return st, nil
}

// IsStatus tells whether [ParseStatus] takes a text.
func IsStatus(s string) bool {
	_, want := readStatus(s)
	return want == ""
}

// readStatus tells what it wants of a text that is no status.
func readStatus(s string) (st Status, want string) {
	class, rest, ok := strings.Cut(s, ".")
	subject, detail, ok2 := strings.Cut(rest, ".")
	if !ok || !ok2 {
		switch class { // whole texts, as ordinary words of replies come here, too
		case "2":
			return Status{}, "class.subject.detail, as in 2.7.1"
		case "4":
			return Status{}, "class.subject.detail, as in 4.7.1"
		}
		return Status{}, "class.subject.detail, as in 5.7.1"
	}
	if class != "2" && class != "4" && class != "5" {
		return Status{}, "class 2, 4 or 5"
	}
	st.Class = int(class[0] - '0')
	if st.Subject, ok = statusNumber(subject); ok {
		st.Detail, ok = statusNumber(detail)
	}
	if !ok {
		return Status{}, "numbers of one to three digits, without a leading zero"
	}
	return st, ""
}

func statusNumber(s string) (int, bool) {
	if s == "" || len(s) > 3 || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

// IsZero tells that there is no status.
func (s Status) IsZero() bool { return s == Status{} }

// String writes class.subject.detail, and nothing for the zero value.
func (s Status) String() string {
	if s.IsZero() {
		return ""
	}
	var text [len("5.999.999")]byte
	return string(s.append(text[:0]))
}

func (s Status) append(b []byte) []byte {
	for i, n := range [...]int{s.Class, s.Subject, s.Detail} {
		if i > 0 {
			b = append(b, '.')
		}
		b = strconv.AppendInt(b, int64(n), 10)
	}
	return b
}

// MarshalText writes what [Status.String] writes.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what [ParseStatus] reads; empty text is the zero value.
func (s *Status) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*s = Status{}
		return nil
	}
	st, err := ParseStatus(string(b))
	if err != nil {
		return err
	}
	*s = st
	return nil
}
