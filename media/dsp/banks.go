package dsp

import (
	"sync"

	"github.com/callwright/callwright/media/kernel"
)

// Banks makes each bank once and shares it; safe on any goroutine. The zero value
// is ready. It takes a lock and may take milliseconds: not for a tick.
type Banks struct {
	mu      sync.Mutex
	made    map[bankKey]*Bank
	filters map[bankKey]*kernel.Filter
}

type bankKey struct{ from, to, width int }

// Get gives the bank of a conversion, or nil if the rates are equal.
func (s *Banks) Get(from, to, width int) (*Bank, error) {
	if from == to {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := bankKey{from, to, width}
	if b := s.made[key]; b != nil {
		return b, nil
	}
	b, err := NewBank(from, to, width)
	if err != nil {
		return nil, err
	}
	if s.made == nil {
		s.made = make(map[bankKey]*Bank)
	}
	s.made[key] = b
	return b, nil
}
