package flow

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/callwright/callwright/engine/ws"
)

// socket is ws(): one WebSocket connection, whose operation ends with it. The edge holds
// it; it tells its news by Connected.
type socket struct {
	URL       string            `json:"url"`
	Protocols []string          `json:"protocols"`
	Headers   map[string]string `json:"headers"`
	Timeout   millis            `json:"timeout"`

	Open bool
	Bye  bool         // we have closed it
	Held []ws.Message // came before anybody listened; the edge reads no further meanwhile
	Owed int          // taken, and the edge is not told yet
}

type (
	wired    struct{ ws.Event } // what the edge tells
	listened struct{ event string }
)

// socketResult is what awaiting a socket comes to.
type socketResult struct {
	Code   int    `json:"code"`
	Reason string `json:"reason"`
	Clean  bool   `json:"clean"`
	Error  string `json:"error,omitempty"`
}

// socketBehind is how many inputs of a run may wait before its sockets are read no further.
const socketBehind = 32

func (v *socket) begin(o *operation) {
	switch {
	case v.Timeout.duration() < time.Millisecond || v.Timeout.duration() > ws.MaxTimeout:
		o.fail(badOption(fmt.Sprintf("ws: timeout must be from 1ms to %v", ws.MaxTimeout)))
	case slices.ContainsFunc(v.Protocols, func(p string) bool { return !token(p) }):
		o.fail(badOption("ws: a protocol is a word without spaces and commas"))
	default:
		o.f.emit(Connect{Unit: o.u.id, Op: o.n, Request: ws.Request{App: o.u.app, URL: v.URL,
			Protocols: v.Protocols, Headers: v.Headers, Timeout: v.Timeout.duration()}})
	}
}

func (v *socket) step(o *operation, e event) {
	switch e := e.(type) {
	case wired:
		v.heard(o, e.Event)
	case listened:
		if e.event == "message" {
			v.release(o)
		}
	case timer:
		v.took(o)
	}
}

func (v *socket) heard(o *operation, e ws.Event) {
	switch e.Kind {
	case ws.Opened:
		v.Open = true
		o.f.comeTrue(o.u, o.handle(), "opened", map[string]any{"ok": true, "protocol": e.Protocol})
		o.tell("open", map[string]string{"protocol": e.Protocol})
	case ws.Received:
		if len(v.Held) > 0 || !o.u.listens[subject{o.handle(), "message"}] {
			v.Held = append(v.Held, e.Message)
			return
		}
		v.message(o, e.Message)
	case ws.Done:
		if s := o.u.ops[e.N]; s != nil {
			s.verb.step(s, wired{e})
		}
	case ws.Closed:
		v.closed(o, e)
	}
}

// release tells what came before anybody listened.
func (v *socket) release(o *operation) {
	held := v.Held
	v.Held = nil
	for _, m := range held {
		v.message(o, m)
	}
}

func (v *socket) message(o *operation, m ws.Message) {
	var data any = string(m.Data)
	if !m.Text || !utf8.Valid(m.Data) {
		data = map[string]string{"$bytes": base64.StdEncoding.EncodeToString(m.Data)}
	}
	o.tell("message", map[string]any{"data": data})
	v.Owed++
	v.took(o)
}

// took lets the edge read on, unless the run has enough to do: then it is looked at again.
func (v *socket) took(o *operation) {
	if len(o.u.queue) > socketBehind {
		o.arm("behind", 20*time.Millisecond)
		return
	}
	for ; v.Owed > 0; v.Owed-- {
		o.f.emit(ToSocket{Unit: o.u.id, Op: o.n, Ask: ws.Ask{Do: ws.Took}})
	}
}

// closed is the end: what was to be sent fails, then the script hears of it.
func (v *socket) closed(o *operation, e ws.Event) {
	r := socketResult{Code: e.Code, Reason: e.Reason, Clean: e.Clean}
	if e.Error != nil {
		r.Error = e.Error.Message
	}
	v.release(o)
	for _, s := range o.u.pending() {
		if a, ok := s.verb.(*socketAsk); ok && s.object == o.handle() {
			a.lost(s, r)
		}
	}
	if !v.Open {
		o.f.comeTrue(o.u, o.handle(), "opened", map[string]any{"ok": false, "protocol": "", "error": r.Error})
	}
	o.tell("close", r)
	if e.Error != nil && !v.Open && (e.Error.Name == "Denied" || e.Error.Name == "BadOption" || e.Error.Name == "Busy") {
		o.fail(hostError(e.Error.Name, "ws "+v.URL+": "+e.Error.Message))
		return
	}
	o.complete(r)
}

