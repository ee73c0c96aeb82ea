package certs

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func issue(t *testing.T, dir string, nodes ...Node) {
	t.Helper()
	if _, err := Issue(dir, nodes, time.Now()); err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, dir string) *Identity {
	t.Helper()
	id, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// shake joins a client and a server in memory and returns what each makes of it.
func shake(server, client *tls.Config) (serverErr, clientErr error) {
	a, b := net.Pipe()
	defer a.Close()
	done := make(chan error, 1)
	go func() {
		s := tls.Server(a, server)
		err := s.Handshake()
		if err != nil {
			a.Close()
		}
		done <- err
	}()
	c := tls.Client(b, client)
	clientErr = c.Handshake()
	if clientErr != nil {
		b.Close()
	} else { // TLS 1.3: a refused client learns it from the first read
		go c.Read(make([]byte, 1))
	}
	return <-done, clientErr
}

func TestWhoTakesWhom(t *testing.T) {
	dir, foreign := t.TempDir(), t.TempDir()
	issue(t, dir, Node{"brain-1", Brain}, Node{"sbc-1", Worker})
	issue(t, dir, Node{"brain-1", Brain}, Node{"witness-1", Witness}) // later, by the same authority
	issue(t, foreign, Node{"brain-1", Brain}, Node{"sbc-1", Worker})
	brain, worker, witness := load(t, dir+"/brain-1"), load(t, dir+"/sbc-1"), load(t, dir+"/witness-1")
	if brain.Name != "brain-1" {
		t.Errorf("name %q", brain.Name)
	}
	for _, c := range []struct {
		what           string
		server, client *tls.Config
		ok             bool
	}{
		{"a worker at a brain", brain.Server(nil, Worker), worker.Client(Brain), true},
		{"a witness at a brain", brain.Server(nil, Brain, Witness), witness.Client(Witness, Brain), true},
		{"a worker where brains are taken", brain.Server(nil, Brain), worker.Client(Brain), false},
		{"a worker at a worker", worker.Server(nil, Worker), worker.Client(Brain), false},
		{"a foreign worker", brain.Server(nil, Worker), load(t, foreign+"/sbc-1").Client(Brain), false},
		{"a foreign brain", load(t, foreign+"/brain-1").Server(nil, Worker), worker.Client(Brain), false},
		{"nobody", brain.Server(nil, Worker), &tls.Config{InsecureSkipVerify: true}, false},
	} {
		if s, cl := shake(c.server, c.client); (s == nil && cl == nil) != c.ok {
			t.Errorf("%s: server %v, client %v", c.what, s, cl)
		}
	}
}

// Brains share a key to seal with, whenever they were made; workers have none.
func TestSealIsTheBrains(t *testing.T) {
	dir := t.TempDir()
	issue(t, dir, Node{"brain-1", Brain}, Node{"sbc-1", Worker})
	issue(t, dir, Node{"brain-2", Brain})
	one, err1 := os.ReadFile(dir + "/brain-1/cluster.key")
	two, err2 := os.ReadFile(dir + "/brain-2/cluster.key")
	if err1 != nil || err2 != nil || len(one) != 32 || string(one) != string(two) {
		t.Errorf("%x %v, %x %v", one, err1, two, err2)
	}
	if _, err := os.Stat(dir + "/sbc-1/cluster.key"); err == nil {
		t.Error("a worker could read what is sealed")
	}
}

func TestUnusable(t *testing.T) {
	dir := t.TempDir()
	issue(t, dir, Node{"brain-1", Brain})
	if _, err := Issue(dir, []Node{{"../x", Brain}}, time.Now()); !errors.Is(err, ErrCert) {
		t.Errorf("a name that leads elsewhere: %v", err)
	}
	node := filepath.Join(dir, "brain-1")
	key := filepath.Join(node, nodeKeyFile)
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(node); !errors.Is(err, ErrCert) {
		t.Errorf("a key that others can read: %v", err)
	}
	if err := os.Chmod(key, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(node, caFile), []byte("no PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(node); !errors.Is(err, ErrCert) {
		t.Errorf("no authority: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, caKeyFile), []byte("no PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Issue(dir, nil, time.Now()); !errors.Is(err, ErrCert) {
		t.Errorf("a damaged authority: %v", err)
	}
	if _, err := Load(dir + "/nobody"); !errors.Is(err, ErrCert) {
		t.Errorf("no such node: %v", err)
	}
}
