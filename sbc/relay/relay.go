package relay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/trunk"
	"github.com/callwright/callwright/sbc/link"
)

const (
	linkBatch  = 256
	trunkBatch = 256
	tick       = tickMs * time.Millisecond
	restTick   = time.Second // see Config.Rests
)

// Config is what a Relay needs. Link and Trunk are the relay's from New on.
type Config struct {
	Link      link.Link
	Trunk     trunk.Conn
	FirstPort uint16 // even
	Ports     uint16
	Reporter  control.Reporter
	// Rests makes ticks seldom while no stream has packets, digits or an echo: for
	// tests in virtual time, whose silent phones send nothing.
	Rests bool
}

// Relay carries the streams of one slice.
type Relay struct {
	link     link.Link
	trunk    trunk.Conn
	reporter control.Reporter
	rests    bool
	table    *table
	tally    tally
	start    time.Time

	// Of control.
	streams map[string]*stream

	// Asked of "in" by control.
	mu    sync.Mutex
	asked []func(now time.Time)
	any   atomic.Bool

	// Of "in".
	packets  []link.Packet
	toTrunk  []trunk.Frame
	incoming batch // what "in" itself sends: echo, digits, RTCP
	live     int   // streams to look at
	nextTick time.Time
	finished finished

	// Of "out".
	outgoing batch
	recoded  [trunk.MaxPayload]byte // of "in": a joined stream's audio in the other's codec
}

// New makes a relay without streams. Run starts it.
func New(c Config) (*Relay, error) {
	if c.FirstPort%2 != 0 || c.Ports < 2 || c.Ports%2 != 0 || int(c.FirstPort)+int(c.Ports) > 1<<16 {
		return nil, fmt.Errorf("%w: a slice is an even first port and an even number, not %d and %d", ErrPort, c.FirstPort, c.Ports)
	}
	r := &Relay{link: c.Link, trunk: c.Trunk, reporter: c.Reporter, rests: c.Rests, table: newTable(c.FirstPort, c.Ports),
		start: time.Now(), streams: map[string]*stream{}, packets: make([]link.Packet, linkBatch),
		toTrunk: make([]trunk.Frame, 0, linkBatch), finished: newFinished()}
	r.incoming = newBatch(c.Link, &r.tally.sent)
	r.outgoing = newBatch(c.Link, &r.tally.sent)
	return r, nil
}

// Run carries media until ctx is done (nil) or the link or the trunk fails. It closes
// both.
func (r *Relay) Run(ctx context.Context) error {
	shut := func() {
		r.trunk.Close()
		r.link.Close()
	}
	defer context.AfterFunc(ctx, shut)()
	var wg sync.WaitGroup
	var in, out error
	wg.Go(func() { in = r.fromLink(); shut() })
	wg.Go(func() { out = r.fromTrunk(); shut() })
	wg.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return errors.Join(in, out)
}

// fromLink is the "in" goroutine.
func (r *Relay) fromLink() error {
	for {
		n, err := r.link.Recv(r.packets, r.patience())
		if err != nil {
			return ended(err)
		}
		now := time.Now()
		asked := r.any.Load()
		if asked {
			r.answer(now)
		}
		if soon := now.Add(tick); r.rests && (n > 0 || asked) && r.nextTick.After(soon) {
			r.nextTick = soon
		}
		for i := range n {
			r.take(&r.packets[i], now)
		}
		r.tally.received.Add(uint64(n))
		if now.Sub(r.nextTick) >= 0 {
			r.tick(now)
		}
		r.flushTrunk()
		r.incoming.flush()
	}
}

