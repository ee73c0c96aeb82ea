package certs

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
)

// Identity is a node's certificate and the authority it trusts.
type Identity struct {
	Name string // of the node
	cert tls.Certificate
	pool *x509.CertPool
}

// Load reads a node's folder. A key that others can read is refused.
func Load(dir string) (*Identity, error) {
	keyFile := filepath.Join(dir, nodeKeyFile)
	st, err := os.Stat(keyFile)
	if err != nil {
		return nil, fmt.Errorf("%w: %w; `callwright certs` makes a node's folder", ErrCert, err)
	}
	if st.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%w: %s has mode %04o, others can read it: chmod 600", ErrCert, keyFile, st.Mode().Perm())
	}
	cert, err := tls.LoadX509KeyPair(filepath.Join(dir, nodeFile), keyFile)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCert, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, caFile))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCert, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%w: %s has no certificate in it", ErrCert, filepath.Join(dir, caFile))
	}
	return &Identity{Name: cert.Leaf.Subject.CommonName, cert: cert, pool: pool}, nil
}

// Server takes clients of the given roles only. protos are those of ALPN, if any.
func (id *Identity) Server(protos []string, from ...Role) *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{id.cert},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    id.pool,
		NextProtos:   protos,
		VerifyConnection: func(c tls.ConnectionState) error {
			leaf := c.PeerCertificates[0]
			for _, role := range from {
				if leaf.VerifyHostname(role.host()) == nil {
					return nil
				}
			}
			return fmt.Errorf("%w: %s is %v, wanted is one of %v", ErrCert, leaf.Subject.CommonName, leaf.Subject.OrganizationalUnit, from)
		},
	}
}

// Client takes a server of one of the given roles only.
func (id *Identity) Client(to ...Role) *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{id.cert},
		// The names to look for are several, so the chain is verified below instead.
		InsecureSkipVerify: true,
		VerifyConnection: func(c tls.ConnectionState) error {
			var last error
			for _, role := range to {
				_, err := c.PeerCertificates[0].Verify(x509.VerifyOptions{DNSName: role.host(), Roots: id.pool})
				if err == nil {
					return nil
				}
				last = err
			}
			return fmt.Errorf("%w: %w", ErrCert, last)
		},
	}
}
