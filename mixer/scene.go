package mixer

import (
	"slices"
	"time"

	"github.com/callwright/callwright/media/trunk"
)

// scene is what the tick plays: made by control, never changed but for the memory at its
// end and the tick's own parts of members and seats. That memory goes from scene to scene:
// control makes more of it where there must be more, and never looks into it.
type scene struct {
	members []*member // by peer and size of frame, so that sends are few
	routes  []*route  // the members', when the scene was made
	places  []*place
	busy    bool // there is something to tick for

	runs []trunk.Run // the records of all members, in their order
	wire []byte      // behind them
	room []*member   // for all: see ticker.enter
}

// show makes the tick's next scene.
func (d *desk) show() {
	d.changed = false
	old := d.tick.scene.Load()
	s := &scene{members: slices.Clone(d.order), wire: old.wire, room: old.room}
	s.lay()
	if len(s.room) < len(s.members) {
		s.room = make([]*member, 2*len(s.members))
	}
	now := time.Now()
	s.places = make([]*place, len(d.halls))
	for i, h := range d.halls {
		s.places[i] = h.set(now)
	}
	s.busy = len(s.members) > 0 || d.ops.onRooms > 0
	d.tick.show(s)
}

// lay gives each member its place on the wire.
func (s *scene) lay() {
	s.routes = make([]*route, len(s.members))
	total := 0
	for i, m := range s.members {
		s.routes[i] = m.route.Load()
		total += s.routes[i].record()
	}
	if len(s.wire) < total {
		s.wire = make([]byte, 2*total)
	}
	at := 0
	for _, r := range s.routes {
		size, n := r.record(), len(s.runs)
		if n == 0 || s.runs[n-1].Peer != r.peer || s.runs[n-1].Size != size {
			s.runs = append(s.runs, trunk.Run{Peer: r.peer, Size: size, Records: s.wire[at:at]})
			n++
		}
		at += size
		run := &s.runs[n-1]
		run.Records = run.Records[:len(run.Records)+size]
	}
}

// record is the size of a frame with its header.
func (r *route) record() int { return trunk.HeaderSize + r.codec.payload() }
