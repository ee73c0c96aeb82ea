package mixer_test

import (
	"context"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/kernel"
	"github.com/callwright/callwright/media/trunk"
	"github.com/callwright/callwright/media/wav"
	"github.com/callwright/callwright/mixer"
)

// bench is a mixer between a brain that is this test and an SBC that is this test.
type bench struct {
	t      *testing.T
	m      *mixer.Mixer
	sbc    trunk.Conn
	dir    string
	cancel context.CancelFunc
	ended  chan error

	mu     sync.Mutex
	events []*control.Event
	phones map[uint32]*phone
	order  []*phone
}

// phone is a member's other end.
type phone struct {
	id    string
	ssrc  uint32
	codec control.Codec
	rate  int
	osc   *dsp.Oscillator
	hz    float64
	quiet bool

	seq    uint16
	ts     uint32
	heard  []int16
	frames []trunk.Frame // headers of what came
}

const token = 0xfeedfacecafe

func (b *bench) Report(e *control.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, e)
}

// run makes a bench in a bubble of virtual time and ends it.
func run(t *testing.T, test func(b *bench)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		net := trunk.NewMemory()
		listen := func() trunk.Conn {
			c, err := net.Listen(netip.MustParseAddrPort("127.0.0.1:0"))
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		b := &bench{t: t, sbc: listen(), dir: dir, phones: map[uint32]*phone{}, ended: make(chan error, 1)}
		os.Mkdir(filepath.Join(dir, "prompts"), 0o700)
		m, err := mixer.New(mixer.Config{Name: "mixer-1", Trunk: listen(), Prompts: filepath.Join(dir, "prompts"),
			Recordings: filepath.Join(dir, "recordings"), Report: b, Capacity: 20})
		if err != nil {
			t.Fatal(err)
		}
		b.m = m
		ctx, cancel := context.WithCancel(t.Context())
		b.cancel = cancel
		go func() { b.ended <- m.Run(ctx) }()
		go b.listen()
		time.Sleep(time.Millisecond) // phones' packets come between ticks
		m.Connected(1)
		test(b)
		b.close()
	})
}

func (b *bench) close() {
	b.cancel()
	if err := <-b.ended; err != nil {
		b.t.Errorf("the mixer ended with %v", err)
	}
	b.sbc.Close()
}

func (b *bench) listen() {
	fs := make([]trunk.Frame, 64)
	for {
		n, err := b.sbc.Recv(fs)
		if err != nil {
			return
		}
		b.mu.Lock()
		for _, f := range fs[:n] {
			p := b.phones[f.SSRC]
			if p == nil || f.Token != token {
				b.t.Errorf("frame of SSRC %d, token %x", f.SSRC, f.Token)
				continue
			}
			p.take(f)
		}
		b.mu.Unlock()
	}
}

func (p *phone) take(f trunk.Frame) {
	k, out := kernel.Best(), make([]int16, p.rate/50)
	switch f.Type {
	case trunk.TypePCMU:
		k.DecodeULaw(out, f.Payload)
	case trunk.TypePCMA:
		k.DecodeALaw(out, f.Payload)
	default:
		k.DecodeL16(out, f.Payload)
	}
	p.heard = append(p.heard, out...)
	f.Payload = nil
	p.frames = append(p.frames, f)
}

// phone gives a phone with a tone of its own.
func (b *bench) phone(id string, codec control.Codec, hz float64) *phone {
	p := &phone{id: id, ssrc: uint32(1000 + len(b.order)), codec: codec, rate: 8000, hz: hz, seq: 65500, ts: 1<<32 - 4000}
	if codec == control.Codec_L16_16000 {
		p.rate = 16000
	}
	p.osc = dsp.NewOscillator(p.rate, 5000, hz)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.phones[p.ssrc] = p
	b.order = append(b.order, p)
	return p
}

func (b *bench) member(p *phone, room string) *control.Member {
	return &control.Member{Id: p.id, Room: room, Codec: p.codec,
		Trunk: &control.Trunk{Peer: b.sbc.LocalAddr().String(), Ssrc: p.ssrc, Token: token}}
}

