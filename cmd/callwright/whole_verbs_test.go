package main

import (
	"math"
	"sync/atomic"
	"testing"
	"time"

	"github.com/callwright/callwright/media/dsp"
)

// spoken is what a phone says, changed while it speaks. Its fill is the phone's.
type spoken struct {
	hz   atomic.Int64 // 0: silence
	said int64
	osc  *dsp.Oscillator
}

func (v *spoken) fill(frame []int16) {
	if hz := v.hz.Load(); hz != v.said {
		v.said = hz
		v.osc = dsp.NewOscillator(8000, 8000, float64(hz))
	}
	if v.said != 0 {
		v.osc.Fill(frame)
	}
}

// A caller who knows the menu types ahead of it: digits of a prompt that is cut short
// and of the one behind it are taken in their order.
func TestTypeAheadThroughTheMenu(t *testing.T) {
	inWorld(t, shipped(t), func(w *world) {
		waiting := w.dials("7000", 500) // the lobby of another number: nobody hears him
		first := w.dials("1000", 700)
		time.Sleep(200 * time.Millisecond)
		first.press <- "21234#"
		hasty := w.dials("1000", 900)
		time.Sleep(200 * time.Millisecond)
		hasty.press <- "21234#"
		time.Sleep(8 * time.Second) // the keys, and "you are in the conference"
		first.hears("the first", first.listen(time.Second), []float64{900}, []float64{500, 700})
		hasty.hears("the second", hasty.listen(time.Second), []float64{700}, []float64{500, 900})
		for _, c := range []*caller{waiting, first, hasty} {
			if r := c.hangup(); r.RTP.Lost+r.RTP.Late != 0 || r.Cause != "normal" {
				t.Errorf("%+v", r)
			}
		}
	})
}

// What a caller says into a recording comes back to him: all of it, as loud.
func TestRecordAndHearYourself(t *testing.T) {
	inWorld(t, shipped(t), func(w *world) {
		v := &spoken{}
		c := w.dialsAs("1000", v.fill)
		time.Sleep(200 * time.Millisecond)
		c.press <- "3"
		time.Sleep(7 * time.Second) // "speak after the tone", and the tone
		v.hz.Store(650)
		c.hears("the caller, while recorded", c.listen(3*time.Second), nil, []float64{650})
		v.hz.Store(0)
		c.press <- "#"
		audio := c.listen(12 * time.Second)
		if ms := toneTime(audio, 650); ms < 2900 || ms > 3100 {
			t.Errorf("of 3 s said %d ms come back", ms)
		}
		c.hangup()
	})
}

// toneTime is for how many milliseconds a tone is there as loud as phones say it.
func toneTime(audio []int16, hz float64) (ms int) {
	for ; len(audio) >= 160; audio = audio[160:] {
		a := dsp.Goertzel(audio[:160], 8000, hz)
		// A sine of amplitude a has the mean square a*a/2; speech may be as loud.
		if a > 4000 && a*a/2 > 0.8*32768*32768*math.Pow(10, dsp.Level(audio[:160])/10) {
			ms += 20
		}
	}
	return ms
}

func TestEchoReturnsTheCallersVoice(t *testing.T) {
	inWorld(t, shipped(t), func(w *world) {
		c := w.dials("9196", 650)
		time.Sleep(time.Second)
		audio := c.listen(2 * time.Second)
		c.hears("the caller", audio, []float64{650}, nil)
		if gap := longestGap(audio); gap > 0 {
			t.Errorf("a gap of %v in the echo", gap)
		}
		c.press <- "#" // ends the echo, and with it the call
		<-c.done
		if c.report.EndedBy != "callee" || c.report.RTP.Lost+c.report.RTP.Late != 0 {
			t.Errorf("%+v", c.report)
		}
	})
}

// A member of a conference puts it on hold: he hears nothing, the others go on, and
// after the end of the hold all is as before. His phone's music is in the room
// meanwhile: it sends, as RFC 3264 §8.4 has it.
func TestHoldInAConference(t *testing.T) {
	inWorld(t, shipped(t), func(w *world) {
		a, b := w.dials("7001", 500), w.dials("7001", 700)
		time.Sleep(2 * time.Second)
		a.hears("a", a.listen(time.Second), []float64{700}, []float64{500})
		a.hold <- true
		time.Sleep(100 * time.Millisecond)
		during := a.listen(2 * time.Second)
		if ms := toneTime(during, 700); len(during) > 160 || ms > 0 {
			t.Errorf("on hold a hears %d samples, %d ms of them b", len(during), ms)
		}
		b.hears("b, with a on hold", b.listen(time.Second), nil, []float64{700})
		a.hold <- false
		time.Sleep(100 * time.Millisecond)
		a.hears("a after the hold", a.listen(time.Second), []float64{700}, []float64{500})
		b.hears("b after the hold", b.listen(time.Second), []float64{500}, []float64{700})
		a.hangup()
		if r := b.hangup(); r.RTP.Lost+r.RTP.Late != 0 {
			t.Errorf("b lost %d packets, %d came late", r.RTP.Lost, r.RTP.Late)
		}
	})
}
