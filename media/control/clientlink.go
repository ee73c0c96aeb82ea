package control

import (
	"fmt"
	"sync/atomic"
	"time"
)

// clientLink is one connection: run on the Client's goroutine, receive on its own.
type clientLink struct {
	client  *Client
	worker  Worker
	stream  Conn
	silence *time.Timer
	silent  atomic.Bool

	in   chan *ToWorker
	quit chan struct{} // run has ended
	read chan struct{} // receive has ended
	err  error         // why, valid then

	seq     uint64 // of heartbeats
	counted time.Time
}

func (l *clientLink) giveUp() {
	l.silent.Store(true)
	l.stream.Close()
}

// close waits for receive, so that nothing of a connection outlives it.
func (l *clientLink) close() {
	close(l.quit)
	l.silence.Stop()
	l.stream.Close()
	<-l.read
}

// reason prefers what the receiving side learnt: a failed Send only says EOF.
func (l *clientLink) reason(err error) error {
	l.stream.Close()
	for open := true; open; {
		select {
		case <-l.in: // what comes now is not obeyed
		case <-l.read:
			open = false
		}
	}
	if l.silent.Load() {
		return fmt.Errorf("%w for %v", ErrSilent, l.client.cfg.Patience)
	}
	if l.err != nil {
		return l.err
	}
	return err
}

func (l *clientLink) receive() {
	defer close(l.read)
	for {
		m, err := l.stream.Recv()
		if err != nil {
			l.err = err
			return
		}
		select {
		case l.in <- m:
		case <-l.quit:
			return
		}
	}
}

// run obeys the brain until the connection ends.
func (l *clientLink) run() (err error) {
	beat, err := l.welcome()
	if err != nil {
		return err
	}
	defer func() { l.worker.Disconnected(err.Error()) }()
	t := time.NewTicker(beat)
	defer t.Stop()
	if err := l.heartbeat(); err != nil {
		return l.reason(err)
	}
	for {
		select {
		case <-l.read:
			return l.reason(nil)
		case m := <-l.in:
			if err := l.obey(m); err != nil {
				return err
			}
			continue
		case <-t.C:
			err = l.heartbeat()
		case <-l.client.events.ready:
			err = l.report()
		}
		if err != nil {
			return l.reason(err)
		}
	}
}

// welcome waits for the brain's first word, which must be the Welcome.
func (l *clientLink) welcome() (time.Duration, error) {
	c := l.client
	var m *ToWorker
	select {
	case <-l.read:
		return 0, l.reason(nil)
	case m = <-l.in:
	}
	w := m.GetWelcome()
	if w == nil {
		return 0, fmt.Errorf("%w: no Welcome", ErrHello)
	}
	if err := c.check(m); err != nil {
		return 0, err
	}
	anew := m.Epoch > c.epoch
	c.epoch, c.welcomed, c.stows.left = m.Epoch, true, time.Time{}
	c.cfg.Log.Info("brain", "epoch", m.Epoch, "parcels", len(c.stows.parcels))
	l.silence.Reset(c.cfg.Patience)
	l.worker.Connected(m.Epoch)
	if anew {
		if err := l.offer(); err != nil {
			return 0, err
		}
	}
	c.events.begin()
	beat := time.Duration(w.HeartbeatMs) * time.Millisecond
	if beat <= 0 {
		beat = defaultHeartbeat
	}
	return min(beat, time.Second), nil
}

// check refuses a brain that has been succeeded.
func (c *Client) check(m *ToWorker) error {
	if m.Epoch >= c.epoch {
		return nil
	}
	c.older.Add(1)
	return fmt.Errorf("%w: %d, obeyed %d", ErrEpoch, m.Epoch, c.epoch)
}

func (l *clientLink) obey(m *ToWorker) error {
	l.silence.Reset(l.client.cfg.Patience)
	if err := l.client.check(m); err != nil {
		return err
	}
	b, is := m.Body.(*ToWorker_Turn)
	if !is {
		return nil // heartbeats, and bodies of a newer brain
	}
	if err := l.keep(m.Epoch, b.Turn); err != nil {
		return err
	}
	l.worker.Obey(m.Epoch, b.Turn)
	return nil
}

// keep takes what a turn wants kept, and says so before anything is obeyed.
func (l *clientLink) keep(epoch uint64, t *Turn) error {
	for _, s := range t.GetStows() {
		l.client.stows.put(epoch, s)
	}
	if n := t.GetHeard(); n > 0 {
		l.client.events.heard(n)
	}
	if t.GetNumber() == 0 {
		return nil
	}
	if err := l.stream.Send(&ToBrain{Body: &ToBrain_Stowed{Stowed: &Stowed{Number: t.GetNumber()}}}); err != nil {
		return l.reason(err)
	}
	return nil
}

// offer tells a new brain what is kept.
func (l *clientLink) offer() error {
	for _, o := range l.client.stows.offers() {
		if err := l.stream.Send(&ToBrain{Body: &ToBrain_Offer{Offer: o}}); err != nil {
			return l.reason(err)
		}
	}
	return nil
}

func (l *clientLink) heartbeat() error {
	l.seq++
	load, counters := l.worker.Load()
	f, ok := l.worker.(Fillable)
	if now := time.Now(); now.Sub(l.counted) < countersEvery {
		counters = nil
	} else if counters != nil {
		l.counted = now
	}
	return l.stream.Send(&ToBrain{Body: &ToBrain_Heartbeat{Heartbeat: &Heartbeat{
		Seq: l.seq, Load: load, Counters: counters, Full: ok && f.Full()}}})
}

// report sends all events that wait as one message.
func (l *clientLink) report() error {
	es := l.client.events.take()
	if len(es) == 0 {
		return nil
	}
	return l.stream.Send(&ToBrain{Body: &ToBrain_Report{Report: &Report{Events: es}}})
}
