package dkim

import (
	"bytes"
	"crypto"
	"strings"
	"testing"

	peer "github.com/emersion/go-msgauth/dkim"

	"strictmx/internal/mail"
)

// What another implementation signs passes here, and what is signed here passes
// there.
func TestSignaturesOfAPeer(t *testing.T) {
	w := keys(t)
	texts := map[string]string{
		"letter":     wire(letter),
		"empty":      "From: a@example.com\r\n\r\n",
		"blank":      "From: a@example.com\r\n\r\n\r\n\r\n",
		"white":      "From:  a@example.com \t\r\nSubject: \t a\tb\r\n\t c\r\n\r\n \t\r\n a \t b \r\n\r\n",
		"no end":     "From: a@example.com\r\n\r\nx",
		"two fields": "Subject: 1\r\nFrom: a@example.com\r\nSubject: 2\r\n\r\nx\r\n",
	}
	for name, text := range texts {
		for _, header := range []peer.Canonicalization{"simple", "relaxed"} {
			for _, body := range []peer.Canonicalization{"simple", "relaxed"} {
				for selector, key := range map[string]crypto.Signer{"rsa": rsa2048(), "ed": edKey} {
					var out bytes.Buffer
					err := peer.Sign(&out, strings.NewReader(text), &peer.SignOptions{
						Domain: "example.com", Selector: selector, Signer: key,
						HeaderCanonicalization: header, BodyCanonicalization: body,
					})
					if err != nil {
						t.Fatal(err)
					}
					// The peer writes t= by the time of day.
					if res := Evaluate(t.Context(), w, Query{Content: out.Bytes()}); res.Value != mail.Pass {
						t.Errorf("%s, %s, %s/%s signed by the peer: %s, %s, want pass", name, selector, header, body, res.Value, res.Reason)
					}
					tags := "v=1; a=" + map[string]string{"rsa": "rsa-sha256", "ed": "ed25519-sha256"}[selector] +
						"; c=" + string(header) + "/" + string(body) + "; d=example.com; s=" + selector + "; h=From:From:Subject:Subject:To"
					if err := peerVerifies(w, sign(t, key, tags, text)); err != nil {
						t.Errorf("%s, %s, %s/%s signed here: the peer says %v", name, selector, header, body, err)
					}
				}
			}
		}
	}
}

// The peer fails every signature that fails here because of the message, though
// not the other way round: it judges messages with bare LF, and several From fields.
func TestPeerAgreesOnChangedMessages(t *testing.T) {
	w := keys(t)
	good := sign(t, rsa2048(), common, wire(letter))
	for i := 0; i < len(good); i += 3 {
		text := []byte(good)
		text[i] ^= 0x08
		res, err := evaluate(t, w, string(text)), peerVerifies(w, string(text))
		if res.Value == mail.Pass && err != nil {
			t.Errorf("octet %d of the message changed: pass here, and the peer says %v", i, err)
		}
		if (res.Value == mail.Fail) && err == nil {
			t.Errorf("octet %d of the message changed: %s here, and it passes at the peer", i, res.Reason)
		}
	}
}

// peerVerifies gives the first error; a message without a signature has none.
func peerVerifies(w world, text string) error {
	results, err := peer.VerifyWithOptions(strings.NewReader(text), &peer.VerifyOptions{
		LookupTXT: func(name string) ([]string, error) { return w[strings.ToLower(name)], nil },
	})
	if err != nil {
		return err
	}
	for _, r := range results {
		if r.Err != nil {
			return r.Err
		}
	}
	return nil
}
