package supervise

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestMain lets this test binary be the children it supervises.
func TestMain(m *testing.M) {
	switch {
	case os.Getenv(lifelineEnv) != "":
		actChild(os.Args[1], os.Args[2])
	case os.Getenv("ACT_SUPERVISOR") != "":
		actSupervisor(os.Args[1])
	default:
		os.Exit(m.Run())
	}
}

// actChild dials the test and says who it is, then obeys as real children do.
func actChild(name, socket string) {
	if name == "refuses" {
		fmt.Fprintln(os.Stderr, "callwright: the port is in use")
		os.Exit(2)
	}
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	life, err := Inherited()
	if err != nil {
		fmt.Fprintln(os.Stderr, "callwright:", err)
		os.Exit(2)
	}
	conn, err := net.Dial("unix", socket)
	if err != nil {
		os.Exit(1)
	}
	fmt.Fprintf(conn, "%s %d %s\n", name, os.Getpid(), life.Secret)
	if f := life.Sockets["tcp test"]; f != nil {
		ln, err := net.FileListener(f)
		if err != nil {
			os.Exit(1)
		}
		go greet(ln)
	}
	if name == "brain" {
		life.Report(Report{Ready: &Ready{HTTP: "127.0.0.1:8080"}})
	}
	for {
		select {
		case <-term:
			if name == "stubborn" {
				continue
			}
			fmt.Fprintln(os.Stderr, "terminated")
			os.Exit(0)
		case <-life.Gone:
			os.Exit(0)
		case who := <-life.Exited:
			fmt.Fprintln(os.Stderr, "told of", who)
			if who == "mixer-1" {
				life.Report(Report{Kill: "sbc-1"})
			}
		}
	}
}

func actSupervisor(socket string) {
	Run(context.Background(), Config{
		Program: os.Args[0], Secret: "s",
		Brain:   Spec{Name: "brain", Args: []string{"brain", socket}},
		Workers: []Spec{{Name: "mixer-1", Args: []string{"mixer-1", socket}}},
		Line:    func(string, string) {},
		Ready:   func(Ready, bool) {},
	})
}

// life is one process that has called the test.
type life struct {
	name string
	pid  int
	over chan struct{} // closed when its connection is: it is gone
}

// desk takes the children's calls.
type desk struct {
	socket string
	lives  chan life
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{socket: filepath.Join(t.TempDir(), "s"), lives: make(chan life, 16)}
	l, err := net.Listen("unix", d.socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go d.serve(conn)
		}
	}()
	return d
}

func (d *desk) serve(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	line, err := r.ReadString('\n')
	words := strings.Fields(line)
	if err != nil || len(words) != 3 || words[2] != "s3cret" && words[2] != "s" {
		return
	}
	pid, _ := strconv.Atoi(words[1])
	l := life{words[0], pid, make(chan struct{})}
	d.lives <- l
	r.ReadByte()
	close(l.over)
}

// next waits for the next n processes and returns them by name.
func (d *desk) next(t *testing.T, n int) map[string]life {
	t.Helper()
	got := map[string]life{}
	for range n {
		select {
		case l := <-d.lives:
			got[l.name] = l
		case <-time.After(20 * time.Second):
			t.Fatalf("only %d of %d processes called", len(got), n)
		}
	}
	return got
}

// engine is a supervisor under test and all its lines.
type engine struct {
	cancel context.CancelFunc
	ended  chan error
	ready  chan bool
	mu     sync.Mutex
	lines  []string
	came   chan struct{} // a token a line
}

func start(t *testing.T, d *desk, grace time.Duration, brain string, workers ...string) *engine {
	t.Helper()
	return startWith(t, d, nil, grace, brain, workers...)
}

func startWith(t *testing.T, d *desk, sockets []Socket, grace time.Duration, brain string, workers ...string) *engine {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	e := &engine{cancel: cancel, ended: make(chan error, 1), ready: make(chan bool, 16), came: make(chan struct{}, 1000)}
	cfg := Config{
		Program: os.Args[0], Secret: "s3cret",
		Brain: Spec{Name: "brain", Args: []string{brain, d.socket}, Grace: grace, Sockets: sockets},
		Line: func(name, line string) {
			e.mu.Lock()
			e.lines = append(e.lines, name+": "+line)
			e.mu.Unlock()
			e.came <- struct{}{}
		},
		Ready: func(_ Ready, again bool) { e.ready <- again },
	}
	for _, w := range workers {
		cfg.Workers = append(cfg.Workers, Spec{Name: w, Args: []string{w, d.socket}, Grace: grace})
	}
	go func() { e.ended <- Run(ctx, cfg) }()
	t.Cleanup(cancel)
	return e
}

