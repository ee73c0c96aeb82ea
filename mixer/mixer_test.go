package mixer_test

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callwright/callwright/media/control"
	"github.com/callwright/callwright/media/dsp"
	"github.com/callwright/callwright/media/trunk"
)

const (
	pcmu = control.Codec_PCMU
	pcma = control.Codec_PCMA
	l16  = control.Codec_L16_16000
)

func TestConferenceOfMixedCodecs(t *testing.T) {
	for _, rate := range []uint32{8000, 16000} {
		run(t, func(b *bench) {
			a, c, d := b.phone("a", pcmu, 400), b.phone("b", pcma, 700), b.phone("c", l16, 1000)
			b.obey(1, &control.Room{Id: "r", Rate: rate}, b.member(a, "r"), b.member(c, "r"), b.member(d, "r"))
			b.talk(time.Second)
			for _, to := range b.order {
				for _, from := range b.order {
					want := 5000.0
					if to == from {
						want = 0
					}
					b.hears(to, from.hz, want)
				}
			}
			if f := b.faults(); len(f) != 0 {
				t.Errorf("faults: %v", f)
			}
		})
	}
}

// From when it exists a member gets a frame every tick, whatever it does itself.
func TestEgressIsContinuous(t *testing.T) {
	run(t, func(b *bench) {
		a := b.phone("a", pcmu, 400)
		a.quiet = true
		b.obey(1, b.member(a, ""))
		b.talk(time.Second)
		again := b.member(a, "r")
		again.Muted, again.Codec, a.codec = true, pcma, pcma
		b.obey(1, &control.Room{Id: "r", Rate: 16000}, again)
		b.talk(time.Second)
		if n := len(b.came(a)); n < 99 || n > 101 {
			t.Fatalf("%d frames in 2 s", n)
		}
		first := b.came(a)[0]
		for i, f := range b.came(a) {
			if f.Seq != first.Seq+uint16(i) || f.Timestamp != first.Timestamp+uint32(i)*160 || f.Marker != (i == 0) {
				t.Fatalf("frame %d has seq %d, timestamp %d, marker %v", i, f.Seq, f.Timestamp, f.Marker)
			}
		}
		if first, last := b.came(a)[0].Type, b.came(a)[99].Type; first != trunk.TypePCMU || last != trunk.TypePCMA {
			t.Errorf("payload types %d, then %d", first, last)
		}
		if l := dsp.Level(b.sound(a)); l > -70 {
			t.Errorf("alone it hears %.1f dBov", l)
		}
	})
}

func TestMuteDeafGainKickMove(t *testing.T) {
	run(t, func(b *bench) {
		a, c := b.phone("a", pcmu, 400), b.phone("b", pcma, 700)
		b.obey(1, &control.Room{Id: "r", Rate: 8000}, &control.Room{Id: "s", Rate: 16000}, b.member(a, "r"), b.member(c, "r"))
		b.talk(500 * time.Millisecond)
		b.hears(a, 700, 5000)
		muted := b.member(c, "r")
		muted.Muted, muted.GainOutDb = true, -6.02
		b.obey(1, muted, muted)
		b.talk(500 * time.Millisecond)
		b.hears(a, 700, 0)
		b.hears(c, 400, 2500)
		deaf := b.member(a, "r")
		deaf.Deaf, deaf.GainInDb = true, 6.02
		b.obey(1, deaf, b.member(c, "r"))
		b.talk(500 * time.Millisecond)
		b.hears(a, 700, 0)
		b.hears(c, 400, 10000)
		b.obey(1, b.member(a, "s"), b.member(c, "s")) // all go elsewhere, at another rate
		b.talk(500 * time.Millisecond)
		b.hears(a, 700, 5000)
		b.hears(c, 400, 5000)
		b.obey(1, b.member(c, "")) // kicked: it stays a member, and hears nothing
		b.talk(500 * time.Millisecond)
		b.hears(a, 700, 0)
		b.hears(c, 400, 0)
		frames := len(b.came(c))
		b.obey(1, &control.DropRoom{Id: "s"}, &control.DropMember{Id: "b"}, &control.DropMember{Id: "b"})
		b.talk(500 * time.Millisecond)
		if len(b.came(c)) != frames {
			t.Error("frames after the end")
		}
		b.hears(a, 400, 0)
		if n := b.counter("frames_dropped_total", "unknown ssrc"); n != 25 {
			t.Errorf("%d frames of an unknown SSRC, want 25", n)
		}
	})
}

