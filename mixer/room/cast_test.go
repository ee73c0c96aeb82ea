package room_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/kernel"
	"github.com/callwright/callwright/mixer/room"
)

func (h *hall) pair(listener, speaker int, gain float64) {
	h.cast.Pairs = append(h.cast.Pairs, &room.Pair{Listener: h.seats[listener], Speaker: h.seats[speaker],
		Gain: kernel.Gain(gain * float64(kernel.Unity))})
}

// heard compares what each of some hears of each other with a table: rows listen.
func (h *hall) heard(t *testing.T, amplitude float64, want [][]float64) {
	t.Helper()
	for i, row := range want {
		for j, gain := range row {
			if got := level(h.parties[i], h.parties[j]); math.Abs(got-gain*amplitude) > 0.04*gain*amplitude+8 {
				t.Errorf("%d hears %d at %.0f, want %.0f", i, j, got, gain*amplitude)
			}
		}
	}
}

func TestPairsAreHeardTheirOwnWay(t *testing.T) {
	for _, rates := range [][]int{{8000, 8000}, {16000, 8000, 16000}, {48000, 8000, 16000}} {
		t.Run(fmt.Sprint(rates), func(t *testing.T) {
			h := newHall(t, rates[0], 4, 2000, rates[1:]...)
			h.pair(0, 1, 0)   // 0 is spared 1
			h.pair(2, 1, 0.5) // an interpreter's floor
			h.pair(2, 3, 2)
			h.pair(3, 1, 1) // as it is anyway
			h.run(25)
			h.heard(t, 2000, [][]float64{{0, 0, 1, 1}, {1, 0, 1, 1}, {1, .5, 0, 2}, {1, 1, 1, 0}})
		})
	}
}

// A coach is heard by whom it coaches; a sidebar by its own two.
func TestApartIsHeardThroughPairsOnly(t *testing.T) {
	h := newHall(t, 16000, 4, 2000, 8000, 16000)
	h.parties[3].Apart = true
	h.pair(1, 3, 1)
	h.run(25)
	h.heard(t, 2000, [][]float64{{0, 1, 1, 0}, {1, 0, 1, 1}, {1, 1, 0, 0}, {1, 1, 1, 0}})
	h.parties[3].Apart = false
	h.run(25)
	h.heard(t, 2000, [][]float64{{0, 1, 1, 1}, {1, 0, 1, 1}, {1, 1, 0, 1}, {1, 1, 1, 0}})
}

// smooth fails if any step between samples is more than a tone of that amplitude and
// frequency can make.
func smooth(t *testing.T, what string, heard []int16, rate int, sum float64) {
	t.Helper()
	for i := 1; i < len(heard); i++ {
		if d := math.Abs(float64(heard[i]) - float64(heard[i-1])); d > sum {
			t.Fatalf("%s: a click of %.0f at %.1f ms, want %.0f at most", what, d, float64(i)/float64(rate)*1000, sum)
		}
	}
}

// step is the largest step of a tone, with what a ramp over a frame adds.
func step(rate int, hz, amplitude float64) float64 {
	return amplitude*2*math.Pi*hz/float64(rate) + amplitude/float64(room.Frame(rate)) + 4
}

func TestChangesDoNotClick(t *testing.T) {
	for name, change := range map[string]func(h *hall){
		"a pair opens":  func(h *hall) { h.pair(1, 0, 0) },
		"a pair raises": func(h *hall) { h.pair(1, 0, 1.8) },
		"apart":         func(h *hall) { h.parties[0].Apart = true },
		"muted":         func(h *hall) { h.parties[0].Muted = true },
		"deaf":          func(h *hall) { h.parties[1].Deaf = true },
		"gain in":       func(h *hall) { h.parties[0].GainIn = kernel.FromDB(-20) },
		"gain out":      func(h *hall) { h.parties[1].GainOut = kernel.FromDB(-20) },
		"ducked":        func(h *hall) { h.duck = kernel.FromDB(-20) },
		"gone":          func(h *hall) { h.cast.Leaving, h.seats = h.seats[:1], h.seats[1:] },
		"left by the listener": func(h *hall) {
			h.cast.Leaving, h.seats = h.seats[1:2], append(h.seats[:1:1], h.seats[2:]...)
		},
		"outside the loudest": func(h *hall) {
			h.cast.Loudest = 1
			h.parties[2].osc = dsp.NewOscillator(8000, 3*8000, 450)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHall(t, 8000, 3, 8000, 8000)
			h.parties[1].osc, h.parties[2].osc = dsp.NewOscillator(8000, 0, 100), dsp.NewOscillator(8000, 0, 100)
			h.parties[2].GainIn = 0
			h.run(10)
			change(h)
			h.parties[1].heard = h.parties[1].heard[160:] // the start is another test's
			for range 10 {
				if name == "left by the listener" { // it hears nothing any more but the tail
					clear(h.parties[1].Out)
				}
				h.run(1)
			}
			smooth(t, name, h.parties[1].heard, 8000, step(8000, 300, 8000*1.8))
			if name != "gain in" && name != "gain out" && name != "a pair raises" && name != "ducked" {
				if l := dsp.Level(h.parties[1].heard[len(h.parties[1].heard)-160:]); l != dsp.Silence {
					t.Errorf("still heard at %.1f dBov", l)
				}
			}
		})
	}
}

