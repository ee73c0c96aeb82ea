package control

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestTurnsAndEventsKeepTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b logbook
		h := NewHub(HubConfig{Epoch: 3, Secret: "s", Sink: b.sink})
		defer h.Close()
		w := &robot{name: "a"}
		c := NewClient(ClientConfig{Dial: h.Attach, Secret: "s"})
		if err := h.Send("a", turn(1)); !errors.Is(err, ErrNoWorker) {
			t.Errorf("Send before Hello: %v", err)
		}
		cancel, ended := run(t, c, w)
		synctest.Wait()
		for id := uint64(1); id <= 4; id++ {
			if err := h.Send("a", turn(id)); err != nil {
				t.Fatal(err)
			}
		}
		c.Report(digit("1"))
		synctest.Wait()
		c.Report(digit("2"))
		synctest.Wait()
		w.want(t, "connected 3, 3/1, 3/2, 3/3, 3/4")
		b.want(t, "up a", "reported a 1:1", "reported a 2:2")
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		time.Sleep(100 * ms)
		b.want(t, "up a", "reported a 1:1", "reported a 2:2", "down a")
	})
}

// A worker whose process is known to run is short of CPU, not frozen: it gets longer,
// but not for ever.
func TestStarvedWorkerIsExcused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b logbook
		h := NewHub(HubConfig{Epoch: 1, Sink: b.sink, Excuse: func(hello *Hello) bool { return hello.Name == "a" }})
		defer h.Close()
		w := &robot{name: "a", freeze: make(chan struct{})}
		cancel, ended := run(t, NewClient(ClientConfig{Dial: h.Attach}), w)
		defer cancel()
		time.Sleep(time.Second)
		starved := time.Now()
		h.Send("a", turn(1))
		time.Sleep(500 * ms)
		b.want(t, "up a")
		time.Sleep(time.Second)
		b.want(t, "up a", "down a")
		if _, at := b.last(); at.Sub(starved) > 700*ms {
			t.Errorf("given up after %v, want within ten times the usual", at.Sub(starved))
		}
		close(w.freeze)
		<-ended
	})
}

func TestFrozenWorkerIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b logbook
		h := NewHub(HubConfig{Epoch: 1, Sink: b.sink})
		defer h.Close()
		w := &robot{name: "a", freeze: make(chan struct{})}
		c := NewClient(ClientConfig{Dial: h.Attach})
		cancel, ended := run(t, c, w)
		defer cancel()
		time.Sleep(5 * time.Second)
		b.want(t, "up a")
		frozen := time.Now()
		h.Send("a", turn(1))
		time.Sleep(time.Second)
		b.want(t, "up a", "down a")
		if _, at := b.last(); at.Sub(frozen) >= 100*ms {
			t.Errorf("noticed after %v", at.Sub(frozen))
		}
		if err := h.Send("a", turn(2)); !errors.Is(err, ErrNoWorker) {
			t.Errorf("Send to a dead worker: %v", err)
		}
		close(w.freeze) // it thaws, and learns that it has been given up
		if err := <-ended; !errors.Is(err, ErrReplaced) {
			t.Errorf("Run of the thawed worker: %v", err)
		}
		b.want(t, "up a", "down a")
	})
}

func TestClosedConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b logbook
		h := NewHub(HubConfig{Epoch: 1, Sink: b.sink})
		defer h.Close()
		conns := make(chan Conn, 10)
		dial := func(ctx context.Context) (Conn, error) {
			s, err := h.Attach(ctx)
			conns <- s
			return s, err
		}
		w := &robot{name: "a"}
		cancel, _ := run(t, NewClient(ClientConfig{Dial: dial}), w)
		synctest.Wait()

		(<-conns).Close() // back within 50 ms: no Down, and what was sent meanwhile arrives
		synctest.Wait()
		h.Send("a", turn(9))
		time.Sleep(time.Second)
		b.want(t, "up a", "up a")
		w.want(t, "connected 1, disconnected, connected 1, 1/9")

		closed := time.Now()
		cancel()
		time.Sleep(time.Second)
		b.want(t, "up a", "up a", "down a")
		if _, at := b.last(); at.Sub(closed) != 60*ms {
			t.Errorf("down after %v, want 60 ms", at.Sub(closed))
		}
	})
}

func TestGoneIsDownAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b logbook
		h := NewHub(HubConfig{Epoch: 1, Sink: b.sink})
		defer h.Close()
		cancel, ended := run(t, NewClient(ClientConfig{Dial: h.Attach}), &robot{name: "a"})
		defer cancel()
		synctest.Wait()
		h.Gone("a")
		h.Gone("nobody")
		synctest.Wait()
		b.want(t, "up a", "down a")
		if err := <-ended; !errors.Is(err, ErrReplaced) {
			t.Errorf("Run: %v", err)
		}
		cancel, _ = run(t, NewClient(ClientConfig{Dial: h.Attach}), &robot{name: "a"})
		defer cancel()
		synctest.Wait()
		b.want(t, "up a", "down a", "up a")
	})
}

// A supervisor tells of a death and starts a successor at once: that one takes the seat
// before the word of the death is heard, and it is not meant.
func TestGoneSparesTheSuccessor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b logbook
		h := NewHub(HubConfig{Epoch: 1, Sink: b.sink})
		defer h.Close()
		one, _ := run(t, NewClient(ClientConfig{Dial: h.Attach}), &robot{name: "a"})
		defer one()
		synctest.Wait()
		s := h.seats["a"]
		dead := *s.sits.Load()
		two, _ := run(t, NewClient(ClientConfig{Dial: h.Attach}), &robot{name: "a"})
		defer two()
		synctest.Wait()
		s.end(dead, ErrGone)
		b.want(t, "up a", "down a", "up a")
		h.Gone("a")
		synctest.Wait()
		b.want(t, "up a", "down a", "up a", "down a")
	})
}

func TestNewerInstanceReplacesOlder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b logbook
		h := NewHub(HubConfig{Epoch: 1, Sink: b.sink})
		defer h.Close()
		one, ended := run(t, NewClient(ClientConfig{Dial: h.Attach}), &robot{name: "a"})
		defer one()
		synctest.Wait()
		w := &robot{name: "a"}
		two, _ := run(t, NewClient(ClientConfig{Dial: h.Attach}), w)
		defer two()
		time.Sleep(10 * time.Second)
		b.want(t, "up a", "down a", "up a")
		if err := <-ended; !errors.Is(err, ErrReplaced) {
			t.Errorf("Run of the older: %v", err)
		}
		h.Send("a", turn(1))
		synctest.Wait()
		w.want(t, "connected 1, 1/1")
	})
}

func TestWrongSecretAndBadHello(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b logbook
		h := NewHub(HubConfig{Epoch: 5, Secret: "right", Sink: b.sink})
		defer h.Close()
		for _, try := range []struct {
			m    *ToBrain
			want error
		}{
			{&ToBrain{Body: &ToBrain_Hello{Hello: &Hello{Name: "a", Instance: "i", Secret: "wrong"}}}, ErrSecret},
			{&ToBrain{Body: &ToBrain_Hello{Hello: &Hello{Secret: "right", Instance: "i"}}}, ErrHello},
			{&ToBrain{Body: &ToBrain_Hello{Hello: &Hello{Secret: "right", Instance: "i", Name: strings.Repeat("x", 65)}}}, ErrHello},
			{&ToBrain{Body: &ToBrain_Hello{Hello: &Hello{Secret: "right", Instance: "i", Name: "a", Epoch: 6}}}, ErrEpoch},
			{&ToBrain{Body: &ToBrain_Heartbeat{}}, ErrSecret},
			{&ToBrain{}, ErrSecret},
		} {
			s, _ := h.Attach(t.Context())
			s.Send(try.m)
			if _, err := s.Recv(); !errors.Is(err, try.want) {
				t.Errorf("%v: answered %v, want %v", try.m, err, try.want)
			}
		}
		s, _ := h.Attach(t.Context()) // says nothing
		start := time.Now()
		if _, err := s.Recv(); !errors.Is(err, ErrHello) || time.Since(start) != helloTime {
			t.Errorf("silent connection: %v after %v", err, time.Since(start))
		}
		b.want(t)
	})
}

func TestOlderEpochIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b, old logbook
		h := NewHub(HubConfig{Epoch: 5, Sink: b.sink})
		stale := NewHub(HubConfig{Epoch: 4, Sink: old.sink})
		defer stale.Close()
		var at atomic.Pointer[Hub]
		at.Store(h)
		w := &robot{name: "a"}
		c := NewClient(ClientConfig{Dial: func(ctx context.Context) (Conn, error) { return at.Load().Attach(ctx) }})
		cancel, ended := run(t, c, w)
		synctest.Wait()
		c.Report(digit("1"))
		synctest.Wait()
		at.Store(stale)
		h.Close()
		time.Sleep(3 * time.Second)
		old.want(t)
		next := NewHub(HubConfig{Epoch: 6, Sink: b.sink})
		c.Report(digit("2")) // while no brain is there
		at.Store(next)
		time.Sleep(3 * time.Second)
		w.want(t, "connected 5, disconnected, connected 6")
		b.want(t, "up a", "reported a 1:1", "up a", "reported a 1:1 2:2")
		cancel()
		<-ended
		next.Close()
	})
}

