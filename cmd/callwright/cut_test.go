package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callwright/callwright/cmd/callwright/phone"
	"github.com/callwright/callwright/media/control"
)

// cut kills a brain right behind one of its messages, to or from whomever: what it would
// have said or heard at that instant is lost.
type cut struct {
	mu    sync.Mutex
	at, n int // the message to die behind; 0: none
	dead  bool
	now   chan struct{}
	seen  map[string]map[string]bool // branches by request and Call-ID
}

// pass counts a message; false: the brain is dead.
func (c *cut) pass() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead {
		return false
	}
	if c.n++; c.n == c.at {
		c.dead = true
		close(c.now)
	}
	return true
}

func (c *cut) isDead() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dead
}

func (c *cut) begin(at int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n, c.at = 0, at
}

func (c *cut) over() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead = false
}

// datagram is the network's eye: true loses a message.
func (c *cut) datagram(from, to netip.AddrPort, b []byte) bool {
	if from != sipAddr && to != sipAddr {
		return false
	}
	method, _, _ := strings.Cut(string(b), " ")
	if from == sipAddr && (method == "INVITE" || method == "BYE") {
		c.note(method, string(b))
	}
	return !c.pass()
}

func (c *cut) note(method, text string) {
	_, branch, _ := strings.Cut(text, "branch=")
	branch, _, _ = strings.Cut(branch, "\r\n")
	_, id, _ := strings.Cut(text, "Call-ID: ")
	id, _, _ = strings.Cut(id, "\r\n")
	c.mu.Lock()
	defer c.mu.Unlock()
	key := method + " of " + id
	if c.seen[key] == nil {
		c.seen[key] = map[string]bool{}
	}
	c.seen[key][branch] = true
}

// tapped counts what workers and the brain tell each other, but for heartbeats.
type tapped struct {
	control.Conn
	cut *cut
}

func (l tapped) Send(m *control.ToBrain) error {
	if m.GetHeartbeat() == nil && !l.cut.pass() || l.cut.isDead() {
		return io.ErrClosedPipe
	}
	return l.Conn.Send(m)
}

func (l tapped) Recv() (*control.ToWorker, error) {
	m, err := l.Conn.Recv()
	if err == nil && (m.GetHeartbeat() == nil && !l.cut.pass() || l.cut.isDead()) {
		return nil, io.ErrClosedPipe
	}
	return m, err
}

// crm answers a script's question, and counts those that are not the same once more.
type crm struct {
	mu   sync.Mutex
	keys map[string]bool
}

func (c *crm) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys[r.Header.Get("Idempotency-Key")] = true
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("gold")), Request: r}, nil
}

const richFlow = `import { conference, sleep, state } from 'callwright';
export const routes = ['200'];
export default async call => {
  await call.answer();
  const r = await call.gather({ prompt: 'tone:440/1000', max: 4, timeout: '20s', interDigitTimeout: '10s' });
  state.calls = (state.calls ?? 0) + 1;
  await state.commit();
  const answer = await fetch('https://crm.example/', { method: 'POST', body: r.digits });
  await call.play('tone:500/500');
  const room = await conference('r'), m = await room.join(call);
  await sleep('1s');
  await room.kick(m.id);
  const d = await call.dial('sip:b@10.0.0.11', { hangupBoth: false });
  console.log('came to', r.digits, await answer.text(), d.status);
  await call.hangup();
};`

// One call through a rich flow, with the brain killed behind each of some of its messages
// and started again: the same comes of it as of a call that nothing happened to. No key is
// lost, and neither a request, an INVITE, a BYE nor a write of state is there twice.
func TestACutAtAnyMessageChangesNothing(t *testing.T) {
	all := cutAt(t, 0)
	t.Logf("%d messages", all)
	if all < 60 {
		t.Fatalf("a call of %d messages says little", all)
	}
	for at := 1; at <= all; at += max(1, all/8) {
		t.Run(fmt.Sprint("behind message ", at), func(t *testing.T) { cutAt(t, at) })
	}
}

// cutAt makes the call, and says how many messages it took.
func cutAt(t *testing.T, at int) (messages int) {
	dir := t.TempDir()
	writeScript(t, dir, "main.js", richFlow)
	writeScript(t, dir, "main.yaml", "fetch: [crm.example]\n")
	synctest.Test(t, func(t *testing.T) {
		e, err := startWhole(dir, filepath.Join(t.TempDir(), "recordings"), true, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		w := &world{wholeEngine: e, t: t}
		asked := &crm{keys: map[string]bool{}}
		c := &cut{now: make(chan struct{}), seen: map[string]map[string]bool{}}
		w.crashBrain() // so that all links are watched
		w.transport, w.sip.Loss = asked, c.datagram
		w.mu.Lock()
		w.tap = func(conn control.Conn) control.Conn { return tapped{conn, c} }
		w.mu.Unlock()
		if err := w.restartBrain(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		c.begin(at)
		over, ended := make(chan struct{}), make(chan struct{})
		go func() { defer close(ended); w.killedBy(c, over) }()
		a, b := w.richCall()
		close(over)
		<-ended
		c.mu.Lock()
		defer c.mu.Unlock()
		messages = c.n
		w.cameTo(a, b, c, asked)
	})
	return messages
}

// killedBy crashes the brain when it is cut, and starts the next one.
func (w *world) killedBy(c *cut, over <-chan struct{}) {
	select {
	case <-c.now:
	case <-over:
		return
	}
	w.crashBrain()
	time.Sleep(successorTime)
	c.over()
	if err := w.restartBrain(); err != nil {
		w.t.Error(err)
	}
}

// richCall makes the call, and waits for its end.
func (w *world) richCall() (a, b *caller) {
	b = w.waits(0, func(p *phone.Config) { p.Ring, p.Duration = time.Second, 2*time.Second })
	a = w.dials("200", 0)
	time.Sleep(2 * time.Second)
	for _, key := range []string{"1", "2", "3", "4"} {
		a.press <- key
		time.Sleep(400 * time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for who, done := range map[string]chan struct{}{"caller": a.done, "callee": b.done} {
		select {
		case <-done:
		case <-ctx.Done():
			w.t.Errorf("the %s's call does not end\n%s", who, w.Log())
			a.hangup()
			b.hangup()
		}
	}
	time.Sleep(2 * time.Second)
	return a, b
}

// cameTo looks at what came of the call.
func (w *world) cameTo(a, b *caller, c *cut, asked *crm) {
	w.t.Helper()
	// A line that was written but not kept is written again: a log is no effect.
	if n := strings.Count(w.Log(), "came to"); n == 0 || n != strings.Count(w.Log(), "came to 1234 gold answered") {
		w.t.Errorf("the flow came to another end\n%s", w.Log())
	}
	if a.report.EndedBy != "callee" || a.report.Cause != "normal" || b.report.EndedBy != "callee" {
		w.t.Errorf("caller %+v, callee %+v", a.report, b.report)
	}
	if state, err := w.brain.tree.Snapshot(); err != nil || !strings.Contains(string(state), `"root":{"calls":1}`) {
		w.t.Errorf("state %s, %v", state, err)
	}
	if len(asked.keys) != 1 {
		w.t.Errorf("requests with the keys %v", asked.keys)
	}
	for what, branches := range c.seen {
		if len(branches) != 1 {
			w.t.Errorf("%s: %d transactions", what, len(branches))
		}
	}
	if len(c.seen) != 2 {
		w.t.Errorf("the brain sent %v", c.seen)
	}
}
