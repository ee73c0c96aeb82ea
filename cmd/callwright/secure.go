package main

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/callwright/callwright/engine/signal"
)

// secureFlags say how SIP over TLS and WebSocket is spoken; run hands them to its brain.
type secureFlags struct {
	dir, clients, roots string
	origins             []string
}

func (f *secureFlags) register(fl *pflag.FlagSet) {
	fl.StringVar(&f.dir, "tls", "", "directory of the certificates of tls: and wss: listeners, NAME.crt and NAME.key each (default: tls in --data)")
	fl.StringVar(&f.clients, "tls-clients", "", "PEM file of the authorities that TLS clients must have a certificate from (default: none is asked for)")
	fl.StringVar(&f.roots, "tls-roots", "", "PEM file of the authorities that are believed where we call over TLS (default: the machine's)")
	fl.StringSliceVar(&f.origins, "ws-origin", nil, "host whose web pages may open a WebSocket to us, such as '*.example.com', repeatable")
}

// args are the flags again.
func (f *secureFlags) args() (args []string) {
	for _, a := range [][2]string{{"--tls", f.dir}, {"--tls-clients", f.clients}, {"--tls-roots", f.roots}} {
		if a[1] != "" {
			args = append(args, a[0], a[1])
		}
	}
	for _, o := range f.origins {
		args = append(args, "--ws-origin", o)
	}
	return args
}

// security is what the flags come to: server is nil if no listener needs it.
type security struct {
	server, client *tls.Config
	origins        []string
}

// open reads the certificates that the listeners need.
func (f *secureFlags) open(data string, listeners []listener, log *slog.Logger) (s security, err error) {
	s.origins = f.origins
	if f.roots != "" {
		pool, err := signal.Authorities(f.roots)
		if err != nil {
			return s, fmt.Errorf("--tls-roots: %w", err)
		}
		s.client = &tls.Config{RootCAs: pool}
	}
	var clients *x509.CertPool
	if f.clients != "" {
		if clients, err = signal.Authorities(f.clients); err != nil {
			return s, fmt.Errorf("--tls-clients: %w", err)
		}
	}
	for _, l := range listeners {
		if l.Transport != "tls" && l.Transport != "wss" {
			continue
		}
		ring, err := signal.OpenKeyring(cmp.Or(f.dir, filepath.Join(data, "tls")), clients, log)
		if err != nil {
			return s, fmt.Errorf("--sip %s: %w", l, err)
		}
		s.server = ring.Server()
		return s, nil
	}
	return s, nil
}
