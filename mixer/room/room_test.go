package room_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/kernel"
	"github.com/callwright/callwright/mixer/room"
)

// party is a member with a tone of its own and a memory of what it heard.
type party struct {
	*room.Member
	osc   *dsp.Oscillator
	hz    float64
	heard []int16
}

// hall is a room full of parties.
type hall struct {
	*room.Room
	kernels *kernel.Kernels
	parties []*party
	seats   []*room.Seat
	cast    room.Cast
	duck    kernel.Gain
	scratch *room.Scratch
}

func (h *hall) mix() {
	h.cast.Seats = h.seats
	h.Mix(&h.cast, h.duck)
	for _, p := range h.parties {
		p.Finish(h.kernels)
	}
}

func newHall(t *testing.T, rate, n int, amplitude float64, rates ...int) *hall {
	t.Helper()
	k := kernel.Best()
	h, banks := &hall{Room: room.New(rate, k), kernels: k, duck: kernel.Unity, scratch: room.NewScratch()}, &dsp.Banks{}
	for i := range n {
		p := &party{Member: room.NewMember(rates[i%len(rates)]), hz: 300 + 60*float64(i)}
		p.osc = dsp.NewOscillator(p.Rate, amplitude, p.hz)
		s, err := room.NewSeat(p.Member, rate, banks, k, false)
		if err != nil {
			t.Fatal(err)
		}
		h.parties, h.seats = append(h.parties, p), append(h.seats, s)
	}
	return h
}

func (h *hall) run(frames int) {
	for range frames {
		for _, p := range h.parties {
			p.osc.Fill(p.In)
			p.Energy = h.kernels.Energy(p.In)
		}
		h.Begin(h.scratch)
		h.mix()
		for _, p := range h.parties {
			p.heard = append(p.heard, p.Out...)
		}
	}
}

// level is the amplitude of from's tone in the last 200 ms that to heard.
func level(to, from *party) float64 {
	return dsp.Goertzel(to.heard[len(to.heard)-to.Rate/5:], to.Rate, from.hz)
}

func TestEachHearsAllOthersAndNotItself(t *testing.T) {
	for _, rate := range []int{8000, 16000} {
		for _, n := range []int{2, 3, 10, 50} {
			t.Run(fmt.Sprintf("%d at %d Hz", n, rate), func(t *testing.T) {
				const amplitude = 500
				h := newHall(t, rate, n, amplitude, 8000, 16000, 8000)
				h.run(25)
				for i, to := range h.parties {
					for j, from := range h.parties {
						want, by := float64(amplitude), amplitude*0.03
						if i == j {
							want, by = 0, 5
						}
						if a := level(to, from); math.Abs(a-want) > by {
							t.Fatalf("member %d (%d Hz) hears %d at %.0f, want %.0f", i, to.Rate, j, a, want)
						}
					}
				}
			})
		}
	}
}

// Sums beyond 16 bits must not wrap, and must not lose what cancels out.
func TestClampsLast(t *testing.T) {
	h := newHall(t, 8000, 4, 0, 8000)
	say := func(values ...int16) {
		for i, v := range values {
			for k := range h.parties[i].In {
				h.parties[i].In[k] = v
			}
		}
		h.Begin(h.scratch)
		h.mix()
	}
	say(0, 0, 0, 0) // they fade in
	for _, c := range []struct{ say, hear [4]int16 }{
		{[4]int16{32767, 32767, 32767, 32767}, [4]int16{32767, 32767, 32767, 32767}},
		{[4]int16{-32768, -32768, -32768, -32768}, [4]int16{-32768, -32768, -32768, -32768}},
		{[4]int16{32767, 32767, -32768, -32768}, [4]int16{-32768, -32768, 32766, 32766}},
		{[4]int16{32767, 32767, -32768, 100}, [4]int16{99, 99, 32767, 32766}},
		{[4]int16{0, 0, 0, -32768}, [4]int16{-32768, -32768, -32768, 0}},
	} {
		say(c.say[:]...)
		for i, p := range h.parties {
			if p.Out[80] != c.hear[i] {
				t.Errorf("%v: member %d hears %d, want %d", c.say, i, p.Out[80], c.hear[i])
			}
		}
	}
	total := make([]int16, 160)
	say(1000, 2000, 3000, -500)
	if h.Total(total); total[0] != 5500 {
		t.Errorf("the whole mix is %d, want 5500", total[0])
	}
}

