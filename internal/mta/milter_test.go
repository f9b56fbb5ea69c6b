package mta

import (
	"strings"
	"testing"
)

func TestSocketOf(t *testing.T) {
	for _, tt := range []struct{ conf, network, address, fault string }{
		{"Socket inet:8891@localhost\n", "tcp4", "localhost:8891", ""},
		{"# Socket local:/x\nsocket  inet:8891\n", "tcp4", "localhost:8891", ""},
		{"Socket inet6:8891@[::1]\n", "tcp6", "[::1]:8891", ""},
		{"Socket local:/run/opendkim/opendkim.sock\n", "unix", "/run/opendkim/opendkim.sock", ""},
		{"Socket /run/opendkim/opendkim.sock\n", "unix", "/run/opendkim/opendkim.sock", ""},
		{"Socket inet:1\nSocket inet:2\n", "tcp4", "localhost:2", ""},
		{"Mode s\n", "", "", "want a line such as Socket"},
		{"Socket tcp:8891\n", "", "", "want inet:PORT@HOST"},
	} {
		s, err := socketOf(tt.conf)
		if tt.fault != "" {
			if err == nil || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("socketOf(%q) = %+v, %v, want an error about %q", tt.conf, s, err, tt.fault)
			}
			continue
		}
		if err != nil || s.network != tt.network || s.address != tt.address {
			t.Errorf("socketOf(%q) = %+v, %v, want %s %s", tt.conf, s, err, tt.network, tt.address)
		}
	}
}
