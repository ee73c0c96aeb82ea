package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/callwright/callwright/engine/api"
)

// slowElections suit raced processes that share two cores; see --election-timeout.
const slowElections = "2s"

// town is a cluster of real processes on loopback: two brains and a witness, an SBC and
// a mixer that know both brains.
type town struct {
	dir     string
	roles   map[string]*exec.Cmd
	http    map[string]string
	sip     map[string]string
	members string
	brains  string            // control addresses
	ns      map[string]string // network namespace of each node; none: this one
}

// emptyTown has scripts and certificates, and no process yet.
func emptyTown(t *testing.T) *town {
	c := &town{dir: t.TempDir(), roles: map[string]*exec.Cmd{}, http: map[string]string{}, sip: map[string]string{}}
	(&liveEngine{dir: c.dir}).save(t, "tone.js", `export const routes = ['5000'];
export default async function (call) { await call.answer(); await call.play('tone:440/10000'); }`)
	o := runProgram(t, program("certs", filepath.Join(c.dir, "certs"), "--brains", "b1,b2", "--witnesses", "w", "--workers", "sbc-1,mixer-1"))
	if o.code != 0 {
		t.Fatal(o.stderr)
	}
	return c
}

func newTown(t *testing.T) *town {
	c := emptyTown(t)
	control := map[string]string{}
	var members, brains []string
	for _, name := range []string{"b1", "b2"} {
		c.http[name], c.sip[name], control[name] = freeLoopback(t), freeLoopback(t), freeLoopback(t)
		members = append(members, name+"="+freeLoopback(t))
		brains = append(brains, control[name])
	}
	c.members = strings.Join(append(members, "witness:w="+freeLoopback(t)), ",")
	c.brains = strings.Join(brains, ",")
	for name, addr := range control {
		c.start(t, name, "brain", filepath.Join(c.dir, "scripts"), "--sip", c.sip[name], "--http", c.http[name], "--control", addr, "--missed-heartbeats", "500")
	}
	c.start(t, "w", "witness")
	media := freeMediaPorts(t)
	c.start(t, "sbc-1", "sbc", "--rtp-ports", fmt.Sprintf("%d-%d", media, media+mediaPorts-1))
	c.start(t, "mixer-1", "mixer", "--prompts", c.dir, "--recordings", c.dir)
	return c
}

// start begins the keeper of one node.
func (c *town) start(t *testing.T, name, role string, args ...string) {
	t.Helper()
	args = append([]string{role}, args...)
	args = append(args, "--name", name, "--certs", filepath.Join(c.dir, "certs", name))
	if role == "brain" || role == "witness" {
		args = append(args, "--cluster", c.members, "--election-timeout", elections(), "--data", filepath.Join(c.dir, name))
	} else {
		args = append(args, "--brains", c.brains)
	}
	cmd := c.program(name, args...)
	log, err := os.OpenFile(filepath.Join(c.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.roles[name] = cmd
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("%s:\n%s", name, text)
		}
	})
}

// program is one of ours, on a node's machine.
func (c *town) program(node string, args ...string) *exec.Cmd {
	cmd := program(args...)
	if ns := c.ns[node]; ns != "" {
		inside := exec.Command("ip", append([]string{"netns", "exec", ns, cmd.Path}, args...)...)
		inside.Env = cmd.Env
		return inside
	}
	return cmd
}

// elections is slowElections, unless somebody measures on a quiet machine.
func elections() string {
	if fast := os.Getenv("CALLWRIGHT_TEST_ELECTIONS"); fast != "" {
		return fast
	}
	return slowElections
}

// freeLoopback is an address whose port is free for UDP and TCP.
func freeLoopback(t *testing.T) string {
	t.Helper()
	addr, err := freePort(netip.AddrFrom4([4]byte{127, 0, 0, 1}))
	if err != nil {
		t.Fatal(err)
	}
	return addr.String()
}

// ask runs a client of the control API on a brain and returns what it printed.
func (c *town) ask(t *testing.T, brain string, args ...string) outcome {
	t.Helper()
	return runProgram(t, c.program(brain, append(args, "--http", c.http[brain], "--data", filepath.Join(c.dir, brain))...))
}

// view is the cluster as one brain sees it; ok is false while it does not answer.
func (c *town) view(t *testing.T, brain string) (v api.ClusterView, ok bool) {
	t.Helper()
	o := c.ask(t, brain, "cluster", "--json")
	return v, o.code == 0 && json.Unmarshal([]byte(o.stdout), &v) == nil
}

