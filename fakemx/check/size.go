package check

import (
	"context"
	"fmt"
	"strconv"

	"strictmx/internal/mail"
)

// sizeMethod is the method size.
var sizeMethod = Method{
	Name: "size",
	Doc: "the size of the message in octets: as declared with MAIL (RFC 1870), and once it is there as it is; " +
		"a table that judges both gives each a check of its own",
	Settings: []Setting{{Name: "max", Kind: Count, Required: true, Example: "10240000", Doc: "the largest size that passes, in octets"}},
	New:      newSize,
}

func newSize(s Settings) (Check, error) {
	most := s.Count("max")
	return Check{
		At: mail.Mail, Values: []string{mail.Pass, mail.Fail}, Key: received,
		Run: func(_ context.Context, _ Env, f Facts) mail.Result { return sizeResult(int64(most), f) },
	}, nil
}

// received is how much content there is; empty before there is any.
func received(f Facts) string {
	if f.Content == nil {
		return ""
	}
	return strconv.Itoa(len(f.Content))
}

// sizeResult judges the content where there is some: what was declared is a
// promise only (RFC 1870 section 6.2). A message without a declared size passes
// until it is there.
func sizeResult(most int64, f Facts) mail.Result {
	size, what := f.Size, "the declared size"
	if f.Content != nil {
		size, what = int64(len(f.Content)), "the message's size"
	}
	switch {
	case size > most:
		return mail.Result{Value: mail.Fail, Reason: fmt.Sprintf("%s, %d octets, is more than %d", what, size, most)}
	case size == 0 && f.Content == nil:
		return mail.Result{Value: mail.Pass, Reason: "no size is declared"}
	}
	return mail.Result{Value: mail.Pass, Reason: fmt.Sprintf("%s, %d octets, is not more than %d", what, size, most)}
}
