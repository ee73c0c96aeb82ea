package engine

import "github.com/callwright/callwright/engine/call"

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

// send lets a message out at the end of this batch. Repetitions and 100 wait for no
// worker.
func (s *shard) send(a call.Send) {
	o := outside{do: func() { s.config.Wire.Send(a) }}
	if !a.Again && a.Msg.Status != 100 {
		o.legs = s.legs
	}
	s.sends = append(s.sends, o)
}