func TestPlayToMemberAndToRoom(t *testing.T) {
	run(t, func(b *bench) {
		b.wave("hello.wav", 44100, dsp.Sine(44100, 44100, 1200, 8000))
		a, c, d := b.phone("a", pcmu, 400), b.phone("b", l16, 700), b.phone("c", pcma, 900)
		a.quiet, c.quiet, d.quiet = true, true, true
		b.obey(1, &control.Room{Id: "r", Rate: 8000}, b.member(a, "r"), b.member(c, "r"), b.member(d, ""))
		file := &control.Source{Body: &control.Source_File{File: &control.File{Path: "hello.wav"}}}
		one := &control.Play{Op: "1", Target: &control.Play_Member{Member: "a"}, Sources: []*control.Source{file}}
		b.obey(1, one)
		b.talk(500 * time.Millisecond)
		b.hears(a, 1200, 8000)
		b.hears(c, 1200, 0)
		// It moves, is muted and told to play the same again: nothing of it may be heard.
		b.obey(1, b.member(a, ""), b.member(a, "r"), one)
		b.talk(time.Second)
		whole := b.sound(a)[dsp.Onset(b.sound(a), 8000, -20):]
		if amp := dsp.Goertzel(whole[:7900], 8000, 1200); math.Abs(amp-8000) > 100 {
			t.Errorf("over the move 1200 Hz is at %.0f", amp)
		}
		if got := b.done("1"); len(got) != 1 || got[0].Reason != "finished" || got[0].Ms != 1000 {
			t.Fatalf("Done: %v", got)
		}
		b.obey(1, one)
		if got := b.done("1"); len(got) != 2 || got[1].Ms != 1000 {
			t.Errorf("asked again: %v", got)
		}
		tone := &control.Source{Body: &control.Source_Tone{Tone: &control.Tone{
			Segments: []*control.Tone_Segment{{Hz: []float64{600}, Ms: 100}}, Repeats: 0xffffffff}}}
		b.obey(1, &control.Play{Op: "2", Target: &control.Play_Room{Room: "r"}, Sources: []*control.Source{tone}})
		b.talk(500 * time.Millisecond)
		b.hears(a, 600, 10380) // -13 dBov
		b.hears(c, 600, 10380)
		b.hears(d, 600, 0)
		b.obey(1, &control.Pause{Op: "2", Paused: true})
		b.talk(500 * time.Millisecond)
		b.hears(a, 600, 0)
		b.obey(1, &control.Pause{Op: "2"}, &control.Stop{Op: "nobody"})
		b.talk(500 * time.Millisecond)
		b.hears(c, 600, 10380)
		b.obey(1, &control.Stop{Op: "2"})
		b.talk(100 * time.Millisecond)
		if got := b.done("2"); len(got) != 1 || got[0].Reason != "stopped" || got[0].Ms < 900 || got[0].Ms > 1100 {
			t.Errorf("Done: %v", got)
		}
	})
}

func TestRecordMemberAndRoom(t *testing.T) {
	run(t, func(b *bench) {
		a, c := b.phone("a", pcmu, 400), b.phone("b", pcma, 700)
		b.obey(1, &control.Room{Id: "r", Rate: 16000}, b.member(a, "r"), b.member(c, "r"))
		b.talk(200 * time.Millisecond)
		on := &control.Record_Member{Member: "a"}
		b.obey(1,
			&control.Record{Op: "in", Target: on, Path: "x/in.wav", Leg: control.Record_IN},
			&control.Record{Op: "out", Target: on, Path: "x/out.wav", Leg: control.Record_OUT},
			&control.Record{Op: "both", Target: on, Path: "x/both.wav", Leg: control.Record_BOTH, MaxMs: 700},
			&control.Record{Op: "stereo", Target: on, Path: "x/stereo.wav", Leg: control.Record_BOTH, Stereo: true},
			&control.Record{Op: "room", Target: &control.Record_Room{Room: "r"}, Path: "room.wav"},
			&control.Record{Op: "twice", Target: on, Path: "x/../x/in.wav"})
		b.talk(time.Second)
		b.obey(1, &control.Stop{Op: "in"}, &control.Stop{Op: "out"}, &control.DropMember{Id: "a"}, &control.DropRoom{Id: "r"})
		for _, w := range []struct {
			op, path, reason string
			ms               uint64
			rate, channels   int
			in, out          float64 // amplitudes, channels mixed down
		}{
			{"in", "x/in.wav", "stopped", 1000, 8000, 1, 5000, 0},
			{"out", "x/out.wav", "stopped", 1000, 8000, 1, 0, 5000},
			{"both", "x/both.wav", "limit", 700, 8000, 1, 5000, 5000},
			{"stereo", "x/stereo.wav", "gone", 1000, 8000, 2, 2500, 2500},
			{"room", "room.wav", "gone", 1000, 16000, 1, 5000, 5000},
		} {
			got := b.done(w.op)
			if len(got) != 1 || got[0].Reason != w.reason || got[0].Ms+20 < w.ms || got[0].Ms > w.ms+20 || len(got[0].Sha256) != 64 {
				t.Fatalf("%s: %v", w.op, got)
			}
			f, pcm := b.recorded(w.path)
			if f.Rate != w.rate || f.Channels != w.channels || len(pcm) != int(got[0].Ms)*f.Rate/1000 {
				t.Errorf("%s: %+v of %d samples", w.op, f, len(pcm))
			}
			for hz, want := range map[float64]float64{400: w.in, 700: w.out} {
				if amp := dsp.Goertzel(pcm, f.Rate, hz); math.Abs(amp-want) > 0.04*want+20 {
					t.Errorf("%s: %v Hz at %.0f, want %.0f", w.op, hz, amp, want)
				}
			}
		}
		if got := b.done("twice"); len(got) != 1 || got[0].Reason != "error" || !strings.Contains(got[0].Error, "in is writing it") {
			t.Errorf("a second recording to one file: %v", got)
		}
	})
}

