package mixer

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/kernel"
	"github.com/callwright/callwright/mixer/prompt"
	"github.com/callwright/callwright/mixer/room"
)

// Limits of a room.
const (
	maxPairs     = 100_000
	maxHistoryMS = 30_000
	leastLevels  = 100 // ms
	maxPairGain  = 4
)

// fading is how long a seat that was left may be waited for by the tick: three frames.
const fading = 60 * time.Millisecond

// hallKeep is control's side of a hall.
type hallKeep struct {
	hall  *hall
	as    *control.Room // as told last
	crowd []*party      // who sits in it
	gone  []parted
	pairs map[pairKey]*pairKeep
	past  *past
	place *place // the tick has it
	stale bool   // place is to be made anew
}

type pairKey struct{ listener, speaker string }

// pairKeep is control's side of a pair: the tick's lasts as long as neither the gain nor
// a seat changes.
type pairKeep struct {
	gain kernel.Gain
	made *room.Pair
	ends bool
}

// parted is a seat that was left.
type parted struct {
	m    *member
	seat *room.Seat
	at   time.Time
}

// setRoom makes a room, or brings it to the state c tells. One in which something
// plays or is recorded keeps its rate.
func (d *desk) setRoom(c *control.Room) error {
	rate := int(c.GetRate())
	if !slices.Contains([]int{8000, 16000, 32000, 48000}, rate) || c.GetId() == "" {
		return fmt.Errorf("%w: room %q of %d Hz, want 8000, 16000, 32000 or 48000", ErrRate, c.GetId(), rate)
	}
	if n := len(c.GetPairs()); n > maxPairs {
		return fmt.Errorf("%w: room %s with %d pairs, at most %d", ErrFull, c.GetId(), n, maxPairs)
	}
	h := d.rooms[c.GetId()]
	if h == nil {
		h = &hallKeep{}
		d.rooms[c.GetId()] = h
		d.halls = append(d.halls, h)
	}
	if h.hall == nil || h.hall.mix.Rate != rate {
		if err := d.rerate(h, c.GetId(), rate); err != nil {
			return err
		}
	}
	d.setPairs(h, c.GetPairs())
	if h.past == nil || h.as.GetHistoryMs() != c.GetHistoryMs() || h.past.rate != rate {
		h.past = nil
		if c.GetHistoryMs() > 0 {
			h.past = newPast(rate, min(c.GetHistoryMs(), maxHistoryMS))
		}
	}
	h.as = c
	d.reseat(h)
	return nil
}

// rerate gives a room a new mix; who sits in it gets a new seat.
func (d *desk) rerate(h *hallKeep, id string, rate int) error {
	if h.hall != nil && h.hall.sounds.Load() != nil {
		return fmt.Errorf("%w: room %s is in use at %d Hz", ErrRate, id, h.hall.mix.Rate)
	}
	h.hall = &hall{id: id, mix: room.New(rate, d.cfg.Kernels)}
	for _, p := range h.crowd {
		seat, err := room.NewSeat(&p.m.mix, rate, &d.banks, d.cfg.Kernels, p.m.apart.Load())
		if err != nil {
			return err
		}
		p.seat = seat
	}
	h.gone = nil // their seats are of another rate
	for _, k := range h.pairs {
		k.made = nil
	}
	return nil
}

// setPairs takes the whole list of what differs. A gain that is no number is as it is
// anyway: 1.
func (d *desk) setPairs(h *hallKeep, list []*control.Pair) {
	old := h.pairs
	h.pairs = make(map[pairKey]*pairKeep, len(list))
	for _, p := range list {
		key := pairKey{p.GetListener(), p.GetSpeaker()}
		gain := pairGain(p.GetGain())
		k := old[key]
		if k == nil || k.gain != gain {
			next := &pairKeep{gain: gain}
			if k != nil && k.made != nil {
				next.made = &room.Pair{Listener: k.made.Listener, Speaker: k.made.Speaker, Gain: gain}
				next.made.Begin(k.gain)
			}
			k = next
		}
		h.pairs[key] = k
	}
	for key, k := range old {
		if h.pairs[key] == nil && k.made != nil && !k.ends {
			h.pairs[key] = d.endPair(key, k)
		}
	}
}

