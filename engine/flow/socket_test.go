package flow

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/engine/ws"
	"github.com/callwright/callwright/sandbox"
)

// wire answers what sockets are asked, 10 ms later: as w.wires says, else by an echo.
func (w *world) wire(a Action) {
	var ask ws.Ask
	var c Connect
	switch a := a.(type) {
	case Connect:
		if w.opened == nil {
			w.opened = map[uint32]Connect{}
		}
		c, w.opened[a.Op] = a, a
	case ToSocket:
		ask, c = a.Ask, w.opened[a.Op]
	}
	answer := echoes
	if w.wires != nil {
		answer = w.wires
	}
	for _, e := range answer(c, ask) {
		w.after(10*time.Millisecond, func() { w.step(Connected{c.Unit, c.Op, e}) })
	}
}

func echoes(c Connect, a ws.Ask) []ws.Event {
	switch a.Do {
	case 0:
		return []ws.Event{{Kind: ws.Opened, Protocol: strings.Join(c.Request.Protocols, "+")}}
	case ws.Send:
		return []ws.Event{{Kind: ws.Done, N: a.N}, {Kind: ws.Received, Message: a.Message}}
	case ws.Ping:
		return []ws.Event{{Kind: ws.Done, N: a.N}}
	case ws.Close:
		return []ws.Event{{Kind: ws.Closed, Code: a.Code, Reason: a.Reason, Clean: true}}
	}
	return nil
}

func sockets(t *testing.T, body string) *world {
	t.Helper()
	return script(t, `import { ws, sleep } from 'callwright';
const tried = async f => { try { return await f() } catch (e) { return e.name + ': ' + e.message } };
export default async call => {
`+body+`
};`)
}

func TestSockets(t *testing.T) {
	for _, c := range []struct{ name, body, logs string }{
		{"text and bytes", `const s = ws('wss://a.example/x', { protocols: ['v1'], headers: { A: 'b' } });
			console.log(JSON.stringify(await s.opened));
			await s.send('hello'); await s.send(new Uint8Array([1, 255, 2]).subarray(1)); await s.send(new ArrayBuffer(0));
			await s.close({ code: 4001, reason: 'bye' });
			for await (const e of s.events('message', 'close')) { console.log(typeof e.data, e.data instanceof Uint8Array, e.data ? [...e.data].join() : e.code + e.reason); if (e.code) break }
			console.log(JSON.stringify(await s));`,
			"{\"ok\":true,\"protocol\":\"v1\"}\nstring false h,e,l,l,o\nobject true 255,2\nobject true \nundefined false 4001bye\n{\"code\":4001,\"reason\":\"bye\",\"clean\":true}"},
		{"what came before anybody listened", `const s = ws('ws://a.example'); await s.send('1'); await s.send('2'); await sleep('1s');
			s.on('message', e => console.log(e.data)); await sleep('1s'); await s.send('3'); await sleep('1s')`, "1\n2\n3"},
		{"ping", `const s = ws('ws://a.example'); console.log(JSON.stringify(await s.ping()))`, `{"ms":10}`},
		{"after its end", `const s = ws('ws://a.example'); await s.close(); await s.close(); console.log((await s).code); await s.close();
			console.log(await tried(() => s.send('x'))); console.log(await tried(() => s.ping()))`,
			"1000\nError: socket.send: the socket is closed\nError: socket.ping: the socket is closed"},
		{"refused", `const s = ws('ws://a.example'); for (const f of [() => s.send(3), () => s.send({}), () => s.send('x'.repeat(48001)), () => s.close({ code: 1001 }), () => s.close({ reason: 'x'.repeat(124) }),
			() => ws('ws://a', { timeout: '2m' }), () => ws('ws://a', { protocols: ['a b'] }), () => ws('ws://a', { protocol: 'a' })]) console.log(await tried(f));`,
			"BadOption: socket.send: data must be a text or bytes, not 3\nBadOption: socket.send: data must be a text or bytes, not {}\n" +
				"RangeError: socket.send: a message of 48001 bytes, at most 48000\nBadOption: socket.close: code 1001; it must be 1000 or from 3000 to 4999\n" +
				"BadOption: socket.close: a reason of 124 bytes, at most 123\nBadOption: ws: timeout must be from 1ms to 1m0s\n" +
				"BadOption: ws: a protocol is a word without spaces and commas\nBadOption: ws has no option \"protocol\"; did you mean \"protocols\"?"},
		{"the browsers' own", `const s = new WebSocket('wss://a.example/y', 'v2'); const said = [];
			s.onopen = () => { said.push('open', s.readyState, s.protocol, s.url); s.send('hi'); s.send(new Uint8Array([7])); said.push(s.bufferedAmount) };
			s.addEventListener('message', e => { said.push(typeof e.data === 'string' ? e.data : new Uint8Array(e.data)[0]); if (e.data !== 'hi') s.close(3000, 'x') });
			try { s.send('x') } catch (e) { said.push(e.name) }
			await new Promise(done => { s.onclose = e => { said.push(e.code, e.reason, e.wasClean, s.readyState, s.bufferedAmount, s instanceof EventTarget, s.CLOSED); done() } });
			s.send('y'); console.log(said.join())`,
			"InvalidStateError,open,1,v2,wss://a.example/y,3,hi,7,3000,x,true,3,0,true,3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := sockets(t, c.body)
			w.dial("ann", "main", "1")
			w.run(time.Minute)
			if got := w.texts(); got != c.logs {
				t.Errorf("got  %q\nwant %q", got, c.logs)
			}
		})
	}
}

