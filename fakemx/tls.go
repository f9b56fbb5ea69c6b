package fakemx

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"strictmx/internal/mail"
)

// validity is how far certificates reach into past and future: the clocks of a
// lab may be moved by days or months.
const validity = 10 * 365 * 24 * time.Hour

// A CA signs the certificates of test servers. It is made at start and kept
// nowhere. It may be used by many goroutines.
type CA struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewCA makes a certificate authority with a P-256 key.
func NewCA() (*CA, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("key of the test CA: %w", err)
	}
	t, err := newTemplate("strictmx test CA")
	if err != nil {
		return nil, err
	}
	t.IsCA, t.BasicConstraintsValid = true, true
	t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("test CA: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("test CA: %w", err)
	}
	return &CA{cert, key}, nil
}

// Certificate makes a key and a server certificate for host names, with or without
// final dot, and IP addresses.
func (ca *CA) Certificate(names ...string) (tls.Certificate, error) {
	if len(names) == 0 {
		return tls.Certificate{}, errors.New("certificate: want at least one name")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("key of %s: %w", names[0], err)
	}
	t, err := newTemplate(strings.TrimSuffix(names[0], "."))
	if err != nil {
		return tls.Certificate{}, err
	}
	t.KeyUsage = x509.KeyUsageDigitalSignature
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, n := range names {
		n = strings.TrimSuffix(n, ".")
		if a, err := netip.ParseAddr(n); err == nil {
			t.IPAddresses = append(t.IPAddresses, net.IP(a.AsSlice()))
		} else {
			t.DNSNames = append(t.DNSNames, n)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, t, ca.cert, key.Public(), ca.key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("certificate of %s: %w", names[0], err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("certificate of %s: %w", names[0], err)
	}
	return tls.Certificate{Certificate: [][]byte{der, ca.cert.Raw}, PrivateKey: key, Leaf: leaf}, nil
}

// Config is for [Server.TLS]: a certificate for the names, TLS 1.2 and newer, any
// client.
func (ca *CA) Config(names ...string) (*tls.Config, error) {
	c, err := ca.Certificate(names...)
	if err != nil {
		return nil, err
	}
	return &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS12}, nil
}

// Pool is for clients that are to trust the CA.
func (ca *CA) Pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(ca.cert)
	return p
}

// PEM is the CA's certificate, for smtp_tls_CAfile and the like.
func (ca *CA) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.cert.Raw})
}

func newTemplate(name string) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("serial number of %s: %w", name, err)
	}
	return &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-validity),
		NotAfter:     time.Now().Add(validity),
	}, nil
}

// tlsConfig is the server's, bent so that rules of the profile that judge TLS have
// something to judge: an old version is then let in, which else fails in the
// handshake, and the client is asked for a certificate that it need not have. Other
// clients are not asked, since some act on it.
func (s *Server) tlsConfig() *tls.Config {
	old, certificate := s.asksTLS()
	if !old && !certificate {
		return s.TLS
	}
	c := s.TLS.Clone()
	if old {
		c.MinVersion = tls.VersionTLS10
	}
	if certificate {
		c.ClientAuth = tls.RequestClientCert
	}
	return c
}

// asksTLS tells whether rules ask for old versions of TLS, and for certificates.
func (s *Server) asksTLS() (old, certificate bool) {
	for _, r := range s.Profile.Rules {
		for _, cond := range r.When {
			if c, ok := s.Profile.Check(cond.Check); ok && c.Method == "tls" {
				old = old || cond.Facet == "version" || cond.Facet == "" && slices.Contains(cond.Values, mail.Fail)
				certificate = certificate || cond.Facet == "certificate"
			}
		}
	}
	return old, certificate
}

// tlsClient is the subject of the client's certificate (RFC 4514), empty without one.
// A certificate may lack a subject.
func tlsClient(s *tls.ConnectionState) string {
	if s == nil || len(s.PeerCertificates) == 0 {
		return ""
	}
	return cmp.Or(s.PeerCertificates[0].Subject.String(), "nobody named")
}

// tlsName is the version as Postfix and checks write it; empty for a session in
// clear.
func tlsName(s *tls.ConnectionState) string {
	if s == nil {
		return ""
	}
	if v, ok := strings.CutPrefix(tls.VersionName(s.Version), "TLS "); ok {
		return "TLSv" + v
	}
	return tls.VersionName(s.Version)
}
