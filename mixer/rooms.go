package mixer

import (
	"fmt"
	"slices"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/mixer/prompt"
	"github.com/callwright/callwright/mixer/room"
)

// setRoom makes a room, or finds it as it shall be. A room that is in use keeps its
// rate.
func (d *desk) setRoom(c *control.Room) error {
	rate := int(c.GetRate())
	if rate != 8000 && rate != 16000 {
		return fmt.Errorf("%w: room %s of %d Hz, want 8000 or 16000", ErrRate, c.GetId(), rate)
	}
	if h := d.rooms[c.GetId()]; h != nil {
		if h.hall.mix.Rate == rate {
			return nil
		}
		if len(h.crowd) > 0 || h.hall.sounds.Load() != nil {
			return fmt.Errorf("%w: room %s is in use at %d Hz", ErrRate, c.GetId(), h.hall.mix.Rate)
		}
	}
	h := &hallKeep{hall: &hall{id: c.GetId(), mix: room.New(rate, d.cfg.Kernels)}}
	h.place = &place{hall: h.hall}
	d.rooms[c.GetId()] = h
	d.changed = true
	return nil
}

// dropRoom lets its members stay, without a room; its operations end.
func (d *desk) dropRoom(id string) {
	h := d.rooms[id]
	if h == nil {
		return
	}
	for _, p := range slices.Clone(h.crowd) {
		d.leave(p)
	}
	delete(d.rooms, id)
	d.ops.end(&h.hall.target, prompt.Gone)
	d.changed = true
}

// enter seats p in h, having left where it was.
func (d *desk) enter(p *party, h *hallKeep) error {
	if p.in == h {
		return nil
	}
	seat, err := room.NewSeat(p.m.mix, h.hall.mix.Rate, &d.banks)
	if err != nil {
		return err
	}
	d.leave(p)
	p.in, p.seat = h, seat
	h.crowd = append(h.crowd, p)
	d.reseat(h)
	return nil
}

func (d *desk) leave(p *party) {
	h := p.in
	if h == nil {
		return
	}
	p.in, p.seat = nil, nil
	h.crowd = slices.DeleteFunc(h.crowd, func(o *party) bool { return o == p })
	d.reseat(h)
}

// reseat makes a new list of seats for the tick, which may be using the old one.
func (d *desk) reseat(h *hallKeep) {
	h.seats = make([]*room.Seat, len(h.crowd))
	for i, p := range h.crowd {
		h.seats[i] = p.seat
	}
	h.place = &place{hall: h.hall, seats: h.seats}
	d.changed = true
}
