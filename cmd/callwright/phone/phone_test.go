package phone

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callwright/callwright/engine/call"
	"github.com/callwright/callwright/engine/signal"
	"github.com/callwright/callwright/engine/signal/simnet"
	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/g711"
	"github.com/callwright/callwright/media/rtp"
	"github.com/callwright/callwright/media/sdp"
)

// callee is the other side: a core that answers and speaks a tone, and notes what
// the phone sends.
type callee struct {
	ua      *call.UA
	edge    *signal.Edge
	media   net.PacketConn
	inputs  chan call.Input
	orders  chan call.Input
	done    chan struct{}
	timers  map[call.TimerID]*time.Timer
	status  int           // to reject with; 0: answer
	after   time.Duration // of the 180 until the answer
	hangup  time.Duration // after the answer; 0: never
	tone    float64
	peer    sdp.Agreement
	keys    rtp.EventReceiver
	pressed string
	said    []int16
	ended   []call.Cause
}

var (
	phoneIP    = netip.MustParseAddr("192.0.2.1")
	calleeIP   = netip.MustParseAddr("192.0.2.2")
	calleePort = netip.MustParseAddrPort("192.0.2.2:5060")
)

// start serves a callee in the bubble until the test ends it.
func (c *callee) start(t *testing.T, network *simnet.Net) (stop func()) {
	t.Helper()
	c.ua = call.NewUA(call.Config{Seed: [32]byte{7}})
	c.inputs, c.orders, c.done = make(chan call.Input, 100), make(chan call.Input, 10), make(chan struct{})
	c.timers = map[call.TimerID]*time.Timer{}
	c.edge = signal.New(signal.Config{Sink: func(in call.Input) { c.inputs <- in }, Allow: func(netip.Addr) bool { return true }})
	pc, err := network.ListenPacket(calleePort)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := network.Listen(calleePort)
	if err != nil {
		t.Fatal(err)
	}
	if c.media, err = network.ListenPacket(netip.AddrPortFrom(calleeIP, 4000)); err != nil {
		t.Fatal(err)
	}
	go c.edge.ServeUDP(pc)
	go c.edge.ServeTCP(ln)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.run()
	}()
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		c.listen()
	}()
	synctest.Wait()
	return func() {
		close(c.done)
		c.edge.Close()
		c.media.Close()
		<-ended
		<-heard
	}
}

func (c *callee) run() {
	frames := time.NewTicker(frameTime)
	defer frames.Stop()
	voice := dsp.NewOscillator(sampleRate, 8000, max(c.tone, 1))
	packet := rtp.Packet{SSRC: 9, Payload: make([]byte, frameSamples)}
	frame, buf := make([]int16, frameSamples), make([]byte, rtp.HeaderSize+frameSamples)
	for {
		select {
		case <-c.done:
			for _, t := range c.timers {
				t.Stop()
			}
			return
		case in := <-c.inputs:
			c.step(in)
		case in := <-c.orders:
			c.step(in)
		case <-frames.C:
			if !c.peer.Send || c.tone == 0 {
				continue
			}
			voice.Fill(frame)
			for i, x := range frame {
				packet.Payload[i] = g711.LinearToULaw[uint16(x)>>2]
			}
			n := packet.Put(buf)
			packet.Seq++
			packet.Timestamp += frameSamples
			c.media.WriteTo(buf[:n], net.UDPAddrFromAddrPort(c.peer.Remote))
		}
	}
}

