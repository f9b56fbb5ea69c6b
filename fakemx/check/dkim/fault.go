package dkim

import (
	"fmt"

	"strictmx/internal/mail"
)

// A Fault is why a signature does not pass.
type Fault struct {
	Value  string // of RFC 8601 section 2.7.1, never pass
	Reason string // lower case
}

func (f *Fault) Error() string { return f.Reason }

func permerror(format string, args ...any) *Fault {
	return &Fault{mail.PermError, fmt.Sprintf(format, args...)}
}

func neutral(format string, args ...any) *Fault {
	return &Fault{mail.Neutral, fmt.Sprintf(format, args...)}
}

func policy(format string, args ...any) *Fault {
	return &Fault{mail.Policy, fmt.Sprintf(format, args...)}
}

func fail(format string, args ...any) *Fault {
	return &Fault{mail.Fail, fmt.Sprintf(format, args...)}
}

func temperror(format string, args ...any) *Fault {
	return &Fault{mail.TempError, fmt.Sprintf(format, args...)}
}
