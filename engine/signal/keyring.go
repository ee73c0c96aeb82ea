package signal

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// ErrCertificate is about certificates that cannot be used; its text says which, and
// what is expected.
var ErrCertificate = errors.New("signal: certificate")

// lookAgain is how often a keyring looks whether its files have changed, at most.
const lookAgain = time.Second

// Keyring is the certificates of TLS listeners: the pairs NAME.crt and NAME.key (PEM, the
// chain behind the certificate) of a directory. Each is shown to those who ask for a name
// in it (SNI); the first by file name to all others. What changes in the directory holds
// for the next handshake a second later; files that cannot be read are logged, and what was
// good goes on. It is safe for concurrent use.
type Keyring struct {
	dir     string
	clients *x509.CertPool
	log     *slog.Logger

	mu     sync.Mutex
	looked time.Time
	seen   string // names, sizes and times of the files
	config *tls.Config
}

// OpenKeyring reads the certificates of a directory. Clients are the authorities that a
// peer must have its certificate from; nil: none is asked for one. ErrCertificate.
func OpenKeyring(dir string, clients *x509.CertPool, log *slog.Logger) (*Keyring, error) {
	k := &Keyring{dir: dir, clients: clients, log: log, looked: time.Now()}
	var err error
	if k.seen, err = k.look(); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	k.config, err = k.load()
	return k, err
}

// Server is the configuration of a listener.
func (k *Keyring) Server() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return k.current(time.Now()), nil },
	}
}

// current reads the directory again if it has changed.
func (k *Keyring) current(now time.Time) *tls.Config {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now.Sub(k.looked) < lookAgain {
		return k.config
	}
	k.looked = now
	seen, err := k.look()
	if err == nil && seen == k.seen {
		return k.config
	}
	k.seen = seen
	config := k.config
	if err == nil {
		config, err = k.load()
	}
	if err != nil {
		k.log.Error("certificates not read; those before go on", "directory", k.dir, "error", err)
		return k.config
	}
	k.log.Info("certificates read", "directory", k.dir, "count", len(config.Certificates))
	k.config = config
	return config
}

// look tells one state of the directory from another.
func (k *Keyring) look() (string, error) {
	entries, err := os.ReadDir(k.dir)
	var b strings.Builder
	for _, e := range entries {
		if st, err := os.Stat(filepath.Join(k.dir, e.Name())); err == nil { // through links, as ACME clients make them
			fmt.Fprintln(&b, e.Name(), st.Size(), st.ModTime().UnixNano())
		}
	}
	return b.String(), err
}

func (k *Keyring) load() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if k.clients != nil {
		c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, k.clients
	}
	files, err := filepath.Glob(filepath.Join(k.dir, "*.crt"))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	slices.Sort(files)
	for _, f := range files {
		pair, err := tls.LoadX509KeyPair(f, strings.TrimSuffix(f, ".crt")+".key")
		if err != nil {
			return nil, fmt.Errorf("%w: %s with its .key: %w", ErrCertificate, f, err)
		}
		c.Certificates = append(c.Certificates, pair)
	}
	if len(c.Certificates) == 0 {
		return nil, fmt.Errorf("%w: none in %s: put NAME.crt (PEM) and NAME.key there", ErrCertificate, k.dir)
	}
	return c, nil
}

// Authorities reads the certificates of a PEM file as those that are believed.
// ErrCertificate.
func Authorities(file string) (*x509.CertPool, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCertificate, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		return nil, fmt.Errorf("%w: %s holds none in PEM", ErrCertificate, file)
	}
	return pool, nil
}
