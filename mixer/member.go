package mixer

import (
	"math/rand/v2"
	"net/netip"
	"sync/atomic"

	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/kernel"
	"github.com/callwright/callwright/media/trunk"
	"github.com/callwright/callwright/mixer/playout"
	"github.com/callwright/callwright/mixer/prompt"
	"github.com/callwright/callwright/mixer/record"
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
	target

	muted, deaf     atomic.Bool
	agc, apart      atomic.Bool
	gainIn, gainOut atomic.Int32

	loud atomic.Uint64 // mean when last told of: bits of a float64

	// In one piece, in the order of their use.
	scene     uint64  // the last one it was in
	after     *member // whose frame came after its own; see receiver.find
	way       route   // as of the scene
	taken     int     // bytes of payload since the last tick
	most      int     // of them
	playout   playout.Buffer
	mix       room.Member
	vad       dsp.VAD
	mean      float64 // square of what it says, smoothed
	leveller  room.Leveller
	out       []int16 // what a single hears; others hear into a hand's memory
	at        int     // where on the wire
	single    bool    // see ticker.enter
	seq       uint16
	timestamp uint32
	begun     bool // a frame has been sent
}

const (
	// queued is how much may come for a tick, in bytes: 12 frames of G.711, or of L16 at
	// 16 kHz.
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
		id: id, rate: r.codec.rate, most: size,
		mix: *room.NewMember(r.codec.rate), playout: *playout.New(n, n*depthMS/20, &c.playout),
		// RFC 3550 §5.1. An SBC knows by the leap that another mixer has begun.
		seq: uint16(rand.Uint32()), timestamp: rand.Uint32(),
	}
	m.out = m.mix.Out
	m.route.Store(r)
	m.gainIn.Store(int32(kernel.Unity))
	m.gainOut.Store(int32(kernel.Unity))
	return m
}

// ingest makes the member's frame of this tick of what has come.
func (m *member) ingest(h *hand) {
	m.taken = 0
	x := &m.mix
	x.In = m.playout.Pull()
	if x.Silent = x.In == nil; x.Silent {
		x.In = h.silence[:len(m.out)]
	}
	x.Muted, x.Deaf, x.Apart = m.muted.Load(), m.deaf.Load(), m.apart.Load()
	x.GainIn, x.GainOut = kernel.Gain(m.gainIn.Load()), kernel.Gain(m.gainOut.Load())
	m.listen(h)
}

func (m *member) listen(h *hand) {
	energy := uint64(0)
	if !m.mix.Silent {
		energy = h.k.Energy(m.mix.In)
	}
	if m.vad.Step(energy, len(m.mix.In), m.rate) {
		h.t.tell(m.id, m.vad.Talking)
	}
	x := &m.mix
	x.Energy, x.Talking = energy, m.vad.Talking
	if m.agc.Load() {
		x.GainIn = room.Times(x.GainIn, m.leveller.Step(energy, len(x.In), x.Talking))
	}
	m.mean += (float64(energy)/float64(len(x.In)) - m.mean) / 4
}

// emit adds the member's own prompts, feeds its recordings, and writes its record.
func (m *member) emit(h *hand, wire []byte) {
	x := &m.mix
	x.Finish(h.k)
	if s := m.sounds.Load(); s != nil {
		for _, p := range s.plays {
			if sound := h.prompt[:len(x.Out)]; p.Pull(sound) {
				h.k.Add(x.Out, sound)
			}
		}
		for _, r := range s.records {
			r.Push(x.In, x.Out)
		}
	}
	r := &m.way
	record := wire[m.at:][:r.record()]
	f := trunk.Frame{SSRC: r.ssrc, Token: r.token, Type: r.codec.kind, Seq: m.seq, Timestamp: m.timestamp, Marker: !m.begun}
	f.Header(record)
	r.codec.encode(h.k, record[trunk.HeaderSize:], x.Out)
	m.begun = true
	m.seq++
	m.timestamp += uint32(len(m.out))
}

// skip passes over ticks that could not run.
func (m *member) skip(ticks int) {
	m.playout.Skip(ticks)
	m.timestamp += uint32(ticks * len(m.out))
}
