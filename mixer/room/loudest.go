package room

// kept is how much louder than who is mixed (or has the floor) another must be to take
// its place: 6 dB of energy. Without it two voices of a loudness would chop each other.
const kept = 4

// taking is how many ticks in a row a rival must be louder to take the floor: 300 ms.
const taking = 15

// choose opens the gates of the loudest, and says who has the floor. It is one pass over
// all members unless some are left out: rooms of three pay for it too.
func (r *Room) choose(c *Cast) {
	all := c.Loudest <= 0 || c.Loudest >= len(c.Seats)
	var best, holder *Seat
	for _, s := range c.Seats {
		s.hark()
		if all {
			s.open = true
		}
		if m := s.m; m.Talking && !m.Muted {
			if m == r.Floor {
				holder = s
			}
			if best == nil || s.level > best.level {
				best = s
			}
		}
	}
	r.floor(best, holder)
	if all {
		return
	}
	top := r.top[:0]
	for _, s := range c.Seats {
		top = s.rank(top, min(c.Loudest, MostLoudest))
	}
	for _, s := range c.Seats {
		s.open = false
	}
	for i, s := range top {
		s.open, r.top[i] = true, nil
	}
}

// hark follows how loud the member is: up at once, down by half in 140 ms.
func (s *Seat) hark() {
	e := s.m.Energy
	if s.m.Silent || s.m.Muted {
		e = 0
	}
	s.level = max(e, s.level-s.level/10)
}

func (s *Seat) weighed() uint64 {
	if s.open {
		return s.level * kept
	}
	return s.level
}

// rank puts s among the n loudest, in order.
func (s *Seat) rank(top []*Seat, n int) []*Seat {
	at := len(top)
	for at > 0 && top[at-1].weighed() < s.weighed() {
		at--
	}
	if at >= n {
		return top
	}
	if len(top) < n {
		top = append(top, nil)
	}
	copy(top[at+1:], top[at:])
	top[at] = s
	return top
}

// floor goes to best, the loudest of those who talk. Who has it (holder, if talking)
// keeps it until another has been louder for a while.
func (r *Room) floor(best, holder *Seat) {
	switch {
	case best == nil:
		r.Floor, r.rival = nil, nil
	case holder == nil:
		r.Floor, r.rival = best.m, nil
	case best == holder || best.level < holder.level*kept/2:
		r.rival = nil
	case r.rival != best.m:
		r.rival, r.rising = best.m, 1
	default:
		if r.rising++; r.rising >= taking {
			r.Floor, r.rival = best.m, nil
		}
	}
}
