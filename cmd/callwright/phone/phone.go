package phone

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/signal"
	"github.com/callwright/callwright/media/sdp"
)

// phone is a call being made. All fields but the channels belong to Dial's goroutine.
type phone struct {
	cfg      Config
	ua       *call.UA
	edge     *signal.Edge
	leg      string // of the one call, "": none yet
	waiting  bool   // for a call to come
	incoming bool   // it came to us
	rings    *time.Timer
	lent     atomic.Pointer[net.Conn] // the stream, until the edge has it
	flow     call.Flow
	began    time.Time
	report   Report

	inputs   chan call.Input // from the edge
	refusals chan syscall.Errno
	firings  chan firing
	audio    chan packet
	done     chan struct{} // closed when Dial ends
	all      sync.WaitGroup
	todo     []call.Input // being stepped, and those behind
	invite   string       // branch of the last one sent
	timers   map[call.TimerID]armed
	count    int // of timers armed

	local    sdp.Local // our last offer
	media    sdp.Agreement
	agreed   bool
	answered time.Time
	mouth    mouth
	ear      toneEar
	receiver receiver
	frames   *time.Ticker
	owed     int         // frames sent since the answer
	hangup   *time.Timer // of the call's limit
	keysAt   *time.Timer // when Digits begin
	pressing bool        // Digits were begun and are not over
	resting  bool        // nothing is sent, see Config.Quiet
	leaving  bool        // we have hung up
	ended    bool
	sendErr  error
}

// packet is one datagram of the RTP socket.
type packet struct {
	data []byte
	at   time.Time
}

// Dial places the call and returns when it is over. When ctx ends it hangs up, which
// is no error. The error says what the call did not do: ErrConfig, ErrNotAnswered,
// ErrDigits, ErrNotHeard; the Report is there in all cases but ErrConfig.
func Dial(ctx context.Context, cfg Config) (*Report, error) {
	p, err := start(cfg, false)
	if err != nil {
		return nil, err
	}
	defer p.close()
	p.leg = "phone"
	p.step(call.Dial{
		Leg: p.leg, Flow: p.flow, URI: cfg.URI,
		From: cfg.from(p.flow.Local), To: call.Party{URI: cfg.URI}, Media: p.local,
		User: cfg.User, Password: cfg.Password,
	})
	p.run(ctx)
	return p.finish()
}

// Answer waits for a call, takes it as cfg says, and returns when it is over, or when
// ctx ends, with it. A second caller meanwhile finds the phone busy. Errors are Dial's.
func Answer(ctx context.Context, cfg Config) (*Report, error) {
	p, err := start(cfg, true)
	if err != nil {
		return nil, err
	}
	defer p.close()
	p.waiting = true
	p.run(ctx)
	return p.finish()
}

// start opens a phone on its sockets.
func start(cfg Config, listens bool) (*phone, error) {
	if err := cfg.check(listens); err != nil {
		cfg.close()
		return nil, err
	}
	local, err := netip.ParseAddrPort(cfg.RTP.LocalAddr().String())
	if err != nil {
		cfg.close()
		return nil, fmt.Errorf("%w: RTP address: %w", ErrConfig, err)
	}
	p := newPhone(cfg)
	p.wire()
	p.all.Go(p.readRTP)
	p.local = sdp.Local{Addr: local, Codecs: cfg.codecs(), ID: uint64(p.mouth.ssrc), Version: 1}
	return p, nil
}

func newPhone(cfg Config) *phone {
	seed := cfg.Seed
	p := &phone{
		cfg:    cfg,
		ua:     call.NewUA(call.Config{Seed: seed, UserAgent: "callwright"}),
		flow:   cfg.flow(),
		began:  time.Now(),
		inputs: make(chan call.Input, 64), refusals: make(chan syscall.Errno, 1), firings: make(chan firing, 16), audio: make(chan packet, 256),
		done: make(chan struct{}), timers: map[call.TimerID]armed{},
		ear:    toneEar{hz: cfg.Expect},
		frames: time.NewTicker(time.Hour), // until there is somewhere to send to
		hangup: time.NewTimer(time.Hour),
		keysAt: time.NewTimer(time.Hour),
		rings:  time.NewTimer(time.Hour),
	}
	p.frames.Stop()
	p.rings.Stop()
	p.hangup.Stop()
	p.keysAt.Stop()
	// RFC 3550 §5.1: all three are random.
	p.mouth = mouth{
		speak: cfg.Speak, ssrc: binary.BigEndian.Uint32(seed[0:]),
		sequence: binary.BigEndian.Uint16(seed[4:]), timestamp: binary.BigEndian.Uint32(seed[6:]),
	}
	if cfg.Stream != nil {
		p.lent.Store(&cfg.Stream)
	}
	p.report = Report{URI: cfg.URI, Expected: cfg.Expect, Digits: cfg.Digits}
	return p
}