func (c *callee) step(in call.Input) {
	for _, a := range c.ua.Step(time.Now(), in) {
		switch a := a.(type) {
		case call.Send:
			c.edge.Send(a)
		case call.Arm:
			c.timers[a.Timer] = time.AfterFunc(a.After, func() { c.orders <- call.Fired{Timer: a.Timer} })
		case call.Disarm:
			if t := c.timers[a.Timer]; t != nil {
				t.Stop()
			}
		case call.Invited:
			if c.status != 0 {
				c.orders <- call.Reject{Leg: a.Leg, Status: c.status}
				continue
			}
			c.orders <- call.Ring{Leg: a.Leg}
			c.after = max(c.after, time.Millisecond)
			time.AfterFunc(c.after, func() {
				c.orders <- call.Accept{Leg: a.Leg, Media: sdp.Local{Addr: netip.AddrPortFrom(calleeIP, 4000), Codecs: pcmuOnly()}}
			})
			if c.hangup > 0 {
				time.AfterFunc(c.after+c.hangup, func() { c.orders <- call.Hangup{Leg: a.Leg, Cause: call.Cause{Name: "normal"}} })
			}
		case call.Agreed:
			c.peer = a.Media
		case call.Ended:
			c.ended = append(c.ended, a.Cause)
			c.peer.Send = false
		}
	}
}

func pcmuOnly() []sdp.Codec { return []sdp.Codec{{Name: "PCMU", Type: 0, Rate: 8000}} }

// listen notes keys and speech; the test reads them after stop.
func (c *callee) listen() {
	b := make([]byte, 2000)
	for {
		n, _, err := c.media.ReadFrom(b)
		if err != nil {
			return
		}
		var p rtp.Packet
		if p.Parse(b[:n]) != nil {
			continue
		}
		if p.Type != 0 {
			told, n, _ := c.keys.Packet(&p, time.Now())
			for _, d := range told[:n] {
				c.pressed += string(rune(d.Digit))
			}
			continue
		}
		for _, code := range p.Payload {
			c.said = append(c.said, g711.ULawToLinear[code])
		}
	}
}

// dial places a call in the bubble.
func dial(t *testing.T, network *simnet.Net, ctx context.Context, cfg Config) (*Report, error) {
	t.Helper()
	var err error
	if cfg.Stream == nil {
		if cfg.SIP, err = network.ListenPacket(netip.AddrPortFrom(phoneIP, 0)); err != nil {
			t.Fatal(err)
		}
		cfg.Hop = calleePort
	}
	if cfg.RTP, err = network.ListenPacket(netip.AddrPortFrom(phoneIP, 0)); err != nil {
		t.Fatal(err)
	}
	cfg.URI, cfg.Seed = "sip:5000@192.0.2.2", [32]byte{3}
	return Dial(ctx, cfg)
}

func milestones(r *Report) string {
	var all []string
	for _, m := range r.Milestones {
		all = append(all, m.What)
	}
	return strings.Join(all, ", ")
}

// trial is a call and what must come of it.
type trial struct {
	name   string
	callee callee
	cfg    Config
	tcp    bool
	cancel time.Duration // of our side
	err    error
	check  func(t *testing.T, r *Report, c *callee)
}

