package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/callwright/callwright/cmd/callwright/supervise"
)

const (
	benchPorts  = 4000 // of RTP: 2000 calls up at once
	clockTicks  = 100  // USER_HZ, which Linux shows to programs on all architectures of Go
	benchStart  = 30 * time.Second
	benchFinish = 15 * time.Second
)

// benched is an engine under measurement: a `run` of its own with all its children.
type benched struct {
	cmd *exec.Cmd
	dir string // holds scripts and data
	log bytes.Buffer
	sip netip.AddrPort
}

// benchedWith starts an engine on one script; clean ends it and forgets its files.
func benchedWith(ctx context.Context, script, isolation string) (e *benched, clean func(), err error) {
	return benchedOn(ctx, map[string]string{"bench.js": script, "bench.yaml": "isolation: " + isolation + "\n"})
}

// benchedOn starts one on files of scripts.
func benchedOn(ctx context.Context, files map[string]string) (e *benched, clean func(), err error) {
	dir, err := os.MkdirTemp("", "callwright-bench-")
	if err != nil {
		return nil, nil, err
	}
	scripts := filepath.Join(dir, "scripts")
	for name, text := range files {
		path := filepath.Join(scripts, name)
		err = errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600))
	}
	if err == nil {
		e, err = startBenched(ctx, dir)
	}
	if err != nil {
		os.RemoveAll(dir)
		return nil, nil, err
	}
	return e, func() { e.stop(); os.RemoveAll(dir) }, nil
}

// spent waits for d and returns the processor time the engine took meanwhile, by
// role, and how many seconds it really was.
func (e *benched) spent(ctx context.Context, d time.Duration) (roles map[string]float64, took float64, err error) {
	before, err := e.cpu()
	if err != nil {
		return nil, 0, err
	}
	began := time.Now()
	if err := pause(ctx, d); err != nil {
		return nil, 0, err
	}
	took = time.Since(began).Seconds()
	if roles, err = e.cpu(); err != nil {
		return nil, 0, err
	}
	for role := range roles {
		roles[role] -= before[role]
	}
	return roles, took, nil
}

func startBenched(ctx context.Context, dir string) (*benched, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	first, err := freePorts(benchPorts)
	if err != nil {
		return nil, err
	}
	e := &benched{dir: dir}
	e.cmd = exec.Command(self, "run", filepath.Join(dir, "scripts"), "--data", filepath.Join(dir, "data"), "--json",
		"--sip", "udp:127.0.0.1:0", "--http", "127.0.0.1:0", "--rtp-ports", fmt.Sprintf("%d-%d", first, first+benchPorts-1))
	e.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	e.cmd.Stderr = &e.log
	out, err := e.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := e.cmd.Start(); err != nil {
		return nil, err
	}
	var r supervise.Ready
	got := make(chan error, 1)
	go func() { got <- json.NewDecoder(out).Decode(&r) }()
	limit := time.NewTimer(benchStart)
	defer limit.Stop()
	select {
	case err = <-got:
	case <-limit.C:
		err = fmt.Errorf("not ready after %v", benchStart)
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err == nil && len(r.SIP) > 0 {
		e.sip, err = netip.ParseAddrPort(strings.TrimPrefix(r.SIP[0], "udp "))
	}
	if err != nil {
		e.stop()
		return nil, fmt.Errorf("bench: the engine did not start: %w: %s", err, lastLine(e.log.Bytes()))
	}
	return e, nil
}

// stop ends the engine, and does not wait for ever.
func (e *benched) stop() {
	e.cmd.Process.Signal(syscall.SIGINT)
	hard := time.AfterFunc(benchFinish, func() { e.cmd.Process.Kill() })
	defer hard.Stop()
	e.cmd.Wait()
}

// cpu is the processor time of the engine's processes so far, in seconds, by role:
// "run", "brain", "sbc", "mixer", "script-host". The last are children of the brain.
func (e *benched) cpu() (map[string]float64, error) {
	roles := map[string]float64{}
	for role, ps := range e.processes() {
		for _, p := range ps {
			roles[role] += p.seconds
		}
	}
	if len(roles) < 4 {
		return nil, fmt.Errorf("bench: only %d processes of the engine are left: %s", len(roles), lastLine(e.log.Bytes()))
	}
	return roles, nil
}

// processes are the engine's, by role.
func (e *benched) processes() map[string][]osProcess {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is good
	all := map[int]osProcess{}
	for _, path := range stats {
		if p, ok := readProcess(path); ok {
			all[p.pid] = p
		}
	}
	roles := map[string][]osProcess{}
	for _, p := range all {
		if role := p.role(); role != "" && descends(all, p.pid, e.cmd.Process.Pid) {
			roles[role] = append(roles[role], p)
		}
	}
	return roles
}

// osProcess is one line of /proc, as much of it as a bench needs.
type osProcess struct {
	pid, parent int
	seconds     float64 // user and system time
	dir         string  // below /proc
}

// readProcess reads /proc/PID/stat; false for a process that has ended meanwhile.
func readProcess(path string) (p osProcess, ok bool) {
	b, err := os.ReadFile(path)
	if err != nil {
		return p, false
	}
	// The name stands in parentheses and may hold anything (proc(5)).
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(f) < 13 {
		return p, false
	}
	p.dir = filepath.Dir(path)
	p.pid, _ = strconv.Atoi(filepath.Base(p.dir))
	p.parent, _ = strconv.Atoi(f[1])
	user, err1 := strconv.Atoi(f[11])
	system, err2 := strconv.Atoi(f[12])
	p.seconds = float64(user+system) / clockTicks
	return p, err1 == nil && err2 == nil
}

// role is the sub-command the process was started with, "" for none.
func (p osProcess) role() string {
	args, err := os.ReadFile(filepath.Join(p.dir, "cmdline"))
	words := strings.Split(string(args), "\x00")
	if err != nil || len(words) < 2 {
		return ""
	}
	return words[1]
}

// descends says whether a process is ancestor, its child, or its child's child.
func descends(all map[int]osProcess, pid, ancestor int) bool {
	for range 3 {
		if pid == ancestor {
			return true
		}
		pid = all[pid].parent
	}
	return false
}

// freePorts finds n UDP ports in a row that nobody has, below those the system gives
// to sockets without a wish.
func freePorts(n int) (first int, err error) {
	for range 50 {
		first = 10000 + 2*rand.IntN((32768-10000-n)/2)
		if allFree(first, n) {
			return first, nil
		}
	}
	return 0, fmt.Errorf("no %d free UDP ports in a row", n)
}

func allFree(first, n int) bool {
	for port := first; port < first+n; port++ {
		pc, err := net.ListenPacket("udp", netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port)).String())
		if err != nil {
			return false
		}
		pc.Close()
	}
	return true
}

func lastLine(b []byte) string {
	b = bytes.TrimSpace(b)
	return string(b[bytes.LastIndexByte(b, '\n')+1:])
}
