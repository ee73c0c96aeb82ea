package scripttest

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/callwright/callwright/cmd/callwright/phone"
	"github.com/callwright/callwright/engine/call"
)

// incoming is what a line has that waits for a call.
type incoming struct {
	decide chan int      // the status to answer or refuse with; holds one
	rang   chan struct{} // closed when the call has come
	from   string        // then its caller
}

// agent makes a phone that can be called, from now on and until the test ends.
func (b *bench) agent(name, codec string) error {
	if name == "" || strings.ContainsAny(name, " @:;<>\"") {
		return fmt.Errorf("t.agent: %q is no user part of a SIP URI", name)
	}
	h := b.handset(name)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.waiting != nil {
		return nil
	}
	return h.listen(codec)
}

// listen waits for the next call at an address of its own. h.mu is held.
func (h *handset) listen(codec string) error {
	sip, rtp, _, err := h.b.engine.Sockets()
	if err != nil {
		return err
	}
	l, ctx := h.newLine(sip)
	l.in = &incoming{decide: make(chan int, 1), rang: make(chan struct{})}
	l.called = func(from string) { h.called(l, codec, from) }
	h.waiting = l
	h.b.engine.Names().put(h.name, netip.MustParseAddrPort(sip.LocalAddr().(*net.UDPAddr).String()))
	cfg := h.config(l, rtp, codec)
	cfg.Decide = l.in.decide
	h.begin(l, func() (*phone.Report, error) { return phone.Answer(ctx, cfg) })
	return nil
}

// called is told on the phone's goroutine that a waiting line has its call. Another
// waits from then on: a second caller hears that the agent is busy.
func (h *handset) called(l *line, codec, from string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.broken = h.listen(codec)
	if h.line != nil && !h.line.ended() {
		l.in.decide <- call.CauseByName("busy").SIP
		return
	}
	h.line, l.in.from, l.dialled = l, from, time.Now()
	h.ear.begin()
	h.mouth.hush()
	close(l.in.rang)
}

// rings waits until the agent's phone rings and gives its line.
func (h *handset) rings(within time.Duration) (*line, error) {
	limit := time.NewTimer(within)
	defer limit.Stop()
	for {
		h.mu.Lock()
		l, next, broken := h.line, h.waiting, h.broken
		h.mu.Unlock()
		switch {
		case l != nil && l.in != nil && !l.ended() && l.answered().IsZero():
			return l, nil
		case broken != nil:
			return nil, broken
		}
		select {
		case <-next.in.rang:
		case <-next.over: // it was busy
		case <-limit.C:
			return nil, fmt.Errorf("%s was not called within %v", h.name, within)
		case <-h.b.ctx.Done():
			return nil, context.Cause(h.b.ctx)
		}
	}
}

// decides ends the ringing by a status, and waits for what comes of it.
func (h *handset) decides(status int, within time.Duration) (any, error) {
	l, err := h.rings(within)
	if err != nil {
		return nil, err
	}
	select {
	case l.in.decide <- status:
	default:
		return nil, fmt.Errorf("%s has answered or refused this call already", h.name)
	}
	if err := h.b.settle(); err != nil {
		return nil, err
	}
	if status == 200 && l.answered().IsZero() {
		return nil, fmt.Errorf("%s cannot answer: the call is over", h.name)
	}
	return l.calledBy(status), nil
}

func (l *line) calledBy(status int) called {
	return called{ID: l.id, SIPCallID: l.tap.callID(), From: l.in.from, Answered: status == 200, Status: status, Reason: call.Phrase(status)}
}

// refusal is the status that a test refuses by: a cause's name, or the status itself.
func refusal(cause any) (int, error) {
	switch c := cause.(type) {
	case nil:
		return call.CauseByName("busy").SIP, nil
	case float64:
		if c >= 300 && c <= 699 && c == float64(int(c)) {
			return int(c), nil
		}
	case string:
		if status := call.CauseByName(c).SIP; call.KnownCause(c) && status >= 300 {
			return status, nil
		}
	}
	return 0, fmt.Errorf("agent.rejects: %v is no status from 300 to 699 and no cause to refuse by, such as 'busy', 'rejected' or 'unavailable'", cause)
}
