package playout_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/mixer/playout"
)

const frame = 160

// line is a stream whose packets the test sends in the order it likes.
type line struct {
	c   playout.Counters
	b   *playout.Buffer
	in  []int16 // what the sender says
	ts  uint32  // of in[0]
	out []int16
}

func newLine(ts uint32) *line {
	l := &line{in: dsp.Sine(8000, 80000, 423, 10000), ts: ts}
	l.b = playout.New(frame, frame, &l.c)
	return l
}

// put sends the packet that holds samples from..to.
func (l *line) put(seq, from, to int) {
	l.b.Put(l.ts+uint32(from), uint16(seq), l.in[from:to])
}

// play copies the next frame to f.
func (l *line) play(f []int16) {
	clear(f)
	copy(f, l.b.Pull())
}

func (l *line) pull(n int) {
	f := make([]int16, frame)
	for range n {
		l.play(f)
		l.out = append(l.out, f...)
	}
}

// same fails unless out, from at on, is in from its start.
func (l *line) same(t *testing.T, at, n int) {
	t.Helper()
	if !slices.Equal(l.out[at:at+n], l.in[:n]) {
		t.Errorf("what is played differs from what was said: %+v", l.counts())
	}
}

func (l *line) counts() map[string]uint64 {
	return map[string]uint64{"late": l.c.Late.Load(), "early": l.c.Early.Load(), "doubled": l.c.Doubled.Load(),
		"lost": l.c.Lost.Load(), "concealed": l.c.Concealed.Load(), "skipped": l.c.Skipped.Load()}
}

func (l *line) want(t *testing.T, want map[string]uint64) {
	t.Helper()
	for name, got := range l.counts() {
		if got != want[name] {
			t.Errorf("%s: %d, want %d", name, got, want[name])
		}
	}
}

func TestAnyPacketLengthPlaysWithoutASeam(t *testing.T) {
	for _, size := range []int{80, 93, 160, 240, 320, 480} {
		for _, ts := range []uint32{0, 1 << 31, 1<<32 - 500} { // around the wraps
			l := newLine(ts)
			sent, seq := 0, 65530
			for tick := range 200 {
				for sent+size <= (tick+1)*frame || sent == 0 {
					l.put(seq, sent, sent+size)
					sent, seq = sent+size, seq+1
				}
				l.pull(1)
			}
			if size <= 160 { // longer ones need more depth until they have run late once
				l.same(t, frame, 190*frame)
				l.want(t, nil)
			} else if c := l.c.Concealed.Load(); c > 3 {
				t.Errorf("packets of %d samples conceal %d frames", size, c)
			}
		}
	}
}

func TestOrderAndDoubles(t *testing.T) {
	l := newLine(7)
	l.put(0, 0, 160)
	l.put(1, 160, 320)
	l.put(1, 160, 320)
	l.pull(1)
	l.put(3, 480, 640)
	l.pull(1)
	l.put(2, 320, 480)
	l.pull(3)
	l.same(t, frame, 640)
	l.want(t, map[string]uint64{"doubled": 1})
	l.put(1, 160, 320) // long past
	l.want(t, map[string]uint64{"doubled": 1, "late": 1})
}

// A packet that comes again after its time, with nothing behind it yet, is no sign
// that the stream has fallen behind.
func TestADoubleDoesNotRewind(t *testing.T) {
	l := newLine(0)
	for i := range 20 {
		l.put(i, i*160, i*160+160)
		l.pull(1)
		if i == 10 {
			l.pull(1) // all played
			l.put(9, 9*160, 10*160)
			l.put(10, 10*160, 11*160)
		}
	}
	l.same(t, frame, 11*160)
	if got := l.c.Restarted.Load(); got != 1 || l.c.Late.Load() != 2 {
		t.Errorf("%d starts, %+v", got, l.counts())
	}
	if a := dsp.Goertzel(l.out[14*frame:19*frame], 8000, 423); a < 9900 {
		t.Errorf("after it the amplitude is %.0f", a)
	}
}