// heard waits for a line that contains text.
func (e *engine) heard(t *testing.T, text string) {
	t.Helper()
	limit := time.After(20 * time.Second)
	for {
		e.mu.Lock()
		all := strings.Join(e.lines, "\n")
		e.mu.Unlock()
		if strings.Contains(all, text) {
			return
		}
		select {
		case <-e.came:
		case <-limit:
			t.Fatalf("no %q in:\n%s", text, all)
		}
	}
}

func (e *engine) end(t *testing.T) error {
	t.Helper()
	select {
	case err := <-e.ended:
		return err
	case <-time.After(20 * time.Second):
		t.Fatal("the supervisor did not end")
		return nil
	}
}

func TestStopsInOrder(t *testing.T) {
	d := newDesk(t)
	e := start(t, d, 10*time.Second, "brain", "mixer-1", "sbc-1")
	lives := d.next(t, 3)
	<-e.ready
	e.cancel()
	if err := e.end(t); err != nil {
		t.Fatal(err)
	}
	want := "brain: terminated\nmixer-1: terminated\nsbc-1: terminated"
	if got := strings.Join(e.lines, "\n"); got != want {
		t.Errorf("lines:\n%s\nwant:\n%s", got, want)
	}
	for name, l := range lives {
		if err := syscall.Kill(l.pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("%s is still there: %v", name, err)
		}
	}
}

func TestRestartsAndTellsTheBrain(t *testing.T) {
	d := newDesk(t)
	e := start(t, d, 10*time.Second, "brain", "mixer-1", "sbc-1")
	lives := d.next(t, 3)
	if again := <-e.ready; again {
		t.Error("the first ready was told as another")
	}
	syscall.Kill(lives["mixer-1"].pid, syscall.SIGKILL)
	e.heard(t, "mixer-1: ended (signal: killed), starting again at once")
	e.heard(t, "brain: told of mixer-1")
	e.heard(t, "sbc-1: does not answer, killed") // our brain asks for that then
	second := d.next(t, 2)
	for _, name := range []string{"mixer-1", "sbc-1"} {
		if second[name].pid == 0 || second[name].pid == lives[name].pid {
			t.Errorf("%s: pid %d, before it was %d", name, second[name].pid, lives[name].pid)
		}
	}
	syscall.Kill(lives["brain"].pid, syscall.SIGKILL)
	d.next(t, 1)
	if again := <-e.ready; !again {
		t.Error("the second ready was told as the first")
	}
	e.cancel()
	if err := e.end(t); err != nil {
		t.Error(err)
	}
}

func TestRefusedStart(t *testing.T) {
	d := newDesk(t)
	e := start(t, d, 10*time.Second, "refuses", "mixer-1")
	err := e.end(t)
	if !errors.Is(err, ErrStart) || !strings.HasSuffix(err.Error(), "brain: the port is in use") {
		t.Errorf("got %v", err)
	}
}

func TestStubbornChildIsKilled(t *testing.T) {
	d := newDesk(t)
	e := start(t, d, 50*time.Millisecond, "brain", "stubborn")
	d.next(t, 2)
	<-e.ready
	e.cancel()
	if err := e.end(t); err != nil {
		t.Fatal(err)
	}
	e.heard(t, "stubborn: does not end in 50ms, killed")
}

func TestChildrenDieWithTheSupervisor(t *testing.T) {
	d := newDesk(t)
	cmd := exec.Command(os.Args[0], d.socket)
	cmd.Env = append(os.Environ(), "ACT_SUPERVISOR=1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lives := d.next(t, 2)
	cmd.Process.Kill()
	cmd.Wait()
	for name, l := range lives {
		select {
		case <-l.over:
		case <-time.After(20 * time.Second):
			t.Errorf("%s outlives its supervisor", name)
			syscall.Kill(l.pid, syscall.SIGKILL)
		}
	}
}

func TestInheritedAlone(t *testing.T) {
	if _, err := Inherited(); !errors.Is(err, ErrAlone) {
		t.Errorf("got %v", err)
	}
}

func TestBackoff(t *testing.T) {
	var b backoff
	var got []string
	for _, lived := range []time.Duration{0, 0, 0, 0, 0, 0, 0, 0, healthy, 0} {
		got = append(got, b.next(lived).String())
	}
	want := "0s 100ms 200ms 400ms 800ms 1.6s 3.2s 5s 0s 100ms"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("pauses %s, want %s", s, want)
	}
}

func TestLinesAreCut(t *testing.T) {
	var got []string
	l := &lines{name: "x", to: func(_, line string) { got = append(got, line) }}
	for _, part := range []string{"a", "b\ncall", "wright: why\n\nd\ne"} {
		l.Write([]byte(part))
	}
	l.Write([]byte(strings.Repeat("z", maxLine)))
	l.flush()
	if len(got) != 3 || got[0] != "ab" || got[1] != "d" || len(got[2]) != 1+maxLine || l.reason != "why" {
		t.Errorf("%d lines, reason %q", len(got), l.reason)
	}
}