// active waits for a brain that takes calls, and has been told of its workers.
func (c *town) active(t *testing.T, want string) string {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < 2*patience; time.Sleep(100 * time.Millisecond) {
		for _, name := range []string{"b1", "b2"} {
			if want != "" && name != want {
				continue
			}
			o := c.ask(t, name, "status", "--json")
			if o.code == 0 && strings.Count(o.stdout, `"up":true`) == 2 {
				return name
			}
		}
	}
	t.Fatal("no brain became active")
	return ""
}

func other(name string) string {
	if name == "b1" {
		return "b2"
	}
	return "b1"
}

// TestCluster walks real processes through what a cluster is for: one brain is active
// and the other says so, state outlives the one that is killed, a frozen brain loses its
// lease and ends when it thaws, and an orderly end hands over.
func TestCluster(t *testing.T) {
	t.Parallel()
	c := newTown(t)
	first := c.active(t, "")
	second := other(first)
	if o := c.ask(t, first, "state", "set", "greeting", `"hello"`); o.code != 0 {
		t.Fatalf("%s%s", o.stdout, o.stderr)
	}
	c.calls(t, first)
	if got := options(t, c.sip[second]); !strings.Contains(got, "SIP/2.0 503") || !strings.Contains(got, "Retry-After: 1") {
		t.Errorf("a standby answers:\n%s", got)
	}
	if o := c.ask(t, second, "calls"); o.code != 1 || !strings.Contains(o.stderr, first+" is active, at --http "+c.http[first]) {
		t.Errorf("a standby's API: %d %s%s", o.code, o.stdout, o.stderr)
	}
	before, _ := c.view(t, first)

	t.Log("killed")
	syscall.Kill(childOf(t, c.roles[first].Process.Pid, "brain"), syscall.SIGKILL)
	c.active(t, second)
	after, _ := c.view(t, second)
	if after.Epoch <= before.Epoch || after.Role != "active" || len(after.Members) != 3 {
		t.Errorf("before %+v, after %+v", before, after)
	}
	if o := c.ask(t, second, "state", "get", "greeting"); o.stdout != "\"hello\"\n" {
		t.Errorf("state of the successor: %s%s", o.stdout, o.stderr)
	}
	c.calls(t, second)

	t.Log("frozen")
	for _, ok := c.view(t, first); !ok; _, ok = c.view(t, first) { // back as a standby
		time.Sleep(100 * time.Millisecond)
	}
	frozen := childOf(t, c.roles[second].Process.Pid, "brain")
	syscall.Kill(frozen, syscall.SIGSTOP)
	c.active(t, first)
	syscall.Kill(frozen, syscall.SIGCONT)
	for begun := time.Now(); syscall.Kill(frozen, 0) == nil; time.Sleep(10 * time.Millisecond) {
		if time.Since(begun) > patience {
			t.Fatal("a thawed brain goes on")
		}
	}
	c.calls(t, first)

	t.Log("handed over")
	for _, ok := c.view(t, second); !ok; _, ok = c.view(t, second) {
		time.Sleep(100 * time.Millisecond)
	}
	if o := c.ask(t, first, "cluster", "transfer", second); o.code != 0 {
		t.Fatalf("%s%s", o.stdout, o.stderr)
	}
	c.active(t, second)
	c.calls(t, second)
}

func (c *town) calls(t *testing.T, brain string) {
	t.Helper()
	if o := runProgram(t, program("call", "sip:5000@"+c.sip[brain], "--expect", "440")); o.code != 0 {
		t.Errorf("a call to %s: exit code %d\n%s%s", brain, o.code, o.stdout, o.stderr)
	}
}

// options asks one OPTIONS over UDP and returns the answer.
func options(t *testing.T, addr string) string {
	t.Helper()
	conn, err := net.Dial("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "OPTIONS sip:a@%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKonce;rport\r\nMax-Forwards: 70\r\n"+
		"From: <sip:b@127.0.0.1>;tag=1\r\nTo: <sip:a@127.0.0.1>\r\nCall-ID: once\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
		addr, conn.LocalAddr())
	conn.SetReadDeadline(time.Now().Add(patience))
	answer := make([]byte, 2000)
	n, err := conn.Read(answer)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer[:n])
}