func TestLossIsConcealedAndFades(t *testing.T) {
	l := newLine(0)
	for i := range 10 {
		if i != 5 {
			l.put(i, i*160, i*160+160)
		}
	}
	l.pull(16)
	gap, after := l.out[frame+800:frame+960], l.out[frame+960:frame+1120]
	if lev := dsp.Level(gap); lev < -25 {
		t.Errorf("the gap has %.1f dBov", lev)
	}
	if !slices.Equal(after, l.in[960:1120]) {
		t.Error("what follows the gap is not what was said")
	}
	if lev := dsp.Level(l.out[len(l.out)-160:]); lev != dsp.Silence {
		t.Errorf("100 ms after the last packet there are %.1f dBov", lev)
	}
	l.want(t, map[string]uint64{"lost": 1, "concealed": 4})
}

// A stream that is always late must not be thrown away packet for packet.
func TestWaitsForALateStream(t *testing.T) {
	l := newLine(0)
	for i := range 100 {
		if i >= 20 { // from here on three frames later
			l.pull(1)
			l.put(i-3, (i-3)*160, (i-3)*160+160)
			continue
		}
		if i < 17 {
			l.put(i, i*160, i*160+160)
		}
		l.pull(1)
	}
	if c := l.c.Concealed.Load(); c > 6 {
		t.Errorf("%d frames concealed: %+v", c, l.counts())
	}
	end := l.out[len(l.out)-20*frame:]
	if a := dsp.Goertzel(end, 8000, 423); a < 9900 {
		t.Errorf("amplitude is %.0f after the delay has grown", a)
	}
}

func TestSkipsWhenPacketsPileUp(t *testing.T) {
	l := newLine(0)
	sent := 0
	for ; sent < 8; sent++ { // a burst
		l.put(sent, sent*160, sent*160+160)
	}
	for range 450 {
		l.pull(1)
		l.put(sent, sent*160, sent*160+160)
		sent++
	}
	if s := l.c.Skipped.Load(); s != 7 {
		t.Errorf("%d frames skipped of 7 too many", s)
	}
	for i := 1; i < len(l.out)-frame; i++ { // a 423 Hz sine of 10000 moves 3300 a sample
		if d := int(l.out[i]) - int(l.out[i-1]); d > 4000 || d < -4000 {
			t.Fatalf("click of %d at sample %d", d, i)
		}
	}
	l.want(t, map[string]uint64{"skipped": l.c.Skipped.Load()})
}

func TestTalkspurtsAndJumps(t *testing.T) {
	l := newLine(0)
	l.put(0, 0, 160)
	l.pull(50)
	// After the pause the sender's clock stands elsewhere.
	l.ts = 0x90000000
	l.put(1, 0, 160)
	l.put(2, 160, 320)
	at := len(l.out)
	l.pull(3)
	l.same(t, at+frame, 320)
	// Garbage amid sound is dropped, and nothing else suffers.
	l.b.Put(12345, 3, l.in[:160])
	l.b.Put(l.ts+900000, 4, l.in[:160])
	l.b.Put(l.ts, 4, nil)
	l.b.Put(l.ts, 4, make([]int16, 50000))
	if e, late := l.c.Early.Load(), l.c.Late.Load(); e+late != 4 {
		t.Errorf("%d early and %d late of 4", e, late)
	}
}

func TestAnythingGoes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	l := newLine(1 << 31)
	f := make([]int16, frame)
	for range 20000 {
		from := r.IntN(8000)
		l.put(r.IntN(65536), from, from+r.IntN(400))
		if r.IntN(3) == 0 {
			l.play(f)
		}
		if r.IntN(200) == 0 {
			l.b.Skip(r.IntN(30))
			l.ts = r.Uint32()
		}
	}
}

func TestNoAllocations(t *testing.T) {
	l := newLine(0)
	f, i := make([]int16, frame), 0
	if n := testing.AllocsPerRun(200, func() {
		if i%7 != 3 {
			l.put(i, i*160, i*160+160)
		}
		l.play(f)
		i++
	}); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}
