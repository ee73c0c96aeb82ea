package scripttest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/callwright/callwright/cmd/callwright/phone"
)

// handset is a phone of a test, in one call at a time.
type handset struct {
	b     *bench
	name  string
	pitch float64 // of its voice in talking()
	mouth mouth
	ear   *ear

	mu    sync.Mutex
	line  *line // of its call, or the last one
	calls int
	// waiting is the line at which an agent is called next; nil: it is no agent.
	waiting *line
	broken  error // why none waits
}

func newHandset(b *bench, name string, n int) *handset {
	return &handset{b: b, name: name, pitch: float64(500 + 150*n), ear: newEar()}
}

func (h *handset) do(method string, a *asked) (any, error) {
	switch method {
	case "call":
		return h.call(a)
	case "rings":
		l, err := h.rings(ms(a.Within))
		if err != nil {
			return nil, err
		}
		return l.calledBy(0), nil
	case "answers":
		return h.decides(200, ms(a.Within))
	case "rejects":
		status, err := refusal(a.Cause)
		if err != nil {
			return nil, err
		}
		return h.decides(status, ms(a.Within))
	}
	l, err := h.present()
	if err != nil {
		return nil, err
	}
	switch method {
	case "press":
		return nil, h.press(l, a.Keys)
	case "says":
		return nil, h.says(l, a.What, ms(a.For))
	case "hears":
		return h.hears(l, a.What, ms(a.Within))
	case "silent":
		return nil, h.silent(l, ms(a.For))
	case "hangup":
		l.end()
		<-l.over
		return nil, nil
	case "ended":
		return h.ended(l, ms(a.Within))
	}
	return nil, fmt.Errorf("scripttest: no act %q", method)
}

func (h *handset) present() (*line, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.line == nil {
		return nil, fmt.Errorf("%s is in no call", h.name)
	}
	return h.line, nil
}

// called is what phone.call() and the acts of an agent give.
type called struct {
	ID        string `json:"id"`
	SIPCallID string `json:"sipCallId"`
	From      string `json:"from,omitempty"` // who calls an agent
	Answered  bool   `json:"answered"`
	Status    int    `json:"status"`
	Reason    string `json:"reason"`
}

// call dials, and returns when the call is answered or refused.
func (h *handset) call(a *asked) (any, error) {
	l, err := h.dial(a)
	if err != nil {
		return nil, err
	}
	limit := time.NewTimer(ms(a.Timeout))
	defer limit.Stop()
	select {
	case <-l.picked:
		if err := h.b.settle(); err != nil {
			return nil, err
		}
		h.b.engine.Steps(l.tap.callID()) // a call that ends soon must be known by then
		return called{ID: l.id, SIPCallID: l.tap.callID(), Answered: true, Status: 200, Reason: "OK"}, nil
	case <-l.over:
		if l.report == nil {
			return nil, l.err
		}
		return called{ID: l.id, SIPCallID: l.tap.callID(), Status: l.report.Status, Reason: l.report.Reason}, nil
	case <-limit.C:
		return nil, fmt.Errorf("%s was not answered within %v", h.name, ms(a.Timeout))
	case <-h.b.ctx.Done():
		return nil, h.b.ctx.Err()
	}
}

func (h *handset) dial(a *asked) (*line, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.line != nil && h.line.up() {
		return nil, fmt.Errorf("%s is in a call already", h.name)
	}
	sip, rtp, hop, err := h.b.engine.Sockets()
	if err != nil {
		return nil, err
	}
	l, ctx := h.newLine(sip)
	uri := a.To
	if !strings.Contains(uri, ":") {
		uri = "sip:" + uri + "@" + hop.String()
	}
	cfg := h.config(l, rtp, a.Codec)
	cfg.URI, cfg.Hop, cfg.From = uri, hop, h.name
	h.ear.begin()
	h.mouth.hush()
	h.line = l
	h.begin(l, func() (*phone.Report, error) { return phone.Dial(ctx, cfg) })
	return l, nil
}

// newLine is one that has not begun; h.mu is held.
func (h *handset) newLine(sip net.PacketConn) (*line, context.Context) {
	h.calls++
	ctx, end := context.WithCancel(h.b.ctx)
	return &line{
		b: h.b, id: fmt.Sprintf("%s#%d", h.name, h.calls), end: end, keys: make(chan string), over: make(chan struct{}),
		picked: make(chan struct{}), dialled: time.Now(), ear: h.ear, tap: &tap{PacketConn: sip, who: h.name, began: h.b.began},
	}, ctx
}

// config is what the phone of any line needs.
func (h *handset) config(l *line, rtp net.PacketConn, codec string) phone.Config {
	return phone.Config{
		SIP: l.tap, RTP: rtp, Codec: codec, Seed: sha256.Sum256([]byte(l.id)), Press: l.keys, Heard: h.ear.hear, Speak: h.mouth.speak,
		Mark: l.mark, Duration: longest, Quiet: h.mouth.quiet, Wake: h.mouth.waker(),
	}
}

// begin runs a line's phone.
func (h *handset) begin(l *line, phone func() (*phone.Report, error)) {
	h.b.mu.Lock()
	h.b.order = append(h.b.order, l)
	h.b.mu.Unlock()
	h.b.runs.Go(func() {
		defer close(l.over)
		defer l.end()
		l.report, l.err = phone()
	})
}

// longest is how long a phone stays in a call.
const longest = 1000 * time.Hour

// A key lasts 100 ms and is followed by 40 ms of audio, a comma lasts a second.
const keyTime = 140 * time.Millisecond

func (h *handset) press(l *line, keys string) error {
	h.ear.forget()
	select {
	case l.keys <- keys:
		l.mu.Lock()
		l.pressed = time.Now()
		l.mu.Unlock()
	case <-l.over:
		return h.gone(l, "press "+keys)
	}
	d := time.Duration(0)
	for _, k := range keys {
		if d += keyTime; k == ',' {
			d += time.Second - keyTime
		}
	}
	return h.b.wait(d)
}

// gone is the error of an act on a call that is over.
func (h *handset) gone(l *line, act string) error {
	return fmt.Errorf("%s cannot %s: the call is over (%s)", h.name, act, l.report.Cause)
}

// forget leaves aside what was heard so far.
func (h *handset) forget() { h.ear.forget() }

type ended struct {
	Cause  string  `json:"cause"`
	By     string  `json:"by"`
	Status int     `json:"status"`
	Ms     float64 `json:"ms"`
}

func (h *handset) ended(l *line, within time.Duration) (any, error) {
	limit := time.NewTimer(within)
	defer limit.Stop()
	select {
	case <-l.over:
		if l.report == nil {
			return nil, l.err
		}
		return ended{l.report.Cause, l.report.EndedBy, l.report.Status, l.report.TalkMs}, nil
	case <-limit.C:
		return nil, fmt.Errorf("%s's call is still up after %v", h.name, within)
	case <-h.b.ctx.Done():
		return nil, h.b.ctx.Err()
	}
}

var errWhat = errors.New("what must be a frequency in Hz, a tone such as 'tone:350+440', or a WAV file of the scripts")
