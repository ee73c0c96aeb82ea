package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// untilTold is a call that goes on until another one tells it to end.
func untilTold() map[string]string {
	return map[string]string{"main.js": `import { state, sleep } from 'callwright';
export const routes = ['5000', 'end'];
export default async call => {
  await call.answer();
  if (call.to.user === 'end') { state.over = true; return call.hangup(); }
  call.play('tone:440/600000');
  while (!state.over) await sleep('100ms');
  await call.hangup();
};`}
}

// A worker killed under a call: the call goes on at the process that is started in its
// place.
func TestWorkerKilled(t *testing.T) {
	t.Parallel()
	for _, worker := range []string{"mixer-1", "sbc-1"} {
		t.Run(worker, func(t *testing.T) {
			e := startEngine(t, untilTold())
			ended := inCall(t, "first RTP", "sip:5000@"+e.address(t, "udp"), "--duration", "50s")
			e.signal(t, worker, syscall.SIGKILL)
			e.heard(t, 0, worker, "starting again")
			e.heard(t, 0, "goes on with what a lost one carried", worker)
			e.endsCall(t, ended)
		})
	}
}

// endsCall ends a call of untilTold, and wants it to have lasted until then.
func (e *liveEngine) endsCall(t *testing.T, ended func() outcome) {
	t.Helper()
	if o := runProgram(t, program("call", "sip:end@"+e.address(t, "udp"))); o.code != 0 {
		t.Errorf("the next call: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	if o := ended(); !strings.Contains(o.stdout, "BYE received") || strings.Contains(o.stdout, "worker-lost") {
		t.Errorf("the call ended so:\n%s", o.stdout)
	}
}

// A frozen worker holds its ports and drops nothing: it is noticed by its silence,
// killed, and started anew. Workers that merely starve are excused meanwhile.
func TestWorkerFrozen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range untilTold() {
		(&liveEngine{dir: dir}).save(t, name, text)
	}
	e := launch(t, dir, "--missed-heartbeats", "25")
	ended := inCall(t, "first RTP", "sip:5000@"+e.address(t, "udp"), "--duration", "50s")
	e.signal(t, "sbc-1", syscall.SIGSTOP)
	at := e.heard(t, 0, "sbc-1", "does not answer, killed")
	e.heard(t, at, "goes on with what a lost one carried", "sbc-1")
	e.endsCall(t, ended)
}

// A brain killed alone closes no listener: what comes meanwhile waits in the sockets
// that its supervisor holds, and its successor answers it.
func TestBrainKilledClosesNoListener(t *testing.T) {
	t.Parallel()
	e := startEngine(t, scriptsForOthers())
	syscall.Kill(childOf(t, e.cmd.Process.Pid, "brain"), syscall.SIGKILL)
	at := e.heard(t, 0, "brain", "starting again")
	killed := time.Now()
	// Once, without sending it again: it must not be lost.
	if answer := options(t, e.address(t, "udp")); !strings.HasPrefix(answer, "SIP/2.0 ") {
		t.Fatalf("%q", answer)
	}
	t.Logf("answered %v after the brain was seen dead", time.Since(killed))
	e.heard(t, at, "takes calls again")
	if o := runProgram(t, program("call", "sip:5000@"+e.address(t, "udp"), "--expect", "440")); o.code != 0 {
		t.Errorf("the next call: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
}

// childOf finds the process that a supervisor runs for a role.
func childOf(t *testing.T, parent int, role string) int {
	t.Helper()
	lists, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent))
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		pids, _ := os.ReadFile(list) // a thread may have ended meanwhile
		for _, pid := range strings.Fields(string(pids)) {
			line, _ := os.ReadFile("/proc/" + pid + "/cmdline")
			if args := strings.Split(string(line), "\x00"); len(args) > 1 && args[1] == role {
				n, _ := strconv.Atoi(pid)
				return n
			}
		}
	}
	t.Fatalf("process %d has no child %s", parent, role)
	return 0
}

// inCall places a call and returns at a milestone of it; ended waits for its end.
func inCall(t *testing.T, milestone string, args ...string) (ended func() outcome) {
	t.Helper()
	phone := program(append([]string{"call"}, args...)...)
	out, err := phone.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := phone.Start(); err != nil {
		t.Fatal(err)
	}
	limit := time.AfterFunc(patience, func() { phone.Process.Kill() })
	t.Cleanup(func() { limit.Stop() })
	readUntil(t, out, milestone)
	return func() outcome {
		rest, _ := io.ReadAll(out)
		phone.Wait()
		return outcome{code: phone.ProcessState.ExitCode(), stdout: string(rest)}
	}
}

// However the engine ends, its calls get BYE: by Ctrl-C, and by a supervisor that was
// killed, whose children then end by themselves.
func TestCallsGetByeAtTheEnd(t *testing.T) {
	t.Parallel()
	for name, sig := range map[string]syscall.Signal{"interrupted": syscall.SIGINT, "killed": syscall.SIGKILL} {
		t.Run(name, func(t *testing.T) {
			e := startEngine(t, scriptsForOthers())
			ended := inCall(t, "first RTP", "sip:5000@"+e.address(t, "udp"), "--duration", "30s")
			before := len(e.text())
			e.cmd.Process.Signal(sig)
			if o := ended(); !strings.Contains(o.stdout, "BYE received") {
				t.Errorf("the call ended so:\n%s", o.stdout)
			}
			e.cmd.Wait()
			awaitUnlocked(t, filepath.Join(e.dir, "data"))
			if end := e.text()[before:]; sig == syscall.SIGINT && strings.Contains(end, "level=WARN") {
				t.Errorf("warnings of an orderly end:\n%s", end)
			}
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

// The brain is killed under calls of real processes: the audio has no gap, the next
// brain has the calls, and the caller in the menu goes on where he was.
func TestBrainKilled(t *testing.T) {
	t.Parallel()
	e := startEngine(t, map[string]string{"main.js": `export const routes = ['1000'];
export default async call => {
  await call.answer();
  const r = await call.gather({ prompt: 'tone:440/60000', bargeIn: true, max: 2, timeout: '60s', interDigitTimeout: '60s' });
  console.log('typed', r.digits);
  await call.hangup();
};`})
	ended := inCall(t, "first RTP", "sip:1000@"+e.address(t, "udp"), "--digits", "12", "--duration", "50s")
	killed := false
	for _, pid := range brainsOf(t, e.cmd.Process.Pid) {
		killed = syscall.Kill(pid, syscall.SIGKILL) == nil
	}
	if !killed {
		t.Fatal("no brain was found")
	}
	at := e.heard(t, 0, "recovered", "calls=1")
	o := ended()
	if !strings.Contains(o.stdout, "BYE received") || !strings.Contains(o.stdout, "lost 0") {
		t.Errorf("the call ended so:\n%s", o.stdout)
	}
	e.heard(t, at, "typed 12")
}

// brainsOf finds the brain among a supervisor's children, of any of its threads.
func brainsOf(t *testing.T, supervisor int) (pids []int) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stats {
		if p, ok := readProcess(path); ok && p.parent == supervisor && p.role() == "brain" {
			pids = append(pids, p.pid)
		}
	}
	return pids
}
