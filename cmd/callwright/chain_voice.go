package main

import (
	"sync"
	"time"

	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/g711"
)

// Phones of the chain speak in rooms of three, each a tone of its own. All tones have
// whole periods in 20 ms, so that one frame repeats without a seam.
const (
	roomOfThree = 3
	chainSignal = 900 // Hz, what a phone changes to when its delay is measured
	chainEvery  = 50  // of frames heard, one is checked for its mix
)

func chainTones() [roomOfThree]float64 { return [roomOfThree]float64{500, 700, 1100} }

// chainVoice makes every phone talk all the time, checks by tone that each hears the
// two others and not itself, and measures how long a change of tone takes to reach
// the others: from the talker's socket to the listener's, packetisation excluded,
// for the change begins with the frame that carries it.
type chainVoice struct {
	frames [roomOfThree][]byte
	signal []byte

	mu     sync.Mutex
	rooms  []chainRoom
	checks int
	wrong  int
	delays []time.Duration
}

// chainRoom is one measurement under way in a room.
type chainRoom struct {
	talker  int       // who changes its tone next
	next    time.Time // when
	since   time.Time // of its first changed frame; zero: none is under way
	got     [roomOfThree]bool
	resumed time.Time // checks of the mix wait until all is as before
	heard   int
}

const (
	chainInterval = time.Second            // between measurements in a room
	chainSignals  = 200 * time.Millisecond // how long the changed tone lasts
)

func newChainVoice(members int, now time.Time) *chainVoice {
	v := &chainVoice{signal: toneFrame(chainSignal), rooms: make([]chainRoom, (members+roomOfThree-1)/roomOfThree)}
	for i, hz := range chainTones() {
		v.frames[i] = toneFrame(hz)
	}
	for i := range v.rooms {
		// Spread, so that neither load nor phase against the tick is special.
		v.rooms[i].next = now.Add(time.Duration(i*7919%1000) * time.Millisecond)
	}
	return v
}

func toneFrame(hz float64) []byte {
	samples := dsp.Sine(8000, 160, hz, 6000)
	frame := make([]byte, len(samples))
	for i, s := range samples {
		frame[i] = g711.ULaw(s)
	}
	return frame
}

func (v *chainVoice) says(n int, now time.Time, payload []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	r, seat := &v.rooms[n/roomOfThree], n%roomOfThree
	if r.talker != seat {
		copy(payload, v.frames[seat])
		return
	}
	switch {
	case r.since.IsZero() && now.After(r.next):
		r.since, r.got = now, [roomOfThree]bool{}
	case !r.since.IsZero() && now.Sub(r.since) > chainSignals:
		r.since, r.resumed = time.Time{}, now
		r.next = now.Add(chainInterval)
		r.talker = (seat + 1) % roomOfThree
	}
	if r.since.IsZero() {
		copy(payload, v.frames[seat])
	} else {
		copy(payload, v.signal)
	}
}

func (v *chainVoice) hears(n int, now time.Time, payload []byte) {
	if len(payload) != 160 {
		return
	}
	v.mu.Lock()
	r, seat := &v.rooms[n/roomOfThree], n%roomOfThree
	waits := !r.since.IsZero() && r.talker != seat && !r.got[seat]
	r.heard++
	checks := r.since.IsZero() && now.Sub(r.resumed) > chainSignals && r.heard%chainEvery == 0
	since := r.since
	v.mu.Unlock()
	if !waits && !checks {
		return
	}
	var audio [160]int16
	for i, b := range payload {
		audio[i] = g711.FromULaw(b)
	}
	if waits && dsp.Goertzel(audio[:], 8000, chainSignal) > 2000 {
		v.mu.Lock()
		r.got[seat] = true
		v.delays = append(v.delays, now.Sub(since))
		v.mu.Unlock()
	}
	if checks {
		v.check(seat, audio[:])
	}
}

// check holds one frame against what its listener should hear.
func (v *chainVoice) check(seat int, audio []int16) {
	right := true
	for i, hz := range chainTones() {
		a := dsp.Goertzel(audio, 8000, hz)
		if i == seat && a > 600 || i != seat && a < 4500 {
			right = false
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.checks++
	if !right {
		v.wrong++
	}
}

// begin forgets what was measured so far.
func (v *chainVoice) begin() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.checks, v.wrong, v.delays = 0, 0, nil
}

func (v *chainVoice) result() (delays []time.Duration, checks, wrong int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]time.Duration(nil), v.delays...), v.checks, v.wrong
}
