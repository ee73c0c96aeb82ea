package main

import (
	"bufio"
	"encoding/json"
	"fmt"

	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/callwright/callwright/engine/api"
)

const awaiting = `export default async function (call) {
  await call.answer();
  call.vars.wants = 'a pin';
  console.warn('asking\nfor the pin');
  const g = await call.gather({ max: 4, mask: true, timeout: '60s' });
  console.log('typed', g.digits);
  state.typed = { at: 1 };
  await call.gather({ max: 1, timeout: '60s' });
}
`

// wants runs a client and wants these words in what it prints.
func (e *liveEngine) wants(t *testing.T, words []string, args ...string) string {
	t.Helper()
	o := e.client(t, args...)
	for _, w := range words {
		if o.code != 0 || !strings.Contains(o.stdout, w) {
			t.Errorf("%s: no %q, exit code %d\n%s%s", strings.Join(args, " "), w, o.code, o.stdout, o.stderr)
		}
	}
	return o.stdout
}

// refuses wants it to fail with these words.
func (e *liveEngine) refuses(t *testing.T, word string, args ...string) {
	t.Helper()
	if o := e.client(t, args...); o.code == 0 || !strings.Contains(o.stderr, word) {
		t.Errorf("%s: exit code %d without %q\n%s%s", strings.Join(args, " "), o.code, word, o.stdout, o.stderr)
	}
}

// follow runs a client that goes on, and gives its lines.
func (e *liveEngine) follow(t *testing.T, args ...string) <-chan string {
	t.Helper()
	cmd := program(append(args, "--http", e.HTTP, "--data", filepath.Join(e.dir, "data"))...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	lines := make(chan string, 1<<12)
	go func() {
		defer close(lines)
		for sc := bufio.NewScanner(out); sc.Scan(); {
			lines <- sc.Text()
		}
	}()
	return lines
}

// line waits for one with these words.
func line(t *testing.T, lines <-chan string, words ...string) string {
	t.Helper()
	limit := time.After(patience)
next:
	for {
		select {
		case l, ok := <-lines:
			if !ok {
				t.Fatalf("the lines ended without one with %q", words)
			}
			for _, w := range words {
				if !strings.Contains(l, w) {
					continue next
				}
			}
			return l
		case <-limit:
			t.Fatalf("no line with %q", words)
		}
	}
}

func TestSeeingInside(t *testing.T) {
	t.Parallel()
	e := startEngine(t, map[string]string{"main.js": awaiting})
	events := e.follow(t, "events", "-f", "--type", "call")
	phone := program("call", "sip:1@"+e.address(t, "udp"), "--duration", "60s")
	if err := phone.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		phone.Process.Signal(syscall.SIGINT)
		phone.Wait()
	}()
	answered := line(t, events, "call.answered")
	_, id, _ := strings.Cut(answered, "call=")
	id, _, _ = strings.Cut(id, " ")
	logs := e.follow(t, "logs", "-f", "--call", id)
	if l := line(t, logs, "asking"); !strings.Contains(l, `WARN  asking\nfor the pin call=`+id+" app=main") {
		t.Errorf("the script's line: %s", l)
	}
	e.wants(t, []string{
		"is answered", "main.js:5:19", "const g = await call.gather({ max: 4, mask: true, timeout: '60s' });", `"mask":true`,
		`vars {"wants":"a pin"}`, "call.answer at main.js:2:9", "call.started", "sbc-1", "mixed by mixer-1",
	}, "why", id)
	var d api.CallDetail
	if err := json.Unmarshal([]byte(e.wants(t, nil, "why", id, "--json")), &d); err != nil || len(d.Pending) != 1 || d.Pending[0].Name != "call.gather" {
		t.Errorf("why --json: %+v, %v", d.Pending, err)
	}
	e.refuses(t, "no such call", "why", "nobody")
	e.wants(t, []string{"{ wants: 'a pin' }"}, "repl", "--call", id, "call.vars")
	e.refuses(t, "Denied: call.hangup: this evaluation may only look", "repl", "--call", id, "call.hangup()")
	e.wants(t, []string{"'written'"}, "repl", "--call", id, "--write", "call.vars.by = 'written'")
	e.wants(t, []string{`"by":"written"`}, "why", id)
	e.wants(t, []string{"42"}, "repl", "6 * 7") // there is but one app
	e.refuses(t, `no app "mein"; the nearest is "main"`, "repl", "--app", "mein", "1")
	e.refuses(t, "ran longer than", "repl", "--call", id, "for (;;);")
	e.wants(t, []string{"'answered'"}, "repl", "--call", id, "call.state")
	e.wants(t, []string{"hung up"}, "hangup", id)
	line(t, events, "call.ended", id, "cause=normal", "by=operator")
	line(t, logs, "call ended", id)
	e.wants(t, []string{"CONFERENCE"}, "conferences")
	e.refuses(t, "not built yet", "trace", id)
}

// What state set has called OK is there after the brain's process was killed; and who
// follows the log is with the next brain, without having asked again.
func TestStateSurvivesKill(t *testing.T) {
	t.Parallel()
	e := startEngine(t, map[string]string{"main.js": awaiting})
	logs := e.follow(t, "logs", "-f")
	line(t, logs, "worker up", "mixer-1")
	e.wants(t, []string{"OK, on disk"}, "state", "set", "pins", `{"1234":{"room":"board"}}`)
	e.wants(t, []string{"OK, on disk"}, "state", "set", "pins['a.b']", `[1]`)
	e.wants(t, []string{"pins['a.b']", "operator:127.0.0.1#"}, "state", "history", "pins['a.b']")
	e.refuses(t, "did you mean pins?", "state", "get", "pin")
	e.refuses(t, "is no JSON", "state", "set", "x", "text")

	begun := time.Now()
	killBrain(t, e)
	line(t, logs, "cluster: active")
	line(t, logs, "worker up", "mixer-1")
	t.Logf("a brain again after %v", time.Since(begun).Round(time.Millisecond))
	if got := e.wants(t, nil, "state", "dump", "--json"); got != `{"pins":{"1234":{"room":"board"},"a.b":[1]}}`+"\n" {
		t.Errorf("after the kill: %s", got)
	}
	file := filepath.Join(e.dir, "state.json")
	if err := os.WriteFile(file, []byte(e.wants(t, nil, "state", "dump")), 0o600); err != nil {
		t.Fatal(err)
	}
	e.wants(t, []string{"OK"}, "state", "rm", "pins.1234")
	e.wants(t, []string{"OK"}, "state", "load", file)
	e.wants(t, []string{`"board"`}, "state", "get", "pins.1234.room")
}

// killBrain ends the brain's process as a crash does. It is the child that was started
// with that word.
func killBrain(t *testing.T, e *liveEngine) {
	t.Helper()
	children, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", e.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range children {
		b, err := os.ReadFile(file)
		if err != nil {
			continue // a thread that has ended
		}
		for pid := range strings.FieldsSeq(string(b)) {
			words, err := os.ReadFile("/proc/" + pid + "/cmdline")
			n, _ := strconv.Atoi(pid)
			if err == nil && strings.Contains(string(words), "\x00brain\x00") && n > 0 {
				if err := syscall.Kill(n, syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
				return
			}
		}
	}
	t.Fatal("no brain found")
}
