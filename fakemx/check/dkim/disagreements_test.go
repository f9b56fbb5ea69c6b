package dkim

import (
	"strings"
	"testing"

	"strictmx/internal/mail"
)

// TestDisagreements keeps what the peer says where it is not what RFC 6376 says, so
// that it is seen when it changes.
func TestDisagreements(t *testing.T) {
	w := keys(t)
	good := sign(t, rsa2048(), common, wire(letter))
	for _, tt := range []struct {
		name, text, want string
		peer             string // its error, or empty if it passes
	}{
		// Section 3.5 has l=, and section 8.2 only warns of it.
		{"l=", sign(t, rsa2048(), common+"; l=10", wire(letter)), mail.Pass, "insecure body length"},
		// Section 3.7 takes the value of b= out of the field, and no other text.
		{"b= in another tag", sign(t, rsa2048(), common+"; z=Subject:b=1", wire(letter)), mail.Pass, "signature did not verify"},
		{"tag that ends in b", sign(t, rsa2048(), common+"; bb=1", wire(letter)), mail.Pass, "signature did not verify"},
		// Section 5.3 wants CR LF.
		{"bare LF", strings.ReplaceAll(good, "\r\n", "\n"), mail.Neutral, ""},
		// Section 3.8 wants valid messages.
		{"two From fields", strings.Replace(good, "To: Bob", "From: eve@example.net\r\nTo: Bob", 1), mail.PermError, "signature did not verify"},
		{"another From above", strings.Replace(good, "From: Ann", "From: eve@example.net\r\nFrom: Ann", 1), mail.PermError, ""},
		// Section 3.6.1: v= stands first in a key record.
		{"late v=", sign(t, rsa2048(), changed(t, common, "s=rsa -> s=late"), wire(letter)), mail.PermError, ""},
		// Section 3.6.1 takes t=s for the domain of i=, which the peer does not read.
		{"t=s", sign(t, rsa2048(), changed(t, common, "s=rsa -> s=strict")+"; i=@sub.example.com", wire(letter)), mail.PermError, ""},
		// Section 3.5 lets a verifier ignore a time in the future.
		{"future", sign(t, rsa2048(), common+"; t=99999999999", wire(letter)), mail.Neutral, ""},
	} {
		res, err := evaluate(t, w, tt.text), peerVerifies(w, tt.text)
		said := ""
		if err != nil {
			said = err.Error()
		}
		if res.Value != tt.want {
			t.Errorf("%s: %s, %s, want %s", tt.name, res.Value, res.Reason, tt.want)
		}
		if (tt.peer == "") != (said == "") || !strings.Contains(said, tt.peer) {
			t.Errorf("%s: the peer says %q, want %q", tt.name, said, tt.peer)
		}
	}
}