// run is the phone's life.
func (p *phone) run(ctx context.Context) {
	cancelled := ctx.Done()
	farewell := (<-chan time.Time)(nil)
	for !p.ended || p.ua.Pending() > 0 {
		if p.ended && farewell == nil {
			limit := time.NewTimer(farewellLimit)
			defer limit.Stop()
			farewell = limit.C
			p.frames.Stop()
		}
		select {
		case in := <-p.inputs:
			p.receive(in)
		case errno := <-p.refusals:
			p.refused(errno)
		case f := <-p.firings:
			p.fire(f)
		case a := <-p.audio:
			p.hear(a)
		case <-p.frames.C:
			p.speak()
		case <-p.keysAt.C:
			p.press(p.cfg.Digits)
			p.pressing = p.mouth.keys.busy()
		case keys := <-p.cfg.Press:
			p.press(keys)
			p.rise()
		case <-p.cfg.Wake:
			p.rise()
		case hold := <-p.cfg.Hold:
			p.hold(hold)
		case <-p.rings.C:
			p.take()
		case status := <-p.cfg.Decide:
			p.decide(status)
		case <-p.hangup.C:
			p.leave()
		case <-cancelled:
			cancelled = nil
			p.leave()
		case <-farewell:
			return
		}
	}
}

// close ends everything that Dial began.
func (p *phone) close() {
	close(p.done)
	p.frames.Stop()
	p.hangup.Stop()
	p.keysAt.Stop()
	p.rings.Stop()
	for _, t := range p.timers {
		t.timer.Stop()
	}
	p.edge.Close()
	p.cfg.close()
	p.all.Wait()
}

// finish judges the call.
func (p *phone) finish() (*Report, error) {
	r := &p.report
	r.RTP = p.receiver.figures()
	r.RTP.Sent = p.mouth.sent
	if p.agreed {
		r.Codec = p.media.Codec.Name
	}
	switch {
	case !r.Answered && r.Status != 0:
		return r, fmt.Errorf("%w: %d %s", ErrNotAnswered, r.Status, r.Reason)
	case !r.Answered && p.sendErr != nil:
		return r, fmt.Errorf("%w: %w", ErrNotAnswered, p.sendErr)
	case !r.Answered:
		return r, fmt.Errorf("%w: %s", ErrNotAnswered, r.Cause)
	case r.Digits != "" && !r.DigitsSent && p.media.EventType == 0:
		return r, fmt.Errorf("%w: the other side takes no telephone-events", ErrDigits)
	case r.Digits != "" && !r.DigitsSent:
		return r, fmt.Errorf("%w: the call ended before all were", ErrDigits)
	case p.cfg.Expect > 0 && !r.Heard:
		return r, fmt.Errorf("%w: %g Hz, in %d packets", ErrNotHeard, p.cfg.Expect, r.RTP.Received)
	}
	return r, nil
}

// mark notes a milestone.
func (p *phone) mark(what string) {
	at := time.Since(p.began)
	m := Milestone{At: at, Ms: float64(at.Microseconds()) / 1000, What: what}
	p.report.Milestones = append(p.report.Milestones, m)
	if p.cfg.Mark != nil {
		p.cfg.Mark(m)
	}
}

func (p *phone) readRTP() {
	b := make([]byte, 2048)
	for {
		n, _, err := p.cfg.RTP.ReadFrom(b)
		if err != nil {
			if errors.Is(err, net.ErrClosed) || p.over() {
				return
			}
			continue // an ICMP error of a port not open yet
		}
		select {
		case p.audio <- packet{append([]byte(nil), b[:n]...), time.Now()}:
		case <-p.done:
			return
		}
	}
}

func (p *phone) over() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}
