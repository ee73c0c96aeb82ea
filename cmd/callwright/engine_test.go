package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/callwright/callwright/cmd/callwright/supervise"
	"github.com/callwright/callwright/engine/api"
)

// actEnv makes this test binary the program itself, raced as the tests are; the
// children that `run` starts inherit it.
const actEnv = "CALLWRIGHT_TEST_ACT"

func TestMain(m *testing.M) {
	hostScripts()
	if os.Getenv(actEnv) != "" {
		main()
	}
	os.Exit(m.Run())
}

// patience is for real programs on a busy machine; nothing waits it out.
const patience = 60 * time.Second

// program is a command line of ours, ready to start.
func program(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), actEnv+"=1")
	return cmd
}

// outcome is what a program that has ended left behind.
type outcome struct {
	code           int
	stdout, stderr string
}

func runProgram(t *testing.T, cmd *exec.Cmd) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	limit := time.AfterFunc(patience, func() { cmd.Process.Kill() })
	defer limit.Stop()
	cmd.Wait()
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// liveEngine is a `callwright run` of a test.
type liveEngine struct {
	supervise.Ready
	cmd   *exec.Cmd
	dir   string // holds scripts and data
	media int    // first RTP port
	mu    sync.Mutex
	log   []string
	lines chan struct{} // a token a line
}

// startEngine runs a whole engine with these scripts (name to text) on free ports
// and waits until it takes calls.
func startEngine(t *testing.T, scripts map[string]string) *liveEngine {
	t.Helper()
	return startEngineOn(t, func(dir string) {
		for name, text := range scripts {
			(&liveEngine{dir: dir}).save(t, name, text)
		}
	})
}

// startEngineOn does so with whatever fill puts into the directory scripts.
func startEngineOn(t *testing.T, fill func(dir string)) *liveEngine {
	t.Helper()
	dir := t.TempDir()
	fill(dir)
	return launch(t, dir)
}

// launch runs an engine on a directory, which may be that of one that has ended, with
// more flags, which win.
func launch(t *testing.T, dir string, flags ...string) *liveEngine {
	t.Helper()
	e := &liveEngine{dir: dir, media: freeMediaPorts(t), lines: make(chan struct{}, 1<<16)}
	e.cmd = program("run", filepath.Join(dir, "scripts"), "--data", filepath.Join(dir, "data"), "--json",
		// Raced processes on a busy machine stand still for longer than any heartbeat.
		"--missed-heartbeats", "500",
		"--sip", "127.0.0.1:0", "--http", "127.0.0.1:0", "--rtp-ports", fmt.Sprintf("%d-%d", e.media, e.media+mediaPorts-1))
	e.cmd.Args = append(e.cmd.Args, flags...)
	stdout, err := e.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := e.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := e.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go e.collect(stderr)
	t.Cleanup(func() {
		e.stop(t)
		if t.Failed() {
			t.Logf("the engine's log:\n%s", e.text())
		}
	})
	ready := make(chan error, 1)
	go func() { ready <- json.NewDecoder(stdout).Decode(&e.Ready) }()
	select {
	case err := <-ready:
		if err != nil {
			t.Fatalf("the engine did not get ready: %v\n%s", err, e.text())
		}
	case <-time.After(patience):
		t.Fatalf("the engine is not ready:\n%s", e.text())
	}
	return e
}

// save writes a script as an editor does.
func (e *liveEngine) save(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(e.dir, "scripts", name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (e *liveEngine) collect(r io.Reader) {
	sc := bufio.NewScanner(r)
	for sc.Scan() {
		e.mu.Lock()
		e.log = append(e.log, sc.Text())
		e.mu.Unlock()
		e.lines <- struct{}{}
	}
}

func (e *liveEngine) text() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.Join(e.log, "\n")
}

// heard waits for a line of the log with all these words, from line number at on,
// and returns the number of the line behind it.
func (e *liveEngine) heard(t *testing.T, at int, words ...string) int {
	t.Helper()
	limit := time.After(patience)
	for {
		e.mu.Lock()
		log := e.log
		e.mu.Unlock()
	next:
		for ; at < len(log); at++ {
			for _, w := range words {
				if !strings.Contains(log[at], w) {
					continue next
				}
			}
			return at + 1
		}
		select {
		case <-e.lines:
		case <-limit:
			t.Fatalf("no line with %q in the log", words)
		}
	}
}

// stop ends the engine as Ctrl-C does and checks that it ended well.
func (e *liveEngine) stop(t *testing.T) {
	t.Helper()
	if e.cmd.ProcessState == nil {
		e.end(t, syscall.SIGINT)
	}
}

func (e *liveEngine) end(t *testing.T, by syscall.Signal) {
	t.Helper()
	e.cmd.Process.Signal(by)
	limit := time.AfterFunc(patience, func() { e.cmd.Process.Kill() })
	defer limit.Stop()
	if err := e.cmd.Wait(); err != nil {
		t.Errorf("the engine ended badly: %v", err)
	}
}

// address is where the engine listens: "127.0.0.1:5060".
func (e *liveEngine) address(t *testing.T, transport string) string {
	t.Helper()
	for _, s := range e.SIP {
		if addr, ok := strings.CutPrefix(s, transport+" "); ok {
			return addr
		}
	}
	t.Fatalf("the engine has no %s address: %q", transport, e.SIP)
	return ""
}

// client runs a client of the control API against this engine.
func (e *liveEngine) client(t *testing.T, args ...string) outcome {
	t.Helper()
	return runProgram(t, program(append(args, "--http", e.HTTP, "--data", filepath.Join(e.dir, "data"))...))
}

const mediaPorts = 64

// mediaRun counts the runs of ports given out: tests beside each other get different
// ones, from a place of this process's own.
var mediaRun atomic.Uint32

// freeMediaPorts finds a run of ports that nobody has, below those the system gives
// to sockets without a wish.
func freeMediaPorts(t *testing.T) int {
	t.Helper()
	const runs = 20000 / mediaPorts
	for range runs {
		first := 10000 + (os.Getpid()*7+int(mediaRun.Add(1)))%runs*mediaPorts
		if portsFree(first) {
			return first
		}
	}
	t.Fatal("no free UDP ports found")
	return 0
}

func portsFree(first int) bool {
	for port := first; port < first+mediaPorts; port++ {
		pc, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return false
		}
		defer pc.Close()
	}
	return true
}

// workers asks the control API who is there.
func (e *liveEngine) workers(t *testing.T) []api.WorkerView {
	t.Helper()
	f := clientFlags{http: e.HTTP, data: filepath.Join(e.dir, "data")}
	c, err := f.connect()
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Workers []api.WorkerView }
	if err := c.ask(t.Context(), "GET", "/v1/workers", &got); err != nil {
		t.Fatal(err)
	}
	return got.Workers
}

// signal sends a worker's process a signal.
func (e *liveEngine) signal(t *testing.T, name string, sig syscall.Signal) {
	t.Helper()
	for _, w := range e.workers(t) {
		if w.Name == name && w.PID > 0 {
			if err := syscall.Kill(w.PID, sig); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("no worker %s", name)
}

// readUntil reads a program's output up to a line with that text.
func readUntil(t *testing.T, r io.Reader, text string) {
	t.Helper()
	var all []byte
	b := make([]byte, 1)
	for !bytes.Contains(all, []byte(text)) {
		if _, err := r.Read(b); err != nil {
			t.Fatalf("no %q in:\n%s", text, all)
		}
		all = append(all, b[0])
	}
}
