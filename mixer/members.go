package mixer

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/kernel"
	"github.com/callwright/callwright/mixer/prompt"
)

// setMember brings a member to the state c tells. Its playout, prompts and recordings
// go on, unless its rate changes: then it is another member with the same id.
func (d *desk) setMember(c *control.Member) error {
	r, err := routeOf(c)
	if err != nil {
		return err
	}
	p := d.members[c.GetId()]
	if p != nil && p.m.rate != r.codec.rate {
		d.dropMember(c.GetId())
		p = nil
	}
	if other := d.table.find(r.ssrc); other != nil && (p == nil || other != p.m) {
		return fmt.Errorf("%w: member %s: SSRC %d is member %s's", ErrTrunk, c.GetId(), r.ssrc, other.id)
	}
	if p == nil {
		if p, err = d.addMember(c.GetId(), r); err != nil {
			return err
		}
	}
	d.reroute(p.m, r)
	m := p.m
	m.agc.Store(c.GetAgc())
	m.apart.Store(c.GetApart())
	m.muted.Store(c.GetMuted())
	m.deaf.Store(c.GetDeaf())
	m.gainIn.Store(int32(kernel.FromDB(c.GetGainInDb())))
	m.gainOut.Store(int32(kernel.FromDB(c.GetGainOutDb())))
	return d.move(p, c.GetRoom())
}

func (d *desk) addMember(id string, r *route) (*party, error) {
	if len(d.members) >= d.cfg.Capacity {
		return nil, fmt.Errorf("%w: %d members", ErrFull, len(d.members))
	}
	p := &party{m: newMember(id, r, d.count)}
	d.members[id] = p
	d.table.add(r.ssrc, p.m)
	d.order = slices.Insert(d.order, d.position(r), p.m)
	d.changed = true
	return p, nil
}

func (d *desk) move(p *party, id string) error {
	if id == "" {
		d.leave(p)
		return nil
	}
	h := d.rooms[id]
	if h == nil {
		d.leave(p)
		return fmt.Errorf("%w: %s, for member %s", ErrRoom, id, p.m.id)
	}
	return d.enter(p, h)
}

// reroute changes where a member's frames come from and go.
func (d *desk) reroute(m *member, r *route) {
	old := m.route.Load()
	if *old == *r {
		return
	}
	d.order = slices.DeleteFunc(d.order, func(o *member) bool { return o == m })
	d.order = slices.Insert(d.order, d.position(r), m)
	m.route.Store(r)
	if old.ssrc != r.ssrc {
		d.table.remove(old.ssrc)
		d.table.add(r.ssrc, m)
	}
	d.changed = true
}

// position is where in the order a member of r belongs: behind those who came before, so
// that a room's members stand together on the wire as they came.
func (d *desk) position(r *route) int {
	at, _ := slices.BinarySearchFunc(d.order, r, func(m *member, r *route) int {
		o := m.route.Load()
		return cmp.Or(o.peer.Compare(r.peer), cmp.Compare(o.codec.payload(), r.codec.payload()), -1)
	})
	return at
}

func (d *desk) dropMember(id string) {
	p := d.members[id]
	if p == nil {
		return
	}
	d.leave(p)
	delete(d.members, id)
	delete(d.spoken, subjectOf("member", id))
	d.table.remove(p.m.route.Load().ssrc)
	d.order = slices.DeleteFunc(d.order, func(o *member) bool { return o == p.m })
	d.ops.end(&p.m.target, prompt.Gone)
	d.changed = true
}

func routeOf(c *control.Member) (*route, error) {
	peer, err := netip.ParseAddrPort(c.GetTrunk().GetPeer())
	if err != nil || peer.Port() == 0 || c.GetId() == "" {
		return nil, fmt.Errorf("%w: member %q with peer %q", ErrTrunk, c.GetId(), c.GetTrunk().GetPeer())
	}
	r := &route{peer: peer, ssrc: c.GetTrunk().GetSsrc(), token: c.GetTrunk().GetToken(), codec: codecOf(c.GetCodec())}
	if r.codec.rate == 0 {
		return nil, fmt.Errorf("%w: member %s with codec %v", ErrTrunk, c.GetId(), c.GetCodec())
	}
	return r, nil
}
