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
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/signal"
	"github.com/callwright/callwright/media/rtp"
	"github.com/callwright/callwright/media/sdp"
)

// callLoad is the load of `bench calls`: one SIP core that is very many phones, all on
// one UDP socket, with their RTP on another. run's goroutine owns all but the tally.
type callLoad struct {
	to      netip.AddrPort
	rate    int
	ua      *call.UA
	edge    *signal.Edge
	flow    call.Flow
	media   *net.UDPConn
	inputs  chan call.Input
	done    chan struct{}
	timers  map[call.TimerID]*time.Timer
	live    map[string]*loadedCall
	serving sync.WaitGroup

	mu    sync.Mutex
	count callTally
}

// loadedCall is one call of the load.
type loadedCall struct {
	began    time.Time
	answered bool
	remote   *net.UDPAddr // of its RTP, once agreed
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
	}
	var seed [32]byte
	rand.Read(seed[:])
	c.ua = call.NewUA(call.Config{Seed: seed})
	c.edge = signal.New(signal.Config{Sink: c.put})
	c.serving.Go(func() { c.edge.ServeUDP(pc) })
	c.serving.Go(c.drain)
	return c, nil
}

func (c *callLoad) put(in call.Input) {
	select {
	case c.inputs <- in:
	case <-c.done:
	}
}

// drain takes what the engine sends and throws it away.
func (c *callLoad) drain() {
	b := make([]byte, 2048)
	for {
		if _, err := c.media.Read(b); err != nil {
			return
		}
	}
}

// run places calls at the rate until ctx ends; it does not wait for the last ones.
func (c *callLoad) run(ctx context.Context) {
	pace, frames := time.NewTicker(time.Millisecond), time.NewTicker(20*time.Millisecond)
	defer c.close()
	defer pace.Stop()
	defer frames.Stop()
	began, placed := time.Now(), 0
	for {
		select {
		case in := <-c.inputs:
			c.step(in)
		case <-pace.C:
			for due := int(time.Since(began).Seconds() * float64(c.rate)); placed < due; placed++ {
				c.dial(strconv.Itoa(placed))
			}
		case <-frames.C:
			c.speak()
		case <-ctx.Done():
			return
		}
	}
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

func (c *callLoad) dial(leg string) {
	c.live[leg] = &loadedCall{began: time.Now(), packet: rtp.Packet{SSRC: uint32(len(c.live)), Payload: make([]byte, 160)}}
	local := c.media.LocalAddr().(*net.UDPAddr).AddrPort()
	c.step(call.Dial{
		Leg: leg, Flow: c.flow, URI: "sip:1000@" + c.to.String(),
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
				l.remote = net.UDPAddrFromAddrPort(a.Media.Remote)
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
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.answered {
		c.count.ended++
		return
	}
	c.count.failed++
	c.count.causes[fmt.Sprintf("%s %d", e.Cause.Name, e.Cause.SIP)]++
}

// speak sends a frame of every call that is up.
func (c *callLoad) speak() {
	b := make([]byte, rtp.HeaderSize+160)
	for _, l := range c.live {
		if l.remote == nil {
			continue
		}
		n := l.packet.Put(b)
		l.packet.Seq++
		l.packet.Timestamp += 160
		c.media.WriteTo(b[:n], l.remote)
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
