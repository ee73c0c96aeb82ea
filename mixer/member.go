package mixer

import (
	"math"
	"math/rand/v2"
	"net/netip"
	"sync/atomic"

	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/kernel"
	"github.com/callwright/callwright/media/trunk"
	"github.com/callwright/callwright/mixer/playout"
	"github.com/callwright/callwright/mixer/prompt"
	"github.com/callwright/callwright/mixer/record"
	"github.com/callwright/callwright/mixer/ring"
	"github.com/callwright/callwright/mixer/room"
)

// route is where a member's frames come from and go. Immutable.
type route struct {
	peer  netip.AddrPort
	ssrc  uint32
	token uint64
	codec codec
}

// target is what can be played to and recorded: a member or a hall. Control stores
// new lists, the tick loads them.
type target struct {
	sounds atomic.Pointer[sounds]
}

// sounds are the operations on a target. Immutable.
type sounds struct {
	plays   []*prompt.Playback
	records []*record.Recording
}

// member is one party. What control may change is atomic; the lower part is the tick's.
type member struct {
	id    string
	rate  int
	route atomic.Pointer[route]
	queue *ring.Packets // receiver to tick
	target

	muted, deaf     atomic.Bool
	agc, apart      atomic.Bool
	gainIn, gainOut atomic.Int32

	loud atomic.Uint64 // mean square of what it says, smoothed: bits of a float64

	mix       *room.Member
	leveller  room.Leveller
	mean      float64
	playout   *playout.Buffer
	vad       dsp.VAD
	payload   []byte
	seq       uint16
	timestamp uint32
	begun     bool // a frame has been sent
}

const (
	// queued is how much may wait for a tick: 12 frames of G.711, or of L16 at 16 kHz
	// with its larger ring.
	queued     = 2048
	queuedWide = 8192
	// depthMS is how far a member plays behind what has come, besides the wait for the
	// tick: it covers the SBC's polling (4 ms). A stream that jitters more makes its
	// own playout wait longer, once, at its first late packet.
	depthMS = 5
)

func newMember(id string, r *route, c *counters) *member {
	size := queued
	if r.codec.rate > 8000 {
		size = queuedWide
	}
	n := room.Frame(r.codec.rate)
	m := &member{
		id: id, rate: r.codec.rate, queue: ring.NewPackets(size),
		mix: room.NewMember(r.codec.rate), playout: playout.New(n, n*depthMS/20, &c.playout),
		payload: make([]byte, 2*n),
		// RFC 3550 §5.1. An SBC knows by the leap that another mixer has begun.
		seq: uint16(rand.Uint32()), timestamp: rand.Uint32(),
	}
	m.route.Store(r)
	m.gainIn.Store(int32(kernel.Unity))
	m.gainOut.Store(int32(kernel.Unity))
	return m
}

// ingest makes the member's frame of this tick of what the receiver has queued. What
// it hears begins as silence: a room overwrites it.
func (m *member) ingest(t *ticker) {
	var p ring.Packet
	for m.queue.Get(&p, t.packet) {
		c := codecOfType(p.Type)
		n := len(p.Payload) / c.width
		c.decode(t.k, t.samples[:n], p.Payload)
		m.playout.Put(p.Timestamp, p.Seq, t.samples[:n])
	}
	x := m.mix
	x.Silent = !m.playout.Pull(x.In)
	x.Muted, x.Deaf, x.Apart = m.muted.Load(), m.deaf.Load(), m.apart.Load()
	x.GainIn, x.GainOut = kernel.Gain(m.gainIn.Load()), kernel.Gain(m.gainOut.Load())
	clear(x.Out)
	m.listen(t)
}

func (m *member) listen(t *ticker) {
	energy := uint64(0)
	if !m.mix.Silent {
		energy = t.k.Energy(m.mix.In)
	}
	if m.vad.Step(energy, len(m.mix.In), m.rate) {
		t.tell(m.id, m.vad.Talking)
	}
	x := m.mix
	x.Energy, x.Talking = energy, m.vad.Talking
	if m.agc.Load() {
		x.GainIn = room.Times(x.GainIn, m.leveller.Step(energy, len(x.In), x.Talking))
	}
	m.mean += (float64(energy)/float64(len(x.In)) - m.mean) / 4
	m.loud.Store(math.Float64bits(m.mean))
}

// emit adds the member's own prompts, feeds its recordings, and makes its frame.
func (m *member) emit(t *ticker, f *trunk.Frame) {
	x := m.mix
	x.Finish(t.k)
	if s := m.sounds.Load(); s != nil {
		for _, p := range s.plays {
			if sound := t.prompt[:len(x.Out)]; p.Pull(sound) {
				t.k.Add(x.Out, sound)
			}
		}
		for _, r := range s.records {
			r.Push(x.In, x.Out)
		}
	}
	r := m.route.Load()
	payload := m.payload[:r.codec.payload()]
	r.codec.encode(t.k, payload, x.Out)
	*f = trunk.Frame{
		Peer: r.peer, SSRC: r.ssrc, Token: r.token, Type: r.codec.kind,
		Seq: m.seq, Timestamp: m.timestamp, Marker: !m.begun, Payload: payload,
	}
	m.begun = true
	m.seq++
	m.timestamp += uint32(len(x.Out))
}

// skip passes over ticks that could not run.
func (m *member) skip(ticks int) {
	m.playout.Skip(ticks)
	m.timestamp += uint32(ticks * len(m.mix.Out))
}
