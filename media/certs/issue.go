package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// Role is what a node may be.
type Role string

// Roles.
const (
	Brain   Role = "brain"
	Witness Role = "witness"
	Worker  Role = "worker"
)

// host is the name of a role in certificates.
func (r Role) host() string { return string(r) + ".callwright.internal" }

// Files of an authority, and of a node.
const (
	caFile, caKeyFile     = "ca.pem", "ca.key"
	nodeFile, nodeKeyFile = "node.pem", "node.key"
	sealFile              = "cluster.key"
)

// lifetime of all certificates: nobody renews them behind the operator's back, so
// they last; an authority is thrown away by making another.
const lifetime = 10 * 365 * 24 * time.Hour

// ErrCert tells of a certificate that cannot be made or used.
var ErrCert = errors.New("certs: unusable")

// Node is one certificate to be made.
type Node struct {
	Name string // [a-z0-9-]
	Role Role
}

// Issue makes the folder of each node below dir: node.pem, node.key and ca.pem, all a
// process needs, and for brains the cluster.key that they seal with. The authority is that in dir, or made there. What is there already
// is left as it is; it returns the folders that are new.
func Issue(dir string, nodes []Node, now time.Time) (made []string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("certs: %w", err)
	}
	ca, err := authority(dir, now)
	if err != nil {
		return nil, err
	}
	name := regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	for _, n := range nodes {
		if !name.MatchString(n.Name) {
			return made, fmt.Errorf("%w: node name %q: small letters, digits and hyphens are taken", ErrCert, n.Name)
		}
		folder := filepath.Join(dir, n.Name)
		if _, err := os.Stat(filepath.Join(folder, nodeFile)); err == nil {
			continue
		}
		if err := ca.issue(folder, n, now); err != nil {
			return made, err
		}
		if n.Role == Brain {
			if err := copySeal(dir, folder); err != nil {
				return made, err
			}
		}
		made = append(made, folder)
	}
	return made, nil
}

// copySeal gives a brain the key of 32 random bytes that all of them share.
func copySeal(dir, folder string) error {
	key, err := os.ReadFile(filepath.Join(dir, sealFile))
	if errors.Is(err, fs.ErrNotExist) {
		key = make([]byte, 32)
		rand.Read(key) // never fails (crypto/rand)
		err = os.WriteFile(filepath.Join(dir, sealFile), key, 0o600)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, sealFile), key, 0o600)
	}
	if err != nil {
		return fmt.Errorf("certs: %w", err)
	}
	return nil
}

// pair is a certificate with its key.
type pair struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func authority(dir string, now time.Time) (pair, error) {
	ca, err := readPair(filepath.Join(dir, caFile), filepath.Join(dir, caKeyFile))
	if !errors.Is(err, fs.ErrNotExist) {
		return ca, err
	}
	ca, err = sign(&x509.Certificate{
		Subject:               pkix.Name{CommonName: "Callwright authority"},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}, pair{}, now)
	if err != nil {
		return ca, err
	}
	return ca, ca.write(filepath.Join(dir, caFile), filepath.Join(dir, caKeyFile))
}

func (ca pair) issue(folder string, n Node, now time.Time) error {
	node, err := sign(&x509.Certificate{
		Subject:     pkix.Name{CommonName: n.Name, OrganizationalUnit: []string{string(n.Role)}},
		DNSNames:    []string{n.Role.host()},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, ca, now)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("certs: %w", err)
	}
	if err := writePEM(filepath.Join(folder, caFile), 0o644, "CERTIFICATE", ca.cert.Raw); err != nil {
		return err
	}
	return node.write(filepath.Join(folder, nodeFile), filepath.Join(folder, nodeKeyFile))
}

// sign makes a key and its certificate; a zero ca signs itself.
func sign(template *x509.Certificate, ca pair, now time.Time) (pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, fmt.Errorf("certs: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return pair{}, fmt.Errorf("certs: %w", err)
	}
	template.SerialNumber = serial
	template.NotBefore = now.Add(-24 * time.Hour) // clocks differ
	template.NotAfter = now.Add(lifetime)
	if ca.cert == nil {
		ca = pair{template, key}
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, ca.cert, &key.PublicKey, ca.key)
	if err != nil {
		return pair{}, fmt.Errorf("certs: %w", err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		return pair{}, fmt.Errorf("certs: %w", err)
	}
	return pair{cert, key}, nil
}

// write puts the key first: a certificate that is there has its key.
func (p pair) write(certFile, keyFile string) error {
	key, err := x509.MarshalPKCS8PrivateKey(p.key)
	if err != nil {
		return fmt.Errorf("certs: %w", err)
	}
	if err := writePEM(keyFile, 0o600, "PRIVATE KEY", key); err != nil {
		return err
	}
	return writePEM(certFile, 0o644, "CERTIFICATE", p.cert.Raw)
}

func writePEM(file string, mode fs.FileMode, kind string, raw []byte) error {
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw}), mode); err != nil {
		return fmt.Errorf("certs: %w", err)
	}
	return nil
}

func readPair(certFile, keyFile string) (pair, error) {
	cert, err := readPEM(certFile)
	if err != nil {
		return pair{}, err
	}
	key, err := readPEM(keyFile)
	if err != nil {
		return pair{}, err
	}
	c, err1 := x509.ParseCertificate(cert)
	k, err2 := x509.ParsePKCS8PrivateKey(key)
	signer, is := k.(*ecdsa.PrivateKey)
	if err := errors.Join(err1, err2); err != nil || !is {
		return pair{}, fmt.Errorf("%w: %s and %s are no certificate and key of ours: %w", ErrCert, certFile, keyFile, err)
	}
	return pair{c, signer}, nil
}

func readPEM(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("certs: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%w: %s is no PEM file", ErrCert, file)
	}
	return block.Bytes, nil
}
