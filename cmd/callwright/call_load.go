package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/signal"
	"github.com/callwright/callwright/media/rtp"
	"github.com/callwright/callwright/media/sdp"
)

// callLoad is the load of `bench calls` and `bench chain`: one SIP core that is very
// many phones, all on one UDP socket, with their RTP on another. run's goroutine owns
// all but the tally.
type callLoad struct {
	to      netip.AddrPort
	rate    int // calls a second
	calls   int // how many in all; 0: no end
	user    func(n int) string
	voice   voice
	ua      *call.UA
	edge    *signal.Edge
	flow    call.Flow
	media   *net.UDPConn
	inputs  chan call.Input
	done    chan struct{}
	timers  map[call.TimerID]*time.Timer
	live    map[string]*loadedCall
	slots   [20][]*loadedCall // calls by the millisecond of a frame they speak in
	slot    int
	byPort  [1 << 16]atomic.Int32 // call number + 1 of the engine's RTP port
	serving sync.WaitGroup

	mu    sync.Mutex
	count callTally
}

// voice is what phones say, and who listens to what they hear.
type voice interface {
	// says fills the payload that call n sends now, 20 ms of PCMU.
	says(n int, now time.Time, payload []byte)
	// hears takes a payload that call n got; it is called on another goroutine.
	hears(n int, now time.Time, payload []byte)
}

// silence says nothing and listens to nobody.
type silence struct{}

func (silence) says(int, time.Time, []byte)  {}
func (silence) hears(int, time.Time, []byte) {}

// loadedCall is one call of the load.
type loadedCall struct {
	n        int
	began    time.Time
	answered bool
	remote   netip.AddrPort // of the engine's RTP, once agreed
	packet   rtp.Packet
}

// callTally counts since the start.
type callTally struct {
	waits  []time.Duration // INVITE to 200
	ended  int             // answered and over
	failed int             // never answered
	causes map[string]int
}

// why lists what failed calls ended with.
func (t callTally) why() []string {
	var all []string
	for cause, n := range t.causes {
		all = append(all, fmt.Sprintf("%s %d times", cause, n))
	}
	slices.Sort(all)
	return all
}

func newCallLoad(to netip.AddrPort, rate int) (*callLoad, error) {
	loopback := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}
	pc, err := net.ListenUDP("udp", loopback)
	if err != nil {
		return nil, err
	}
	media, err := net.ListenUDP("udp", loopback)
	if err != nil {
		pc.Close()
		return nil, err
	}
	pc.SetReadBuffer(4 << 20)
	media.SetReadBuffer(4 << 20)
	c := &callLoad{
		to: to, rate: rate, media: media,
		flow:   call.Flow{Transport: "udp", Local: pc.LocalAddr().String(), Remote: to.String()},
		inputs: make(chan call.Input, 1<<16), done: make(chan struct{}),
		timers: map[call.TimerID]*time.Timer{}, live: map[string]*loadedCall{},
		count: callTally{causes: map[string]int{}},
		user:  func(int) string { return "1000" }, voice: silence{},
	}
	var seed [32]byte
	rand.Read(seed[:])
	c.ua = call.NewUA(call.Config{Seed: seed})
	c.edge = signal.New(signal.Config{Sink: c.put})
	c.serving.Go(func() { c.edge.ServeUDP(pc) })
	return c, nil
}

func (c *callLoad) put(in call.Input) {
	select {
	case c.inputs <- in:
	case <-c.done:
	}
}

// listen takes what the engine sends.
func (c *callLoad) listen() {
	b := make([]byte, 2048)
	var p rtp.Packet
	for {
		n, from, err := c.media.ReadFromUDPAddrPort(b)
		if err != nil {
			return
		}
		if call := c.byPort[from.Port()].Load(); call > 0 && p.Parse(b[:n]) == nil {
			c.voice.hears(int(call-1), time.Now(), p.Payload)
		}
	}
}

