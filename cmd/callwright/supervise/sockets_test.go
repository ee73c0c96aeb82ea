package supervise

import (
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// greet tells each caller which process serves it.
func greet(ln net.Listener) {
	for {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		fmt.Fprint(conn, os.Getpid())
		conn.Close()
	}
}

// TestSocketsOutliveTheirChild kills the brain and connects at once: nobody is there
// to accept, and the connection waits for the next life.
func TestSocketsOutliveTheirChild(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f, err := ln.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ln.Close()
	d := newDesk(t)
	e := startWith(t, d, []Socket{{"tcp test", f}}, 10*time.Second, "brain")
	first := d.next(t, 1)["brain"]
	if got := dialed(t, ln.Addr().String()); got != fmt.Sprint(first.pid) {
		t.Errorf("served by %s, the brain is %d", got, first.pid)
	}
	syscall.Kill(first.pid, syscall.SIGKILL)
	served := dialed(t, ln.Addr().String())
	if second := d.next(t, 1)["brain"]; served != fmt.Sprint(second.pid) {
		t.Errorf("served by %s, the next brain is %d", served, second.pid)
	}
	e.cancel()
	e.end(t)
}

// dialed connects and returns what is said there; a dying process may take a first
// connection with it.
func dialed(t *testing.T, addr string) string {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < 10*time.Second; {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatalf("the listener is gone: %v", err)
		}
		text, _ := io.ReadAll(conn)
		conn.Close()
		if len(text) > 0 {
			return string(text)
		}
	}
	t.Fatal("nobody serves")
	return ""
}
