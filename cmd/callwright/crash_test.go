package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A worker killed under a call: the call ends with its cause in the log, and the
// next call works.
func TestWorkerKilled(t *testing.T) {
	for _, worker := range []string{"mixer-1", "sbc-1"} {
		t.Run(worker, func(t *testing.T) {
			e := startEngine(t, scriptsForOthers())
			phone := program("call", "sip:5000@"+e.address(t, "udp"), "--duration", "30s")
			out, err := phone.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := phone.Start(); err != nil {
				t.Fatal(err)
			}
			limit := time.AfterFunc(patience, func() { phone.Process.Kill() })
			defer limit.Stop()
			readUntil(t, out, "first RTP")
			e.kill(t, worker)
			rest, _ := io.ReadAll(out)
			phone.Wait()
			if !strings.Contains(string(rest), "BYE received") {
				t.Errorf("the call went on:\n%s", rest)
			}
			at := e.heard(t, 0, worker, "starting again")
			e.heard(t, 0, "call ended", "worker-lost")
			e.heard(t, at, "worker up", worker)
			o := runProgram(t, program("call", "sip:5000@"+e.address(t, "udp"), "--expect", "440"))
			if o.code != 0 {
				t.Errorf("the next call: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
			}
		})
	}
}

// However the engine ends, its calls get BYE: by Ctrl-C, and by a supervisor that was
// killed, whose children then end by themselves.
func TestCallsGetByeAtTheEnd(t *testing.T) {
	for name, sig := range map[string]syscall.Signal{"interrupted": syscall.SIGINT, "killed": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			e := startEngine(t, scriptsForOthers())
			phone := program("call", "sip:5000@"+e.address(t, "udp"), "--duration", "30s")
			out, err := phone.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := phone.Start(); err != nil {
				t.Fatal(err)
			}
			limit := time.AfterFunc(patience, func() { phone.Process.Kill() })
			defer limit.Stop()
			readUntil(t, out, "first RTP")
			e.cmd.Process.Signal(sig)
			rest, _ := io.ReadAll(out)
			phone.Wait()
			if !strings.Contains(string(rest), "BYE received") {
				t.Errorf("the call ended so:\n%s", rest)
			}
			e.cmd.Wait()
			awaitUnlocked(t, filepath.Join(e.dir, "data"))
		})
	}
}

// awaitUnlocked waits until no process of an engine is left: they all hold the lock.
func awaitUnlocked(t *testing.T, data string) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(data, "lock"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	free := make(chan error, 1)
	go func() {
		defer f.Close()
		free <- unix.Flock(int(f.Fd()), unix.LOCK_EX)
	}()
	select {
	case err := <-free:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(patience):
		t.Fatal("processes of the engine are left")
	}
}