func TestTalkEvents(t *testing.T) {
	run(t, func(b *bench) {
		a := b.phone("a", pcmu, 400)
		b.obey(1, b.member(a, ""))
		for i, quiet := range []bool{true, false, true} {
			a.quiet = quiet
			b.talk(2 * time.Second)
			var talks []bool
			for _, e := range b.told() {
				if x := e.GetTalk(); x != nil && x.Member == "a" {
					talks = append(talks, x.Talking)
				}
			}
			if len(talks) != i || (i > 0 && talks[i-1] == quiet) {
				t.Fatalf("step %d: told %v", i, talks)
			}
		}
	})
}

func TestANewBrainKeepsWhatItSpeaksOf(t *testing.T) {
	run(t, func(b *bench) {
		a := b.phone("a", pcmu, 400)
		silence := []*control.Source{{Body: &control.Source_SilenceMs{SilenceMs: 60000}}}
		b.obey(1, &control.Room{Id: "r", Rate: 8000}, b.member(a, "r"),
			&control.Play{Op: "p", Target: &control.Play_Member{Member: "a"}, Sources: silence},
			&control.Record{Op: "c", Target: &control.Record_Member{Member: "a"}, Path: "a.wav"})
		b.talk(time.Second)
		b.m.Disconnected("the brain is gone")
		b.talk(200 * time.Millisecond)
		b.m.Connected(1) // the same again
		if n, _ := b.m.Load(); n != 1 {
			t.Fatalf("%d members after a reconnection", n)
		}
		other := b.phone("b", pcmu, 500)
		b.obey(1, &control.Room{Id: "spoken of", Rate: 8000}, b.member(other, "spoken of"))
		b.m.Connected(2)
		b.talk(100 * time.Millisecond)
		if n, _ := b.m.Load(); n != 2 || len(b.done("p")) != 0 {
			t.Errorf("%d members, and the ends %v, before the new brain has spoken", n, b.done("p"))
		}
		b.obey(2, &control.Room{Id: "spoken of", Rate: 8000}, b.member(other, "spoken of"), &control.Sweep{})
		if n, _ := b.m.Load(); n != 1 {
			t.Errorf("%d members after the sweep, want the one that was spoken of", n)
		}
		for _, op := range []string{"p", "c"} {
			if got := b.done(op); len(got) != 1 || got[0].Reason != "gone" {
				t.Errorf("%s: %v", op, got)
			}
		}
		if _, pcm := b.recorded("a.wav"); len(pcm) < 9000 {
			t.Errorf("the recording has %d samples", len(pcm))
		}
		b.obey(1, b.member(a, ""))
		if n, _ := b.m.Load(); n != 1 || b.m.Hello().Epoch != 2 {
			t.Error("an older brain was obeyed")
		}
	})
}

func TestWhatCannotBeDoneIsAnswered(t *testing.T) {
	run(t, func(b *bench) {
		a, c := b.phone("a", pcmu, 400), b.phone("b", pcmu, 500)
		noPeer, noCodec, thief := b.member(a, ""), b.member(a, ""), b.member(c, "")
		noPeer.Trunk.Peer, noCodec.Codec, thief.Trunk.Ssrc = "x", 0, a.ssrc
		b.obey(1, b.member(a, "nowhere"), noPeer, noCodec, thief, &control.Room{Id: "r", Rate: 44100},
			&control.Member{Id: "z"}, &control.Echo{Op: "e"}, nil, &control.Play{}, &control.Record{})
		if f := b.faults(); len(f) != 10 || f[0].Command != 1 || f[0].Subject != "a" || !strings.Contains(f[0].Error, "nowhere") {
			t.Errorf("%d faults: %v", len(f), f)
		}
		for i := range 30 {
			m := b.member(c, "")
			m.Id, m.Trunk.Ssrc = strings.Repeat("x", i+1), uint32(5000+i)
			b.mu.Lock()
			b.phones[m.Trunk.Ssrc] = c
			b.mu.Unlock()
			b.obey(1, m)
		}
		if n, _ := b.m.Load(); n != 20 {
			t.Errorf("%d members in a mixer for 20", n)
		}
		b.obey(1, &control.Play{Op: "p", Target: &control.Play_Member{Member: "nobody"}}, &control.Record{Op: "q"},
			&control.Record{Op: "out", Target: &control.Record_Member{Member: "a"}, Path: "../../etc/x"},
			&control.Play{Op: "in", Target: &control.Play_Member{Member: "a"}, Sources: []*control.Source{
				{Body: &control.Source_File{File: &control.File{Path: "../secret.wav"}}}}})
		b.talk(100 * time.Millisecond)
		for op, reason := range map[string]string{"p": "gone", "q": "gone", "out": "error", "in": "error"} {
			got := b.done(op)
			if len(got) != 1 || got[0].Reason != reason || (reason == "error") != strings.Contains(got[0].Error, "escapes") {
				t.Errorf("%s: %v", op, got)
			}
		}
	})
}