// resumed: the connection was the dead brain's, and so was what it had not told.
func (v *socket) resumed(o *operation) {
	v.closed(o, ws.Event{Kind: ws.Closed, Code: ws.Restart, Reason: "the engine started anew",
		Error: &ws.Error{Name: "Error", Message: "the brain that held the connection is gone: open another"}})
}

// abandon closes a connection that nobody hears any more: 1001, going away.
func (v *socket) abandon(o *operation) {
	if !v.Bye {
		o.f.emit(ToSocket{Unit: o.u.id, Op: o.n, Ask: ws.Ask{Do: ws.Close, Code: 1001}})
	}
}

// handle names the object that the operation gave.
func (o *operation) handle() string { return "op:" + strconv.FormatUint(uint64(o.n), 10) }

// socketAsk is send, ping and close of a Socket.
type socketAsk struct {
	Data   *payload `json:"data"`
	Code   int      `json:"code"`
	Reason string   `json:"reason"`
}

func (v *socketAsk) begin(o *operation) {
	target := o.u.operationOf(o.object)
	var s *socket
	if target != nil {
		s, _ = target.verb.(*socket)
	}
	a := ws.Ask{N: o.n}
	switch {
	case s == nil || s.Bye:
		v.lost(o, socketResult{})
		return
	case o.method == "ping":
		a.Do = ws.Ping
	case o.method == "close":
		v.close(o, target, s)
		return
	default:
		a.Do, a.Message = ws.Send, v.Data.message()
		if n := len(a.Message.Data); n > ws.MaxMessage {
			o.fail(hostError("RangeError", fmt.Sprintf("socket.send: a message of %d bytes, at most %d", n, ws.MaxMessage)))
			return
		}
	}
	o.f.emit(ToSocket{Unit: o.u.id, Op: target.n, Ask: a})
}

func (p *payload) message() ws.Message {
	if p.Text != nil {
		return ws.Message{Text: true, Data: []byte(*p.Text)}
	}
	return ws.Message{Data: p.Base64}
}

// close asks for the end and is done at once: the socket itself is awaited for it.
func (v *socketAsk) close(o, target *operation, s *socket) {
	switch {
	case v.Code != 1000 && (v.Code < 3000 || v.Code > 4999):
		o.fail(badOption(fmt.Sprintf("socket.close: code %d; it must be 1000 or from 3000 to 4999", v.Code)))
		return
	case len(v.Reason) > ws.MaxReason:
		o.fail(badOption(fmt.Sprintf("socket.close: a reason of %d bytes, at most %d", len(v.Reason), ws.MaxReason)))
		return
	}
	s.Bye = true
	o.f.emit(ToSocket{Unit: o.u.id, Op: target.n, Ask: ws.Ask{Do: ws.Close, Code: v.Code, Reason: v.Reason}})
	o.complete(nil)
}

func (v *socketAsk) step(o *operation, e event) {
	d, ok := e.(wired)
	switch {
	case !ok:
	case d.Error != nil:
		o.fail(hostError(d.Error.Name, o.name()+": "+d.Error.Message))
	case o.method == "ping":
		o.complete(map[string]int64{"ms": o.since()})
	default:
		o.complete(nil)
	}
}

// lost: the socket is closed. To close it again is nothing.
func (v *socketAsk) lost(o *operation, r socketResult) {
	if o.method == "close" {
		o.complete(nil)
		return
	}
	why := "the socket is closed"
	if r.Code != 0 {
		why += fmt.Sprintf(" (%d %s)", r.Code, orElse(r.Reason, r.Error))
	}
	o.fail(plainError(o.name() + ": " + strings.TrimSpace(why)))
}

// operationOf is the operation whose object that is; nil: it is none, or over.
func (u *unit) operationOf(handle string) *operation {
	n, err := strconv.ParseUint(strings.TrimPrefix(handle, "op:"), 10, 32)
	if err != nil || !strings.HasPrefix(handle, "op:") {
		return nil
	}
	return u.ops[uint32(n)]
}
