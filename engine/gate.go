package engine

import "maps"

// gate holds back what the outside would see until a worker has what caused it.
type gate struct {
	wanted  bool   // this batch has something for the worker to keep
	number  uint64 // of the last message that wants an answer
	kept    uint64 // answered
	waiting []gated
}

// gated is what may be done once the worker has answered for a message.
type gated struct {
	number uint64
	do     func()
}

// hearing is how far a worker's events have come in, and which answers make them safe.
type hearing struct {
	worker string
	seq    uint64
	after  map[string]uint64
}

func (s *shard) gate(worker string) *gate {
	g := s.stows.gates[worker]
	if g == nil {
		g = &gate{}
		s.stows.gates[worker] = g
	}
	return g
}

// number marks the messages of this batch that bear something to keep.
func (s *shard) number() {
	for worker, g := range s.stows.gates {
		if g.wanted {
			g.wanted = false
			g.number++
			s.out.Number(worker, g.number)
		}
	}
}

// behind does something at once, or when the worker that keeps one of these units has
// answered. An engine that ends waits for nobody: its workers may be ending too,
// and nothing is left that a successor would have to know.
func (s *shard) behind(units []string, do func()) {
	if s.stopping {
		do()
		return
	}
	for _, id := range units {
		at := s.stows.forgotten[unitKey+id]
		if k := s.stows.kept[unitKey+id]; k != nil {
			at = k.at
		}
		if at == "" {
			continue
		}
		if g := s.gate(at); g.number > g.kept {
			g.waiting = append(g.waiting, gated{g.number, do})
			return
		}
	}
	do()
}

// answered opens a worker's gate up to a number.
func (s *shard) opened(worker string, number uint64) {
	g := s.gate(worker)
	g.kept = max(g.kept, number)
	n := 0
	for n < len(g.waiting) && g.waiting[n].number <= g.kept {
		g.waiting[n].do()
		n++
	}
	clear(g.waiting[:n])
	g.waiting = g.waiting[n:]
	if len(g.waiting) == 0 {
		g.waiting = nil
	}
}

// openGates lets all that waits go, in order.
func (s *shard) openGates() {
	if s.stows == nil {
		return
	}
	for worker, g := range s.stows.gates {
		s.opened(worker, g.number)
	}
}

// gateGone opens the gate of a worker that will not answer: what waits is as safe as can be.
func (s *shard) gateGone(worker string) {
	if g := s.stows.gates[worker]; g != nil {
		s.opened(worker, g.number)
		delete(s.stows.gates, worker)
	}
}

// hear notes that a worker's events have been taken in.
func (s *shard) hear(worker, instance string, seq uint64) {
	s.stows.heard[instance] = seq
	s.stows.hearing = append(s.stows.hearing, hearing{worker: worker, seq: seq})
}

// awaitAnswers says which answers the events of this batch wait for.
func (s *shard) awaitAnswers() {
	if !s.stows.later.empty() {
		return // they may have changed what is kept later
	}
	for i := range s.stows.hearing {
		if h := &s.stows.hearing[i]; h.after == nil {
			h.after = map[string]uint64{}
			for name, g := range s.stows.gates {
				h.after[name] = g.number
			}
		}
	}
}

// safe is how far each worker's events need not be told again.
func (s *shard) safe() map[string]uint64 {
	done := map[string]uint64{}
	n := 0
	for ; n < len(s.stows.hearing); n++ {
		h := s.stows.hearing[n]
		if h.after == nil || !s.passed(h.after) {
			break
		}
		done[h.worker] = h.seq
	}
	s.stows.hearing = s.stows.hearing[n:]
	return done
}

func (s *shard) passed(after map[string]uint64) bool {
	for name, number := range after {
		if g := s.stows.gates[name]; g != nil && g.kept < number {
			return false
		}
	}
	return true
}

// tellHeard lets workers forget events that are safe.
func (s *shard) tellHeard() {
	for worker, seq := range maps.All(s.safe()) {
		if s.fleet.Instance(worker) != "" {
			s.out.Heard(worker, seq)
		}
	}
}