// A connection that cannot be had is a result; a mistake and a denial are errors.
func TestSocketsThatDoNotOpen(t *testing.T) {
	w := sockets(t, `for (const x of ['denied', 'gone']) {
		const s = ws('ws://' + x); s.on('close', e => console.log('close', e.code));
		const sent = tried(() => s.send('x'));
		console.log(JSON.stringify(await s.opened)); console.log(await sent); console.log(await tried(async () => JSON.stringify(await s)));
	}
	const s = new WebSocket('ws://gone'); s.onerror = e => console.log('error', e.message); await new Promise(done => { s.onclose = e => done(console.log(e.code, e.wasClean)) })`)
	w.wires = func(c Connect, a ws.Ask) []ws.Event {
		name := map[string]string{"ws://denied": "Denied", "ws://gone": "TypeError"}[c.Request.URL]
		if a.Do == 0 {
			return []ws.Event{{Kind: ws.Closed, Code: 1006, Error: &ws.Error{Name: name, Message: "no"}}}
		}
		return nil
	}
	w.dial("ann", "main", "1")
	w.run(time.Minute)
	want := `{"error":"no","ok":false,"protocol":""}
Error: socket.send: the socket is closed (1006 no)
close 1006
Denied: ws ws://denied: no
{"error":"no","ok":false,"protocol":""}
Error: socket.send: the socket is closed (1006 no)
close 1006
{"code":1006,"reason":"","clean":false,"error":"no"}
error no
1006 false`
	if got := w.texts(); !sameLines(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// sameLines compares without order: what settles in one turn may be told in any.
func sameLines(a, b string) bool {
	count := map[string]int{}
	for l := range strings.SplitSeq(a, "\n") {
		count[l]++
	}
	for l := range strings.SplitSeq(b, "\n") {
		count[l]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

// A flow that was rebuilt stands where it stood, and nothing is sent twice.
func TestSocketsAreReplayed(t *testing.T) {
	for n := 1; n < 12; n++ {
		w := sockets(t, `const s = ws('ws://a.example'); await s.opened;
		let n = 0; for await (const e of s.events('message')) { if (++n === 3) break; await s.send(e.data + n) }
		await s.close(); console.log(n, (await s).code);`)
		w.loseAt = n
		sent := map[string]int{}
		w.wires = func(c Connect, a ws.Ask) []ws.Event {
			if a.Do == ws.Send {
				sent[string(a.Message.Data)]++
			}
			out := echoes(c, a)
			if a.Do == 0 {
				out = append(out, ws.Event{Kind: ws.Received, Message: ws.Message{Text: true, Data: []byte("m")}})
			}
			return out
		}
		w.dial("ann", "main", "1")
		w.run(time.Minute)
		if got := fmt.Sprint(sent); got != "map[m1:1 m12:1]" || !strings.Contains(w.texts(), "3 1000") {
			t.Fatalf("isolate lost at %d: %s, %q", n, got, w.logs)
		}
	}
}

// The edge is let read on only as messages are taken up.
func TestASocketOfABusyRunIsReadNoFurther(t *testing.T) {
	r := newRig(t)
	r.answered("a")
	call := r.op("a", "", "", "ws", map[string]any{"url": "ws://x"})
	op := call.N
	r.did("a", sandbox.Result{Ops: []sandbox.Op{call, r.op("a", "", "", "sleep", map[string]any{"duration": 1000})}})
	on := fmt.Sprintf("op:%d", op)
	took := 0
	r.seen = func(a Action) {
		if x, ok := a.(ToSocket); ok && x.Ask.Do == ws.Took {
			took++
		}
	}
	message := Connected{"a", op, ws.Event{Kind: ws.Received, Message: ws.Message{Text: true, Data: []byte("x")}}}
	r.step(message)
	if took != 0 {
		t.Fatal("a message that nobody heard was taken")
	}
	r.advance(time.Second) // the sleep is over
	r.did("a", sandbox.Result{Listens: []sandbox.Listen{{Object: on, Event: "message", On: true}}})
	if took != 1 {
		t.Fatalf("%d were taken when the run listened, want 1", took)
	}
	for range 100 {
		r.step(message)
	}
	if took > socketBehind+2 || took < socketBehind/2 {
		t.Fatalf("%d of 100 were taken by a run that is busy", took)
	}
	r.idle("a")
	r.advance(time.Second)
	if took != 101 {
		t.Errorf("%d were taken in the end, want 101", took)
	}
}

// An open connection does not outlive its brain, and the script is told so.
func TestSocketsCloseWithTheirBrain(t *testing.T) {
	r := newRig(t)
	r.answered("a")
	call := r.op("a", "", "", "ws", map[string]any{"url": "ws://x"})
	op := call.N
	r.did("a", sandbox.Result{Ops: []sandbox.Op{call}})
	u := r.f.units["a"]
	u.listens[subject{u.ops[op].handle(), "close"}] = true
	u.ops[op].verb.(resumer).resumed(u.ops[op])
	var close, result string
	for _, in := range u.queue {
		if in.Event == "close" {
			close = string(in.Value)
		}
		if in.Op == op {
			result = string(in.Value)
		}
	}
	want := `{"code":1012,"reason":"the engine started anew","clean":false,"error":"the brain that held the connection is gone: open another"}`
	if close != want || result != want {
		t.Errorf("close %s, result %s, want %s", close, result, want)
	}
}
