package fleet

import (
	"fmt"
	"net/netip"

	"github.com/callwright/callwright/media/control"
)

// Out collects what a turn commands of each worker, in order.
type Out map[string]*control.Turn

// put numbers a command and adds it. What is meant for a dead worker is dropped:
// the calls it carried are being ended, or placed anew.
func (f *Fleet) put(out Out, w *Worker, c *control.Command) {
	if w.dead {
		return
	}
	f.nextID++
	c.Id = f.nextID
	t := out.turn(w.Name)
	t.Commands = append(t.Commands, c)
}

// Stow, Number and Heard add to a worker's message what control.Turn says of them.
func (out Out) Stow(worker string, c *control.Stow) {
	t := out.turn(worker)
	t.Stows = append(t.Stows, c)
}

func (out Out) Number(worker string, n uint64) { out.turn(worker).Number = n }

func (out Out) Heard(worker string, seq uint64) { out.turn(worker).Heard = seq }

// turn is what the turn has for a worker.
func (out Out) turn(worker string) *control.Turn {
	t := out[worker]
	if t == nil {
		t = &control.Turn{}
		out[worker] = t
	}
	return t
}

// PlaceCall finds an SBC port and a mixer for a call. Nothing is commanded yet. Where
// the workers of the call near have a place left it is theirs, so that the two can be
// joined; near may be empty, or unknown.
func (f *Fleet) PlaceCall(call, near string) (*Place, error) {
	if p := f.places[call]; p != nil {
		return p, nil
	}
	if !f.has(control.Kind_SBC) {
		return nil, ErrNoSBC
	}
	sbc, mixer := f.beside(near)
	if sbc == nil {
		sbc = f.leastBusy(control.Kind_SBC, hasPort)
	}
	if sbc == nil {
		return nil, ErrNoPort
	}
	if mixer == nil {
		mixer = f.leastBusy(control.Kind_MIXER, hasRoom)
	}
	if mixer == nil {
		return nil, ErrNoMixer
	}
	port, _ := sbc.ports.take()
	sbc.carried++
	mixer.carried++
	p := &Place{
		Call: call, SBC: sbc.Name, Mixer: mixer.Name,
		Local: netip.AddrPortFrom(sbc.Media, port),
		SSRC:  f.ssrc(), Token: f.random.Uint64(), Public: uint32(f.random.Uint64()),
		sbc: sbc, mixer: mixer,
	}
	p.Line = line{uint16(f.random.Uint64()), uint32(f.random.Uint64()), 0}
	f.places[call] = p
	return p, nil
}

// beside are the workers of a call that live and have a place left.
func (f *Fleet) beside(call string) (sbc, mixer *Worker) {
	p := f.places[call]
	if p == nil {
		return nil, nil
	}
	if !p.sbc.dead && hasPort(p.sbc) {
		sbc = p.sbc
	}
	if !p.mixer.dead && hasRoom(p.mixer) {
		mixer = p.mixer
	}
	return sbc, mixer
}

func hasPort(w *Worker) bool { return len(w.ports.free) > 0 && hasRoom(w) }

func hasRoom(w *Worker) bool { return !w.Full && couldCarry(w) }

// couldCarry is hasRoom for calls that would end otherwise: better that all suffer a little.
func couldCarry(w *Worker) bool { return !w.draining && (w.Capacity == 0 || w.carried < w.Capacity) }

// ssrc draws one that no live call uses: the trunk tells streams apart by it.
func (f *Fleet) ssrc() uint32 {
	for {
		s := uint32(f.random.Uint64())
		if s != 0 && !f.ssrcs[s] {
			f.ssrcs[s] = true
			return s
		}
	}
}

// Place is where a call's media lives, or nil.
func (f *Fleet) Place(call string) *Place { return f.places[call] }

// FreeCall takes a call off its workers.
func (f *Fleet) FreeCall(call string, out Out) {
	p := f.places[call]
	if p == nil {
		return
	}
	f.Part(call, out)
	f.Settle(call, out)
	delete(f.places, call)
	delete(f.ssrcs, p.SSRC)
	if w := p.sbc; !w.dead {
		w.carried--
		w.ports.give(p.Local.Port())
		if p.Stream != nil {
			f.put(out, p.sbc, &control.Command{Body: &control.Command_DropStream{DropStream: &control.DropStream{Id: call}}})
		}
	}
	if w := p.mixer; !w.dead {
		w.carried--
		if p.Member != nil {
			f.put(out, p.mixer, &control.Command{Body: &control.Command_DropMember{DropMember: &control.DropMember{Id: call}}})
		}
	}
}

// Set commands a call's stream and member: the stream as s says, the trunk between
// them as the place says. It is what an agreement of offer and answer leads to.
func (f *Fleet) Set(call string, s *control.Stream, out Out) error {
	p := f.places[call]
	if p == nil {
		return fmt.Errorf("%w: call %s has no place", ErrUnknown, call)
	}
	s.Id, s.Port, s.Ssrc = call, uint32(p.Local.Port()), p.Public
	s.Trunk, s.Joined = p.trunkTo(p.mixer), p.joined
	if p.Stream != nil && p.Stream.Remote != s.Remote {
		p.Latched = ""
	}
	p.Stream = s
	if p.Member == nil {
		p.Member = &control.Member{Id: call}
	}
	p.Member.Codec = s.Codec
	p.Member.Trunk = p.trunkTo(p.sbc)
	f.sayMember(p, out)
	f.sayStream(p, out)
	return nil
}

func (p *Place) trunkTo(w *Worker) *control.Trunk {
	return &control.Trunk{Peer: w.Trunk, Ssrc: p.SSRC, Token: p.Token}
}

func (f *Fleet) sayStream(p *Place, out Out) {
	s := clone(p.Stream)
	seq, ts := p.Line.now(f.now, s.PtimeMs)
	if p.Line.At == 0 { // no SBC has had it
		p.Line.At, seq, ts = f.now.UnixMilli(), p.Line.Sequence, p.Line.Timestamp
	}
	s.Sequence, s.Timestamp, s.Latched = uint32(seq), ts, p.Latched
	f.put(out, p.sbc, &control.Command{Body: &control.Command_Stream{Stream: s}})
}

func (f *Fleet) sayMember(p *Place, out Out) {
	f.put(out, p.mixer, &control.Command{Body: &control.Command_Member{Member: clone(p.Member)}})
}

// ToSBC and ToMixer send a command to the worker that carries the call.
func (f *Fleet) ToSBC(call string, c *control.Command, out Out) error {
	p := f.places[call]
	if p == nil {
		return fmt.Errorf("%w: call %s has no place", ErrUnknown, call)
	}
	f.put(out, p.sbc, c)
	return nil
}

// ToMixer: a command that carries a Member is a change of the flow's own part of
// it (mute, gains); format, trunk and room stay as they are.
func (f *Fleet) ToMixer(call string, c *control.Command, out Out) error {
	p := f.places[call]
	if p == nil {
		return fmt.Errorf("%w: call %s has no place", ErrUnknown, call)
	}
	if m := c.GetMember(); m != nil {
		f.setMember(p, m)
		f.sayMember(p, out)
		return nil
	}
	f.put(out, p.mixer, c)
	return nil
}

func (f *Fleet) setMember(p *Place, m *control.Member) {
	if p.Member == nil {
		p.Member = &control.Member{Id: p.Call}
	}
	p.Member.Muted, p.Member.Deaf = m.Muted, m.Deaf
	p.Member.GainInDb, p.Member.GainOutDb = m.GainInDb, m.GainOutDb
	p.Member.Agc, p.Member.Apart = m.Agc, m.Apart
}
