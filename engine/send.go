package engine

import (
	"slices"

	"github.com/callwright/callwright/engine/call"
)

// touched notes which legs a step may have changed. Mere repetitions change nothing that
// must outlive us.
func (s *shard) touched(actions []call.Action) {
	if s.stows == nil || repeats(actions) {
		return
	}
	for _, leg := range s.ua.Touched() {
		s.stows.soiled[leg] = true
		s.legs = append(s.legs, leg)
	}
}

// repeats says whether all that a step did was to send something once more.
func repeats(actions []call.Action) bool {
	for _, a := range actions {
		switch a := a.(type) {
		case call.Send:
			if !a.Again {
				return false
			}
		case call.Arm:
		default:
			return false
		}
	}
	return len(actions) > 0
}

// send lets a message out at the end of this batch. Repetitions wait for no worker. A 100
// does: whoever has one sends its INVITE no more, so a successor must know of it.
func (s *shard) send(a call.Send) {
	o := outside{do: func() { s.config.Wire.Send(a) }}
	if !a.Again {
		o.units = s.unitsOf(s.legs)
	}
	s.sends = append(s.sends, o)
}

// unitsOf are the units whose records bear what happened to legs, by now: a leg that ends
// in this turn is none of its unit's afterwards.
func (s *shard) unitsOf(legs []string) (units []string) {
	if s.stows == nil {
		return nil
	}
	for _, leg := range legs {
		id := s.flows.UnitOf(leg)
		if id == "" {
			id = leg
		}
		if !slices.Contains(units, id) {
			units = append(units, id)
		}
	}
	return units
}