func TestCall(t *testing.T) {
	for _, c := range []trial{
		{name: "tone heard", callee: callee{tone: 440, after: time.Second}, cfg: Config{Expect: 440},
			check: func(t *testing.T, r *Report, c *callee) {
				want := "INVITE sent, 180 Ringing, 200 OK, ACK sent, first RTP, heard 440 Hz, BYE sent, ended: normal"
				if got := milestones(r); got != want {
					t.Errorf("milestones\n%s\nwant\n%s", got, want)
				}
				if r.EndedBy != "caller" || r.SetupMs < 1000 || r.TalkMs > 500 || r.RTP.Lost != 0 || r.RTP.JitterMs > 1 {
					t.Errorf("report %+v", r)
				}
			}},
		{name: "over TCP", tcp: true, callee: callee{tone: 440}, cfg: Config{Expect: 440}},
		{name: "other tone", callee: callee{tone: 600}, cfg: Config{Expect: 440}, err: ErrNotHeard,
			check: func(t *testing.T, r *Report, _ *callee) {
				if r.TalkMs != 30000 {
					t.Errorf("gave up after %g ms", r.TalkMs)
				}
			}},
		{name: "digits", callee: callee{}, cfg: Config{Digits: "2,1#", Duration: 5 * time.Second},
			check: func(t *testing.T, r *Report, c *callee) {
				if c.pressed != "21#" || !r.DigitsSent {
					t.Errorf("pressed %q", c.pressed)
				}
			}},
		{name: "digits cut short", cfg: Config{Digits: "2,,,1", Duration: 2 * time.Second}, err: ErrDigits},
		{name: "they hang up", callee: callee{hangup: 3 * time.Second}, cfg: Config{},
			check: func(t *testing.T, r *Report, _ *callee) {
				if r.EndedBy != "callee" || !strings.Contains(milestones(r), "BYE received") || r.RTP.Sent < 145 || r.RTP.Sent > 155 {
					t.Errorf("%+v", r)
				}
			}},
		{name: "busy", callee: callee{status: 486}, err: ErrNotAnswered,
			check: func(t *testing.T, r *Report, _ *callee) {
				if r.Status != 486 || r.Answered {
					t.Errorf("%+v", r)
				}
			}},
		{name: "cancelled", callee: callee{after: time.Minute}, cancel: 2 * time.Second, err: ErrNotAnswered,
			check: func(t *testing.T, r *Report, c *callee) {
				if !strings.Contains(milestones(r), "CANCEL sent") || len(c.ended) != 1 {
					t.Errorf("%s; callee %v", milestones(r), c.ended)
				}
			}},
		{name: "hung up by the context", cancel: 2 * time.Second,
			check: func(t *testing.T, r *Report, c *callee) {
				if r.EndedBy != "caller" || len(c.ended) != 1 || c.ended[0].By != "caller" {
					t.Errorf("%+v, callee %+v", r, c.ended)
				}
			}},
		{name: "no codec", cfg: Config{Codec: "PCMA"}, err: ErrNotAnswered},
	} {
		t.Run(c.name, func(t *testing.T) { synctest.Test(t, c.run) })
	}
}

func (c *trial) run(t *testing.T) {
	var network simnet.Net
	stop := c.callee.start(t, &network)
	if c.tcp {
		conn, err := network.Dialer(phoneIP)(t.Context(), calleePort)
		if err != nil {
			t.Fatal(err)
		}
		c.cfg.Stream = conn
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if c.cancel > 0 {
		time.AfterFunc(c.cancel, cancel)
	}
	r, err := dial(t, &network, ctx, c.cfg)
	stop()
	if !errors.Is(err, c.err) {
		t.Fatalf("error %v, want %v; %s", err, c.err, milestones(r))
	}
	if c.check != nil {
		c.check(t, r, &c.callee)
	}
}

// What is said arrives, and what is heard comes frame by frame.
func TestSpeechBothWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network simnet.Net
		c := callee{tone: 600}
		stop := c.start(t, &network)
		voice := dsp.NewOscillator(sampleRate, 8000, 1000)
		var heard []int16
		_, err := dial(t, &network, t.Context(), Config{
			Duration: time.Second, Speak: voice.Fill, Heard: func(f []int16) { heard = append(heard, f...) },
		})
		stop()
		if err != nil {
			t.Fatal(err)
		}
		if len(heard) < 7000 || !dsp.Hears(heard[4000:5600], sampleRate, 600) {
			t.Errorf("heard %d samples", len(heard))
		}
		if len(c.said) < 7000 || !dsp.Hears(c.said[4000:5600], sampleRate, 1000) {
			t.Errorf("said %d samples", len(c.said))
		}
	})
}

// Nobody there: the core gives up after 32 s (RFC 3261 §17.1.1.2, timer B).
func TestNobodyThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var network simnet.Net
		r, err := dial(t, &network, t.Context(), Config{})
		if !errors.Is(err, ErrNotAnswered) || !slices.ContainsFunc(r.Milestones, func(m Milestone) bool { return m.What == "INVITE sent again" }) {
			t.Errorf("%v; %s", err, milestones(r))
		}
	})
}

func TestConfigIsChecked(t *testing.T) {
	for _, cfg := range []Config{{}, {URI: "sip:a@b"}} {
		if _, err := Dial(t.Context(), cfg); !errors.Is(err, ErrConfig) {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}