func TestStrangersAndGarbageAreCounted(t *testing.T) {
	run(t, func(b *bench) {
		a, c := b.phone("a", pcmu, 400), b.phone("b", pcmu, 700)
		b.obey(1, &control.Room{Id: "r", Rate: 8000}, b.member(a, "r"), b.member(c, "r"))
		c.quiet = true
		noise := bytes.Repeat([]byte{0x80, 0x00}, 80)
		for range 25 {
			b.talk(20 * time.Millisecond)
			for _, f := range []trunk.Frame{
				{SSRC: c.ssrc, Token: token + 1, Payload: noise},
				{SSRC: 4711, Token: token, Payload: noise},
				{SSRC: c.ssrc, Token: token, Type: trunk.TypeL16At16k, Payload: noise},
				{SSRC: c.ssrc, Token: token, Type: 77, Payload: noise},
				{SSRC: c.ssrc, Token: token, Type: trunk.TypeL16, Payload: noise[:159]},
				{SSRC: c.ssrc, Token: token},
			} {
				f.Peer = addr(b.m)
				b.sbc.Send([]trunk.Frame{f})
			}
		}
		synctest.Wait()
		b.hears(c, 400, 5000)
		if l := dsp.Level(b.sound(a)); l > -70 {
			t.Errorf("garbage is heard at %.1f dBov", l)
		}
		for reason, want := range map[string]uint64{"wrong token": 25, "unknown ssrc": 25, "wrong codec": 50, "size": 50} {
			if n := b.counter("frames_dropped_total", reason); n != want {
				t.Errorf("%s: %d, want %d", reason, n, want)
			}
		}
	})
}

// A flood of one member (faint noise) must not touch the others, nor fill memory.
func TestFloodOfOneMember(t *testing.T) {
	run(t, func(b *bench) {
		a, c, d := b.phone("a", pcmu, 400), b.phone("b", pcmu, 700), b.phone("c", pcmu, 900)
		b.obey(1, &control.Room{Id: "r", Rate: 8000}, b.member(a, "r"), b.member(c, "r"), b.member(d, "r"))
		for range 25 {
			b.talk(20 * time.Millisecond)
			for i := range 100 {
				b.sbc.Send([]trunk.Frame{{Peer: addr(b.m), SSRC: a.ssrc, Token: token, Seq: uint16(i * 77),
					Timestamp: uint32(i * 12345), Payload: bytes.Repeat([]byte{0xe0 | byte(i)}, 160)}})
			}
		}
		synctest.Wait()
		b.hears(d, 700, 5000)
		if n := b.counter("frames_dropped_total", "overflow"); n == 0 {
			t.Error("nothing overflowed")
		}
	})
}

func TestRestsWithoutMembers(t *testing.T) {
	run(t, func(b *bench) {
		a := b.phone("a", pcmu, 400)
		b.obey(1, b.member(a, ""))
		time.Sleep(time.Second)
		b.obey(1, &control.DropMember{Id: "a"})
		before := b.counter("ticks_total", "")
		time.Sleep(time.Minute)
		if n := b.counter("ticks_total", ""); n != before || before < 49 || before > 53 {
			t.Errorf("%d ticks, then %d", before, n)
		}
		// A room's prompt goes on without members.
		b.obey(1, &control.Room{Id: "r", Rate: 8000}, &control.Play{Op: "1", Target: &control.Play_Room{Room: "r"},
			Sources: []*control.Source{{Body: &control.Source_SilenceMs{SilenceMs: 500}}}})
		time.Sleep(time.Second)
		if got := b.done("1"); len(got) != 1 || got[0].Reason != "finished" || got[0].Ms != 500 {
			t.Errorf("Done: %v", got)
		}
	})
}