// endPair lets a pair fade back to what the sum gives; it is dropped at the next change.
func (d *desk) endPair(key pairKey, k *pairKeep) *pairKeep {
	to := kernel.Unity
	if p := d.members[key.speaker]; p != nil && p.m.apart.Load() {
		to = 0
	}
	p := &room.Pair{Listener: k.made.Listener, Speaker: k.made.Speaker, Gain: to}
	p.Begin(k.gain)
	return &pairKeep{gain: to, made: p, ends: true}
}

func pairGain(g float64) kernel.Gain {
	if math.IsNaN(g) {
		return kernel.Unity
	}
	return kernel.Gain(max(0, min(g, maxPairGain)) * float64(kernel.Unity))
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
	d.halls = slices.DeleteFunc(d.halls, func(o *hallKeep) bool { return o == h })
	delete(d.spoken, subjectOf("room", id))
	d.ops.end(&h.hall.target, prompt.Gone)
	d.changed = true
}

// enter seats p in h, having left where it was.
func (d *desk) enter(p *party, h *hallKeep) error {
	if p.in == h {
		return nil
	}
	seat, err := room.NewSeat(&p.m.mix, h.hall.mix.Rate, &d.banks, d.cfg.Kernels, p.m.apart.Load())
	if err != nil {
		return err
	}
	d.leave(p)
	p.in, p.seat = h, seat
	h.crowd = append(h.crowd, p)
	d.reseat(h)
	return nil
}

// leave takes p out of its room, in which its seat fades out.
func (d *desk) leave(p *party) {
	h := p.in
	if h == nil {
		return
	}
	h.gone = append(h.gone, parted{p.m, p.seat, time.Now()})
	p.in, p.seat = nil, nil
	h.crowd = slices.DeleteFunc(h.crowd, func(o *party) bool { return o == p })
	d.reseat(h)
}

// reseat lets a room's place be made anew once the turn is through.
func (d *desk) reseat(h *hallKeep) {
	h.stale = true
	d.changed = true
}

// set makes a new place for the tick, which may be using the old one.
func (h *hallKeep) set(now time.Time) *place {
	if !h.stale {
		return h.place
	}
	h.stale = false
	c := &room.Cast{Seats: make([]*room.Seat, len(h.crowd)), Loudest: int(min(h.as.GetLoudest(), room.MostLoudest)),
		Noise: h.as.GetComfortNoise()}
	h.place = &place{hall: h.hall, cast: c, members: make([]*member, len(h.crowd)), past: h.past}
	for i, p := range h.crowd {
		c.Seats[i], h.place.members[i] = p.seat, p.m
	}
	h.gone = slices.DeleteFunc(h.gone, func(g parted) bool { return now.Sub(g.at) > fading })
	for _, g := range h.gone {
		c.Leaving = append(c.Leaving, g.seat)
		h.place.leaving = append(h.place.leaving, g.m)
	}
	c.Pairs = h.castPairs()
	if ms := h.as.GetLevelsMs(); ms > 0 {
		h.place.levels = int(max(ms, leastLevels)) / room.FrameMS
	}
	return h.place
}

// castPairs lists the pairs of those who are in, in the order of their listeners.
func (h *hallKeep) castPairs() (list []*room.Pair) {
	if len(h.pairs) == 0 {
		return nil
	}
	at := make(map[string]int, len(h.crowd))
	for i, p := range h.crowd {
		at[p.m.id] = i
	}
	byListener := make([][]*room.Pair, len(h.crowd))
	for key, k := range h.pairs {
		l, here := at[key.listener]
		s, too := at[key.speaker]
		if here && too && l != s {
			byListener[l] = append(byListener[l], k.pair(h.crowd[l].seat, h.crowd[s].seat))
		}
	}
	for _, own := range byListener {
		list = append(list, own...)
	}
	return list
}

func (k *pairKeep) pair(listener, speaker *room.Seat) *room.Pair {
	if k.made == nil || k.made.Listener != listener || k.made.Speaker != speaker {
		k.made = &room.Pair{Listener: listener, Speaker: speaker, Gain: k.gain}
	}
	return k.made
}
