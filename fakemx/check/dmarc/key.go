package dmarc

import (
	"strconv"

	"strictmx/internal/mail"
)

// Key is what of a query its result depends on: queries with the same key have the same
// result as long as DNS stays as it is.
func (q Query) Key() string {
	from, whole := named(q.Content, "from")
	if !whole {
		return "the header is too long"
	}
	parts := q.DKIM.Parts
	if len(parts) == 0 {
		parts = []mail.Result{q.DKIM}
	}
	b := appendParts(make([]byte, 0, 128), strconv.Itoa(len(from)), strconv.Itoa(len(parts)))
	b = appendParts(b, from...)
	b = appendParts(b, string(q.Discovery), q.SPF.Value, q.SPF.Domain, q.SPF.Identity, q.SPF.Facets["identity"])
	for _, p := range parts {
		b = appendParts(b, p.Value, p.Properties["header.d"])
	}
	if q.Discovery == PSL { // see sample
		id, _ := named(q.Content, "message-id")
		b = appendParts(b, id...)
	}
	return string(b)
}

// appendParts writes each part with its length before it, so that no two lists are
// written alike.
func appendParts(b []byte, parts ...string) []byte {
	for _, p := range parts {
		b = strconv.AppendInt(append(b, ' '), int64(len(p)), 10)
		b = append(append(b, ':'), p...)
	}
	return b
}