// Who moves hears the old room fade out under the new one.
func TestMovingHasNoGapAndNoClick(t *testing.T) {
	old, next := newHall(t, 8000, 2, 6000, 8000), newHall(t, 16000, 1, 6000, 8000)
	mover := old.parties[1]
	mover.osc = dsp.NewOscillator(8000, 0, 100)
	next.parties[0].osc = dsp.NewOscillator(8000, 6000, 300)
	banks := &dsp.Banks{}
	heard := []int16{}
	for i := range 40 {
		if i == 20 {
			s, err := room.NewSeat(mover.Member, 16000, banks, kernel.Best(), false)
			if err != nil {
				t.Fatal(err)
			}
			old.cast.Leaving, old.seats = old.seats[1:], old.seats[:1]
			next.seats = append(next.seats, s)
		}
		for _, p := range []*party{old.parties[0], mover, next.parties[0]} {
			p.osc.Fill(p.In)
		}
		clear(mover.Out)
		for _, h := range []*hall{old, next} {
			h.cast.Seats = h.seats
			h.Begin(h.scratch)
			h.Mix(&h.cast, kernel.Unity)
		}
		mover.Finish(kernel.Best())
		heard = append(heard, mover.Out...)
	}
	smooth(t, "moving", heard, 8000, step(8000, 300, 12000))
	for i := 160; i+80 < len(heard); i += 40 {
		if l := dsp.Level(heard[i : i+80]); l < -30 {
			t.Errorf("a gap at %d ms: %.1f dBov", i/8, l)
		}
	}
}

func TestOnlyTheLoudestAreMixed(t *testing.T) {
	h := newHall(t, 8000, 5, 0, 8000)
	loud := []float64{1000, 6000, 3000, 400, 5000}
	for i, a := range loud {
		h.parties[i].osc = dsp.NewOscillator(8000, a, h.parties[i].hz)
	}
	h.cast.Loudest = 3
	h.run(30)
	for j, a := range loud {
		if a < 2000 {
			a = 0
		}
		if got := level(h.parties[(j+1)%5], h.parties[j]); math.Abs(got-a) > 0.04*a+8 {
			t.Errorf("%d is heard at %.0f, want %.0f", j, got, a)
		}
	}
	// Who is in stays in for a while against one a little louder.
	h.parties[0].osc = dsp.NewOscillator(8000, 3800, h.parties[0].hz)
	h.run(30)
	if got := level(h.parties[1], h.parties[0]); got > 20 {
		t.Errorf("one a little louder took a place: heard at %.0f", got)
	}
	h.parties[0].osc = dsp.NewOscillator(8000, 9000, h.parties[0].hz)
	h.run(30)
	if got := level(h.parties[1], h.parties[0]); math.Abs(got-9000) > 400 {
		t.Errorf("the loudest is heard at %.0f, want 9000", got)
	}
}

func TestFloorGoesToTheLoudestTalkerAndStays(t *testing.T) {
	h := newHall(t, 8000, 3, 0, 8000)
	set := func(i int, a float64) {
		h.parties[i].Talking = a > 0
		h.parties[i].osc = dsp.NewOscillator(8000, a, h.parties[i].hz)
	}
	want := func(i int, after string) {
		t.Helper()
		var m *room.Member
		if i >= 0 {
			m = h.parties[i].Member
		}
		if h.Floor != m {
			t.Fatalf("%s: the floor is not %d's", after, i)
		}
	}
	h.run(3)
	want(-1, "silence")
	set(0, 4000)
	h.run(2)
	want(0, "one talks")
	set(1, 4400)
	h.run(50)
	want(0, "another is a little louder")
	set(1, 12000)
	h.run(8)
	want(0, "another has been louder for 160 ms")
	h.run(12)
	want(1, "another has been louder for 400 ms")
	set(1, 0)
	h.run(2)
	want(0, "who had it falls silent")
	h.parties[0].Muted = true
	h.run(2)
	want(-1, "who had it is muted")
}

