package flow

import (
	"strings"
	"testing"
	"time"

	"github.com/callwright/callwright/engine/call"
)

// said is what an operation came to, as JSON, or the name of its error.
func (r *rig) said(unit string, n uint32) string {
	r.t.Helper()
	in := r.completed(unit, n)
	if in.Error != nil {
		return in.Error.Name
	}
	return string(in.Value)
}

// orderedRequest is the request of the last step.
func (r *rig) orderedRequest() call.Request {
	r.t.Helper()
	for _, a := range r.acts {
		if o, ok := a.(Order); ok {
			if q, ok := o.Input.(call.Request); ok {
				return q
			}
		}
	}
	r.t.Fatalf("no request: %v", r.acts)
	return call.Request{}
}

func header(hs []call.Header, name string) string {
	for _, h := range hs {
		if h.Name == name {
			return h.Value
		}
	}
	return ""
}

func TestRequestsWithinACall(t *testing.T) {
	for _, c := range []struct {
		method  string
		options map[string]any
		want    call.Request
		event   string
	}{
		{"request", map[string]any{"method": "OPTIONS", "headers": map[string]any{"X-A": "1"}}, call.Request{Method: "OPTIONS"}, ""},
		{"message", map[string]any{"content": "hello"}, call.Request{Method: "MESSAGE", Type: "text/plain; charset=utf-8", Body: []byte("hello")}, ""},
		{"message", map[string]any{"content": map[string]any{"type": "a/b", "body": "x"}}, call.Request{Method: "MESSAGE", Type: "a/b", Body: []byte("x")}, ""},
		{"info", map[string]any{"type": "a/b", "body": "x"}, call.Request{Method: "INFO", Type: "a/b", Body: []byte("x")}, ""},
		{"notify", map[string]any{"event": "talk"}, call.Request{Method: "NOTIFY"}, "talk"},
	} {
		r := newRig(t)
		r.invite("c")
		n := r.begin("c", c.method, c.options)
		q := r.orderedRequest()
		if q.Leg != "c" || q.Method != c.want.Method || q.Type != c.want.Type || string(q.Body) != string(c.want.Body) || header(q.Headers, "Event") != c.event {
			t.Errorf("%s: %+v", c.method, q)
		}
		r.step(Replied{ID: q.ID, Msg: &call.Message{Status: 202, Reason: "Accepted", Headers: []call.Header{{Name: "X-B", Value: "2"}}}})
		if got := r.said("c", n); !strings.Contains(got, `"status":202`) || !strings.Contains(got, `"x-b":"2"`) {
			t.Errorf("%s: %s", c.method, got)
		}
	}
	for _, c := range []map[string]any{{"method": "opt ions"}, {"method": "X", "body": "b"}, {"method": "X", "headers": map[string]any{"Via": "x"}}} {
		r := newRig(t)
		r.invite("c")
		n := r.begin("c", "request", c)
		if got := r.said("c", n); !strings.Contains(got, "BadOption") {
			t.Errorf("%v: %s", c, got)
		}
	}
}

// What a REFER comes to: refused, told by NOTIFY, left untold, or the peer has gone.
func TestReferAndTransfer(t *testing.T) {
	ok := &call.Message{Status: 202, Reason: "Accepted"}
	told := func(status string) Input {
		return Notified{Call: "c", Event: "refer;id=2", Body: "SIP/2.0 " + status + "\r\n"}
	}
	for _, c := range []struct {
		what    string
		reply   *call.Message
		then    []Input
		wait    time.Duration
		want    string
		hangsUp bool
	}{
		{"refused", &call.Message{Status: 603}, nil, 0, `{"ok":false,"status":603,"reason":"refused"}`, false},
		{"answered", ok, []Input{told("100 Trying"), told("180 Ringing"), told("200 OK")}, 0, `{"ok":true,"status":200,"reason":"done"}`, true},
		{"busy", ok, []Input{told("100 Trying"), told("486 Busy Here")}, 0, `{"ok":false,"status":486,"reason":"failed"}`, false},
		{"no word", ok, []Input{told("garbage"), Notified{Call: "c", Event: "dialog", Body: "SIP/2.0 200 OK"}}, 31 * time.Second, `{"ok":false,"status":0,"reason":"timeout"}`, false},
		{"gone", ok, []Input{Ended{Call: "c", Cause: call.CauseByName("normal")}}, 0, `{"ok":true,"status":0,"reason":"hangup"}`, false},
		{"without a subscription", &call.Message{Status: 200, Headers: []call.Header{{Name: "Refer-Sub", Value: "false"}}}, nil, 0, `{"ok":true,"status":200,"reason":"done"}`, true},
	} {
		for _, method := range []string{"refer", "transfer"} {
			r := newRig(t)
			r.invite("c")
			hung := false
			r.seen = func(a Action) {
				if o, is := a.(Order); is {
					_, up := o.Input.(call.Hangup)
					hung = hung || up
				}
			}
			n := r.begin("c", method, map[string]any{"target": "sip:b@192.0.2.7", "mode": "refer", "timeout": 30000})
			q := r.orderedRequest()
			if header(q.Headers, "Refer-To") != "<sip:b@192.0.2.7>" || q.Method != "REFER" {
				t.Fatalf("%+v", q)
			}
			r.step(Replied{ID: q.ID, Msg: c.reply})
			for _, in := range c.then {
				r.step(in)
			}
			r.advance(c.wait)
			if got := r.said("c", n); got != c.want || hung != (c.hangsUp && method == "transfer") {
				t.Errorf("%s, %s: %s, hung up %v; want %s", method, c.what, got, hung, c.want)
			}
		}
	}
}