// liar is a brain of an older epoch that does not look at the worker's Hello.
type liar struct{ epoch uint64 }

func (l liar) Send(*ToBrain) error { return nil }
func (l liar) Close()              {}
func (l liar) Recv() (*ToWorker, error) {
	return &ToWorker{Epoch: l.epoch, Body: &ToWorker_Welcome{Welcome: &Welcome{}}}, nil
}

func TestClientRefusesOlderEpochItself(t *testing.T) {
	c := NewClient(ClientConfig{Dial: func(context.Context) (Conn, error) { return liar{4}, nil }})
	c.epoch = 5
	w := &robot{name: "a"}
	if err := c.connect(t.Context(), w); !errors.Is(err, ErrEpoch) {
		t.Errorf("connect: %v", err)
	}
	if n := c.Counters().OlderEpochs; n != 1 {
		t.Errorf("%d counted", n)
	}
	w.want(t, "")
}

func TestSlowWorkerIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b logbook
		h := NewHub(HubConfig{Epoch: 1, Queue: 100, Sink: b.sink})
		defer h.Close()
		slow, quick := &robot{name: "slow", freeze: make(chan struct{})}, &robot{name: "quick"}
		cancel, ended := run(t, NewClient(ClientConfig{Dial: h.Attach}), slow)
		defer cancel()
		stop, _ := run(t, NewClient(ClientConfig{Dial: h.Attach}), quick)
		defer stop()
		synctest.Wait()
		var err error
		n := 0
		for ; err == nil && n < 1000; n++ {
			err = h.Send("slow", turn(1))
			synctest.Wait()
		}
		if !errors.Is(err, ErrSlowWorker) {
			t.Fatalf("after %d turns: %v", n, err)
		}
		synctest.Wait()
		if e, _ := b.last(); e.Kind != Down || e.Worker != "slow" {
			t.Errorf("last event %v of %s", e.Kind, e.Worker)
		}
		h.Send("quick", turn(2))
		synctest.Wait()
		quick.want(t, "connected 1, 1/2")
		close(slow.freeze)
		if err := <-ended; !errors.Is(err, ErrReplaced) {
			t.Errorf("Run: %v", err)
		}
	})
}

// mute is a brain that welcomes and then freezes, taking nothing.
type mute struct {
	liar
	welcomed bool
	end      chan struct{}
}

func (m *mute) Close() {
	select {
	case <-m.end:
	default:
		close(m.end)
	}
}

func (m *mute) Recv() (*ToWorker, error) {
	if !m.welcomed {
		m.welcomed = true
		return m.liar.Recv()
	}
	<-m.end
	return nil, ErrClosed
}

func TestSilentBrainIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &robot{name: "a"}
		c := NewClient(ClientConfig{Dial: func(context.Context) (Conn, error) {
			return &mute{liar: liar{1}, end: make(chan struct{})}, nil
		}})
		start := time.Now()
		if err := c.connect(t.Context(), w); !errors.Is(err, ErrSilent) || time.Since(start) != defaultPatience {
			t.Errorf("connect: %v after %v", err, time.Since(start))
		}
		w.want(t, "connected 1, disconnected")
	})
}

func TestReportsAreBoundedAndBatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b logbook
		h := NewHub(HubConfig{Epoch: 1, Sink: b.sink})
		defer h.Close()
		w := &robot{name: "a", freeze: make(chan struct{})}
		c := NewClient(ClientConfig{Dial: h.Attach, Queue: 3})
		cancel, ended := run(t, c, w)
		synctest.Wait()
		h.Send("a", turn(1))
		synctest.Wait() // the link's goroutine is busy
		for range 5 {
			c.Report(digit("*"))
		}
		close(w.freeze)
		synctest.Wait()
		b.want(t, "up a", "reported a 3:* 4:* 5:*")
		if n := c.Counters().EventsDropped; n != 2 {
			t.Errorf("%d dropped, want 2", n)
		}
		cancel()
		<-ended
	})
}
