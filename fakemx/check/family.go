package check

import (
	"context"

	"strictmx/internal/mail"
)

// Family tells IPv4 from IPv6 clients. An IPv4-mapped address (RFC 4291 section
// 2.5.5.2) is IPv4.
func Family(_ context.Context, _ Resolver, f Facts) mail.Result {
	if f.Client.Unmap().Is4() {
		return mail.Result{Method: "family", Value: "ipv4", Reason: f.Client.Unmap().String() + " is an IPv4 address"}
	}
	return mail.Result{Method: "family", Value: "ipv6", Reason: f.Client.String() + " is an IPv6 address"}
}
