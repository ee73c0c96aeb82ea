package engine

import (
	"maps"
	"slices"
	"time"
)

// laterTime is how long a change that nobody outside waits for may be known to this brain
// alone. Those of many calls go in one message then. A brain that dies meanwhile loses
// nothing that anybody has seen: its successor hears the workers' events and the peers'
// requests again, and runs the script from where it stood.
const laterTime = 20 * time.Millisecond

// laterTimer wakes the shard for changes that have waited long enough.
type laterTimer struct{}

// changes are names of what is not kept as it is.
type changes struct {
	units, rooms map[string]bool
}

func newChanges() changes { return changes{map[string]bool{}, map[string]bool{}} }

func (c changes) empty() bool { return len(c.units)+len(c.rooms) == 0 }

// move adds all of c to another, and empties it.
func (c changes) move(to changes) {
	maps.Copy(to.units, c.units)
	maps.Copy(to.rooms, c.rooms)
	clear(c.units)
	clear(c.rooms)
}

// changed notes what a turn has changed. What it changed of several calls together is
// kept together.
func (s *shard) changed() {
	st := s.stows
	units, rooms := s.flows.Changed()
	for leg := range st.soiled {
		id := s.flows.UnitOf(leg)
		if id == "" {
			id = leg
		}
		units = append(units, id)
	}
	clear(st.soiled)
	for _, id := range units {
		st.pressing = st.pressing || id != units[0]
		st.fresh.units[id] = true
	}
	for _, name := range rooms {
		st.pressing = true
		st.fresh.rooms[name] = true
	}
}

// record adds to this batch's messages what changed of calls and conferences, for the
// workers to keep before they obey, and before others see any of it. What has no such
// consequence yet is kept a little later.
func (s *shard) record() {
	st := s.stows
	switch {
	case st.due:
		st.later.move(st.fresh)
	case !s.pressed():
		if st.later.empty() && !st.fresh.empty() {
			s.arm(laterTimer{}, laterTime)
		}
		st.fresh.move(st.later)
		return
	}
	st.due, st.pressing = false, false
	for _, id := range slices.Sorted(maps.Keys(st.fresh.units)) {
		delete(st.later.units, id)
		s.recordUnit(id, false)
	}
	for _, name := range slices.Sorted(maps.Keys(st.fresh.rooms)) {
		delete(st.later.rooms, name)
		s.recordRoom(name, false)
	}
	clear(st.fresh.units)
	clear(st.fresh.rooms)
}

// pressed says whether something leaves with this batch that what changed has caused.
func (s *shard) pressed() bool {
	if s.stows.pressing {
		return true
	}
	for _, t := range s.out {
		if len(t.Commands) > 0 {
			return true
		}
	}
	return slices.ContainsFunc(s.sends, func(o outside) bool { return o.units != nil })
}

// press has this batch's changes kept at once.
func (s *shard) press() {
	if s.stows != nil {
		s.stows.pressing = true
	}
}