// run places calls at the rate until ctx ends; it does not wait for the last ones.
func (c *callLoad) run(ctx context.Context) {
	c.serving.Go(c.listen)
	pace := time.NewTicker(time.Millisecond)
	defer c.close()
	defer pace.Stop()
	began, placed, spoken := time.Now(), 0, 0
	for {
		select {
		case in := <-c.inputs:
			c.step(in)
		case now := <-pace.C:
			due := int(now.Sub(began).Seconds() * float64(c.rate))
			if c.calls > 0 {
				due = min(due, c.calls)
			}
			for ; placed < due; placed++ {
				c.dial(placed)
			}
			// A ticker drops what it is late for; phones do not.
			for ; spoken < int(now.Sub(began)/time.Millisecond); spoken++ {
				c.speak(now)
			}
		case <-ctx.Done():
			return
		}
	}
}

// during runs the load, and f once it has run for warm; the load ends with f.
func (c *callLoad) during(ctx context.Context, warm time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.run(ctx)
	}()
	defer func() {
		cancel()
		<-ended
	}()
	if err := pause(ctx, warm); err != nil {
		return err
	}
	return f(ctx)
}

func (c *callLoad) close() {
	close(c.done)
	for _, t := range c.timers {
		t.Stop()
	}
	c.edge.Close()
	c.media.Close()
	c.serving.Wait()
}

func (c *callLoad) dial(n int) {
	leg := strconv.Itoa(n)
	l := &loadedCall{n: n, began: time.Now(), packet: rtp.Packet{SSRC: uint32(n + 1), Payload: make([]byte, 160)}}
	c.live[leg] = l
	slot := &c.slots[n%len(c.slots)]
	*slot = append(*slot, l)
	local := c.media.LocalAddr().(*net.UDPAddr).AddrPort()
	c.step(call.Dial{
		Leg: leg, Flow: c.flow, URI: "sip:" + c.user(n) + "@" + c.to.String(),
		From: call.Party{URI: "sip:bench@" + c.flow.Local}, Media: sdp.Local{Addr: local, ID: 1, Version: 1},
	})
}

func (c *callLoad) step(in call.Input) {
	for _, a := range c.ua.Step(time.Now(), in) {
		switch a := a.(type) {
		case call.Send:
			c.edge.Send(a)
		case call.Arm:
			c.arm(a)
		case call.Disarm:
			if t := c.timers[a.Timer]; t != nil {
				t.Stop()
				delete(c.timers, a.Timer)
			}
		case call.Agreed:
			if l := c.live[a.Leg]; l != nil {
				l.remote = a.Media.Remote
				c.byPort[l.remote.Port()].Store(int32(l.n + 1))
			}
		case call.Answered:
			c.answered(a.Leg)
		case call.Ended:
			c.over(a)
		}
	}
}

// arm lets a firing that is late pass: the core knows which timers it waits for.
func (c *callLoad) arm(a call.Arm) {
	if t := c.timers[a.Timer]; t != nil {
		t.Stop()
	}
	c.timers[a.Timer] = time.AfterFunc(a.After, func() { c.put(call.Fired{Timer: a.Timer}) })
}

func (c *callLoad) answered(leg string) {
	l := c.live[leg]
	if l == nil {
		return
	}
	l.answered = true
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count.waits = append(c.count.waits, time.Since(l.began))
}

func (c *callLoad) over(e call.Ended) {
	l := c.live[e.Leg]
	if l == nil {
		return
	}
	delete(c.live, e.Leg)
	slot := &c.slots[l.n%len(c.slots)]
	*slot = slices.DeleteFunc(*slot, func(o *loadedCall) bool { return o == l })
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.answered {
		c.count.ended++
		return
	}
	c.count.failed++
	c.count.causes[fmt.Sprintf("%s %d", e.Cause.Name, e.Cause.SIP)]++
}

// speak sends a frame of every call whose millisecond it is: real phones do not all
// speak at once.
func (c *callLoad) speak(now time.Time) {
	var b [rtp.HeaderSize + 160]byte
	c.slot = (c.slot + 1) % len(c.slots)
	for _, l := range c.slots[c.slot] {
		if !l.remote.IsValid() {
			continue
		}
		c.voice.says(l.n, now, l.packet.Payload)
		n := l.packet.Put(b[:])
		l.packet.Seq++
		l.packet.Timestamp += 160
		c.media.WriteToUDPAddrPort(b[:n], l.remote)
	}
}

func (c *callLoad) tally() callTally {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.count
	t.waits = slices.Clone(c.count.waits)
	t.causes = make(map[string]int, len(c.count.causes))
	for k, v := range c.count.causes {
		t.causes[k] = v
	}
	return t
}