func TestMuteDeafAndGains(t *testing.T) {
	for _, rates := range [][]int{{8000}, {16000, 8000}} {
		h := newHall(t, rates[0], 3, 4000, rates...)
		a, b, c := h.parties[0], h.parties[1], h.parties[2]
		a.Muted, b.Deaf, c.GainIn, a.GainOut = true, true, kernel.FromDB(-6.02), kernel.FromDB(6.02)
		h.run(20)
		for _, w := range []struct {
			to, from *party
			want     float64
		}{
			{b, a, 0}, {c, a, 0}, // muted
			{b, c, 0}, // deaf
			{a, b, 8000}, {a, c, 4000}, {c, b, 4000},
		} {
			if got := level(w.to, w.from); math.Abs(got-w.want) > 0.03*w.want+5 {
				t.Errorf("%.0f Hz is heard at %.0f, want %.0f", w.from.hz, got, w.want)
			}
		}
		a.Muted, b.Deaf = false, false
		h.run(20)
		if got := level(b, a); math.Abs(got-4000) > 120 {
			t.Errorf("after the mute %.0f, want 4000", got)
		}
	}
}

// A gain that changes must not click: the ramp spans the frame.
func TestMutingDoesNotClick(t *testing.T) {
	h := newHall(t, 8000, 2, 10000, 8000)
	h.run(5)
	h.parties[0].Muted = true
	h.run(5)
	heard := h.parties[1].heard
	for i := 1; i < len(heard); i++ { // 300 Hz of 10000 moves 2356 a sample at most
		if d := math.Abs(float64(heard[i]) - float64(heard[i-1])); d > 2500 {
			t.Fatalf("click of %.0f at sample %d", d, i)
		}
	}
	if l := dsp.Level(heard[len(heard)-320:]); l != dsp.Silence {
		t.Errorf("muted, it is heard at %.1f dBov", l)
	}
}

// Members who are silent are passed over, without a change in what is heard.
func TestSilentMembersCostNothingAndChangeNothing(t *testing.T) {
	h := newHall(t, 16000, 3, 4000, 8000)
	quiet := h.parties[2]
	quiet.osc = dsp.NewOscillator(8000, 0, 100)
	h.run(10)
	quiet.Silent = true
	h.run(20)
	if a := level(h.parties[0], h.parties[1]); math.Abs(a-4000) > 100 {
		t.Errorf("heard at %.0f", a)
	}
	// What it said before its silence must not come out of a filter when that ends.
	quiet.Silent, quiet.osc = false, dsp.NewOscillator(8000, 20000, quiet.hz)
	h.run(5)
	quiet.Silent, quiet.osc = true, dsp.NewOscillator(8000, 0, 100)
	h.parties[1].Muted = true
	h.run(10)
	quiet.Silent = false
	h.run(1)
	if l := dsp.Level(h.parties[0].heard[len(h.parties[0].heard)-160:]); l != dsp.Silence {
		t.Errorf("old sound at %.1f dBov", l)
	}
	h.parties[1].Muted = false
	quiet.Silent, quiet.osc = false, dsp.NewOscillator(8000, 4000, quiet.hz)
	h.run(20)
	if a := level(h.parties[0], quiet); math.Abs(a-4000) > 100 {
		t.Errorf("back again it is heard at %.0f", a)
	}
}

func TestPromptIsHeardByAll(t *testing.T) {
	h := newHall(t, 8000, 2, 0, 8000)
	frame := dsp.Sine(8000, 160, 1000, 5000)
	h.run(1) // they fade in
	h.Begin(h.scratch)
	h.Add(frame)
	h.mix()
	for i, p := range h.parties {
		for k := range frame {
			if p.Out[k] != frame[k] {
				t.Fatalf("member %d hears %d, want %d", i, p.Out[k], frame[k])
			}
		}
	}
}

func TestMixAllocatesNothing(t *testing.T) {
	h := newHall(t, 16000, 10, 1000, 8000, 16000)
	h.parties[3].Muted, h.parties[4].GainOut = true, 100
	if n := testing.AllocsPerRun(100, func() { h.Begin(h.scratch); h.mix() }); n != 0 {
		t.Errorf("%v allocations a mix", n)
	}
}

func BenchmarkMixThreeParty(b *testing.B) {
	banks := &dsp.Banks{}
	r := room.New(8000, kernel.Best())
	var seats []*room.Seat
	for range 3 {
		s, _ := room.NewSeat(room.NewMember(8000), 8000, banks, kernel.Best(), false)
		seats = append(seats, s)
	}
	cast, scratch := &room.Cast{Seats: seats}, room.NewScratch()
	b.ReportAllocs()
	for b.Loop() {
		r.Begin(scratch)
		r.Mix(cast, kernel.Unity)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/3, "ns/member-frame")
}