func TestLevellerBringsVoicesTogether(t *testing.T) {
	k := kernel.Best()
	for _, amplitude := range []float64{600, 3000, 20000} {
		var l room.Leveller
		osc, out := dsp.NewOscillator(8000, amplitude, 400), make([]int16, 160)
		at := kernel.Unity
		for range 500 {
			osc.Fill(out)
			to := l.Step(k.Energy(out), len(out), true)
			k.Gain(out, at, to)
			at = to
		}
		if db := dsp.Level(out); db < -31 || db > -18 {
			t.Errorf("%.0f comes out at %.1f dBov", amplitude, db)
		}
		before := l.Step(0, 160, true)
		for range 500 {
			l.Step(k.Energy(dsp.Sine(8000, 160, 100, 30)), 160, false)
		}
		if l.Step(0, 160, false) != before {
			t.Error("noise is levelled while nobody speaks")
		}
	}
}

func TestNoiseIsLowAndThere(t *testing.T) {
	h := newHall(t, 8000, 2, 0, 8000)
	h.cast.Noise = true
	h.run(20)
	if db := dsp.Level(h.parties[0].heard[800:]); db < -72 || db > -60 {
		t.Errorf("noise at %.1f dBov", db)
	}
}

func TestAWholeCastAllocatesNothing(t *testing.T) {
	h := newHall(t, 48000, 12, 1000, 8000, 16000)
	h.cast.Loudest, h.cast.Noise, h.duck = 4, true, kernel.FromDB(-10)
	h.pair(0, 1, .5)
	h.parties[3].Apart = true
	h.pair(5, 3, 2)
	h.cast.Leaving = h.seats[11:]
	h.seats = h.seats[:11]
	if n := testing.AllocsPerRun(50, func() { h.Begin(h.scratch); h.mix() }); n != 0 {
		t.Errorf("%v allocations a mix", n)
	}
}

// The proof: mix-minus by tone, from 2 to 500 members, at every rate.
func TestMixMinusOfAnySize(t *testing.T) {
	for _, rate := range []int{8000, 16000, 32000, 48000} {
		for _, n := range []int{2, 7, 100, 500} {
			t.Run(fmt.Sprintf("%d at %d Hz", n, rate), func(t *testing.T) {
				const amplitude = 2000
				rates := []int{8000, 16000}
				if n > 100 { // most are of the room's own rate: conversion is what costs
					rates = append(slices.Repeat([]int{rate}, 38), rates...)
				}
				h := newHall(t, rate, n, 0, rates...)
				talkers := []int{0, n / 2, n - 1}[:min(n, 3)]
				for at, i := range talkers {
					h.parties[i].hz = 400 + 300*float64(at)
					h.parties[i].osc = dsp.NewOscillator(h.parties[i].Rate, amplitude, h.parties[i].hz)
				}
				for i, p := range h.parties {
					p.Silent = i != 0 && i != n/2 && i != n-1
				}
				h.run(14)
				for i, to := range h.parties {
					if n > 100 && i%7 != 0 && !slices.Contains(talkers, i) {
						continue // measuring is what costs
					}
					for _, j := range talkers {
						want := float64(amplitude)
						if i == j {
							want = 0
						}
						if a := level(to, h.parties[j]); math.Abs(a-want) > amplitude*0.03+5 {
							t.Fatalf("member %d (%d Hz) hears %d at %.0f, want %.0f", i, to.Rate, j, a, want)
						}
					}
				}
			})
		}
	}
}

// A plain room of three, whose Total nobody asks for, is mixed at one go: bit for bit what
// the sum gives, through mutes, gains, silence and whoever comes.
func TestThreeAtOnceHearWhatTheSumGives(t *testing.T) {
	fused, summed := newHall(t, 8000, 3, 15000, 8000), newHall(t, 8000, 3, 15000, 8000)
	changes := []func(p []*party){
		1: func(p []*party) { p[0].Muted = true },
		3: func(p []*party) { p[0].Muted, p[1].Deaf = false, true },
		5: func(p []*party) { p[1].Deaf, p[2].GainIn, p[1].GainOut = false, kernel.FromDB(-7), kernel.FromDB(4) },
		7: func(p []*party) { p[1].Silent = true },
		9: func(p []*party) { p[1].Silent = false },
	}
	for tick := range 12 {
		for _, h := range []*hall{fused, summed} {
			if tick < len(changes) && changes[tick] != nil {
				changes[tick](h.parties)
			}
			for _, p := range h.parties {
				p.osc.Fill(p.In)
			}
			h.cast.Seats = h.seats
			h.Begin(h.scratch)
			h.Gather(&h.cast, kernel.Unity, h == summed)
			for _, s := range h.seats {
				h.Hear(s)
			}
		}
		for i, p := range fused.parties {
			if !slices.Equal(p.Out, summed.parties[i].Out) {
				t.Fatalf("tick %d: member %d hears another mix at one go", tick, i)
			}
		}
	}
}
