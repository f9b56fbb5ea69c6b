package mail

import (
	"net/netip"
	"testing"
)

func TestIsHost(t *testing.T) {
	for _, tt := range []struct {
		addr string
		want bool
	}{
		{"198.51.100.26", true},
		{"10.0.0.1", true},
		{"2001:db8::25", true},
		{"fd00::25", true},
		{"0.0.0.0", false},
		{"127.0.0.2", false},
		{"::ffff:127.0.0.1", false},
		{"169.254.1.1", false},
		{"224.0.0.1", false},
		{"255.255.255.255", false},
		{"::", false},
		{"::1", false},
		{"fe80::1", false},
		{"febf::1", false},
		{"ff02::1", false},
	} {
		if got := IsHost(netip.MustParseAddr(tt.addr)); got != tt.want {
			t.Errorf("IsHost(%s) = %v, want %v", tt.addr, got, tt.want)
		}
	}
	if IsHost(netip.Addr{}) {
		t.Error("no address is that of a host")
	}
}
