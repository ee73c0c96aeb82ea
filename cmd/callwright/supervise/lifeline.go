package supervise

import (
	"bufio"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// lifelineEnv is set for children; its value names the two files.
const (
	lifelineEnv   = "CALLWRIGHT_LIFELINE"
	lifelineFiles = "3,4"
	noticeFile    = 3
	reportFile    = 4
	firstSocket   = 5
)

// ErrAlone tells a child that no supervisor started it.
var ErrAlone = errors.New("supervise: not started by `callwright run`")

// Notice is a line from the supervisor to a child.
type Notice struct {
	// In the first notice only: the secret of this start, and what the files from 5 on are.
	Secret  string   `json:"secret,omitempty"`
	Sockets []string `json:"sockets,omitempty"`
	Exited  string   `json:"exited,omitempty"` // a worker's name: its process has ended
}

// Report is a line from a child to the supervisor.
type Report struct {
	Ready *Ready `json:"ready,omitempty"`
	// Kill names a worker that does not answer: it is killed and started anew.
	Kill string `json:"kill,omitempty"`
	// Standby: the brain has started well, and another is active.
	Standby bool `json:"standby,omitempty"`
	// Lease is until when the brain may act, on the clock of Monotonic; NoLease: not any
	// more. Without renewal the keeper must take it as over then.
	Lease int64 `json:"lease,omitempty"`
}

// Ready is what the brain says once calls are taken.
type Ready struct {
	SIP     []string `json:"sip"`  // "udp 127.0.0.1:5060"
	HTTP    string   `json:"http"` // "127.0.0.1:8080"
	Scripts []Script `json:"scripts"`
}

// Script is one app as the ready banner shows it.
type Script struct {
	App     string   `json:"app"`
	Routes  []string `json:"routes"`
	Version string   `json:"version"`
	Error   string   `json:"error,omitempty"` // it does not load, and why
}

// NoLease gives a lease up.
const NoLease = -1

// Monotonic is the time of a clock that all processes of this machine share and nobody
// sets.
func Monotonic() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic("supervise: no monotonic clock: " + err.Error())
	}
	return time.Duration(ts.Nano())
}

// NewSecret is for Config.Secret.
func NewSecret() string { return rand.Text() }

// Lifeline is a child's end of the two pipes.
type Lifeline struct {
	Secret string
	// Sockets are the inherited ones by name; they stay the supervisor's, so use copies
	// (net.FileListener, net.FilePacketConn).
	Sockets map[string]*os.File
	// Exited brings names of worker processes that have ended. It must be read.
	Exited <-chan string
	// Gone is closed when the supervisor is: the child must end.
	Gone <-chan struct{}

	mu      sync.Mutex
	reports *os.File
}

// Inherited takes up the lifeline in a child and waits for the secret. It reads
// on a goroutine of its own for as long as the process lives. Call it once.
func Inherited() (*Lifeline, error) {
	if os.Getenv(lifelineEnv) != lifelineFiles {
		return nil, ErrAlone
	}
	os.Unsetenv(lifelineEnv)
	syscall.CloseOnExec(noticeFile)
	syscall.CloseOnExec(reportFile)
	lines := bufio.NewScanner(os.NewFile(noticeFile, "lifeline"))
	var first Notice
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &first) != nil || first.Secret == "" {
		return nil, fmt.Errorf("%w: no secret came", ErrAlone)
	}
	exited, gone := make(chan string, 16), make(chan struct{})
	go func() {
		defer close(gone)
		for lines.Scan() {
			var n Notice
			if json.Unmarshal(lines.Bytes(), &n) == nil && n.Exited != "" {
				exited <- n.Exited
			}
		}
	}()
	return &Lifeline{Secret: first.Secret, Sockets: inherited(first.Sockets), Exited: exited, Gone: gone, reports: os.NewFile(reportFile, "reports")}, nil
}

func inherited(names []string) map[string]*os.File {
	files := map[string]*os.File{}
	for i, name := range names {
		syscall.CloseOnExec(firstSocket + i)
		files[name] = os.NewFile(uintptr(firstSocket+i), name)
	}
	return files
}

// Report sends one line to the supervisor. It may be called from any goroutine.
func (l *Lifeline) Report(r Report) error {
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("supervise: report: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.reports.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("supervise: report: %w", err)
	}
	return nil
}
