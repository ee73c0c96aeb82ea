package cluster

import "time"

// The lease. A member that has answered its leader votes for nobody else, and calls no
// election, for one Timeout; so a leader that had a majority's answers to questions it
// asked at t is the only one until t + Timeout, by clocks that run at the same rate to
// a quarter. All is measured on the monotonic clock from the moment of asking: a step of
// the wall clock changes nothing, and an answer that lay unread while this process was
// stopped proves nothing new. Members do not listen in the first Timeout after their
// start, for they have forgotten whom they answered.
//
// Source: Ongaro, "Consensus: Bridging Theory and Practice" (2014), §6.4.1.

const renewals = 6 // asked for in one lease

// extend notes that a majority has followed since asked.
func (s *Store) extend(asked time.Time) {
	s.held.Store(int64(asked.Add(s.timeout() * 3 / 4).Sub(s.opened)))
}

// Held says whether this brain may act: ask right before each act that others see.
// It costs one reading of the clock. A lone brain that leads always may.
func (s *Store) Held() bool {
	return !s.shared() && s.acting.Load() || s.Lease() > 0
}

// Lease is for how long from now this brain may act unless it is renewed; 0 when it
// may not, and for a lone brain, which needs none.
func (s *Store) Lease() time.Duration {
	return max(0, time.Duration(s.held.Load())-time.Since(s.opened))
}

// renew asks the others for the lease again and again until it is lost. The question
// may wait for its answer for longer than the lease lasts, hence the timer.
func (s *Store) renew() {
	over := time.AfterFunc(s.Lease(), func() { s.lose(ErrLease) })
	defer over.Stop()
	every := time.NewTicker(s.timeout() * 3 / 4 / renewals)
	defer every.Stop()
	for {
		asked := time.Now()
		if err := s.raft.VerifyLeader().Error(); err != nil {
			s.lose(err)
			return
		}
		if !s.Held() { // stopped in between: another may lead by now, whatever the answer says
			s.lose(ErrLease)
			return
		}
		s.extend(asked)
		over.Reset(s.Lease())
		select {
		case <-every.C:
		case <-s.lost:
			return
		case <-s.closing:
			return
		}
	}
}
