package flow

import (
	"time"

	"github.com/callwright/callwright/media/control"
)

// bridge is two calls whose phones hear each other: SBC to SBC where nothing needs the
// mixer, else in a room of two.
type bridge struct {
	a, b  *callState
	op    *operation // told of its end; nil: nobody is
	room  string     // that they are in; "": they are joined at the SBC
	apart bool       // on different SBCs: only a room will do
	since time.Time
}

// unbridged is told to the operation that joined two calls.
type unbridged struct{ reason string } // hangup, moved, failed, answered

// bridgePrefix begins the names of rooms of bridges, which no conference may have.
const bridgePrefix = "bridge:"

// join lets two calls with audio hear each other. Who was with another leaves it.
func (f *Flows) join(a, b *callState, op *operation) {
	f.unbridge(a, "moved")
	f.unbridge(b, "moved")
	f.leaveRoom(a, "moved")
	f.leaveRoom(b, "moved")
	br := &bridge{a: a, b: b, op: op, since: f.now}
	a.bridge, b.bridge = br, br
	a.u.show(b.handle, b)
	b.u.show(a.handle, a)
	a.rev++
	b.rev++
	f.carry(br, true)
	if op != nil {
		f.occur(a.u, a.handle, "bridged", bridgeEvent{Peer: b.id})
		f.occur(b.u, b.handle, "bridged", bridgeEvent{Peer: a.id})
	}
}

type bridgeEvent struct {
	Peer   string `json:"peer"`
	Reason string `json:"reason,omitempty"`
	Ms     int64  `json:"ms,omitempty"`
}

// carry puts the audio of a bridge where it belongs now.
func (f *Flows) carry(br *bridge, fresh bool) {
	mixed := br.apart || br.a.needsMixer() || br.b.needsMixer()
	switch {
	case mixed && br.room == "":
		if !fresh {
			f.emit(Part{Call: br.a.id})
		}
		br.room = bridgePrefix + br.a.id
		f.emit(PlaceRoom{Room: br.room, Rate: defaultRate, State: &control.Room{Id: br.room, Rate: defaultRate}})
		for _, c := range []*callState{br.a, br.b} {
			f.emit(JoinRoom{Call: c.id, Room: br.room, Member: c.member()})
		}
	case !mixed && (br.room != "" || fresh):
		f.closeBridgeRoom(br)
		f.emit(Pair{A: br.a.id, B: br.b.id})
	}
}

func (f *Flows) closeBridgeRoom(br *bridge) {
	if br.room == "" {
		return
	}
	for _, c := range []*callState{br.a, br.b} {
		if !c.ended {
			f.emit(LeaveRoom{Call: c.id})
		}
	}
	f.emit(FreeRoom{Room: br.room})
	br.room = ""
}

// needsMixer says whether something of a call is done by the mixer alone.
func (c *callState) needsMixer() bool {
	if c.mutedIn || c.mutedOut {
		return true
	}
	for _, o := range c.u.ops {
		if o.c == c && o.mixes {
			return true
		}
	}
	return false
}

// recarry looks again at where a call's bridge belongs.
func (f *Flows) recarry(c *callState) {
	if c != nil && c.bridge != nil {
		f.carry(c.bridge, false)
	}
}

// apart is told when two calls cannot be joined at one SBC.
func (f *Flows) apart(in Apart) {
	c := f.calls[in.A]
	if c == nil || c.bridge == nil || c.bridge.apart {
		return
	}
	f.touch(c.u)
	c.bridge.apart = true
	f.carry(c.bridge, true)
}

// unbridge parts a call from the one it hears; for one that hears none, or nil, nothing
// happens.
func (f *Flows) unbridge(c *callState, reason string) {
	if c == nil || c.bridge == nil {
		return
	}
	br := c.bridge
	br.a.bridge, br.b.bridge = nil, nil
	if br.room == "" {
		f.emit(Part{Call: br.a.id})
	}
	f.closeBridgeRoom(br)
	ms := f.now.Sub(br.since).Milliseconds()
	for _, c := range []*callState{br.a, br.b} {
		c.rev++
		f.touch(c.u)
	}
	if br.op == nil {
		return
	}
	f.occur(br.a.u, br.a.handle, "unbridged", bridgeEvent{Peer: br.b.id, Reason: reason, Ms: ms})
	f.occur(br.b.u, br.b.handle, "unbridged", bridgeEvent{Peer: br.a.id, Reason: reason, Ms: ms})
	if o := br.op; o.u.ops[o.n] == o {
		o.verb.step(o, unbridged{reason})
	}
}

// peer is who the call hears, nil for nobody.
func (c *callState) peer() *callState {
	switch br := c.bridge; {
	case br == nil:
		return nil
	case br.a == c:
		return br.b
	default:
		return br.a
	}
}