// ended makes of a closed link or trunk an ordinary end: the other one, or ctx, has
// the reason.
func ended(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// patience is how long "in" may wait: to the next tick, or for ever without streams.
func (r *Relay) patience() time.Duration {
	if r.live == 0 {
		return -1
	}
	return max(time.Until(r.nextTick), 0)
}

// tick looks at all streams. When ticks come late the lost ones are left out.
func (r *Relay) tick(now time.Time) {
	if r.nextTick = r.nextTick.Add(tick); now.Sub(r.nextTick) >= tick {
		r.nextTick = now.Add(tick)
	}
	busy := !r.rests
	for i := range r.table.ports {
		if s := r.table.ports[i].Load(); s != nil {
			r.attend(s, now)
			busy = busy || s.in.echo != nil || len(s.in.digits) > 0 || s.in.events.Open()
		}
	}
	if !busy {
		r.nextTick = now.Add(restTick)
	}
}

// attend does what is due for one stream.
func (r *Relay) attend(s *stream, now time.Time) {
	set, in := s.set.Load(), &s.in
	if set != in.set {
		s.adopt(set, now)
	}
	if in.events.Open() {
		r.expire(in, set, now)
	}
	if in.echo != nil {
		r.echoDue(s, set, now)
	}
	if len(in.digits) > 0 {
		r.sendDigits(s, set, now)
	}
	r.watch(s, set, now)
}

// ask hands f to the "in" goroutine.
func (r *Relay) ask(f func(now time.Time)) {
	r.mu.Lock()
	r.asked = append(r.asked, f)
	r.mu.Unlock()
	r.any.Store(true)
	r.link.Wake()
}

func (r *Relay) answer(now time.Time) {
	r.any.Store(false)
	r.mu.Lock()
	asked := r.asked
	r.asked = nil
	r.mu.Unlock()
	for _, f := range asked {
		f(now)
	}
}

// Put makes or changes a stream: set is the target state, saying it again is
// harmless. Control's goroutine, like all that follows.
func (r *Relay) Put(set Settings) error {
	if err := set.check(); err != nil {
		return fmt.Errorf("%w: stream %q: codec %d, payload types %d and %d, ptime %d", err, set.ID, set.TrunkType, set.Type, set.EventType, set.Ptime)
	}
	old := r.streams[set.ID]
	i := int(set.Port-r.table.first) / 2
	if set.Port < r.table.first || set.Port%2 != 0 || i >= len(r.table.ports) {
		return fmt.Errorf("%w: stream %q: %d is no RTP port of ours", ErrPort, set.ID, set.Port)
	}
	if there := r.table.ports[i].Load(); there != old {
		return fmt.Errorf("%w: stream %q: %d is taken, or not the stream's", ErrPort, set.ID, set.Port)
	}
	if there := r.table.carrying(set.TrunkSSRC); set.Peer.IsValid() && there != nil && there != old {
		return fmt.Errorf("%w: stream %q: %08x", ErrSSRC, set.ID, set.TrunkSSRC)
	}
	defer r.pair(set.ID)
	if old == nil {
		r.open(&set, i)
		return nil
	}
	was := old.set.Load()
	moved := was.TrunkSSRC != set.TrunkSSRC || was.Peer.IsValid() != set.Peer.IsValid()
	if moved {
		r.table.index(&set, old)
	}
	old.set.Store(&set)
	if moved {
		r.table.unindex(was, old)
	}
	r.ask(func(now time.Time) { r.attend(old, now) })
	return nil
}

func (r *Relay) open(set *Settings, i int) {
	s := newStream(set, time.Now())
	r.streams[set.ID] = s
	r.table.index(set, s)
	r.table.ports[i].Store(s)
	r.ask(func(now time.Time) {
		if r.live++; r.live == 1 {
			r.nextTick = now.Add(tick)
		}
		r.attend(s, now)
	})
}

// Drop ends a stream and what runs on it; unknown: nothing happens. Release is Drop for
// a stream that goes on at another SBC: its remote gets no BYE.
func (r *Relay) Drop(id string)    { r.drop(id, true) }
func (r *Relay) Release(id string) { r.drop(id, false) }

func (r *Relay) drop(id string, bye bool) {
	s := r.streams[id]
	if s == nil {
		return
	}
	delete(r.streams, id)
	r.part(s)
	set := s.set.Load()
	r.table.ports[int(set.Port-r.table.first)/2].Store(nil)
	r.table.unindex(set, s)
	r.ask(func(now time.Time) { r.finish(s, bye, now) })
}

// Streams is how many there are.
func (r *Relay) Streams() int { return len(r.streams) }

func (r *Relay) report(e *control.Event) { r.reporter.Report(e) }