// obey sends commands of one turn.
func (b *bench) obey(epoch uint64, bodies ...any) {
	t := &control.Turn{}
	for i, body := range bodies {
		c := &control.Command{Id: uint64(i + 1)}
		switch x := body.(type) {
		case *control.Room:
			c.Body = &control.Command_Room{Room: x}
		case *control.DropRoom:
			c.Body = &control.Command_DropRoom{DropRoom: x}
		case *control.Member:
			c.Body = &control.Command_Member{Member: x}
		case *control.DropMember:
			c.Body = &control.Command_DropMember{DropMember: x}
		case *control.Play:
			c.Body = &control.Command_Play{Play: x}
		case *control.Record:
			c.Body = &control.Command_Record{Record: x}
		case *control.Stop:
			c.Body = &control.Command_Stop{Stop: x}
		case *control.Pause:
			c.Body = &control.Command_Pause{Pause: x}
		case *control.Upload:
			c.Body = &control.Command_Upload{Upload: x}
		case *control.Echo:
			c.Body = &control.Command_Echo{Echo: x}
		case *control.Sweep:
			c.Body = &control.Command_Sweep{Sweep: x}
		}
		t.Commands = append(t.Commands, c)
	}
	b.m.Obey(epoch, t)
}

// talk lets all phones talk for so long, a frame every 20 ms.
func (b *bench) talk(d time.Duration) {
	for range d / (20 * time.Millisecond) {
		b.mu.Lock()
		for _, p := range b.order {
			if !p.quiet {
				b.say(p)
			}
		}
		b.mu.Unlock()
		time.Sleep(20 * time.Millisecond)
	}
	synctest.Wait()
}

func (b *bench) say(p *phone) {
	k, pcm := kernel.Best(), make([]int16, p.rate/50)
	p.osc.Fill(pcm)
	payload := make([]byte, len(pcm), 2*len(pcm))
	f := trunk.Frame{Peer: addr(b.m), SSRC: p.ssrc, Token: token, Seq: p.seq, Timestamp: p.ts}
	switch p.codec {
	case control.Codec_PCMU:
		k.EncodeULaw(payload, pcm)
		f.Type = trunk.TypePCMU
	case control.Codec_PCMA:
		k.EncodeALaw(payload, pcm)
		f.Type = trunk.TypePCMA
	case control.Codec_L16_16000:
		payload = payload[:cap(payload)]
		k.EncodeL16(payload, pcm)
		f.Type = trunk.TypeL16At16k
	}
	f.Payload = payload
	p.seq++
	p.ts += uint32(len(pcm))
	if err := b.sbc.Send([]trunk.Frame{f}); err != nil {
		b.t.Fatal(err)
	}
}

func addr(m *mixer.Mixer) netip.AddrPort { return netip.MustParseAddrPort(m.Hello().GetTrunk()) }

// hears wants p to have heard hz at an amplitude in its last 200 ms.
func (b *bench) hears(p *phone, hz, want float64) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	n := p.rate / 5
	if len(p.heard) < n {
		b.t.Fatalf("%s heard %d samples in all", p.id, len(p.heard))
	}
	if a := dsp.Goertzel(p.heard[len(p.heard)-n:], p.rate, hz); math.Abs(a-want) > 0.04*want+25 {
		b.t.Errorf("%s hears %.0f Hz at %.0f, want %.0f", p.id, hz, a, want)
	}
}

// sound, came and told give copies of what there is so far.
func (b *bench) sound(p *phone) []int16 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(p.heard)
}

func (b *bench) came(p *phone) []trunk.Frame {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(p.frames)
}

func (b *bench) told() []*control.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.events)
}

// done gives the Dones of an operation so far.
func (b *bench) done(op string) (out []*control.Done) {
	synctest.Wait()
	for _, e := range b.told() {
		if d := e.GetDone(); d.GetOp() == op && op != "" {
			out = append(out, d)
		}
	}
	return out
}

func (b *bench) faults() (out []*control.Fault) {
	for _, e := range b.told() {
		if f := e.GetFault(); f != nil {
			out = append(out, f)
		}
	}
	return out
}

// counter gives a counter's value.
func (b *bench) counter(name, reason string) uint64 {
	time.Sleep(time.Second)
	_, list := b.m.Load()
	for _, c := range list {
		if c.GetName() == name && c.GetReason() == reason {
			return c.GetValue()
		}
	}
	b.t.Fatalf("no counter %s %q", name, reason)
	return 0
}

// wave puts a file among the prompts.
func (b *bench) wave(name string, rate int, samples []int16) {
	f, err := os.Create(filepath.Join(b.dir, "prompts", name))
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	w, err := wav.NewWriter(f, rate, 1)
	if err == nil {
		err = w.Write(samples)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// recorded reads a recording as mono.
func (b *bench) recorded(name string) (wav.Format, []int16) {
	f, err := os.Open(filepath.Join(b.dir, "recordings", name))
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	r, err := wav.NewReader(f)
	if err != nil {
		b.t.Fatal(err)
	}
	var out []int16
	for buf := make([]int16, 1000); ; {
		n, err := r.Read(buf)
		out = append(out, buf[:n]...)
		if err != nil {
			return r.Format, out
		}
	}
}
