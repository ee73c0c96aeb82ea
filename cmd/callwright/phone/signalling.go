package phone

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/signal"
)

// wire is the phone's SIP edge: one socket or one connection.
func (p *phone) wire() {
	cfg := signal.Config{
		Sink:  p.put,
		Allow: func(netip.Addr) bool { return true }, // the core knows what belongs to its call
	}
	if p.cfg.Stream != nil {
		cfg.Dial = p.lend
	}
	p.edge = signal.New(cfg)
	if p.cfg.Stream != nil {
		return
	}
	serving := &overheard{p.cfg.SIP, p.refuse}
	p.edge.AddUDP(serving) // before we dial; the edge is new, so it cannot fail
	p.all.Go(func() { p.edge.ServeUDP(serving) })
}

// refuse takes what the network says about our messages; the first word is enough.
func (p *phone) refuse(errno syscall.Errno) {
	select {
	case p.refusals <- errno:
	default:
	}
}

// refused ends a call that nobody has answered yet: there is nobody.
func (p *phone) refused(errno syscall.Errno) {
	if p.report.Status == 0 && !p.ended {
		p.receive(call.SendFailed{Branch: p.invite, Why: fmt.Sprintf("nobody there at %s: %v", p.cfg.Hop, errno)})
	}
}

// lend gives the edge our connection where it would dial; once.
func (p *phone) lend(context.Context, netip.AddrPort) (net.Conn, error) {
	c := p.lent.Swap(nil)
	if c == nil {
		return nil, net.ErrClosed
	}
	return *c, nil
}

// put is called from the edge's readers, and by Send within a step.
func (p *phone) put(in call.Input) {
	select {
	case p.inputs <- in:
	default:
		// 64 inputs wait: this is no call any more. The core's timers repeat or end it.
	}
}

// receive steps the core with what came, and marks what a person would want to see.
func (p *phone) receive(in call.Input) {
	switch in := in.(type) {
	case call.SendFailed:
		p.sendErr = errors.New(in.Why)
	case call.Received:
		m := in.Msg
		switch {
		case m.Status == 0:
			p.mark(m.Method + " received")
		case m.Method == "INVITE":
			p.report.Status, p.report.Reason = m.Status, m.Reason
			p.mark(fmt.Sprintf("%d %s", m.Status, m.Reason))
		}
	}
	p.step(in)
}

// step takes one input through the core and does what it asks for. What an action
// brings about (a message that cannot be sent) is stepped after it, not within.
func (p *phone) step(in call.Input) {
	p.todo = append(p.todo, in)
	if len(p.todo) > 1 {
		return
	}
	for len(p.todo) > 0 {
		for _, a := range p.ua.Step(time.Now(), p.todo[0]) {
			p.act(a)
		}
		p.todo = p.todo[1:]
	}
}

func (p *phone) act(a call.Action) {
	switch a := a.(type) {
	case call.Send:
		p.send(a)
	case call.Arm:
		p.arm(a)
	case call.Disarm:
		p.disarm(a.Timer)
	case call.Agreed:
		if a.Leg == p.leg {
			p.talk(a.Media)
		}
	case call.Answered:
		p.pickUp()
	case call.Invited:
		p.invited(a)
	case call.Refused:
		if a.Order == "dial" {
			p.sendErr = errors.New(a.Why)
			p.end(call.Cause{Name: "rejected", By: "engine"})
		}
	case call.Ended:
		if a.Leg == p.leg {
			p.end(a.Cause)
		}
	}
}

func (p *phone) send(a call.Send) {
	if a.Msg.Method == "INVITE" && a.Msg.Status == 0 {
		p.invite = a.Branch
	}
	if a.Msg.Status == 0 {
		what := a.Msg.Method + " sent"
		if n := len(p.report.Milestones); a.Msg.Method == "INVITE" && n > 0 && strings.HasPrefix(p.report.Milestones[n-1].What, "INVITE sent") {
			what = "INVITE sent again"
		}
		p.mark(what)
	}
	p.edge.Send(a)
}

// armed is a timer of the core that runs; its number tells a firing that was on
// its way when the timer was moved or disarmed.
type armed struct {
	timer  *time.Timer
	number int
}

type firing struct {
	id     call.TimerID
	number int
}

func (p *phone) arm(a call.Arm) {
	p.disarm(a.Timer)
	p.count++
	f := firing{a.Timer, p.count}
	p.timers[a.Timer] = armed{time.AfterFunc(a.After, func() {
		select {
		case p.firings <- f:
		case <-p.done:
		}
	}), p.count}
}

func (p *phone) disarm(id call.TimerID) {
	if t, ok := p.timers[id]; ok {
		t.timer.Stop()
		delete(p.timers, id)
	}
}

func (p *phone) fire(f firing) {
	if p.timers[f.id].number != f.number {
		return
	}
	delete(p.timers, f.id)
	p.step(call.Fired{Timer: f.id})
}

// leave hangs up.
func (p *phone) leave() {
	if p.leaving || p.ended {
		return
	}
	p.leaving = true
	if p.leg == "" { // nobody has called
		p.waiting = false
		p.end(call.Cause{Name: "canceled", By: "callee"})
		return
	}
	p.step(call.Hangup{Leg: p.leg, Cause: call.Cause{Name: "normal", By: p.us()}})
}

func (p *phone) end(c call.Cause) {
	p.ended = true
	p.report.EndedBy, p.report.Cause = c.By, c.Name
	if p.leaving {
		p.report.EndedBy = p.us()
	}
	if p.report.Answered {
		p.report.TalkMs = float64(time.Since(p.answered).Microseconds()) / 1000
	}
	p.mark("ended: " + c.Name)
}
